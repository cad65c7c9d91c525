//! What is written about the tree is true of it: the README's commands, names, places and recipe, and the arrows
//! between crates.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod architecture;
mod places;
mod readme;
mod recipe;
mod security;
mod shell;
mod tree;
