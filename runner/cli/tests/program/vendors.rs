//! The register as a program: one page, what is stale, what the platforms say otherwise, rows of a spreadsheet.

use std::{fs, path::Path};

use serde_json::{Value, json};
use stanch_integrations::twin::{TwinHost, TwinOptions};

use crate::support::{empty, program, stanch, told, transcript};

const CONFIG: &str = "integrations:
  okta: { platform: okta, url: \"https://acme.okta.com\" }
  slack: { platform: slack }
";

fn company(folder: &Path, vendors: &str) {
    fs::write(folder.join("stanch.yaml"), CONFIG).unwrap();
    fs::write(folder.join("vendors.yaml"), vendors).unwrap();
}

fn last(folder: &Path, args: &[&str]) -> (Option<i32>, Value) {
    let output = stanch(folder, args);
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), serde_json::from_str(text.lines().last().unwrap_or("null")).unwrap())
}

async fn okta(grants: u32) -> TwinHost {
    let apps = json!([{ "id": "drift", "vendor": "drift", "grants": { "okta": grants } }]);
    let world = serde_json::from_value(json!({ "people": 20, "apps": apps })).unwrap();
    let integrations = ["okta", "slack"].map(|name| (name.to_owned(), name.to_owned())).into();
    TwinHost::start(TwinOptions { integrations, world, ..TwinOptions::default() }).await.unwrap()
}

const KEPT: &str = "drift:
  name: Drift
  contacts: [{ name: Security, mail: s@drift.example, phone: \"+1 555 0100\", within: 4h, checked: 2199-01-01 }]
  access: [{ integration: okta, scopes: [openid], grants: 5 }]
";

#[test]
fn one_page_tells_everything_that_the_file_says_without_a_server() {
    let home = empty();
    let vendors = include_str!("../../../response/src/vendor/full.yaml");
    company(home.path(), vendors);
    let page = transcript(home.path(), &["vendors", "show", "DRIFT"]);
    for words in [
        "kill switch  oauth-app-compromise",
        "they owe     notice within 48h (DPA 7.3)",
        "access       salesforce, app 0H4drift, oauth, 40 grants, scopes api refresh_token",
        "SOC 2 type 2 to 2026-06-30 with exceptions (CC6.1 late removal of two accounts)",
        "happened     not known: no server is there to ask",
        "exit 0",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    let nobody = transcript(home.path(), &["vendors", "show", "drfit"]);
    assert!(nobody.contains("did you mean `drift`?") && nobody.ends_with("exit 3\n"), "{nobody}");
}

#[test]
fn what_is_stale_is_said_without_a_credential_and_so_is_what_was_not_read() {
    let home = empty();
    company(
        home.path(),
        "drift: { contacts: [{ name: Sec, mail: s@drift.example, checked: 2024-01-01 }] }\n",
    );
    let said = transcript(home.path(), &["vendors", "check", "--offline"]);
    for words in [
        "Sec last answered on 2024-01-01",
        "there is no number to call back",
        "no platform was read",
        "exit 3",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    company(home.path(), "drift: { contacts: [{ mail: s@drift.example, checked: 2026-02-30 }] }\n");
    let broken = transcript(home.path(), &["vendors", "check", "--offline"]);
    assert!(broken.contains("VN0005") && broken.contains("vendors.yaml:1:55"), "{broken}");
    assert!(broken.contains("`2026-02-30`") && broken.ends_with("exit 3\n"), "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_vendors_whose_tokens_live_and_wider_scopes_are_found_by_reading() {
    let home = empty();
    let twins = okta(3).await;
    let at = twins.addr().to_string();
    let ended = KEPT.replace("  name: Drift\n", "  name: Drift\n  status: ended\n");
    company(home.path(), &ended);
    let (code, sum) = last(home.path(), &["vendors", "check", "--twins", &at, "--json"]);
    assert_eq!((code, &sum["wrong"], &sum["not_read"]), (Some(3), &json!(1), &json!({})), "{sum}");
    let said = transcript(home.path(), &["vendors", "check", "--twins", &at]);
    assert!(
        said.contains("it is over, and its app") && said.contains("still has 3 grants on okta"),
        "{said}"
    );
    company(home.path(), KEPT);
    let said = transcript(home.path(), &["vendors", "check", "--twins", &at]);
    assert!(said.contains("may do more on okta than registered"), "{said}");
    let changed = twins.summary().effects;
    assert_eq!(changed, 0, "it only reads");
}

#[test]
fn a_platform_that_cannot_be_read_is_named_and_never_taken_for_one_in_order() {
    let home = empty();
    company(home.path(), &KEPT.replace("  access", "  review_due: 2199-01-01\n  access"));
    let (code, sum) = last(home.path(), &["vendors", "check", "--twins", "127.0.0.1:9", "--json"]);
    assert_eq!((code, &sum["wrong"]), (Some(1), &json!(0)), "{sum}");
    assert!(sum["not_read"]["okta"].is_string() && sum["read"] == json!([]), "{sum}");
}

#[test]
fn rows_of_a_spreadsheet_come_into_the_register_whole_or_not_at_all() {
    let home = empty();
    let before = format!("# ours\n{KEPT}");
    company(home.path(), &before);
    let read = || fs::read_to_string(home.path().join("vendors.yaml")).unwrap();
    fs::write(home.path().join("bad.csv"), "vendor,mail,review due\nacme,soc@acme.example,soon\n").unwrap();
    let refused = transcript(home.path(), &["vendors", "import", "bad.csv"]);
    assert!(refused.contains("bad.csv: line 2, column `review due`: `soon` is no date"), "{refused}");
    assert!(refused.ends_with("exit 3\n") && read() == before, "{refused}");
    fs::write(home.path().join("good.csv"), "vendor,mail,owner\nacme,soc@acme.example,IT\ndrift,,Sales\n")
        .unwrap();
    let args = ["vendors", "import", "good.csv", "--print"];
    let output = program(home.path(), &args).output().unwrap();
    assert!(told(&args, &output).contains("1> acme:") && read() == before, "{}", told(&args, &output));
    let (code, sum) = last(home.path(), &["vendors", "import", "good.csv", "--json"]);
    assert_eq!(
        (code, &sum["added"], &sum["extended"]),
        (Some(0), &json!(["acme"]), &json!(["drift"])),
        "{sum}"
    );
    let after = read();
    assert!(
        after.starts_with(&before.trim_end().to_owned()) && after.contains("  owner: Sales\n"),
        "{after}"
    );
    let (_, again) = last(home.path(), &["vendors", "import", "good.csv", "--json"]);
    assert_eq!((again["added"].as_array().unwrap().len(), read()), (0, after));
}
