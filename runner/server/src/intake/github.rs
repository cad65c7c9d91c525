//! GitHub webhooks: signed bodies, the event's name in a header.
//!
//! Shape: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>.

use jiff::Timestamp;
use serde_json::Value;
use stanch_model::{Alert, Severity, config::SignatureEncoding};

use super::{Accepted, RawRequest, Refusal, Source, Trust, field, header, json, only_post};

pub(super) fn accept(
    source: &Source,
    request: RawRequest<'_>,
    trust: Trust,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    only_post(request)?;
    if trust == Trust::Source {
        prove(source, request)?;
    }
    let mut body = match header(request, "content-type") {
        Some(kind) if kind.starts_with("application/x-www-form-urlencoded") => json(&form(request.body)?)?,
        _ => json(request.body)?,
    };
    let event = match header(request, "x-github-event") {
        Some(event) => event,
        None => guess(&body).ok_or_else(|| {
            Refusal::new(
                422,
                "no_event",
                "there is no header `X-GitHub-Event`, and the body does not show what it is",
            )
        })?,
    };
    if event == "ping" {
        return Ok(Accepted::Ignored("ping".to_owned()));
    }
    if event == "secret_scanning_alert" {
        forget_the_secret(&mut body);
    }
    let delivery =
        header(request, "x-github-delivery").map_or_else(|| field::hash_id(request.body), str::to_owned);
    Ok(match meaning(event, &body) {
        Meaning::Nothing(why) => Accepted::Ignored(why),
        Meaning::News { kind, severity, title, about } => Accepted::Alerts(vec![Alert {
            id: delivery.clone(),
            source: source.name.clone(),
            title: field::title(&title),
            severity,
            time: moment(&body).unwrap_or(now).to_string(),
            user: person(event, &body),
            app: field::text(&body, "installation.app_slug"),
            ip: None,
            delivery,
            fold: about.map(|about| format!("{kind} {about}")),
            kind,
            raw: body,
        }]),
    })
}

fn prove(source: &Source, request: RawRequest<'_>) -> Result<(), Refusal> {
    let given = header(request, "x-hub-signature-256")
        .ok_or_else(|| Refusal::unproven("there is no header `X-Hub-Signature-256`"))?;
    let proven = given
        .strip_prefix("sha256=")
        .is_some_and(|signature| source.proof.signed(&[request.body], signature, SignatureEncoding::Hex));
    if proven { Ok(()) } else { Err(Refusal::unproven("the signature does not fit the body")) }
}

/// A webhook that was set up with GitHub's default content type sends `payload=<JSON>`.
fn form(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    url::form_urlencoded::parse(body)
        .find(|(name, _)| name == "payload")
        .map(|(_, value)| value.into_owned().into_bytes())
        .ok_or_else(|| Refusal::new(400, "no_payload", "the form has no field `payload`"))
}

/// What a file is that a person hands in without headers.
fn guess(body: &Value) -> Option<&'static str> {
    match body {
        _ if body.get("zen").is_some() => Some("ping"),
        _ if body.pointer("/alert/secret_type").is_some() && body.get("location").is_none() => {
            Some("secret_scanning_alert")
        }
        _ => None,
    }
}

/// GitHub does not send the secret; should it ever, it stays out of the journal.
fn forget_the_secret(body: &mut Value) {
    if let Some(alert) = body.get_mut("alert").and_then(Value::as_object_mut) {
        alert.remove("secret");
    }
}

enum Meaning {
    Nothing(String),
    News { kind: String, severity: Severity, title: String, about: Option<String> },
}

fn meaning(event: &str, body: &Value) -> Meaning {
    let action = field::text(body, "action").unwrap_or_default();
    match (event, action.as_str()) {
        ("secret_scanning_alert", "created" | "reopened" | "publicly_leaked" | "validated") => leaked(body),
        ("secret_scanning_alert", _) => {
            Meaning::Nothing(format!("secret_scanning_alert {action} asks for nothing"))
        }
        ("installation", "created" | "new_permissions_accepted" | "unsuspend") => {
            about_app("app.installed", Severity::Medium, &action, body)
        }
        ("installation", "deleted" | "suspend") => about_app("app.removed", Severity::Info, &action, body),
        _ => other(event, &action, body),
    }
}

fn leaked(body: &Value) -> Meaning {
    let what = field::text(body, "alert.secret_type_display_name")
        .or_else(|| field::text(body, "alert.secret_type"))
        .unwrap_or_else(|| "a secret".to_owned());
    let place = field::text(body, "repository.full_name").unwrap_or_else(|| "a repository".to_owned());
    let public = field::at(body, "alert.publicly_leaked") == Some(&Value::Bool(true))
        || field::text(body, "action").as_deref() == Some("publicly_leaked");
    let live = field::text(body, "alert.validity").as_deref() == Some("active");
    let number = field::text(body, "alert.number").unwrap_or_default();
    Meaning::News {
        kind: "credential.leaked".to_owned(),
        severity: if public || live { Severity::Critical } else { Severity::High },
        title: format!("{what} leaked in {place}"),
        about: Some(format!("{place}#{number}")),
    }
}

fn about_app(kind: &str, severity: Severity, action: &str, body: &Value) -> Meaning {
    let app = field::text(body, "installation.app_slug").unwrap_or_else(|| "an app".to_owned());
    let account = field::text(body, "installation.account.login").unwrap_or_default();
    Meaning::News {
        kind: kind.to_owned(),
        severity,
        title: format!("GitHub App {app}: {action} on {account}"),
        about: Some(format!("app/{app}")),
    }
}

fn other(event: &str, action: &str, body: &Value) -> Meaning {
    let kind: String = event.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect();
    let kind = if action.is_empty() { format!("github.{kind}") } else { format!("github.{kind}.{action}") };
    let place = field::text(body, "repository.full_name").or_else(|| field::text(body, "organization.login"));
    let title = place.as_ref().map_or_else(|| kind.clone(), |place| format!("{kind} in {place}"));
    Meaning::News { kind, severity: Severity::Info, title, about: None }
}

fn moment(body: &Value) -> Option<Timestamp> {
    ["alert.created_at", "installation.updated_at", "installation.created_at"]
        .iter()
        .find_map(|path| field::at(body, path).and_then(field::time))
}

/// Who did it. Nobody is named for a leak: the sender of that event is whoever pushed, or GitHub itself.
fn person(event: &str, body: &Value) -> Option<String> {
    if event == "secret_scanning_alert" {
        return None;
    }
    field::text(body, "sender.login")
}
