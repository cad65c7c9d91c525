//! The HTTP server: alert intake, API, event stream.

mod clock;
pub mod intake;

pub use clock::Clock;
