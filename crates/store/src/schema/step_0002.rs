//! Step 2: what a database needs to know that it may be an old copy, and what was found when it was one.

use sea_orm::sea_query::{IndexCreateStatement, TableCreateStatement};

use super::column::{big, index, int, maybe_big, maybe_text, table, text};

/// Statements that change what step 1 made; the same on every database.
pub(super) const STATEMENTS: &[&str] = &[
    // The payout that has the caller's number in place of this one: it was signed while this database was a copy on a
    // shelf, and the caller asked again before that was known.
    "ALTER TABLE payouts ADD COLUMN displaced_by bigint",
    "DROP INDEX payouts_project_third_party_id",
    "CREATE UNIQUE INDEX payouts_project_third_party_id ON payouts (project, third_party_id) \
     WHERE displaced_by IS NULL",
    "INSERT INTO commits (id, count) VALUES (1, 0)",
];

pub(super) fn tables() -> Vec<TableCreateStatement> {
    vec![
        table("commits", [int("id"), big("count")], ["id"]),
        table("journal_heads", [int("cosigner"), text("entry"), big("at")], ["cosigner"]),
        table(
            "restores",
            [
                big("id"),
                big("since"),
                maybe_big("copied"),
                text("reason"),
                text("state"),
                int("versions"),
                maybe_big("settled"),
            ],
            ["id"],
        ),
        table("restore_votes", [big("restore"), text("principal"), big("at")], ["restore", "principal"]),
        table(
            "findings",
            [
                text("intent"),
                big("restore"),
                big("cid"),
                big("project"),
                text("third_party_id"),
                text("chain_id"),
                text("network_id"),
                text("from_address"),
                text("token"),
                big("signed"),
                text("told_by"),
                text("outcome"),
                maybe_text("why"),
            ],
            ["intent"],
        ),
    ]
}

pub(super) fn indices() -> Vec<IndexCreateStatement> {
    vec![
        index("restores", ["state"]),
        index("findings", ["restore"]),
        index("findings", ["network_id", "from_address"]),
    ]
}
