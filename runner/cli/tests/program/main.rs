//! The program `stanch` as a child process.
#![allow(clippy::unwrap_used, clippy::panic)] // tests may

mod bad_input;
mod begin;
mod broken;
mod drain;
mod support;
mod transcripts;
