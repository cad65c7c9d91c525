//! The showpiece playbook over twins, inside one process.

use serde_json::json;
use stanch_tests::inside::Inside;

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_cut_off_everywhere_and_proven() {
    let inside = Inside::new(json!({
        "people": 20,
        "apps": [{ "id": "drift", "vendor": "drift", "grants": { "okta": 3, "salesforce": 4 } }],
    }))
    .await;
    let run = inside.start("oauth-app-compromise", json!({ "app": "drift" })).await;
    let view = inside
        .play(&run, |kind, _| match kind {
            "approval" => Some("approve"),
            "manual" => Some("done"),
            _ => None,
        })
        .await;
    for target in view.targets.values() {
        println!("{:40} {:20} {} {}", target.target.key(), target.verb, target.state, target.why);
    }
    println!("{:?} {:?} {:?} {:?}", view.ended, view.containment, view.because, view.error);
    println!("{:#?}", inside.twins.summary());
    assert_eq!(view.ended.unwrap().as_str(), "finished");
    assert_eq!(view.containment.unwrap().as_str(), "contained_with_residual");
}
