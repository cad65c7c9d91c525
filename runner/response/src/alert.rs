//! Alerts that people keep in files: ours, or what a source sends.

use serde_json::Value;
use stanch_model::{Diagnostic, alert::AlertBody, yaml};

/// Reads an alert in our shape, as JSON or YAML. `file` is only for messages.
///
/// # Errors
/// The first mistake, with its place.
pub fn read(file: &str, text: &str) -> Result<AlertBody, Box<Diagnostic>> {
    yaml::read(file, text, "AL0001").map_err(|mistake| {
        let help = mistake.help.clone().unwrap_or_else(|| {
            "an alert has kind, title, severity, time, app, user, ip; only kind must be said".to_owned()
        });
        Box::new(mistake.help(help))
    })
}

/// Reads the body of what a source sends: any JSON.
///
/// # Errors
/// The place at which it ceases to be JSON.
pub fn delivery(file: &str, text: &str) -> Result<Value, Box<Diagnostic>> {
    serde_json::from_str(text).map_err(|error| {
        let at = offset(text, error.line(), error.column());
        let why = error.to_string();
        let why = why.rfind(" at line ").map_or(why.as_str(), |end| &why[..end]);
        Box::new(Diagnostic::error("AL0002", format!("this is not JSON: {why}")).at(
            file,
            text,
            at..at,
            "here",
        ))
    })
}

/// The byte at a line and column (both from 1, the column in bytes), at most the end.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column.saturating_sub(1)).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_read_from_json_and_from_yaml() {
        let json = read("a.json", r#"{ "kind": "app.token_misuse", "app": "drift" }"#).unwrap();
        let yaml = read("a.yaml", "kind: app.token_misuse\napp: drift\n").unwrap();
        assert_eq!((json.app.as_deref(), &json), (Some("drift"), &yaml));
    }

    #[test]
    fn mistakes_have_a_place_and_a_way_out() {
        let mistake = read("a.json", "{ \"title\": \"x\" }").unwrap_err();
        assert_eq!(mistake.one_line(), "a.json:1:3: missing field `kind` [AL0001]");
        assert!(mistake.help.unwrap().contains("only kind must be said"));
        let mistake = delivery("a.json", "{ \"a\": 1,\n  \"b\": }").unwrap_err();
        assert_eq!(mistake.one_line(), "a.json:2:8: this is not JSON: expected value [AL0002]");
        let mistake = delivery("a.json", "").unwrap_err();
        assert_eq!(mistake.one_line(), "a.json:1:1: this is not JSON: EOF while parsing a value [AL0002]");
    }
}
