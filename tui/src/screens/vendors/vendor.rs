//! A vendor: a row, and everything about it on one page: what is under way first, then whom to call, then the rest.

use ratatui::text::{Line, Span};
use serde_json::Value;
use stanch_model::{
    api::{VendorView, VendorWeight},
    shortened::short,
};

use super::{clock, clocks, notice, owed_to};
use crate::{
    app::App,
    screens::fact,
    widgets::{self, cut, pad},
    words::{self, entry, time},
    world::millis,
};

/// Whether we still work with it, as the register says: `ended` and `ended-token-live` are said loudly.
fn status(vendor: &VendorView) -> (&'static str, bool) {
    match vendor.entry["status"].as_str() {
        Some("ended") => ("ended", false),
        Some("ended-token-live") => ("ENDED, TOKEN LIVE", true),
        _ => ("active", false),
    }
}

/// True where something must be mended.
pub(super) fn is_wrong(vendor: &VendorView) -> bool {
    vendor.look_at.iter().any(|one| one.weight == VendorWeight::Wrong)
}

/// How it stands in a few words: over, or how much there is to look at.
fn stands(vendor: &VendorView) -> (String, bool) {
    let (status, is_loud) = status(vendor);
    if status != "active" {
        return (status.to_owned(), is_loud);
    }
    let of = |weight| vendor.look_at.iter().filter(|one| one.weight == weight).count();
    let (wrong, soon) = (of(VendorWeight::Wrong), of(VendorWeight::Soon));
    match (wrong, soon) {
        (0, 0) => (if vendor.entry.is_null() { "" } else { "in order" }.to_owned(), false),
        (0, soon) => (words::count(soon, "note"), false),
        (wrong, 0) => (format!("{wrong} wrong"), true),
        (wrong, soon) => (format!("{wrong} wrong, {}", words::count(soon, "note")), true),
    }
}

pub(super) fn row(vendor: &VendorView, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let (stands, bad) = stands(vendor);
    let within = vendor.notify_within.as_deref().unwrap_or("no clause");
    let first = vendor.contacts.first().map_or("nobody to call", String::as_str);
    let name = if width >= 100 { 26 } else { 16 };
    let room = width.saturating_sub(2 + name + 1 + 18 + 16);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::raw(pad(&vendor.name, name, look)),
        Span::raw(" "),
        widgets::word(pad(&stands, 18, look), bad, look),
        Span::styled(format!("{} ", pad(within, 15, look)), look.faint()),
        Span::raw(cut(first, room, look)),
    ])
}

/// Everything about it.
pub(super) fn page(vendor: &VendorView, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let (status, bad) = status(vendor);
    let tier = vendor.tier.map_or_else(String::new, |tier| format!(", tier {tier}"));
    let title = cut(&vendor.name, width.saturating_sub(30), look);
    let aside = format!("{status}{tier}");
    let gap = width.saturating_sub(title.chars().count() + aside.chars().count());
    let mut lines = vec![Line::from(vec![
        Span::styled(title, look.strong()),
        Span::raw(" ".repeat(gap)),
        widgets::word(aside, bad, look),
    ])];
    lines.extend(under_way(vendor, app, width));
    lines.extend(contacts(vendor, app, width));
    for (nth, one) in vendor.look_at.iter().enumerate() {
        let is_bad = one.weight == VendorWeight::Wrong;
        let mark = if is_bad { "WRONG" } else { "note" };
        let label = if nth == 0 { "look at" } else { "" };
        let rows = fact(label, &format!("{mark:<5}  {}", one.words), width, look).into_iter();
        lines.extend(rows.map(|row| if is_bad { row.style(look.bad()) } else { row }));
    }
    for (label, text) in facts(vendor) {
        lines.extend(fact(label, &text, width, look));
    }
    lines.extend(happened(vendor, app, width));
    lines
}

/// Its clocks and its notices.
fn under_way(vendor: &VendorView, app: &App, width: usize) -> Vec<Line<'static>> {
    let (look, zone, now) = (app.look(), app.zone(), app.server_ms());
    let mut lines = Vec::new();
    for one in clocks(app).into_iter().filter(|one| owed_to(one, vendor)) {
        let label = if lines.is_empty() { "due" } else { "" };
        let (left, word) = clock::stands(one, now);
        let text = format!("{} at {}, {word} {left}", one.title, zone.near(millis(&one.due), now));
        let rows = fact(label, text.trim_end(), width, look).into_iter();
        lines.extend(rows.map(|row| if word == "LATE" { row.style(look.bad()) } else { row }));
    }
    let mut label = "notice";
    for one in app.world().notices.iter().filter(|one| one.vendor == vendor.slug) {
        let (stands, bad) = notice::stands(one, app);
        let text = format!("{}, written {}: {stands}", one.subject, zone.near(millis(&one.at), now));
        let rows = fact(label, &text, width, look).into_iter();
        lines.extend(rows.map(|row| if bad { row.style(look.bad()) } else { row }));
        label = "";
    }
    lines
}

/// Whom to call, and when somebody last answered there.
fn contacts(vendor: &VendorView, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    if vendor.contacts.is_empty() {
        return fact("call", "nobody: the register names no contact", width, look);
    }
    let mut lines = Vec::new();
    for (nth, contact) in vendor.contacts.iter().enumerate() {
        let label = if nth == 0 { "call" } else { "then" };
        let entry = &vendor.entry["contacts"][nth];
        let checked = match entry["checked"].as_str() {
            _ if entry.is_null() => String::new(),
            None => "; NEVER CHECKED".to_owned(),
            Some(day) => {
                let ago = app.server_ms() - millis(&format!("{day}T00:00:00Z"));
                format!("; answered {day}, {} ago", time::about(ago.max(0)))
            }
        };
        lines.extend(fact(label, &format!("{contact}{checked}"), width, look));
    }
    lines
}

/// What the register says, in the order in which it is looked for.
fn facts(vendor: &VendorView) -> Vec<(&'static str, String)> {
    let entry = &vendor.entry;
    let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    let list = |field: &str| texts(&entry[field]).join(", ");
    let volume = entry["volume"].as_str().map_or_else(String::new, |volume| format!(" ({volume})"));
    // a server that does not show the whole entry says at least this
    let owed = match entry.is_null() {
        true => vendor.notify_within.iter().map(|within| format!("notice within {within}")).collect(),
        false => clause(&entry["breach"], "notify_within", "clause"),
    };
    let mut facts = vec![
        ("for", vendor.purpose.clone().unwrap_or_default()),
        ("leaning", list("dependants")),
        ("owner", with("", &vendor.owner.clone().unwrap_or_default(), &text("deputy"), "deputy ")),
        ("authority", text("authority")),
        ("playbook", text("kill_switch")),
        (
            "holds",
            if vendor.data.is_empty() {
                String::new()
            } else {
                format!("{}{volume}", vendor.data.join(", "))
            },
        ),
        ("we owe", owed),
        ("they owe", clause(&entry["breach"], "they_notify_within", "their_clause")),
        ("apps", vendor.apps.join(", ")),
    ];
    let ways = entry["access"].as_array().into_iter().flatten();
    facts.extend(ways.enumerate().map(|(nth, one)| (if nth == 0 { "access" } else { "" }, access(one))));
    facts.extend([
        ("we gave", list("secrets_given")),
        ("they gave", list("secrets_taken")),
        ("sub", list("sub_processors")),
        ("role", text("role")),
        ("lies in", list("residency")),
        ("keeps", with("", &text("retention"), "", "")),
        ("signed", text("dpa")),
        ("showed", attestations(&entry["attestations"])),
        ("review", with("due ", &text("review_due"), "", "")),
        ("entity", text("legal_entity")),
        ("tags", list("tags")),
        ("notes", vendor.notes.clone().unwrap_or_default()),
    ]);
    facts.retain(|(_, text)| !text.is_empty());
    facts
}

/// A text with what goes before it, and another after it; nothing where both are empty.
fn with(before: &str, text: &str, more: &str, before_more: &str) -> String {
    match (text, more) {
        ("", "") => String::new(),
        (text, "") => format!("{before}{text}"),
        ("", more) => format!("{before_more}{more}"),
        (text, more) => format!("{before}{text}, {before_more}{more}"),
    }
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn clause(breach: &Value, within: &str, clause: &str) -> String {
    match (breach[within].as_str().filter(|text| !text.is_empty()), breach[clause].as_str()) {
        (None, _) => String::new(),
        (Some(within), None) => format!("notice within {within}"),
        (Some(within), Some(clause)) => format!("notice within {within} ({clause})"),
    }
}

/// `salesforce, app 0H4drift, oauth, 40 grants, scopes api refresh_token, as integration.drift@acme.example`
fn access(one: &Value) -> String {
    let text = |before: &str, field: &str| one[field].as_str().map(|text| format!("{before}{text}"));
    let many = |before: &str, field: &str| {
        let texts = texts(&one[field]);
        (!texts.is_empty()).then(|| format!("{before}{}", texts.join(" ")))
    };
    let grants = one["grants"].as_u64().map(|count| format!("{count} grants"));
    let parts = [
        text("", "integration"),
        text("app ", "app"),
        text("", "auth"),
        grants,
        many("scopes ", "scopes"),
        text("as ", "user"),
        many("from ", "egress"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn attestations(shown: &Value) -> String {
    let day = |what: &str, field: &str| shown[field].as_str().map(|day| format!("{what} {day}"));
    let soc2 = &shown["soc2"];
    let soc2 = (!soc2.is_null()).then(|| {
        let kind = soc2["type"].as_u64().map_or_else(String::new, |kind| format!(" type {kind}"));
        let to = soc2["to"].as_str().map_or_else(String::new, |to| format!(" to {to}"));
        let but = texts(&soc2["exceptions"]);
        let but =
            if but.is_empty() { String::new() } else { format!(" with exceptions ({})", but.join("; ")) };
        format!("SOC 2{kind}{to}{but}")
    });
    let all = [
        day("CAIQ", "caiq"),
        day("SIG", "sig"),
        soc2,
        day("ISO 27001 until", "iso27001"),
        day("penetration test", "pen_test"),
        day("insured until", "insurance"),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The incidents and runs that concern it, as far as they were read.
fn happened(vendor: &VendorView, app: &App, width: usize) -> Vec<Line<'static>> {
    let (look, zone) = (app.look(), app.zone());
    let Some(page) = app.world().pages.get(&vendor.slug) else { return Vec::new() };
    let mut lines = Vec::new();
    for (nth, one) in page.incidents.iter().enumerate() {
        let state = if one.closed.is_some() { "closed" } else { "open" };
        let text = format!("{} {}, {state}, {}", short(&one.id), one.title, zone.day(millis(&one.opened)));
        lines.extend(fact(if nth == 0 { "incidents" } else { "" }, &text, width, look));
    }
    for (nth, one) in page.runs.iter().enumerate() {
        let word = one.containment.as_deref().map_or_else(|| one.state.clone(), entry::containment);
        let text = format!("{} {}, {word}, {}", short(&one.id), one.playbook, zone.day(millis(&one.started)));
        lines.extend(fact(if nth == 0 { "runs" } else { "" }, &text, width, look));
    }
    if lines.is_empty() {
        lines.extend(fact("happened", "nothing that this server knows of", width, look));
    }
    let more = format!("stanch vendors check {} reads the platforms, too", vendor.slug);
    lines.extend(fact("scopes", &more, width, look));
    lines
}
