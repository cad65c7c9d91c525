//! The harness of the end-to-end suites. It must never be linked into the program.
#![allow(clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

pub mod crash;
pub mod inside;
