//! A desk that knows Drift: one contact, one clause, no way to send anything.

use serde_json::{Value, json};
use stanch_engine::{Desk, DeskError, Message, Template};
use stanch_model::{
    Target,
    run::{Mode, body::DeadlineStarted},
};

pub struct TestDesk;

impl Desk for TestDesk {
    fn vendor_of(&self, what: &Value) -> Value {
        let known = what.to_string().contains("drift");
        json!({ "known": known, "id": "drift", "name": "Drift", "contacts": ["security@drift.example"], "apps": [],
            "owner": Value::Null, "clause": "24h", "data": [], "secrets": [] })
    }

    fn aliases(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn tags(&self, app: &Target) -> Vec<String> {
        if app.label == "Drift" { vec!["Payroll".to_owned()] } else { Vec::new() }
    }

    fn deadline(&self, kind: &str, about: &Value, aware: &str) -> Result<Option<DeadlineStarted>, String> {
        if kind != "contract" {
            return Err(format!("there is no deadline {kind}"));
        }
        let value = json!({ "deadline": kind, "to": about["name"], "due": "2026-03-14T02:40:00.000Z",
            "anchor": aware, "title": "Tell Drift" });
        serde_json::from_value(value).map(Some).map_err(|error| error.to_string())
    }

    fn notice(
        &self,
        to: &Value,
        template: &Template<'_>,
        _: &Value,
        _: Mode,
    ) -> Result<Vec<Message>, DeskError> {
        if to["known"] != json!(true) {
            return Err(DeskError::NoContact("nobody".to_owned()));
        }
        let text = |text: &str| text.to_owned();
        let channel = text("mail:security@drift.example");
        Ok(vec![Message { channel, subject: text(template.subject), text: text(template.body) }])
    }

    fn page(&self, channel: &str, text: &str, _: Mode) -> Result<Vec<Message>, DeskError> {
        let to = |place: &str| {
            let (channel, subject, text) = (place.to_owned(), "Look".to_owned(), text.to_owned());
            Ok(vec![Message { channel, subject, text }])
        };
        match channel {
            "nowhere" => to("carrier-pigeon:loft"),
            "soc" | "team" => to("mail:soc@acme.example"),
            "chat" => to("slack:#incidents"),
            _ => Err(DeskError::NoContact("nobody".to_owned())),
        }
    }
}
