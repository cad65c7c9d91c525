//! A handle for reading: whatever would change something on a platform has no way out of it, on any platform.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::json;
use stanch_integrations::{ErrorKind, Outcome};
use stanch_model::{Effect, catalog::ActionIndex};
use support::{Answer, Server, call};

#[tokio::test]
async fn nothing_but_reads_leaves_on_any_platform() {
    let server = Server::start(|_, _| Answer::json(200, json!({}))).await;
    let reading = support::everything(server.address, Some(server.address)).for_reading();
    let mut tried = 0;
    for (integration, platform) in reading.integrations() {
        let actions: Vec<(String, Effect)> = reading
            .actions(&platform)
            .into_iter()
            .map(|action| (action.name.clone(), action.effect))
            .collect();
        for (action, effect) in actions.into_iter().filter(|(_, effect)| *effect != Effect::Read) {
            let outcome = reading.clone().call(call(&integration, &action, json!({}))).await;
            let Outcome::Refused { kind: ErrorKind::Forbidden, status: None, message } = outcome else {
                panic!("{integration}.{action} is {effect}: {outcome:?}")
            };
            assert!(message.contains(effect.as_str()), "{message}");
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(server.seen().is_empty(), "{:?}", server.seen().len());
    drop(reading.call(call("okta", "get_app", json!({ "app": "0oa1" }))).await);
    assert_eq!(server.seen().len(), 1, "a read goes out");
}
