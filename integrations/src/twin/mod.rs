//! Twins: stateful simulations of the platforms' APIs, on loopback, scripted in Rhai, with faults to switch on.
//!
//! A twin never opens a connection, never listens beyond loopback and never sees a real credential. [`TwinHost`] runs one
//! twin per configured integration behind one HTTP listener, and a mail server beside it; the integration is named by
//! the header [`INTEGRATION_HEADER`] or by the first part of the path (`curl -H 'Authorization: SSWS twin-okta'
//! http://127.0.0.1:7400/okta/api/v1/users`). Tests, drills and people steer it through `/_twin/`.
//!
//! # How a request goes
//!
//! ```text
//! rate limit -> fault -> credential -> scope -> operation -> ledger -> what the fault does to the answer
//! ```
//!
//! One platform answers one request at a time, under its own lock. The ledger is written before anybody sees an answer,
//! so it also knows the effects whose answer never came.
//!
//! How to write one, and its whole dialect: `AUTHORING.md`, "The twin".

mod bucket;
pub mod catalog;
pub mod clock;
mod conn;
mod control;
mod extra;
pub mod fault;
mod filter;
mod host;
mod http;
pub mod ledger;
mod mail;
mod mangle;
mod people;
mod platform;
mod review;
mod script;
mod seed;
mod shared;
mod soql;
mod state;
mod store;
mod tenant;
mod traffic;
mod trail;
mod wire;
pub mod world;

pub use clock::{ManualClock, TwinClock, WallClock};
pub use extra::{UnknownExtra, unknown_extra};
pub use fault::{ActiveFault, Answer, Fault, FaultEffect};
pub use host::{Mail, Rate, RequestHook, TwinError, TwinHost, TwinOptions};
pub use ledger::{EffectRecord, Fate, RequestRecord, Sort, Summary, SummaryRow, summarise};
pub use review::review;
pub use world::{Change, HiddenGrants, World, WorldApp};

/// The header by which a client names the integration that it speaks to.
pub const INTEGRATION_HEADER: &str = "x-stanch-integration";

/// The header by which a client may name the catalogue's operation, where several share one address.
pub const ACTION_HEADER: &str = "x-stanch-action";

/// The token that the twin of this integration accepts. For OAuth2 flows it is the client secret.
pub fn token(integration: &str) -> String {
    format!("twin-{integration}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::{script::Script, tenant::Tenant};

    #[test]
    fn the_documented_script_compiles() {
        let lines = crate::AUTHORING.lines().skip_while(|line| !line.contains("```rhai"));
        let lines = lines.skip(1).take_while(|line| !line.contains("```"));
        let source = lines.collect::<Vec<_>>().join("\n");
        let db = Arc::new(Mutex::new(Tenant::new("x", 1, jiff::Timestamp::UNIX_EPOCH)));
        let script = Script::compile(&source, &db).expect("compiles");
        assert_eq!(script.plan().routes.len(), 2);
        assert!(script.has("add_grants") && script.has("missing"));
    }
}
