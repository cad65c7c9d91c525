//! The terminal's side of stanch: what people watch and press. It sees the server only through its API and knows nothing
//! of engine or journal.
//!
//! The screens (`stanch tui`): [`event`]s in, [`app`] as data, [`ask`]s out, [`frame`] draws; [`show`] is the loop around
//! them, [`link`] the line to the server, [`command`] the one table of what can be done.
//!
//! [`theatre`] shows one performance (a demo, a drill without screens) as lines that settle into the terminal's own
//! history, above a small picture that lives while it lasts.

pub mod app;
pub mod ask;
pub mod bench;
pub mod command;
pub mod event;
pub mod frame;
pub mod link;
pub mod look;
pub mod overlays;
mod player;
mod privacy;
pub mod recorder;
mod screens;
pub mod show;
mod source;
mod tame;
mod term;
pub mod theatre;
mod widgets;
pub mod words;
pub mod world;

pub use app::{App, Options};
pub use look::Look;
pub use theatre::{Bar, Line, Mark, Scene, Theatre};
