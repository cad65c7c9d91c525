//! What single vendors do besides sending alerts: challenges, published vectors, oddities.

use serde_json::json;
use stanch_integrations::source::{Accepted, BadSecret, Reply};

use crate::support::{Delivery, alerts, bind, by_hand, hex, source};

/// The example of "Verifying requests from Slack".
const SLACK: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const COMMAND: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

#[test]
fn the_published_slack_vector_is_proven_in_its_time_only() {
    let source = source("slack-events", SLACK, json!({}));
    let send = |time: &str, signature: &str, body: &str, now: &str| {
        Delivery::of(body)
            .header("x-slack-request-timestamp", time)
            .header("x-slack-signature", signature)
            .at(now)
            .refused(&source)
    };
    let then = "2018-07-12T18:36:58Z";
    // proven, and only then found to be no JSON: it is a command's form
    assert_eq!(send("1531420618", SIGNATURE, COMMAND, then), (400, "not_json"));
    assert_eq!(send("1531420618", SIGNATURE, COMMAND, "2018-07-12T18:41:59Z"), (401, "stale"));
    assert_eq!(send("1531420618", SIGNATURE, COMMAND, "2018-07-12T18:31:57Z"), (401, "stale"));
    assert_eq!(send("1531420618", SIGNATURE, COMMAND, "2018-07-12T18:41:58Z"), (400, "not_json"));
    assert_eq!(send("1531420619", SIGNATURE, COMMAND, then), (401, "unproven"));
    assert_eq!(send("1531420618", SIGNATURE, &COMMAND[1..], then), (401, "unproven"));
    assert_eq!(send("1531420618", &SIGNATURE[3..], COMMAND, then), (401, "unproven"));
}

#[test]
fn slack_is_answered_only_when_it_proves_itself() {
    let source = source("slack-events", SLACK, json!({}));
    let body = json!({ "type": "url_verification", "challenge": "3eZbrw1a", "token": "x" }).to_string();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SLACK.as_bytes());
    let signature = hex(ring::hmac::sign(&key, format!("v0:1795348800:{body}").as_bytes()).as_ref());
    let delivery = Delivery::of(body).header("x-slack-request-timestamp", "1795348800");
    let proven = delivery.clone().header("x-slack-signature", &format!("v0={signature}"));
    let echo = Reply { media: "text/plain; charset=utf-8", body: "3eZbrw1a".to_owned() };
    assert_eq!(proven.to(&source), Ok(Accepted::Challenge(echo)));
    assert_eq!(delivery.header("x-slack-signature", "v0=00").refused(&source), (401, "unproven"));
}

#[test]
fn graph_gets_its_token_back_as_text_and_only_bounded() {
    let source = source("microsoft-graph", "a-secret-of-sixteen-letters", json!({}));
    let ask = |query: &str| Delivery::of("").query(query).to(&source);
    let token = "Validation: Testing client application reachability for subscription";
    let echo = Reply { media: "text/plain; charset=utf-8", body: token.to_owned() };
    let asked = format!("validationToken={}", token.replace(' ', "+").replace(':', "%3A"));
    assert_eq!(ask(&asked), Ok(Accepted::Challenge(echo)));
    assert_eq!(ask("validationToken=").unwrap_err().code, "no_challenge");
    assert_eq!(ask(&format!("validationToken={}", "x".repeat(4000))).unwrap_err().code, "no_challenge");
    assert_eq!(ask("other=1").unwrap_err().code, "not_json");
}

#[test]
fn one_change_without_the_secret_refuses_all_changes_of_a_delivery() {
    let source = source("microsoft-graph", "a-secret-of-sixteen-letters", json!({}));
    let change = |state: &str, id: &str| json!({ "clientState": state, "changeType": "created", "resource": format!("security/alerts/{id}"), "subscriptionId": "s" });
    let send = |list: serde_json::Value| Delivery::of(json!({ "value": list }).to_string()).to(&source);
    let good = "a-secret-of-sixteen-letters";
    let read = alerts(send(json!([change(good, "a"), change(good, "b")])));
    assert_eq!(read.len(), 2);
    assert!(read.iter().all(|alert| alert.raw.get("clientState").is_none()));
    assert_ne!(read[0].delivery, read[1].delivery);
    assert_eq!(send(json!([change(good, "a"), change("x", "b")])).unwrap_err().code, "unproven");
    let silent =
        json!({ "clientState": good, "lifecycleEvent": "subscriptionRemoved", "subscriptionId": "s" });
    assert_eq!(alerts(send(json!([silent])))[0].kind, "source.silent");
}

#[test]
fn splunk_may_leave_the_name_out_and_its_secret_must_survive_in_an_address() {
    let secret = "a-secret-of-sixteen-letters";
    let source = source("splunk", secret, json!({}));
    let body = json!({ "sid": "s-1", "search_name": null, "owner": "admin", "result": { "user": "ana" } });
    let alert = Delivery::of(body.to_string()).secret(secret).alerts(&source).remove(0);
    assert_eq!(
        (alert.title.as_str(), alert.kind.as_str(), alert.user.as_deref()),
        ("Splunk search of admin", "splunk.alert", Some("ana"))
    );
    assert!(source.secret_in_path());
    for (secret, why) in
        [("short", BadSecret::ShortForPath), ("sixteen/or/more/letters", BadSecret::NotForPath)]
    {
        assert_eq!(bind("splunk", Some(secret), json!({})).unwrap_err(), why.into());
    }
}

#[test]
fn a_list_holds_an_alert_each() {
    let finding = |uid: &str, activity: u8| json!({ "class_uid": 2004, "activity_id": activity, "finding_info": { "uid": uid, "title": uid }, "time": 1 });
    let source = source("ocsf", "a-secret-of-sixteen-letters", json!({}));
    let all =
        json!([finding("a", 1), finding("b", 1), finding("c", 3), { "class_uid": 3002, "activity_id": 1 }]);
    let titles: Vec<String> = alerts(by_hand(&source, &all)).into_iter().map(|alert| alert.title).collect();
    assert_eq!(titles, ["a", "b"], "what is closed, and what is no finding, is left out");
}

#[test]
fn what_is_over_starts_nothing() {
    for (format, body) in [
        ("datadog", json!({ "id": "1", "transition": "Recovered", "title": "x" })),
        ("elastic", json!({ "id": "1", "state": "recovered", "rule": "x" })),
        ("defender", json!({ "id": "1", "status": "resolved", "serviceSource": "x", "title": "x" })),
        ("sentinel", json!({ "object": { "name": "1", "properties": { "status": "Closed" } } })),
        ("pagerduty", json!({ "event": { "id": "1", "event_type": "pagey.ping" } })),
    ] {
        let source = source(format, "a-secret-of-sixteen-letters", json!({}));
        let read = by_hand(&source, &body);
        assert!(matches!(read, Ok(Accepted::Ignored(_))), "{format}: {read:?}");
    }
}
