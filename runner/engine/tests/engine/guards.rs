//! Guards: shares of a population, protected groups, caps of the house.

use std::time::Duration;

use serde_json::{Value, json};
use stanch_model::{
    RunId, Target, TargetState,
    run::{RunView, WaitView},
};

use crate::common::Outside;

/// Ends the sessions of everybody who holds a grant of Drift.
const PEOPLE: &str = r#"
    let apps = find_app("drift");
    let people = holders(flat(each(apps, |app| app.grants())));
    approve("cut", "End their sessions", people);
    let cut = each(people, |person| person.end_sessions());
    note(`${cut.map(|person| person.state)}`);
"#;

/// The same for whoever can be taken back.
const SUSPEND: &str = r#"
    let people = holders(flat(each(find_app("drift"), |app| app.grants())));
    each(people, |person| person.suspend());
"#;

/// The same, with their names in what is compared on replay.
const NAMED: &str = r#"
    let people = holders(flat(each(find_app("drift"), |app| app.grants())));
    evidence("people", #{ people: people, names: people.map(|person| person.name) });
    each(people, |person| person.suspend());
"#;

fn guard<'a>(view: &'a RunView, id: &str) -> &'a WaitView {
    view.waits.iter().find(|wait| wait.id == id).unwrap()
}

fn count(view: &RunView, state: TargetState) -> usize {
    view.targets.values().filter(|target| target.state == state).count()
}

fn ended(outside: &Outside) -> usize {
    outside.done("clear_user_sessions") + outside.done("end_user_sessions") + outside.done("end_sessions")
}

fn logins(targets: &[Target]) -> Vec<String> {
    targets.iter().map(Target::key).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_of_the_people_stops_a_fan_out_exactly_there() {
    for (say, done) in [("go_on", 5), ("skip", 2)] {
        let mut outside = Outside::of(PEOPLE, (10, 5), 5, 0).await.guarded("limits: { people: 20% }\n", "");
        let run = outside.start(json!({})).await;
        let view = outside.waiting(&run, "G1").await;
        let card = guard(&view, "G1").clone();
        assert_eq!(card.name, "limit of 20% of the people in okta");
        for part in [
            "this run has cut 2 people in okta, and may cut 2 (20% of 10)",
            "3 more wait",
            "`go_on`",
            "`skip`",
        ] {
            assert!(card.text.contains(part), "{part}: {}", card.text);
        }
        assert_eq!(card.options, ["go_on", "skip"]);
        assert_eq!((card.targets.len(), ended(&outside)), (3, 2));
        outside.crash();
        let view = outside.waiting(&run, "G1").await;
        assert_eq!(logins(&guard(&view, "G1").targets), logins(&card.targets));
        assert_eq!(ended(&outside), 2, "a kill lets nobody through");
        outside.answer(&run, "G1", say).await;
        let view = outside.ended(&run).await;
        assert_eq!(ended(&outside), done, "{say}");
        assert_eq!(count(&view, TargetState::Skipped), 5 - done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guard_read_is_journaled_once_and_cited_by_what_it_let_pass() {
    let config = "protect: [{ group: okta/Emergency-Admins }]\n";
    let outside = Outside::of(SUSPEND, (9, 3), 3, 0).await.guarded("limits: { people: 50% }\n", config);
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(outside.done("suspend_user"), 3, "{view:#?}");
    let reads = outside.kinds(&run, "guard.read");
    assert_eq!(reads.len(), 2, "{reads:?}");
    let population = reads.iter().find(|read| read["found"]["count"] == 9).unwrap();
    assert_eq!(population["of"], json!({ "population": { "integration": "okta", "kind": "user" } }));
    let group = reads.iter().find(|read| read["found"]["members"].is_array()).unwrap();
    assert_eq!(group["of"]["group"]["group"], "Emergency-Admins");
    let intents = outside.kinds(&run, "step.intent");
    let cites: Vec<&Value> = intents
        .iter()
        .filter(|i| i["call"]["verb"] == "user.suspend")
        .map(|i| &i["call"]["guards"])
        .collect();
    assert_eq!(cites.len(), 3);
    assert!(cites.iter().all(|cited| cited.as_array().unwrap().len() == 2), "{cites:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_a_protected_group_is_met_at_run_time_and_nobody_else_is_held() {
    let config = "protect: [{ group: okta/Emergency-Admins }]\n";
    for (say, done) in [("skip", 3), ("go_on", 4)] {
        let mut outside = Outside::of(SUSPEND, (4, 4), 4, 0).await.guarded("", config);
        let run = outside.start(json!({})).await;
        let view = outside.waiting(&run, "G1").await;
        let card = guard(&view, "G1").clone();
        assert_eq!(card.name, "protected group okta/Emergency-Admins");
        assert!(card.text.contains("is one of the 1 in the protected group"), "{}", card.text);
        assert_eq!((card.targets.len(), outside.done("suspend_user")), (1, 3));
        // Somebody takes the person out of the group meanwhile: what was asked stays asked.
        let state = outside.twins.state("okta").unwrap();
        let members = state["members"].as_array().unwrap();
        let protected = members.iter().find(|row| {
            row["user"] == card.targets[0].id.as_str() && !is_everyone(&state, row["group"].as_str().unwrap())
        });
        let id = protected.unwrap()["id"].clone();
        let change = json!({ "remove": { "integration": "okta", "table": "members", "id": id } });
        outside.twins.change(&serde_json::from_value(change).unwrap()).unwrap();
        let read = outside.asked("list_group_members");
        outside.crash();
        let view = outside.waiting(&run, "G1").await;
        assert_eq!(view.open_waits().count(), 1);
        assert_eq!((outside.done("suspend_user"), outside.asked("list_group_members")), (3, read));
        outside.answer(&run, "G1", say).await;
        outside.ended(&run).await;
        assert_eq!(outside.done("suspend_user"), done);
    }
}

/// The login of somebody who holds a grant, and their id on this platform.
fn somebody(outside: &Outside, table: &str, id: &str, login: &str) -> (String, String) {
    let state = outside.twins.state(if table == "users" { "okta" } else { "salesforce" }).unwrap();
    let row = &state[table].as_array().unwrap()[0];
    let text = |pointer: &str| row.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    (text(login), text(id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_login_is_met_in_whoever_holds_a_grant() {
    for table in ["users", "User"] {
        let on = if table == "users" { (3, 0) } else { (0, 3) };
        let outside = Outside::of(NAMED, (3, 3), on.0, on.1).await;
        let (id, login) = if table == "users" { ("/id", "/profile/login") } else { ("/Id", "/Username") };
        let (login, id) = somebody(&outside, table, id, login);
        let mut outside = outside.guarded("", &format!("protect: [{{ user: {login} }}]\n"));
        let run = outside.start(json!({})).await;
        outside.waiting(&run, "G1").await;
        // Names are what they were when they were read, whatever the platform says of them in a later life.
        outside.fault(json!({ "action": "label_users", "answer": 403 }));
        outside.crash();
        let view = outside.waiting(&run, "G1").await;
        let card = guard(&view, "G1");
        assert_eq!(card.name, format!("protected user {login}"));
        assert_eq!(card.targets.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [id.as_str()]);
        assert_eq!(card.targets[0].label, login, "the card names the person");
        assert_eq!(outside.done("suspend_user") + outside.done("deactivate_user"), 2);
        outside.answer(&run, "G1", "skip").await;
        let view = outside.ended(&run).await;
        assert_eq!(count(&view, TargetState::Skipped), 1);
        assert_eq!(outside.done("suspend_user") + outside.done("deactivate_user"), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_known_by_id_alone_is_looked_up_before_the_cut() {
    let script = "okta.suspend_user(#{ user: input.who });";
    let mut outside = Outside::of(script, (3, 1), 1, 0).await;
    outside.setup.more = outside.setup.more.replace("input:\n", "input:\n  who: { type: string }\n");
    let (login, id) = somebody(&outside, "users", "/id", "/profile/login");
    let outside = outside.guarded("", &format!("protect: [{{ user: {login} }}]\n"));
    // Nobody may see who that is: the guard cannot know, and says so.
    outside.fault(json!({ "integration": "okta", "action": "label_users", "answer": 403 }));
    let run = outside.start(json!({ "who": id })).await;
    let view = outside.waiting(&run, "G1").await;
    let card = guard(&view, "G1");
    assert_eq!(card.name, format!("protected user {login}, unread"));
    assert!(
        card.text.contains("whom okta/user/") && card.text.contains("could not be read"),
        "{}",
        card.text
    );
    outside.twins.remove_fault(None);
    outside.answer(&run, "G1", "look_again").await;
    let view = outside.waiting(&run, "G2").await;
    assert_eq!(guard(&view, "G2").name, format!("protected user {login}"));
    outside.answer(&run, "G2", "skip").await;
    outside.ended(&run).await;
    assert_eq!(outside.done("suspend_user"), 0);
}

fn is_everyone(state: &Value, group: &str) -> bool {
    let groups = state["groups"].as_array().unwrap();
    groups.iter().any(|row| row["id"] == group && row["profile"]["name"] == "Everyone")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_person_is_protected_on_every_platform() {
    let script = r#"
        let last = okta.list_group_members(#{ group: okta.find_group(#{ name: "Emergency" })[0].id })[0];
        let accounts = find_user(last.label);
        each(accounts, |person| person.suspend());
    "#;
    let config = "protect: [{ group: okta/Emergency-Admins }]\n";
    let mut outside = Outside::of(script, (6, 2), 2, 2).await;
    outside.setup.more =
        outside.setup.more.replace("read: [", "read: [okta.find_group, okta.list_group_members, ");
    outside.setup.more = outside.setup.more.replace("user.suspend", "user.suspend, user.freeze");
    outside.setup.script = outside.setup.script.replace(
        "person.suspend()",
        "if person.integration == \"okta\" { person.suspend() } else { person.freeze() }",
    );
    let outside = outside.guarded("", config);
    let run = outside.start(json!({})).await;
    let view = outside.waiting(&run, "G2").await;
    let held: Vec<&str> = view.open_waits().map(|wait| wait.targets[0].integration.as_str()).collect();
    assert_eq!(held, ["okta", "salesforce"], "{view:#?}");
    assert_eq!(outside.done("suspend_user") + outside.done("freeze_user"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_cannot_be_read_stops_the_run_until_a_person_says_more() {
    let config = "protect: [{ group: okta/Emergency-Admins }]\n";
    for (action, answer) in
        [("list_group_members", "403"), ("find_group", "scope_missing"), ("find_group", "500")]
    {
        let mut outside = Outside::of(SUSPEND, (4, 4), 4, 0).await.guarded("", config);
        outside.fault(json!({ "action": format!("okta.{action}"), "answer": answer }));
        let run = outside.start(json!({})).await;
        let view = outside.waiting(&run, "G1").await;
        let card = guard(&view, "G1");
        assert_eq!(card.options, ["look_again", "go_on", "skip"], "{answer}");
        assert!(
            card.text.contains("who is in the group okta/Emergency-Admins could not be read ("),
            "{}",
            card.text
        );
        assert_eq!((card.targets.len(), outside.done("suspend_user")), (4, 0), "{answer}");
        outside.crash();
        outside.waiting(&run, "G1").await;
        assert_eq!(outside.done("suspend_user"), 0);
        // Still no answer: it is asked again, and still nothing is done.
        outside.answer(&run, "G1", "look_again").await;
        outside.waiting(&run, "G2").await;
        outside.twins.remove_fault(None);
        outside.answer(&run, "G2", "look_again").await;
        let view = outside.waiting(&run, "G3").await;
        assert_eq!(guard(&view, "G3").name, "protected group okta/Emergency-Admins");
        assert_eq!(outside.done("suspend_user"), 3, "now it is known who is not in it");
        outside.answer(&run, "G3", "skip").await;
        outside.ended(&run).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn going_on_without_knowing_is_said_once() {
    let config = "protect: [{ group: okta/No-Such-Group }]\n";
    let outside = Outside::of(SUSPEND, (4, 3), 3, 0).await.guarded("", config);
    let run = outside.start(json!({})).await;
    let view = outside.waiting(&run, "G1").await;
    assert!(guard(&view, "G1").text.contains("there is no such group"), "{:?}", guard(&view, "G1"));
    outside.answer(&run, "G1", "go_on").await;
    let view = outside.ended(&run).await;
    assert_eq!(outside.done("suspend_user"), 3);
    assert_eq!(view.waits.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_population_that_cannot_be_counted_stops_the_run() {
    for answer in ["403", "scope_missing", "html"] {
        let outside = Outside::of(PEOPLE, (10, 3), 3, 0).await.guarded("limits: { people: 90% }\n", "");
        outside.fault(json!({ "action": "okta.list_users", "answer": answer }));
        let run = outside.start(json!({})).await;
        let view = outside.waiting(&run, "G1").await;
        let card = guard(&view, "G1");
        assert!(card.text.contains("how many people in okta there are could not be read ("), "{}", card.text);
        assert_eq!(ended(&outside), 0, "{answer}");
        outside.twins.remove_fault(None);
        outside.answer(&run, "G1", "look_again").await;
        outside.ended(&run).await;
        assert_eq!(ended(&outside), 3);
    }
    let outside =
        Outside::of(crate::calls::CUT, (10, 3), 3, 0).await.guarded("limits: { targets: 50% }\n", "");
    let run = outside.start(json!({})).await;
    let view = outside.waiting(&run, "G1").await;
    assert!(
        guard(&view, "G1").text.contains("okta has no read that counts its apps"),
        "{:?}",
        guard(&view, "G1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_asks_to_wait_is_waited_for() {
    let outside = Outside::of(PEOPLE, (10, 2), 2, 0).await.guarded("limits: { people: 90% }\n", "");
    outside.fault(json!({ "action": "okta.list_users", "call": 1, "answer": 429, "delay": "1s" }));
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!((ended(&outside), view.waits.len()), (2, 1), "{view:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_true_for_a_while_and_for_all_runs() {
    let outside = Outside::of(SUSPEND, (10, 2), 2, 0).await.guarded("limits: { people: 90% }\n", "");
    for (minutes, reads) in [(0, 1), (4, 1), (2, 2)] {
        outside.clock.forward(Duration::from_secs(minutes * 60));
        let run = outside.start(json!({})).await;
        outside.ended(&run).await;
        assert_eq!(outside.asked("list_users"), reads);
        assert_eq!(outside.kinds(&run, "guard.read").len(), 1, "every run says what it relied on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_skipped_does_not_count() {
    let script = r#"
        let people = holders(flat(each(find_app("drift"), |app| app.grants())));
        approve("cut", "Cut two", [people[0], people[1]]);
        each(people.extract(0, 3), |person| person.end_sessions());
        ask("go", "?", ["yes"]);
        each(people.extract(3), |person| person.suspend());
    "#;
    for crash in [false, true] {
        let mut outside = Outside::of(script, (10, 5), 5, 0).await.guarded("limits: { people: 3 }\n", "");
        let run = outside.start(json!({ "free": false })).await;
        outside.waiting(&run, "A1").await;
        outside.answer(&run, "A1", "approve").await;
        outside.waiting(&run, "A2").await;
        outside.answer(&run, "A2", "deny").await;
        outside.waiting(&run, "Q1").await;
        if crash {
            outside.crash();
        }
        outside.answer(&run, "Q1", "yes").await;
        // Two were cut, so that one more may be.
        let view = outside.waiting(&run, "G1").await;
        assert_eq!((ended(&outside), outside.done("suspend_user")), (2, 1));
        assert!(
            guard(&view, "G1").text.contains("has cut 3 people, and may cut 3"),
            "{:?}",
            guard(&view, "G1")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn caps_of_the_house_hold_whatever_a_manifest_allows() {
    for (config, name, done) in [
        ("caps: { run: { targets: 3 } }\n", "cap of 3 targets a run", 2),
        ("caps: { step: { people: 2 } }\n", "cap of 2 people a step, in step ", 2),
        ("caps: { run: { people: 20% } }\n", "cap of 20% of the people in okta a run", 2),
    ] {
        let script = PEOPLE.replace("approve(", "for app in apps { app.quarantine(); } approve(");
        let outside = Outside::of(&script, (10, 5), 5, 0).await.guarded("", config);
        let run = outside.start(json!({})).await;
        let view = outside.waiting(&run, "G1").await;
        assert!(guard(&view, "G1").name.starts_with(name), "{}", guard(&view, "G1").name);
        assert_eq!((outside.done("deactivate_app"), ended(&outside)), (1, done), "{config}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_of_an_hour_counts_all_runs_over_a_restart() {
    let script = r#"
        let all = okta.list_group_members(#{ group: okta.find_group(#{ name: "Everyone" })[0].id });
        each(all.extract(input.from, 2), |person| person.suspend());
    "#;
    let mut outside = Outside::of(script, (8, 1), 1, 0).await;
    let more = &mut outside.setup.more;
    *more = more.replace("read: [", "read: [okta.find_group, okta.list_group_members, ");
    more.push_str("  from: { type: integer, default: 0 }\n");
    let mut outside = outside.guarded("", "caps: { hour: { people: 3 } }\n");
    let first = outside.start(json!({})).await;
    outside.ended(&first).await;
    outside.crash();
    let second = outside.start(json!({ "from": 2 })).await;
    let view = outside.waiting(&second, "G1").await;
    let text = &guard(&view, "G1").text;
    assert!(text.contains("all runs together have, within an hour, cut 3 people, and may cut 3"), "{text}");
    assert_eq!(outside.done("suspend_user"), 3);
    outside.answer(&second, "G1", "skip").await;
    outside.ended(&second).await;
    outside.clock.forward(Duration::from_secs(3601));
    let third = outside.start(json!({ "from": 4 })).await;
    let view = outside.ended(&third).await;
    assert_eq!(count(&view, TargetState::Residual), 2, "the hour is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_carries_a_protected_tag_is_held_on_the_platform_or_in_the_register() {
    // The desk of these tests tags Drift with "Payroll".
    let outside = Outside::new(crate::calls::CUT, 1, 0).await.guarded("", "protect: [{ tag: payroll }]\n");
    let run = outside.start(json!({})).await;
    let view = outside.waiting(&run, "G1").await;
    let card = guard(&view, "G1");
    assert_eq!(card.name, "protected tag payroll");
    assert!(card.text.contains("it carries the protected tag payroll"), "{}", card.text);
    assert_eq!((card.targets[0].kind.as_str(), outside.done("deactivate_app")), ("app", 0));
    outside.answer(&run, "G1", "go_on").await;
    outside.ended(&run).await;
    assert_eq!(outside.done("deactivate_app"), 1);

    let tagged = json!({ "$target": { "integration": "okta", "kind": "user", "id": "u1", "attrs": { "tags": ["vip"] } } });
    let plain = json!({ "$target": { "integration": "okta", "kind": "user", "id": "u2", "attrs": { "labels": ["dev"] } } });
    let script = "each(input.people, |person| person.suspend());";
    let outside = Outside::new(script, 1, 0).await;
    let outside = outside.guarded("  people: { type: list, default: [] }\n", "protect: [{ tag: VIP }]\n");
    let run = outside.start(json!({ "people": [tagged, plain] })).await;
    let view = outside.waiting(&run, "G1").await;
    assert_eq!(logins(&guard(&view, "G1").targets), ["okta/user/u1"]);
    outside.answer(&run, "G1", "skip").await;
    outside.ended(&run).await;
}

/// A run that cuts two grants itself and three by a child, all at the same time; people say who goes first.
const WITH_CHILD: &str = r#"
    let grants = flat(each(find_app("drift"), |app| app.grants()));
    approve("cut", "Cut", grants);
    together(#{
        child: || run_playbook("child"),
        own: || { ask("own", "?", ["yes"]); each(grants.extract(3), |grant| grant.revoke()) },
    });
"#;
const CHILD: &str = r#"
    let grants = flat(each(find_app("drift"), |app| app.grants()));
    approve("cut", "Cut", grants);
    ask("child", "?", ["yes"]);
    each(grants.extract(0, 3), |grant| grant.revoke());
    ask("stay", "?", ["yes"]);
"#;

async fn with_child(more: &str, config: &str) -> (Outside, RunId, RunId) {
    let mut outside = Outside::new(WITH_CHILD, 5, 0).await;
    outside.setup.others.push(("child".to_owned(), outside.setup.more.clone(), CHILD.to_owned()));
    let outside = outside.guarded(more, config);
    let run = outside.start(json!({})).await;
    let view = outside.waiting(&run, "C1").await;
    let child = RunId(view.waits.iter().find(|wait| wait.id == "C1").unwrap().text.clone());
    outside.waiting(&child, "Q1").await;
    (outside, run, child)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_child_cuts_counts_for_its_parent_while_it_is_at_work() {
    for (more, config) in [("limits: { targets: 4 }\n", ""), ("", "caps: { run: { targets: 4 } }\n")] {
        for crash in [false, true] {
            let (mut outside, run, child) = with_child(more, config).await;
            outside.answer(&child, "Q1", "yes").await;
            outside.waiting(&child, "Q2").await;
            assert_eq!(outside.done("revoke_app_token"), 3);
            if crash {
                outside.crash();
            }
            outside.answer(&run, "Q1", "yes").await;
            let view = outside.waiting(&run, "G1").await;
            let text = &guard(&view, "G1").text;
            assert!(text.contains("this run has cut 4 targets, and may cut 4"), "{text}");
            assert_eq!(outside.done("revoke_app_token"), 4);
            outside.answer(&run, "G1", "skip").await;
            outside.answer(&child, "Q2", "yes").await;
            outside.ended(&run).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_may_not_cut_more_than_its_parent() {
    for crash in [false, true] {
        // The child's own manifest sets no limit.
        let (mut outside, run, child) = with_child("limits: { targets: 4 }\n", "").await;
        outside.answer(&run, "Q1", "yes").await;
        outside.until(&run, |view| count(view, TargetState::Residual) == 2).await;
        if crash {
            outside.crash();
        }
        outside.answer(&child, "Q1", "yes").await;
        let view = outside.waiting(&child, "G1").await;
        let text = &guard(&view, "G1").text;
        let told = format!("run {run} (test) has, with its children, cut 4 targets, and may cut 4");
        assert!(text.contains(&told), "{text}");
        assert_eq!(outside.done("revoke_app_token"), 4);
        outside.answer(&child, "G1", "skip").await;
        outside.waiting(&child, "Q2").await;
        outside.answer(&child, "Q2", "yes").await;
        outside.ended(&run).await;
        assert_eq!(outside.done("revoke_app_token"), 4);
    }
}

/// Revokes every grant, with evidence before it where the test says so.
fn revoke(evidence: &str) -> String {
    format!(
        r#"
    let grants = flat(each(find_app("drift"), |app| app.grants()));
    {evidence}
    approve("cut", "Revoke them", grants);
    each(grants, |grant| grant.revoke());
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn without_evidence_nothing_permanent_is_done_where_it_is_asked_for() {
    let config = "evidence: { before_permanent: required }\n";
    for (say, done) in [("go_on", 3), ("skip", 0)] {
        let mut outside = Outside::new(&revoke(""), 3, 0).await.guarded("", config);
        let run = outside.start(json!({})).await;
        let view = outside.waiting(&run, "G1").await;
        let card = guard(&view, "G1").clone();
        assert_eq!((card.targets.len(), outside.done("revoke_app_token")), (3, 0));
        assert!(card.text.contains("this run has kept no evidence yet"), "{}", card.text);
        outside.crash();
        outside.waiting(&run, "G1").await;
        outside.answer(&run, "G1", say).await;
        outside.ended(&run).await;
        assert_eq!(outside.done("revoke_app_token"), done, "{say}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_was_kept_lets_it_pass_and_lies_in_a_file_that_the_journal_names() {
    let config = "evidence: { before_permanent: required }\n";
    let script = revoke("evidence(\"before\", grants);");
    let outside = Outside::new(&script, 3, 0).await.guarded("", config);
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert!(view.waits.iter().all(|wait| wait.id != "G1"), "{:#?}", view.waits);
    assert_eq!(outside.done("revoke_app_token"), 3);
    let kept = outside.kinds(&run, "step.local").into_iter().find(|step| step["op"] == "evidence").unwrap();
    let hash = stanch_model::Hash::parse(kept["value"]["hash"].as_str().unwrap()).unwrap();
    let file = stanch_journal::Journal::blob(&*outside.journal, &hash).unwrap();
    assert_eq!(
        (file.len() as u64, stanch_model::Hash::of(&file)),
        (kept["value"]["bytes"].as_u64().unwrap(), hash)
    );
}
