//! `alerts.yaml` as types: how a sender proves itself, and what its events mean. Nothing here reads one.
//!
//! Paths, templates and predicates are parsed while the file is read; what must hold together is looked at by `check`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use stanch_model::Severity;

use super::{
    path::Path,
    proof::spec::ProofSpec,
    take::{SeverityTake, Take, Words},
};
use crate::{
    expr::Expr,
    spec::Span,
    template::{Shape, Template},
};

/// One `alerts.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertsSpec {
    /// The slug; the folder has the same name.
    pub(crate) platform: String,
    /// For people.
    pub(crate) title: String,
    /// By format: what `format:` says in `stanch.yaml`.
    pub(crate) sources: BTreeMap<String, SourceSpec>,
}

/// One way in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceSpec {
    /// For people.
    pub(crate) title: String,
    /// The sender's own page.
    pub(crate) docs: String,
    /// What to do on the other side, for people.
    pub(crate) setup: String,
    /// A body to paste there, where the sender lets its users write it.
    #[serde(default)]
    pub(crate) template: Option<String>,
    /// Its settings in `stanch.yaml`.
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, SourceSetting>,
    /// Senders differ: `map` and `kind` in `stanch.yaml` say how to read this one.
    #[serde(default)]
    pub(crate) generic: bool,
    /// How a delivery proves itself. A source that is fetched has none.
    #[serde(default)]
    pub(crate) proof: Option<ProofSpec>,
    /// Alerts are fetched from the platform instead of sent to us.
    #[serde(default)]
    pub(crate) poll: Option<PollSpec>,
    /// How the sender asks whether we are there.
    #[serde(default)]
    pub(crate) challenge: Option<ChallengeSpec>,
    /// How much one delivery may hold.
    #[serde(default)]
    pub(crate) bounds: Bounds,
    /// Where in the body the document stands, if the body is not the document.
    #[serde(default)]
    pub(crate) body: BodySpec,
    /// Path to the events; the document itself is the event unless set. A map there holds one event for each key (`{key}`).
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(crate) each: Option<Path>,
    /// Paths in an event that are never kept.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) forget: Vec<Path>,
    /// Texts by which the sender means nothing at all.
    #[serde(default)]
    pub(crate) nothing: Vec<String>,
    /// Where an event says what it is.
    #[serde(default, rename = "type")]
    pub(crate) kind_of_event: Take,
    /// How an event becomes an alert.
    #[serde(default)]
    pub(crate) alert: AlertShape,
    /// Named predicates over `event`, `body`, `headers`: a rule's `when` may use their names.
    #[serde(default)]
    pub(crate) facts: BTreeMap<String, Expr>,
    /// What events mean: the first rule that fits.
    #[serde(default)]
    pub(crate) meaning: Vec<Rule>,
    /// What all other events mean; they are ignored unless set.
    #[serde(default)]
    pub(crate) other: Option<Rule>,
    /// Another source of this file whose events are the same: its `type`, `alert`, `facts`, `meaning` and so on are used.
    #[serde(default)]
    pub(crate) events_of: Option<String>,
    /// What the sender expects to hear.
    #[serde(default)]
    pub(crate) answer: AnswerSpec,
}

/// One setting in `stanch.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceSetting {
    /// For people.
    pub(crate) help: String,
    /// Used when the configuration says nothing.
    #[serde(default)]
    pub(crate) default: Option<String>,
    /// May be left out.
    #[serde(default)]
    pub(crate) optional: bool,
}

/// A log that is asked again and again, from where it was left.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PollSpec {
    /// A read of the platform's `integration.yaml`; each row that it lists holds one event whole, as `event`.
    pub(crate) action: String,
    /// Its arguments; `{since}` and `{until}` are the moments between which it lists.
    pub(crate) with: BTreeMap<String, Template>,
    /// How often it is asked.
    #[schemars(with = "String")]
    pub(crate) every: Span,
    /// How far back it is asked again: platforms show some events late. What was seen before starts nothing.
    #[schemars(with = "String")]
    pub(crate) overlap: Span,
    /// The longest time that is asked for at once, after a pause.
    #[schemars(with = "String")]
    pub(crate) window: Span,
}

/// How much one delivery may hold.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bounds {
    /// Body, in KiB; `server.max_alert_bytes` bounds all sources.
    pub(crate) kib: usize,
    /// Events.
    pub(crate) events: usize,
}

impl Default for Bounds {
    /// No sender batches more.
    fn default() -> Self {
        Self { kib: 1024, events: 1000 }
    }
}

/// Where in the body the document stands.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BodySpec {
    /// A form is taken too: the document stands in this field of it.
    pub(crate) form: Option<String>,
    /// The events stand in a text of the document, as JSON. Where that text is missing or no JSON, the document is the event.
    pub(crate) inside: Option<Inside>,
}

/// A document in a text of another one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inside {
    /// Path to the text.
    #[schemars(with = "String")]
    pub(crate) at: Path,
    /// How it is written there.
    #[serde(default, rename = "as")]
    pub(crate) written: Written,
}

/// How a document is written in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Written {
    /// As it is.
    #[default]
    Text,
    /// In standard base64.
    Base64,
}

/// How a sender asks whether we are there. `{challenge}` is what it sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChallengeSpec {
    /// A GET with this header, before any secret is known to the sender's backend: echoed.
    Header(Echo),
    /// A request with this query parameter: echoed.
    Query(Echo),
    /// A proven event that asks for an echo.
    Event(EventEcho),
    /// A proven event with an address that must be visited.
    Visit(Visit),
}

/// An echo of a header or query parameter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Echo {
    /// The header or parameter.
    pub(crate) name: String,
    /// What we say: a map is sent as JSON, a text as plain text.
    pub(crate) answer: Shape,
}

/// An echo of a part of an event.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventEcho {
    /// Which event asks.
    pub(crate) when: Expr,
    /// Path to what is echoed.
    #[schemars(with = "String")]
    pub(crate) at: Path,
    /// What we say.
    pub(crate) answer: Shape,
}

/// An address that must be visited.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Visit {
    /// Which event asks.
    pub(crate) when: Expr,
    /// Path to the address.
    #[schemars(with = "String")]
    pub(crate) at: Path,
    /// Where it may lead, by https and nowhere else: `*` is one part of a host's name.
    pub(crate) hosts: Vec<String>,
}

/// How an event becomes an alert: a path in the event, a template, or several of which the first that gives something counts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AlertShape {
    /// The source's own id of the finding.
    pub(crate) id: Option<Take>,
    /// What it means to us, where no rule says so.
    pub(crate) kind: Option<Take>,
    /// One line for people.
    pub(crate) title: Option<Take>,
    /// How bad the source finds it.
    pub(crate) severity: Option<SeverityTake>,
    /// When it happened.
    pub(crate) time: Option<Take>,
    /// Who, if anybody.
    pub(crate) user: Option<Take>,
    /// Which third-party application, if any.
    pub(crate) app: Option<Take>,
    /// From where.
    pub(crate) ip: Option<Take>,
    /// Identity of this delivery of this event: the same one starts nothing.
    pub(crate) delivery: Option<Take>,
    /// What alerts of one burst share.
    pub(crate) fold: Option<Take>,
}

/// What some events mean.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rule {
    /// A name for it: what it detects.
    pub(crate) name: Option<String>,
    /// The event's type: words with `*` for any letters. All types unless set.
    #[serde(rename = "type")]
    pub(crate) types: Option<Words>,
    /// Only events for which this holds, over `event`, `body`, `headers` and the facts.
    pub(crate) when: Option<Expr>,
    /// Ours, dotted: `app.token_misuse`.
    pub(crate) kind: Option<Template>,
    /// How bad it is at least, whatever the source says.
    pub(crate) at_least: Option<Severity>,
    /// No alert, for this reason.
    pub(crate) ignore: Option<String>,
    /// What is read otherwise than in all other events.
    pub(crate) alert: Option<AlertShape>,
}

/// What the sender expects to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AnswerSpec {
    /// Status of a yes.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: AnswerBody,
    /// How a no is written.
    pub(crate) errors: ErrorStyle,
}

impl Default for AnswerSpec {
    fn default() -> Self {
        Self { status: 200, body: AnswerBody::Receipt, errors: ErrorStyle::Ours }
    }
}

/// The body of a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerBody {
    /// Our receipt, as JSON.
    Receipt,
    /// Nothing.
    Empty,
}

/// How a no is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorStyle {
    /// As everywhere on our API.
    Ours,
    /// RFC 8935, section 2.4: 400 with `err` and `description`.
    Rfc8935,
}

/// How far a sender's clock may be off, where the sender does not say.
pub(crate) const TOLERANCE: Span = Span(std::time::Duration::from_secs(300));

impl AlertsSpec {
    /// The sources, each complete: what one takes from another is filled in.
    pub(crate) fn resolved(&self) -> Vec<(String, SourceSpec)> {
        let one = |(format, source): (&String, &SourceSpec)| {
            let parent = source.events_of.as_ref().and_then(|parent| self.sources.get(parent));
            (format.clone(), parent.map_or_else(|| source.clone(), |parent| source.with_events_of(parent)))
        };
        self.sources.iter().map(one).collect()
    }
}

impl SourceSpec {
    fn with_events_of(&self, parent: &Self) -> Self {
        Self {
            kind_of_event: parent.kind_of_event.clone(),
            alert: parent.alert.clone(),
            facts: parent.facts.clone(),
            meaning: parent.meaning.clone(),
            nothing: parent.nothing.clone(),
            forget: parent.forget.clone(),
            ..self.clone()
        }
    }
}

impl AlertShape {
    /// Every field that is given, with its name.
    pub(crate) fn takes(&self) -> impl Iterator<Item = (&'static str, &Take)> {
        let plain = [
            ("id", &self.id),
            ("kind", &self.kind),
            ("title", &self.title),
            ("time", &self.time),
            ("user", &self.user),
            ("app", &self.app),
            ("ip", &self.ip),
            ("delivery", &self.delivery),
            ("fold", &self.fold),
        ];
        let severity = self.severity.iter().map(|severity| ("severity", &severity.from));
        plain.into_iter().filter_map(|(name, take)| Some((name, take.as_ref()?))).chain(severity)
    }
}
