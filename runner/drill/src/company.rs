//! The simulated company of a scenario: its configuration, its vendor register, its people.

use std::collections::{BTreeMap, BTreeSet};

use stanch_integrations::{
    Catalog, Platform,
    twin::{World, WorldApp},
};

use crate::scenario::{ContactSpec, Scenario};

/// Somebody of the company, with the groups that they are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: &'static str,
    /// What they may do at the API.
    pub role: stanch_model::api::Role,
    /// The groups of `people:`.
    pub groups: &'static [&'static str],
}

use stanch_model::api::{
    Role::{Approver, Responder, Viewer},
    SeatKind,
};

/// The groups of the company, each with its people.
pub(crate) fn groups() -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for person in [ANA].iter().chain(OTHERS) {
        for group in person.groups {
            groups.entry((*group).to_owned()).or_default().push(person.name.to_owned());
        }
    }
    groups
}

/// Who runs the response.
const ANA: Person = Person { name: "ana", role: Responder, groups: &["responders"] };

/// The same where nobody else plays: a drill for one shall not wait for a stand-in's yes.
const ANA_ALONE: Person =
    Person { role: Approver, groups: &["responders", "incident-lead", "security-manager"], ..ANA };

/// Everybody else.
const OTHERS: &[Person] = &[
    Person { name: "ben", role: Approver, groups: &["incident-lead"] },
    Person { name: "caro", role: Approver, groups: &["incident-lead"] },
    Person { name: "dora", role: Approver, groups: &["security-manager"] },
    Person { name: "fay", role: Viewer, groups: &[] },
    Person { name: "otto", role: Viewer, groups: &[] },
    Person { name: "eva", role: Viewer, groups: &[] },
];

/// Whoever plays the approver is asked whatever a card asks a person of weight: a drill has no seat for a manager.
const BOTH: &[&str] = &["incident-lead", "security-manager"];

/// Who starts playbooks that the plot lets begin: nobody plays them.
pub const COLLEAGUE: &str = "caro";

/// Everybody, the responder first.
pub fn people(scenario: &Scenario) -> Vec<Person> {
    let is_alone = scenario.seats == [SeatKind::Responder];
    let first = if is_alone { ANA_ALONE } else { ANA };
    let weighty = |person: &Person| match person.name == player(SeatKind::Approver) {
        true => Person { groups: BOTH, ..*person },
        false => *person,
    };
    [first].into_iter().chain(OTHERS.iter().map(weighty)).collect()
}

/// In whose name a seat is played.
pub fn player(seat: SeatKind) -> &'static str {
    match seat {
        SeatKind::Responder => "ana",
        SeatKind::Approver => "ben",
        SeatKind::Facilitator => "fay",
        SeatKind::Observer => "otto",
        SeatKind::Evaluator => "eva",
    }
}

/// The seats of a scenario: those that it names, and those from which one only directs or looks on.
pub fn seats(scenario: &Scenario) -> Vec<SeatKind> {
    let is_open = |seat: &SeatKind| !seat.is_played() || scenario.seats.contains(seat);
    SeatKind::ALL.iter().copied().filter(is_open).collect()
}

/// Who answers when these groups (or people) are asked; the responder where nobody is named.
pub fn asked(groups: &[String], scenario: &Scenario) -> Vec<Person> {
    let meant = |person: &Person| {
        groups.iter().any(|group| person.name == group || person.groups.contains(&group.as_str()))
    };
    let people = people(scenario);
    let found: Vec<Person> = people.iter().copied().filter(meant).collect();
    if found.is_empty() { people.into_iter().take(1).collect() } else { found }
}

/// Configured name to platform. A name is a word of scripts, so `google_workspace` stands for `google-workspace`.
pub fn integrations(scenario: &Scenario) -> BTreeMap<String, String> {
    scenario.platforms().into_iter().map(|name| (name.clone(), name.replace('_', "-"))).collect()
}

/// `stanch.yaml`. The alerts of the plot come through `casb`.
pub fn configuration(scenario: &Scenario, catalog: &Catalog, secret_file: &str) -> String {
    let mut text = String::from(
        "# The company of a drill. All of it is simulated: nothing here can reach a real platform.\n\npeople:\n  groups:\n",
    );
    let people = people(scenario);
    let groups: BTreeSet<&str> = people.iter().flat_map(|person| person.groups.iter().copied()).collect();
    for group in groups {
        let members = people.iter().filter(|person| person.groups.contains(&group)).map(|person| person.name);
        text.push_str(&format!("    {group}: [{}]\n", members.collect::<Vec<_>>().join(", ")));
    }
    text.push_str("\nintegrations:\n");
    for (name, platform) in integrations(scenario) {
        text.push_str(&format!("  {name}: {}\n", integration(catalog.platform(&platform), &platform)));
    }
    text.push_str(&format!("\nalerts:\n  casb: {{ format: hmac, secret: \"file:{secret_file}\" }}\n\n"));
    text.push_str(&tell());
    text
}

/// Who hears what, by what it is called in scripts.
pub(crate) const TELL: [(&str, &str); 6] = [
    ("approval", "#incidents"),
    ("stuck", "#incidents"),
    ("deadline", "#incidents"),
    ("team", "#incidents"),
    ("vendor-desk", "#vendors"),
    // who answers for every app of the company
    ("operations", "#general"),
];

/// The part `tell:` of a configuration.
pub(crate) fn tell() -> String {
    let ways = TELL.iter().map(|(event, channel)| format!("  {event}: [\"slack:{channel}\"]\n"));
    format!("tell:\n{}", ways.collect::<String>())
}

/// A tenant of this platform. What else it needs has a value for twins in the catalogue.
pub(crate) fn integration(platform: Option<&Platform>, slug: &str) -> String {
    match slug {
        "smtp" => "{ platform: smtp, url: \"smtps://mail.acme.example\", settings: { sender: stanch@acme.example } }".to_owned(),
        "salesforce" => "{ platform: salesforce, url: \"https://acme.my.salesforce.com\" }".to_owned(),
        _ if platform.is_some_and(Platform::wants_address) => {
            format!("{{ platform: {slug}, url: \"https://acme.{slug}.com\" }}")
        }
        _ => format!("{{ platform: {slug} }}"),
    }
}

/// `vendors.yaml`: every app's vendor, with its contacts (one at Security where none are named) and a clause of 24 hours.
pub fn vendors(world: &World, contacts: &BTreeMap<String, Vec<ContactSpec>>) -> String {
    let mut text = String::from("# Whom to call about an app, and what the contract says.\n");
    let vendors: BTreeSet<&str> = world.apps.iter().map(|app| app.vendor.as_str()).collect();
    for vendor in vendors.into_iter().filter(|vendor| !vendor.is_empty()) {
        let apps = world.apps.iter().filter(|app| app.vendor == vendor);
        let (ids, titles): (Vec<_>, Vec<_>) = apps.map(|app| (app.id.clone(), app.title())).unzip();
        let name = titles.first().cloned().unwrap_or_default();
        let purposes = world.apps.iter().filter(|app| app.vendor == vendor);
        let purposes: Vec<&str> =
            purposes.map(|app| app.purpose.as_str()).filter(|one| !one.is_empty()).collect();
        let purpose = match purposes.is_empty() {
            true => String::new(),
            false => format!("  purpose: {:?}\n", purposes.join(", ")),
        };
        let list = |name: &str, of: &dyn Fn(&WorldApp) -> &Vec<String>| {
            let apps = world.apps.iter().filter(|app| app.vendor == vendor);
            let all: Vec<String> =
                apps.flat_map(|app| of(app).iter().map(|one| format!("{one:?}"))).collect();
            if all.is_empty() { String::new() } else { format!("  {name}: [{}]\n", all.join(", ")) }
        };
        let held = list("data", &|app| &app.data) + list("secrets_given", &|app| &app.secrets).as_str();
        let rungs = ladder(vendor, contacts.get(vendor).map(Vec::as_slice).unwrap_or_default());
        text.push_str(&format!(
            "\n{vendor}:\n  name: {name}\n  apps: [{}]\n  contacts:\n{rungs}  breach: {{ notify_within: 24h, clause: \"DPA 7.2\" }}\n{purpose}{held}  owner: Operations\n  tier: 1\n",
            ids.join(", ")
        ));
    }
    text
}

/// Its contacts, each with a telephone.
fn ladder(vendor: &str, contacts: &[ContactSpec]) -> String {
    let usual = [ContactSpec::usual()];
    let contacts = if contacts.is_empty() { &usual } else { contacts };
    let rung = |(nth, one): (usize, &ContactSpec)| {
        let within = one.within.map(|within| format!(", within: {within}")).unwrap_or_default();
        let (name, mail) = (&one.name, one.mail(vendor));
        format!("    - {{ name: {name:?}, mail: {mail}, phone: \"+1 555 01{nth:02}\"{within} }}\n")
    };
    contacts.iter().enumerate().map(rung).collect()
}
