//! Okta event hooks: no signature, but a static secret in a header; several system log events per delivery.
//!
//! Shape: <https://developer.okta.com/docs/concepts/event-hooks/>.

use jiff::Timestamp;
use serde_json::{Value, json};
use stanch_model::{Alert, Severity};

use super::{Accepted, RawRequest, Refusal, Source, Trust, field, header, json as parse};

/// Where the secret stands unless the configuration says otherwise.
const HEADER: &str = "authorization";

/// Sent once, by GET, when the hook is set up.
const CHALLENGE: &str = "x-okta-verification-challenge";

pub(super) fn accept(
    source: &Source,
    request: RawRequest<'_>,
    trust: Trust,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    if request.method == http::Method::GET {
        return challenge(request);
    }
    if trust == Trust::Source {
        let name = source.config.header.as_deref().unwrap_or(HEADER);
        let given =
            header(request, name).ok_or_else(|| Refusal::unproven(format!("there is no header `{name}`")))?;
        if !source.proof.is(given) {
            return Err(Refusal::unproven(format!("the header `{name}` does not hold the secret")));
        }
    }
    let mut body = parse(request.body)?;
    let events = body.pointer_mut("/data/events").map(Value::take);
    let Some(Value::Array(events)) = events else {
        return Err(Refusal::new(422, "not_a_hook", "the body has no list `data.events`")
            .help("this source reads Okta event hooks; other senders need another `format`"));
    };
    Ok(Accepted::Alerts(events.into_iter().map(|event| alert(source, event, now)).collect()))
}

/// The echo needs no secret: it gives back what the caller sent and nothing else.
fn challenge(request: RawRequest<'_>) -> Result<Accepted, Refusal> {
    match header(request, CHALLENGE) {
        Some(value) if (1..=512).contains(&value.len()) => {
            Ok(Accepted::Challenge(json!({ "verification": value })))
        }
        _ => Err(Refusal::new(
            400,
            "no_challenge",
            format!("a GET is answered only with a header `{CHALLENGE}`"),
        )),
    }
}

fn alert(source: &Source, event: Value, now: Timestamp) -> Alert {
    let event_type = field::text(&event, "eventType").unwrap_or_else(|| "unknown".to_owned());
    let (kind, least) = meaning(&event_type, &event);
    let severity = event.get("severity").map_or(Severity::Info, log_severity).max(least);
    let (app, user) = (app(&event), user(&event));
    let what = field::text(&event, "displayMessage").unwrap_or_else(|| event_type.clone());
    let title = match app.as_ref().or(user.as_ref()) {
        Some(about) => format!("{about}: {what}"),
        None => what,
    };
    let about =
        app.as_ref().map(|app| format!("app/{app}")).or_else(|| Some(format!("user/{}", user.as_ref()?)));
    // an event without a uuid is still one event: its own bytes name it
    let id = field::text(&event, "uuid").unwrap_or_else(|| field::hash_id(event.to_string().as_bytes()));
    Alert {
        id: id.clone(),
        source: source.name.clone(),
        title: field::title(&title),
        severity,
        time: event.get("published").and_then(field::time).unwrap_or(now).to_string(),
        user,
        app,
        ip: ip(&event),
        delivery: id,
        fold: about.map(|about| format!("{kind} {about}")),
        kind,
        raw: event,
    }
}

/// What an event means to us, and how bad it is at least. The log's own severity says how the log line is filed, not how
/// bad the event is: a reused token is filed as INFO.
fn meaning(event_type: &str, event: &Value) -> (String, Severity) {
    let known = |kind: &str, least| (kind.to_owned(), least);
    match event_type {
        _ if event_type.ends_with("token.detect_reuse") => known("app.token_misuse", Severity::High),
        _ if event_type.starts_with("app.oauth2.") && event_type.contains("token") && suspicious(event) => {
            known("app.token_misuse", Severity::High)
        }
        _ if event_type.starts_with("app.oauth2.") && event_type.contains("consent.grant") => {
            known("app.consented", Severity::Low)
        }
        "app.generic.unauth_app_access_attempt" => known("app.access_refused", Severity::Low),
        "user.account.report_suspicious_activity_by_enduser"
        | "security.session.detect_client_roaming"
        | "user.session.context.change"
        | "user.risk.detect" => known("account.suspicious", Severity::Medium),
        "security.threat.detected" | "security.attack.start" => known("threat.detected", Severity::Medium),
        "user.account.privilege.grant" | "group.privilege.grant" => {
            known("privilege.granted", Severity::Medium)
        }
        "system.api_token.create" => known("credential.created", Severity::Low),
        "user.mfa.factor.reset_all"
        | "user.mfa.factor.suspend"
        | "user.mfa.attempt_bypass"
        | "system.mfa.factor.deactivate" => known("account.mfa_weakened", Severity::Medium),
        other => (format!("okta.{other}"), Severity::Info),
    }
}

/// Okta's own verdicts on the network and behaviour of a request.
fn suspicious(event: &Value) -> bool {
    let debug =
        |name: &str| field::text(event, &format!("debugContext.debugData.{name}")).unwrap_or_default();
    debug("threatSuspected") == "true"
        || debug("risk").contains("level=HIGH")
        || debug("behaviors").contains("New IP=POSITIVE")
        || field::text(event, "securityContext.isProxy").as_deref() == Some("true")
}

fn log_severity(value: &Value) -> Severity {
    match value.as_str() {
        Some("ERROR") => Severity::High,
        Some("WARN") => Severity::Medium,
        Some("INFO") => Severity::Low,
        _ => Severity::Info,
    }
}

/// The third-party application: a target that is one, or the actor.
fn app(event: &Value) -> Option<String> {
    let is_app = |entity: &&Value| {
        let kind = field::text(entity, "type").unwrap_or_default().to_ascii_lowercase();
        kind.contains("app") || kind.contains("client")
    };
    targets(event).iter().find(is_app).or_else(|| event.get("actor").filter(is_app)).and_then(name)
}

fn user(event: &Value) -> Option<String> {
    let is_user = |entity: &&Value| field::text(entity, "type").as_deref() == Some("User");
    let found = targets(event).iter().find(is_user).or_else(|| event.get("actor").filter(is_user))?;
    known(found, "alternateId").or_else(|| known(found, "id"))
}

fn targets(event: &Value) -> &[Value] {
    event.get("target").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Names lead further than ids: other platforms know the same app by its name.
fn name(entity: &Value) -> Option<String> {
    known(entity, "displayName").or_else(|| known(entity, "alternateId")).or_else(|| known(entity, "id"))
}

/// Okta writes "unknown" where it knows nothing.
fn known(entity: &Value, field: &str) -> Option<String> {
    field::text(entity, field).filter(|text| text != "unknown")
}

fn ip(event: &Value) -> Option<String> {
    field::text(event, "client.ipAddress").or_else(|| field::text(event, "request.ipChain.0.ip"))
}
