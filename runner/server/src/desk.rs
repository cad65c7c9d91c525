//! The engine's desk over the register, the table of clocks and `tell:`. Answers are journaled by the engine, so the
//! files behind them may change under a run.

use serde_json::{Value, json};
use stanch_engine::{Desk, DeskError, Message, Template};
use stanch_model::{
    Target,
    config::{Config, Current},
    run::{Mode, body::DeadlineStarted},
    value,
};
use stanch_response::{
    Deadline, DeadlineTable, Notice, Register,
    deadline::Within,
    notice::{Tlp, looks_secret},
    tell::{Channel, Medium, is_mail},
    vendor::Vendor,
};

use crate::owners;

/// Who hears a page whose channel nobody is under.
const INSTEAD: [&str; 2] = ["stuck", "approval"];

/// Vendors, clocks and channels for scripts.
#[derive(Debug)]
pub struct ResponseDesk {
    /// The vendor register.
    pub register: Register,
    /// The notification clocks.
    pub deadlines: DeadlineTable,
    /// For `tell:`.
    pub config: Current,
}

impl Desk for ResponseDesk {
    fn vendor_of(&self, what: &Value) -> Value {
        let targets = value::targets_in(what);
        let found = match what.as_str() {
            Some(name) => self.register.find(name),
            None => self.first_of(&targets),
        };
        match found {
            Some((slug, vendor)) => known(slug, vendor),
            None => {
                let name = what.as_str().or_else(|| targets.first().map(Target::name)).unwrap_or("unknown");
                json!({
                    "known": false, "id": name, "name": name, "contacts": [], "apps": [], "owner": null, "clause": null,
                    "their_clause": null, "data": [], "secrets": []
                })
            }
        }
    }

    fn aliases(&self, app: &str) -> Vec<String> {
        let mut names = vec![app.to_owned()];
        if let Some((slug, vendor)) = self.register.find(app) {
            let more = [slug, vendor.name.as_str()].into_iter().chain(vendor.apps.iter().map(String::as_str));
            for name in more {
                if !name.is_empty() && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    names.push(name.to_owned());
                }
            }
        }
        names
    }

    fn tags(&self, app: &Target) -> Vec<String> {
        self.first_of(std::slice::from_ref(app)).map_or_else(Vec::new, |(_, vendor)| vendor.tags.clone())
    }

    fn deadline(&self, kind: &str, about: &Value, aware: &str) -> Result<Option<DeadlineStarted>, String> {
        let clause = match self.deadlines.rules().get(kind).map(|rule| rule.within) {
            Some(Within::Contract) => Some("clause"),
            Some(Within::TheirContract) => Some("their_clause"),
            _ => None,
        };
        let says =
            |clause: &str| about.get(clause).and_then(Value::as_str).and_then(|text| text.parse().ok());
        let contract = clause.and_then(says);
        if clause.is_some() && contract.is_none() {
            return Ok(None);
        }
        let to = about.get("name").or(Some(about)).and_then(Value::as_str).unwrap_or_default();
        let anchor = aware.parse().map_err(|_| format!("`aware` is not an instant: {aware}"))?;
        let started = self.deadlines.start(kind, to, anchor, contract).map_err(|why| why.to_string())?;
        Ok(Some(clock(started)))
    }

    fn followers(&self, rule: &str, to: &str, sent: &str) -> Vec<DeadlineStarted> {
        let Ok(sent) = sent.parse() else { return Vec::new() };
        let begin = |id: &str| self.deadlines.start(id, to, sent, None).ok().map(clock);
        self.deadlines.followers(rule).filter_map(begin).collect()
    }

    fn is_owed_to_us(&self, rule: &str) -> bool {
        self.deadlines.rules().get(rule).is_some_and(|rule| rule.within == Within::TheirContract)
    }

    fn notice(
        &self,
        to: &Value,
        template: &Template<'_>,
        data: &Value,
        mode: Mode,
    ) -> Result<Vec<Message>, DeskError> {
        let addresses = addresses(to, &self.register);
        if addresses.is_empty() {
            let name = to.get("name").and_then(Value::as_str).unwrap_or("this recipient");
            return Err(DeskError::NoContact(format!("nobody is known to write to at {name}")));
        }
        let mut data = data.clone();
        if let Some(map) = data.as_object_mut() {
            map.entry("to").or_insert_with(|| to.clone());
        }
        let template = stanch_playbooks::Template {
            subject: template.subject.to_owned(),
            body: template.body.to_owned(),
        };
        let filled = template.fill(&data).map_err(|why| DeskError::Misuse(why.to_string()))?;
        if let Some(what) = looks_secret(&filled.subject).or_else(|| looks_secret(&filled.body)) {
            let why = format!("the notice holds what looks like {what}: no notice may hold one");
            return Err(DeskError::Misuse(why));
        }
        let mark = Tlp::of(&filled.body).map_err(|why| DeskError::Misuse(why.to_string()))?;
        if let Some(list) = addresses.iter().find(|to| mark == Some(Tlp::Red) && self.is_list(to)) {
            return Err(DeskError::Misuse(format!(
                "{list} is read by many: nothing marked TLP:RED goes there"
            )));
        }
        let notice = Notice::new(&filled.subject, &filled.body, mode);
        let message = |address: String| Message {
            channel: format!("mail:{address}"),
            subject: notice.subject.clone(),
            text: notice.text.clone(),
        };
        Ok(addresses.into_iter().map(message).collect())
    }

    fn page(&self, channel: &str, text: &str, mode: Mode) -> Result<Vec<Message>, DeskError> {
        let named = |key: &str| self.config.tell.get(key).filter(|ways| !ways.is_empty());
        // A vendor's owner is written as people write it: somebody, a group, or `Sales Ops` for `sales-ops`.
        let theirs = || Some(owners::ways(channel, &self.config)).filter(|ways| !ways.is_empty());
        if let Some(ways) = named(channel).cloned().or_else(theirs) {
            return Ok(ways.iter().map(|way| message(way, text, mode, &self.config)).collect());
        }
        // Better somebody who was not meant than nobody.
        let instead = INSTEAD.iter().find_map(|key| named(key));
        let instead = instead.ok_or_else(|| DeskError::NoContact(self.unheard(channel)))?;
        let text = format!("{text}\n(meant for `{channel}`, which `tell:` does not name)");
        Ok(instead.iter().map(|way| message(way, &text, mode, &self.config)).collect())
    }
}

fn clock(started: Deadline) -> DeadlineStarted {
    DeadlineStarted {
        deadline: started.id,
        title: started.title,
        to: started.to,
        anchor: started.anchor.to_string(),
        due: started.due.to_string(),
    }
}

/// One message to our own people through one way of `tell:`. A way that leads to a configured integration is named after
/// it, so that whoever sends need not know how ways are written.
pub(crate) fn message(way: &str, text: &str, mode: Mode, config: &Config) -> Message {
    let notice = match Channel::parse(way, config).map(|channel| channel.medium) {
        Ok(Medium::Mail) => Notice::new(text.lines().next().unwrap_or_default(), text, mode),
        _ => Notice::line(text, mode),
    };
    Message { channel: channel_of(way, config), subject: notice.subject, text: notice.text }
}

/// What the way is called once it is known which integration it leads to.
pub(crate) fn channel_of(way: &str, config: &Config) -> String {
    match Channel::parse(way, config) {
        Ok(Channel { medium: Medium::Mail, to, .. }) => format!("mail:{to}"),
        Ok(channel) => channel.to_string(),
        Err(_) => way.to_owned(),
    }
}

impl ResponseDesk {
    /// Why nobody hears a channel, and what would lead to somebody.
    fn unheard(&self, channel: &str) -> String {
        let keys = self.config.tell.iter().filter(|(_, ways)| !ways.is_empty()).map(|(key, _)| key.as_str());
        let keys: Vec<&str> = keys.collect();
        let known = if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") };
        format!(
            "`tell:` has no `{channel}`, and `people:` no way to it; `tell:` has {known}. Add `{channel}` there, or one of \
             approval and stuck, which hear what is meant for nobody"
        )
    }

    /// Whether the register knows this address as one that many read.
    fn is_list(&self, mail: &str) -> bool {
        let mut contacts = self.register.vendors().values().flat_map(Vendor::ladder);
        contacts.any(|contact| {
            contact.list && contact.mail.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(mail))
        })
    }

    fn first_of(&self, apps: &[Target]) -> Option<(&str, &Vendor)> {
        apps.iter().find_map(|app| self.register.vendor_of(std::slice::from_ref(app)))
    }
}

fn known(slug: &str, vendor: &Vendor) -> Value {
    let contacts: Vec<&str> = vendor.ladder().filter_map(|contact| contact.mail.as_deref()).collect();
    let name = if vendor.name.is_empty() { slug } else { &vendor.name };
    json!({
        "known": true, "id": slug, "name": name, "contacts": contacts, "apps": vendor.apps, "owner": vendor.owner,
        "clause": vendor.breach.as_ref().map(|breach| &breach.notify_within).filter(|text| !text.is_empty()),
        "their_clause": vendor.breach.as_ref().and_then(|breach| breach.they_notify_within.as_ref()),
        "data": vendor.data, "secrets": vendor.secrets_given,
    })
}

/// The mail addresses of a vendor, a user, an address or a list of these, each once. Of a vendor's contacts those that are
/// written to first; whoever follows the ladder writes to the others when these do not answer.
fn addresses(to: &Value, register: &Register) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |address: &str| {
        if is_mail(address) && !found.iter().any(|known| known == address) {
            found.push(address.to_owned());
        }
    };
    match (value::as_target(to), to) {
        (Some(user), _) => {
            let attributes =
                ["mail", "email", "login"].iter().filter_map(|name| user.attrs.get(*name)?.as_str());
            if let Some(address) =
                attributes.chain([user.label.as_str(), user.id.as_str()]).find(|text| is_mail(text))
            {
                add(address);
            }
        }
        (None, Value::String(address)) => add(address),
        (None, Value::Array(items)) => {
            items.iter().flat_map(|item| addresses(item, register)).for_each(|address| add(&address));
        }
        (None, Value::Object(vendor)) => {
            let contacts = vendor.get("contacts").and_then(Value::as_array);
            let contacts: Vec<&str> = contacts.into_iter().flatten().filter_map(Value::as_str).collect();
            let entry =
                vendor.get("id").and_then(Value::as_str).and_then(|slug| register.vendors().get(slug));
            let first = entry.map_or_else(Vec::new, Vendor::first_rungs);
            let known: Vec<&str> = contacts.iter().copied().filter(|mail| first.contains(mail)).collect();
            // addresses that a script put there itself are meant as they are
            let meant = if known.is_empty() { contacts } else { known };
            meant.into_iter().for_each(&mut add);
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk() -> ResponseDesk {
        let register = "drift:
  name: Drift
  apps: [drift, 0oa1]
  contacts: [{ mail: security@drift.example }, { mail: kim@drift.example }]
  breach: { notify_within: 24h }
  data: [contacts]
  secrets_given: [crm-webhook]
zendesk: { name: Zendesk, apps: [zendesk], contacts: [{ mail: s@zendesk.example }] }
";
        let config = "integrations:\n  slack_eu: { platform: slack }\n  post: { platform: smtp }\ntell:\n  team: [\"slack:#incidents\", \"mail:soc@acme.example\"]\n  nobody: []\n";
        ResponseDesk {
            register: Register::load("vendors.yaml", register).unwrap(),
            deadlines: DeadlineTable::built_in().unwrap(),
            config: stanch_model::yaml::read::<Config>("stanch.yaml", config, "CF0001").unwrap().into(),
        }
    }

    const TEMPLATE: Template<'_> =
        Template { name: "cut", subject: "{to.name}: {what}", body: "{to.name}\n" };

    #[test]
    fn a_stranger_gets_a_stand_in_that_cannot_be_written_to_and_starts_no_clock() {
        let desk = desk();
        let vendor = desk.vendor_of(&json!("nobody-knows"));
        assert_eq!((&vendor["known"], &vendor["name"]), (&json!(false), &json!("nobody-knows")));
        let none = desk.notice(&vendor, &TEMPLATE, &json!({ "what": 1 }), Mode::Live);
        assert!(matches!(none, Err(DeskError::NoContact(_))), "{none:?}");
        assert_eq!(desk.deadline("contract", &vendor, "2026-11-22T00:00:00Z"), Ok(None));
    }

    #[test]
    fn a_vendor_is_found_by_name_id_and_target_and_all_names_of_its_app_are_known() {
        let desk = desk();
        let target =
            json!([{ "$target": { "integration": "okta", "kind": "app", "id": "0oa1", "label": "Chat" } }]);
        for what in [json!("DRIFT"), json!("0oa1"), target] {
            assert_eq!(desk.vendor_of(&what)["id"], "drift", "{what}");
        }
        let drift = desk.vendor_of(&json!("drift"));
        assert_eq!((&drift["data"], &drift["secrets"]), (&json!(["contacts"]), &json!(["crm-webhook"])));
        assert_eq!(desk.aliases("0oa1"), ["0oa1", "drift"]);
        assert_eq!(desk.aliases("other"), ["other"]);
    }

    #[test]
    fn a_contract_runs_from_when_we_knew() {
        let desk = desk();
        let vendor = desk.vendor_of(&json!("drift"));
        let clock = desk.deadline("contract", &vendor, "2026-11-22T00:00:00Z").unwrap().unwrap();
        assert_eq!((clock.due.as_str(), clock.to.as_str()), ("2026-11-23T00:00:00Z", "Drift"));
        let clock = desk.deadline("gdpr-33", &Value::Null, "2026-11-22T00:00:00Z").unwrap().unwrap();
        assert_eq!(clock.due, "2026-11-25T00:00:00Z");
        assert!(desk.deadline("gdpr-99", &Value::Null, "2026-11-22T00:00:00Z").is_err());
        assert!(desk.deadline("gdpr-33", &Value::Null, "yesterday").is_err());
    }

    #[test]
    fn a_notice_goes_to_every_contact_and_refuses_a_secret() {
        let desk = desk();
        let vendor = desk.vendor_of(&json!("drift"));
        let sent = desk.notice(&vendor, &TEMPLATE, &json!({ "what": "cut" }), Mode::Drill).unwrap();
        let channels: Vec<&str> = sent.iter().map(|message| message.channel.as_str()).collect();
        assert_eq!(channels, ["mail:security@drift.example", "mail:kim@drift.example"]);
        assert_eq!(sent[0].subject, "EXERCISE: Drift: cut");
        let secret = desk.notice(&vendor, &TEMPLATE, &json!({ "what": { "$secret": "h" } }), Mode::Live);
        assert!(matches!(secret, Err(DeskError::Misuse(_))), "{secret:?}");
    }

    #[test]
    fn a_rung_that_is_given_time_is_written_to_alone() {
        let mut desk = desk();
        let register = "drift:
  contacts:
    - { mail: a@drift.example }
    - { mail: b@drift.example, within: 4h, list: true }
    - { mail: c@drift.example }
";
        desk.register = Register::load("vendors.yaml", register).unwrap();
        let vendor = desk.vendor_of(&json!("drift"));
        let template = Template { body: "TLP:AMBER\nx", ..TEMPLATE };
        let sent = desk.notice(&vendor, &template, &json!({ "what": "cut" }), Mode::Live).unwrap();
        let channels: Vec<&str> = sent.iter().map(|message| message.channel.as_str()).collect();
        assert_eq!(channels, ["mail:a@drift.example", "mail:b@drift.example"]);
        let red = Template { body: "TLP:RED\nx", ..TEMPLATE };
        let refused = desk.notice(&vendor, &red, &json!({ "what": "cut" }), Mode::Live).unwrap_err();
        assert_eq!(refused.to_string(), "b@drift.example is read by many: nothing marked TLP:RED goes there");
        let marked = Template { body: "TLP:PINK\nx", ..TEMPLATE };
        assert!(desk.notice(&vendor, &marked, &json!({ "what": "cut" }), Mode::Live).is_err());
    }

    #[test]
    fn a_credential_in_plain_words_is_kept_out_of_a_notice_too() {
        let desk = desk();
        let vendor = desk.vendor_of(&json!("drift"));
        let refused = desk.notice(&vendor, &TEMPLATE, &json!({ "what": "AKIAIOSFODNN7EXAMPLE" }), Mode::Live);
        let why = refused.unwrap_err().to_string();
        assert!(why.contains("an AWS access key") && !why.contains("AKIA"), "{why}");
    }

    #[test]
    fn what_they_owe_us_runs_by_their_clause_and_followers_begin_when_something_is_sent() {
        let mut desk = desk();
        let register = "drift: { name: Drift, contacts: [{ mail: a@drift.example }], breach: { they_notify_within: 48h } }\n";
        desk.register = Register::load("vendors.yaml", register).unwrap();
        let vendor = desk.vendor_of(&json!("drift"));
        assert_eq!(desk.deadline("contract", &vendor, "2026-11-22T00:00:00Z"), Ok(None));
        let theirs = desk.deadline("contract-from-vendor", &vendor, "2026-11-22T00:00:00Z").unwrap().unwrap();
        assert_eq!(theirs.due, "2026-11-24T00:00:00Z");
        let next = desk.followers("nis2-notification", "", "2026-11-22T00:00:00Z");
        assert_eq!((next[0].deadline.as_str(), next[0].due.as_str()), ("nis2-final", "2026-12-22T00:00:00Z"));
    }

    #[test]
    fn our_own_people_are_told_in_every_way_or_the_script_hears_that_nobody_was() {
        let desk = desk();
        let sent = desk.page("team", "Drift is cut\nmore", Mode::Live).unwrap();
        assert_eq!((sent[0].subject.as_str(), sent[0].text.as_str()), ("", "Drift is cut\nmore"));
        assert_eq!(
            (sent[0].channel.as_str(), sent[1].channel.as_str()),
            ("slack_eu:#incidents", "mail:soc@acme.example")
        );
        assert_eq!(sent[1].subject, "Drift is cut");
        for channel in ["nobody", "strangers"] {
            assert!(matches!(desk.page(channel, "x", Mode::Live), Err(DeskError::NoContact(_))));
        }
    }

    #[test]
    fn a_page_for_a_vendors_owner_goes_to_the_person_or_group_or_name_that_it_means() {
        let mut desk = desk();
        let mut config = (*desk.config).clone();
        config.people.groups.insert("sales-ops".to_owned(), vec!["kim".to_owned()]);
        let kim = stanch_model::config::Person { tell: vec!["slack:@kim".to_owned()], ..Default::default() };
        config.people.known.insert("kim".to_owned(), kim);
        desk.config = config.into();
        for owner in ["Sales Ops", "sales-ops", "kim"] {
            let sent = desk.page(owner, "Drift is cut", Mode::Live).unwrap();
            let sent: Vec<(&str, &str)> =
                sent.iter().map(|one| (one.channel.as_str(), one.text.as_str())).collect();
            assert_eq!(sent, [("slack_eu:@kim", "Drift is cut")], "{owner}");
        }
        let Err(DeskError::NoContact(why)) = desk.page("Finance", "x", Mode::Live) else { panic!() };
        assert!(why.contains("has no `Finance`") && why.contains("`tell:` has team"), "{why}");
    }

    #[test]
    fn a_page_for_nobody_goes_to_those_who_hear_of_what_is_stuck() {
        let mut desk = desk();
        let mut config = (*desk.config).clone();
        config.tell.insert("stuck".to_owned(), vec!["slack:#night".to_owned()]);
        desk.config = config.into();
        let sent = desk.page("strangers", "Drift is cut", Mode::Live).unwrap();
        assert_eq!(sent[0].channel, "slack_eu:#night");
        assert_eq!(sent[0].text, "Drift is cut\n(meant for `strangers`, which `tell:` does not name)");
    }
}
