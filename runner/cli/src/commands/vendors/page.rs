//! Everything about one vendor on one page.

use stanch_model::{api::VendorPage, shortened::short};
use stanch_response::vendor::{Access, Attestations, BreachClause, Contact, Vendor, review};

use super::Happened;
use crate::{
    table::{line, paragraph},
    when,
};

/// How far the facts are indented.
const INDENT: usize = 13;

struct Page {
    text: String,
    width: Option<usize>,
}

impl Page {
    fn fact(&mut self, label: &str, said: impl AsRef<str>) {
        if !said.as_ref().is_empty() {
            let fact = format!("{label:<INDENT$}{}", line(said.as_ref()));
            self.text.push_str(&format!("\n{}", paragraph(&fact, INDENT, self.width)));
        }
    }

    fn facts<T>(&mut self, label: &str, said: &[T], words: impl Fn(&T) -> String) {
        for (nth, one) in said.iter().enumerate() {
            self.fact(if nth == 0 { label } else { "" }, words(one));
        }
    }
}

/// The page.
pub(super) fn words(found: &VendorPage, happened: Happened, width: Option<usize>) -> String {
    let view = &found.vendor;
    let mut page = Page { text: line(&format!("{}, {}", view.slug, view.name)), width };
    // an entry of a server with fields that are not known here yet still shows the others
    let entry: Vendor = serde_json::from_value(view.entry.clone()).unwrap_or_else(|_| Vendor {
        purpose: view.purpose.clone(),
        data: view.data.clone(),
        owner: view.owner.clone(),
        tier: view.tier,
        notes: view.notes.clone(),
        apps: view.apps.clone(),
        ..Vendor::default()
    });
    standing(&mut page, &entry);
    page.facts("call", &view.contacts, Clone::clone);
    page.facts("checked", &entry.contacts, checked);
    contract(&mut page, &entry);
    reach(&mut page, &entry);
    if let Some(shown) = &entry.attestations {
        page.fact("showed", attestations(shown));
    }
    page.fact("review", entry.review_due.as_ref().map_or_else(String::new, |day| format!("due {day}")));
    page.fact("tags", entry.tags.join(", "));
    page.fact("notes", entry.notes.unwrap_or_default());
    let stale = serde_json::from_value::<Vendor>(view.entry.clone()).unwrap_or_default();
    if !view.entry.is_null() {
        let findings = review::of_vendor(&view.slug, &stale, jiff::Zoned::now().date());
        page.facts("look at", &findings, |finding| finding.words.clone());
    }
    events(&mut page, found, happened);
    page.text
}

fn standing(page: &mut Page, entry: &Vendor) {
    page.fact("legal entity", entry.legal_entity.clone().unwrap_or_default());
    page.fact("status", word(entry.status));
    page.fact("tier", entry.tier.map_or_else(String::new, |tier| tier.to_string()));
    page.fact("for", entry.purpose.clone().unwrap_or_default());
    page.fact("leaning", entry.dependants.join(", "));
    page.fact("owner", entry.owner.clone().unwrap_or_default());
    page.fact("deputy", entry.deputy.clone().unwrap_or_default());
    page.fact("authority", entry.authority.clone().unwrap_or_default());
    page.fact("kill switch", entry.kill_switch.clone().unwrap_or_default());
}

/// A word as the register writes it.
fn word<T: serde::Serialize>(said: Option<T>) -> String {
    let said = said.and_then(|said| serde_json::to_value(said).ok());
    said.and_then(|said| said.as_str().map(str::to_owned)).unwrap_or_default()
}

fn checked(contact: &Contact) -> String {
    let who =
        if contact.name.is_empty() { contact.mail.as_deref().unwrap_or("contact") } else { &contact.name };
    let pgp = contact.pgp.as_ref().map_or_else(String::new, |pgp| format!(", PGP {pgp}"));
    match &contact.checked {
        Some(day) => format!("{who} answered on {day}{pgp}"),
        None => format!("{who}: never{pgp}"),
    }
}

fn contract(page: &mut Page, entry: &Vendor) {
    if let Some(BreachClause { notify_within, clause, they_notify_within, their_clause }) = &entry.breach {
        let with = |within: &str, clause: &Option<String>| match clause {
            Some(clause) => format!("{within} ({clause})"),
            None => within.to_owned(),
        };
        if !notify_within.is_empty() {
            page.fact("we owe", format!("notice within {}", with(notify_within, clause)));
        }
        if let Some(within) = they_notify_within {
            page.fact("they owe", format!("notice within {}", with(within, their_clause)));
        }
    }
    page.fact("agreement", entry.dpa.as_ref().map_or_else(String::new, |day| format!("signed {day}")));
    let volume = entry.volume.as_ref().map_or_else(String::new, |volume| format!(" ({volume})"));
    page.fact(
        "holds",
        if entry.data.is_empty() { String::new() } else { format!("{}{volume}", entry.data.join(", ")) },
    );
    page.fact("role", word(entry.role));
    page.fact("lies in", entry.residency.join(", "));
    page.fact(
        "keeps",
        entry.retention.as_ref().map_or_else(String::new, |span| format!("{span} after the end")),
    );
    page.fact("sub", entry.sub_processors.join(", "));
}

fn reach(page: &mut Page, entry: &Vendor) {
    page.fact("apps", entry.apps.join(", "));
    page.facts("access", &entry.access, access);
    page.fact("we gave", entry.secrets_given.join(", "));
    page.fact("they gave", entry.secrets_taken.join(", "));
}

fn access(access: &Access) -> String {
    let parts = [
        Some(access.integration.clone()),
        access.app.as_ref().map(|app| format!("app {app}")),
        Some(word(access.auth)).filter(|word| !word.is_empty()),
        access.grants.map(|grants| format!("{grants} grants")),
        Some(access.scopes.join(" "))
            .filter(|scopes| !scopes.is_empty())
            .map(|scopes| format!("scopes {scopes}")),
        access.user.as_ref().map(|user| format!("as {user}")),
        Some(access.egress.join(" ")).filter(|from| !from.is_empty()).map(|from| format!("from {from}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn attestations(shown: &Attestations) -> String {
    let day = |what: &str, day: &Option<stanch_response::vendor::Day>| {
        day.as_ref().map(|day| format!("{what} {day}"))
    };
    let soc2 = shown.soc2.as_ref().map(|soc2| {
        let kind = soc2.kind.map_or_else(String::new, |kind| format!(" type {kind}"));
        let to = soc2.to.as_ref().map_or_else(String::new, |day| format!(" to {day}"));
        let but = match soc2.exceptions.as_slice() {
            [] => String::new(),
            found => format!(" with exceptions ({})", found.join("; ")),
        };
        format!("SOC 2{kind}{to}{but}")
    });
    let all = [
        day("CAIQ", &shown.caiq),
        day("SIG", &shown.sig),
        soc2,
        day("ISO 27001 until", &shown.iso27001),
        day("penetration test", &shown.pen_test),
        day("insured until", &shown.insurance),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn events(page: &mut Page, found: &VendorPage, happened: Happened) {
    if happened == Happened::NotAsked {
        return page.fact("happened", "not known: no server is there to ask");
    }
    page.facts("incidents", &found.incidents, |one| {
        let state =
            one.closed.as_ref().map_or_else(|| "open".to_owned(), |at| format!("closed {}", when::at(at)));
        format!("{} {}, opened {}, {state}", short(&one.id), one.title, when::at(&one.opened))
    });
    page.facts("runs", &found.runs, |one| {
        let proven =
            one.containment.as_ref().map_or_else(String::new, |word| format!(", {}", word.replace('_', " ")));
        format!("{} {}, {}{proven}, {}", short(&one.id), one.playbook, one.state, when::at(&one.started))
    });
    if found.incidents.is_empty() && found.runs.is_empty() {
        page.fact("happened", "nothing that this server knows of");
    }
}
