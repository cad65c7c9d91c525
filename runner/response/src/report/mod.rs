//! After-action reports: what the journal says of a response, live or rehearsed, in the order of HSEEP.
//!
//! One shape ([`Report`]), which is its own JSON; one page of it, which Markdown and HTML write. Nothing here reads a
//! clock, a file or a network, opens a secret's handle, or says what no journal shows.

mod came;
mod chart;
mod clock;
mod coverage;
mod document;
mod history;
mod judge;
mod live;
mod measure;
mod shape;
#[cfg(test)]
mod tests;

pub use came::{Came, Graded};
pub use clock::{after, length};
pub use judge::{objective, points};
pub use live::{Asked, Book, Material, sort};
pub use shape::{
    About, Cover, Expectation, FORM, Fact, Head, Improvement, Lane, Level, Measure, Moment, Objective, Place,
    Point, Points, Rating, Report, Talk, TargetGroup, Tested, Tone, Verdict, schema,
};

impl Report {
    /// As Markdown.
    pub fn markdown(&self) -> String {
        document::of(self).markdown()
    }

    /// As one HTML file that needs nothing else: no script, nothing fetched.
    pub fn html(&self) -> String {
        document::of(self).html()
    }
}
