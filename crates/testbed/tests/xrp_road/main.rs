//! The gateway's road to the XRP Ledger against the stand-in: what is planned, what becomes of it, and what is concluded
//! when servers fail, lag, forget or lie.

mod ends;
mod plans;
mod stuck;
mod world;
