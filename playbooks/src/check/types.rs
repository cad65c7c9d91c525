//! Values of a kind that can never stand where they stand.

use super::case::Case;
use crate::survey::What;

pub(super) fn check(case: &mut Case<'_>) {
    let mut found = Vec::new();
    for seen in &case.survey.seen {
        if let What::Unfit(unfit) = &seen.what {
            found.push((seen.at, unfit.clone()));
        }
    }
    for (at, unfit) in found {
        case.script("PB0055", at, unfit.message, unfit.help);
    }
}
