//! The API as callers see it: a real engine and a journal in memory behind real sockets. `api_on_disk` runs the same tests
//! over a journal on disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests may

mod answers;
mod attention;
mod auth;
mod bad_input;
mod cards;
mod clients;
mod clocks;
mod closing;
mod device;
mod events;
mod glass;
mod ground;
mod incidents;
mod intake;
mod lies;
mod links;
mod login;
mod plans;
mod promoted;
mod provider;
mod runs;
mod schema;
mod shape;
mod starts;
mod unavailable;
mod world;

const GROUND: ground::Kind = ground::Kind::Memory;
