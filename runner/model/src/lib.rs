//! The nouns of stanch: ids, entries, targets, alerts, diagnostics, configuration, API types.
//!
//! Everything else depends on this crate. It must never know tokio, reqwest, rhai or sled, do I/O, or read a clock.

pub mod alert;
pub mod api;
pub mod catalog;
pub mod clock;
pub mod config;
pub mod diagnostic;
pub mod duration;
pub mod entry;
pub mod ids;
pub mod incident;
pub mod limit;
pub mod run;
pub mod secret;
pub mod shortened;
pub mod target;
pub mod text;
pub mod value;
pub mod yaml;

pub use alert::{Alert, Severity};
pub use diagnostic::{Diagnostic, Edit, Fix, Label, Level};
pub use entry::{Entry, EntryRef, Header, NewEntry};
pub use ids::{Address, Hash, RunId, StreamId};
pub use limit::{Limit, Limits};
pub use target::{Containment, Effect, Ended, InDoubt, Target, TargetState};
