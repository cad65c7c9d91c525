//! Alert sources over the public surface: published vectors, real samples, and what must be refused.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod detections;
mod generic;
mod github;
mod hooks;
mod keys;
mod matrix;
mod okta;
mod senders;
mod sns;
mod support;
mod tokens;
