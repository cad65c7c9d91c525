//! What the format refuses, with the words that it says.

use crate::shop::Shop;

const GOOD: &str = r#"
  get:
    title: Get
    effect: read
    input: { job: { type: string } }
    request: { method: GET, path: "/jobs/{job}" }
    evidence: none
    docs: https://shop.example/docs
  cut:
    title: Cut
    effect: reversible
    target: { kind: user, id: "{user}" }
    input: { user: { type: string } }
    read: { action: get, with: { job: "{user}" }, already: read.gone }
    let: { rest: "read.all.filter(|one| one != input.user)" }
    request: { method: POST, path: "/users/{user}", json: { rest: "{rest}" } }
    poll: { action: get, with: { job: "{body.job}" }, done: body.done, failed: body.failed, within: 1m }
    verify: { action: get, with: { job: "{user}" }, until: out.off }
    undo: { action: give, with: { user: "{user}" } }
    in_doubt: probe
    differs: { "path": "a reason" }
    evidence: none
    docs: https://shop.example/docs
  give:
    title: Give
    effect: restore
    target: { kind: user, id: "{user}" }
    input: { user: { type: string } }
    request: { method: POST, path: "/users/{user}/on" }
    verify: { none: a test }
    in_doubt: ask
    evidence: none
    docs: https://shop.example/docs
"#;

const HEAD: &str = r#"settings: { site: { help: x, default: eu, one_of: [eu, us] } }
errors: { code: [code] }
limits: { codes: [Throttling] }
auth: [{ name: app, type: github_app, issuer: "1", token_url: "{url}/token" }, { name: token, type: bearer }]
self: { action: whoami, is: { user: "{out.id}" } }"#;

const WHOAMI: &str = r#"
  whoami: { title: Who, effect: read, request: { method: GET, path: /me }, evidence: none, docs: "https://shop.example" }
"#;

fn said(head: &str, actions: &str) -> Vec<String> {
    let found = Shop::new(head, &format!("{actions}{WHOAMI}")).catalog().err().unwrap_or_default();
    found.iter().map(|one| format!("{} {}", one.code, one.message)).collect()
}

#[test]
fn the_good_one_is_good() {
    assert_eq!(said(HEAD, GOOD), Vec::<String>::new());
}

#[test]
fn a_mistake_in_an_action_is_named() {
    for (from, to, expected) in [
        ("let: { rest:", "let: { user:", "IN0027 `user` means something else already"),
        ("already: read.gone", "already: body.gone", "IN0010 nothing is called `body` here"),
        ("let: { rest: \"read.all", "let: { rest: \"raed.all", "IN0010 nothing is called `raed` here"),
        ("rest: \"{rest}\"", "rest: \"{rset}\"", "IN0003 nothing gives `{rset}`"),
        (
            "within: 1m }\n    verify",
            "every: 2m, within: 1m }\n    verify",
            "IN0027 the first question would come",
        ),
        ("done: body.done", "done: out.done", "IN0010 nothing is called `out` here"),
        ("poll: { action: get,", "poll: { action: give,", "IN0004 `give` changes something"),
        ("\"path\": \"a reason\"", "\"path\": \"\"", "IN0027 why does it differ at `path`?"),
        (
            "in_doubt: probe\n",
            "in_doubt: probe\n    auth: apq\n",
            "IN0014 the platform cannot authenticate by `apq`",
        ),
        (
            "in_doubt: probe\n",
            "in_doubt: probe\n    auth: { type: jwt, issuer: \"1\" }\n",
            "IN0014 the tokens of `jwt` are kept by name",
        ),
        (
            "in_doubt: probe\n",
            "in_doubt: probe\n    needs: [auth.apq]\n",
            "IN0017 there is no way to authenticate",
        ),
        (
            "in_doubt: probe\n",
            "in_doubt: probe\n    permanent_if: deletes\n",
            "IN0017 there is no setting `deletes`",
        ),
        (
            "in_doubt: probe\n",
            "in_doubt: probe\n    residual: \"{settings.sight}\"\n",
            "IN0017 there is no setting `sight`",
        ),
        (
            "in_doubt: probe\n",
            "in_doubt: probe\n    residual: \"{settings.site}\"\n",
            "IN0017 `site` says no length of time unless it is set",
        ),
        (
            "path: \"/users/{user}\"",
            "path: \"/users/{user}\", query: { key: \"{credential}\" }",
            "IN0012 `{credential}` is a secret",
        ),
        (
            "path: \"/users/{user}\"",
            "path: \"/users/{user}\", query: { $filter: \"id eq '{user}'\" }",
            "IN0011 `{user}` stands between quotes",
        ),
        (
            "json: {",
            "content_type: text/plain, form: {",
            "IN0008 `content_type` is of a `json` or `text` body",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let found = said(HEAD, &GOOD.replacen(from, to, 1));
        assert!(found.iter().any(|one| one.starts_with(expected)), "{expected}: {found:?}");
    }
    let fits = GOOD.replacen(
        "path: \"/users/{user}\"",
        "path: \"/users/{user}\", query: { $filter: \"id eq '{user|odata}'\" }",
        1,
    );
    assert_eq!(said(HEAD, &fits), Vec::<String>::new());
}

#[test]
fn a_mistake_in_the_head_is_named() {
    for (from, to, expected) in [
        ("default: eu", "default: mars", "IN0017 `mars` is none of the values"),
        ("errors: { code: [code] }", "errors: {}", "IN0029 codes mean nothing"),
        ("action: whoami, ", "", "IN0028 `{out.id}` is of a read"),
        ("action: whoami, ", "action: give, ", "IN0004 `give` changes something"),
        ("is: { user: \"{out.id}\" }", "is: {}", "IN0028 it says of no kind"),
        ("is: { user: ", "is: { planet: ", "IN0028 no cut here is on a planet"),
        ("issuer: \"1\", ", "", "IN0014 authentication of type `github_app` needs `issuer`"),
        ("type: bearer", "type: bearer, hosts: [x]", "IN0014 authentication of type `bearer` has no `hosts`"),
        (
            "type: bearer",
            "type: bearer, client_auth: form",
            "IN0014 authentication of type `bearer` has no `client_auth`",
        ),
        (
            "type: bearer",
            "type: bearer, value: \"{key.fingerprint}\"",
            "IN0003 nothing gives `{key.fingerprint}`",
        ),
    ] {
        assert!(HEAD.contains(from), "{from}");
        let found = said(&HEAD.replacen(from, to, 1), GOOD);
        assert!(found.iter().any(|one| one.starts_with(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn a_setting_has_one_of_its_values_and_tls_is_whole() {
    use stanch_integrations::{Integrations, LiveTransport, Transport};
    use stanch_model::config::{IntegrationConfig, TlsConfig};

    let catalog = std::sync::Arc::new(Shop::new(HEAD, &format!("{GOOD}{WHOAMI}")).catalog().unwrap());
    let mistakes = |config: IntegrationConfig| {
        let config = IntegrationConfig {
            platform: "shop".to_owned(),
            url: Some("https://shop.example".to_owned()),
            ..config
        };
        let transport = Transport::Live(LiveTransport::new().unwrap());
        let vault = std::sync::Arc::new(crate::support::Vault::default());
        let configured = std::collections::BTreeMap::from([("it".to_owned(), config)]);
        let found = Integrations::new(std::sync::Arc::clone(&catalog), &configured, transport, vault);
        found
            .map(drop)
            .unwrap_err()
            .iter()
            .map(|one| format!("{} {}", one.code, one.message))
            .collect::<Vec<_>>()
    };
    let settings = std::collections::BTreeMap::from([("site".to_owned(), "mars".to_owned())]);
    let found = mistakes(IntegrationConfig { settings, ..IntegrationConfig::default() });
    assert_eq!(found, ["IN0021 integrations.it: the setting `site` cannot be `mars`"]);
    let tls = TlsConfig { certificate: Some("file:/c".to_owned()), ..TlsConfig::default() };
    let found = mistakes(IntegrationConfig { tls: Some(tls), ..IntegrationConfig::default() });
    assert_eq!(found, ["IN0026 integrations.it: `tls` needs both `certificate` and `key`, or neither"]);
    let tls = TlsConfig { ca: Some("hunter2".to_owned()), ..TlsConfig::default() };
    let found = mistakes(IntegrationConfig { tls: Some(tls), ..IntegrationConfig::default() });
    assert!(found[0].starts_with("IN0026") && !found[0].contains("hunter2"), "{found:?}");
}
