//! What the facilitator changes of an entry of the plot before it comes. The file stays as it is.

use serde::{Deserialize, Serialize};

use super::{PlotEntry, Span};

/// A change; what is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Edit {
    /// What somebody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When it comes, where it comes by the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Span>,
}

impl Edit {
    /// The entry with this change. What does not fit it changes nothing.
    pub fn apply(&self, entry: &mut PlotEntry) {
        if let Some(letter) = entry.letter_mut() {
            self.text.iter().for_each(|text| letter.text.clone_from(text));
            self.from.iter().for_each(|from| letter.from.clone_from(from));
        }
        let time = if entry.unless.is_some() { &mut entry.by } else { &mut entry.at };
        if let (Some(time), Some(at)) = (time, self.at) {
            *time = at;
        }
    }

    /// In a line: what is new.
    pub fn words(&self) -> String {
        let at = self.at.map(|at| format!("at {at}"));
        let from = self.from.as_ref().map(|from| format!("from {from}"));
        let text = self.text.as_ref().map(|text| format!("\u{201c}{text}\u{201d}"));
        [at, from, text].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl PlotEntry {
    /// What somebody says in it.
    fn letter_mut(&mut self) -> Option<&mut super::Letter> {
        let letters = [
            &mut self.mail,
            &mut self.chat,
            &mut self.phone,
            &mut self.press,
            &mut self.regulator,
            &mut self.executive,
        ];
        letters.into_iter().find_map(Option::as_mut)
    }

    /// Whether it comes by the clock, where nothing else is so before.
    pub fn is_timed(&self) -> bool {
        self.once.is_none() && self.by_hand.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> PlotEntry {
        stanch_model::yaml::read("plot.yaml", text, "DR0001").unwrap()
    }

    #[test]
    fn a_change_is_of_what_it_names_and_of_nothing_else() {
        let edit: Edit = serde_json::from_value(serde_json::json!({ "text": "later", "at": "8m" })).unwrap();
        let mut mail = entry("{ at: 6m, mail: { from: a, text: now } }");
        edit.apply(&mut mail);
        assert_eq!(mail, entry("{ at: 8m, mail: { from: a, text: later } }"));
        let mut phone = entry("{ unless: 'told(\"x\")', by: 6m, phone: { from: a, text: now } }");
        edit.apply(&mut phone);
        assert_eq!(phone, entry("{ unless: 'told(\"x\")', by: 8m, phone: { from: a, text: later } }"));
        let mut fault = entry("{ once: 'kills > 0', fault: { kill_runner: true } }");
        edit.apply(&mut fault);
        assert_eq!(fault, entry("{ once: 'kills > 0', fault: { kill_runner: true } }"));
        assert_eq!(edit.words(), "at 8m, \u{201c}later\u{201d}");
    }
}
