//! Whole co-signers, with everything but a process of their own, around a stand-in for a gateway's hub.

mod ceremonies;
mod hall;
mod hub;
mod merging;
mod signing;
mod stopping;
