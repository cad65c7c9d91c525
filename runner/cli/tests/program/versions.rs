//! Two versions of a playbook beside each other.

use std::path::Path;

use serde_json::Value;
use stanch_playbooks::Library;

use super::support::{Served, company, empty, stanch, transcript};

const SLUG: &str = "oauth-app-compromise";

/// The playbook that ships, in a folder of one's own, with these words replaced.
fn own(folder: &Path, changes: &[(&str, &str, &str)]) {
    let playbook = Library::embedded().get(SLUG).unwrap();
    let home = folder.join(SLUG);
    std::fs::create_dir_all(home.join("templates")).unwrap();
    std::fs::write(home.join("README.md"), &playbook.readme).unwrap();
    for (path, text) in &playbook.sources {
        let mut text = text.clone();
        for (_, from, to) in changes.iter().filter(|(file, ..)| file == path) {
            assert!(text.contains(from), "{path} has no {from}");
            text = text.replace(from, to);
        }
        std::fs::write(home.join(path), text).unwrap();
    }
}

#[test]
fn what_an_override_changes_is_said_before_its_text() {
    let folder = empty();
    std::fs::write(
        folder.path().join("stanch.yaml"),
        "people: { groups: { incident-lead: [ben], security-manager: [dora] } }\n\
         integrations:\n  okta: { platform: okta, url: \"https://acme.okta.com\" }\n\
         playbooks: [oauth-app-compromise]\n",
    )
    .unwrap();
    own(
        folder.path(),
        &[
            ("playbook.yaml", "reversible: [app.quarantine]", "reversible: [app.quarantine, user.suspend]"),
            ("playbook.yaml", "unanswered: [security-manager, deny]", "unanswered: [deny]"),
            ("playbook.yaml", "targets: 500", "targets: 50"),
            (
                "main.rhai",
                "approve(\"cut-app\", `Cut",
                "each(people, |person| person.suspend());\napprove(\"cut-app\", `Cut",
            ),
        ],
    );
    let told = transcript(folder.path(), &["playbooks", "diff", SLUG, "./oauth-app-compromise"]);
    for said in [
        "1> steps",
        "phase contain, reversible, each of people",
        "1> approvals",
        "- cut-app: then asks  security-manager",
        "1> uses",
        "+ user.suspend  reversible",
        "1> limits",
        "~ targets",
        "1> undo",
        "by unsuspend_user on okta",
        "1> --- a/main.rhai",
        "1> +each(people, |person| person.suspend());",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
    assert!(told.ends_with("exit 3\n"), "{told}");
    let steps = told.find("1> steps").unwrap();
    let undo = told.find("1> undo").unwrap();
    assert!(steps < undo && undo < told.find("1> ---").unwrap(), "{told}");
    let alone = transcript(folder.path(), &["playbooks", "diff", SLUG]);
    let body = |told: &str| told.split_once('\n').unwrap().1.to_owned();
    assert_eq!(body(&alone), body(&told), "alone: the one that ships, and the one that is configured");
}

#[test]
fn the_same_is_yes_and_json_is_a_line_a_change() {
    let folder = empty();
    own(folder.path(), &[]);
    let told = transcript(folder.path(), &["playbooks", "diff", SLUG, "./oauth-app-compromise"]);
    assert!(told.contains("are the same") && told.ends_with("exit 0\n"), "{told}");
    own(folder.path(), &[("playbook.yaml", "within: 15m", "within: 5m")]);
    let output = stanch(folder.path(), &["playbooks", "diff", SLUG, "./oauth-app-compromise", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [change, file, summary] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(
        (&change["about"], &change["how"], &change["what"], &change["before"], &change["now"]),
        (&"approvals".into(), &"changed".into(), &"cut-app: within".into(), &"15m".into(), &"5m".into())
    );
    assert_eq!(file["file"], "playbook.yaml");
    assert_eq!(
        (&summary["same"], &summary["changes"], &summary["files"]),
        (&false.into(), &1.into(), &1.into())
    );
}

#[test]
fn versions_by_hash_and_names_that_are_none() {
    let folder = empty();
    let hash = Library::embedded().get(SLUG).unwrap().hash.to_string();
    let named = format!("{SLUG}@{}", &hash[..8]);
    let told = transcript(folder.path(), &["playbooks", "diff", &named, SLUG]);
    assert!(told.contains("are the same") && told.ends_with("exit 0\n"), "{told}");
    let told = transcript(folder.path(), &["playbooks", "diff", &format!("{SLUG}@zzzz"), SLUG]);
    assert!(told.contains("no version of `oauth-app-compromise` here begins with `zzzz`"), "{told}");
    assert!(
        told.contains(&format!("help: known here: {}", &hash[..12])) && told.ends_with("exit 3\n"),
        "{told}"
    );
    let told = transcript(folder.path(), &["playbooks", "diff", "oauth-app-compromize", SLUG]);
    assert!(told.contains("did you mean `oauth-app-compromise`?") && told.ends_with("exit 3\n"), "{told}");
    let told = transcript(folder.path(), &["playbooks", "diff", SLUG, "./nowhere"]);
    assert!(told.contains("nowhere") && told.ends_with("exit 3\n"), "{told}");
}

#[test]
fn a_version_that_a_run_has_pinned_is_kept_by_the_journal() {
    let folder = empty();
    let manifest = "playbook: cut\ntitle: Cut\nowner: us\nreviewed: 2026-11-01\nuses: { tell: [page] }\n";
    company(folder.path(), manifest, "note(\"one\");\n");
    let list = String::from_utf8(stanch(folder.path(), &["playbooks", "list", "--json"]).stdout).unwrap();
    let lines = list.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let cut = lines.into_iter().find(|line| line["slug"] == "cut").unwrap();
    let hash = cut["version"].as_str().unwrap().to_owned();
    let server = Served::start(folder.path());
    let started = transcript(folder.path(), &["run", "cut"]);
    assert!(started.contains("exit 0") || started.contains("exit 4"), "{started}");
    drop(server);
    std::fs::write(folder.path().join("cut/main.rhai"), "note(\"one\");\npage(\"team\", \"two\");\n")
        .unwrap();
    let told = transcript(folder.path(), &["playbooks", "diff", &format!("cut@{}", &hash[..10]), "cut"]);
    assert!(told.contains("+ page team  line 2, tell") && told.ends_with("exit 3\n"), "{told}");
}
