//! What our side makes of everything that a platform can answer. The counterpart is a server on loopback that misbehaves
//! as told.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use stanch_integrations::{By, Call, Integrations, Look, Outcome, Seen};
use stanch_model::value;
use support::{Always, Answer, Server, call, kind};

fn on(server: &Server) -> Integrations {
    support::everything(server.address, None)
}

/// One write (a revocation in Okta) against one answer.
async fn write(answer: impl Fn() -> Answer + Send + Sync + 'static) -> Outcome {
    let server = Server::start(move |_, _| answer()).await;
    on(&server).call(call("okta", "revoke_app_token", json!({ "app": "0oa1", "token": "oar1" }))).await
}

/// One read (an app in Okta) against one answer.
async fn read(answer: impl Fn() -> Answer + Send + Sync + 'static) -> Outcome {
    let server = Server::start(move |_, _| answer()).await;
    on(&server).call(call("okta", "get_app", json!({ "app": "0oa1" }))).await
}

fn html(status: u16) -> Answer {
    Answer::Say(status, vec![("content-type", "text/html".to_owned())], "<html>sign in</html>".to_owned())
}

#[tokio::test]
async fn a_write_is_done_refused_or_in_doubt_and_never_guessed() {
    let not_found = || Answer::json(404, json!({ "errorCode": "E0000007", "errorSummary": "Not found" }));
    let cases: Vec<(&str, Always, &str)> = vec![
        ("204", Box::new(|| Answer::Say(204, vec![], String::new())), "done by Us"),
        ("404 in its words", Box::new(not_found), "done by Other"),
        ("404 of a proxy", Box::new(|| html(404)), "not_found"),
        ("401", Box::new(|| Answer::json(401, json!({ "errorCode": "E0000011" }))), "auth"),
        ("403", Box::new(|| Answer::json(403, json!({ "errorCode": "E0000006" }))), "forbidden"),
        ("400", Box::new(|| Answer::json(400, json!({ "errorCode": "E0000001" }))), "invalid"),
        ("409", Box::new(|| Answer::json(409, json!({}))), "state"),
        (
            "302",
            Box::new(|| Answer::Say(302, vec![("location", "https://evil.example/".into())], String::new())),
            "redirect",
        ),
        (
            "303",
            Box::new(|| Answer::Say(303, vec![("location", "https://evil.example/".into())], String::new())),
            "in doubt",
        ),
        ("200 that it never gives", Box::new(|| Answer::json(200, json!({}))), "in doubt"),
        ("200 HTML", Box::new(|| html(200)), "in doubt"),
        ("500", Box::new(|| Answer::json(500, json!({}))), "in doubt"),
        ("503", Box::new(|| Answer::Say(503, vec![("retry-after", "1".into())], String::new())), "in doubt"),
        ("closed at once", Box::new(|| Answer::Raw(Vec::new())), "in doubt"),
        ("garbage", Box::new(|| Answer::Raw(vec![0xff, 0xfe, 0, 1, 2, 3])), "in doubt"),
        ("half an answer", Box::new(|| Answer::Raw(b"HTTP/1.1 204 X\r\ncontent-le".to_vec())), "in doubt"),
        ("endless", Box::new(|| Answer::Endless), "in doubt"),
        ("429", Box::new(|| Answer::Say(429, vec![("retry-after", "7".into())], String::new())), "limited"),
    ];
    for (name, answer, expected) in cases {
        assert_eq!(kind(&write(answer).await), expected, "{name}");
    }
}

#[tokio::test]
async fn a_read_is_there_or_says_why_not() {
    let cases: Vec<(&str, Always, &str)> = vec![
        ("200", Box::new(|| Answer::json(200, json!({ "id": "0oa1", "status": "ACTIVE" }))), "done by Us"),
        ("HTML", Box::new(|| html(200)), "garbled"),
        ("half a JSON", Box::new(|| Answer::Say(200, vec![], "{\"id\": \"0o".into())), "garbled"),
        (
            "invalid UTF-8",
            Box::new(|| {
                Answer::Raw(b"HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\n{\"a\":\"\xff\xfe\"}".to_vec())
            }),
            "garbled",
        ),
        ("500", Box::new(|| Answer::json(500, json!({}))), "unavailable"),
        ("closed at once", Box::new(|| Answer::Raw(Vec::new())), "unavailable"),
        ("endless", Box::new(|| Answer::Endless), "too_large"),
        (
            "redirect",
            Box::new(|| Answer::Say(301, vec![("location", "/x".into())], String::new())),
            "redirect",
        ),
    ];
    for (name, answer, expected) in cases {
        assert_eq!(kind(&read(answer).await), expected, "{name}");
    }
}

#[tokio::test]
async fn a_missing_answer_is_in_doubt_and_a_missing_server_is_not_sent() {
    let server = Server::start(|_, _| Answer::Silence).await;
    let mut silent = call("okta", "revoke_app_token", json!({ "app": "0oa1", "token": "oar1" }));
    silent.deadline = Duration::from_millis(300);
    assert_eq!(kind(&on(&server).call(silent).await), "in doubt");
    let nobody = support::everything(support::nowhere(), None);
    let outcome =
        nobody.call(call("okta", "revoke_app_token", json!({ "app": "0oa1", "token": "oar1" }))).await;
    assert_eq!(kind(&outcome), "not sent");
}

#[tokio::test]
async fn already_done_is_unknown_after_an_attempt_of_ours() {
    let server = Server::start(|_, _| Answer::json(404, json!({ "errorCode": "E0000007" }))).await;
    let mut second = call("okta", "revoke_app_token", json!({ "app": "0oa1", "token": "oar1" }));
    second.attempt = 2;
    match on(&server).call(second).await {
        Outcome::Done { by, .. } => assert_eq!(by, By::Unknown),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn slack_says_no_with_200() {
    for (error, expected) in [
        ("invalid_auth", "auth"),
        ("missing_scope", "forbidden"),
        ("channel_not_found", "not_found"),
        ("is_archived", "state"),
        ("something_new", "refused"),
    ] {
        let server =
            Server::start(move |_, _| Answer::json(200, json!({ "ok": false, "error": error }))).await;
        let post = call("slack", "post_message", json!({ "channel": "#incidents", "text": "hello" }));
        assert_eq!(kind(&on(&server).call(post).await), expected, "{error}");
    }
    let server = Server::start(|_, _| Answer::json(200, json!({ "maybe": true }))).await;
    let post = call("slack", "post_message", json!({ "channel": "#incidents", "text": "hello" }));
    assert_eq!(kind(&on(&server).call(post).await), "in doubt");
}

#[tokio::test]
async fn waits_are_honoured_and_capped() {
    let year = 365 * 24 * 3600;
    for (told, at_least_s, at_most_s) in
        [("2".to_owned(), 1, 3), (year.to_string(), 3590, 3605), ("soon".to_owned(), 0, 3)]
    {
        let server =
            Server::start(move |_, _| Answer::Say(429, vec![("retry-after", told.clone())], String::new()))
                .await;
        let integrations = on(&server);
        let before = now_ms();
        let outcome = integrations.call(call("okta", "get_app", json!({ "app": "0oa1" }))).await;
        let Outcome::Limited { until_ms, .. } = outcome else { panic!("{outcome:?}") };
        // However long the call took, the pause lies between these two.
        let (most, least) = ((until_ms - before) / 1000, (until_ms - now_ms()) / 1000);
        assert!(most >= at_least_s && least <= at_most_s, "{least} to {most}");
    }
}

#[tokio::test]
async fn a_wait_is_measured_by_the_platforms_clock() {
    let server = Server::start(|_, _| {
        let headers = vec![
            ("date", "Fri, 13 Mar 2026 02:40:00 GMT".to_owned()),
            ("retry-after", "Fri, 13 Mar 2026 02:40:20 GMT".to_owned()),
        ];
        Answer::Say(429, headers, String::new())
    })
    .await;
    let before = now_ms();
    let outcome = on(&server).call(call("okta", "get_app", json!({ "app": "0oa1" }))).await;
    let Outcome::Limited { until_ms, .. } = outcome else { panic!("{outcome:?}") };
    let (most, least) = (until_ms - before, until_ms - now_ms());
    assert!(most >= 19_000 && least <= 22_000, "{least} to {most}");
}

#[tokio::test]
async fn github_and_salesforce_are_slow_in_their_own_words() {
    let server = Server::start(|_, request| match request.path.as_str() {
        path if path.starts_with("/orgs") => Answer::Say(403, vec![("retry-after", "3".into())], "{}".into()),
        "/services/oauth2/token" => Answer::json(200, json!({ "access_token": "t" })),
        _ => Answer::json(403, json!([{ "errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "slow" }])),
    })
    .await;
    let integrations = on(&server);
    assert_eq!(kind(&integrations.call(call("github", "list_members", json!({}))).await), "limited");
    assert_eq!(kind(&integrations.call(call("salesforce", "list_users", json!({}))).await), "limited");
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

// ---- lists --------------------------------------------------------------------------------------------------------------

fn page(rows: std::ops::Range<u32>, next: Option<String>) -> Answer {
    let rows: Vec<_> =
        rows.map(|n| json!({ "id": format!("oar{n}"), "clientId": "0oa1", "userId": "00u1" })).collect();
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if let Some(next) = next {
        headers.push(("link", format!("<https://acme.okta.com/self>; rel=\"self\", <{next}>; rel=\"next\"")));
    }
    Answer::Say(200, headers, Value::Array(rows).to_string())
}

async fn list(decide: impl Fn(usize) -> Answer + Send + Sync + 'static) -> (Outcome, usize) {
    // Who the holders are is none of these tests' business, and refused once.
    let is_label = |request: &support::Seen| request.path.starts_with("/api/v1/users");
    let pages = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_, request| match is_label(request) {
        true => Answer::json(403, json!({})),
        false => decide(pages.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1),
    })
    .await;
    let mut call = call("okta", "list_app_tokens", json!({ "app": "0oa1" }));
    call.deadline = Duration::from_secs(120);
    let outcome = on(&server).call(call).await;
    (outcome, server.seen().iter().filter(|request| !is_label(request)).count())
}

#[tokio::test]
async fn a_list_is_followed_to_its_end_and_rows_are_targets_once() {
    let (outcome, requests) = list(|number| match number {
        1 => page(0..3, Some("https://acme.okta.com/api/v1/apps/0oa1/tokens?after=a".into())),
        _ => page(2..5, None),
    })
    .await;
    let Outcome::Done { value: rows, more, .. } = outcome else { panic!("{outcome:?}") };
    let targets = value::targets_in(&rows);
    assert_eq!(targets.len(), 5);
    assert_eq!((requests, more.requests), (2, 2));
    assert_eq!((targets[0].kind.as_str(), targets[0].integration.as_str()), ("grant", "okta"));
    let holder = value::as_target(&targets[0].attrs["holder"]).unwrap();
    assert_eq!((holder.kind.as_str(), holder.id.as_str()), ("user", "00u1"));
}

#[tokio::test]
async fn a_list_that_leads_elsewhere_or_nowhere_is_refused() {
    let (elsewhere, requests) = list(|_| page(0..3, Some("https://evil.example/steal".into()))).await;
    assert_eq!((kind(&elsewhere).as_str(), requests), ("host", 1));
    let (circle, _) = list(|_| page(0..3, Some("https://acme.okta.com/again".into()))).await;
    assert_eq!(kind(&circle), "garbled");
    let (endless, requests) = list(|number| {
        page(0..1, Some(format!("https://acme.okta.com/api/v1/apps/0oa1/tokens?after={number}")))
    })
    .await;
    assert_eq!((kind(&endless).as_str(), requests), ("too_large", 1000));
    let (nameless, _) = list(|_| Answer::json(200, json!([{ "name": "no id" }]))).await;
    assert_eq!(kind(&nameless), "garbled");
    let (no_list, _) = list(|_| Answer::json(200, json!({ "error": "odd" }))).await;
    assert_eq!(kind(&no_list), "garbled");
}

#[tokio::test]
async fn a_short_wait_in_the_middle_of_a_list_loses_nothing() {
    let (outcome, requests) = list(|number| match number {
        1 => page(0..3, Some("https://acme.okta.com/api/v1/apps/0oa1/tokens?after=a".into())),
        2 => Answer::Say(429, vec![("retry-after", "0.1".into())], String::new()),
        _ => page(3..5, None),
    })
    .await;
    let Outcome::Done { value: rows, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((value::targets_in(&rows).len(), requests), (5, 3));
}

#[tokio::test]
async fn salesforce_and_slack_go_on_in_their_own_ways() {
    let server = Server::start(|_, request| match request.path.as_str() {
        "/services/oauth2/token" => Answer::json(200, json!({ "access_token": "t" })),
        "/services/data/v62.0/query/01g-2" => {
            Answer::json(200, json!({ "done": true, "records": [{ "Id": "0053", "Username": "c" }] }))
        }
        path if path.starts_with("/services/data") => Answer::json(
            200,
            json!({ "done": false, "nextRecordsUrl": "/services/data/v62.0/query/01g-2",
                    "records": [{ "Id": "0051", "Username": "a" }, { "Id": "0052", "Username": "b" }] }),
        ),
        _ if request.body.contains("cursor=dGVhbTpD") => {
            Answer::json(200, json!({ "ok": true, "channels": [{ "id": "C2", "name": "b" }], "response_metadata": { "next_cursor": "" } }))
        }
        _ => Answer::json(200, json!({ "ok": true, "channels": [{ "id": "C1", "name": "b" }], "response_metadata": { "next_cursor": "dGVhbTpD" } })),
    })
    .await;
    let integrations = on(&server);
    for (integration, action, input, expected) in
        [("salesforce", "list_users", json!({}), 3), ("slack", "find_channel", json!({ "channel": "#b" }), 2)]
    {
        let outcome = integrations.call(call(integration, action, input)).await;
        let Outcome::Done { value: rows, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(value::targets_in(&rows).len(), expected, "{action}");
    }
}

#[tokio::test]
async fn a_list_at_its_ceiling_says_that_it_may_be_longer() {
    let server = Server::start(|_, request| {
        if request.path == "/services/oauth2/token" {
            return Answer::json(200, json!({ "access_token": "t" }));
        }
        let rows: Vec<_> = (0..2500)
            .map(|n| json!({ "AppName": "Drift", "UserId": "0051", "DeleteToken": format!("d{n}") }))
            .collect();
        Answer::json(200, json!({ "done": true, "records": rows }))
    })
    .await;
    let integrations = on(&server);
    let outcome = integrations.call(call("salesforce", "list_app_tokens", json!({ "app": "Drift" }))).await;
    let Outcome::Done { more, .. } = outcome else { panic!("{outcome:?}") };
    assert!(more.incomplete.is_some());
    // … and then absence proves nothing.
    let input = json!({ "token": { "$secret": "gone" }, "app": "Drift", "user": "0051" });
    let seen = integrations.verify("salesforce", "revoke_token", None, &input).await;
    assert!(matches!(seen, Seen::CannotTell { .. }), "{seen:?}");
}

// ---- looks --------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_look_holds_only_on_what_was_really_seen() {
    let cases: Vec<(Always, &str)> = vec![
        (Box::new(|| Answer::json(404, json!({ "errorCode": "E0000007" }))), "residual"),
        (Box::new(|| Answer::json(200, json!({ "id": "oar1", "status": "REVOKED" }))), "residual"),
        (Box::new(|| Answer::json(200, json!({ "id": "oar1", "status": "ACTIVE" }))), "holds not"),
        (Box::new(|| Answer::json(401, json!({}))), "cannot tell"),
        (Box::new(|| Answer::json(403, json!({}))), "cannot tell"),
        (Box::new(|| Answer::json(500, json!({}))), "cannot tell"),
        (Box::new(|| Answer::Say(429, vec![], String::new())), "cannot tell"),
        (Box::new(|| html(200)), "cannot tell"),
    ];
    for (answer, expected) in cases {
        let server = Server::start(move |_, _| answer()).await;
        let input = json!({ "app": "0oa1", "token": "oar1" });
        let seen = on(&server).verify("okta", "revoke_app_token", None, &input).await;
        let word = match seen {
            Seen::Holds => "holds",
            Seen::Residual { .. } => "residual",
            Seen::HoldsNot { .. } => "holds not",
            Seen::CannotTell { .. } => "cannot tell",
        };
        assert_eq!(word, expected);
    }
}

#[tokio::test]
async fn a_credential_that_is_not_accepted_any_more_is_proof_of_itself_and_of_nothing_else() {
    let server = Server::start(|_, request| match request.headers.get("authorization").map(String::as_str) {
        Some("Bearer ghp_leaked") => Answer::json(401, json!({ "message": "Bad credentials" })),
        other => panic!("{other:?}"),
    })
    .await;
    let vault = Arc::new(support::Vault::default());
    let handle = stanch_model::secret::SecretBox::seal(vault.as_ref(), "ghp_leaked").unwrap();
    let integrations = support::with_vault(server.address, vault);
    let input = json!({ "token": { "$secret": handle } });
    assert_eq!(integrations.verify("github", "revoke_credential", None, &input).await, Seen::Holds);
}

#[tokio::test]
async fn a_log_is_asked_from_the_moment_of_the_cut() {
    let server = Server::start(|_, _| {
        Answer::json(200, json!([{ "uuid": "1", "eventType": "user.session.clear", "actor": { "id": "a" } }]))
    })
    .await;
    let integrations = on(&server);
    let input = json!({ "user": "00u1" });
    let since = "2026-03-13T02:40:00Z".parse().unwrap();
    let look = Look {
        integration: "okta",
        action: "end_user_sessions",
        target: None,
        input: &input,
        since: Some(since),
        key: None,
    };
    assert!(matches!(integrations.look(look).await, Seen::Residual { .. }));
    assert!(server.seen()[0].path.contains("since=2026-03-13T02%3A40%3A00Z"), "{}", server.seen()[0].path);
    let seen = integrations.verify("okta", "end_user_sessions", None, &input).await;
    assert!(matches!(seen, Seen::CannotTell { .. }), "an old event must not prove a new cut: {seen:?}");
}

// ---- once per row ---------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn every_session_is_ended_and_none_is_no_work_of_ours() {
    let server = Server::start(|_, request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/services/oauth2/token") => Answer::json(200, json!({ "access_token": "t" })),
        ("DELETE", path) if path.ends_with("0Ak2") => Answer::json(404, json!([{ "errorCode": "NOT_FOUND" }])),
        ("DELETE", _) => Answer::Say(204, vec![], String::new()),
        ("GET", path) if path.contains("UserPermissionAccess") => {
            Answer::json(200, json!({ "done": true, "records": [{ "PermissionsManageUsers": true }] }))
        }
        ("GET", "/services/oauth2/userinfo") => Answer::json(200, json!({ "user_id": "005stanch" })),
        ("GET", path) if path.contains("nobody") => Answer::json(200, json!({ "done": true, "records": [] })),
        _ => Answer::json(
            200,
            json!({ "done": true, "records": [{ "Id": "0Ak1", "UsersId": "0051", "SessionType": "UI", "SourceIp": "192.0.2.1" },
                                               { "Id": "0Ak2", "UsersId": "0051", "SessionType": "UI", "SourceIp": "192.0.2.1" }] }),
        ),
    })
    .await;
    let integrations = on(&server);
    let outcome = integrations.call(call("salesforce", "end_user_sessions", json!({ "user": "0051" }))).await;
    assert_eq!(kind(&outcome), "done by Us");
    let deleted = server.seen().iter().filter(|request| request.method == "DELETE").count();
    assert_eq!(deleted, 2);
    let outcome =
        integrations.call(call("salesforce", "end_user_sessions", json!({ "user": "nobody" }))).await;
    assert_eq!(kind(&outcome), "done by Other");
}

// ---- secrets --------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_secret_of_an_answer_is_sealed_used_and_never_shown() {
    const SECRET: &str = "DEL/ETE+TOKEN=very secret";
    let server = Server::start(|_, request| match request.path.as_str() {
        "/services/oauth2/token" => Answer::json(200, json!({ "access_token": "t" })),
        // A platform that says the secret back in its error.
        "/services/oauth2/revoke" => Answer::json(400, json!({ "error": "odd", "error_description": format!("no {SECRET}") })),
        _ => Answer::json(200, json!({ "done": true, "records": [{ "AppName": "Drift", "UserId": "0051", "DeleteToken": SECRET }] })),
    })
    .await;
    let integrations = on(&server);
    let outcome = integrations.call(call("salesforce", "list_app_tokens", json!({ "app": "Drift" }))).await;
    let Outcome::Done { value: rows, .. } = &outcome else { panic!("{outcome:?}") };
    let grant = value::targets_in(rows).remove(0);
    let revoke = Call { target: Some(grant.clone()), ..call("salesforce", "revoke_token", json!({})) };
    let refused = integrations.call(revoke).await;
    let sent = server.seen();
    let body = &sent.last().unwrap().body;
    let (_, token) = url::form_urlencoded::parse(body.as_bytes()).next().unwrap();
    assert_eq!(token, SECRET, "the real value is sent");
    let shown = format!("{outcome:?} {refused:?} {integrations:?} {rows} {grant:?}");
    assert!(!shown.contains("ETE+TOKEN") && !shown.contains("very secret"), "{shown}");
    assert!(format!("{refused:?}").contains("[secret]"), "{refused:?}");
    let preview = integrations.preview("salesforce", "revoke_token", Some(&grant), &json!({})).unwrap();
    assert_eq!(preview.body, "token=%5Bsecret%5D");
}
