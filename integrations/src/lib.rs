//! Integrations as data: the interpreter, its transports and the twins.
//!
//! A platform is a folder of `catalog/`: `integration.yaml` says how its actions look on the wire, `alerts.yaml` what it
//! tells us by itself. [`Catalog`] reads and checks those files, [`Integrations`] binds them to a configuration, and makes
//! one attempt of one action at a time; [`source`] judges deliveries. What an attempt means for a run (retry, probe, park) is
//! decided elsewhere.

mod auth;
mod bind;
mod by_hand;
mod call;
mod catalog;
pub mod codes;
mod configured;
pub mod conform;
mod credential;
mod exchange;
mod expr;
mod health;
mod label;
mod limit;
mod look;
mod mail;
mod member;
pub mod openid;
mod path;
mod preflight;
mod preview;
mod request;
mod response;
mod review;
mod scope;
mod scrub;
pub mod source;
mod spec;
mod template;
mod time;
mod transport;
pub mod twin;
mod witness;

pub use by_hand::ByHand;
pub use call::{
    Admission, By, Call, ErrorKind, GroupReads, Identity, Limits, Look, More, Outcome, Preview, Read,
    RoleReads, Seen, UndoCall,
};
pub use catalog::{Catalog, Figures, Gives, Platform, Takes};
pub use configured::Integrations;
pub use limit::Permit;
pub use preflight::{Finding, State};
pub use review::review;
pub use spec::Evidence;
pub use time::{ScenarioClock, Work, aside};
pub use transport::{
    Carrier, LineOutlet, LiveTransport, OutletError, Transport, TwinTransport, TwinTransportError, WebOutlet,
};

/// How to write an integration, in Markdown.
pub const AUTHORING: &str = include_str!("../AUTHORING.md");

/// The JSON Schema of `integration.yaml`.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(spec::PlatformSpec).to_value()
}

/// The JSON Schema of `alerts.yaml`.
pub fn alerts_schema() -> serde_json::Value {
    schemars::schema_for!(source::spec::AlertsSpec).to_value()
}
