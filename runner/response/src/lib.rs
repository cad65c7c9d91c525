//! What surrounds a run: configuration, credentials, vendors, notification clocks, notices, incidents, reports.
//!
//! Plain data and pure functions over it. It must never open a socket, and reads no clock: `now` is always given.

pub mod alert;
pub mod codes;
pub mod config;
pub mod credential;
pub mod deadline;
pub mod drills;
pub mod incident;
pub mod notice;
pub mod page;
pub mod report;
pub mod returned;
pub mod tell;
pub mod vendor;

pub use config::{Known, Loaded};
pub use credential::Reference;
pub use deadline::{Deadline, DeadlineTable};
pub use notice::Notice;
pub use vendor::Register;
