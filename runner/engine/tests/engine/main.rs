//! What the engine promises, by topic: scripts over a journal that is closed and opened again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod branches;
mod calls;
mod captured;
mod common;
mod control;
mod coverage;
mod edited;
mod ended;
mod every_call;
mod every_entry;
mod guards;
mod holds;
mod limits;
mod lobby;
mod nudges;
mod people;
mod pins;
mod pitfalls;
mod plans;
mod proofs;
mod replay;
mod roles;
mod two_people;
mod undoing;
mod waits;
