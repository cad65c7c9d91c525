//! A scenario: the file that a drill is played from, typed. Nothing in it acts.

mod adversary;
mod check;
mod check_deeds;
mod check_faults;
mod check_moves;
mod check_order;
mod check_world;
pub mod codes;
mod contacts;
mod deeds;
pub mod draft;
mod edit;
mod library;
mod read;
mod span;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stanch_integrations::twin::{Answer, Fault, FaultEffect, World};

pub use adversary::{Loot, Move, Ploy};
pub use check::{Known, check};
pub(crate) use check_world::{impossible, unknown_extras};
pub use contacts::ContactSpec;
pub use deeds::{Pull, StartSpec};
pub use edit::Edit;
pub use library::{Found, embedded, find, in_folder};
pub use read::read;
pub use span::Span;
pub use stanch_model::api::SeatKind;

/// A drill's script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, which is the file's.
    pub drill: String,
    /// One line for people.
    pub title: String,
    /// What one knows afterwards.
    #[serde(default)]
    pub teaches: Vec<String>,
    /// The real incident behind it.
    #[serde(default)]
    pub based_on: Option<BasedOn>,
    /// How long it lasts on the scenario's clock.
    pub length: Span,
    /// When it begins, and what its chance begins with.
    pub clock: ClockSpec,
    /// Who takes part. An empty seat is played by `stand_in`.
    pub seats: Vec<SeatKind>,
    /// What everybody reads before it begins.
    pub briefing: String,
    /// What is rehearsed, each in a sentence: the objectives of the report.
    pub goals: BTreeMap<String, String>,
    /// What the simulated platforms hold at the start.
    pub world: World,
    /// Whom the register names at a vendor, the first first, and how they answer a notice. Where absent, one at Security who
    /// never does.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contacts: BTreeMap<String, Vec<ContactSpec>>,
    /// What happens.
    pub plot: Vec<PlotEntry>,
    /// What the attacker does. Only the facilitator sees it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adversary: Vec<Move>,
    /// What is hoped for.
    pub expect: Vec<Expectation>,
    /// What an empty seat does, by the name of the approval, question or deadline.
    #[serde(default)]
    pub stand_in: BTreeMap<String, StandIn>,
    /// Help that costs points, in order.
    #[serde(default)]
    pub hints: Vec<Hint>,
    /// When it ends, and what is enough.
    pub end: End,
    /// The debrief: questions with the answer to hope for.
    #[serde(default)]
    pub talk: Vec<Talk>,
    /// The facilitator's page: never shown to players before the end.
    #[serde(default)]
    pub facilitator: String,
}

/// The real incident behind a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasedOn {
    /// Its name and date.
    pub incident: String,
    /// What took how long then: `first_cut`, `told`, `contained`.
    #[serde(default)]
    pub took: BTreeMap<Measure, Span>,
    /// Where it can be read.
    #[serde(default)]
    pub read: Vec<String>,
}

/// What is measured, then and now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// From the first alert until somebody answered something.
    Acknowledged,
    /// From the first alert until the first cut was accepted.
    FirstCut,
    /// From the first alert until the vendor was told.
    Told,
    /// From the first alert until all was proven dead.
    Contained,
}

impl Measure {
    /// The word, as in files and on the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::FirstCut => "first_cut",
            Self::Told => "told",
            Self::Contained => "contained",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::FirstCut => "first cut",
            Self::Told => "vendor told",
            Self::Contained => "proven contained",
        }
    }
}

/// The scenario's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockSpec {
    /// RFC 3339, in UTC.
    #[schemars(with = "String")]
    pub starts: Timestamp,
    /// The same seed gives the same world.
    pub seed: u64,
}

/// One thing that happens: exactly one reason, exactly one deed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlotEntry {
    /// At this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Span>,
    /// As soon as this is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub once: Option<String>,
    /// Unless this is so by `by`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
    /// See `unless`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Span>,
    /// When the facilitator says so, by this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<String>,
    /// A detection, sent to the server as its source sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<serde_json::Map<String, serde_json::Value>>,
    /// A mail to the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<Letter>,
    /// A message in the team's chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<Letter>,
    /// A call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Letter>,
    /// A journalist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub press: Option<Letter>,
    /// An authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regulator: Option<Letter>,
    /// Somebody from the board.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executive: Option<Letter>,
    /// A simulated failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultSpec>,
    /// New grants of an app, as when somebody consents again: platform to number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// A platform takes an app away from all its customers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull: Option<Pull>,
    /// A colleague whom nobody plays starts a playbook by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<StartSpec>,
}

/// Something that somebody says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// Who: a name, an address.
    pub from: String,
    /// What, in their words.
    pub text: String,
}

/// Somebody lets an app in again. A blocked app gets nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The app's id in the world.
    pub app: String,
    /// Platform to number.
    pub grants: BTreeMap<String, u32>,
}

/// A simulated failure: of a platform, or of the runner itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultSpec {
    /// The server dies at once, and is started again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub kill_runner: bool,
    /// Which platform, by its name in the world; all where neither it nor `action` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Which action: `okta.revoke_app_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// `vendor_silent`: whose contacts; those of every vendor where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The first call that fails, counted from 1 since the fault began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// How many calls fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How long it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    /// What happens instead: a status (`429`) or a word (`revoke_does_nothing`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The answer's own time: Retry-After, how old a stale read is, when the re-consent comes, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    /// `hidden_grant` and `reconsent_after`: how many grants appear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<u32>,
    /// Whether the effect happens before the answer goes wrong: `happens` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<FaultEffect>,
}

impl FaultSpec {
    /// As the twins take it; nothing where it is the runner that fails.
    pub fn for_twins(&self) -> Option<Fault> {
        let answer = self.answer?;
        Some(Fault {
            platform: None,
            integration: self.platform.clone(),
            action: self.action.clone(),
            vendor: self.vendor.clone(),
            call: self.call,
            count: self.count,
            lasts: self.lasts.map(|span| span.0),
            answer,
            delay: self.delay.map(|span| span.0),
            grants: self.grants,
            effect: self.effect,
        })
    }
}

/// What is hoped for, and what it is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Which of `goals` it shows.
    pub goal: String,
    /// What it is worth.
    pub points: u32,
    /// By when it must have come true; where absent it is judged at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Span>,
    /// Until when it must hold; to the end where absent. What comes later (the app is let in again) takes nothing from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
    /// The condition.
    pub that: String,
    /// For people; the condition itself where absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub say: String,
}

impl Expectation {
    /// For people.
    pub fn words(&self) -> &str {
        if self.say.is_empty() { &self.that } else { &self.say }
    }
}

/// What an empty seat does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandIn {
    /// `approve`, `deny`, `done`, `failed`, or one of a question's answers; of a deadline `sent` or `waived`.
    pub say: String,
    /// How long that takes: since it was asked, or since the clock counts.
    pub after: Span,
    /// Why, as it is recorded.
    #[serde(default)]
    pub why: String,
}

/// Help that costs points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// What it says.
    pub text: String,
    /// What it costs.
    pub price: u32,
}

/// When a drill ends, and what is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// As soon as this is so; `all_met` is true when all expectations are.
    #[serde(default = "all_met")]
    pub once: String,
    /// At this time at the latest.
    pub at: Span,
    /// So many percent of the points are a pass.
    pub pass: u32,
}

fn all_met() -> String {
    "all_met".to_owned()
}

/// A question of the debrief.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Talk {
    /// The question.
    pub ask: String,
    /// The answer to hope for.
    pub hope: String,
}

/// The ways that something reaches the players.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A mail to the team.
    Mail,
    /// The team's chat.
    Chat,
    /// A call.
    Phone,
    /// A journalist.
    Press,
    /// An authority.
    Regulator,
    /// Somebody from the board.
    Executive,
}

impl Channel {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Chat => "chat",
            Self::Phone => "phone",
            Self::Press => "press",
            Self::Regulator => "regulator",
            Self::Executive => "executive",
        }
    }
}

/// What an entry of the plot does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deed<'a> {
    /// A detection is sent.
    Alert(&'a serde_json::Map<String, serde_json::Value>),
    /// Somebody says something.
    Letter(Channel, &'a Letter),
    /// Something fails.
    Fault(&'a FaultSpec),
    /// An app is let in again.
    Consent(&'a Consent),
    /// A platform takes an app away from everybody.
    Pull(&'a Pull),
    /// Somebody starts a playbook.
    Run(&'a StartSpec),
}

impl PlotEntry {
    /// What it does; the first where there are several, which `check` refuses.
    pub fn deed(&self) -> Option<Deed<'_>> {
        self.deeds().into_iter().next()
    }

    pub(crate) fn deeds(&self) -> Vec<Deed<'_>> {
        let letters = [
            (Channel::Mail, &self.mail),
            (Channel::Chat, &self.chat),
            (Channel::Phone, &self.phone),
            (Channel::Press, &self.press),
            (Channel::Regulator, &self.regulator),
            (Channel::Executive, &self.executive),
        ];
        let mut deeds: Vec<Deed<'_>> = self.alert.iter().map(Deed::Alert).collect();
        deeds.extend(
            letters
                .into_iter()
                .filter_map(|(channel, letter)| letter.as_ref().map(|letter| Deed::Letter(channel, letter))),
        );
        deeds.extend(self.fault.iter().map(Deed::Fault));
        deeds.extend(self.consent.iter().map(Deed::Consent));
        deeds.extend(self.pull.iter().map(Deed::Pull));
        deeds.extend(self.run.iter().map(Deed::Run));
        deeds
    }

    /// In a line, for the facilitator.
    pub fn words(&self) -> String {
        match self.deed() {
            Some(Deed::Alert(alert)) => {
                let text = |name: &str| alert.get(name).and_then(|value| value.as_str()).unwrap_or("?");
                let about = ["app", "user", "title"].into_iter().find(|name| alert.contains_key(*name));
                format!("alert {} about {}", text("kind"), text(about.unwrap_or("app")))
            }
            Some(Deed::Letter(channel, letter)) => format!("{} from {}", channel.as_str(), letter.from),
            Some(Deed::Fault(fault)) => fault.words(),
            Some(Deed::Consent(consent)) => format!("{} is let in again", consent.app),
            Some(Deed::Pull(pull)) => format!("{} takes {} away from everybody", pull.platform, pull.app),
            Some(Deed::Run(start)) => format!("a colleague starts {}", start.playbook),
            None => "nothing".to_owned(),
        }
    }
}

impl FaultSpec {
    /// In a line.
    pub fn words(&self) -> String {
        if self.kill_runner {
            return "the runner is killed".to_owned();
        }
        let every = if self.answer == Some(Answer::VendorSilent) { "every vendor" } else { "every platform" };
        let named = self.vendor.as_deref().or(self.action.as_deref()).or(self.platform.as_deref());
        let place = named.unwrap_or(every);
        let answer = self.answer.map_or_else(|| "nothing".to_owned(), |answer| answer.to_string());
        format!("{place}: {answer}")
    }
}

/// The JSON Schema of a scenario.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Scenario).to_value()
}
