//! One figure: what was measured, beside what is promised at least and what is aimed at.

use serde_json::{Map, Value, json};

use crate::out::Out;

/// What is promised of a figure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promise {
    pub(super) at_least: f64,
    pub(super) aim: f64,
    pub(super) better: Better,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    More,
    Less,
}

impl Promise {
    pub(super) fn more(at_least: f64, aim: f64) -> Self {
        Self { at_least, aim, better: Better::More }
    }

    pub(super) fn less(at_least: f64, aim: f64) -> Self {
        Self { at_least, aim, better: Better::Less }
    }

    /// How the value stands: `aim`, `floor` or `missed`.
    fn met_by(&self, value: f64) -> &'static str {
        let reaches = |bound: f64| match self.better {
            Better::More => value >= bound,
            Better::Less => value <= bound,
        };
        match (reaches(self.aim), reaches(self.at_least)) {
            (true, _) => "aim",
            (_, true) => "floor",
            _ => "missed",
        }
    }
}

/// A figure to be shown.
pub(super) struct Figure<'a> {
    /// Its name in `--json`.
    pub(super) name: &'a str,
    /// For people: what it is of.
    pub(super) what: String,
    pub(super) value: f64,
    pub(super) unit: &'a str,
    /// Nothing is promised of sizes that somebody chose.
    pub(super) promise: Option<Promise>,
    /// For people: what else there is to say.
    pub(super) note: String,
    /// Further members in `--json`.
    pub(super) more: Value,
}

impl Figure<'_> {
    pub(super) fn show(self, out: Out) {
        let promise = self.promise.map_or_else(String::new, |promise| {
            let (bound, met) = (word(&promise), promise.met_by(self.value));
            format!("   {bound} {}, aim {}: {met}", short(promise.at_least), short(promise.aim))
        });
        let note = if self.note.is_empty() { String::new() } else { format!("   ({})", self.note) };
        out.text(&format!("{:<52} {:>9} {:<9}{promise}{note}", self.what, short(self.value), self.unit));
        let mut line = Map::new();
        line.insert("figure".to_owned(), json!(self.name));
        line.insert("value".to_owned(), json!(rounded(self.value)));
        line.insert("unit".to_owned(), json!(self.unit));
        if let Some(promise) = self.promise {
            line.insert("at_least".to_owned(), json!(rounded(promise.at_least)));
            line.insert("aim".to_owned(), json!(rounded(promise.aim)));
            line.insert("met".to_owned(), json!(promise.met_by(self.value)));
        }
        if let Value::Object(more) = self.more {
            line.extend(more);
        }
        out.line(&Value::Object(line));
    }
}

fn word(promise: &Promise) -> &'static str {
    match promise.better {
        Better::More => "at least",
        Better::Less => "at most",
    }
}

/// Three digits behind the point are more than any figure has.
fn rounded(value: f64) -> f64 {
    if value.abs() >= 1_000.0 { value.round() } else { (value * 1_000.0).round() / 1_000.0 }
}

fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}").trim_end_matches(".0").to_owned(),
        _ => format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_meets_its_aim_its_floor_or_neither() {
        let (more, less) = (Promise::more(10.0, 20.0), Promise::less(1.5, 1.1));
        assert_eq!([25.0, 20.0, 15.0, 5.0].map(|v| more.met_by(v)), ["aim", "aim", "floor", "missed"]);
        assert_eq!([1.0, 1.1, 1.3, 2.0].map(|v| less.met_by(v)), ["aim", "aim", "floor", "missed"]);
    }

    #[test]
    fn numbers_are_as_long_as_they_are_exact() {
        assert_eq!(
            [83_400.4, 12.34, 300.0, 1.0134, 0.5].map(short),
            ["83400", "12.3", "300", "1.013", "0.5"]
        );
    }
}
