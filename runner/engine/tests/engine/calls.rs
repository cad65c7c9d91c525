//! Calls on their way over simulated platforms: doubt, limits, refusals, secrets, pauses.

use std::time::Duration;

use serde_json::{Value, json};
use stanch_engine::Resolve;
use stanch_model::{
    TargetState,
    run::{RunState, RunView},
};

use crate::common::Outside;

/// Cuts everything that Drift has, settles, and notes what is left.
pub(crate) const CUT: &str = r#"
    let apps = find_app("drift");
    let grants = flat(each(apps, |app| app.grants()));
    approve("cut", "Cut Drift off", [apps, grants]);
    for app in apps { app.quarantine(); }
    each(grants, |grant| grant.revoke());
    let left = settle();
    note(`${left.failed.len()} ${left.in_doubt.len()} ${left.skipped.len()} ${left.found.len()}`);
"#;

pub(crate) fn containment(view: &RunView) -> &'static str {
    view.containment.unwrap().as_str()
}

fn states(view: &RunView, state: TargetState) -> usize {
    view.targets.values().filter(|target| target.state == state).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_cut_once_and_proven() {
    let outside = Outside::new(CUT, 3, 0).await;
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    // Okta revoked what it can; an access token that somebody checks without asking it is good to its end.
    assert_eq!(containment(&view), "contained_with_residual", "{:?} {:#?}", view.because, view.targets);
    assert_eq!(view.notes[0].1, "0 0 0 0");
    assert_eq!((outside.done("revoke_app_token"), outside.asked("revoke_app_token")), (3, 3));
    assert_eq!(states(&view, TargetState::Residual), 4);
    let holds = outside.kinds(&run, "hold");
    assert_eq!(holds.len(), 1, "only what can be taken back is held");
    assert_eq!(holds[0]["property"], json!("app.quarantine"));
    let quarantine = outside.kinds(&run, "step.intent").into_iter();
    let quarantine: Vec<Value> =
        quarantine.filter(|intent| intent["call"]["verb"] == "app.quarantine").collect();
    assert_eq!(quarantine[0]["call"]["before"]["status"], json!("ACTIVE"), "what was there is in the intent");
    assert_eq!(quarantine[0]["call"]["undo"]["action"], json!("activate_app"));
    let revoke = outside.kinds(&run, "step.intent").into_iter();
    let cites = revoke.filter(|intent| intent["call"]["verb"] == "grant.revoke");
    assert!(
        cites.into_iter().all(|intent| intent["call"]["approval"] == "A1"),
        "every cut cites its approval"
    );
    let looks = outside.asked("get_app_token");
    outside.clock.forward(Duration::from_secs(3601));
    let view = outside.until(&run, |view| states(view, TargetState::Verified) == 4).await;
    assert_eq!(containment(&view), "contained", "{:?}", view.because);
    assert_eq!(outside.asked("get_app_token"), looks + 3, "read back once more, not assumed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_settled_before_the_script_sees_it() {
    for (answer, asked) in
        [("timeout_after_effect", 3), ("timeout_before_effect", 4), ("reset", 4), ("503", 4)]
    {
        let outside = Outside::new(CUT, 3, 0).await;
        outside
            .fault(json!({ "action": "okta.revoke_app_token", "call": 2, "answer": answer, "delay": "10s" }));
        let run = outside.start(json!({})).await;
        let view = outside.ended(&run).await;
        assert_eq!(
            containment(&view),
            "contained_with_residual",
            "{answer} {:?} {:#?}",
            view.because,
            view.targets
        );
        let counts = (outside.done("revoke_app_token"), outside.asked("revoke_app_token"));
        assert_eq!(counts, (3, asked), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_asks_to_wait_is_given_time() {
    let outside = Outside::new(CUT, 3, 0).await;
    for action in ["okta.revoke_app_token", "okta.get_app"] {
        outside.fault(json!({ "action": action, "call": 1, "answer": "429", "delay": "1s" }));
    }
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "contained_with_residual", "{:?} {:#?}", view.because, view.targets);
    assert_eq!(outside.done("revoke_app_token"), 3);
    assert!(!outside.kinds(&run, "step.deferred").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_before_a_cut_waits_as_long_as_the_platform_asks_for() {
    let mut outside = Outside::new(CUT, 1, 0).await;
    outside.setup.patience.cut = Duration::ZERO;
    outside.crash();
    outside.fault(json!({ "action": "okta.get_app", "call": 1, "count": 2, "answer": "429", "delay": "1s" }));
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(states(&view, TargetState::Failed), 0, "{:#?}", view.targets);
    assert_eq!(outside.done("deactivate_app"), 1);
    assert!(outside.asked("get_app") > 2, "it was asked for again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_cut_fails_its_target_and_no_other() {
    let outside = Outside::new(CUT, 3, 0).await;
    outside.fault(json!({ "action": "okta.revoke_app_token", "call": 2, "answer": "403" }));
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished");
    assert_eq!(view.notes[0].1, "1 0 0 0");
    assert_eq!(containment(&view), "partly_contained");
    assert_eq!(states(&view, TargetState::Failed), 1);
    assert_eq!(outside.done("revoke_app_token"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_did_is_not_ours_to_undo() {
    let outside = Outside::new(CUT, 2, 0).await;
    outside.fault(json!({ "action": "okta.revoke_app_token", "call": 1, "answer": "already_revoked" }));
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "contained_with_residual", "{:?}", view.because);
    let by: Vec<&str> = view
        .steps
        .values()
        .filter(|step| step.name == "okta.revoke_app_token")
        .map(|step| step.by.as_str())
        .collect();
    assert!(by.contains(&"other") && by.contains(&"us"), "{by:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_carry_the_words_that_the_language_page_explains() {
    let script = r#"
        let apps = find_app("drift");
        let said = attempt(|| apps[0].grants());
        note(`${said.error.kind} ${said.error.status}`);
    "#;
    for (answer, kind) in
        [("403", "forbidden 403"), ("401", "auth 401"), ("404", "not_found 404"), ("html", "garbled 200")]
    {
        let outside = Outside::new(script, 2, 0).await;
        outside.fault(json!({ "action": "okta.list_app_tokens", "answer": answer }));
        let run = outside.start(json!({})).await;
        let view = outside.ended(&run).await;
        let word = view.notes[0].1.split(' ').next().unwrap();
        assert_eq!(word, kind.split(' ').next().unwrap(), "{answer}: {view:?}");
        assert_eq!(containment(&view), "not_contained", "a list that failed keeps the run from better");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_answer_was_lost_is_looked_for_and_never_sent_twice() {
    let lost = json!({ "action": "smtp.send", "call": 1, "answer": "timeout_after_effect", "delay": "10s" });
    let outside = Outside::new(r#"page("soc", "look"); note("sent");"#, 1, 0).await;
    outside.fault(lost.clone());
    let run = outside.start(json!({})).await;
    assert_eq!(outside.ended(&run).await.notes[0].1, "sent");
    assert_eq!(outside.twins.mails().len(), 1, "the archive has it");

    let mut outside = Outside::new(r#"page("soc", "look"); note("sent");"#, 1, 0).await;
    outside.without_archive();
    outside.fault(lost);
    let run = outside.start(json!({})).await;
    outside.waiting(&run, "D1").await;
    outside.crash();
    let view = outside.waiting(&run, "D1").await;
    let step = view.waits[0].address.clone();
    outside.engine.resolve(&run, step.as_str(), Resolve::Done, "ben", "test", "it is there").await.unwrap();
    assert_eq!(outside.ended(&run).await.notes[0].1, "sent");
    assert_eq!(outside.twins.mails().len(), 1, "a person looked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_a_person_asked_for_is_asked_about_again_after_a_crash() {
    let mut outside = Outside::new(r#"page("soc", "look"); note("sent");"#, 1, 0).await;
    outside.without_archive();
    outside
        .fault(json!({ "action": "smtp.send", "call": 1, "count": 2, "answer": "timeout_before_effect", "delay": "60s" }));
    let run = outside.start(json!({})).await;
    let view = outside.waiting(&run, "D1").await;
    let step = view.waits[0].address.clone();
    let attempts = |view: &RunView| view.steps[&step].attempts;
    assert_eq!(attempts(&view), 1);
    outside.engine.resolve(&run, step.as_str(), Resolve::Retry, "ben", "test", "").await.unwrap();
    outside.until(&run, |view| attempts(view) == 2).await;
    outside.crash();
    let view = outside.waiting(&run, "D2").await;
    assert_eq!(attempts(&view), 2, "one answer is one attempt");
    let intents = outside.kinds(&run, "step.intent");
    let keys: Vec<&Value> =
        intents.iter().filter(|i| !i["call"].is_null()).map(|i| &i["call"]["key"]).collect();
    assert_eq!(keys[0], keys[1], "a retry keeps the key");
    outside.engine.resolve(&run, step.as_str(), Resolve::Skip, "ben", "test", "").await.unwrap();
    outside.ended(&run).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_doubt_is_a_persons() {
    let mut outside = Outside::new(CUT, 1, 0).await;
    outside.fault(json!({ "action": "okta.revoke_app_token", "call": 1, "answer": "timeout_after_effect", "delay": "60s" }));
    let run = outside.start(json!({})).await;
    outside.until(&run, |view| view.steps.values().any(|step| step.name == "okta.revoke_app_token")).await;
    outside.clock.forward(Duration::from_secs(2 * 3600));
    outside.crash();
    outside.waiting(&run, "D1").await;
    assert_eq!(outside.asked("revoke_app_token"), 1);
    outside.answer(&run, "D1", "done").await;
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "contained_with_residual", "{:?} {:#?}", view.because, view.targets);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_sent_by_the_next_life_and_is_nowhere_written() {
    let script = r#"
        let apps = find_app("drift");
        let grants = flat(each(apps, |app| app.grants()));
        evidence("grants", grants);
        ask("go", "?", ["yes"]);
        approve("cut", "Cut", grants);
        each(grants, |grant| grant.revoke());
        note(`${settle().failed.len()} ${grants[0]}`);
    "#;
    let mut outside = Outside::new(script, 0, 3).await;
    let run = outside.start(json!({})).await;
    outside.waiting(&run, "Q1").await;
    outside.crash();
    outside.answer(&run, "Q1", "yes").await;
    let view = outside.ended(&run).await;
    assert!(view.notes[0].1.starts_with("0 "), "{view:#?}");
    assert_eq!(outside.done("revoke_token"), 3);
    let secrets: Vec<String> = outside.secrets.0.lock().values().cloned().collect();
    assert_eq!(secrets.len(), 3);
    let text = outside.journal_text();
    assert!(outside.secrets.0.lock().keys().all(|handle| text.contains(handle)), "the handles are there");
    assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "a secret lies in the journal");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_integration_gets_nothing_until_it_is_resumed() {
    let outside = Outside::new(CUT, 3, 0).await;
    outside.engine.pause_scope("integration:okta", true, "ana").await.unwrap();
    let run = outside.start(json!({})).await;
    let parked =
        |view: &RunView| view.state == RunState::Waiting && view.why.contains("integration:okta is paused");
    outside.until(&run, parked).await;
    assert_eq!(outside.twins.requests().iter().filter(|request| request.integration == "okta").count(), 0);
    outside.engine.pause_scope("integration:okta", false, "ana").await.unwrap();
    assert_eq!(containment(&outside.ended(&run).await), "contained_with_residual");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_the_wire_is_heard_before_a_run_ends_or_stands() {
    for pause in [false, true] {
        let outside = Outside::new(CUT, 1, 0).await;
        outside.fault(json!({ "action": "okta.revoke_app_token", "answer": "slow", "delay": "400ms" }));
        let run = outside.start(json!({})).await;
        outside.until(&run, |view| view.steps.values().any(|s| s.name == "okta.revoke_app_token")).await;
        if pause {
            outside.engine.pause(&run, true, "ana").await.unwrap();
            outside
                .until(&run, |view| view.steps.values().any(|s| s.name == "okta.revoke_app_token" && s.done))
                .await;
            outside.engine.pause(&run, false, "ana").await.unwrap();
            assert_eq!(containment(&outside.ended(&run).await), "contained_with_residual");
        } else {
            outside.engine.cancel(&run, "ana", "").await.unwrap();
            let view = outside.ended(&run).await;
            assert_eq!(view.ended.unwrap().as_str(), "cancelled");
            assert_eq!(
                states(&view, TargetState::Requested) + states(&view, TargetState::InDoubt),
                0,
                "{:#?}",
                view.targets
            );
        }
        assert_eq!(outside.asked("revoke_app_token"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_of_every_request_repeats_nothing_that_happened() {
    let mut outside = Outside::new(CUT, 4, 0).await;
    outside.fault(json!({ "action": "okta.revoke_app_token", "answer": "slow", "delay": "150ms" }));
    let run = outside.start(json!({})).await;
    for requests in 1..=4 {
        // It has happened, and the answer is on its way.
        outside.when(|outside| outside.asked("revoke_app_token") >= requests).await;
        outside.crash();
        if outside.engine.view(&run).unwrap().state == RunState::Suspect {
            // Killed twice at one place: a person lets it go on.
            outside.engine.pause(&run, false, "ana").await.unwrap();
        }
    }
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "contained_with_residual", "{:?} {:#?}", view.because, view.targets);
    assert_eq!(outside.done("revoke_app_token"), 4);
    assert_eq!(outside.done("deactivate_app"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_reaches_nobody_is_recorded_and_what_is_contained_stays_so() {
    for (channel, answer) in [("nobody", None), ("soc", Some("mail_bounce")), ("nowhere", None)] {
        let script = format!("{CUT}\nlet told = page(\"{channel}\", \"cut\");\nnote(`${{told.sent}}`);");
        let mut outside = Outside::new(&script, 1, 0).await;
        if let Some(answer) = answer {
            outside.fault(json!({ "action": "smtp.send", "answer": answer }));
        }
        let run = outside.start(json!({})).await;
        let view = outside.ended(&run).await;
        let end = (view.ended.unwrap().as_str(), containment(&view), view.notes[1].1.as_str());
        assert_eq!(end, ("finished", "contained_with_residual", "0"), "{channel}: {:?}", view.because);
        assert_eq!(view.untold.len(), 1, "{channel}: {:?}", view.untold);
        outside.crash();
        assert_eq!(outside.engine.view(&run).unwrap().untold, view.untold);
        assert!(outside.engine.replay(&[run]).is_ok());
    }
}

/// Tries three times, whatever it catches.
const STUBBORN: &str = r#"
    let tries = 0;
    while tries < 3 {
        tries += 1;
        try { SEND; break; } catch (e) { note(`caught ${e.kind}`); }
    }
    note(`${tries}`);
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_authors_own_retry_cannot_send_a_second_mail() {
    let lost = |action: &str| json!({ "action": action, "call": 1, "answer": "timeout_after_effect", "delay": "10s" });
    // The policy settles it before the script sees anything: by the archive, by the mark of a message, by a person.
    for (send, action, archive) in [
        (r#"notify(vendor_of("drift"), "cut")"#, "smtp.send", true),
        (r#"notify(vendor_of("drift"), "cut")"#, "smtp.send", false),
        (r##"slack.post_message(#{ channel: "#incidents", text: "look" })"##, "slack.post_message", true),
    ] {
        let mut outside = Outside::new(&STUBBORN.replace("SEND", send), 1, 0).await;
        if !archive {
            outside.without_archive();
        }
        outside.fault(lost(action));
        let run = outside.start(json!({})).await;
        if !archive {
            outside.waiting(&run, "D1").await;
            assert!(outside.engine.view(&run).unwrap().notes.is_empty(), "the script has seen nothing yet");
            outside.answer(&run, "D1", "done").await;
        }
        let view = outside.ended(&run).await;
        let notes: Vec<&str> = view.notes.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(notes, ["1"], "{send}: the first try was the last, and nothing was caught");
        assert_eq!(view.revived, 0, "nobody was killed");
        let (_, name) = action.split_once('.').unwrap();
        assert_eq!((outside.done(name), outside.asked(name)), (1, 1), "{send}");
        assert_eq!(outside.twins.mails().len(), usize::from(name == "send"), "{send}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_repeated_only_while_the_platform_would_know_it_again() {
    // Receivers of webhooks remember an id for a day.
    for (hours, repeated) in [(23, true), (25, false)] {
        let mut outside = Outside::new(r#"webhook.send(#{ text: "look" }); note("sent");"#, 1, 0).await;
        let receiver =
            json!({ "platform": "webhook", "url": "https://soc.acme.example/hook", "auth": "none" });
        let receiver = serde_json::from_value(receiver).unwrap();
        outside.setup.config.integrations.insert("webhook".to_owned(), receiver);
        outside.setup.more = outside.setup.more.replace("tell: [", "tell: [webhook.send, ");
        outside.setup.patience.stale = Duration::from_secs(30 * 24 * 3600);
        outside.crash();
        outside.fault(
            json!({ "action": "webhook.send", "call": 1, "answer": "timeout_after_effect", "delay": "60s" }),
        );
        let run = outside.start(json!({})).await;
        outside.when(|outside| outside.asked("send") == 1).await;
        outside.clock.forward(Duration::from_secs(hours * 3600));
        outside.crash();
        if !repeated {
            let view = outside.waiting(&run, "D1").await;
            assert!(
                view.waits[0].text.contains("would not know the same request again"),
                "{}",
                view.waits[0].text
            );
            outside.answer(&run, "D1", "done").await;
        }
        outside.ended(&run).await;
        assert_eq!(outside.asked("send"), if repeated { 2 } else { 1 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_that_only_running_shows_to_be_wrong_says_which_and_where_and_sends_nothing() {
    let script = r#"
        let whom = [find_app("drift")[0].label, 5];
        slack.post_message(#{ channel: whom, text: "look" });
        note("after");
    "#;
    let outside = Outside::new(script, 1, 0).await;
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    let error = view.error.unwrap();
    assert_eq!(view.ended.unwrap().as_str(), "failed");
    assert!(["invalid", "misuse"].contains(&error.kind.as_str()), "{error:?}");
    assert!(error.message.contains("channel"), "{error:?}");
    assert!(view.notes.is_empty() && outside.asked("post_message") == 0, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_by_mail_says_where_people_are_known_by_login_alone() {
    let outside = Outside::on_github(
        r#"
        note(`${find_user("person@acme.example").len()}`);
        note(`${find_user("nobody").len()}`);
    "#,
    )
    .await;
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    let notes: Vec<&str> = view.notes.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        notes,
        ["github knows people by login alone, so nobody was found there as person@acme.example", "0", "0"],
        "{:?}",
        view.error
    );
    assert!(outside.engine.replay(&[run]).is_ok());
}
