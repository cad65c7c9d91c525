//! Clocks, signals, polls and child runs.

use std::time::Duration;

use serde_json::json;
use stanch_model::run::RunState;

use crate::common::{Setup, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_runs_on_the_runs_clock_and_survives_a_restart() {
    let input = "input:\n  long: { type: string }\n";
    let mut world = World::with_manifest(r#"wait(input.long); note("late");"#, input);
    let run = world.start(json!({ "long": "30m" })).await;
    let sooner = world.start(json!({ "long": "29m" })).await;
    let view = world.waiting(&run, "T1").await;
    assert!(view.due_ms.is_some(), "a parked run says until when");
    world.waiting(&sooner, "T1").await;
    world.crash();
    world.clock.forward(Duration::from_secs(29 * 60));
    world.ended(&sooner).await;
    assert!(world.engine.view(&run).unwrap().ended.is_none(), "its time has not come");
    world.clock.forward(Duration::from_secs(61));
    assert_eq!(world.ended(&run).await.notes[0].1, "late");
}

#[tokio::test(flavor = "multi_thread")]
async fn early_signals_are_kept_and_each_is_taken_once_in_order() {
    let mut world = World::new(
        r#"
        ask("go", "?", ["yes"]);
        let a = wait_for("vendor.replied");
        let b = wait_for("vendor.replied");
        let c = wait_for("vendor.replied", #{ within: "1m" });
        note(`${a.text} ${b.text} ${c}`);
    "#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.engine.signal(&run, "1", "vendor.replied", json!({ "text": "one" })).await.unwrap();
    world.engine.signal(&run, "x", "other", json!({ "text": "other" })).await.unwrap();
    world.engine.signal(&run, "1", "vendor.replied", json!({ "text": "again" })).await.unwrap();
    world.crash();
    world.engine.signal(&run, "2", "vendor.replied", json!({ "text": "two" })).await.unwrap();
    world.answer(&run, "Q1", "yes").await;
    world.waiting(&run, "S3").await;
    world.crash();
    world.clock.forward(Duration::from_secs(61));
    assert_eq!(world.ended(&run).await.notes[0].1, "one two ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_from_somebody_else_is_not_taken() {
    let world = World::new(
        r#"
        let got = wait_for("mail", #{ from: "drift" });
        note(got.text);
        let rest = wait_for("mail");
        note(rest.text);
    "#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "S1").await;
    world.engine.signal(&run, "1", "mail", json!({ "from": "zendesk", "text": "no" })).await.unwrap();
    world.engine.signal(&run, "2", "mail", json!({ "from": "drift", "text": "yes" })).await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!((view.notes[0].1.as_str(), view.notes[1].1.as_str()), ("yes", "no"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_gives_up_at_the_time_that_it_began_with() {
    let mut world = World::new(
        r#"
        let got = wait_until(|| uuid().len(), |n| n == 0, #{ every: "10m", within: "1h" });
        note(`gave up ${got == ()}`);
    "#,
    );
    let run = world.start(json!({})).await;
    for _ in 0..5 {
        let before = world.state(&run, RunState::Waiting).await.version;
        world.crash();
        world.clock.forward(Duration::from_secs(601));
        world.until(&run, |view| view.version > before + 2 && view.state != RunState::Running).await;
    }
    let view = world.ended(&run).await;
    assert_eq!(view.notes[0].1, "gave up true");
    let looks = view.steps.values().filter(|step| step.op == "uuid").count();
    assert!((5..=7).contains(&looks), "{looks} looks");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_throws_is_not_yet() {
    let world = World::new(
        r#"
        let got = wait_until(|| { if now() < input.x { 1 } else { fail("not there") } }, |n| true, #{ every: "1m", within: "2m" });
        note(`${got == ()}`);
        try { wait_until(|| 1, |n| "perhaps"); } catch (e) { note(e.kind); }
        try { wait("soon"); } catch (e) { note(e.kind); }
    "#,
    );
    let run = world.start(json!({})).await;
    let view = crate::common::finish(&world, &run).await;
    let notes: Vec<&str> = view.notes.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(notes, ["true", "misuse", "misuse"], "{view:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn child_runs_go_four_deep() {
    let own = r#"
        let below = attempt(|| run_playbook("below", #{ depth: input.depth + 1 }));
        if below.ok { below.value.value } else { `${input.depth} ${below.error.kind}` }
    "#;
    let input = "input:\n  depth: { type: integer, default: 0 }\n";
    let world = Setup::new(own).manifest(input).other("below", input, own).world();
    let run = world.start(json!({})).await;
    world.ended(&run).await;
    let runs = world.engine.runs(false, 100).unwrap();
    assert_eq!(runs.len(), 5, "one and four below it");
    assert!(runs.iter().all(|row| row.state == RunState::Ended));
    let last = world.entries(&run).into_iter().find(|entry| entry.header.kind == "run.ended").unwrap();
    assert!(last.body.unwrap().contains("4 limit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_run_cancels_its_children() {
    let mut world = Setup::new(r#"own.step(#{ n: 1 }); run_playbook("child"); own.step(#{ n: 2 });"#)
        .other("child", "", r#"own.step(#{ n: "c" }); ask("go", "?", ["yes"]); own.step(#{ n: "d" });"#)
        .world();
    let run = world.start(json!({})).await;
    let view = world.waiting(&run, "C1").await;
    let child = stanch_model::RunId(view.waits[0].text.clone());
    world.waiting(&child, "Q1").await;
    world.crash();
    world.engine.cancel(&run, "ana", "wrong app").await.unwrap();
    assert_eq!(world.ended(&run).await.ended.unwrap().as_str(), "cancelled");
    assert_eq!(world.ended(&child).await.ended.unwrap().as_str(), "cancelled");
    assert_eq!(world.effects(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_fails_does_not_throw() {
    let world = Setup::new(
        r#"
        let child = run_playbook("child");
        note(`${child.ended} ${child.containment} ${child.value == ()}`);
        let wrong = run_playbook("child", #{ no_such: 1 });
        note(`${wrong.ended}`);
    "#,
    )
    .other("child", "", r#"fail("no");"#)
    .world();
    let run = world.start(json!({})).await;
    let view = world.ended(&run).await;
    assert_eq!(view.notes[0].1, "failed nothing_to_contain true", "{view:?}");
    assert_eq!(view.notes[1].1, "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_joins_a_run_belongs_to_its_incident_and_so_does_what_else_it_starts() {
    let manifest = r#"
input:
  app: { from: alert.app, type: app }
start:
  - { when: alert.kind == "app.token_use", one_run_per: app }
"#;
    let wider = "start:\n  - { when: alert.title == \"two\" }\n";
    let setup = Setup::new(r#"wait_for("alert.folded", #{ within: "9h" });"#).manifest(manifest);
    let world = setup.other("wider", wider, r#"note("here");"#).world();
    let alert = |id: &str, title: &str, severity: &str| {
        let alert = json!({ "id": id, "source": "okta", "kind": "app.token_use", "title": title, "severity": severity,
            "time": "2026-11-26T02:40:00Z", "app": "drift", "raw": {} });
        serde_json::from_value::<stanch_model::Alert>(alert).unwrap()
    };
    let first = world.engine.alert(alert("1", "one", "medium")).await.unwrap();
    let incident = first.incident.clone().unwrap();
    world.waiting(&first.verdicts[0].run, "S1").await;
    let second = world.engine.alert(alert("2", "two", "critical")).await.unwrap();
    assert_eq!(second.incident.as_ref(), Some(&incident));
    let started = second.verdicts.iter().find(|verdict| !verdict.joined).unwrap();
    assert_eq!(second.verdicts.len(), 2, "{second:?}");
    assert_eq!(world.ended(&started.run).await.incident.as_ref(), Some(&incident));
    let again = world.engine.alert(alert("2", "two", "critical")).await.unwrap();
    assert!(again.duplicate, "{again:?}");

    let stream = stanch_model::StreamId::incident(&incident);
    let entries = stanch_journal::Journal::read(&*world.journal, &stream, 1, usize::MAX).unwrap();
    let told: Vec<(String, serde_json::Value)> = entries
        .iter()
        .map(|entry| (entry.header.kind.clone(), entry.decode().unwrap()))
        .filter(|(kind, _)| kind != "incident.changed")
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[0].0.as_str(), &told[0].1["alert"]), ("incident.opened", &json!(first.alert)));
    let joined = json!({ "alert": second.alert, "severity": "critical", "run": started.run });
    assert_eq!((told[1].0.as_str(), &told[1].1), ("incident.joined", &joined));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_joins_a_run_is_heard_by_its_script() {
    let manifest = r#"
input:
  app: { from: alert.app, type: app }
start:
  - { when: alert.kind == "app.token_use", one_run_per: app }
"#;
    let script = r#"
        let first = wait_for("alert.folded");
        note(`${first.title} ${first.severity}`);
        let second = wait_for("alert.folded", #{ within: "1h" });
        note(`${second == ()}`);
    "#;
    let mut world = Setup::new(script).manifest(manifest).world();
    let alert = |id: &str, title: &str, app: &str| {
        let alert = json!({ "id": id, "source": "okta", "kind": "app.token_use", "title": title, "severity": "high",
            "time": "2026-11-26T02:40:00Z", "app": app, "raw": {} });
        serde_json::from_value::<stanch_model::Alert>(alert).unwrap()
    };
    let accepted = world.engine.alert(alert("1", "one", "drift")).await.unwrap();
    let run = accepted.verdicts[0].run.clone();
    world.waiting(&run, "S1").await;
    world.crash();
    let joined = world.engine.alert(alert("2", "two", "drift")).await.unwrap().verdicts.remove(0);
    assert_eq!((&joined.run, joined.joined), (&run, true));
    let other = world.engine.alert(alert("3", "three", "gong")).await.unwrap();
    assert!(!other.verdicts[0].joined, "another app is another run");
    let view = world.waiting(&run, "S2").await;
    assert_eq!(view.notes[0].1, "two high");
    world.crash();
    world.clock.forward(Duration::from_secs(3601));
    assert_eq!(world.ended(&run).await.notes[1].1, "true", "each is taken once");
}
