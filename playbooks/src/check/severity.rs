//! A severity compared with a text: false for ever.

use super::case::Case;
use crate::{
    dialect::SEVERITIES,
    survey::{Ty, What},
};

pub(super) fn check(case: &mut Case<'_>) {
    let mut found = Vec::new();
    for seen in &case.survey.seen {
        let What::Compare { types, operands } = &seen.what else { continue };
        for (one, other) in [(0, 1), (1, 0)] {
            if types[one] == Ty::Severity && types[other] == Ty::Text {
                let text = operands.get(other);
                let word = text.and_then(|text| text.as_text()).unwrap_or_default().to_uppercase();
                found.push((text.map_or(seen.at, |text| text.at), word));
            }
        }
    }
    for (at, word) in found {
        let help = match SEVERITIES.contains(&word.as_str()) {
            true => format!("write {word} without quotes"),
            false => format!("severities are {}", SEVERITIES.join(" < ")),
        };
        case.script("PB0030", at, "a severity is compared with a text".to_owned(), &help);
    }
}
