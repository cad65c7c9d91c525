//! Plans: what a run would do is said to the target and nothing is done; a run that is held to a plan does that alone.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stanch_engine::{EngineError, StartRun};
use stanch_integrations::twin::Change;
use stanch_journal::Journal;
use stanch_model::{
    Ended, RunId, StreamId, TargetState,
    run::{Plan, RunView, Surety, WaitKind},
};

use crate::common::Outside;

/// What the showpiece does, in short.
const CUT: &str = r##"
    phase("scope");
    let apps = find_app("drift");
    let grants = flat(each(apps, |app| app.grants()));
    phase("contain");
    approve("cut", "Cut Drift off", [apps, grants]);
    for app in apps { app.quarantine(); }
    each(grants, |grant| grant.revoke());
    phase("prove");
    let late = flat(each(find_app("drift"), |app| app.grants()));
    each(late, |grant| grant.revoke());
    let left = settle();
    note(`${late.len()} late, ${left.failed.len()} failed, ${left.found.len()} found`);
    slack.post_message(#{ channel: "#incidents", text: "Drift is cut off" });
"##;

fn start() -> StartRun {
    StartRun {
        playbook: "test".to_owned(),
        input: [("free".to_owned(), json!(false))].into(),
        alert: None,
        incident: None,
        started_by: "ana".to_owned(),
        channel: String::new(),
    }
}

async fn plan(outside: &Outside) -> (RunId, Plan) {
    let run = outside.engine.plan(start(), None).await.unwrap();
    (run.clone(), over(outside, &run).await)
}

async fn over(outside: &Outside, run: &RunId) -> Plan {
    outside.until(run, |view| view.ended.is_some()).await;
    outside.engine.planned(run).unwrap()
}

/// `okta.revoke_app_token okta/grant/1`, in order.
fn lines(plan: &Plan) -> Vec<String> {
    plan.lines().iter().map(ToString::to_string).collect()
}

fn grant(outside: &Outside, count: u32) {
    let change = Change::Grant { integration: "okta".to_owned(), app: "drift".to_owned(), count };
    outside.twins.change(&change).unwrap();
}

fn targets(view: &RunView) -> BTreeSet<String> {
    view.targets.values().map(|view| view.target.key()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_names_every_target_and_leaves_everything_as_it_is() {
    let outside = Outside::new(CUT, 3, 2).await;
    let (run, plan) = plan(&outside).await;
    assert!(outside.twins.effects().is_empty(), "{:#?}", outside.twins.effects());
    assert_eq!((plan.ended, plan.error.as_ref()), (Some(Ended::Finished), None));
    let by = |action: &str| plan.acts.iter().filter(|act| act.action == action).count();
    assert_eq!((by("deactivate_app"), by("revoke_app_token"), by("post_message")), (1, 3, 1), "{plan:#?}");
    let okta = plan.acts.iter().find(|act| act.action == "deactivate_app").unwrap();
    assert_eq!((okta.phase.as_str(), okta.effect.as_str()), ("contain", "reversible"));
    assert_eq!(okta.undo.as_ref().unwrap()["action"], "activate_app");
    assert!(okta.proven && okta.target.as_ref().unwrap().label == "Drift", "{okta:#?}");
    let revoke = plan.acts.iter().find(|act| act.action == "revoke_app_token").unwrap();
    assert_eq!((revoke.approval.as_deref(), revoke.undo.as_ref()), (Some("A1"), None), "{revoke:#?}");
    assert!(revoke.residual_ms.is_some(), "{revoke:#?}");
    let manual: Vec<_> = plan.acts.iter().filter(|act| act.by_hand).collect();
    assert_eq!(
        (manual.len(), manual[0].integration.as_str()),
        (1, "salesforce"),
        "no API blocks an app there"
    );
    assert!(plan.waits.iter().any(|wait| wait.wait.kind == WaitKind::Manual), "{:#?}", plan.waits);
    let card = plan.waits.iter().find(|wait| wait.wait.kind == WaitKind::Approval).unwrap();
    assert_eq!((card.asked.join(" "), card.wait.targets.len()), ("ben caro".to_owned(), 7));
    assert_eq!(card.wait.closed.as_ref().unwrap().by, "assumed");
    assert!(plan.scopes["okta"].contains_key("okta.apps.manage"), "{:?}", plan.scopes);
    let free = StartRun { input: [("free".to_owned(), json!(true))].into(), ..start() };
    let free = outside.engine.plan(free, None).await.unwrap();
    let free = over(&outside, &free).await;
    assert_eq!(free.waits[0].wait.closed.as_ref().unwrap().by, "pre_approved");
    let view = outside.engine.view(&run).unwrap();
    assert_eq!(view.containment.unwrap().as_str(), "not_contained", "a plan contains nothing");
    assert_eq!(view.notes[0].1, "0 late, 0 failed, 0 found", "the second look lacks what is cut by then");
    assert!(view.holds.is_empty() && view.deadlines.is_empty() && view.incident.is_none());
    assert!(view.targets.values().all(|target| target.state == TargetState::Requested));
    for (op, surety) in [("settle", Surety::Assumed), ("call", Surety::NotKnown)] {
        assert!(plan.marks.iter().any(|mark| mark.op == op && mark.surety == surety), "{:#?}", plan.marks);
    }
    assert!(plan.acts.iter().all(|act| act.follows.is_empty()), "what turns up later changes no branch");
    assert_eq!(outside.engine.replay(&[run]).unwrap(), view.steps.len() as u64, "it replays");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hash_stays_as_long_as_the_world_does_and_the_run_does_what_the_plan_says() {
    let outside = Outside::new(CUT, 3, 0).await;
    let (first, plan_a) = plan(&outside).await;
    let (second, plan_b) = plan(&outside).await;
    assert_ne!(first, second);
    assert_eq!(plan_a.hash, plan_b.hash);
    let hash = plan_a.hash.unwrap().to_string();
    assert_eq!(outside.engine.plan_run(&hash[..8]).unwrap(), first);
    let (run, _) = outside.engine.execute(start(), &hash).await.unwrap();
    let view = outside.waiting(&run, "A1").await;
    assert!(outside.twins.effects().is_empty() && view.targets.is_empty(), "it asks as every run does");
    outside.answer(&run, "A1", "approve").await;
    let view = outside.ended(&run).await;
    assert!(view.containment.unwrap().is_whole(), "{:?}", view.because);
    assert!(view.waits.iter().all(|wait| wait.kind != WaitKind::Guard), "{:#?}", view.waits);
    assert_eq!(targets(&view), targets(&outside.engine.view(&first).unwrap()));
    let (_, after) = plan(&outside).await;
    assert_ne!(after.hash, plan_a.hash, "what is cut is not cut again");
    let (late, _) = outside.engine.execute(start(), &hash).await.unwrap();
    outside.waiting(&late, "A1").await;
    outside.answer(&late, "A1", "approve").await;
    let view = outside.ended(&late).await;
    let missed = view.because.iter().filter(|why| why.contains("planned and not met: okta.revoke")).count();
    assert_eq!(missed, 3, "what was planned and is not there any more is said: {:?}", view.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_target_more_is_another_plan() {
    let outside = Outside::new(CUT, 2, 0).await;
    let (_, before) = plan(&outside).await;
    grant(&outside, 1);
    let (_, after) = plan(&outside).await;
    assert_ne!(before.hash, after.hash);
    assert_eq!(after.lines().difference(&before.lines()).count(), 1);
}

/// Plans, changes the world, and runs what was planned, up to its first card of a guard.
async fn off_plan() -> (Outside, RunId, RunView) {
    let outside = Outside::new(CUT, 2, 0).await;
    let (_, plan) = plan(&outside).await;
    grant(&outside, 1);
    let (run, _) = outside.engine.execute(start(), &plan.hash.unwrap().to_string()).await.unwrap();
    outside.waiting(&run, "A1").await;
    outside.answer(&run, "A1", "approve").await;
    let view = outside.waiting(&run, "G1").await;
    (outside, run, view)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_at_the_first_thing_that_its_plan_has_not() {
    for (say, done) in [("go_on", 3), ("skip", 2)] {
        let (mut outside, run, view) = off_plan().await;
        let card = view.waits.iter().find(|wait| wait.id == "G1").unwrap().clone();
        assert_eq!(
            (card.targets.len(), &card.options[..]),
            (1, &["go_on".to_owned(), "skip".to_owned()][..])
        );
        for part in ["okta.revoke_app_token on okta/grant/", "is not in the plan", "`skip`"] {
            assert!(card.text.contains(part), "{part}: {}", card.text);
        }
        assert!(outside.done("revoke_app_token") < 3 && outside.asked("post_message") == 0);
        outside.crash();
        outside.waiting(&run, "G1").await;
        assert!(outside.done("revoke_app_token") < 3, "a kill lets nobody through");
        outside.answer(&run, "G1", say).await;
        let view = outside.ended(&run).await;
        assert_eq!(outside.done("revoke_app_token"), done, "{say}: what is in the plan goes on either way");
        assert_eq!(outside.asked("post_message"), 1);
        assert_eq!(view.ended, Some(Ended::Finished));
    }
    let (outside, run, _) = off_plan().await;
    let before = outside.done("revoke_app_token");
    outside.engine.cancel(&run, "ana", "not what I read").await.unwrap();
    let view = outside.until(&run, |view| view.ended.is_some()).await;
    assert_eq!((view.ended, outside.done("revoke_app_token")), (Some(Ended::Cancelled), before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_somebody_else_and_a_persons_work_are_compared_too() {
    const TELL: &str = r#"
        let apps = find_app("drift");
        if apps.len() > 1 { for app in apps { app.quarantine(); } }
        let to = if apps.len() > 1 { "mallory@example.com" } else { "soc@acme.example" };
        smtp.send(#{ to: to, subject: "x", text: "y" });
    "#;
    let mut outside = Outside::new(TELL, 1, 0).await;
    outside.setup.more = outside.setup.more.replace("slack.post_message]", "slack.post_message, smtp.send]");
    outside.crash();
    let (_, plan) = plan(&outside).await;
    assert_eq!(lines(&plan), ["smtp.send on soc@acme.example"]);
    let change = Change::Grant { integration: "salesforce".to_owned(), app: "drift".to_owned(), count: 1 };
    outside.twins.change(&change).unwrap();
    let (run, _) = outside.engine.execute(start(), &plan.hash.unwrap().to_string()).await.unwrap();
    let (mut stopped, mut answered) = (Vec::new(), BTreeSet::new());
    let view = loop {
        let open = |view: &RunView| view.open_waits().find(|wait| !answered.contains(&wait.id)).cloned();
        let view = outside.until(&run, |view| view.ended.is_some() || open(view).is_some()).await;
        let Some(wait) = open(&view) else { break view };
        let is_guard = wait.kind == WaitKind::Guard;
        outside.answer(&run, &wait.id, if is_guard { "go_on" } else { "done" }).await;
        stopped.extend(is_guard.then_some(wait.text));
        answered.insert(wait.id);
    };
    let all = stopped.join("\n");
    for part in ["okta.deactivate_app on okta/app/", "salesforce.", "smtp.send on mallory@example.com"] {
        assert!(all.contains(part), "{part}: {all}");
    }
    assert!(view.waits.iter().any(|wait| wait.kind == WaitKind::Manual), "a person was asked after all");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_executed_says_why_and_starts_nothing() {
    let mut outside = Outside::new(CUT, 2, 0).await;
    let (_, plan) = plan(&outside).await;
    let hash = plan.hash.unwrap().to_string();
    let streams = |outside: &Outside| {
        let filter = stanch_journal::Filter { prefix: "run/".to_owned(), ..Default::default() };
        outside.journal.query(&filter, stanch_journal::Cursor::START).unwrap().streams.len()
    };
    let before = streams(&outside);
    for unknown in ["0123456789abcdef", "abc", "", "not a hash at all"] {
        let refused = outside.engine.execute(start(), unknown).await.unwrap_err();
        assert!(matches!(refused, EngineError::NoPlan(_)), "{unknown}: {refused}");
    }
    let other = StartRun { playbook: "oauth-app-compromise".to_owned(), ..start() };
    let refused = outside.engine.execute(other, &hash).await.unwrap_err().to_string();
    assert!(refused.contains("it is a plan of test, not of oauth-app-compromise"), "{refused}");
    outside.setup.script = CUT.replace("Cut Drift off", "Cut it");
    outside.crash();
    let refused = outside.engine.execute(start(), &hash).await.unwrap_err();
    assert!(refused.to_string().contains("the playbook test has changed since"), "{refused}");
    assert!(outside.engine.plan(start(), Some(&hash)).await.is_err(), "it cannot be made anew either");
    assert_eq!(streams(&outside), before, "nothing was begun");
    let live = outside.start(json!({})).await;
    assert!(outside.engine.planned(&live).unwrap_err().to_string().contains("no plan"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_know_is_said_and_the_plan_goes_on_with_something() {
    const UNKNOWN: &str = r#"
        let apps = find_app("drift");
        let answer = ask("scope", "Is it the mail connector too?", ["yes", "no"]);
        let silence = ask("quiet", "Anything else?", ["a", "b"]);
        let reply = wait_for("vendor.replied", #{ within: "2h" });
        let gone = wait_until(|| find_app("drift"), |apps| apps.is_empty());
        wait("10m");
        note(`${answer} ${silence} ${reply} ${gone}`);
        if answer == "yes" { for app in apps { app.quarantine(#{ expires_in: "4h" }); } }
        if reply != () { fail("nobody can have replied"); }
    "#;
    let mut outside = Outside::new(UNKNOWN, 1, 0).await;
    outside.setup.more.push_str("questions:\n  quiet: { ask: lead, within: 5m, unanswered: b }\n");
    outside.crash();
    let (run, plan) = plan(&outside).await;
    let view = outside.engine.view(&run).unwrap();
    assert_eq!(view.notes[0].1, "yes b  ", "{:?}", view.error);
    let marks: Vec<(&str, Surety)> = plan.marks.iter().map(|mark| (mark.op.as_str(), mark.surety)).collect();
    for mark in [
        ("ask", Surety::NotKnown),
        ("wait_for", Surety::NotKnown),
        ("wait_until", Surety::NotKnown),
        ("wait", Surety::Assumed),
        ("call", Surety::Assumed),
    ] {
        assert!(marks.contains(&mark), "{mark:?}: {:#?}", plan.marks);
    }
    let act = plan.acts.iter().find(|act| act.is_cut()).unwrap();
    assert_eq!(act.follows, ["scope", "quiet", "vendor.replied", "wait_until"]);
    assert!(
        plan.marks.iter().any(|mark| mark.why.contains("comes back by itself after")),
        "{:#?}",
        plan.marks
    );
    assert!(outside.twins.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_and_limits_that_would_stop_it_are_met_and_passed() {
    let outside = Outside::of(CUT, (6, 4), 4, 0)
        .await
        .guarded("limits: { targets: 3 }\n", "protect:\n  - { app: drift }\ncaps:\n  hour: { targets: 4 }\n");
    let (_, plan) = plan(&outside).await;
    let stops: Vec<&str> = plan
        .waits
        .iter()
        .filter(|wait| wait.wait.kind == WaitKind::Guard)
        .map(|wait| wait.wait.name.as_str())
        .collect();
    for part in ["protected app drift", "limit of 3 targets", "cap of 4 targets an hour"] {
        assert!(stops.contains(&part), "{part}: {stops:?}");
    }
    assert_eq!(plan.acts.iter().filter(|act| act.action == "revoke_app_token").count(), 4, "{plan:#?}");
    let (_, again) = plan_again(&outside, &plan).await;
    assert_eq!(again.hash, plan.hash, "what was planned takes nothing from what may be cut in an hour");
}

async fn plan_again(outside: &Outside, plan: &Plan) -> (RunId, Plan) {
    let hash = plan.hash.unwrap().to_string();
    let run = outside.engine.plan(StartRun { input: [].into(), ..start() }, Some(&hash)).await.unwrap();
    assert_eq!(outside.engine.view(&run).unwrap().input["free"], json!(false), "its input is the plan's");
    (run.clone(), over(outside, &run).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_below_is_planned_with_it() {
    const ABOVE: &str = r#"
        phase("hand over");
        let child = run_playbook("below", #{});
        note(`${child.ended} ${child.containment} ${child.targets.len()}`);
    "#;
    let mut outside = Outside::new(ABOVE, 2, 0).await;
    let below = "uses:\n  read: [find_app, app.grants]\n  permanent: [grant.revoke]\napprovals:\n  cut: { ask: lead, within: 15m, unanswered: [deny] }\n";
    let script = r#"each(flat(each(find_app("drift"), |app| app.grants())), |grant| grant.revoke());"#;
    outside.setup =
        std::mem::replace(&mut outside.setup, crate::common::Setup::new("")).other("below", below, script);
    outside.crash();
    let (run, plan) = plan(&outside).await;
    assert_eq!(outside.engine.view(&run).unwrap().notes[0].1, "finished contained 2");
    assert_eq!(
        plan.acts.iter().filter(|act| act.playbook == "below" && act.phase == "below").count(),
        2,
        "{plan:#?}"
    );
    assert!(plan.waits.iter().any(|wait| wait.playbook == "below" && wait.wait.card), "{:#?}", plan.waits);
    assert!(outside.twins.effects().is_empty());
    let (run, _) = outside.engine.execute(start(), &plan.hash.unwrap().to_string()).await.unwrap();
    let child = outside.until(&run, |view| view.waits.iter().any(|wait| wait.kind == WaitKind::Child)).await;
    let child = RunId(child.waits[0].text.clone());
    outside.waiting(&child, "A1").await;
    outside.answer(&child, "A1", "approve").await;
    outside.ended(&run).await;
    assert_eq!(outside.done("revoke_app_token"), 2);
    let view = outside.engine.view(&child).unwrap();
    assert!(view.waits.iter().all(|wait| wait.kind != WaitKind::Guard), "{:#?}", view.waits);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_survives_a_kill_at_every_entry() {
    let mut outside = Outside::new(CUT, 2, 1).await;
    let (run, whole) = plan(&outside).await;
    let journal = std::sync::Arc::clone(&outside.journal);
    let mut lives = 0;
    for cut in journal.cuts() {
        let left = journal.crash_at(cut);
        if left.stream(&StreamId::run(&run)).unwrap().is_none() {
            continue;
        }
        outside.go_on(left);
        let again = over(&outside, &run).await;
        assert_eq!((again.hash, lines(&again)), (whole.hash, lines(&whole)), "cut after {cut} entries");
        lives += 1;
    }
    assert!(lives > 10, "{lives}");
    assert!(outside.twins.effects().is_empty(), "{:#?}", outside.twins.effects());
}

/// For the entries of a plan, as somebody with `jq` reads them.
#[tokio::test(flavor = "multi_thread")]
async fn the_journal_of_a_plan_says_that_nothing_was_sent() {
    let outside = Outside::new(CUT, 1, 0).await;
    let (run, _) = plan(&outside).await;
    let done: Vec<Value> = outside.kinds(&run, "step.outcome");
    assert!(done.iter().any(|outcome| outcome["by"] == "plan"));
    let planned = outside.kinds(&run, "run.planned");
    assert_eq!(planned.len(), 1);
    let targets = outside.kinds(&run, "target");
    assert!(targets.iter().all(|entry| entry["why"] == "planned: nothing is sent"), "{targets:?}");
}

const BRANCHES: &str = r##"
    let apps = find_app("drift");
    let next = ask("next", "What now?", ["wait", "block it"]);
    if next == "block it" { for app in apps { app.quarantine(); } }
    let why = ask("why", "Why?", ["a test", "no test"]);
    slack.post_message(#{ channel: "#incidents", text: why });
"##;

async fn plan_for(outside: &Outside, answers: &[(&str, &str)]) -> (RunId, Plan) {
    let answers = answers.iter().map(|(name, say)| ((*name).to_owned(), (*say).to_owned())).collect();
    let run = outside.engine.plan_for(start(), None, &answers).await.unwrap();
    (run.clone(), over(outside, &run).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_for_the_answer_that_somebody_chose_and_another_answer_is_another_plan() {
    let outside = Outside::new(BRANCHES, 1, 0).await;
    let (_, silent) = plan(&outside).await;
    let (run, chosen) = plan_for(&outside, &[("next", "block it"), ("why", "a test")]).await;
    assert_eq!((lines(&silent).len(), lines(&chosen).len()), (1, 2), "{chosen:#?}");
    let quarantine = chosen.acts.iter().find(|act| act.action == "deactivate_app").unwrap();
    assert!(quarantine.follows.is_empty(), "it follows from nothing that is not known: {quarantine:#?}");
    let mark = chosen.marks.iter().find(|mark| mark.name == "next").unwrap();
    assert_eq!(mark.surety, Surety::Assumed);
    assert!(mark.why.contains("this plan is for the answer \"block it\""), "{}", mark.why);
    // By its address too.
    let at = outside.engine.view(&run).unwrap();
    let at = at.waits.iter().find(|wait| wait.name == "next").unwrap().address.as_str().to_owned();
    let (_, by_address) = plan_for(&outside, &[(&at, "block it"), ("why", "a test")]).await;
    assert_eq!(lines(&by_address), lines(&chosen));
    // The same effects after another answer are another plan.
    let (_, wait) = plan_for(&outside, &[("next", "wait")]).await;
    assert_eq!(lines(&wait), lines(&silent));
    assert_ne!(wait.hash, silent.hash);
    // Made anew it is for the same answers; a run that is held to it stops at nothing when a person says the same.
    let hash = chosen.hash.unwrap().to_string();
    let again = outside.engine.plan(start(), Some(&hash)).await.unwrap();
    assert_eq!(over(&outside, &again).await.hash, chosen.hash);
    let (run, _) = outside.engine.execute(start(), &hash).await.unwrap();
    outside.waiting(&run, "Q1").await;
    outside.answer(&run, "Q1", "block it").await;
    outside.waiting(&run, "Q2").await;
    outside.answer(&run, "Q2", "a test").await;
    let view = outside.ended(&run).await;
    assert!(view.waits.iter().all(|wait| wait.kind != WaitKind::Guard), "{:#?}", view.waits);
    assert_eq!(outside.done("deactivate_app"), 1);
    let (_, wrong) = plan_for(&outside, &[("next", "panic")]).await;
    let error = wrong.error.unwrap();
    assert!(error.message.contains("`panic` is no answer to next: it takes wait, block it"), "{error}");
}

/// Starts a run below with an input that follows from what it reads.
const STARTS: &str = r#"
    let apps = find_app("drift");
    let child = run_playbook("below", #{ count: apps.len() });
    note(`${child.ended}`);
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_below_with_other_inputs_than_planned_waits_for_a_person() {
    for (say, ended) in [("go on", Ended::Finished), ("stop", Ended::Failed)] {
        let mut outside = Outside::new(STARTS, 1, 0).await;
        let below = "uses: {}\ninput:\n  count: { type: integer }\n";
        outside.setup = std::mem::replace(&mut outside.setup, crate::common::Setup::new("")).other(
            "below",
            below,
            "note(`${input.count}`);",
        );
        outside.crash();
        let (_, plan) = plan(&outside).await;
        assert_eq!(plan.starts.len(), 1, "{plan:#?}");
        let hash = plan.hash.unwrap().to_string();
        let (run, _) = outside.engine.execute(start(), &hash).await.unwrap();
        let view = outside.ended(&run).await;
        assert_eq!(
            (view.ended, view.waits.len()),
            (Some(Ended::Finished), 1),
            "as planned: {:#?}",
            view.waits
        );
        let change =
            Change::Grant { integration: "salesforce".to_owned(), app: "drift".to_owned(), count: 1 };
        outside.twins.change(&change).unwrap();
        let (run, _) = outside.engine.execute(start(), &hash).await.unwrap();
        let view = outside.waiting(&run, "Q1").await;
        let card = view.open_waits().next().unwrap();
        assert_eq!(card.name, "off-plan");
        assert!(
            card.text.contains("the plan starts below with other inputs")
                && card.text.contains("\"count\":2"),
            "{}",
            card.text
        );
        outside.crash();
        outside.waiting(&run, "Q1").await;
        outside.answer(&run, "Q1", say).await;
        let view = outside.ended(&run).await;
        assert_eq!(view.ended, Some(ended), "{:?}", view.error);
        assert!(outside.engine.replay(&[run]).is_ok());
    }
}
