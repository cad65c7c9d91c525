//! The engine: scripts that are replayed, steps, waits, approvals, proof.
//!
//! The way of a run: `intake` turns an alert into a run's first entry → a `shard` takes it up (`shard::life`) and
//! evaluates its script on a `fiber` → a host call (`host`) becomes a `step`, or branches of a `fan` → its call
//! goes its way as an `act`: guarded (`guard`), covered (`coverage`), journaled, sent, settled when in doubt → what
//! was cut is proven behind the script → the run parks, or ends with two words.
//!
//! The engine must never read the wall clock or randomness except through journaled host calls, never act without a
//! durable intent of its own, and never tell anybody anything that is not committed.

mod act;
mod alarm;
mod answer;
mod border;
mod break_glass;
mod coverage;
mod current;
mod desk;
mod env;
mod fan;
mod fiber;
mod guard;
mod handle;
mod host;
mod intake;
mod ledger;
mod live;
mod nudge;
mod pauses;
mod pins;
mod plan;
mod promotion;
mod resolve;
mod rest;
mod shard;
mod step;
mod terms;
mod two_person;
mod undo;

pub use break_glass::{BreakGlass, Standing};
pub use desk::{Desk, DeskError, Message, Template};
pub use env::{Beside, Clock, InProcess, Patience, WallClock};
pub use guard::Protection;
pub use handle::Engine;
pub use pins::program;
pub use promotion::{Judged, Judgement};
pub use terms::{
    Accepted, Answer, AnswerError, By, EngineError, EngineOptions, Receipt, Resolve, RunRow, StartRun,
    Verdict,
};
pub use undo::Undone;
