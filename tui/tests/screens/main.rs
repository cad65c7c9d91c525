//! The screens as people see them, drawn from recorded streams of events.
#![expect(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod cards;
mod closing;
mod drill;
mod facilitator;
mod frame;
mod keys;
mod line;
mod overlays;
mod picture;
mod register;
mod scene;
mod sheets;
mod stage;
mod vendors;
mod whole;
