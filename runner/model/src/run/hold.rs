//! Holds: a run's claims on what it cut and what can be taken back. The platform is changed back only when the last run
//! that claims a target gives it back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ids::{Address, Hash, RunId, StreamId},
    target::Target,
};

/// `hold` in a run's stream: a claim was taken, or given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The target's key.
    pub target: String,
    /// For people: the target's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The property, which is the action's verb.
    pub property: String,
    /// False when given back.
    pub taken: bool,
    /// The step that cut it.
    pub address: Address,
    /// When it is given back by itself, and by which child run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    /// When given back: what became of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Who lets it last longer, when a person does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub who: String,
    /// Through what they spoke, as in [`super::body::Decision::channel`]; empty where nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Hold {
    /// What became of it, for people.
    fn in_words(&self) -> &str {
        if self.why == BY_HAND { "given back by hand" } else { &self.why }
    }
}

/// How a claim ends by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Back {
    /// Unix ms on the run's clock.
    pub at_ms: i64,
    /// The child run that gives it back.
    pub run: RunId,
}

/// What [`Hold::why`] says when the platform was changed back.
pub const GIVEN_BACK: &str = "given back";

/// What it says when a person changed it back by hand.
pub const BY_HAND: &str = "done";

/// What it begins with when the platform refused to be changed back: it can be tried again.
pub const NOT_GIVEN_BACK: &str = "it could not be given back: ";

/// A cut that its run released since: undone, or over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// What became of the cut.
    pub became: Became,
    /// When, RFC 3339.
    pub at: String,
    /// Why, for people.
    pub why: String,
}

/// What became of a cut that was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// The platform was changed back.
    GivenBack,
    /// It stayed cut then: another run holds it, it was so before, or a person left it.
    Released,
}

impl Became {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GivenBack => "given_back",
            Self::Released => "released",
        }
    }

    fn of(why: &str) -> Self {
        if [GIVEN_BACK, BY_HAND].contains(&why) { Self::GivenBack } else { Self::Released }
    }
}

impl Release {
    /// The release that this entry tells of, if it tells of one.
    pub(super) fn of(body: &Hold, time: &str) -> Option<Self> {
        (!body.taken).then(|| Self {
            became: Became::of(&body.why),
            at: time.to_owned(),
            why: body.in_words().to_owned(),
        })
    }
}

/// A claim as a run's entries tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldView {
    /// The target's key.
    pub target: String,
    /// For people: the target's name, or its id.
    pub label: String,
    /// The verb, or the action's full name.
    pub property: String,
    /// The step that cut it.
    pub address: Address,
    /// Since when, RFC 3339.
    pub since: String,
    /// When it is given back by itself, and by which child run; `None` where only a person gives it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    /// Why nothing gives it back by itself any more, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Once given back: when, RFC 3339, and what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_back: Option<(String, String)>,
    /// Who let it last longer, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<Extended>,
    /// How many child runs were to give it back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u32,
}

/// Somebody let a cut last longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Extended {
    /// Who.
    pub who: String,
    /// Through what they spoke, as in [`super::body::Decision::channel`]; empty where nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Until when, Unix ms on the run's clock.
    pub until_ms: i64,
    /// When they said so, RFC 3339.
    pub at: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl HoldView {
    /// It was given back, or what gives it back is due or at work: nothing is said of it any more.
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.given_back.is_some() || self.back.as_ref().is_some_and(|back| back.at_ms <= now_ms)
    }

    /// It may still be given back: it is claimed, or the platform refused.
    pub fn is_open(&self) -> bool {
        self.given_back.as_ref().is_none_or(|(_, why)| why.starts_with(NOT_GIVEN_BACK))
    }

    /// The last word on each claim: what was tried again counts once.
    pub fn latest(holds: &[Self]) -> Vec<&Self> {
        let same = |one: &Self, other: &Self| {
            one.target == other.target && one.property == other.property && one.address == other.address
        };
        let last = |nth: usize, hold: &&Self| !holds[nth + 1..].iter().any(|later| same(later, hold));
        holds.iter().enumerate().filter(|(nth, hold)| last(*nth, hold)).map(|(_, hold)| hold).collect()
    }

    /// Something else gives it back now, or at another time; or nothing does any more.
    fn again(&mut self, body: Hold, time: &str) {
        let run = |back: &Option<Back>| back.as_ref().map(|back| back.run.clone());
        if body.back.is_some() && run(&body.back) != run(&self.back) {
            self.tries += 1;
        }
        if let (Some(back), false) = (&body.back, body.who.is_empty()) {
            let (who, channel, reason) = (body.who, body.channel, body.reason);
            self.extended.push(Extended { who, channel, reason, until_ms: back.at_ms, at: time.to_owned() });
        }
        (self.back, self.why) = (body.back, body.why);
    }

    /// Folds one more entry into the claims of a run.
    pub(super) fn fold(holds: &mut Vec<Self>, body: Hold, time: &str) {
        let same = |hold: &&mut Self| {
            hold.target == body.target && hold.property == body.property && hold.address == body.address
        };
        match (body.taken, holds.iter_mut().rev().find(same)) {
            (false, Some(hold)) => hold.given_back = Some((time.to_owned(), body.in_words().to_owned())),
            (false, None) => {}
            (true, Some(hold)) if hold.given_back.is_none() => hold.again(body, time),
            (true, _) => holds.push(Self {
                tries: u32::from(body.back.is_some()),
                extended: Vec::new(),
                label: if body.label.is_empty() { body.target.clone() } else { body.label },
                target: body.target,
                property: body.property,
                address: body.address,
                since: time.to_owned(),
                back: body.back,
                why: body.why,
                given_back: None,
            }),
        }
    }
}

/// `claim` in the stream of one target and property ([`Claim::stream`]): what all runs claim of it, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The run that claims.
    pub run: RunId,
    /// Its step.
    pub address: Address,
    /// What.
    pub target: Target,
    /// Which property of it.
    pub property: String,
    /// False when given back.
    pub taken: bool,
    /// Who made it so: `us`, `other`, `unknown`; `hand` where a person did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// The call that takes it back, where we made it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Value>,
    /// Where a person made it so: what they were asked to do, which says how it is taken back.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asked: String,
}

/// The kind of a [`Claim`]'s entry.
pub const CLAIM: &str = "claim";

impl Claim {
    /// The stream in which the claims on a property of a target lie.
    pub fn stream(target: &Target, property: &str) -> StreamId {
        let of = Hash::of(format!("{} {property}", target.key()).as_bytes());
        StreamId::from_stored(format!("hold/{of}"))
    }

    /// The claims that stand after these entries, in the order in which they were taken.
    pub fn standing(claims: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut standing: Vec<Self> = Vec::new();
        for claim in claims {
            standing.retain(|other| (&other.run, &other.address) != (&claim.run, &claim.address));
            if claim.taken {
                standing.push(claim);
            }
        }
        standing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(run: &str, taken: bool) -> Claim {
        let text = |text: &str| text.to_owned();
        let target = Target {
            integration: text("okta"),
            kind: text("app"),
            id: text("1"),
            label: String::new(),
            attrs: std::collections::BTreeMap::new(),
        };
        Claim {
            run: RunId(text(run)),
            address: Address::from_stored("1"),
            target,
            property: text("app.quarantine"),
            taken,
            by: String::new(),
            undo: None,
            asked: String::new(),
        }
    }

    #[test]
    fn a_claim_stands_until_its_own_run_gives_it_back() {
        let standing = Claim::standing([
            claim("A", true),
            claim("B", true),
            claim("A", false),
            claim("C", false),
            claim("B", true),
        ]);
        assert_eq!(standing.iter().map(|claim| claim.run.0.as_str()).collect::<Vec<_>>(), ["B"]);
        assert!(Claim::standing([claim("A", true), claim("A", false)]).is_empty());
    }
}
