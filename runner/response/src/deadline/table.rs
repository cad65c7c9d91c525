//! The table of clocks: the built-in one, or the user's.

use std::collections::BTreeMap;

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use schemars::JsonSchema;
use serde::Deserialize;
use stanch_model::{Diagnostic, diagnostic::did_you_mean, yaml};

use super::{Deadline, Span, span::Calendar};
use crate::config::Marker;

/// The built-in table.
const BUILT_IN: &str = include_str!("../../deadlines.yaml");

/// All clocks that can be started, checked.
#[derive(Clone, Debug)]
pub struct DeadlineTable {
    /// The day on which a person last compared it with the law.
    pub dated: Date,
    rules: BTreeMap<String, Rule>,
    holidays: BTreeMap<String, Vec<Date>>,
}

/// One clock that can be started.
#[derive(Clone, Debug)]
pub struct Rule {
    /// For people.
    pub title: String,
    /// What starts it.
    pub from: String,
    /// How long it runs.
    pub within: Within,
    /// Where the rule stands.
    pub source: String,
    zone: TimeZone,
    until: Option<Time>,
    holidays: Option<String>,
}

/// How long a clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// This long.
    Fixed(Span),
    /// As the contract with the vendor says.
    Contract,
}

/// Why a clock could not be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoClock {
    /// Not in the table.
    #[error("there is no deadline `{id}`{hint}")]
    Unknown {
        /// As asked.
        id: String,
        /// ` (did you mean …?)` or nothing.
        hint: String,
    },
    /// The register says nothing of a breach clause.
    #[error("the vendor register names no `breach.notify_within` for {0}")]
    NoClause(String),
    /// The anchor is not a moment, or the due time lies beyond all calendars.
    #[error("{0}")]
    Time(String),
}

/// The notification clocks that can be started.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "deadlines.yaml")]
struct File {
    /// The day on which a person last compared it with the law, `2026-11-01`.
    dated: String,
    /// The clocks by the name that a script gives to `deadline`.
    rules: BTreeMap<String, RuleFile>,
    /// Days that are no business days, by the name that a rule gives.
    #[serde(default)]
    holidays: BTreeMap<String, Vec<String>>,
}

/// One clock.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    /// For people, with whom it is owed to.
    title: String,
    /// What starts it: `aware`, `material`.
    from: String,
    /// How long it runs: `72h`, `30 days`, `4 business days`, `1 month`; `contract` is what the vendor's clause says.
    within: String,
    /// The time zone in which its days are counted, `Europe/Berlin`; UTC unless given.
    #[serde(default)]
    zone: Option<String>,
    /// The hour at which a counted day ends, `17:30`.
    #[serde(default)]
    until: Option<String>,
    /// One of `holidays`: its days are no business days.
    #[serde(default)]
    holidays: Option<String>,
    /// Where the rule stands.
    #[serde(default)]
    source: String,
}

/// The JSON Schema of `deadlines.yaml`.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(File).to_value()
}

impl DeadlineTable {
    /// The table that comes with the program.
    ///
    /// # Errors
    /// Never, as a test shows; typed so that nobody has to panic.
    pub fn built_in() -> Result<Self, Vec<Diagnostic>> {
        Self::load("deadlines.yaml", BUILT_IN)
    }

    /// Reads and checks a table. `file` is only for messages.
    ///
    /// # Errors
    /// Every mistake at once; a file that is not readable YAML of this shape gives its first mistake only.
    pub fn load(file: &str, source: &str) -> Result<Self, Vec<Diagnostic>> {
        let read: File = yaml::read(file, source, "DL0001").map_err(|diagnostic| vec![*diagnostic])?;
        let mark = Marker::of(file, source);
        let mut found = Vec::new();
        let dated = keep(read.dated.parse(), &["dated"], "is not a date", &mark, &mut found);
        let mut holidays = BTreeMap::new();
        for (name, days) in &read.holidays {
            let mut list = Vec::new();
            for (at, day) in days.iter().enumerate() {
                let path = ["holidays", name.as_str(), &at.to_string()];
                list.extend(keep(day.parse::<Date>(), &path, "is not a date", &mark, &mut found));
            }
            holidays.insert(name.clone(), list);
        }
        let mut rules = BTreeMap::new();
        for (id, rule) in read.rules {
            if let Some(rule) = checked(&id, rule, &holidays, &mark, &mut found) {
                rules.insert(id, rule);
            }
        }
        match dated {
            Some(dated) if found.is_empty() => Ok(Self { dated, rules, holidays }),
            _ => Err(found),
        }
    }

    /// The rules by id.
    pub fn rules(&self) -> &BTreeMap<String, Rule> {
        &self.rules
    }

    /// Starts a clock. `contract` is what the vendor register says, for rules that ask it; `to` is whom it is owed to.
    ///
    /// # Errors
    /// Why there is no such clock.
    pub fn start(
        &self,
        id: &str,
        to: &str,
        anchor: Timestamp,
        contract: Option<Span>,
    ) -> Result<Deadline, NoClock> {
        let rule = self.rules.get(id).ok_or_else(|| self.unknown(id))?;
        let span = match rule.within {
            Within::Fixed(span) => span,
            Within::Contract => contract.ok_or_else(|| NoClock::NoClause(to.to_owned()))?,
        };
        let holidays = rule.holidays.as_ref().and_then(|name| self.holidays.get(name));
        let calendar = Calendar {
            zone: rule.zone.clone(),
            holidays: holidays.map_or(&[], Vec::as_slice),
            until: rule.until,
        };
        let due = span.after(anchor, &calendar).map_err(|why| NoClock::Time(why.to_string()))?;
        let title = if to.is_empty() { rule.title.clone() } else { format!("{}, {to}", rule.title) };
        Ok(Deadline {
            id: id.to_owned(),
            title,
            to: to.to_owned(),
            from: rule.from.clone(),
            anchor,
            due,
            settled: None,
        })
    }

    fn unknown(&self, id: &str) -> NoClock {
        let hint = did_you_mean(id, self.rules.keys().map(String::as_str))
            .map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
        NoClock::Unknown { id: id.to_owned(), hint }
    }
}

fn checked(
    id: &str,
    rule: RuleFile,
    holidays: &BTreeMap<String, Vec<Date>>,
    mark: &Marker<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<Rule> {
    let path = |last| ["rules", id, last];
    let within = match rule.within.as_str() {
        "contract" => Ok(Within::Contract),
        text => text.parse().map(Within::Fixed),
    };
    let within = keep(within, &path("within"), "is not a length of time", mark, found);
    let zone = rule.zone.as_deref().map_or(Ok(TimeZone::UTC), TimeZone::get);
    let zone = keep(zone, &path("zone"), "is not a time zone", mark, found);
    let until = rule.until.as_deref().map(str::parse::<Time>).transpose();
    let until = keep(until, &path("until"), "is not a time of day", mark, found);
    if rule.holidays.as_ref().is_some_and(|name| !holidays.contains_key(name)) {
        found.push(mark.value("DL0002", &path("holidays"), "there is no such list under `holidays`"));
    }
    Some(Rule {
        title: rule.title,
        from: rule.from,
        within: within?,
        source: rule.source,
        zone: zone?,
        until: until?,
        holidays: rule.holidays,
    })
}

fn keep<T, E>(
    read: Result<T, E>,
    path: &[&str],
    what: &str,
    mark: &Marker<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(_) => {
            found.push(mark.value("DL0002", path, format!("`{}` {what}", path.join("."))));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(id: &str, anchor: &str) -> String {
        let table = DeadlineTable::built_in().unwrap();
        table.start(id, "", anchor.parse().unwrap(), None).unwrap().due.to_string()
    }

    #[test]
    fn hours_run_by_the_clock() {
        assert_eq!(due("gdpr-33", "2026-11-06T20:00:00Z"), "2026-11-09T20:00:00Z");
        assert_eq!(due("nis2-early-warning", "2026-11-06T20:00:00Z"), "2026-11-07T20:00:00Z");
    }

    #[test]
    fn business_days_skip_the_anchor_weekends_and_holidays_and_end_with_the_filing_day() {
        // Friday; Thanksgiving on the 26th: Mon 23, Tue 24, Wed 25, Fri 27
        assert_eq!(due("sec-8k", "2026-11-20T15:00:00Z"), "2026-11-27T22:30:00Z");
        // late on Friday in New York is Saturday in UTC: the day is counted where the rule lives
        assert_eq!(due("sec-8k", "2026-11-07T03:00:00Z"), "2026-11-13T22:30:00Z");
        // Saturday: Monday is the first day
        assert_eq!(due("sec-8k", "2026-08-01T12:00:00Z"), "2026-08-06T21:30:00Z");
    }

    #[test]
    fn a_contract_runs_as_the_register_says_or_not_at_all() {
        let table = DeadlineTable::built_in().unwrap();
        let anchor = "2026-11-06T20:00:00Z".parse().unwrap();
        let clock = table.start("contract", "Drift", anchor, Some(Span::Hours(24))).unwrap();
        assert_eq!(
            (clock.title.as_str(), clock.due.to_string().as_str()),
            ("Contract clause, Drift", "2026-11-07T20:00:00Z")
        );
        assert_eq!(
            table.start("contract", "Drift", anchor, None),
            Err(NoClock::NoClause("Drift".to_owned()))
        );
        let error = table.start("gdpr33", "", anchor, None).unwrap_err();
        assert_eq!(error.to_string(), "there is no deadline `gdpr33` (did you mean `gdpr-33`?)");
    }

    #[test]
    fn every_mistake_is_found_in_its_place() {
        let source = "\
dated: yesterday
rules:
  a: { title: A, from: aware, within: soon, zone: Europe/Atlantis }
  b: { title: B, from: aware, within: 72h, until: noonish, holidays: none }
";
        let found = DeadlineTable::load("deadlines.yaml", source).unwrap_err();
        let lines: Vec<String> = found.iter().map(Diagnostic::one_line).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
