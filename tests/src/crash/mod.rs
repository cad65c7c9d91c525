//! The crash suite: real child processes, real SIGKILL, counted by what the twins saw.
//!
//! The parent runs the twins, so that they outlive the child; the child runs journal, vault and engine over them and is
//! killed: at a journal entry, before an append, at a vendor's request before or after its effect, or at a moment of its
//! start. Then it is started again until its run ends, and the end is compared with that of a run that nobody disturbed.

pub mod child;
mod clock;
mod judge;
mod killer;
mod life;
mod operator;
mod orders;
mod points;
mod stage;
mod world;

pub use judge::{Tally, judge};
pub use life::{Life, Report};
pub use orders::{Orders, OwnKill};
pub use points::{Dice, Kill, Point, endure, every_point, random_points, sample, seed};
pub use stage::{Moment, Stage};
pub use world::{Marker, Size};
