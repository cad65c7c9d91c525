//! What the format can say, each on a small platform of its own against a server on loopback: authentication, lists, jobs,
//! reads before writes, XML, pace, and who we are.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

mod auth;
mod first;
mod labels;
mod lists;
mod mistakes;
mod own;
mod pace;
mod poll;
mod preflight;
mod shop;
mod tls;
