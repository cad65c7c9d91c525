//! The page of a playbook: complete, self-contained, and of use without stanch.

use std::path::Path;

use serde_json::Value;
use stanch_playbooks::Library;

use super::support::{book, empty, stanch, transcript};

/// Okta and Salesforce, people, and who is told.
const COMPANY: &str = r#"people:
  groups: { incident-lead: [ben, caro], security-manager: [dora] }
integrations:
  okta:       { platform: okta, url: "https://acme.okta.com", credential: env:OKTA_KEY }
  salesforce: { platform: salesforce, url: "https://acme.my.salesforce.com", credential: env:SF_KEY }
  slack:      { platform: slack, credential: env:SLACK_KEY }
tell:
  team: ["slack:#incidents"]
"#;

fn page(folder: &Path, args: &[&str]) -> String {
    let output = stanch(folder, &[&["docs"], args].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The titles of the sections, each with what stands under it.
fn sections(page: &str) -> Vec<(&str, &str)> {
    let parts = page.split("\n## ").skip(1);
    parts.map(|part| part.split_once('\n').unwrap_or((part, ""))).collect()
}

#[test]
fn every_playbook_of_the_library_has_a_whole_page() {
    let folder = empty();
    for playbook in Library::embedded().all() {
        let slug = playbook.slug.as_str();
        let page = page(folder.path(), &[slug]);
        let sections = sections(&page);
        let titles: Vec<&str> = sections.iter().map(|(title, _)| *title).collect();
        assert_eq!(
            titles,
            [
                "In short",
                "What starts it",
                "Input",
                "Flow",
                "Steps",
                "What the calls become",
                "Approvals",
                "Questions",
                "Scopes",
                "What can be taken back",
                "What lives on after the cut",
                "Limits",
                "Deadlines and messages",
                "By hand, when stanch is down"
            ],
            "{slug}"
        );
        for (title, under) in sections {
            assert!(under.lines().any(|line| !line.trim().is_empty()), "{slug}: nothing under {title}");
            let heads = under.split("\n### ").skip(1);
            heads.for_each(|head| {
                assert!(head.trim().contains('\n'), "{slug}: {title}: nothing under {head}")
            });
        }
        assert!(page.contains(&playbook.manifest.title) && page.contains(&playbook.manifest.owner), "{slug}");
        let scopes = stanch(folder.path(), &["scopes", slug, "--json"]).stdout;
        for line in String::from_utf8(scopes).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            for action in line["actions"].as_array().into_iter().flatten() {
                let action = action.as_str().unwrap();
                assert!(page.contains(action), "{slug}: the page lacks {action}");
            }
            if let Some(scope) = line["scope"].as_str() {
                assert!(page.contains(scope), "{slug}: the page lacks {scope}");
            }
        }
    }
}

#[test]
fn the_page_of_the_showpiece_over_two_platforms() {
    let folder = empty();
    std::fs::write(folder.path().join("stanch.yaml"), COMPANY).unwrap();
    let hash = Library::embedded().get("oauth-app-compromise").unwrap().hash.to_string();
    let page = page(folder.path(), &["oauth-app-compromise"]);
    let page = page.replace(&hash, "[hash]").replace(&hash[..8], "[version]");
    insta::assert_snapshot!("page_of_the_showpiece", page);
}

#[test]
fn html_is_one_file_that_needs_nothing_else() {
    let folder = empty();
    std::fs::write(folder.path().join("stanch.yaml"), COMPANY).unwrap();
    let told = transcript(
        folder.path(),
        &["docs", "oauth-app-compromise", "--format", "html", "--out", "page.html"],
    );
    assert!(told.contains("1> the page of oauth-app-compromise is in page.html"), "{told}");
    let html = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    let without = ["<script", "src=", "@import", "url(", "<link", "<iframe", "onload"];
    without.iter().for_each(|part| assert!(!html.contains(part), "{part}"));
    assert!(html.contains("default-src 'none'") && html.contains("@page { size: A4"));
    let phases = ["Phase scope", "Phase contain", "Phase prove", "Phase notify"];
    assert_eq!(html.matches("<svg").count(), phases.len());
    phases.iter().for_each(|phase| assert!(html.contains(&format!("<title>{phase}</title>")), "{phase}"));
    assert!(
        html.contains("class=\"gate\"") && html.contains("class=\"behind\""),
        "a gate and a fan-out are drawn"
    );
    assert!(html.contains("class=\"box\"></span>") && html.contains("<span>who</span><span>when</span>"));
}

#[test]
fn markdown_in_a_file_has_its_picture_beside_it() {
    let folder = empty();
    let told = transcript(folder.path(), &["docs", "mass-rotation", "--out", "rotate.md", "--json"]);
    assert!(told.contains(r#""files":["rotate.md","rotate.svg"]"#), "{told}");
    let page = std::fs::read_to_string(folder.path().join("rotate.md")).unwrap();
    assert!(page.contains("(<rotate.svg>)"), "{page}");
    let svg = std::fs::read_to_string(folder.path().join("rotate.svg")).unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.trim_end().ends_with("</svg>"));
    assert_eq!(svg.matches("<svg").count(), 1);
}

#[test]
fn by_hand_says_what_to_send_and_what_to_click() {
    let folder = empty();
    std::fs::write(folder.path().join("stanch.yaml"), COMPANY).unwrap();
    let page = page(folder.path(), &["oauth-app-compromise"]);
    let (_, hand) = *sections(&page).last().unwrap();
    assert!(
        hand.contains("curl -sS -X POST \"https://acme.okta.com/api/v1/apps/${APP}/lifecycle/deactivate\""),
        "{hand}"
    );
    assert!(hand.contains("SSWS ${OKTA_CREDENTIAL}"), "{hand}");
    let order = [
        "Declare it",
        "Find it",
        "Ask for the yes",
        "Block:",
        "Revoke what",
        "End the sessions",
        "Prove every",
        "Tell",
    ];
    let places: Vec<Option<usize>> = order.iter().map(|title| hand.find(&format!(". {title}"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
    let blocks = hand.split(". Block:").nth(1).unwrap();
    assert!(blocks.contains("Setup") && blocks.contains("Salesforce"), "no API: what to click\n{blocks}");
    assert!(!page.contains("OKTA_KEY"), "where a credential lies is nobody's business");
}

#[test]
fn a_folder_a_wrong_name_and_a_broken_folder() {
    let folder = empty();
    let manifest = "title: Look\nowner: us\nreviewed: 2026-11-01\nuses: { read: [find_app] }\n";
    book(
        folder.path(),
        "look",
        manifest,
        "let apps = find_app(\"<b>x</b>\");\nnote(`${apps.len()} <i>apps</i>`);\n",
    );
    let html = page(folder.path(), &["look", "--format", "html"]);
    assert!(html.contains("&lt;i&gt;apps") && !html.contains("<i>apps"), "what a script says is text");
    let told = transcript(folder.path(), &["docs", "oauth-app-compromize"]);
    assert!(
        told.contains("2>   help: did you mean `oauth-app-compromise`?") && told.ends_with("exit 3\n"),
        "{told}"
    );
    std::fs::write(folder.path().join("look/main.rhai"), "let = ;").unwrap();
    let told = transcript(folder.path(), &["docs", "./look"]);
    assert!(told.contains("look/main.rhai:1:5") && told.ends_with("exit 3\n"), "{told}");
}
