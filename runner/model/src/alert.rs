//! A normalised event in: a subset of an OCSF Detection Finding (class 2004).

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

use crate::target::words;

words! {
    /// How bad, in order. OCSF `severity_id` 1 to 5 (6, fatal, reads as critical).
    Severity { /// 1
        Info = "info", /// 2
        Low = "low", /// 3
        Medium = "medium", /// 4
        High = "high", /// 5
        Critical = "critical" }
}

/// An alert after authentication and normalisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// The source's own id of the finding.
    pub id: String,
    /// The name under `alerts:` in the configuration.
    pub source: String,
    /// Ours, dotted: `app.token_misuse`, `credential.leaked`, `vendor.breach`, …
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// When it happened, RFC 3339, by the source's clock.
    pub time: String,
    /// Who, if anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Which third-party application, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// From where, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Identity of this delivery: a redelivery has the same one and starts nothing.
    #[serde(default)]
    pub delivery: String,
    /// Alerts of one burst share it: they may join one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<String>,
    /// What the source sent, as JSON.
    #[serde(default)]
    pub raw: Value,
    /// The person who handed it in; nobody when the source has proven that it sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// An alert as a person writes it: only its kind must be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertBody {
    /// Words joined by dots: `app.token_misuse`.
    #[serde(deserialize_with = "kind")]
    pub kind: String,
    /// One line for people; the kind unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How bad; medium unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// When it happened, RFC 3339; now unless given.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "instant")]
    pub time: Option<String>,
    /// Which third-party application, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Who, if anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// From where, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The source's own id of the finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where it came from; `by hand` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// As an alert that was taken before shows it; means nothing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// As an alert that was taken before shows it; means nothing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<String>,
    /// Who handed it in before; now it is whoever sends this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What the source sent, for scripts that read `alert.raw`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub raw: Value,
}

impl AlertBody {
    /// The whole alert, handed in by this person at this moment (RFC 3339).
    pub fn by(self, who: &str, now: &str) -> Alert {
        Alert {
            id: self.id.unwrap_or_default(),
            source: self.source.unwrap_or_else(|| "by hand".to_owned()),
            title: self.title.unwrap_or_else(|| self.kind.clone()),
            kind: self.kind,
            severity: self.severity.unwrap_or(Severity::Medium),
            time: self.time.unwrap_or_else(|| now.to_owned()),
            user: self.user,
            app: self.app,
            ip: self.ip,
            delivery: String::new(),
            fold: None,
            raw: self.raw,
            by: Some(who.to_owned()),
        }
    }
}

/// True for words of letters, digits, `_` and `-`, joined by dots.
pub fn is_kind(kind: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    kind.len() <= 128 && kind.split('.').all(|word| !word.is_empty() && word.chars().all(fits))
}

fn kind<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let kind = String::deserialize(from)?;
    if is_kind(&kind) {
        return Ok(kind);
    }
    Err(D::Error::custom("this is not a kind: write words joined by dots, such as `app.token_misuse`"))
}

fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let Some(time) = Option::<String>::deserialize(from)? else { return Ok(None) };
    match time.parse::<jiff::Timestamp>() {
        Ok(_) => Ok(Some(time)),
        Err(_) => Err(D::Error::custom("this is not an instant: write it like 2026-03-13T02:40:00Z")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn refused(text: &str) -> String {
        let mistake = yaml::read::<AlertBody>("alert.json", text, "AL0001").unwrap_err();
        format!("{} ({})", mistake.one_line(), mistake.help.unwrap_or_default())
    }

    #[test]
    fn a_kind_is_enough_and_who_handed_it_in_is_kept() {
        let body: AlertBody = yaml::read("a.json", r#"{ "kind": "app.token_misuse" }"#, "AL0001").unwrap();
        let alert = body.by("ana", "2026-11-22T00:00:00Z");
        assert_eq!((alert.title.as_str(), alert.severity), ("app.token_misuse", Severity::Medium));
        assert_eq!((alert.by.as_deref(), alert.time.as_str()), (Some("ana"), "2026-11-22T00:00:00Z"));
    }

    #[test]
    fn an_alert_that_was_taken_before_can_be_given_again() {
        let body: AlertBody = yaml::read(
            "a.json",
            r#"{ "kind": "x.y", "raw": { "emoji": "\ud83d\ude00", "n": [1, null] } }"#,
            "AL0001",
        )
        .unwrap();
        let alert = body.by("ana", "2026-11-22T00:00:00Z");
        assert_eq!(alert.raw["emoji"], "😀");
        let again: AlertBody = serde_json::from_str(&serde_json::to_string(&alert).unwrap()).unwrap();
        assert_eq!(again.by("ben", "2027-01-01T00:00:00Z"), Alert { by: Some("ben".to_owned()), ..alert });
    }

    #[test]
    fn every_mistake_names_its_place() {
        let files = [
            "{ \"kind\": \"x.y\",\n  \"sevrity\": \"high\" }",
            "{ \"kind\": \"x.y\",\n  \"severity\": \"hihg\" }",
            "{ \"kind\": \"two words\" }",
            "{ \"kind\": \"x.y\",\n  \"time\": \"yesterday\" }",
            "{ \"app\": \"drift\" }",
            "{ \"kind\": \"x.y\"",
            "[]",
            "",
        ];
        insta::assert_snapshot!(files.map(refused).join("\n"));
    }
}
