//! How requests prove who sends them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use stanch_integrations::Outcome;
use stanch_model::secret::SecretBox as _;

use crate::{
    shop::{KEY, Shop},
    support::{Answer, Seen, Server, call, kind},
};

const LIST: &str = r#"
  list:
    title: List
    effect: read
    request: { method: GET, path: /list }
    evidence: none
    docs: https://shop.example/docs
"#;

fn form(request: &Seen, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(request.body.as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// Head and claims of a JWT that was signed with the key of the fixtures.
fn opened(token: &str) -> (Value, Value) {
    let parts: Vec<_> = token.split('.').collect();
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    let body: String = KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    let pair = ring::rsa::KeyPair::from_pkcs8(&der).unwrap();
    ring::signature::UnparsedPublicKey::new(
        &ring::signature::RSA_PKCS1_2048_8192_SHA256,
        pair.public().as_ref(),
    )
    .verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &signature)
    .unwrap();
    let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (json(parts[0]), json(parts[1]))
}

#[tokio::test]
async fn each_part_of_a_credential_goes_into_its_header() {
    let head = r#"auth: [{ name: keys, type: headers, headers: { DD-API-KEY: "{credential.api_key}", DD-APP-KEY: "{credential.app_key}" } }]"#;
    let server = Server::start(|_, _| Answer::json(200, json!({}))).await;
    let both =
        Shop::new(head, LIST).at(&server.url()).parts(&[("api_key", "one-1"), ("app_key", "two-2")]).build();
    assert_eq!(kind(&both.integrations.call(call("it", "list", json!({}))).await), "done by Us");
    let sent = &server.seen()[0].headers;
    assert_eq!((sent["dd-api-key"].as_str(), sent["dd-app-key"].as_str()), ("one-1", "two-2"));

    let half = Shop::new(head, LIST).at(&server.url()).parts(&[("api_key", "one-1")]).build();
    let outcome = half.integrations.call(call("it", "list", json!({}))).await;
    let Outcome::Refused { message, .. } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("credential.app_key"), "{message}");
    assert_eq!(server.seen().len(), 1, "nothing is sent with half a proof");
}

#[tokio::test]
async fn a_client_proves_itself_by_what_it_signs() {
    let head = r#"
settings: { client_id: { help: id }, key_id: { help: kid, optional: true } }
auth:
  - name: app
    type: client_credentials
    token_url: "{url}/token"
    user: "{settings.client_id}"
    client_auth: private_key_jwt
    key_id: "{settings.key_id}"
    scope: a b
    params: { resource: everything }"#;
    let server = Server::start(|_, request| match request.path.as_str() {
        "/token" => Answer::json(200, json!({ "access_token": "token-1", "expires_in": 3600 })),
        _ => Answer::json(200, json!({})),
    })
    .await;
    for (settings, kid) in
        [(&[("client_id", "0oa1"), ("key_id", "k-7")][..], Some("k-7")), (&[("client_id", "0oa1")], None)]
    {
        let live = Shop::new(head, LIST).at(&server.url()).with(settings).credential(KEY).build();
        assert_eq!(kind(&live.integrations.call(call("it", "list", json!({}))).await), "done by Us");
        let seen = server.seen();
        let [.., token, list] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(list.headers["authorization"], "Bearer token-1");
        assert_eq!(form(token, "grant_type").as_deref(), Some("client_credentials"));
        assert_eq!(form(token, "resource").as_deref(), Some("everything"));
        assert_eq!(form(token, "client_secret"), None);
        let (head, claims) = opened(&form(token, "client_assertion").unwrap());
        assert_eq!(head["kid"].as_str(), kid);
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("0oa1"), &json!("0oa1")));
        assert_eq!(claims["aud"], json!(format!("{}/token", server.url())));
        assert!(
            claims["jti"].as_str().unwrap().len() > 16 && claims["exp"].as_i64() > claims["iat"].as_i64()
        );
    }
    let seen = server.seen();
    let jti = |at: usize| opened(&form(&seen[at], "client_assertion").unwrap()).1["jti"].clone();
    assert_ne!(jti(0), jti(2), "an assertion is good for one use");
}

#[tokio::test]
async fn a_client_with_a_refresh_token_has_a_secret_of_its_own() {
    let head = r#"
auth:
  - name: app
    type: client_credentials
    token_url: "{url}/token"
    user: twin-key
    value: "{credential.secret}"
    params: { grant_type: refresh_token, refresh_token: "{credential.refresh}" }"#;
    let server = Server::start(|_, request| match request.path.as_str() {
        "/token" => Answer::json(200, json!({ "access_token": "token-1", "expires_in": 3600 })),
        _ => Answer::json(200, json!({})),
    })
    .await;
    let parts = [("secret", "the-secret"), ("refresh", "the-refresh-token")];
    let live = Shop::new(head, LIST).at(&server.url()).parts(&parts).build();
    assert_eq!(kind(&live.integrations.call(call("it", "list", json!({}))).await), "done by Us");
    let seen = server.seen();
    assert_eq!(seen[0].headers["authorization"], "Basic dHdpbi1rZXk6dGhlLXNlY3JldA==");
    assert_eq!(form(&seen[0], "grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(form(&seen[0], "refresh_token").as_deref(), Some("the-refresh-token"));
    assert_eq!(seen[1].headers["authorization"], "Bearer token-1");
}

const APP: &str = r#"
settings: { app: { help: id }, installation: { help: id } }
auth:
  - { name: app, type: github_app, issuer: "{settings.app}", token_url: "{url}/app/installations/{settings.installation}/access_tokens" }
  - { name: app_jwt, type: jwt, issuer: "{settings.app}", lives: 9m }
  - { name: token, type: bearer }"#;

const APP_ACTIONS: &str = r#"
  list:
    title: List
    effect: read
    request: { method: GET, path: /list }
    evidence: none
    docs: https://shop.example/docs
  installation:
    title: Read the installation
    effect: read
    auth: app_jwt
    request: { method: GET, path: /app }
    evidence: none
    docs: https://shop.example/docs
  only_app:
    title: What a token may not do
    effect: read
    needs: [auth.app]
    request: { method: GET, path: /only }
    evidence: none
    docs: https://shop.example/docs
  anonymous:
    title: What nobody signs
    effect: read
    auth: { type: none }
    request: { method: GET, path: /anonymous }
    evidence: none
    docs: https://shop.example/docs
"#;

#[tokio::test]
async fn an_app_gets_one_installation_token_for_all_and_a_new_one_when_it_ends() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let server = Server::start(move |_, request| {
        let authorization = request.headers.get("authorization").cloned().unwrap_or_default();
        match request.path.as_str() {
            "/app/installations/9/access_tokens" => {
                let (_, claims) = opened(authorization.strip_prefix("Bearer ").unwrap());
                assert_eq!(claims["iss"], "77");
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                Answer::json(
                    201,
                    json!({ "token": format!("ghs-{number}"), "expires_at": "2099-01-01T00:00:00Z" }),
                )
            }
            "/app" => {
                Answer::json(200, json!({ "iss": opened(authorization.strip_prefix("Bearer ").unwrap()).1 }))
            }
            "/anonymous" if authorization.is_empty() => Answer::json(200, json!({})),
            "/list" if authorization == "Bearer ghs-1" && count.load(Ordering::SeqCst) == 1 => {
                Answer::json(200, json!({}))
            }
            "/only" | "/list" if authorization == "Bearer ghs-2" => Answer::json(200, json!({})),
            _ => Answer::json(401, json!({})),
        }
    })
    .await;
    let settings = [("app", "77"), ("installation", "9")];
    let live = Shop::new(APP, APP_ACTIONS).at(&server.url()).with(&settings).credential(KEY).build();
    let all = |action: &'static str| (0..8).map(move |_| call("it", action, json!({})));
    let calls = all("list").map(|call| live.integrations.call(call));
    for outcome in futures_util::future::join_all(calls).await {
        assert_eq!(kind(&outcome), "done by Us");
    }
    assert_eq!(made.load(Ordering::SeqCst), 1, "one token for eight calls");
    // The token ends: eight calls are refused with it, and one new one is made.
    let calls = all("only_app").map(|call| live.integrations.call(call));
    for outcome in futures_util::future::join_all(calls).await {
        assert_eq!(kind(&outcome), "done by Us");
    }
    assert_eq!(made.load(Ordering::SeqCst), 2, "one new token for eight refusals");
    for action in ["installation", "anonymous"] {
        assert_eq!(
            kind(&live.integrations.call(call("it", action, json!({}))).await),
            "done by Us",
            "{action}"
        );
    }
    let token =
        Shop::new(APP, APP_ACTIONS).at(&server.url()).with(&settings).credential("t").by("token").build();
    assert_eq!(kind(&token.integrations.call(call("it", "only_app", json!({}))).await), "unknown");
}

#[tokio::test]
async fn a_key_file_names_its_account_and_its_key() {
    let head = r#"
settings: { admin: { help: who } }
auth:
  - name: service_account
    type: jwt_bearer
    token_url: "{url}/token"
    issuer: "{credential.client_email}"
    subject: "{settings.admin}"
    audience: https://oauth2.example/token
    scope: all
    key: "{credential.private_key}""#;
    let server = Server::start(|_, request| match request.path.as_str() {
        "/token" => Answer::json(200, json!({ "access_token": "token-1", "expires_in": 3600 })),
        _ => Answer::json(200, json!({})),
    })
    .await;
    let file = json!({ "type": "service_account", "client_email": "x@p.example", "private_key": KEY });
    let settings = [("admin", "boss@acme.example")];
    let live = Shop::new(head, LIST).at(&server.url()).with(&settings).credential(&file.to_string()).build();
    assert_eq!(kind(&live.integrations.call(call("it", "list", json!({}))).await), "done by Us");
    let (_, claims) = opened(&form(&server.seen()[0], "assertion").unwrap());
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["scope"]),
        (&json!("x@p.example"), &json!("boss@acme.example"), &json!("all"))
    );
}

#[tokio::test]
async fn a_key_pair_is_named_by_its_fingerprint() {
    let head = r#"
settings: { account: { help: account }, user: { help: user } }
auth:
  - name: key_pair
    type: jwt
    issuer: "{settings.account|upper}.{settings.user|upper}.{key.fingerprint}"
    subject: "{settings.account|upper}.{settings.user|upper}""#;
    let server = Server::start(|_, _| Answer::json(200, json!({}))).await;
    let settings = [("account", "org-acme"), ("user", "stanch")];
    let live = Shop::new(head, LIST).at(&server.url()).with(&settings).credential(KEY).build();
    assert_eq!(kind(&live.integrations.call(call("it", "list", json!({}))).await), "done by Us");
    let (_, claims) = opened(server.seen()[0].headers["authorization"].strip_prefix("Bearer ").unwrap());
    let issuer = claims["iss"].as_str().unwrap();
    let fingerprint = issuer.strip_prefix("ORG-ACME.STANCH.SHA256:").unwrap();
    assert_eq!(base64::engine::general_purpose::STANDARD.decode(fingerprint).unwrap().len(), 32);
}

#[tokio::test]
async fn a_signed_request_holds_the_id_and_never_the_secret() {
    let head = r#"auth: [{ name: keys, type: aws_sigv4, service: iam, region: us-east-1 }]
headers: { Accept: application/json }"#;
    let act = r#"
  act:
    title: Act
    effect: read
    request: { method: POST, path: /, form: { Action: ListUsers, Version: "2010-05-08" } }
    evidence: none
    docs: https://shop.example/docs
"#;
    let server = Server::start(|_, _| Answer::json(200, json!({}))).await;
    let parts =
        [("access_key_id", "AKIDEXAMPLE"), ("secret_access_key", "hunter22"), ("session_token", "sess-1")];
    let live = Shop::new(head, act).at(&server.url()).parts(&parts).build();
    assert_eq!(kind(&live.integrations.call(call("it", "act", json!({}))).await), "done by Us");
    let seen = server.seen();
    let signed = &seen[0].headers["authorization"];
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{signed}");
    assert!(
        signed.contains("/us-east-1/iam/aws4_request") && signed.contains("content-type;host;x-amz-date")
    );
    assert_eq!(seen[0].headers["x-amz-security-token"], "sess-1");
    assert!(!format!("{seen:?}").contains("hunter22"));
    let half = Shop::new(head, act).at(&server.url()).parts(&parts[..1]).build();
    let outcome = half.integrations.call(call("it", "act", json!({}))).await;
    let Outcome::Refused { message, .. } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("`secret_access_key`"), "{message}");
}

#[tokio::test]
async fn a_secret_url_takes_the_place_of_the_request_s_own_and_is_never_told() {
    let head = r#"auth: [{ name: url, type: secret_url, hosts: ["127.0.0.1", "*.workflows.example"] }]"#;
    let tell = r#"
  tell:
    title: Post
    effect: tell
    request: { method: POST, path: /, json: { text: hello } }
    success: { status: [202] }
    in_doubt: ask
    evidence: none
    docs: https://shop.example/docs
"#;
    let server = Server::start(|number, request| match number {
        1 => Answer::Say(202, Vec::new(), String::new()),
        _ => Answer::json(400, json!({ "error": format!("no flow at {}", request.path) })),
    })
    .await;
    let url = format!("{}/flows/1?api-version=1&sig=hunter22", server.url());
    let live = Shop::new(head, tell).at("https://workflows.example").credential(&url).build();
    assert_eq!(kind(&live.integrations.call(call("it", "tell", json!({}))).await), "done by Us");
    assert_eq!(server.seen()[0].path, "/flows/1?api-version=1&sig=hunter22");
    let refused = live.integrations.call(call("it", "tell", json!({}))).await;
    assert!(!format!("{refused:?}").contains("hunter22"), "{refused:?}");
    for elsewhere in ["https://evil.example/?sig=hunter22", "ftp://127.0.0.1/", "hunter22"] {
        let live = Shop::new(head, tell).at("https://workflows.example").credential(elsewhere).build();
        let outcome = live.integrations.call(call("it", "tell", json!({}))).await;
        let Outcome::Refused { message, .. } = outcome else { panic!("{outcome:?}") };
        assert!(message.contains("no URL to use") && !message.contains("hunter22"), "{message}");
    }
}

#[tokio::test]
async fn a_part_of_the_credential_may_stand_in_a_body_and_is_taken_out_of_what_people_see() {
    let head = "auth: [{ name: none, type: none }]\nerrors: { message: [error] }";
    let page = r#"
  page:
    title: Page somebody
    effect: tell
    needs: [credential.routing_key]
    request: { method: POST, path: /enqueue, json: { routing_key: "{credential.routing_key}", event_action: trigger } }
    success: { status: [202] }
    in_doubt: ask
    evidence: none
    docs: https://shop.example/docs
"#;
    let server = Server::start(|_, request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        Answer::json(400, json!({ "error": format!("bad key {}", body["routing_key"].as_str().unwrap()) }))
    })
    .await;
    let live = Shop::new(head, page).at(&server.url()).parts(&[("routing_key", "R0UTING")]).build();
    let outcome = live.integrations.call(call("it", "page", json!({}))).await;
    let Outcome::Refused { message, .. } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("bad key [secret]"), "{message}");
    let preview = live.integrations.preview("it", "page", None, &json!({})).unwrap();
    assert!(preview.body.contains(r#""routing_key":"[secret]""#), "{}", preview.body);
    let without = Shop::new(head, page).at(&server.url()).credential("one").build();
    assert_eq!(kind(&without.integrations.call(call("it", "page", json!({}))).await), "unknown");
}

#[tokio::test]
async fn an_action_may_prove_by_what_its_call_brings() {
    let revoke = r#"
  revoke:
    title: Revoke a token of an app
    effect: permanent
    input: { client: { type: string }, secret: { type: secret }, token: { type: secret } }
    auth: { type: basic, user: "{client}", value: "{secret}" }
    request: { method: DELETE, path: "/applications/{client}/token", json: { access_token: "{token}" } }
    success: { status: [204] }
    verify: { none: a test }
    in_doubt: ask
    evidence: none
    docs: https://shop.example/docs
"#;
    let server = Server::start(|_, _| Answer::Say(204, Vec::new(), String::new())).await;
    let live =
        Shop::new("auth: [{ name: token, type: bearer }]", revoke).at(&server.url()).credential("t").build();
    let secret = |text: &str| json!({ "$secret": live.vault.seal(text).unwrap() });
    let input = json!({ "client": "Iv1", "secret": secret("s3cret"), "token": secret("gho_1") });
    assert_eq!(kind(&live.integrations.call(call("it", "revoke", input)).await), "done by Us");
    let seen = server.seen();
    let proof = base64::engine::general_purpose::STANDARD.encode("Iv1:s3cret");
    assert_eq!(seen[0].headers["authorization"], format!("Basic {proof}"));
    assert_eq!((seen[0].method.as_str(), seen[0].body.as_str()), ("DELETE", r#"{"access_token":"gho_1"}"#));
}

const EVENTS: &str = r#"
settings: { key_id: { help: kid, optional: true } }
auth: [{ name: signed, type: security_event, issuer: "https://us.example", audience: "{url}", key_id: "{settings.key_id}" }]"#;

const SEND: &str = r#"
  send:
    title: Tell
    effect: tell
    input: { mail: { type: string } }
    request:
      method: POST
      path: /sets
      json:
        jti: "{key}"
        sub_id: { format: email, email: "{mail}" }
        events: { "https://events.example/a": {}, "https://events.example/b": { event_timestamp: 7 } }
    success: { status: [202] }
    verify: { none: a test }
    in_doubt: repeat
    idempotency: { memory: 1h }
    evidence: none
    docs: https://shop.example/docs
  silent:
    title: Tell nothing
    effect: tell
    request: { method: POST, path: /sets }
    success: { status: [202] }
    verify: { none: a test }
    in_doubt: ask
    evidence: none
    docs: https://shop.example/docs
"#;

#[tokio::test]
async fn a_security_event_is_signed_and_never_ends() {
    let server = Server::start(|_, _| Answer::Say(202, Vec::new(), String::new())).await;
    let shop = Shop::new(EVENTS, SEND).at(&server.url()).with(&[("key_id", "k-7")]);
    let live = shop.parts(&[("main", KEY), ("authorization", "Bearer x")]).build();
    let outcome = live.integrations.call(call("it", "send", json!({ "mail": "ana@acme.example" }))).await;
    assert_eq!(kind(&outcome), "done by Us");
    let seen = server.seen();
    assert_eq!(seen[0].headers["content-type"], "application/secevent+jwt");
    let (head, claims) = opened(&seen[0].body);
    assert_eq!(head, json!({ "alg": "RS256", "typ": "secevent+jwt", "kid": "k-7" }));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("https://us.example"), &json!(server.url())));
    assert_eq!(
        claims["jti"],
        json!(call("it", "send", json!({})).key),
        "a receiver takes a repeated one once"
    );
    let events = &claims["events"];
    assert_eq!(events["https://events.example/a"]["event_timestamp"], claims["iat"]);
    assert_eq!(events["https://events.example/b"]["event_timestamp"], 7);
    assert!(claims.get("exp").is_none() && claims.get("sub").is_none(), "{claims}");

    let outcome = live.integrations.call(call("it", "silent", json!({}))).await;
    let Outcome::Refused { message, .. } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("`json` body"), "{message}");
    assert_eq!(server.seen().len(), 1, "nothing goes out unsigned");
}

#[tokio::test]
async fn of_several_parts_the_main_one_is_the_credential() {
    let head = "auth: [{ name: token, type: bearer }]";
    let server = Server::start(|_, _| Answer::json(200, json!({}))).await;
    let live =
        Shop::new(head, LIST).at(&server.url()).parts(&[("main", "t-1"), ("client_secret", "s-2")]).build();
    assert_eq!(kind(&live.integrations.call(call("it", "list", json!({}))).await), "done by Us");
    assert_eq!(server.seen()[0].headers["authorization"], "Bearer t-1");
    let none = Shop::new(head, LIST).at(&server.url()).parts(&[("client_secret", "s-2")]).build();
    let outcome = none.integrations.call(call("it", "list", json!({}))).await;
    let Outcome::Refused { message, .. } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("`main`"), "{message}");
}

#[tokio::test]
async fn a_list_of_secrets_is_opened_on_the_wire_and_takes_no_plain_text() {
    let revoke = r#"
  revoke:
    title: Revoke many
    effect: permanent
    target: { kind: leak, id: "{leak}" }
    input: { leak: { type: string }, tokens: { type: list, of: secret } }
    request: { method: POST, path: /revoke, json: { credentials: "{tokens}" } }
    success: { status: [202] }
    verify: { none: a test }
    in_doubt: ask
    evidence: none
    docs: https://shop.example/docs
"#;
    let server = Server::start(|_, _| Answer::json(202, json!({}))).await;
    let live =
        Shop::new("auth: [{ name: none, type: none }]", revoke).at(&server.url()).credential("t").build();
    let handle = |text: &str| live.vault.seal(text).unwrap();
    let target = json!({ "$target": { "integration": "it", "kind": "credential", "id": handle("ghp_2") } });
    let tokens = json!([{ "$secret": handle("ghp_1") }, target]);
    let sent =
        live.integrations.call(call("it", "revoke", json!({ "leak": "logs", "tokens": tokens }))).await;
    assert_eq!(kind(&sent), "done by Us");
    assert_eq!(server.seen()[0].body, r#"{"credentials":["ghp_1","ghp_2"]}"#);
    let plain =
        live.integrations.call(call("it", "revoke", json!({ "leak": "logs", "tokens": ["ghp_3"] }))).await;
    let Outcome::Refused { message, .. } = plain else { panic!("{plain:?}") };
    assert!(message.contains("secret handles") && !message.contains("ghp_3"), "{message}");
}
