//! Step 1: the first tables.
//!
//! Ids are 64-bit and come from the program; amounts, digests and documents are text. Columns that are searched are
//! derived from the documents when a row is written.

use sea_orm::sea_query::{IndexCreateStatement, TableCreateStatement};

use super::column::{
    big, bytes, index, int, live, maybe_big, maybe_int, maybe_text, of_payout, table, text, unique,
};

/// Tables whose rows stay as they were written.
pub(super) const APPEND_ONLY: &[&str] = &[
    "history",
    "acts",
    "callers",
    "recipients",
    "usages",
    "deliveries",
    "audit",
    "policy_versions",
    "nevers",
];

/// A token serves its intent for ever, unless the payout ended before any co-signer could have contributed to it.
pub(super) const APPEND_ONLY_UNTIL: &[(&str, &[&str])] = &[("tokens", &["rejected", "withdrawn", "refused"])];

pub(super) fn tables() -> Vec<TableCreateStatement> {
    [payouts(), counters(), callbacks(), house(), signing(), schema()].concat()
}

pub(super) fn indices() -> Vec<IndexCreateStatement> {
    vec![
        // The caller's number creates once (wire contract, E0009), whatever the program does.
        unique("payouts", ["project", "third_party_id"]),
        unique("payouts", ["digest"]),
        index("payouts", ["project", "cid"]),
        index("payouts", ["status", "cid"]),
        live("payouts", ["target"], "target"),
        // Claims: what is due for a step.
        live("payouts", ["step", "due_at"], "step"),
        live("payouts", ["network_id", "from_address"], "step"),
        index("acts", ["cid", "id"]),
        // One principal, one act of a kind on an intent.
        unique("acts", ["intent", "principal", "act"]),
        // One intent, one token (the primary key says: one token, one intent).
        unique("tokens", ["intent"]),
        index("tokens", ["cid"]),
        index("tokens", ["network_id", "from_address", "position"]),
        index("usages", ["rule", "at"]),
        index("replays", ["forget_after"]),
        index("operator_nonces", ["forget_after"]),
        unique("callbacks", ["cid"]),
        live("callbacks", ["due_at"], "due_at"),
        index("callbacks", ["state", "id"]),
        index("deliveries", ["cid", "id"]),
        unique("addresses", ["wallet", "family", "address_index"]),
        index("addresses", ["project", "address_index"]),
        unique("api_keys", ["key"]),
        index("api_keys", ["project"]),
        index("changes", ["state", "id"]),
        unique("policy_versions", ["digest"]),
        unique("policy_versions", ["id"]),
        index("sessions", ["cid", "opened"]),
        index("sessions", ["intent"]),
    ]
}

fn payouts() -> Vec<TableCreateStatement> {
    vec![
        table(
            "payouts",
            [
                big("cid"),
                big("project"),
                text("third_party_id"),
                text("kind"),
                int("attempt"),
                text("digest"),
                big("wallet"),
                text("chain_id"),
                text("network_id"),
                text("token_id"),
                text("from_address"),
                text("to_address"),
                text("rule"),
                maybe_text("target"),
                text("intent"),
                text("state"),
                text("state_name"),
                int("status"),
                maybe_text("step"),
                maybe_text("token"),
                maybe_text("txid"),
                big("version"),
                big("due_at"),
                maybe_big("lease_until"),
                maybe_text("lease_owner"),
                maybe_text("wait_reason"),
                maybe_text("wait_next"),
                maybe_big("wait_since"),
                text("call"),
                text("currency"),
                text("amount"),
                text("to_echo"),
                maybe_text("callback_url"),
                maybe_text("remark"),
                big("created"),
                big("updated"),
                int("head_seq"),
                text("head_hash"),
            ],
            ["cid"],
        ),
        table(
            "history",
            [
                big("cid"),
                int("seq"),
                big("at"),
                text("cause"),
                text("record"),
                text("previous"),
                text("hash"),
            ],
            ["cid", "seq"],
        )
        .foreign_key(&mut of_payout("history"))
        .take(),
        table(
            "acts",
            [
                big("id"),
                big("cid"),
                text("intent"),
                text("act"),
                text("principal"),
                text("signed"),
                big("at"),
            ],
            ["id"],
        )
        .foreign_key(&mut of_payout("acts"))
        .take(),
        table("callers", [big("cid"), text("header"), bytes("body")], ["cid"])
            .foreign_key(&mut of_payout("callers"))
            .take(),
        table(
            "tokens",
            [
                text("network_id"),
                text("from_address"),
                text("token"),
                maybe_big("position"),
                text("intent"),
                big("cid"),
                big("taken"),
            ],
            ["network_id", "from_address", "token"],
        )
        .foreign_key(&mut of_payout("tokens"))
        .take(),
        table(
            "recipients",
            [text("chain_id"), text("address"), big("project"), big("cid"), big("at")],
            ["chain_id", "address", "project"],
        ),
    ]
}

fn counters() -> Vec<TableCreateStatement> {
    vec![
        table(
            "usages",
            [text("rule"), big("seq"), text("coin"), text("amount"), big("cid"), big("at")],
            ["rule", "seq"],
        )
        .foreign_key(&mut of_payout("usages"))
        .take(),
        table("usage_heads", [text("rule"), big("seq")], ["rule"]),
        table("usage_totals", [text("rule"), text("coin"), text("total")], ["rule", "coin"]),
        table("replays", [text("key"), big("forget_after")], ["key"]),
        table("operator_nonces", [text("key"), big("forget_after")], ["key"]),
    ]
}

fn callbacks() -> Vec<TableCreateStatement> {
    vec![
        table(
            "callbacks",
            [
                big("id"),
                big("cid"),
                big("project"),
                text("url"),
                int("status"),
                text("state"),
                int("attempt"),
                big("claim"),
                maybe_big("due_at"),
                maybe_big("lease_until"),
                big("created"),
                big("updated"),
            ],
            ["id"],
        )
        .foreign_key(&mut of_payout("callbacks"))
        .take(),
        table(
            "deliveries",
            [
                big("id"),
                big("callback"),
                big("cid"),
                int("attempt"),
                big("at"),
                maybe_int("http_status"),
                text("reply_head"),
                maybe_text("error"),
                big("duration_ms"),
            ],
            ["id"],
        ),
    ]
}

fn house() -> Vec<TableCreateStatement> {
    vec![
        table(
            "addresses",
            [
                text("family"),
                text("address"),
                big("project"),
                big("wallet"),
                text("chain_id"),
                big("address_index"),
                maybe_text("alias"),
                big("created"),
            ],
            ["family", "address"],
        ),
        table("projects", [big("id"), text("settings"), big("created"), big("updated")], ["id"]),
        table(
            "api_keys",
            [big("id"), big("project"), text("key"), big("created"), maybe_big("retires")],
            ["id"],
        ),
        table(
            "changes",
            [
                big("id"),
                big("project"),
                text("change"),
                text("proposed_by"),
                big("proposed"),
                text("state"),
                maybe_text("settled_by"),
                maybe_big("settled"),
            ],
            ["id"],
        ),
        table(
            "audit",
            [
                big("seq"),
                big("at"),
                text("who"),
                text("what"),
                text("detail"),
                text("previous"),
                text("hash"),
            ],
            ["seq"],
        ),
        table(
            "pauses",
            [
                big("id"),
                text("kind"),
                text("subject"),
                text("reason"),
                text("ordered_by"),
                big("starts"),
                big("ends"),
                maybe_text("lifted_by"),
                maybe_big("lifted"),
            ],
            ["id"],
        ),
    ]
}

fn signing() -> Vec<TableCreateStatement> {
    vec![
        table(
            "policy_versions",
            [text("chain"), big("version"), big("id"), text("digest"), text("document"), big("stored")],
            ["chain", "version"],
        ),
        table(
            "proposals",
            [text("digest"), text("document"), text("proposed_by"), big("created"), big("updated")],
            ["digest"],
        ),
        table(
            "sessions",
            [
                text("session"),
                big("cid"),
                text("intent"),
                text("participants"),
                text("outcome"),
                text("reports"),
                big("opened"),
                maybe_big("closed"),
            ],
            ["session"],
        ),
        table(
            "nevers",
            [text("intent"), int("cosigner"), text("reason"), big("at"), text("signature")],
            ["intent", "cosigner"],
        ),
    ]
}

fn schema() -> Vec<TableCreateStatement> {
    vec![table("schema_steps", [int("step"), text("name")], ["step"])]
}
