//! What the attacker does: moves with a precondition, each of which works only while access is really there.
//!
//! Players never see them. Whether one worked is found out at the twins, not in what the response believes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Consent, Scenario, Span};

/// One move: exactly one deed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Move {
    /// As soon as this is so; from the start where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub once: Option<String>,
    /// For `read`: again after so long, until it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// Data is read through a grant of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Loot>,
    /// Somebody is talked into letting the app in again. It fails where the app is blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// New grants and tokens on platforms on which a grant of the app stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Consent>,
    /// New grants where nobody looks, as long as the app has a grant anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hide: Option<Consent>,
}

/// What is read, through what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loot {
    /// The app's id in the world.
    pub app: String,
    /// The platform, by its name in the world.
    pub platform: String,
    /// What is read, in a few words: `support cases`.
    pub what: String,
}

/// What a move does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ploy<'a> {
    /// See [`Move::read`].
    Read(&'a Loot),
    /// See [`Move::consent`].
    Consent(&'a Consent),
    /// See [`Move::token`].
    Token(&'a Consent),
    /// See [`Move::hide`].
    Hide(&'a Consent),
}

impl<'a> Ploy<'a> {
    /// The app that it is done with.
    pub fn app(self) -> &'a str {
        match self {
            Self::Read(loot) => &loot.app,
            Self::Consent(new) | Self::Token(new) | Self::Hide(new) => &new.app,
        }
    }

    /// The grants that it makes, by platform.
    pub fn grants(self) -> Option<&'a BTreeMap<String, u32>> {
        match self {
            Self::Read(_) => None,
            Self::Consent(new) | Self::Token(new) | Self::Hide(new) => Some(&new.grants),
        }
    }
}

impl Move {
    /// What it does; the first where there are several, which `check` refuses.
    pub fn ploy(&self) -> Option<Ploy<'_>> {
        self.ploys().into_iter().next()
    }

    pub(crate) fn ploys(&self) -> Vec<Ploy<'_>> {
        let ploys = [
            self.read.as_ref().map(Ploy::Read),
            self.consent.as_ref().map(Ploy::Consent),
            self.token.as_ref().map(Ploy::Token),
            self.hide.as_ref().map(Ploy::Hide),
        ];
        ploys.into_iter().flatten().collect()
    }

    /// In a line, for the facilitator.
    pub fn words(&self, scenario: &Scenario) -> String {
        let Some(ploy) = self.ploy() else { return "nothing".to_owned() };
        let app = scenario.app_title(ploy.app());
        let grants = ploy.grants().into_iter().flatten().map(|(on, count)| format!("{count} on {on}"));
        let grants = grants.collect::<Vec<_>>().join(", ");
        match ploy {
            Ploy::Read(loot) => format!("reads {} through {app} on {}", loot.what, loot.platform),
            Ploy::Consent(_) => format!("talks people into letting {app} in again: {grants}"),
            Ploy::Token(_) => format!("makes new grants of {app}: {grants}"),
            Ploy::Hide(_) => format!("hides grants of {app}: {grants}"),
        }
    }
}

impl Scenario {
    /// An app's name for people.
    pub fn app_title(&self, id: &str) -> String {
        self.world.apps.iter().find(|app| app.id == id).map_or_else(|| id.to_owned(), |app| app.title())
    }
}
