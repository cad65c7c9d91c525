//! Whose work stops when targets are cut: the vendors behind them, who of us answers for each, through what they hear of it,
//! and whether they did. It sends nothing.

use std::collections::BTreeMap;

use stanch_model::{
    Address, Target,
    api::{CardTold, OwnerTold, ToldHow},
    config::Config,
    run::{RunView, way_of},
};
use stanch_response::{Register, vendor::Vendor};

use crate::desk::channel_of;

/// The vendors whose apps these targets are, or are grants of; where the register knows neither, that of the run's own app.
pub(crate) fn vendors<'a>(
    register: &'a Register,
    targets: &[Target],
    of_run: Option<&str>,
) -> BTreeMap<&'a str, &'a Vendor> {
    let cut = targets.iter().filter(|target| !matches!(target.kind.as_str(), "user" | "session" | "group"));
    cut.filter_map(|target| names(target).into_iter().chain(of_run).find_map(|name| register.find(name)))
        .collect()
}

/// Under which names the register may know the app of a target: its own, and that of the app that it is a grant of.
fn names(target: &Target) -> Vec<&str> {
    let of_app = target.attrs.get("app").into_iter().flat_map(|app| {
        let inner = ["id", "label"].iter().filter_map(|name| app["$target"][*name].as_str());
        app.as_str().into_iter().chain(inner)
    });
    [target.id.as_str(), target.label.as_str()]
        .into_iter()
        .chain(of_app)
        .filter(|name| !name.is_empty())
        .collect()
}

/// Through what an owner hears: the ways of the person of that name or of everybody in the group, and those that `tell:`
/// has for it. `Sales Ops` is `sales-ops` there.
pub(crate) fn ways(owner: &str, config: &Config) -> Vec<String> {
    let mut ways: Vec<String> = Vec::new();
    let key = owner.to_lowercase().replace(char::is_whitespace, "-");
    let people = [owner.to_owned(), key.clone()].into_iter().flat_map(|name| config.people.named(&[name]));
    let own = people.filter_map(|name| config.people.known.get(&name)).flat_map(|person| &person.tell);
    let named = [owner, &key].into_iter().filter_map(|name| config.tell.get(name)).flatten();
    for way in own.chain(named) {
        if !ways.contains(way) {
            ways.push(way.clone());
        }
    }
    ways
}

/// Whether the owner heard: through one of their ways, from the run itself or beside one of its cards. `came_back` says it
/// of a mail of the run, by its step and way.
pub(crate) fn heard(
    owner: &str,
    config: &Config,
    run: &RunView,
    cards: &[CardTold],
    came_back: impl Fn(&Address, &str) -> bool,
) -> OwnerTold {
    let ways = ways(owner, config);
    if ways.is_empty() {
        return OwnerTold::Unknown;
    }
    let channels: Vec<String> = ways.iter().map(|way| channel_of(way, config)).collect();
    let beside = cards.iter().filter(|one| one.how == ToldHow::Sent && ways.contains(&one.way));
    let steps = run.steps.values().filter(|step| step.done && step.error.is_none() && step.op == "call");
    let said = steps.filter(|step| {
        way_of(&step.address).is_some_and(|way| channels.contains(&way) && !came_back(&step.address, &way))
    });
    let times = beside.map(|one| &one.at).chain(said.map(|step| &step.until));
    let first = times.filter_map(|at| at.parse::<jiff::Timestamp>().ok()).min();
    first.map_or(OwnerTold::NotYet, |at| OwnerTold::At(at.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let text = "people:
  groups: { sales-ops: [kim, leo] }
  known: { kim: { tell: [\"mail:kim@acme.example\"] }, ana: { tell: [\"mail:ana@acme.example\"] } }
integrations: { slack: { platform: slack }, mail: { platform: smtp } }
tell: { operations: [\"slack:#operations\"], approval: [\"slack:#incidents\"] }
";
        stanch_model::yaml::read("stanch.yaml", text, "CF0001").unwrap()
    }

    #[test]
    fn an_owner_is_a_person_a_group_or_a_name_under_tell() {
        let config = config();
        assert_eq!(ways("ana", &config), ["mail:ana@acme.example"]);
        assert_eq!(ways("Sales Ops", &config), ["mail:kim@acme.example"]);
        assert_eq!(ways("Operations", &config), ["slack:#operations"]);
        assert!(ways("Finance", &config).is_empty());
    }

    #[test]
    fn the_first_message_that_arrived_through_a_way_of_theirs_counts_and_no_other() {
        let config = config();
        let heard =
            |cards: &[CardTold], run: &RunView| heard("Operations", &config, run, cards, |_, _| false);
        let card = |way: &str, how, at: &str| CardTold {
            way: way.to_owned(),
            who: None,
            at: at.to_owned(),
            how,
            why: String::new(),
        };
        let cards = [
            card("slack:#incidents", ToldHow::Sent, "2026-03-13T02:40:00Z"),
            card("slack:#operations", ToldHow::Failed, "2026-03-13T02:41:00Z"),
        ];
        let mut run = RunView::default();
        assert_eq!(heard(&cards, &run), OwnerTold::NotYet);
        let later = card("slack:#operations", ToldHow::Sent, "2026-03-13T02:44:00Z");
        assert_eq!(heard(std::slice::from_ref(&later), &run), OwnerTold::At(later.at.clone()));
        let step = |address: &str, until: &str, error: serde_json::Value| {
            let step = serde_json::json!({ "address": address, "op": "call", "name": "slack.post_message", "at": [9, 1],
                "effect": "tell", "target": null, "attempts": 1, "deferred": null, "branches": 0, "branches_done": 0,
                "done": true, "error": error, "by": "us", "since": until, "until": until });
            serde_json::from_value::<stanch_model::run::StepView>(step).unwrap()
        };
        for step in [
            step("7.page[slack:#incidents].1", "2026-03-13T02:40:30Z", serde_json::Value::Null),
            step("8.page[slack:#operations].1", "2026-03-13T02:43:00Z", serde_json::Value::Null),
        ] {
            run.steps.insert(step.address.clone(), step);
        }
        assert_eq!(
            heard(std::slice::from_ref(&later), &run),
            OwnerTold::At("2026-03-13T02:43:00Z".to_owned())
        );
        // what came back nobody read
        let back = |step: &Address, way: &str| {
            step.as_str() == "8.page[slack:#operations].1" && way == "slack:#operations"
        };
        let heard = super::heard("Operations", &config, &run, std::slice::from_ref(&later), back);
        assert_eq!(heard, OwnerTold::At(later.at));
    }
}
