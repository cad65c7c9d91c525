//! The engine: scripts that are replayed, steps, waits, approvals, proof.
//!
//! The way of a run: [`intake`] turns an alert into a run's first entry → [`shard`] picks it up and evaluates its script
//! on a [`fiber`] → a host call ([`host`]) becomes a step: its intent is journaled, its effect happens, its outcome is
//! journaled → the script goes on, or parks → [`settle`] proves what was cut → the run ends with two words.
//!
//! The engine must never read the wall clock or randomness except through journaled host calls, never act without a
//! durable intent of its own, and never tell anybody anything that is not committed.

mod handle;

pub use handle::{
    Accepted, Answer, AnswerError, Desk, Engine, EngineError, EngineOptions, Message, Receipt, Resolve, RunRow, StartRun,
    Verdict,
};
