//! Every fault, as a client meets it.

use std::time::Duration;

use serde_json::{Value, json};
use stanch_integrations::twin::{Answer, Fate, Fault, FaultEffect};

use crate::support::{self, Client, Twins, world};

async fn okta() -> (Twins, Client, String) {
    let twins = Twins::start(&[("okta", "okta")], world("drift", &[("okta", 6)])).await;
    let okta = twins.client("okta").scheme("SSWS");
    let app = okta.get("/api/v1/apps").await.body[0]["id"].as_str().expect("id").to_owned();
    (twins, okta, app)
}

async fn tokens(okta: &Client, app: &str) -> Vec<String> {
    let rows = okta.pages(&format!("/api/v1/apps/{app}/tokens")).await;
    rows.iter().map(|row| format!("/api/v1/apps/{app}/tokens/{}", row["id"].as_str().expect("id"))).collect()
}

fn revoke(answer: Answer) -> Fault {
    Fault { delay: Some(Duration::from_millis(50)), ..Fault::nth("okta.revoke_app_token", 1, answer) }
}

#[tokio::test]
async fn the_nth_call_fails_and_only_that() {
    let (twins, okta, app) = okta().await;
    twins.host.add_fault(Fault::nth("okta.revoke_app_token", 3, Answer::Status(503)));
    let mut statuses = Vec::new();
    for token in tokens(&okta, &app).await {
        statuses.push(okta.send("DELETE", &token).await.status);
    }
    assert_eq!(statuses, [204, 204, 503, 204, 204, 204]);
    assert_eq!(tokens(&okta, &app).await.len(), 1);
    let faults = twins.host.faults();
    assert_eq!((faults[0].seen, faults[0].fired), (6, 1));
    assert_eq!(twins.host.requests().iter().filter(|request| request.fate == Fate::Stopped).count(), 1);
}

#[tokio::test]
async fn a_fault_lasts_on_the_twins_clock_and_meets_its_platform_only() {
    let (twins, okta, _) = okta().await;
    let fault: Fault =
        serde_json::from_value(json!({ "platform": "okta", "answer": 429, "lasts": "2m", "delay": "30s" }))
            .expect("a fault");
    twins.host.add_fault(fault);
    twins.host.add_fault(Fault { platform: Some("slack".to_owned()), ..Fault::always(Answer::IdpDown) });
    let refused = okta.get("/api/v1/apps").await;
    assert_eq!((refused.status, &refused.body["errorCode"]), (429, &json!("E0000047")));
    twins.clock.advance(Duration::from_secs(121));
    assert_eq!(okta.get("/api/v1/apps").await.status, 200);
}

#[tokio::test]
async fn no_answer_comes_before_or_after_the_effect() {
    for (answer, left) in
        [(Answer::TimeoutBeforeEffect, 6), (Answer::TimeoutAfterEffect, 5), (Answer::Reset, 6)]
    {
        let (twins, okta, app) = okta().await;
        let token = tokens(&okta, &app).await.remove(0);
        twins.host.add_fault(revoke(answer));
        let error = okta.request("DELETE", &token).send().await.expect_err("no answer");
        assert!(!error.is_timeout(), "{answer}: the server ends it: {error:?}");
        assert_eq!(tokens(&okta, &app).await.len(), left, "{answer}");
        assert_eq!(twins.host.effects().len(), 6 - left, "{answer}: the ledger knows");
    }
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let (twins, okta, app) = okta().await;
    let token = tokens(&okta, &app).await.remove(0);
    twins.host.add_fault(Fault { effect: Some(FaultEffect::Happens), ..revoke(Answer::Reset) });
    let error = okta.request("DELETE", &token).send().await.expect_err("no answer");
    assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    assert_eq!(tokens(&okta, &app).await.len(), 5);
}

#[tokio::test]
async fn a_client_that_gives_up_finds_the_effect_done() {
    let (twins, okta, app) = okta().await;
    let token = tokens(&okta, &app).await.remove(0);
    twins
        .host
        .add_fault(Fault { delay: Some(Duration::from_secs(60)), ..revoke(Answer::TimeoutAfterEffect) });
    let asking = tokio::spawn(okta.request("DELETE", &token).send());
    while twins.host.effects().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!asking.is_finished(), "it was answered");
    asking.abort();
    assert_eq!(okta.get(&token).await.status, 404);
}

#[tokio::test]
async fn answers_come_out_wrong() {
    for (answer, happens) in [
        (Answer::Html, false),
        (Answer::Redirect, false),
        (Answer::Garbage, true),
        (Answer::HalfJson, true),
        (Answer::Empty, true),
        (Answer::Slow, true),
        (Answer::Status(500), false),
        (Answer::IdpDown, false),
    ] {
        let (twins, okta, app) = okta().await;
        let token = tokens(&okta, &app).await.remove(0);
        twins.host.add_fault(revoke(answer));
        let came = okta.send("DELETE", &token).await;
        let right = match answer {
            Answer::Html => {
                came.text.starts_with("<!DOCTYPE html>") && came.header("content-type") == "text/html"
            }
            Answer::Redirect => came.status == 302 && came.header("location").contains("attacker.example"),
            Answer::Garbage | Answer::HalfJson => came.status == 204,
            Answer::Empty | Answer::Slow => came.status == 204 && came.text.is_empty(),
            Answer::Status(status) => came.status == status,
            _ => came.status == 503,
        };
        assert!(right, "{answer}: {came:?}");
        assert_eq!(okta.get(&token).await.status, if happens { 404 } else { 200 }, "{answer}");
    }
}

#[tokio::test]
async fn lists_come_out_wrong() {
    for answer in [Answer::Garbage, Answer::HalfJson, Answer::Empty, Answer::Html] {
        let (twins, okta, app) = okta().await;
        twins.host.add_fault(Fault::nth("list_app_tokens", 1, answer));
        let came = okta.get(&format!("/api/v1/apps/{app}/tokens")).await;
        assert!(came.status == 200 && came.body.is_null(), "{answer}: {came:?}");
        assert_eq!(came.text.is_empty(), answer == Answer::Empty);
        assert_eq!(tokens(&okta, &app).await.len(), 6, "the next one is right");
    }
}

#[tokio::test]
async fn a_status_may_come_after_the_effect() {
    let (twins, okta, app) = okta().await;
    let token = tokens(&okta, &app).await.remove(0);
    twins.host.add_fault(Fault { effect: Some(FaultEffect::Happens), ..revoke(Answer::Status(502)) });
    assert_eq!(okta.send("DELETE", &token).await.status, 502);
    assert_eq!(okta.get(&token).await.status, 404);
}

#[tokio::test]
async fn a_revoke_that_does_nothing_says_yes() {
    let (twins, okta, app) = okta().await;
    let token = tokens(&okta, &app).await.remove(0);
    twins.host.add_fault(revoke(Answer::RevokeDoesNothing));
    assert_eq!(okta.send("DELETE", &token).await.status, 204);
    assert_eq!(okta.get(&token).await.status, 200);
    assert!(!twins.host.effects()[0].transition);
    assert_eq!(okta.send("DELETE", &token).await.status, 204);
    let summary = twins.host.summary();
    assert_eq!((summary.effects, summary.duplicate_effects, summary.repeated_requests), (1, 0, 1));
}

#[tokio::test]
async fn somebody_else_was_there_first() {
    let (twins, okta, app) = okta().await;
    let token = tokens(&okta, &app).await.remove(0);
    twins.host.add_fault(revoke(Answer::AlreadyRevoked));
    assert_eq!(okta.send("DELETE", &token).await.status, 404);
    assert_eq!(okta.get(&token).await.status, 404);
    assert!(twins.host.effects().is_empty(), "it was not us");
}

#[tokio::test]
async fn reads_can_be_stale() {
    let (twins, okta, app) = okta().await;
    let token = tokens(&okta, &app).await.remove(0);
    assert_eq!(okta.send("DELETE", &token).await.status, 204);
    twins.clock.advance(Duration::from_secs(10));
    twins.host.add_fault(Fault {
        delay: Some(Duration::from_secs(30)),
        count: Some(2),
        ..Fault::always(Answer::StaleRead)
    });
    assert_eq!(okta.get(&token).await.status, 200, "as it was 30 s ago");
    assert_eq!(okta.send("DELETE", &token).await.status, 404, "writes are never stale");
    twins.clock.advance(Duration::from_secs(21));
    assert_eq!(okta.get(&token).await.status, 404, "by now the past knows it too");
}

#[tokio::test]
async fn access_lingers_though_no_list_shows_it() {
    let twins = Twins::start(&[("crm", "salesforce")], world("drift", &[("crm", 1)])).await;
    let crm = twins.client("crm");
    let row = twins.host.state("crm").expect("state")["OauthToken"][0].clone();
    let secret = row["DeleteToken"].as_str().expect("secret");
    let theirs = crm.clone().token(row["twin_access"].as_str());
    twins.host.add_fault(Fault {
        delay: Some(Duration::from_secs(600)),
        ..Fault::nth("revoke_token", 1, Answer::LingeringAccess)
    });
    assert_eq!(crm.form("/services/oauth2/revoke", &[("token", secret)]).await.status, 200);
    let list =
        crm.request("GET", "/services/data/v62.0/query").query(&[("q", "SELECT UserId FROM OauthToken")]);
    let list = support::Answer::of(list.send().await.expect("an answer")).await;
    assert_eq!(list.body["totalSize"], 0);
    assert_eq!(theirs.get("/services/oauth2/userinfo").await.status, 200);
    twins.clock.advance(Duration::from_secs(601));
    assert_eq!(theirs.get("/services/oauth2/userinfo").await.status, 401);
}

#[tokio::test]
async fn grants_come_back_or_come_to_light() {
    let (twins, okta, app) = okta().await;
    let all = tokens(&okta, &app).await;
    let fault = Fault {
        delay: Some(Duration::from_secs(60)),
        grants: Some(2),
        ..Fault::nth("revoke_app_token", 1, Answer::ReconsentAfter)
    };
    twins.host.add_fault(fault);
    assert_eq!(okta.send("DELETE", &all[0]).await.status, 204);
    assert_eq!(tokens(&okta, &app).await.len(), 5);
    twins.clock.advance(Duration::from_secs(61));
    let now = tokens(&okta, &app).await;
    assert_eq!(now.len(), 7);
    assert!(!now.contains(&all[0]), "a new consent is a new grant");
    twins.host.add_fault(Fault { grants: Some(3), ..Fault::nth("revoke_app_token", 1, Answer::HiddenGrant) });
    assert_eq!(okta.send("DELETE", &all[1]).await.status, 204);
    assert_eq!(tokens(&okta, &app).await.len(), 9);
    twins.host.add_fault(Fault::nth("revoke_app_token", 1, Answer::ReconsentAfter));
    assert_eq!(okta.send("DELETE", &all[2]).await.status, 204);
    assert_eq!(okta.send("POST", &format!("/api/v1/apps/{app}/lifecycle/deactivate")).await.status, 200);
    twins.clock.advance(Duration::from_secs(61));
    assert_eq!(tokens(&okta, &app).await.len(), 8, "a blocked app gets no consent");
    assert_eq!(twins.host.summary().duplicate_effects, 0);
}

#[tokio::test]
async fn a_missing_scope_shows_as_the_platform_shows_it() {
    let (twins, okta, _) = okta().await;
    twins.host.add_fault(Fault { count: Some(1), ..Fault::always(Answer::ScopeMissing) });
    let refused = okta.get("/api/v1/apps").await;
    assert_eq!((refused.status, &refused.body["errorCode"]), (403, &json!("E0000006")));
    let twins = Twins::start(&[("crm", "salesforce")], world("drift", &[("crm", 3)])).await;
    twins.host.add_fault(Fault::always(Answer::ScopeMissing));
    let request = twins.client("crm").request("GET", "/services/data/v62.0/query");
    let request = request.query(&[("q", "SELECT UserId FROM OauthToken")]);
    let empty = support::Answer::of(request.send().await.expect("an answer")).await;
    assert_eq!((empty.status, &empty.body["records"]), (200, &json!([])));
}

#[tokio::test]
async fn faults_are_read_and_shown_as_people_write_them() {
    let given = json!({ "action": "okta.revoke_app_token", "call": 201, "answer": "timeout_after_effect", "delay": "1m 30s" });
    let fault: Fault = serde_json::from_value(given).expect("a fault");
    assert_eq!((fault.call, fault.delay), (Some(201), Some(Duration::from_secs(90))));
    let shown = serde_json::to_value(&fault).expect("json");
    assert_eq!(serde_json::from_value::<Fault>(shown).expect("again"), fault);
    for (wrong, says) in [
        (json!({ "answer": "timeout_after_efect" }), "did you mean `timeout_after_effect`"),
        (json!({ "answer": 200 }), "not a failing status"),
        (json!({ "answer": 429, "lasts": "soon" }), "not a duration"),
        (json!({ "answer": 429, "nth": 1 }), "unknown field"),
        (Value::Null, ""),
    ] {
        let error = serde_json::from_value::<Fault>(wrong).expect_err("refused").to_string();
        assert!(error.contains(says), "{error}");
    }
}
