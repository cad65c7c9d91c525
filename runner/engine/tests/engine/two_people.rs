//! What needs the yes of two different people, whatever a manifest says; who may say it; and who lets it go alone.

use std::time::Duration;

use serde_json::{Value, json};
use stanch_engine::{AnswerError, BreakGlass, Standing};
use stanch_model::{
    RunId, TargetState,
    config::Config,
    run::{RunView, WaitKind},
};

use crate::common::{Outside, USES};

/// One cut that can be taken back and one that cannot, under one approval.
const BOTH: &str = r#"
    let apps = find_app("drift");
    let grants = flat(each(apps, |app| app.grants()));
    approve("cut", "Cut Drift", [apps, grants]);
    each(apps, |app| app.quarantine());
    each(grants, |grant| grant.revoke());
"#;

/// The same without asking: the engine raises its own card.
const UNASKED: &str = r#"
    let apps = find_app("drift");
    let grants = flat(each(apps, |app| app.grants()));
    each(apps, |app| app.quarantine());
    each(grants, |grant| grant.revoke());
"#;

impl Outside {
    /// Rules of the house that are no guards, from the next life on.
    fn ruled(mut self, config: &str) -> Self {
        let Config { two_person, break_glass, .. } =
            stanch_model::yaml::read("stanch.yaml", config, "CF0001").unwrap();
        (self.setup.config.two_person, self.setup.config.break_glass) = (two_person, break_glass);
        self.crash();
        self
    }

    async fn says(&self, run: &RunId, wait: &str, say: &str, who: &str) -> Result<(), AnswerError> {
        let answer = stanch_engine::Answer {
            wait: wait.to_owned(),
            say: say.to_owned(),
            who: who.to_owned(),
            channel: "cli".to_owned(),
            reason: String::new(),
        };
        self.engine.answer(run, answer).await.map(drop)
    }

    async fn breaks(
        &self,
        run: &RunId,
        wait: &str,
        who: &str,
        standing: Standing,
    ) -> Result<(), AnswerError> {
        let glass = BreakGlass {
            wait: wait.to_owned(),
            who: who.to_owned(),
            standing,
            channel: "cli".to_owned(),
            reason: "nobody answers the phone".to_owned(),
        };
        self.engine.break_glass(run, glass).await.map(drop)
    }
}

fn card<'a>(view: &'a RunView, id: &str) -> &'a stanch_model::run::WaitView {
    view.waits.iter().find(|wait| wait.id == id).unwrap()
}

async fn with(script: &str, config: &str) -> Outside {
    Outside::new(script, 2, 0).await.ruled(config)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_undone_needs_two_people_whatever_the_manifest_says() {
    // The manifest says that one person is enough, and that nobody need be asked at all.
    let mut outside = with(BOTH, "two_person: [permanent]\n").await;
    let run = outside.start(json!({ "free": true })).await;
    let view = outside.waiting(&run, "A1").await;
    assert_eq!((card(&view, "A1").of, card(&view, "A1").ladder.as_slice()), (2, &["deny".to_owned()][..]));
    outside.says(&run, "A1", "approve", "ben").await.unwrap();
    outside.crash();
    outside.says(&run, "A1", "approve", "ben").await.unwrap();
    let view = outside.until(&run, |view| !card(view, "A1").decisions.is_empty()).await;
    assert_eq!(
        (card(&view, "A1").decisions.len(), outside.done("revoke_app_token")),
        (1, 0),
        "ben is one person"
    );
    outside.says(&run, "A1", "approve", "caro").await.unwrap();
    let view = outside.ended(&run).await;
    assert_eq!(outside.done("revoke_app_token"), 2);
    assert_eq!(card(&view, "A1").closed.as_ref().unwrap().who, "ben, caro");
    assert_eq!(
        view.waits.iter().filter(|wait| wait.kind == WaitKind::Approval).count(),
        1,
        "nobody is asked twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_the_rule_names_waits_for_two_also_where_the_script_asks_nobody() {
    for (rule, before, after) in [("permanent", 1, 1), ("reversible", 0, 1)] {
        let outside = with(UNASKED, &format!("two_person: [{rule}]\n")).await;
        let run = outside.start(json!({ "free": false })).await;
        outside.waiting(&run, "A1").await;
        let what = |outside: &Outside| outside.done("deactivate_app");
        assert_eq!(what(&outside), before, "{rule}");
        for who in ["ben", "caro"] {
            outside.says(&run, "A1", "approve", who).await.unwrap();
        }
        outside.until(&run, |view| card(view, "A1").closed.is_some()).await;
        if rule == "reversible" {
            // What cannot be undone asks for its own yes, of one person.
            outside.waiting(&run, "A2").await;
            outside.says(&run, "A2", "approve", "ben").await.unwrap();
        }
        outside.ended(&run).await;
        assert_eq!((what(&outside), outside.done("revoke_app_token")), (after, 2), "{rule}");
    }
}

/// Who stands on a later rung may be the second of two, before being asked; nobody is both.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_yes_is_one_of_the_two_people_and_never_both() {
    let mut outside = Outside::new(BOTH, 2, 0).await;
    outside.setup.more = USES.replace("unanswered: [deny]", "unanswered: [board, deny]");
    outside.setup.config.people.groups.insert("board".into(), ["eve".to_owned()].into());
    let outside = outside.ruled("two_person: [permanent]\n");
    let run = outside.start(json!({ "free": true })).await;
    outside.waiting(&run, "A1").await;
    outside.says(&run, "A1", "approve", "eve").await.unwrap();
    outside.says(&run, "A1", "approve", "eve").await.unwrap();
    let view = outside.until(&run, |view| !card(view, "A1").decisions.is_empty()).await;
    assert!(card(&view, "A1").closed.is_none() && card(&view, "A1").decisions[0].early);
    assert_eq!(outside.done("revoke_app_token"), 0);
    outside.says(&run, "A1", "approve", "ben").await.unwrap();
    outside.ended(&run).await;
    assert_eq!(outside.done("revoke_app_token"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_never_the_second_person() {
    let mut outside = Outside::new(BOTH, 2, 0).await;
    outside.setup.more = USES.replace("unanswered: [deny]", "unanswered: [approve]");
    let outside = outside.ruled("two_person: [permanent]\n");
    let run = outside.start(json!({ "free": true })).await;
    outside.waiting(&run, "A1").await;
    outside.says(&run, "A1", "approve", "ben").await.unwrap();
    outside.until(&run, |view| card(view, "A1").decisions.len() == 1).await;
    outside.clock.forward(Duration::from_secs(901));
    let view = outside.until(&run, |view| view.ended.is_some()).await;
    assert_eq!((view.error.unwrap().kind.as_str(), outside.done("revoke_app_token")), ("denied", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_is_kept_while_others_are_asked_and_over_restarts() {
    let mut outside = Outside::new(BOTH, 2, 0).await;
    outside.setup.more = USES.replace("unanswered: [deny]", "unanswered: [manager, deny], of: 2");
    outside.setup.config.people.groups.insert("manager".to_owned(), vec!["dora".to_owned()]);
    outside.crash();
    let run = outside.start(json!({ "free": false })).await;
    outside.waiting(&run, "A1").await;
    outside.says(&run, "A1", "approve", "caro").await.unwrap();
    outside.until(&run, |view| card(view, "A1").decisions.len() == 1).await;
    outside.clock.forward(Duration::from_secs(901));
    outside.until(&run, |view| card(view, "A1").ask == ["lead", "manager"]).await;
    outside.crash();
    outside.says(&run, "A1", "approve", "dora").await.unwrap();
    let view = outside.ended(&run).await;
    assert_eq!(card(&view, "A1").closed.as_ref().unwrap().who, "caro, dora");
    // After the end of a wait nobody decides any more, and who decided is said.
    let late = outside.says(&run, "A1", "deny", "dora").await.unwrap_err();
    assert_eq!(late.to_string(), "A1 was answered already: approve by caro, dora");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_the_time_is_up_is_refused_and_changes_nothing() {
    let outside = with(BOTH, "").await;
    let run = outside.start(json!({ "free": false })).await;
    outside.waiting(&run, "A1").await;
    outside.clock.forward(Duration::from_secs(901));
    outside.until(&run, |view| view.ended.is_some()).await;
    let entries = outside.kinds(&run, "wait.decision").len();
    let late = outside.says(&run, "A1", "approve", "ben").await.unwrap_err();
    assert!(late.to_string().starts_with("A1 was answered already: deny by expired"), "{late}");
    assert_eq!((outside.kinds(&run, "wait.decision").len(), outside.done("revoke_app_token")), (entries, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_glass_is_broken_with_a_reason_after_the_others_had_their_time() {
    let mut outside = with(BOTH, "two_person: [permanent]\nbreak_glass: { after: 10m }\n").await;
    let run = outside.start(json!({ "free": false })).await;
    outside.waiting(&run, "A1").await;
    let early = outside.breaks(&run, "A1", "olga", Standing::Admin).await.unwrap_err().to_string();
    assert!(
        early.starts_with("A1 can wait a moment: lead can still answer; break-glass is there in "),
        "{early}"
    );
    outside.clock.forward(Duration::from_secs(601));
    let stranger = outside.breaks(&run, "A1", "eve", Standing::Approver).await.unwrap_err();
    assert!(matches!(stranger, AnswerError::NotYou { .. }), "{stranger}");
    let glass = BreakGlass {
        wait: "A1".to_owned(),
        who: "olga".to_owned(),
        standing: Standing::Admin,
        channel: "cli".to_owned(),
        reason: "  hm ".to_owned(),
    };
    let bare = outside.engine.break_glass(&run, glass).await.unwrap_err().to_string();
    assert!(bare.contains("a reason of at least 10 characters"), "{bare}");
    assert!(outside.kinds(&run, "wait.decision").is_empty(), "nothing of that was taken");
    outside.breaks(&run, "A1", "olga", Standing::Admin).await.unwrap();
    outside.crash();
    let view = outside.ended(&run).await;
    assert_eq!(outside.done("revoke_app_token"), 2);
    let (wait, said) = view.broken_glass().next().unwrap();
    assert_eq!((wait.id.as_str(), said.who.as_str(), said.channel.as_str()), ("A1", "olga", "cli"));
    let decision = &outside.kinds(&run, "wait.decision")[0];
    assert_eq!(
        (&decision["break_glass"], &decision["reason"]),
        (&json!(true), &json!("nobody answers the phone"))
    );
    assert_eq!(outside.kinds(&run, "wait.closed")[0]["by"], "break_glass");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_began_the_run_may_break_the_glass_but_not_say_yes() {
    let mut outside = with(BOTH, "break_glass: { after: 0s }\n").await;
    outside.setup.config.people.groups.insert("lead".to_owned(), vec!["ana".to_owned(), "ben".to_owned()]);
    outside.crash();
    let run = outside.start(json!({ "free": false })).await;
    outside.waiting(&run, "A1").await;
    let own = outside.says(&run, "A1", "approve", "ana").await.unwrap_err();
    assert!(own.to_string().contains("who started the run"), "{own}");
    outside.breaks(&run, "A1", "ana", Standing::Approver).await.unwrap();
    outside.ended(&run).await;
    assert_eq!(outside.done("revoke_app_token"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_is_lifted_by_somebody_else_than_who_began_the_run() {
    let outside = Outside::new(UNASKED, 2, 0).await.guarded("", "protect: [{ app: drift }]\n");
    let outside = outside.ruled("break_glass: { after: 0s }\n");
    let run = outside.start(json!({})).await;
    outside.waiting(&run, "G1").await;
    let own = outside.says(&run, "G1", "go_on", "ana").await.unwrap_err();
    assert!(own.to_string().contains("who started the run"), "{own}");
    outside.breaks(&run, "G1", "olga", Standing::Admin).await.unwrap();
    let view = outside.ended(&run).await;
    assert_eq!(outside.done("deactivate_app"), 1);
    assert_eq!(view.broken_glass().count(), 1);
    assert!(view.targets.values().all(|target| target.state != TargetState::Skipped));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_handed_an_alert_in_says_no_yes_to_what_follows_from_it() {
    let outside = with(BOTH, "").await;
    let run = outside.start(json!({ "free": false })).await;
    outside.waiting(&run, "A1").await;
    let alert: Value = json!({ "id": "1", "source": "siem", "kind": "app.token_misuse", "by": "ben" });
    outside.engine.signal(&run, "again", "alert.folded", alert).await.unwrap();
    outside.until(&run, |view| view.handed_by == ["ben"]).await;
    let own = outside.says(&run, "A1", "approve", "ben").await.unwrap_err();
    assert!(own.to_string().contains("who handed in its alert"), "{own}");
    outside.says(&run, "A1", "approve", "caro").await.unwrap();
    outside.ended(&run).await;
}
