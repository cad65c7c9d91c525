//! Steps in loops without an end.

use super::case::Case;
use crate::survey::What;

pub(super) fn check(case: &mut Case<'_>) {
    let mut found = Vec::new();
    for seen in &case.survey.seen {
        if let What::Endless { left, steps } = seen.what {
            found.push((seen.at, left, steps));
        }
    }
    for (at, left, steps) in found {
        let help =
            "write `wait_until(|| read, |value| …, #{ every: \"1m\", within: \"1h\" })`: it is one step";
        match (left, steps) {
            (false, _) => case.script("PB0048", at, "this loop never ends".to_owned(), help),
            (true, true) => case.doubt("PB0048", at, "steps in a loop without a bound".to_owned(), help),
            (true, false) => {}
        }
    }
}
