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
    drafts: BTreeMap<String, Draft>,
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
    /// The clock whose notice starts this one.
    pub after: Option<String>,
    /// The draft of its notice.
    pub draft: Option<String>,
    /// True when nobody has compared it with the text of the law.
    pub unchecked: bool,
    zone: TimeZone,
    until: Option<Time>,
    holidays: Option<String>,
}

/// What a notice begins with, before it is filled in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// One line.
    pub subject: String,
    /// The text; `{title}` and the like are filled in.
    pub text: String,
}

/// What a draft may have filled in.
pub const PLACEHOLDERS: &[&str] = &[
    "incident",
    "title",
    "severity",
    "rule",
    "source",
    "to",
    "anchor",
    "due",
    "opened",
    "lead",
    "containment",
    "measures",
];

/// How long a clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// This long.
    Fixed(Span),
    /// As the contract with the vendor says that we must.
    Contract,
    /// As the contract with the vendor says that it must.
    TheirContract,
}

impl std::fmt::Display for Within {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(span) => span.fmt(f),
            Self::Contract => f.write_str("as our contract says"),
            Self::TheirContract => f.write_str("as their contract says"),
        }
    }
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
    /// What notices begin with, by the name that a rule gives.
    #[serde(default)]
    drafts: BTreeMap<String, Draft>,
}

/// One clock.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    /// For people, with whom it is owed to.
    title: String,
    /// What starts it: `aware`, `material`.
    from: String,
    /// How long it runs: `72h`, `30 days`, `4 business days`, `1 month`; `contract` is what the vendor's clause says that we
    /// owe, `their-contract` what it says that they owe.
    within: String,
    /// Another rule: this clock begins when that one's notice is sent.
    #[serde(default)]
    after: Option<String>,
    /// One of `drafts`.
    #[serde(default)]
    draft: Option<String>,
    /// Nobody has compared it with the text of the law.
    #[serde(default)]
    unchecked: bool,
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
        depend(&read, &mark, &mut found);
        for (name, draft) in &read.drafts {
            fillable(name, draft, &mark, &mut found);
        }
        let mut rules = BTreeMap::new();
        for (id, rule) in read.rules {
            if let Some(rule) = checked(&id, rule, &holidays, &mark, &mut found) {
                rules.insert(id, rule);
            }
        }
        match dated {
            Some(dated) if found.is_empty() => Ok(Self { dated, rules, holidays, drafts: read.drafts }),
            _ => Err(found),
        }
    }

    /// The rules by id.
    pub fn rules(&self) -> &BTreeMap<String, Rule> {
        &self.rules
    }

    /// What the notice of this clock begins with.
    pub fn draft(&self, id: &str) -> Option<&Draft> {
        self.drafts.get(self.rules.get(id)?.draft.as_ref()?)
    }

    /// The clocks that begin when the notice of this one is sent.
    pub fn followers(&self, id: &str) -> impl Iterator<Item = &str> {
        let id = id.to_owned();
        let after = move |rule: &Rule| rule.after.as_ref() == Some(&id);
        self.rules.iter().filter(move |(_, rule)| after(rule)).map(|(id, _)| id.as_str())
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
            Within::Contract | Within::TheirContract => {
                contract.ok_or_else(|| NoClock::NoClause(to.to_owned()))?
            }
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
        "their-contract" => Ok(Within::TheirContract),
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
        after: rule.after,
        draft: rule.draft,
        unchecked: rule.unchecked,
        zone: zone?,
        until: until?,
        holidays: rule.holidays,
    })
}

/// What rules name exists, and no clock waits for itself.
fn depend(read: &File, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    for (id, rule) in &read.rules {
        if let Some(draft) = rule.draft.as_ref().filter(|name| !read.drafts.contains_key(*name)) {
            let mistake =
                mark.value("DL0003", &["rules", id, "draft"], format!("there is no draft `{draft}`"));
            found.push(near(mistake, draft, read.drafts.keys()));
        }
        let Some(after) = &rule.after else { continue };
        let place = ["rules", id.as_str(), "after"];
        if !read.rules.contains_key(after) {
            let mistake = mark.value("DL0003", &place, format!("there is no rule `{after}`"));
            found.push(near(mistake, after, read.rules.keys()));
        }
        let mut seen = vec![id];
        let mut next = Some(after);
        while let Some(name) = next.filter(|name| !seen.contains(name)) {
            seen.push(name);
            next = read.rules.get(name).and_then(|rule| rule.after.as_ref());
        }
        if next == Some(id) {
            found.push(mark.value("DL0003", &place, format!("`{id}` would begin only after itself")));
        }
    }
}

/// Every `{word}` of a draft can be filled in.
fn fillable(name: &str, draft: &Draft, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    for (part, text) in [("subject", &draft.subject), ("text", &draft.text)] {
        for word in text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default()) {
            if !PLACEHOLDERS.contains(&word) {
                let message = format!("nothing is known that could stand for `{{{word}}}`");
                let mistake = mark.value("DL0004", &["drafts", name, part], message);
                let known = PLACEHOLDERS.iter().copied();
                found.push(match did_you_mean(word, known) {
                    Some(near) => mistake.help(format!("did you mean `{{{near}}}`?")),
                    None => mistake.help(format!("known are {}", PLACEHOLDERS.join(", "))),
                });
            }
        }
    }
}

fn near<'a>(mistake: Diagnostic, word: &str, known: impl Iterator<Item = &'a String>) -> Diagnostic {
    match did_you_mean(word, known.map(String::as_str)) {
        Some(near) => mistake.help(format!("did you mean `{near}`?")),
        None => mistake,
    }
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
mod tests;
