//! Jobs that the platform goes on with by itself.

use serde_json::{Value, json};
use stanch_integrations::Outcome;

use crate::{
    shop::Shop,
    support::{Answer, Server, call, kind},
};

const ACTIONS: &str = r#"
  get_job:
    title: Ask after a job
    effect: read
    input: { job: { type: string } }
    request: { method: GET, path: "/jobs/{job}" }
    evidence: none
    docs: https://shop.example/docs
  remove:
    title: Remove a member
    effect: permanent
    target: { kind: user, id: "{user}" }
    input: { user: { type: string } }
    request: { method: POST, path: /remove, json: { user: "{user}" } }
    success: { status: [200, 202] }
    poll:
      when: status == 202
      action: get_job
      with: { job: "{body.job}" }
      done: 'body.state == "complete"'
      failed: 'body.state == "failed"'
      every: 20ms
      within: 300ms
    output: { gone: gone }
    verify: { none: a test }
    in_doubt: ask
    evidence: none
    docs: https://shop.example/docs
  report:
    title: Make a report
    effect: read
    request: { method: POST, path: /report }
    success: { status: [202] }
    poll: { action: get_job, with: { job: "{body.job}" }, done: 'body.state == "complete"', every: 20ms, within: 300ms }
    yields: { each: rows, attrs: { id: id } }
    paging: none
    evidence: none
    docs: https://shop.example/docs
"#;

/// What a call of `action` comes to when the job says these one after another, and the last for ever.
async fn outcome(
    action: &str,
    input: Value,
    states: &'static [(u16, &'static str)],
) -> (Outcome, Vec<String>) {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_, request| {
        if !request.path.starts_with("/jobs/") {
            return Answer::json(202, json!({ "job": "j-1" }));
        }
        let at = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst).min(states.len() - 1);
        let (status, state) = states[at];
        Answer::json(status, json!({ "state": state, "gone": "alice", "rows": [{ "id": 1 }, { "id": 2 }] }))
    })
    .await;
    let live = Shop::open(ACTIONS).at(&server.url()).build();
    let outcome = live.integrations.call(call("it", action, input)).await;
    let paths = server.seen().into_iter().map(|request| format!("{} {}", request.method, request.path));
    (outcome, paths.collect())
}

#[tokio::test]
async fn a_job_is_asked_after_until_it_is_done() {
    let input = json!({ "user": "alice" });
    let states = &[(200, "in_progress"), (503, "busy"), (200, "complete")];
    let (done, asked) = outcome("remove", input, states).await;
    let Outcome::Done { value, more, .. } = done else { panic!("{done:?}") };
    assert_eq!(value, json!({ "gone": "alice" }), "the last answer stands in the place of the first");
    assert_eq!(asked, ["POST /remove", "GET /jobs/j-1", "GET /jobs/j-1", "GET /jobs/j-1"]);
    assert_eq!(more.requests, 4);
}

#[tokio::test]
async fn a_job_that_failed_is_a_no_and_one_that_nobody_knows_of_is_in_doubt() {
    for (states, expected) in [
        (&[(200, "failed")][..], "refused"),
        (&[(200, "in_progress")], "in doubt"),
        (&[(404, "gone")], "in doubt"),
        (&[(503, "busy")], "in doubt"),
    ] {
        let (ended, _) = outcome("remove", json!({ "user": "alice" }), states).await;
        assert_eq!(kind(&ended), expected, "{states:?} {ended:?}");
    }
}

#[tokio::test]
async fn what_is_read_by_a_job_is_read_from_its_end() {
    let (done, _) = outcome("report", json!({}), &[(200, "in_progress"), (200, "complete")]).await;
    let Outcome::Done { value, .. } = done else { panic!("{done:?}") };
    assert_eq!(value, json!([{ "id": 1 }, { "id": 2 }]));
    let (late, _) = outcome("report", json!({}), &[(200, "in_progress")]).await;
    assert_eq!(kind(&late), "unavailable", "a read is never in doubt");
}

#[tokio::test]
async fn what_is_done_at_once_begins_no_job() {
    let server = Server::start(|_, _| Answer::json(200, json!({ "gone": "alice" }))).await;
    let live = Shop::open(ACTIONS).at(&server.url()).build();
    let outcome = live.integrations.call(call("it", "remove", json!({ "user": "alice" }))).await;
    assert_eq!((kind(&outcome).as_str(), server.seen().len()), ("done by Us", 1));
}
