//! A run: the bodies of its stream's entries ([`body`]), and the view that they fold into ([`view`]).
//!
//! The fold is the only reading of a run's history there is: the engine, the API, the command line and the TUI share it.

pub mod body;
mod control;
pub mod end;
pub mod guard;
pub mod hold;
pub mod lean;
pub mod plan;
mod planning;
pub mod stands;
mod stopped;
mod untold;
pub mod view;
pub mod wait;
mod waiting;
mod waits;

pub use body::{Mode, StepError, kind};
pub use guard::{Found, GuardRead, Reading};
pub use hold::{Became, Extended, Hold, HoldView, Release};
pub use plan::{Plan, Surety};
pub use planning::Planning;
pub use stopped::Stopped;
pub use untold::{Untold, way_of};
pub use view::{RunState, RunView, StepView, TargetView};
pub use wait::{Reminder, WaitKind, WaitView};
pub use waiting::Waiting;
