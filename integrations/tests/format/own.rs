//! A cut does not lock stanch itself out, unless it is told to; and one that a setting makes permanent.

use serde_json::{Value, json};
use stanch_integrations::Outcome;
use stanch_model::{
    Effect, Target,
    catalog::{ActionIndex as _, InputKind},
};

use crate::{
    shop::Shop,
    support::{Answer, Server, call, kind},
};

const HEAD: &str = r#"
settings: { client_id: { help: our app, default: app-1 }, deletes: { help: x, default: "false", one_of: ["true", "false"] } }
auth: [{ name: none, type: none }]
self: { action: whoami, is: { user: ["{out.id}", "{out.login}"], app: "{settings.client_id}" } }"#;

const ACTIONS: &str = r#"
  whoami:
    title: Ask who we are
    effect: read
    request: { method: GET, path: /me }
    output: { id: id, login: login }
    evidence: none
    docs: https://shop.example/docs
  get_user:
    title: Read
    effect: read
    target: { kind: user, id: "{user}" }
    input: { user: { type: string } }
    request: { method: GET, path: "/users/{user}" }
    evidence: none
    docs: https://shop.example/docs
  suspend:
    title: Suspend
    verb: user.suspend
    effect: reversible
    permanent_if: deletes
    target: { kind: user, id: "{user}" }
    input: { user: { type: string } }
    request: { method: POST, path: "/users/{user}/suspend" }
    verify: { action: get_user, with: { user: "{user}" }, until: out.off }
    undo: { action: resume, with: { user: "{user}" } }
    in_doubt: probe
    evidence: none
    docs: https://shop.example/docs
  resume:
    title: Resume
    effect: restore
    target: { kind: user, id: "{user}" }
    input: { user: { type: string } }
    request: { method: POST, path: "/users/{user}/resume" }
    verify: { action: get_user, with: { user: "{user}" }, until: out.off == false }
    in_doubt: probe
    evidence: none
    docs: https://shop.example/docs
  quarantine:
    title: Quarantine
    effect: permanent
    target: { kind: app, id: "{app}" }
    input: { app: { type: string } }
    request: { method: POST, path: "/apps/{app}/off" }
    verify: { none: a test }
    in_doubt: ask
    evidence: none
    docs: https://shop.example/docs
"#;

async fn server(status: u16, me: Value) -> Server {
    Server::start(move |_, request| match request.path.as_str() {
        "/me" => Answer::json(status, me.clone()),
        _ => Answer::json(200, json!({})),
    })
    .await
}

fn paths(server: &Server) -> Vec<String> {
    server.seen().into_iter().map(|request| request.path).collect()
}

#[tokio::test]
async fn what_we_are_is_not_cut_and_all_else_is() {
    let server = server(200, json!({ "id": "u-1", "login": "Bot@acme.example" })).await;
    let live = Shop::new(HEAD, ACTIONS).at(&server.url()).build();
    for (action, input) in [
        ("suspend", json!({ "user": "u-1" })),
        ("suspend", json!({ "user": "bot@ACME.example" })),
        ("quarantine", json!({ "app": "app-1" })),
    ] {
        let outcome = live.integrations.call(call("it", action, input)).await;
        assert_eq!(kind(&outcome), "lockout");
        let Outcome::Refused { message, .. } = outcome else { panic!() };
        assert!(message.contains("lock itself out") && message.contains("force: true"), "{message}");
    }
    assert_eq!(paths(&server), ["/me"], "who we are is asked once, and nothing was cut");
    let target = Target {
        integration: "it".to_owned(),
        kind: "user".to_owned(),
        id: "u-2".to_owned(),
        label: String::new(),
        attrs: std::collections::BTreeMap::new(),
    };
    let mut other = call("it", "suspend", json!({}));
    other.target = Some(target);
    assert_eq!(kind(&live.integrations.call(other).await), "done by Us");
    assert_eq!(
        kind(&live.integrations.call(call("it", "resume", json!({ "user": "u-1" }))).await),
        "done by Us"
    );
    assert_eq!(paths(&server), ["/me", "/users/u-2/suspend", "/users/u-1/resume"]);
}

#[tokio::test]
async fn a_call_or_the_configuration_may_force_it() {
    let server = server(200, json!({ "id": "u-1", "login": "bot" })).await;
    let live = Shop::new(HEAD, ACTIONS).at(&server.url()).build();
    let forced = json!({ "user": "u-1", "force": true });
    assert_eq!(kind(&live.integrations.call(call("it", "suspend", forced)).await), "done by Us");
    let not = json!({ "user": "u-1", "force": false });
    assert_eq!(kind(&live.integrations.call(call("it", "suspend", not)).await), "lockout");
    let wrong = json!({ "user": "u-1", "force": "yes" });
    assert_eq!(kind(&live.integrations.call(call("it", "suspend", wrong)).await), "invalid");
    let nothing_to_force = json!({ "user": "u-1", "force": true });
    assert_eq!(kind(&live.integrations.call(call("it", "resume", nothing_to_force)).await), "invalid");
    let info = live.integrations.action("it", "suspend").unwrap();
    assert!(matches!(&info.inputs["force"], input if input.kind == InputKind::Boolean && !input.required));
    assert!(!live.integrations.action("it", "resume").unwrap().inputs.contains_key("force"));
    let free = Shop::new(HEAD, ACTIONS).at(&server.url()).acting_on_itself().build();
    assert_eq!(
        kind(&free.integrations.call(call("it", "suspend", json!({ "user": "u-1" }))).await),
        "done by Us"
    );
}

#[tokio::test]
async fn who_cannot_tell_what_it_is_does_not_cut() {
    for (status, me, expected) in [
        (403, json!({}), "forbidden"),
        (503, json!({}), "not sent"),
        (200, json!({ "login": "bot" }), "done by Us"),
        (200, json!({}), "garbled"),
    ] {
        let server = server(status, me).await;
        let live = Shop::new(HEAD, ACTIONS).at(&server.url()).build();
        let outcome = live.integrations.call(call("it", "suspend", json!({ "user": "u-2" }))).await;
        assert_eq!(kind(&outcome), expected, "{outcome:?}");
        let forced = json!({ "user": "u-2", "force": true });
        assert_eq!(kind(&live.integrations.call(call("it", "suspend", forced)).await), "done by Us");
    }
}

/// Who signs in as an app is no person there; who is asked for by settings alone is not read.
#[tokio::test]
async fn a_read_that_is_not_there_or_finds_nobody_is_no_reason_to_refuse() {
    let head = HEAD.replace("{out.id}", "{out.0.id}").replace(", \"{out.login}\"", "");
    let nobody = ACTIONS.replace(
        "output: { id: id, login: login }",
        "yields: { attrs: { id: id }, none: [{ status: [403] }] }",
    );
    for (status, body, outcome) in [
        (403, json!({}), "done by Us"),
        (200, json!([{ "id": "u-2" }]), "lockout"),
        (500, json!({}), "not sent"),
    ] {
        let server = server(status, body).await;
        let live = Shop::new(&head, &nobody).at(&server.url()).build();
        let suspend = live.integrations.call(call("it", "suspend", json!({ "user": "u-2" }))).await;
        assert_eq!(kind(&suspend), outcome, "{suspend:?}");
        let ours = live.integrations.call(call("it", "quarantine", json!({ "app": "app-1" }))).await;
        assert_eq!(kind(&ours), "lockout", "a setting tells");
    }
    let server = server(500, json!({})).await;
    let missing = ACTIONS.replace(
        "request: { method: GET, path: /me }",
        "needs: [nowhere]\n    request: { method: GET, path: /me }",
    );
    let head = HEAD.replace("settings: {", "settings: { nowhere: { help: x, optional: true },");
    let live = Shop::new(&head, &missing).at(&server.url()).build();
    assert_eq!(
        kind(&live.integrations.call(call("it", "suspend", json!({ "user": "u-1" }))).await),
        "done by Us"
    );
    assert_eq!(
        kind(&live.integrations.call(call("it", "quarantine", json!({ "app": "app-1" }))).await),
        "lockout"
    );
    assert_eq!(paths(&server), ["/users/u-1/suspend"], "nobody was asked");
}

#[tokio::test]
async fn a_setting_makes_an_action_permanent_and_takes_its_undo() {
    let input = json!({ "user": "u-2" });
    for (deletes, effect, undone) in [("false", Effect::Reversible, true), ("true", Effect::Permanent, false)]
    {
        let live = Shop::new(HEAD, ACTIONS).at("https://shop.example").with(&[("deletes", deletes)]).build();
        let info = live.integrations.action("it", "suspend").unwrap();
        assert_eq!((info.effect, info.undo.is_some()), (effect, undone));
        assert_eq!(live.integrations.undo_of("it", "suspend", None, &input, &json!(null)).is_some(), undone);
        let in_file = live.integrations.catalog().platform("shop").unwrap().action("suspend").unwrap().hash;
        assert_eq!(info.hash == in_file, undone, "a run that pinned the other one notices");
    }
}
