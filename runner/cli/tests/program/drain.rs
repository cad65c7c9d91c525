//! SIGTERM: what is under way comes to its end, nothing new begins, and the next life goes on.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use stanch_integrations::twin::{Answer, Fault, TwinHost};
use stanch_model::api::StartBody;

use crate::support::{Served, client, company, empty, okta, people, view};

const MANIFEST: &str = "playbook: cut
title: Suspend everybody, one after the other
owner: me
reviewed: 2026-11-01
input:
  people: { type: list }
uses:
  reversible: [okta.suspend_user]
";

const SCRIPT: &str = "for id in input.people { okta.suspend_user(#{ user: id }); }
settle();
";

const ACTION: &str = "suspend_user";

fn suspended(twins: &TwinHost) -> Vec<String> {
    let requests = twins.requests().into_iter().filter(|request| request.action == ACTION);
    requests.map(|request| request.target).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_asked_to_stop_drains_and_the_next_one_goes_on() {
    let (home, twins) = (empty(), okta().await);
    company(home.path(), MANIFEST, SCRIPT);
    let people = people(&twins, 4);
    // The second answer takes its time: it is under way when the signal comes.
    let delay = Some(Duration::from_secs(2));
    twins.add_fault(Fault { delay, ..Fault::nth("okta.suspend_user", 2, Answer::Slow) });
    let (seen, mut under_way) = tokio::sync::mpsc::unbounded_channel();
    twins.on_request(Arc::new(move |request, _| {
        if request.action == ACTION {
            let _ = seen.send(request.target.clone());
        }
    }));
    let server = Served::on(home.path(), &twins.addr().to_string());
    let input = json!({ "people": people }).as_object().cloned().unwrap();
    let body = StartBody { playbook: "cut".to_owned(), input, ..StartBody::default() };
    let run = client(home.path()).start(&body).await.unwrap().run;
    for _ in 0..2 {
        tokio::time::timeout(Duration::from_secs(60), under_way.recv()).await.unwrap().unwrap();
    }
    server.terminate();
    let (code, last) = server.gone();
    assert_eq!((code, &last["stopped"]), (Some(0), &Value::Bool(true)), "{last}");
    assert_eq!(suspended(&twins), people[..2], "something new was begun");

    let _server = Served::on(home.path(), &twins.addr().to_string());
    let view = view(home.path(), &run, |view| view.ended.is_some()).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished", "{:?}", view.error);
    assert_eq!(view.targets.len(), 4, "{:#?}", view.targets);
    assert!(view.steps.values().all(|step| step.attempts <= 1), "an answer was lost: {:#?}", view.steps);
    assert_eq!(suspended(&twins), people, "each once, in order");
    assert_eq!((twins.summary().duplicate_effects, twins.summary().repeated_requests), (0, 0));
    assert_eq!(client(home.path()).runs(false, 10).await.unwrap().items.len(), 1, "the same run");
}
