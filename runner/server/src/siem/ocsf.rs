//! An entry of the journal as an OCSF event. Only words: what is sent and when is not known here.
//!
//! An entry becomes the class that means the same, and where none does it is a Base Event: nothing is called a finding or an
//! account change that is none. The whole body travels under `unmapped`, so that no mapping loses anything.

use serde_json::{Value, json};
use stanch_model::{
    Alert, Effect, Entry, Severity, TargetState,
    incident::{self, Opened},
    run::body::{CallIntent, Decision, Intent, TargetEntry, kind},
};

/// The version of the schema that events follow.
pub(crate) const VERSION: &str = "1.3.0";

/// A larger body stays here; its hash goes out.
const LARGEST: usize = 24 * 1024;

/// Who sends.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// Name of this machine.
    pub(crate) host: String,
}

/// An event that is ready to go.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Seconds since 1970.
    pub(crate) time: f64,
    /// OCSF's, 1 to 6.
    pub(crate) severity: u8,
    /// Kind of the entry.
    pub(crate) kind: String,
    /// RFC 3339.
    pub(crate) stamp: String,
    pub(crate) json: Value,
}

/// Class, activity, and what the class asks for.
struct Mapped {
    class: u32,
    activity: u32,
    activity_name: &'static str,
    severity: u8,
    message: String,
    fields: Value,
}

impl Mapped {
    fn new(class: u32, activity: (u32, &'static str), message: String, fields: Value) -> Self {
        Self { class, activity: activity.0, activity_name: activity.1, severity: 1, message, fields }
    }

    fn of_severity(self, severity: Option<Severity>) -> Self {
        Self { severity: severity.map_or(self.severity, level), ..self }
    }
}

const DETECTION_FINDING: u32 = 2004;
const INCIDENT_FINDING: u32 = 2005;
const AUTHENTICATION: u32 = 3002;
const ENTITY_MANAGEMENT: u32 = 3004;
const API_ACTIVITY: u32 = 6003;
const REMEDIATION_ACTIVITY: u32 = 7001;

const CREATE: (u32, &str) = (1, "Create");
const UPDATE: (u32, &str) = (2, "Update");
const CLOSE: (u32, &str) = (3, "Close");
const OTHER: (u32, &str) = (99, "Other");

/// The event of an entry.
pub(crate) fn event(entry: &Entry, origin: &Origin) -> Event {
    let mapped = mapped(entry, origin).unwrap_or_else(|| {
        let message = format!("{} in {}", entry.header.kind, entry.header.stream);
        Mapped::new(0, OTHER, message, json!({}))
    });
    let at: jiff::Timestamp = entry.header.time.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let mut json = json!({
        "category_uid": mapped.class / 1000,
        "class_uid": mapped.class,
        "class_name": class_name(mapped.class),
        "activity_id": mapped.activity,
        "activity_name": mapped.activity_name,
        "type_uid": mapped.class * 100 + mapped.activity,
        "severity_id": mapped.severity,
        "time": at.as_millisecond(),
        "message": mapped.message,
        "metadata": {
            "version": VERSION,
            "uid": entry.hash,
            "sequence": entry.position,
            "event_code": entry.header.kind,
            "log_name": entry.header.stream.as_str(),
            "log_version": entry.header.version.to_string(),
            "original_time": entry.header.time,
            "correlation_uid": entry.header.stream.as_str(),
            "product": { "name": "stanch", "vendor_name": "stanch", "version": env!("CARGO_PKG_VERSION") },
        },
        "unmapped": unmapped(entry),
    });
    if let (Some(all), Value::Object(fields)) = (json.as_object_mut(), mapped.fields) {
        all.extend(fields);
    }
    #[expect(clippy::cast_precision_loss, reason = "microseconds of this millennium")]
    let time = at.as_microsecond() as f64 / 1e6;
    Event {
        time,
        severity: mapped.severity,
        kind: entry.header.kind.clone(),
        stamp: entry.header.time.clone(),
        json,
    }
}

fn unmapped(entry: &Entry) -> Value {
    let header = &entry.header;
    let mut all = json!({ "prev": header.prev, "body_hash": header.body_hash, "epoch": header.epoch });
    match &entry.body {
        Some(body) if body.len() <= LARGEST => {
            all["body"] = serde_json::from_str(body).unwrap_or(Value::Null);
        }
        Some(body) => all["body_bytes"] = json!(body.len()),
        None => all["body_dropped"] = json!(true),
    }
    all
}

fn class_name(class: u32) -> &'static str {
    match class {
        DETECTION_FINDING => "Detection Finding",
        INCIDENT_FINDING => "Incident Finding",
        AUTHENTICATION => "Authentication",
        ENTITY_MANAGEMENT => "Entity Management",
        API_ACTIVITY => "API Activity",
        REMEDIATION_ACTIVITY => "Remediation Activity",
        _ => "Base Event",
    }
}

fn level(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    }
}

fn mapped(entry: &Entry, origin: &Origin) -> Option<Mapped> {
    let stream = entry.header.stream.as_str();
    match entry.header.kind.as_str() {
        "alert.received" => alert(&entry.decode().ok()?),
        kind if stream.starts_with("incident/") => incident(kind, entry),
        kind::INTENT => {
            let intent: Intent = entry.decode().ok()?;
            Some(call(&intent, intent.call.as_ref()?, origin))
        }
        kind::TARGET => Some(target(stream, &entry.decode().ok()?)),
        kind::DECISION => Some(decision(stream, &entry.decode().ok()?)),
        "login.made" | "login.refused" | "login.ended" => login(entry),
        "token.made" | "token.revoked" | "playbook.reviewed" | "playbook.promoted" | "playbook.withdrawn"
        | "config.reloaded" | "retention.held" | "retention.released" => entity(entry),
        _ => None,
    }
}

fn alert(alert: &Alert) -> Option<Mapped> {
    let resource = |kind: &str, name: &Option<String>| Some(json!({ "type": kind, "name": name.clone()? }));
    let resources: Vec<Value> =
        [resource("application", &alert.app), resource("user", &alert.user)].into_iter().flatten().collect();
    let fields = json!({
        "finding_info": { "uid": alert.id, "title": alert.title, "types": [alert.kind] },
        "is_alert": true,
        "status_id": 1,
        "status": "New",
        "resources": resources,
    });
    let message = format!("alert of {}: {}", alert.source, alert.title);
    Some(Mapped::new(DETECTION_FINDING, CREATE, message, fields).of_severity(Some(alert.severity)))
}

fn incident(what: &str, entry: &Entry) -> Option<Mapped> {
    let id = entry.header.stream.as_str().strip_prefix("incident/")?;
    let body: Value = entry.decode().ok()?;
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    let (activity, status) = match what {
        incident::kind::OPENED => (CREATE, (1, "New")),
        incident::kind::CLOSED => (CLOSE, (5, "Closed")),
        // a late note opens nothing again
        incident::kind::NOTED => (UPDATE, (0, "Unknown")),
        _ => (UPDATE, (2, "In Progress")),
    };
    let title = entry.decode::<Opened>().map(|opened| opened.title).ok().or_else(|| text("title"));
    let mut fields = json!({
        "finding_info_list": [{ "uid": id, "title": title.clone().unwrap_or_else(|| format!("Incident {id}")) }],
        "status_id": status.0,
        "status": status.1,
    });
    if let Some(comment) = text("reason").or_else(|| text("text")) {
        fields["comment"] = json!(comment);
    }
    if let Some(lead) = text("lead") {
        fields["assignee"] = json!({ "name": lead });
    }
    let severity: Option<Severity> = serde_json::from_value(body["severity"].clone()).ok();
    let message = format!("{what}: {}", title.unwrap_or_else(|| id.to_owned()));
    Some(Mapped::new(INCIDENT_FINDING, activity, message, fields).of_severity(severity))
}

/// A call that is about to go out. What came of it is a later event; this one says only what is meant.
fn call(intent: &Intent, call: &CallIntent, origin: &Origin) -> Mapped {
    let activity = match call.effect {
        Effect::Read => (2, "Read"),
        Effect::Tell => CREATE,
        _ => (3, "Update"),
    };
    let resources: Vec<Value> = call
        .target
        .iter()
        .map(|target| json!({ "uid": target.id, "name": target.name(), "type": target.kind }))
        .collect();
    let fields = json!({
        "actor": { "app_name": "stanch", "app_uid": intent.name },
        "api": {
            "operation": call.action,
            "service": { "name": call.integration },
            "request": { "uid": call.key },
        },
        "src_endpoint": { "hostname": origin.host },
        "status_id": 0,
        "status": "Unknown",
        "resources": resources,
    });
    let message = format!("{} of {}, attempt {}", call.action, call.integration, intent.attempt);
    Mapped::new(API_ACTIVITY, activity, message, fields)
}

/// What is now known of a cut.
fn target(stream: &str, entry: &TargetEntry) -> Mapped {
    let verb = entry.verb.rsplit('.').next().unwrap_or_default();
    let activity = match verb {
        "quarantine" | "suspend" | "disable" | "deactivate" | "block" | "isolate" => (1, "Isolate"),
        "restore" | "release" | "unsuspend" | "enable" | "activate" => (3, "Restore"),
        _ => (2, "Evict"),
    };
    let status = match entry.state {
        TargetState::Verified => (1, "Success"),
        TargetState::Failed => (2, "Failure"),
        TargetState::Residual => (4, "Partial"),
        TargetState::InDoubt => (0, "Unknown"),
        _ => (99, entry.state.as_str()),
    };
    let fields = json!({
        "command_uid": format!("{stream}/{}", entry.address),
        "status_id": status.0,
        "status": status.1,
        "status_detail": entry.why,
    });
    let message = format!("{} of {}: {}", entry.verb, entry.target.key(), entry.state.as_str());
    Mapped::new(REMEDIATION_ACTIVITY, activity, message, fields)
}

/// A person spoke: a call of our own API.
fn decision(stream: &str, decision: &Decision) -> Mapped {
    let fields = json!({
        "actor": { "user": { "name": decision.who } },
        "api": { "operation": decision.say, "service": { "name": "stanch" } },
        "src_endpoint": { "name": decision.channel },
        "status_id": 1,
        "status": "Success",
        "resources": [{ "uid": format!("{stream}/{}", decision.wait), "type": "approval or question" }],
    });
    let message = format!("{} says {} to {}", decision.who, decision.say, decision.wait);
    Mapped::new(API_ACTIVITY, (3, "Update"), message, fields)
}

/// Somebody logged in, was sent away, or logged out.
fn login(entry: &Entry) -> Option<Mapped> {
    let body: Value = entry.decode().ok()?;
    let word = entry.header.kind.as_str();
    let activity = if word == "login.ended" { (2, "Logoff") } else { (1, "Logon") };
    let status = if word == "login.refused" { (2, "Failure") } else { (1, "Success") };
    let name = body["who"].as_str().or_else(|| body["login"].as_str()).unwrap_or("somebody");
    let mut user = json!({ "name": name });
    if let Some(login) = body["login"].as_str() {
        user["uid"] = json!(login);
    }
    let mut fields = json!({
        "user": user,
        "auth_protocol_id": 4,
        "auth_protocol": "OpenID",
        "is_remote": true,
        "service": { "name": "stanch" },
        "status_id": status.0,
        "status": status.1,
    });
    if let Some(words) = body["words"].as_str() {
        fields["status_detail"] = json!(words);
    }
    Some(Mapped::new(AUTHENTICATION, activity, format!("{word}: {name}"), fields))
}

/// Something of ours that people manage: a token, a playbook, the configuration, a legal hold.
fn entity(entry: &Entry) -> Option<Mapped> {
    let body: Value = entry.decode().ok()?;
    let (what, word) = entry.header.kind.split_once('.')?;
    let activity = match word {
        "made" | "held" => CREATE,
        "revoked" | "released" => (4, "Delete"),
        _ => (3, "Update"),
    };
    let name = ["incident", "playbook", "hash"].iter().find_map(|key| body[*key].as_str());
    let name = name.or_else(|| body["token"]["name"].as_str()).unwrap_or(what);
    let by = body["by"].as_str().or_else(|| body["who"].as_str()).unwrap_or_default();
    let mut fields = json!({
        "entity": { "name": name, "type": what },
        "actor": { "user": { "name": by } },
    });
    if let Some(reason) = body["reason"].as_str() {
        fields["comment"] = json!(reason);
    }
    Some(Mapped::new(ENTITY_MANAGEMENT, activity, format!("{} {name}, by {by}", entry.header.kind), fields))
}
