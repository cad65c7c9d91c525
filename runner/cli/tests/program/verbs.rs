//! What the catalogue tells authors: `stanch integrations verbs` and `show`.

use serde_json::Value;

use crate::support::{empty, stanch, transcript};

/// A company with Okta.
fn configure(home: &tempfile::TempDir) {
    let config = "integrations: { okta: { platform: okta, url: \"https://acme.okta.com\" } }\n";
    std::fs::write(home.path().join("stanch.yaml"), config).unwrap();
}

fn lines(args: &[&str]) -> Vec<Value> {
    let home = empty();
    configure(&home);
    let output = stanch(home.path(), args);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_verb_says_what_it_takes_and_gives_and_where_it_is() {
    let home = empty();
    configure(&home);
    let suspend = transcript(home.path(), &["integrations", "verbs", "user.suspend"]);
    assert!(suspend.contains("slack with `enterprise`"), "{suspend}");
    let revoke = transcript(home.path(), &["integrations", "verbs", "grant.revoke"]);
    for part in ["1> grant.revoke", "okta", "(permanent)", "here   okta", "gives  grant", "exit 0\n"] {
        assert!(revoke.contains(part), "`{part}` is missing in\n{revoke}");
    }
    let grants = transcript(home.path(), &["integrations", "verbs", "app.grants"]);
    assert!(grants.contains("(read)") && grants.contains("gives  [grant]"), "{grants}");
    let quarantine = transcript(home.path(), &["integrations", "verbs", "app.quarantine"]);
    assert!(quarantine.contains("a person does it on ") && quarantine.contains("salesforce"), "{quarantine}");
    let unknown = transcript(home.path(), &["integrations", "verbs", "grant.revok"]);
    assert!(unknown.contains("did you mean `grant.revoke`?") && unknown.ends_with("exit 3\n"), "{unknown}");
}

#[test]
fn the_view_of_all_verbs_is_data_too() {
    let all = lines(&["integrations", "verbs", "--json"]);
    let (summary, verbs) = all.split_last().unwrap();
    assert_eq!(summary["verbs"].as_u64(), Some(verbs.len() as u64));
    let of = |name: &str| verbs.iter().find(|verb| verb["verb"] == name).unwrap_or_else(|| panic!("{name}"));
    let suspend = of("user.suspend");
    assert!(suspend["effects"]["reversible"].as_array().unwrap().contains(&Value::from("okta")), "{suspend}");
    assert_eq!(suspend["here"], serde_json::json!(["okta"]));
    assert!(suspend["takes"].get("user").is_none(), "the target brings it along: {suspend}");
    let user = lines(&["integrations", "verbs", "user", "--json"]);
    assert!(user.len() > 10 && user.len() < all.len());
    let only = user[..user.len() - 1].iter().all(|verb| verb["verb"].as_str().unwrap().starts_with("user."));
    assert!(only, "of this kind alone");
}

#[test]
fn a_page_says_what_each_list_gives_and_each_call_takes() {
    let home = empty();
    let page = transcript(home.path(), &["integrations", "show", "okta"]);
    let of = |action: &str| {
        let after = page.split(&format!("### {action}")).nth(1).unwrap_or_else(|| panic!("{action}: {page}"));
        after.split("### ").next().unwrap_or_default().to_owned()
    };
    let list = of("list_app_tokens");
    for part in [
        "on: a target of kind app; by name `app`",
        "gives: a list of targets of kind grant with app, ",
        "holder (a target of kind user)",
    ] {
        assert!(list.contains(part), "`{part}` is missing in\n{list}");
    }
    assert!(of("revoke_app_token").contains("gives: the grant as a target, with its state"), "{page}");
    assert!(of("get_app").contains("gives: a map with id, label"), "{page}");
    assert!(of("create_app_secret").contains("secret (sealed)"), "{}", of("create_app_secret"));
    let slack = transcript(home.path(), &["integrations", "show", "slack"]);
    assert!(slack.contains("takes: `channel` (text): id, or #name"), "{slack}");
    assert!(slack.contains("takes: `thread` (text, may be left out)"), "{slack}");
}
