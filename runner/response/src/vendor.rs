//! The vendor register, `vendors.yaml`: whom to call about an app, by when, and what they hold of ours.
//!
//! ```yaml
//! drift:
//!   name: Drift
//!   apps: [drift, 0oa1drift]                # ids and names under which platforms know it
//!   contacts:
//!     - { name: Security, mail: security@drift.example, phone: "+1 555 0100", within: 4h }
//!     - { name: Account manager, mail: kim@drift.example }
//!   breach: { notify_within: 24h, clause: "DPA 7.2" }
//!   purpose: chat on the website, contact sync to HubSpot
//!   data: [contacts, support cases]
//! ```

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stanch_model::{Diagnostic, Target, yaml};

use crate::{config::Marker, deadline::Span, tell::is_mail};

/// One supplier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Vendor {
    /// For people.
    pub name: String,
    /// The ids and names under which platforms know its apps; letters' case does not matter.
    pub apps: Vec<String>,
    /// Whom to tell, first rung first.
    pub contacts: Vec<Contact>,
    /// What the contract says of breaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breach: Option<BreachClause>,
    /// What it is for: what stops working when it is cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What it holds of ours.
    pub data: Vec<String>,
    /// Who in the house answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How much hangs on it, 1 the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// `active`, `ended`, or `ended-token-live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Words for rules about its apps: `protect: [{ tag: payroll }]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Secrets that we gave it, by name only.
    pub secrets_given: Vec<String>,
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
    /// How long to wait for an answer before the next rung.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}

/// What the contract says of breaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreachClause {
    /// How soon we owe it notice, or it owes us: `24h`, `3d`, `2 business days`.
    pub notify_within: String,
    /// Where it stands in the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
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

/// The register, with its apps indexed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    vendors: BTreeMap<String, Vendor>,
    by_app: HashMap<String, String>,
}

impl Register {
    /// Reads and checks a register. `file` is only for messages.
    ///
    /// # Errors
    /// Every mistake at once; a file that is not readable YAML of this shape gives its first mistake only.
    pub fn load(file: &str, source: &str) -> Result<Self, Vec<Diagnostic>> {
        if source.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        let vendors: BTreeMap<String, Vendor> =
            yaml::read(file, source, "VN0001").map_err(|diagnostic| vec![*diagnostic])?;
        let mark = Marker::of(file, source);
        let mut found = Vec::new();
        let mut register = Self::default();
        for (slug, vendor) in vendors {
            check(&slug, &vendor, &mark, &mut found);
            register.index(&slug, &vendor, &mark, &mut found);
            register.vendors.insert(slug, vendor);
        }
        if found.is_empty() { Ok(register) } else { Err(found) }
    }

    /// All of them by slug.
    pub fn vendors(&self) -> &BTreeMap<String, Vendor> {
        &self.vendors
    }

    /// The vendor of an app, a client id, or a vendor's own slug or name.
    pub fn find(&self, app: &str) -> Option<(&str, &Vendor)> {
        let slug = self.by_app.get(&app.to_lowercase())?;
        self.vendors.get_key_value(slug).map(|(slug, vendor)| (slug.as_str(), vendor))
    }

    /// The one vendor of these apps: by immutable id first, by label where no id is known. `None` when the register has
    /// none, or when the apps belong to different vendors.
    pub fn vendor_of(&self, apps: &[Target]) -> Option<(&str, &Vendor)> {
        let mut known = apps.iter().filter_map(|app| self.find(&app.id).or_else(|| self.find(&app.label)));
        let first = known.next()?;
        known.all(|(slug, _)| slug == first.0).then_some(first)
    }

    fn index(&mut self, slug: &str, vendor: &Vendor, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
        let own =
            [slug, vendor.name.as_str()].into_iter().filter(|name| !name.is_empty()).map(|name| (name, None));
        let apps = vendor.apps.iter().enumerate().map(|(at, app)| (app.as_str(), Some(at.to_string())));
        for (app, at) in own.chain(apps) {
            let taken = self.by_app.insert(app.to_lowercase(), slug.to_owned());
            let Some(other) = taken.filter(|other| other != slug) else { continue };
            let message = format!("`{app}` belongs to `{other}` already");
            found.push(match &at {
                Some(at) => mark.value("VN0002", &[slug, "apps", at], message),
                None => mark.key("VN0002", &[slug], message),
            });
        }
    }
}

/// The JSON Schema of `vendors.yaml`.
pub fn schema() -> serde_json::Value {
    /// Suppliers by slug: whom to call about an app, by when, and what they hold of ours.
    #[derive(JsonSchema)]
    #[schemars(title = "vendors.yaml")]
    #[expect(dead_code, reason = "only described")]
    struct Vendors(BTreeMap<String, Vendor>);
    schemars::schema_for!(Vendors).to_value()
}

impl Vendor {
    /// The rungs that a notice can be mailed to, first rung first.
    pub fn ladder(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().filter(|contact| contact.mail.is_some())
    }

    /// How soon the contract wants notice.
    pub fn notify_within(&self) -> Option<Span> {
        self.breach.as_ref()?.notify_within.parse().ok()
    }
}

fn check(slug: &str, vendor: &Vendor, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    if vendor.ladder().next().is_none() {
        found.push(mark.key("VN0003", &[slug], format!("`{slug}` has no contact with a mail address")));
    }
    for (at, contact) in vendor.contacts.iter().enumerate() {
        let at = at.to_string();
        if let Some(mail) = contact.mail.as_deref().filter(|mail| !is_mail(mail)) {
            let message = format!("`{mail}` is not a mail address");
            found.push(mark.value("VN0003", &[slug, "contacts", &at, "mail"], message));
        }
        if let Some(why) = contact.within.as_ref().and_then(|text| text.parse::<Span>().err()) {
            found.push(mark.value("VN0004", &[slug, "contacts", &at, "within"], why.to_string()));
        }
    }
    if let Some(breach) = &vendor.breach
        && let Err(why) = breach.notify_within.parse::<Span>()
    {
        found.push(mark.value("VN0004", &[slug, "breach", "notify_within"], why.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTER: &str = "\
drift:
  name: Drift
  apps: [drift, 0oaDRIFT]
  contacts:
    - { name: Trust portal, url: \"https://trust.drift.example\" }
    - { name: Security, mail: security@drift.example, within: 4h }
    - { name: Kim, mail: kim@drift.example }
  breach: { notify_within: 24h, clause: DPA 7.2 }
  data: [contacts]
zendesk:
  name: Zendesk
  apps: [zendesk]
  contacts: [{ mail: security@zendesk.example }]
";

    fn app(id: &str, label: &str) -> Target {
        Target {
            integration: "okta".to_owned(),
            kind: "app".to_owned(),
            id: id.to_owned(),
            label: label.to_owned(),
            attrs: BTreeMap::new(),
        }
    }

    #[test]
    fn an_app_leads_to_its_vendor_by_id_or_by_label() {
        let register = Register::load("vendors.yaml", REGISTER).unwrap();
        let by_id = register.vendor_of(&[app("0oadrift", "Chat")]).unwrap();
        let by_label = register.vendor_of(&[app("000xyz", "Drift")]).unwrap();
        assert_eq!((by_id.0, by_label.0), ("drift", "drift"));
        let ladder: Vec<_> = by_id.1.ladder().map(|contact| contact.name.as_str()).collect();
        assert_eq!(ladder, ["Security", "Kim"]);
    }

    #[test]
    fn apps_of_two_vendors_have_no_vendor_and_strangers_neither() {
        let register = Register::load("vendors.yaml", REGISTER).unwrap();
        assert_eq!(register.vendor_of(&[app("drift", ""), app("zendesk", "")]), None);
        assert_eq!(register.vendor_of(&[app("unknown", "")]), None);
        assert_eq!(register.vendor_of(&[]), None);
    }

    #[test]
    fn every_mistake_is_found_in_its_place() {
        let source = "\
a: { name: A, apps: [x], contacts: [{ mail: nobody }] }
b: { name: B, apps: [X], breach: { notify_within: soon } }
";
        let found = Register::load("vendors.yaml", source).unwrap_err();
        let lines: Vec<String> = found.iter().map(Diagnostic::one_line).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
