//! The tests of `api` once more, over the journal that a server really has: a log on disk, its index, its vault.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests may

#[path = "../api/answers.rs"]
mod answers;
#[path = "../api/attention.rs"]
mod attention;
#[path = "../api/auth.rs"]
mod auth;
#[path = "../api/bad_input.rs"]
mod bad_input;
#[path = "../api/cards.rs"]
mod cards;
#[path = "../api/clocks.rs"]
mod clocks;
#[path = "../api/device.rs"]
mod device;
#[path = "../api/events.rs"]
mod events;
#[path = "../api/glass.rs"]
mod glass;
#[path = "../api/ground.rs"]
mod ground;
#[path = "../api/incidents.rs"]
mod incidents;
#[path = "../api/intake.rs"]
mod intake;
#[path = "../api/lies.rs"]
mod lies;
#[path = "../api/login.rs"]
mod login;
#[path = "../api/promoted.rs"]
mod promoted;
#[allow(dead_code, reason = "here nobody asks it by TLS, nor without a secret")]
#[path = "../api/provider.rs"]
mod provider;
#[path = "../api/runs.rs"]
mod runs;
#[path = "../api/schema.rs"]
mod schema;
#[path = "../api/starts.rs"]
mod starts;
#[path = "../api/unavailable.rs"]
mod unavailable;
#[path = "../api/world.rs"]
mod world;

const GROUND: ground::Kind = ground::Kind::Disk;
