//! What platforms say about pace, and how it is heeded.

use std::time::Duration;

use serde_json::json;
use stanch_integrations::{Admission, Outcome};

use crate::{
    shop::Shop,
    support::{Answer, Server, call, kind},
};

const HEAD: &str = r#"
auth: [{ name: none, type: none }]
errors: { code: [error.status], message: [error.message] }
limits: { codes: [quotaExceeded] }"#;

const GET: &str = r#"
  get:
    title: Get
    effect: read
    request: { method: GET, path: /get }
    evidence: none
    docs: https://shop.example/docs
"#;

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A pause as it was told: however long the call took, it lies between these two.
struct Pause {
    least_ms: i64,
    most_ms: i64,
    why: String,
}

impl Pause {
    fn is_about(&self, ms: i64) -> bool {
        self.least_ms <= ms + 1_100 && ms <= self.most_ms
    }
}

async fn limited(status: u16, headers: Vec<(&'static str, String)>, body: serde_json::Value) -> Pause {
    let text = body.to_string();
    let server = Server::start(move |_, _| Answer::Say(status, headers.clone(), text.clone())).await;
    let live = Shop::new(HEAD, GET).at(&server.url()).build();
    let before = now_ms();
    let outcome = live.integrations.call(call("it", "get", json!({}))).await;
    let Outcome::Limited { until_ms, why } = outcome else { panic!("{outcome:?}") };
    Pause { least_ms: until_ms - now_ms(), most_ms: until_ms - before, why }
}

#[tokio::test]
async fn a_pause_is_told_in_seconds_or_as_a_date_and_believed_for_an_hour() {
    let header = |value: String| vec![("retry-after", value)];
    let pause = limited(429, header("1200".to_owned()), json!({})).await;
    assert!(pause.is_about(1_200_000) && pause.why.contains("20 minutes"), "{} {}", pause.most_ms, pause.why);
    let year = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 365);
    let date = httpdate::fmt_http_date(year.into());
    for value in ["31536000".to_owned(), date, "1e300".to_owned()] {
        let Pause { why, .. } = &limited(429, header(value.clone()), json!({})).await;
        assert!(why.contains("beyond reason") && why.contains("asked again in 60 minutes"), "{value}: {why}");
    }
    let pause = limited(429, Vec::new(), json!({})).await;
    assert!(pause.is_about(1_000) && pause.why.contains("does not say for how long"), "{}", pause.why);
}

#[tokio::test]
async fn an_error_code_may_mean_slower_whatever_the_status() {
    let pause = limited(403, Vec::new(), json!({ "error": { "status": "quotaExceeded" } })).await;
    assert!(pause.most_ms > 0);
    let server =
        Server::start(|_, _| Answer::json(403, json!({ "error": { "status": "PERMISSION_DENIED" } }))).await;
    let live = Shop::new(HEAD, GET).at(&server.url()).build();
    assert_eq!(kind(&live.integrations.call(call("it", "get", json!({}))).await), "forbidden");
}

#[tokio::test]
async fn nobody_stands_for_twenty_minutes() {
    let server =
        Server::start(|_, _| Answer::Say(429, vec![("retry-after", "1200".to_owned())], String::new())).await;
    let live = Shop::new(HEAD, GET).at(&server.url()).build();
    assert_eq!(kind(&live.integrations.call(call("it", "get", json!({}))).await), "limited");
    let asked = std::time::Instant::now();
    let Admission::NotBefore(due) = live.integrations.admit("it", "get", Duration::from_secs(3600)).await
    else {
        panic!("a turn during a pause")
    };
    assert!(due - now_ms() > 600_000 && asked.elapsed() < Duration::from_secs(600));
    let again = live.integrations.call(call("it", "get", json!({}))).await;
    assert_eq!((kind(&again).as_str(), server.seen().len()), ("limited", 1), "nothing is sent meanwhile");
}
