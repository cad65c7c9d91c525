//! The API as callers see it: a real engine and a journal in memory behind real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests may

mod auth;
mod bad_input;
mod cards;
mod events;
mod intake;
mod runs;
mod shape;
mod world;
