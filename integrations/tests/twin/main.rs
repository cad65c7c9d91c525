//! The twins over real HTTP and SMTP: every route, every fault, the counts.
#![allow(clippy::expect_used, reason = "a helper that fails is a test that fails")]

mod catalogue;
mod control;
mod faults;
mod github;
mod host;
mod mail;
mod okta;
mod others;
mod salesforce;
mod slack;
mod specs;
mod support;
