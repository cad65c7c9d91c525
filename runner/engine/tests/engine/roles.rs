//! People who are protected by the role that they hold, as the platform itself lists them.

use serde_json::json;
use stanch_model::{
    TargetState,
    run::{RunView, WaitView},
};

use crate::common::Outside;

/// Suspends everybody who holds a grant of Drift.
const SUSPEND: &str = r#"
    let people = holders(flat(each(find_app("drift"), |app| app.grants())));
    each(people, |person| person.suspend());
"#;

fn guard(view: &RunView) -> &WaitView {
    view.open_waits().next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_protected_role_is_met_at_run_time_in_the_middle_of_a_fan_out() {
    for (say, done) in [("skip", 3), ("go_on", 4)] {
        let config = "protect: [{ role: okta/help_desk_admin }]\n";
        let mut outside = Outside::of(SUSPEND, (4, 4), 4, 0).await.guarded("", config);
        let run = outside.start(json!({})).await;
        let view = outside.waiting(&run, "G1").await;
        let card = guard(&view);
        assert_eq!(card.name, "protected role okta/help_desk_admin");
        assert!(card.text.contains("is one of the 1 who hold the protected role"), "{}", card.text);
        // The others of the fan-out were cut, and the card says so.
        assert_eq!((card.targets.len(), outside.done("suspend_user")), (1, 3));
        let stopped = view.stopped(card).unwrap();
        assert_eq!((stopped.done.len(), stopped.waits.len(), stopped.not_done.len()), (3, 1, 0), "{stopped}");
        outside.crash();
        outside.waiting(&run, "G1").await;
        outside.answer(&run, "G1", say).await;
        let view = outside.ended(&run).await;
        assert_eq!(outside.done("suspend_user"), done);
        let skipped = view.targets.values().filter(|target| target.state == TargetState::Skipped).count();
        assert_eq!(skipped, 4 - done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_nobody_is_seen_to_hold_protects_by_stopping() {
    for (role, fault, why) in [
        ("APP_ADMIN", None, "nobody holds it"),
        ("HELP_DESK_ADMIN", Some("okta.list_admins"), "could not be read"),
        ("HELP_DESK_ADMIN", Some("okta.list_user_roles"), "could not be read"),
    ] {
        let config = format!("protect: [{{ role: okta/{role} }}]\n");
        let outside = Outside::of(SUSPEND, (4, 2), 2, 0).await.guarded("", &config);
        if let Some(action) = fault {
            outside.fault(json!({ "action": action, "answer": 403 }));
        }
        let run = outside.start(json!({})).await;
        let view = outside.waiting(&run, "G1").await;
        let card = guard(&view);
        assert!(card.text.contains(why) && card.text.contains("who holds the role"), "{}", card.text);
        assert_eq!((card.options.len(), outside.done("suspend_user")), (3, 0));
        outside.twins.remove_fault(None);
        outside.answer(&run, "G1", if fault.is_some() { "look_again" } else { "go_on" }).await;
        outside.ended(&run).await;
        assert_eq!(outside.done("suspend_user"), 2, "{role}: whoever holds no role is not held");
    }
}
