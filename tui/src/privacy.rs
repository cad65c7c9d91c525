//! Hides names and ids on the finished picture, so that no screen can forget to: for whoever looks over the shoulder.

use std::collections::HashSet;

use ratatui::{buffer::Buffer, layout::Rect};
use stanch_model::shortened::short;

use crate::app::App;

/// Words of this length that hold a digit are taken for ids.
const ID: usize = 8;

/// Masks every word that names somebody or something, in its place and at its width.
pub(crate) fn mask(app: &App, area: Rect, buf: &mut Buffer) {
    let names = names(app);
    let dot = app.look().glyph("•", "*");
    for y in area.y..area.bottom() {
        let mut word = String::new();
        let mut from = area.x;
        for x in area.x..=area.right() {
            let symbol = if x < area.right() { buf[(x, y)].symbol().to_owned() } else { " ".to_owned() };
            let inside =
                symbol.chars().all(|c| c.is_alphanumeric() || matches!(c, '@' | '_' | '.' | '-' | '~'));
            if inside {
                if word.is_empty() {
                    from = x;
                }
                word.push_str(&symbol);
                continue;
            }
            if hides(&word, &names) {
                for masked in from..x {
                    buf[(masked, y)].set_symbol(dot);
                }
            }
            word.clear();
        }
    }
}

fn hides(word: &str, names: &HashSet<String>) -> bool {
    let word = word.trim_matches(['.', '-']);
    let digits = word.chars().any(|c| c.is_ascii_digit());
    let letters = word.chars().any(char::is_alphabetic);
    let address = word.contains('@') || word.parse::<std::net::IpAddr>().is_ok();
    let id = word.len() >= ID && digits && letters && !word.ends_with('Z');
    let known = |part: &str| names.contains(&part.to_lowercase());
    address || id || known(word) || word.split(['.', '-', '_', '/']).any(|part| part.len() > 2 && known(part))
}

/// The words of every name that is known.
fn names(app: &App) -> HashSet<String> {
    let world = app.world();
    let mut names = HashSet::new();
    let mut add = |text: &str| {
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2) {
            let word = word.to_lowercase();
            if !OURS.contains(&word.as_str()) {
                names.insert(word);
            }
        }
    };
    world.me.iter().for_each(|me| add(&me.name));
    for alert in world.alerts.iter() {
        [&alert.alert.user, &alert.alert.app, &alert.alert.ip]
            .into_iter()
            .flatten()
            .for_each(|name| add(name));
    }
    world.incidents.iter().for_each(|incident| add(short(&incident.id)));
    for run in world.runs.iter() {
        add(short(&run.id));
        if !run.started_by.starts_with("alert:") {
            add(&run.started_by);
        }
    }
    for card in world.cards() {
        card.asked.iter().for_each(|name| add(name));
        card.wait.targets.iter().for_each(|target| add(target.name()));
    }
    register(app, &mut add);
    people(app, &mut add);
    for run in world.followed.values() {
        run.view.targets.values().for_each(|target| add(target.target.name()));
        run.view.waits.iter().flat_map(|wait| &wait.decisions).for_each(|said| add(&said.who));
        run.view
            .input
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, value)| value.as_str())
            .for_each(&mut add);
    }
    names
}

/// Who said or did something: on incidents, in the journal, in a drill.
fn people(app: &App, add: &mut dyn FnMut(&str)) {
    let world = app.world();
    for incident in world.incident.values() {
        let said = incident.notes.iter().chain(&incident.closed).chain(&incident.reopened);
        said.for_each(|note| add(&note.by));
        incident.lead.iter().for_each(|lead| add(lead));
    }
    for line in world.journal.iter() {
        let by = ["by", "who"].iter().filter_map(|name| line.body.get(name)?.as_str());
        by.filter(|by| !NOBODY.contains(by)).for_each(&mut *add);
    }
    if let Some(drill) = app.drill() {
        drill.seats.iter().for_each(|seat| add(&seat.name));
        drill.remarks.iter().for_each(|remark| add(&remark.who));
    }
}

/// Whom an outcome names where it names no person.
const NOBODY: [&str; 3] = ["us", "other", "unknown"];

/// Whom the register and the notices name: vendors, people, numbers. Addresses are known by their form.
fn register(app: &App, add: &mut dyn FnMut(&str)) {
    let world = app.world();
    for vendor in world.vendors.iter() {
        add(&vendor.name);
        add(&vendor.slug);
        vendor.apps.iter().chain(&vendor.owner).for_each(|name| add(name));
        let entry = &vendor.entry;
        let fields = ["legal_entity", "deputy"].iter().map(|field| &entry[*field]);
        fields.filter_map(serde_json::Value::as_str).for_each(&mut *add);
        let contacts = entry["contacts"].as_array();
        for contact in contacts.into_iter().flatten() {
            let parts = ["name", "phone", "pgp"].iter().map(|field| &contact[*field]);
            parts.filter_map(serde_json::Value::as_str).for_each(&mut *add);
        }
        // a server that does not show the whole entry shows each contact in one line, the name first
        if contacts.is_none() {
            vendor.contacts.iter().filter_map(|line| line.split(',').next()).for_each(&mut *add);
        }
    }
    for notice in world.notices.iter() {
        add(&notice.name);
        notice.rungs.iter().for_each(|rung| add(&rung.name));
        notice.acknowledged.iter().for_each(|note| add(&note.by));
    }
}

/// Words of our own that labels are made of, too.
const OURS: [&str; 12] = [
    "grant", "grants", "token", "tokens", "user", "users", "app", "apps", "session", "key", "for", "account",
];
