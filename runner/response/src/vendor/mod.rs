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
//!   access: [{ integration: salesforce, scopes: [api, refresh_token], grants: 40 }]
//!   attestations: { soc2: { type: 2, to: 2026-06-30 }, iso27001: 2027-03-01 }
//!   review_due: 2027-01-15
//! ```
//!
//! It never judges whether an entry is up to date: that is for `review`, which is given the day.

use std::collections::{BTreeMap, HashMap};

mod check;
mod entry;
pub mod import;
pub mod review;
mod view;

use schemars::JsonSchema;
use stanch_model::{Diagnostic, Target, yaml};

pub use entry::{Access, Attestations, Auth, BreachClause, Contact, Day, Role, Soc2, Status, Vendor};

pub use view::{view, view_on};

use self::check::Check;
use crate::config::Marker;

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
            Check { mark: &mark, found: &mut found }.vendor(&slug, &vendor);
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
    fn everything_that_is_known_of_a_vendor_has_its_field() {
        let source = include_str!("full.yaml");
        let register = Register::load("vendors.yaml", source).unwrap();
        let (_, drift) = register.find("drift").unwrap();
        assert_eq!(drift.access[0].scopes, ["api", "refresh_token"]);
        let soc2 = drift.attestations.as_ref().unwrap().soc2.as_ref().unwrap();
        assert_eq!(soc2.to.as_ref().unwrap().date(), Some(jiff::civil::date(2026, 6, 30)));
        // every field is written in the example, and none is lost on the way back
        let schema = schema();
        let written = serde_json::to_value(drift).unwrap();
        for (name, fields) in [
            ("Vendor", &written),
            ("Contact", &written["contacts"][0]),
            ("Access", &written["access"][0]),
            ("Attestations", &written["attestations"]),
            ("BreachClause", &written["breach"]),
        ] {
            let known = schema["$defs"][name]["properties"].as_object().unwrap();
            let missing: Vec<_> = known.keys().filter(|key| fields.get(key.as_str()).is_none()).collect();
            assert!(missing.is_empty(), "{name}: {missing:?}");
        }
    }

    #[test]
    fn a_broken_date_is_named_with_its_place_and_a_wrong_word_with_the_one_that_was_meant() {
        let found = Register::load(
            "vendors.yaml",
            "a:\n  contacts: [{ mail: s@a.example, checked: 2026-13-01 }]\n  review_due: soon\n",
        )
        .unwrap_err();
        let lines: Vec<String> = found.iter().map(Diagnostic::one_line).collect();
        assert_eq!(
            lines,
            [
                "vendors.yaml:3:15: `review_due` is no date: `soon` [VN0005]",
                "vendors.yaml:2:44: `contacts.0.checked` is no date: `2026-13-01` [VN0005]",
            ]
        );
        let found = Register::load(
            "vendors.yaml",
            "a: { contacts: [{ mail: s@a.example }], attestation: { caiq: 2026-01-01 } }\n",
        )
        .unwrap_err();
        assert_eq!(found[0].help.as_deref(), Some("did you mean `attestations`?"));
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
