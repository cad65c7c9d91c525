//! An integration against the platform's own description: does what we send exist there, and is it sent as told?
//!
//! Descriptions are read as they are published ([`Description::read`]), or put together by whoever has another form of one.
//! Nothing here sends anything.

mod answer;
mod check;
mod describe;
mod discovery;
mod draft;
mod openapi;
mod route;
mod schema;

use serde::Serialize;

pub use describe::{Body, DescribeError, Description, Details, Field, Operation, Schema};
pub use draft::Draft;
pub(crate) use draft::{NO_DOCS, UNPROVEN_YET};

use self::route::Fit;
pub(crate) use self::route::{Address, is_of_form};
use crate::catalog::Platform;

/// What came out of the comparison, by action.
#[derive(Clone, Debug, Default)]
pub struct Conformance {
    /// Every action of the platform, by name.
    pub lines: Vec<Line>,
}

/// One action.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name.
    pub action: String,
    /// Method and path as written; what it is where it is no request.
    pub request: String,
    /// The descriptions speak of it.
    pub covered: bool,
    /// Everything in which it differs from them.
    pub problems: Vec<Problem>,
    /// Differences that are declared, with their reasons.
    pub differs: Vec<(String, String)>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The action.
    pub action: String,
    /// The place: `path`, `method`, `query after`, `body user.name`, `status 204`, `scopes`, … The key for `differs`.
    pub at: String,
    /// For people.
    pub message: String,
}

impl Conformance {
    /// Compares all actions of a platform with the union of the descriptions.
    pub fn of(platform: &Platform, descriptions: &[Description]) -> Self {
        let operations: Vec<_> = descriptions.iter().flat_map(|one| &one.operations).collect();
        let lines = platform.actions().filter_map(|info| line(platform, &info.name, &operations));
        Self { lines: lines.collect() }
    }

    /// Actions that the descriptions speak of, and in which nothing is wrong.
    pub fn matched(&self) -> usize {
        self.lines.iter().filter(|line| line.covered && line.problems.is_empty()).count()
    }

    /// Actions that the descriptions do not speak of.
    pub fn not_covered(&self) -> usize {
        self.lines.iter().filter(|line| !line.covered).count()
    }

    /// Everything that is wrong.
    pub fn problems(&self) -> Vec<&Problem> {
        self.lines.iter().flat_map(|line| &line.problems).collect()
    }
}

fn line(platform: &Platform, name: &str, operations: &[&Operation]) -> Option<Line> {
    let spec = &platform.spec;
    let action = platform.action_spec(name)?;
    let mut line = Line {
        action: name.to_owned(),
        request: String::new(),
        covered: false,
        problems: Vec::new(),
        differs: Vec::new(),
    };
    let Some(request) = &action.request else {
        line.request = "a person does it".to_owned();
        return Some(line);
    };
    let Some(address) = Address::of(spec, action, request) else {
        line.request = "mail".to_owned();
        return Some(line);
    };
    let path = request.path.as_ref().map_or("", |path| path.source());
    line.request = format!("{} {path}", address.method);
    let mut found = match address.find(operations) {
        Fit::NotCovered => return Some(line),
        Fit::NoPath(near) => {
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            vec![("path".to_owned(), format!("there is no path like {path}{near}"))]
        }
        Fit::OtherMethods(known) => {
            vec![("method".to_owned(), format!("{path} has no {}, but {}", address.method, known.join(", ")))]
        }
        Fit::Operation(operation) => {
            let details = operation.details();
            let mut found = check::differences(spec, action, request, &details);
            found.extend(details.answer.iter().flat_map(|known| answer::differences(spec, action, known)));
            found
        }
    };
    line.covered = true;
    for (at, reason) in &action.differs {
        let before = found.len();
        found.retain(|(place, _)| place != at);
        if found.len() < before {
            line.differs.push((at.clone(), reason.clone()));
        } else {
            let message =
                format!("it is declared to differ here, and does not: take `{at}` out of `differs`");
            found.push(("differs".to_owned(), message));
        }
    }
    line.problems =
        found.into_iter().map(|(at, message)| Problem { action: name.to_owned(), at, message }).collect();
    Some(line)
}
