//! Whatever stands in an argument, a request goes to the operation that the catalogue names, or is refused.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use stanch_integrations::Integrations;

static ALL: LazyLock<Integrations> = LazyLock::new(|| support::everything(support::nowhere(), None));

fn url(integration: &str, action: &str, input: Value) -> Result<url::Url, String> {
    ALL.preview(integration, action, None, &input).map(|preview| preview.url.parse().unwrap())
}

#[test]
fn steps_slashes_and_line_breaks_are_refused_in_a_path() {
    for evil in [
        "..",
        ".",
        "../admin",
        "a/../b",
        "a/b",
        "a\\b",
        "%2f",
        "%2e%2e",
        "a%00",
        "a\r\nHost: evil.example",
        "a\nb",
        "\0",
        "a\u{7f}",
        "",
    ] {
        let refused = url("okta", "get_app", json!({ "app": evil }));
        assert!(refused.is_err(), "{evil:?} became {refused:?}");
    }
    for fine in ["0oa1", "ana@acme.example", "a b", "ä", "a?b", "a#b", "a;b", "..."] {
        let url = url("okta", "get_app", json!({ "app": fine })).unwrap();
        assert_eq!(url.path_segments().unwrap().count(), 4, "{fine:?} became {url}");
        assert_eq!((url.query(), url.fragment()), (None, None), "{fine:?} became {url}");
    }
}

#[test]
fn a_header_takes_no_line_break() {
    let input = json!({ "text": "hello" });
    let call = stanch_integrations::Call {
        key: "k\r\nX-Evil: 1".to_owned(),
        ..support::call("webhook", "send", input)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(support::kind(&runtime.block_on(ALL.call(call))), "invalid");
}

#[test]
fn arguments_are_checked_before_anything_is_built() {
    for (input, words) in [
        (json!({ "ap": "x" }), "did you mean `app`"),
        (json!({}), "needs `app`"),
        (json!({ "app": ["x"] }), "must be text"),
        (json!({ "app": { "$secret": "h" } }), "must be plain"),
        (json!("x"), "a map of arguments"),
    ] {
        let error = url("okta", "get_app", input).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    let error = url("github", "revoke_credential", json!({ "token": "ghp_in_the_clear" })).unwrap_err();
    assert!(error.contains("secret handle") && !error.contains("ghp_"), "{error}");
}

#[test]
fn a_target_of_another_tenant_or_kind_is_refused() {
    let target = |integration: &str, kind: &str| stanch_model::Target {
        integration: integration.to_owned(),
        kind: kind.to_owned(),
        id: "0oa1".to_owned(),
        label: String::new(),
        attrs: Default::default(),
    };
    assert!(ALL.preview("okta", "get_app", Some(&target("okta", "app")), &json!({})).is_ok());
    assert!(ALL.preview("okta", "get_app", Some(&target("okta_emea", "app")), &json!({})).is_err());
    assert!(ALL.preview("okta", "get_app", Some(&target("okta", "user")), &json!({})).is_err());
    let conflict = ALL.preview("okta", "get_app", Some(&target("okta", "app")), &json!({ "app": "0oa2" }));
    assert!(conflict.is_err(), "{conflict:?}");
}

proptest! {
    #[test]
    fn a_path_keeps_its_shape(app in ".*", token in "\\PC*") {
        if let Ok(url) = url("okta", "get_app_token", json!({ "app": app, "token": token })) {
            let parts: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!(url.host_str(), Some("acme.okta.com"));
            prop_assert_eq!(parts.len(), 6, "{}", url);
            prop_assert_eq!((parts[0], parts[1], parts[2], parts[4]), ("api", "v1", "apps", "tokens"));
            let back = percent_encoding::percent_decode_str(parts[3]).decode_utf8().unwrap();
            prop_assert_eq!(back, app);
        }
    }

    #[test]
    fn a_query_keeps_its_parameters(app in ".+") {
        let url = url("okta", "find_app", json!({ "app": app })).unwrap();
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, vec![("limit".to_owned(), "200".to_owned()), ("q".to_owned(), app)]);
    }

    #[test]
    fn a_form_keeps_its_fields(text in ".+", channel in ".+") {
        let preview = ALL.preview("slack", "post_message", None, &json!({ "channel": channel, "text": text })).unwrap();
        let fields: Vec<_> = url::form_urlencoded::parse(preview.body.as_bytes()).into_owned().collect();
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert_eq!(names, ["channel", "metadata", "text", "unfurl_links"]);
        prop_assert_eq!(&fields[2].1, &text);
    }

    #[test]
    fn a_json_body_keeps_its_values(comment in ".+") {
        let input = json!({ "owner": "acme", "repo": "web", "number": 7, "comment": comment });
        let preview = ALL.preview("github", "resolve_secret_alert", None, &input).unwrap();
        let body: Value = serde_json::from_str(&preview.body).unwrap();
        prop_assert_eq!(body, json!({ "state": "resolved", "resolution": "revoked", "resolution_comment": comment }));
    }

    #[test]
    fn a_mail_keeps_its_recipients(subject in "[^\\p{C}]+", text in ".*") {
        let input = json!({ "to": "a@acme.example", "subject": subject, "text": format!("x{text}") });
        if let Ok(preview) = ALL.preview("smtp", "send", None, &input) {
            let head = preview.body.split("\r\n\r\n").next().unwrap();
            let named = head.lines().filter(|line| {
                let line = line.to_ascii_lowercase();
                line.starts_with("to:") || line.starts_with("cc:") || line.starts_with("bcc:")
            });
            prop_assert_eq!(named.collect::<Vec<_>>(), ["To: a@acme.example"]);
        }
    }
}
