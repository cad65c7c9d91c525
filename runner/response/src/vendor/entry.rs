//! What an entry of the register says, field by field. Plain data: whether it makes sense is for `check`.

use std::fmt;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::deadline::Span;

/// One supplier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Vendor {
    /// For people.
    pub name: String,
    /// The company that signed, as it stands in the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// The ids and names under which platforms know its apps; letters' case does not matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<String>,
    /// Whom to tell, first rung first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// What the contract says of breaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breach: Option<BreachClause>,
    /// What it is for: what stops working when it is cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What else of ours leans on it: features, jobs, teams.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependants: Vec<String>,
    /// What it holds of ours: classes of data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    /// About how much: `40,000 contacts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// Where it lies: `eu`, `us`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub residency: Vec<String>,
    /// How long it keeps our data after the end: `30 days`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<String>,
    /// What it is to our data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Who works for it on our data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sub_processors: Vec<String>,
    /// What it may do on our platforms, by the name of our integration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<Access>,
    /// Secrets that we gave it, by name only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets_given: Vec<String>,
    /// Secrets that it gave us, by name only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets_taken: Vec<String>,
    /// What it showed us of its own security, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attestations: Option<Attestations>,
    /// The day on which the agreement about data was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpa: Option<Day>,
    /// The day on which we look at it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_due: Option<Day>,
    /// Who in the house answers for it: a person or a group of `people:`, or a name under `tell:` (`Sales Ops` is
    /// `sales-ops` there) hears when a card would cut it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Who does when the owner cannot be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deputy: Option<String>,
    /// Who may have it cut without asking further, and under which condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// The playbook that cuts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kill_switch: Option<String>,
    /// How much hangs on it, 1 the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// `active`, `ended`, or `ended-token-live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Words for rules about its apps: `protect: [{ tag: payroll }]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Anything else worth knowing at 3am.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// One rung of a vendor's contact ladder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Contact {
    /// Person or desk.
    pub name: String,
    /// Where notices go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// The call-back number, known beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// A trust portal or form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The fingerprint of the key to encrypt for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pgp: Option<String>,
    /// True for an address that many read: it gets nothing marked TLP:RED.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub list: bool,
    /// How long to wait for an answer before the next rung. Without it the next rung is written to at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The day on which somebody last heard an answer from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<Day>,
}

/// What the contract says of breaches, in both directions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreachClause {
    /// How soon we owe it notice: `24h`, `3d`, `2 business days`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notify_within: String,
    /// Where that stands in the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// How soon it owes us notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub they_notify_within: Option<String>,
    /// Where that stands in the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub their_clause: Option<String>,
}

/// What a vendor may do on one of our platforms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Access {
    /// The integration's name in stanch.yaml.
    pub integration: String,
    /// Its app or client id there, where `apps` is not enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// How it proves itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// What it was allowed, in the platform's own words. `vendors check` reports whatever goes beyond.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// How many grants are expected; more are reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<u32>,
    /// The account that it works as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The addresses that it calls from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<String>,
}

/// How a vendor proves itself to a platform of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// Consent of people or of an administrator.
    Oauth,
    /// A key that does not end by itself.
    ApiKey,
    /// Name and password of an account.
    Password,
    /// Single sign-on of its people.
    Saml,
    /// A client certificate.
    Mtls,
}

/// What a vendor is to our data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It works on our data as we say.
    Processor,
    /// It works for one that works for us.
    SubProcessor,
    /// It decides itself.
    Controller,
    /// We decide together.
    JointController,
    /// It has none of it.
    None,
}

/// Whether we still work with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Yes.
    Active,
    /// No.
    Ended,
    /// No, but something of it still has access.
    EndedTokenLive,
}

/// What a vendor showed of its own security.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Attestations {
    /// When it answered the CAIQ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caiq: Option<Day>,
    /// When it answered the SIG, core or lite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sig: Option<Day>,
    /// Its SOC 2 report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soc2: Option<Soc2>,
    /// The day on which its ISO 27001 certificate ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso27001: Option<Day>,
    /// The day of its last penetration test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pen_test: Option<Day>,
    /// The day on which its cyber insurance ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insurance: Option<Day>,
}

/// A SOC 2 report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Soc2 {
    /// 1: designed so at one moment. 2: worked so over a period.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<u8>,
    /// The first day of the period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// The last day of the period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Day>,
    /// What the auditor found wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<String>,
}

/// A day as it is written, `2026-11-01`. In a register that was loaded it is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Day(#[schemars(extend("format" = "date"))] pub String);

impl Day {
    /// The day; `None` only for a text that no check has seen.
    pub fn date(&self) -> Option<Date> {
        self.0.trim().parse().ok()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Vendor {
    /// The rungs that a notice can be mailed to, first rung first.
    pub fn ladder(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().filter(|contact| contact.mail.is_some())
    }

    /// The addresses that are written to first: up to the first rung that is given time to answer.
    pub fn first_rungs(&self) -> Vec<&str> {
        let mut first = Vec::new();
        for contact in self.ladder() {
            first.extend(contact.mail.as_deref());
            if contact.within.is_some() {
                break;
            }
        }
        first
    }

    /// How soon the contract wants notice from us.
    pub fn notify_within(&self) -> Option<Span> {
        self.breach.as_ref()?.notify_within.parse().ok()
    }

    /// How people call it.
    pub fn called<'a>(&'a self, slug: &'a str) -> &'a str {
        if self.name.is_empty() { slug } else { &self.name }
    }

    /// Whether we still work with it; so unless somebody wrote otherwise.
    pub fn status(&self) -> Status {
        self.status.unwrap_or(Status::Active)
    }

    /// Every day in it, with its path and whether it lies ahead by nature.
    pub(super) fn days(&self) -> Vec<(Vec<String>, &Day)> {
        let path = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        let mut days: Vec<(Vec<String>, Option<&Day>)> =
            vec![(path(&["dpa"]), self.dpa.as_ref()), (path(&["review_due"]), self.review_due.as_ref())];
        for (at, contact) in self.contacts.iter().enumerate() {
            days.push((path(&["contacts", &at.to_string(), "checked"]), contact.checked.as_ref()));
        }
        if let Some(shown) = &self.attestations {
            let plain = [
                ("caiq", &shown.caiq),
                ("sig", &shown.sig),
                ("iso27001", &shown.iso27001),
                ("pen_test", &shown.pen_test),
                ("insurance", &shown.insurance),
            ];
            days.extend(plain.map(|(name, day)| (path(&["attestations", name]), day.as_ref())));
            if let Some(soc2) = &shown.soc2 {
                days.push((path(&["attestations", "soc2", "from"]), soc2.from.as_ref()));
                days.push((path(&["attestations", "soc2", "to"]), soc2.to.as_ref()));
            }
        }
        days.into_iter().filter_map(|(path, day)| Some((path, day?))).collect()
    }
}
