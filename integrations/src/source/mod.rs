//! Alert sources as data: `catalog/<platform>/alerts.yaml` says how a sender proves itself and what its events mean; this
//! folder is the one interpreter.
//!
//! A delivery proves itself over its raw bytes, is bounded, parsed once, and becomes [`Alert`]s. No socket, no clock, no
//! journal here; what a proof must fetch goes through an injected [`Fetcher`]. A refusal says what is wrong and never
//! repeats a secret.

mod accept;
mod bound;
mod challenge;
pub(crate) mod check;
mod document;
mod fetch;
mod fetched;
mod field;
mod glob;
mod host;
mod info;
mod path;
pub(crate) mod proof;
mod reading;
pub(crate) mod refusal;
mod scene;
pub(crate) mod spec;
mod take;

use http::{HeaderMap, Method};
use stanch_model::Alert;

pub use bound::{BadSource, Source};
pub use fetch::Fetcher;
pub use fetched::Pace;
pub(crate) use info::info;
pub use proof::BadSecret;
pub use refusal::Refusal;
pub use spec::AnswerBody;

/// A delivery as it came.
#[derive(Clone, Copy, Debug)]
pub struct RawRequest<'a> {
    /// GET or POST.
    pub method: &'a Method,
    /// All of them.
    pub headers: &'a HeaderMap,
    /// What stands behind the question mark of its address.
    pub query: Option<&'a str>,
    /// What stands in its address after the source's name.
    pub secret: Option<&'a str>,
    /// Every byte.
    pub body: &'a [u8],
}

/// What a delivery must prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// That the source sent it.
    Source,
    /// Nothing: a person whom we know hands it in.
    Person,
}

/// What an accepted delivery held.
#[derive(Clone, Debug, PartialEq)]
pub enum Accepted {
    /// News.
    Alerts(Vec<Alert>),
    /// A question whether we are who we claim to be: answer 200 with this.
    Challenge(Reply),
    /// Nothing to act upon, for this reason.
    Ignored(String),
}

/// The answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its media type.
    pub media: &'static str,
    /// All of it.
    pub body: String,
}
