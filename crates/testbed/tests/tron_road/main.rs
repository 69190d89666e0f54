//! The gateway's road to TRON against the stand-in: what is planned, what becomes of it, and what is concluded when nodes
//! fail, lag, forget or lie.

mod ends;
mod plans;
mod world;
