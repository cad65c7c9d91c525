//! The terminal's side of stanch: what people watch. It draws what it is told and knows nothing of engine or journal.
//!
//! [`theatre`] shows one performance (a demo, a drill without screens) as lines that settle into the terminal's own
//! history, above a small picture that lives while it lasts.

pub mod look;
pub mod theatre;

pub use look::Look;
pub use theatre::{Bar, Line, Mark, Scene, Theatre};
