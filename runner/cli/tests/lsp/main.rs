//! The language server as an editor has it: the program, its standard input and output, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests may

mod client;
mod manners;
mod scripts;
mod speed;
mod yaml;
