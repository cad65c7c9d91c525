//! Drills: a supervisor that holds the simulated platforms, and whose child is the server.
//!
//! Killing the server is just another fault: the supervisor starts it again on the same data folder and goes on watching.
//! People are played through the same HTTP API that people use. Nothing here can reach a real platform, and nothing here
//! decides what the engine decides: it looks, answers and counts.

mod adversary;
mod beat;
pub mod board;
pub mod case;
mod child;
mod clerk;
pub mod company;
mod control;
mod error;
pub mod facts;
mod follow;
mod hands;
pub mod ledger;
mod play;
mod plot;
pub mod record;
mod rehearse;
pub mod report;
pub mod scenario;
pub mod score;
mod seats;
mod send;
mod stage;
mod stagehand;
mod vendors;
mod verdict;
pub mod words;

pub use beat::{At, Beat, Cover};
pub use control::{Offer, schema as seats_schema};
pub use error::DrillError;
pub use play::{Call, Kill, Play, play};
pub use plot::{Markers, Plot};
pub use rehearse::{Improvement, News, Outcome, Rehearsal, load, rehearse};
pub use seats::{Seat, Seats};
pub use stage::Folders;
pub use vendors::Received;
pub use verdict::{EndedTarget, KilledAt, Verdict};
