//! Twins: stateful simulations of the platforms' APIs, on loopback, scripted in Rhai, with faults to switch on.
//!
//! A twin never opens a connection, never listens beyond loopback and never sees a real credential.

mod bucket;
pub mod catalog;
pub mod clock;
mod conn;
mod control;
pub mod fault;
mod filter;
mod host;
mod http;
pub mod ledger;
mod mail;
mod mangle;
mod people;
mod platform;
mod script;
mod seed;
mod shared;
mod soql;
mod state;
mod store;
mod tenant;
mod wire;
pub mod world;

pub use clock::{ManualClock, TwinClock, WallClock};
pub use fault::{ActiveFault, Answer, Fault, FaultEffect};
pub use host::{Mail, Rate, TwinError, TwinHost, TwinOptions};
pub use ledger::{EffectRecord, Fate, RequestRecord, Sort, Summary, SummaryRow, summarise};
pub use world::{Change, HiddenGrants, World, WorldApp};

/// The header by which a client names the integration that it speaks to.
pub const INTEGRATION_HEADER: &str = "x-stanch-integration";

/// The token that the twin of this integration accepts. For OAuth2 flows it is the client secret.
pub fn token(integration: &str) -> String {
    format!("twin-{integration}")
}
