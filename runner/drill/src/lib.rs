//! Drills: a supervisor that holds the simulated platforms, and whose child is the server.
//!
//! Killing the server is just another fault: the supervisor starts it again on the same data folder and goes on watching.
//! People are played through the same HTTP API that people use. Nothing here can reach a real platform, and nothing here
//! decides what the engine decides: it looks, answers and counts.

mod beat;
mod child;
mod error;
mod follow;
mod play;
mod plot;
mod seats;
mod send;
mod stage;
mod verdict;

pub use beat::{At, Beat, Cover};
pub use error::DrillError;
pub use play::{Kill, Play, play};
pub use plot::{Markers, Plot};
pub use seats::{Seat, Seats};
pub use stage::Folders;
pub use verdict::{EndedTarget, KilledAt, Verdict};
