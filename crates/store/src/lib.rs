//! The gateway's database: entities, typed write commands, claims, outbox and audit.
