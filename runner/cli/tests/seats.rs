//! People in a drill, end to end: the real program, two seats and a facilitator; screens by keys; a terminal.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "seats/adversary.rs"]
mod adversary;
#[path = "seats/clock.rs"]
mod clock;
#[path = "seats/closing.rs"]
mod closing;
#[path = "seats/hosted.rs"]
mod hosted;
#[path = "seats/keys.rs"]
mod keys;
#[path = "seats/marked.rs"]
mod marked;
#[path = "seats/pen.rs"]
mod pen;
#[path = "seats/resume.rs"]
mod resume;
#[path = "seats/terminal.rs"]
mod terminal;
#[path = "seats/together.rs"]
mod together;
