//! Every host call: suspended, the engine gone, started again, replayed. The same value, and nothing done twice.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;
use stanch_engine::Resolve;
use stanch_model::{
    RunId,
    run::{RunState, RunView, WaitKind},
};
use stanch_playbooks::dialect::HOST_CALLS;

use crate::common::Outside;

/// A call, and a script's expression of it.
const CALLS: [(&str, &str); 29] = [
    ("phase", r#"phase("one")"#),
    ("note", r#"note("a line")"#),
    ("evidence", r#"evidence("before", #{ a: [1, 2] })"#),
    ("manual", r#"manual("by-hand", find_app("drift")[0]).id"#),
    ("deadline", r#"deadline("contract", vendor_of("drift")).due"#),
    ("vendor_of", r#"vendor_of("drift").name"#),
    ("incident", r#"incident(#{ title: "Drift" }).title"#),
    ("now", "now()"),
    ("uuid", "uuid()"),
    ("find_app", r#"find_app("drift").map(|app| app.id)"#),
    ("find_user", r#"find_user(holders(find_app("drift")[0].grants())[0]).len()"#),
    (
        "each",
        r##"each(["a", "b"], |x| { slack.post_message(#{ channel: "#incidents", text: x }); ask(x, "?", ["yes"]) + x })"##,
    ),
    ("together", r#"together(#{ a: || ask("a", "?", ["yes"]), b: || page("soc", "b").sent })"#),
    ("attempt", r#"attempt(|| { page("soc", "a"); ask("a", "?", ["yes"]); fail("no") }).error.message"#),
    ("settle", r#"{ for app in find_app("drift") { app.quarantine(); } settle().found.len() }"#),
    ("approve", r#"approve("cut", "Cut", find_app("drift")).by"#),
    ("ask", r#"ask("colour", "Which?", ["red", "blue"])"#),
    ("wait", r#"wait("10m")"#),
    ("wait_for", r#"wait_for("vendor.replied", #{ within: "1h" }).text"#),
    (
        "wait_until",
        r#"wait_until(|| now(), |t| t.sub_string(0, 16) != began.sub_string(0, 16), #{ every: "1m" })"#,
    ),
    ("notify", r#"notify(vendor_of("drift"), "cut", #{ what: "drift" }).subject"#),
    ("page", r#"page("soc", "look").sent"#),
    ("run_playbook", r#"run_playbook("child").value"#),
    ("fail", r#"{ let said = ""; try { fail("no"); } catch (e) { said = e.message; } said }"#),
    ("flat", "flat([[1, [2]], (), 3])"),
    ("holders", r#"holders(find_app("drift")[0].grants()).map(|user| user.id)"#),
    ("(a verb that reads)", r#"find_app("drift")[0].grants().map(|grant| grant.id)"#),
    ("(a verb that cuts)", r#"find_app("drift")[0].quarantine().state"#),
    ("(an integration by name)", r##"slack.post_message(#{ channel: "#incidents", text: "look" }).keys()"##),
];

/// Calls that make no step.
const PURE: [&str; 6] = ["phase", "note", "fail", "flat", "holders", "together"];

const CHILD: &str = r#"page("soc", "child"); ask("child", "?", ["yes"])"#;

/// What a run came to, and what it did outside.
#[derive(Debug, PartialEq)]
struct Played {
    value: String,
    steps: Vec<(String, String)>,
    effects: usize,
    mails: usize,
}

struct Play<'a> {
    outside: Outside,
    run: RunId,
    name: &'a str,
    /// A new life whenever something waits.
    crashes: bool,
    seen: BTreeSet<String>,
}

async fn play(name: &str, expression: &str, crashes: bool) -> Played {
    let script = format!(
        r#"
        let began = now();
        let value = {expression};
        note(`before ${{value}}`);
        ask("hold", "?", ["yes"]);
        note(`after ${{value}}`);
    "#
    );
    let outside = company(&script).await;
    let run = outside.start(json!({ "free": false })).await;
    Play { outside, run, name, crashes, seen: BTreeSet::new() }.finish().await
}

/// What the calls, and the examples of the page, speak of.
async fn company(script: &str) -> Outside {
    const CUT_APP: &str = "approvals:\n  cut-app: { ask: lead, within: 15m, unanswered: [deny] }\n";
    let mut outside = Outside::new(script, 2, 0).await;
    outside.setup.more = outside.setup.more.replace("approvals:\n", CUT_APP);
    for child in ["child", "oauth-app-compromise"] {
        let more = outside.setup.more.clone() + "  app: { type: string, default: drift }\n";
        outside.setup.others.push((child.to_owned(), more, CHILD.to_owned()));
    }
    outside.crash();
    outside
}

impl Play<'_> {
    async fn finish(mut self) -> Played {
        let held = loop {
            let view = self.stands().await;
            let held = view.open_waits().any(|wait| wait.name == "hold");
            if held {
                break view;
            }
            self.answer_all(&view).await;
        };
        let done = self.done();
        if self.crashes {
            // Replayed up to here, it asks nothing and does nothing.
            self.outside.crash();
            let again = self.stands().await;
            assert_eq!(again.notes, held.notes, "{}", self.name);
            assert_eq!(self.done(), done, "{}: something was done again", self.name);
        }
        let hold = held.open_waits().find(|wait| wait.name == "hold").unwrap().id.clone();
        self.outside.answer(&self.run, &hold, "yes").await;
        let view = self.ends().await;
        self.played(&view)
    }

    /// Requests, effects and mails so far.
    fn done(&self) -> (usize, usize, usize) {
        let twins = &self.outside.twins;
        (twins.requests().len(), twins.effects().len(), twins.mails().len())
    }

    /// The run, once it waits for somebody; in a new life for everything that it had not waited for before.
    async fn stands(&mut self) -> RunView {
        loop {
            let seen = |view: &RunView| view.open_waits().any(|wait| wait.closed.is_none());
            let view =
                self.outside.until(&self.run, |view| view.state == RunState::Waiting && seen(view)).await;
            for child in view.open_waits().filter(|wait| wait.kind == WaitKind::Child) {
                // A life that is left here in the middle of a request would send it all the same.
                self.outside.waiting(&RunId(child.text.clone()), "Q1").await;
            }
            let before = self.seen.len();
            self.seen.extend(view.open_waits().map(|wait| wait.id.clone()));
            if !self.crashes || self.seen.len() == before {
                return view;
            }
            self.outside.crash();
        }
    }

    async fn answer_all(&mut self, view: &RunView) {
        for wait in view.open_waits() {
            match wait.kind {
                WaitKind::Timer => self.outside.clock.forward(Duration::from_secs(30 * 60 + 1)),
                WaitKind::Signal => {
                    let said = json!({ "text": "we are on it" });
                    self.outside.engine.signal(&self.run, "1", &wait.name, said).await.unwrap();
                }
                WaitKind::Child => {
                    let child = RunId(wait.text.clone());
                    self.outside.waiting(&child, "Q1").await;
                    if self.crashes {
                        self.outside.crash();
                        self.outside.waiting(&child, "Q1").await;
                    }
                    self.outside.answer(&child, "Q1", "yes").await;
                }
                // What is done by hand is waited for at the end alone.
                WaitKind::Manual => {}
                WaitKind::InDoubt => {
                    let at = wait.address.as_str();
                    self.outside
                        .engine
                        .resolve(&self.run, at, Resolve::Done, "ben", "test", "")
                        .await
                        .unwrap();
                }
                WaitKind::Approval | WaitKind::Question | WaitKind::Guard => {
                    self.outside.answer(&self.run, &wait.id, &wait.options[0]).await;
                }
            }
        }
        let open: Vec<String> = view
            .open_waits()
            .filter(|wait| wait.kind != WaitKind::Manual)
            .map(|wait| wait.id.clone())
            .collect();
        self.outside.until(&self.run, |view| !view.open_waits().any(|wait| open.contains(&wait.id))).await;
    }

    /// The end, with what must be done by hand.
    async fn ends(&self) -> RunView {
        self.outside.ended(&self.run).await
    }

    fn played(&self, view: &RunView) -> Played {
        assert_eq!(view.ended.unwrap().as_str(), "finished", "{}: {:?}", self.name, view.error);
        let notes: Vec<&str> = view.notes.iter().map(|(_, text)| text.as_str()).collect();
        let of = |word: &str| notes.iter().find_map(|note| note.strip_prefix(word)).unwrap_or("none");
        assert_eq!(of("before "), of("after "), "{}", self.name);
        let steps = view.steps.values().map(|step| (step.address.to_string(), step.op.clone())).collect();
        let (effects, mails) = (self.outside.twins.effects().len(), self.outside.twins.mails().len());
        Played { value: of("before ").to_owned(), steps, effects, mails }
    }
}

#[test]
fn every_call_is_here() {
    let here: BTreeSet<&str> =
        CALLS.iter().map(|(name, _)| *name).filter(|name| !name.starts_with('(')).collect();
    let all: BTreeSet<&str> = HOST_CALLS.iter().map(|call| call.name).collect();
    assert_eq!(here, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_gives_the_same_after_every_restart_and_does_nothing_twice() {
    for (name, expression) in CALLS {
        let plain = play(name, expression, false).await;
        let survived = play(name, expression, true).await;
        // The clock, and what is drawn by lot, are new in every run; that replay keeps them is held by the notes.
        let by_lot = ["now", "uuid", "wait_until"].contains(&name);
        assert!(by_lot || plain.value == survived.value, "{name}: {plain:?} {survived:?}");
        let polls = name == "wait_until";
        assert!(polls || plain.steps == survived.steps, "{name}: {plain:#?} {survived:#?}");
        assert_eq!((plain.effects, plain.mails), (survived.effects, survived.mails), "{name}");
    }
}

/// An example runs as it stands on the page: what it asks for is answered, and it comes to its end.
#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_page_runs() {
    for call in HOST_CALLS {
        let outside = company(call.example).await;
        let run = outside.start(json!({ "free": false })).await;
        let mut play = Play { outside, run, name: call.name, crashes: false, seen: BTreeSet::new() };
        let ended = loop {
            let stands = |view: &RunView| view.state == RunState::Ended || view.state == RunState::Waiting;
            let view = play.outside.until(&play.run, stands).await;
            if view.ended.is_some() {
                break view;
            }
            let view = play.stands().await;
            play.answer_all(&view).await;
        };
        assert_eq!(ended.ended.unwrap().as_str(), "finished", "{}: {:?}", call.name, ended.error);
        let steps = ended.steps.values().map(|step| step.op.as_str());
        let ops: BTreeSet<&str> = steps.collect();
        assert!(!ops.is_empty() || PURE.contains(&call.name), "{}: {ops:?}", call.name);
    }
}
