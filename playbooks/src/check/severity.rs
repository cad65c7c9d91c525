//! A severity compared with a text: false for ever.

use super::case::Case;
use crate::{
    dialect::SEVERITIES,
    survey::{Ty, What},
};

pub(super) fn check(case: &mut Case<'_>) {
    let mut found = Vec::new();
    for seen in &case.survey.seen {
        match &seen.what {
            What::Compare { types, operands } => {
                for (one, other) in [(0, 1), (1, 0)] {
                    if types[one] == Ty::Severity && types[other] == Ty::Text {
                        let text = operands.get(other);
                        let word = text.and_then(|text| text.as_text()).unwrap_or_default().to_uppercase();
                        found.push((text.map_or(seen.at, |text| text.at), Some(word)));
                    }
                }
            }
            What::SeverityArms => found.push((seen.at, None)),
            _ => {}
        }
    }
    for (at, word) in found {
        let message = match word {
            Some(_) => "a severity is compared with a text",
            None => "no arm of a `switch` ever equals a severity",
        };
        let help = match word {
            Some(word) if SEVERITIES.contains(&word.as_str()) => format!("write {word} without quotes"),
            Some(_) => format!("severities are {}", SEVERITIES.join(" < ")),
            None => "write `if severity >= HIGH { … } else { … }`".to_owned(),
        };
        case.script("PB0030", at, message.to_owned(), &help);
    }
}
