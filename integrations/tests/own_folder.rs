//! A folder of one's own looked over: drafts that are not finished, verbs that are nearly ours, twins that do not fit.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use stanch_integrations::{
    Catalog,
    conform::{Description, Draft},
};
use stanch_model::{Diagnostic, Level};

const FILE: &str = r#"
platform: acme
title: Acme
docs: https://acme.example/api
url: "{url}"
auth:
  - { name: token, type: bearer }
  - { name: app, type: client_credentials, token_url: "{url}/oauth/token", user: me }
actions:
  get_user:
    title: Read a user
    effect: read
    target: { kind: user, id: "{user}" }
    input: { user: { type: string } }
    request: { method: GET, path: "/v1/users/{user}" }
    output: { on: active }
    evidence: none
    docs: https://acme.example/api#user
  suspend_user:
    title: Suspend a user
    verb: user.suspend
    effect: permanent
    target: { kind: user, id: "{user}" }
    input: { user: { type: string } }
    request: { method: POST, path: "/v1/users/{user}/suspend" }
    verify: { action: get_user, with: { user: "{user}" }, until: out.on == false }
    in_doubt: probe
    evidence: none
    docs: https://acme.example/api#suspend
"#;

const TWIN: &str = r#"
read("get_user", "GET /v1/users/{id}", "", |req, db| #{ active: true });
write("suspend_user", "POST /v1/users/{id}/suspend", "", |req, db| empty(204));
read("token", "POST /oauth/token", (), |req, db| #{ access_token: secret() });
"#;

/// What is found in such a folder, as `file:line:column: message [code]` without the folder's name.
fn found(file: &str, twin: &str) -> (Vec<String>, Vec<Diagnostic>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("acme")).unwrap();
    std::fs::write(folder.path().join("acme/integration.yaml"), file).unwrap();
    std::fs::write(folder.path().join("acme/twin.rhai"), twin).unwrap();
    let catalog = Catalog::embedded().with_folder(folder.path());
    let catalog = catalog.unwrap_or_else(|found| panic!("{found:#?}"));
    let found = catalog.look_over(folder.path());
    let place = format!("{}/acme/", folder.path().display());
    (found.iter().map(|one| one.one_line().replace(&place, "")).collect(), found)
}

#[test]
fn what_is_finished_and_fits_is_not_spoken_of() {
    assert_eq!(found(FILE, TWIN).0, Vec::<String>::new());
}

#[test]
fn a_twin_that_does_not_compile_is_an_error_at_its_place() {
    for (from, to, expected) in [
        ("#{ active: true }", "#{ use: true }", "twin.rhai:2:"),
        ("empty(204)", "empty(204", "twin.rhai:3:"),
        ("\"POST /oauth/token\"", "\"POST/oauth/token\"", "twin.rhai:4:"),
        ("(), |req", "7, |req", "twin.rhai:4:"),
    ] {
        let (lines, all) = found(FILE, &TWIN.replacen(from, to, 1));
        assert_eq!((lines.len(), all[0].level), (1, Level::Error), "{lines:?}");
        assert!(lines[0].starts_with(expected) && lines[0].ends_with("[IN0033]"), "{lines:?}");
    }
}

#[test]
fn a_twin_that_does_not_fit_is_warned_of_with_both_names() {
    let (lines, all) = found(FILE, &TWIN.replacen("/v1/users/{id}/suspend", "/v1/user/{id}/suspend", 1));
    assert_eq!(
        lines,
        [
            "twin.rhai:3:24: no operation of the twin answers `suspend_user` (POST /v1/users/{user}/suspend) [IN0034]",
        ],
        "the operation of its name is where to look"
    );
    assert!(all.iter().all(|one| one.level == Level::Warning));
    let (lines, _) = found(FILE, &TWIN.replacen("\"suspend_user\", \"POST", "\"suspend\", \"PUT", 1));
    assert_eq!(
        lines,
        [
            "twin.rhai:1:1: no operation of the twin answers `suspend_user` (POST /v1/users/{user}/suspend) [IN0034]",
            "twin.rhai:3:19: no action makes the request of `suspend` (PUT /v1/users/{id}/suspend) [IN0034]",
        ]
    );
}

#[test]
fn a_verb_that_is_nearly_ours_gets_a_did_you_mean_and_one_of_its_own_does_not() {
    let (lines, all) = found(&FILE.replacen("user.suspend", "user.suspnd", 1), TWIN);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("`user.suspnd`") && lines[0].ends_with("[IN0035]"), "{lines:?}");
    assert_eq!(all[0].help.as_deref(), Some("did you mean `user.suspend`?"));
    assert_eq!(found(&FILE.replacen("user.suspend", "user.frobnicate", 1), TWIN).0, Vec::<String>::new());
}

#[test]
fn what_a_draft_left_open_is_named_until_somebody_says_it() {
    let text = r#"{ "openapi": "3.0.3", "servers": [{ "url": "https://acme.example" }], "paths": {
        "/v1/keys/{id}": { "delete": { "operationId": "deleteKey", "parameters":
        [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }], "responses": { "204": {} } } } } }"#;
    let draft = Draft::of("acme", &[Description::read(text).unwrap()], &[]);
    let (lines, all) = found(&draft.integration, &draft.twin);
    let words: Vec<_> = all.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(
        words,
        [
            "the draft knew no page of the API's reference",
            "the draft knew no page of this action",
            "nobody has said yet what proves this action",
            "the title is the draft's own",
        ],
        "{lines:?}"
    );
    assert!(all.iter().all(|one| (one.code.as_str(), one.level) == ("IN0036", Level::Warning)));
}
