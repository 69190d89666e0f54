//! The operators' API over HTTP, with a real database and a real hub that no co-signer has come to.

mod applications;
mod door;
mod freezes;
mod house;
mod maintenance;
mod payouts;
mod projects;
mod proposals;
mod readings;
mod remedies;
