//! What has become stale in the register, and what the platforms say otherwise than it: findings for people.
//!
//! Pure: the day is given, and so is what was read. A platform that was not read is never taken for one that is in order.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;
use stanch_model::{Target, value};

use super::{Access, Day, Register, Status, Vendor};

/// Older answers, reports and tests say little of today.
const YEAR: i32 = 365;

/// A contact that nobody has heard from for longer may be gone.
const CHECKED: i32 = 180;

/// What ends sooner is worth renewing now.
const SOON: i32 = 30;

/// One thing that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// How bad.
    pub weight: Weight,
    /// The vendor's name in the register.
    pub vendor: String,
    /// What it is about.
    pub about: About,
    /// For people.
    pub words: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// It must be mended.
    Wrong,
    /// Good today, and not for long; or better otherwise.
    Soon,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// It is over, and something of it still has access.
    Ended,
    /// It may do more than the register says.
    Access,
    /// Whom to call.
    Contact,
    /// What it showed of its own security.
    Attestation,
    /// When we look at it again.
    Review,
    /// What the contract says.
    Clause,
}

impl About {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Access => "access",
            Self::Contact => "contact",
            Self::Attestation => "attestation",
            Self::Review => "review",
            Self::Clause => "clause",
        }
    }
}

/// What an integration said of a vendor's app.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The integration's name.
    pub integration: String,
    /// The app as found there.
    pub app: Target,
    /// Its grants; `None` where the platform lists none.
    pub grants: Option<Vec<Target>>,
}

/// What the register alone shows, worst first.
pub fn of_register(register: &Register, today: Date) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        register.vendors().iter().flat_map(|(slug, vendor)| of_vendor(slug, vendor, today)).collect();
    found.sort();
    found
}

/// What one entry shows.
pub fn of_vendor(slug: &str, vendor: &Vendor, today: Date) -> Vec<Finding> {
    let mut look = Look { slug, today, found: Vec::new() };
    match vendor.status() {
        Status::Active => {
            look.contacts(vendor);
            look.attestations(vendor);
            look.clause(vendor);
            match &vendor.review_due {
                Some(day) => look.ends(About::Review, "the review was due", "the review is due", day),
                None => look.say(Weight::Soon, About::Review, "no day is set for the next review"),
            }
        }
        Status::EndedTokenLive => {
            look.say(Weight::Wrong, About::Ended, "it is over, and something of it still has access");
        }
        Status::Ended => {}
    }
    look.found
}

/// What the platforms say otherwise than the entry.
pub fn of_platforms(slug: &str, vendor: &Vendor, held: &[Held], today: Date) -> Vec<Finding> {
    let mut look = Look { slug, today, found: Vec::new() };
    for one in held {
        match vendor.status() {
            Status::Ended | Status::EndedTokenLive => look.still_there(one),
            Status::Active => look.access(vendor, one),
        }
    }
    look.found
}

struct Look<'a> {
    slug: &'a str,
    today: Date,
    found: Vec<Finding>,
}

impl Look<'_> {
    fn say(&mut self, weight: Weight, about: About, words: impl Into<String>) {
        let (vendor, words) = (self.slug.to_owned(), words.into());
        self.found.push(Finding { weight, vendor, about, words });
    }

    /// How many days lie between this day and today.
    fn age(&self, day: &Day) -> i32 {
        day.date().map_or(0, |day| (self.today - day).get_days())
    }

    fn contacts(&mut self, vendor: &Vendor) {
        for contact in &vendor.contacts {
            let who = [
                Some(&contact.name).filter(|name| !name.is_empty()),
                contact.mail.as_ref(),
                contact.phone.as_ref(),
            ];
            let who = who.into_iter().flatten().next().map_or("a contact", String::as_str);
            match &contact.checked {
                None => {
                    self.say(Weight::Wrong, About::Contact, format!("nobody ever checked that {who} answers"))
                }
                Some(day) if self.age(day) > CHECKED => {
                    let days = self.age(day);
                    self.say(
                        Weight::Wrong,
                        About::Contact,
                        format!("{who} last answered on {day}, {} ago", spell(days)),
                    );
                }
                Some(_) => {}
            }
        }
        if !vendor.contacts.iter().any(|contact| contact.phone.is_some()) {
            self.say(Weight::Wrong, About::Contact, "there is no number to call back");
        }
        if !vendor.ladder().any(|contact| contact.within.is_some()) {
            let words = "no contact has `within`: nobody hears of it when a notice is not answered";
            self.say(Weight::Soon, About::Contact, words);
        }
    }

    fn attestations(&mut self, vendor: &Vendor) {
        let Some(shown) = &vendor.attestations else {
            return self.say(Weight::Soon, About::Attestation, "it showed nothing of its own security");
        };
        for (day, what) in [
            (&shown.caiq, "the CAIQ was answered"),
            (&shown.sig, "the SIG was answered"),
            (&shown.pen_test, "the last penetration test was"),
        ] {
            if let Some(day) = day {
                self.grows_old(what, day);
            }
        }
        if let Some(day) = shown.soc2.as_ref().and_then(|soc2| soc2.to.as_ref()) {
            self.grows_old("the SOC 2 report ends", day);
        }
        for (day, was, is) in [
            (&shown.iso27001, "the ISO 27001 certificate ended", "the ISO 27001 certificate ends"),
            (&shown.insurance, "the insurance ended", "the insurance ends"),
        ] {
            if let Some(day) = day {
                self.ends(About::Attestation, was, is, day);
            }
        }
    }

    fn grows_old(&mut self, what: &str, day: &Day) {
        let age = self.age(day);
        if age > YEAR {
            self.say(
                Weight::Wrong,
                About::Attestation,
                format!("{what} on {day}, {} ago: ask for a new one", spell(age)),
            );
        } else if age > YEAR - SOON {
            self.say(Weight::Soon, About::Attestation, format!("{what} on {day}: ask for a new one"));
        }
    }

    fn ends(&mut self, about: About, was: &str, is: &str, day: &Day) {
        let left = -self.age(day);
        if left < 0 {
            self.say(Weight::Wrong, about, format!("{was} on {day}, {} ago", spell(-left)));
        } else if left == 0 {
            self.say(Weight::Soon, about, format!("{is} today"));
        } else if left <= SOON {
            self.say(Weight::Soon, about, format!("{is} on {day}, in {}", spell(left)));
        }
    }

    fn clause(&mut self, vendor: &Vendor) {
        let theirs = vendor.breach.as_ref().is_some_and(|breach| breach.they_notify_within.is_some());
        if !theirs && !vendor.data.is_empty() {
            let words = "it holds data of ours, and nothing is said of when it must tell us of a breach";
            self.say(Weight::Soon, About::Clause, words);
        }
    }

    fn still_there(&mut self, held: &Held) {
        let Held { integration, app, grants } = held;
        let words = match grants.as_ref().map(Vec::len) {
            Some(0) => format!("it is over, and {integration} still has its app {}", app.name()),
            Some(1) => format!("it is over, and its app {} still has a grant on {integration}", app.name()),
            Some(count) => {
                format!("it is over, and its app {} still has {count} grants on {integration}", app.name())
            }
            None => format!(
                "it is over, and {integration} still has its app {}; its grants are not listed there",
                app.name()
            ),
        };
        self.say(Weight::Wrong, About::Ended, words);
    }

    fn access(&mut self, vendor: &Vendor, held: &Held) {
        let Held { integration, app, grants } = held;
        let of_app = |access: &&Access| {
            let named = access.app.as_ref();
            access.integration == *integration && named.is_none_or(|id| id.eq_ignore_ascii_case(&app.id))
        };
        let Some(access) = vendor.access.iter().find(of_app) else {
            if grants.as_ref().is_some_and(|grants| !grants.is_empty()) {
                let words = format!(
                    "it has access on {integration} ({}), and the register says nothing of it",
                    app.name()
                );
                self.say(Weight::Wrong, About::Access, words);
            }
            return;
        };
        let Some(grants) = grants else { return };
        let allowed: BTreeSet<&str> = access.scopes.iter().map(String::as_str).collect();
        let scopes: BTreeSet<String> = grants.iter().flat_map(scopes).collect();
        let wider: Vec<&str> =
            scopes.iter().map(String::as_str).filter(|one| !allowed.contains(one)).collect();
        if !wider.is_empty() {
            let words =
                format!("{} may do more on {integration} than registered: {}", app.name(), wider.join(", "));
            self.say(Weight::Wrong, About::Access, words);
        }
        if let Some(most) = access.grants.filter(|most| grants.len() > *most as usize) {
            let words =
                format!("{} has {} grants on {integration}, {most} are registered", app.name(), grants.len());
            self.say(Weight::Wrong, About::Access, words);
        }
    }
}

fn spell(days: i32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// The scopes of a grant, as platforms write them: a list, or words between blanks.
fn scopes(grant: &Target) -> Vec<String> {
    let read = |value: &serde_json::Value| match value {
        serde_json::Value::Array(items) => {
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect::<Vec<_>>()
        }
        serde_json::Value::String(text) => {
            text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    ["scopes", "scope"]
        .iter()
        .filter_map(|name| grant.attrs.get(*name))
        .filter(|value| value::as_secret(value).is_none())
        .flat_map(read)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 27);

    fn words(source: &str) -> Vec<String> {
        let register = Register::load("vendors.yaml", source).unwrap();
        let found = of_register(&register, TODAY);
        found.iter().map(|one| format!("{:?} {}: {}", one.weight, one.about.as_str(), one.words)).collect()
    }

    fn target(kind: &str, id: &str, attrs: serde_json::Value) -> Target {
        let attrs = serde_json::from_value(attrs).unwrap();
        Target { integration: "okta".into(), kind: kind.into(), id: id.into(), label: String::new(), attrs }
    }

    #[test]
    fn a_register_that_is_kept_has_nothing_to_mend() {
        assert_eq!(words(include_str!("full.yaml")), Vec::<String>::new());
    }

    #[test]
    fn what_is_overdue_unchecked_or_missing_is_said_worst_first() {
        let source = "\
a:
  contacts: [{ name: Sec, mail: s@a.example, checked: 2026-01-01 }, { mail: t@a.example }]
  data: [contacts]
  attestations: { caiq: 2025-01-01, iso27001: 2026-12-10, soc2: { to: 2025-12-20 }, insurance: 2026-11-26 }
  review_due: 2026-11-27
b: { contacts: [{ mail: s@b.example }], status: ended-token-live }
";
        insta::assert_snapshot!(words(source).join("\n"));
    }

    #[test]
    fn the_platforms_tell_of_wider_scopes_more_grants_and_access_that_nobody_wrote_down() {
        let register = Register::load(
            "vendors.yaml",
            "a: { contacts: [{ mail: s@a.example }], access: [{ integration: okta, scopes: [read], grants: 1 }] }\n",
        )
        .unwrap();
        let (_, vendor) = register.find("a").unwrap();
        let grants = vec![
            target("grant", "g1", json!({ "scopes": ["read", "admin"] })),
            target("grant", "g2", json!({ "scope": "read write" })),
        ];
        let held =
            |grants| Held { integration: "okta".into(), app: target("app", "0oa1", json!({})), grants };
        let said = |vendor: &Vendor, held: Held| -> Vec<String> {
            of_platforms("a", vendor, &[held], TODAY).into_iter().map(|one| one.words).collect()
        };
        assert_eq!(
            said(vendor, held(Some(grants.clone()))),
            [
                "0oa1 may do more on okta than registered: admin, write",
                "0oa1 has 2 grants on okta, 1 are registered",
            ]
        );
        let unwritten = Vendor { access: vec![], ..vendor.clone() };
        assert!(said(&unwritten, held(Some(grants.clone())))[0].contains("says nothing of it"));
        assert_eq!(said(&unwritten, held(None)), Vec::<String>::new());
        let ended = Vendor { status: Some(Status::Ended), ..vendor.clone() };
        assert_eq!(
            said(&ended, held(Some(grants))),
            ["it is over, and its app 0oa1 still has 2 grants on okta"]
        );
    }
}
