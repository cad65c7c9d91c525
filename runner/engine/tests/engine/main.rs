//! What the engine promises, by topic: scripts over a journal that is closed and opened again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod branches;
mod common;
mod control;
mod every_entry;
mod people;
mod pins;
mod pitfalls;
mod replay;
mod waits;
