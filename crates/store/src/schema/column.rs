//! Short words for columns, tables and indices. Types are those that SQLite and PostgreSQL share.

use sea_orm::sea_query::{
    ColumnDef, Expr, ExprTrait, ForeignKey, ForeignKeyCreateStatement, Index, IndexCreateStatement, Table,
    TableCreateStatement,
};

/// 64-bit integer.
pub(super) fn big(name: &'static str) -> ColumnDef {
    maybe_big(name).not_null().take()
}

/// 64-bit integer or null.
pub(super) fn maybe_big(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().take()
}

/// 32-bit integer.
pub(super) fn int(name: &'static str) -> ColumnDef {
    maybe_int(name).not_null().take()
}

/// 32-bit integer or null.
pub(super) fn maybe_int(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().take()
}

/// Text, JSON and digests included.
pub(super) fn text(name: &'static str) -> ColumnDef {
    maybe_text(name).not_null().take()
}

/// Text or null.
pub(super) fn maybe_text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

/// Raw bytes that came from outside and must go out again unchanged.
pub(super) fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().not_null().take()
}

/// A table with its primary key.
pub(super) fn table<const C: usize, const K: usize>(
    name: &'static str,
    columns: [ColumnDef; C],
    key: [&'static str; K],
) -> TableCreateStatement {
    let mut table = Table::create().table(name).take();
    for column in columns {
        table.col(column);
    }
    let mut primary = Index::create();
    for column in key {
        primary.col(column);
    }
    table.primary_key(&mut primary).take()
}

/// The rows of `table` belong to a payout.
pub(super) fn of_payout(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(format!("{table}_cid")).from(table, "cid").to("payouts", "cid").to_owned()
}

/// An index named after its table and columns.
pub(super) fn index<const C: usize>(table: &'static str, columns: [&'static str; C]) -> IndexCreateStatement {
    let mut index = Index::create().name(format!("{table}_{}", columns.join("_"))).table(table).take();
    for column in columns {
        index.col(column);
    }
    index
}

/// The same, and no two rows may be alike in it.
pub(super) fn unique<const C: usize>(
    table: &'static str,
    columns: [&'static str; C],
) -> IndexCreateStatement {
    index(table, columns).unique().take()
}

/// The same over the rows that have a value in `present`: small, however old the table grows.
pub(super) fn live<const C: usize>(
    table: &'static str,
    columns: [&'static str; C],
    present: &'static str,
) -> IndexCreateStatement {
    use sea_orm::sea_query::ConditionalStatement as _;
    index(table, columns).and_where(Expr::col(present).is_not_null()).take()
}
