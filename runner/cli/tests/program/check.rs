//! `stanch check` as an author, an editor and a pipeline use it.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::symlink,
    path::Path,
    process::Stdio,
};

use serde_json::Value;

use crate::support::{book, company, empty, playbook, program, stanch, transcript};

const MANIFEST: &str = "\
playbook: cut
title: Cut an app off                  # one line for people
owner: ir
reviewed: 2026-11-01
input: { app: { type: app } }
# all the script may do
uses:
  read:       [find_app, find_user]    # where it looks
  reversible: [app.quarantine, grant.revoke]
approvals: { cut-app: { ask: lead, within: 15m, unanswered: [deny] } }
";

const SCRIPT: &str = "\
let apps = find_app(input.app);
let grants = flat(each(apps, |app| attempt(|| app.grants()).value ?? []));
evidence(\"before\", #{ apps: apps, grants: grants });
approve(\"cut-app\", \"Cut it off\", [apps, grants]);
for app in apps { app.quarantine(); }
each(grants, |grant| grant.revoke());
let left = settle();
page(\"team\", `${left.failed.len()} are left`);
";

fn lines(folder: &Path, args: &[&str]) -> Vec<Value> {
    let output = stanch(folder, args);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
}

#[test]
fn one_diagnostic_a_line_with_its_place_and_its_fix() {
    let home = empty();
    playbook(home.path(), MANIFEST, &SCRIPT.replace("apps, grants]);", "apps, grant]);"));
    let lines = lines(home.path(), &["check", "cut", "--json"]);
    let (summary, found) = lines.split_last().unwrap();
    let of = |code: &str| {
        found.iter().find(|line| line["code"] == code).unwrap_or_else(|| panic!("{code}: {found:#?}"))
    };
    let unknown = of("PB0020");
    assert_eq!(unknown["file"], "cut/main.rhai");
    assert_eq!((&unknown["line"], &unknown["column"]), (&4.into(), &41.into()));
    assert_eq!(unknown["end"], serde_json::json!({ "line": 4, "column": 46 }));
    assert_eq!(unknown["level"], "error");
    assert!(unknown["help"].is_string() && unknown["message"].is_string() && unknown["fix"].is_null());
    let unlisted = of("PB0031");
    assert_eq!(unlisted["fix"]["file"], "cut/playbook.yaml");
    assert_eq!(unlisted["fix"]["title"], "add `app.grants` under `read:`");
    let edit = &unlisted["fix"]["edits"][0];
    assert_eq!(
        (&edit["line"], &edit["column"], &edit["text"]),
        (&8.into(), &35.into(), &", app.grants".into())
    );
    assert_eq!(summary["ok"], false);
    let (errors, warnings) = (summary["mistakes"].as_u64().unwrap(), summary["warnings"].as_u64().unwrap());
    assert_eq!(usize::try_from(errors + warnings).unwrap(), found.len());
}

/// What the standard demands of a document, as far as ours speaks of it.
fn assert_is_sarif(document: &Value) {
    assert_eq!(document["version"], "2.1.0");
    assert!(document["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let [run] = document["runs"].as_array().unwrap().as_slice() else { panic!("one run") };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "stanch");
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&run["columnKind"].as_str().unwrap()));
    let rules = driver["rules"].as_array().unwrap();
    let level = |value: &Value| ["none", "note", "warning", "error"].contains(&value.as_str().unwrap());
    for rule in rules {
        for text in [
            &rule["id"],
            &rule["shortDescription"]["text"],
            &rule["fullDescription"]["text"],
            &rule["help"]["text"],
            &rule["help"]["markdown"],
        ] {
            assert!(text.as_str().is_some_and(|text| !text.trim().is_empty()), "{rule:#}");
        }
        assert!(level(&rule["defaultConfiguration"]["level"]), "{rule:#}");
        assert_eq!(rules.iter().filter(|other| other["id"] == rule["id"]).count(), 1, "ids are unique");
    }
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"], "{result:#}");
        assert!(level(&result["level"]) && !result["message"]["text"].as_str().unwrap().is_empty());
        for location in result["locations"].as_array().unwrap() {
            assert_is_place(
                &location["physicalLocation"]["artifactLocation"],
                &location["physicalLocation"]["region"],
            );
        }
        for fix in result["fixes"].as_array().into_iter().flatten() {
            let changes = fix["artifactChanges"].as_array().unwrap();
            assert!(!changes.is_empty());
            for change in changes {
                for replacement in change["replacements"].as_array().unwrap() {
                    assert_is_place(&change["artifactLocation"], &replacement["deletedRegion"]);
                    assert!(replacement["insertedContent"]["text"].is_string());
                }
            }
        }
    }
}

fn assert_is_place(artifact: &Value, region: &Value) {
    let uri = artifact["uri"].as_str().unwrap();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/%:".contains(c);
    assert!(!uri.is_empty() && uri.chars().all(plain), "{uri}");
    let of = |field: &str| region[field].as_u64().unwrap();
    assert!(of("startLine") >= 1 && of("startColumn") >= 1, "{region}");
    assert!((of("startLine"), of("startColumn")) <= (of("endLine"), of("endColumn")), "{region}");
}

#[test]
fn sarif_is_what_the_standard_says() {
    let home = empty();
    book(home.path(), "my book", "title: T\nowner: é\nuses: { read: [find_app] }\n", "note(1);\nlet x = ;\n");
    playbook(home.path(), MANIFEST, SCRIPT);
    let output = stanch(home.path(), &["check", "cut", "my book", "--sarif"]);
    assert_eq!(output.status.code(), Some(3));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_is_sarif(&document);
    let results = document["runs"][0]["results"].as_array().unwrap();
    let places =
        results.iter().map(|result| &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]);
    let places: Vec<&str> = places.filter_map(Value::as_str).collect();
    assert!(places.contains(&"my%20book/main.rhai") && places.contains(&"cut/playbook.yaml"), "{places:?}");
    assert!(results.iter().any(|result| result["fixes"].is_array()), "{results:#?}");
    // Nothing wrong is a document too.
    book(home.path(), "fine", "title: T\nowner: me\nreviewed: 2026-11-01\nuses: {}\n", "note(\"x\");\n");
    let output = stanch(home.path(), &["check", "fine", "--sarif"]);
    assert_eq!(output.status.code(), Some(0));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_is_sarif(&document);
    assert_eq!(document["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
fn what_is_certain_is_fixed_and_the_rest_of_the_file_stays() {
    let home = empty();
    playbook(home.path(), MANIFEST, SCRIPT);
    let text = transcript(home.path(), &["check", "cut", "--fix"]);
    assert_says(
        &text,
        &[
            "fixed cut/playbook.yaml: ",
            "add `app.grants` under `read:`",
            "remove `find_user` from `read:`",
            "move `grant.revoke` from `reversible:` to `permanent:`",
            "add `page` under `tell:`",
            "-   read:       [find_app, find_user]    # where it looks",
            "+   read:       [find_app, app.grants]    # where it looks",
            "cut: nothing wrong",
            "exit 0\n",
        ],
    );
    let file = home.path().join("cut/playbook.yaml");
    let fixed = std::fs::read_to_string(&file).unwrap();
    let wanted = MANIFEST.replace("[find_app, find_user]", "[find_app, app.grants]").replace(
        "[app.quarantine, grant.revoke]",
        "[app.quarantine]\n  permanent:  [grant.revoke]\n  tell:       [page]",
    );
    assert_eq!(fixed, wanted);
    let again = transcript(home.path(), &["check", "cut", "--fix"]);
    assert!(!again.contains("fixed"), "{again}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), wanted);
    let last = lines(home.path(), &["check", "cut", "--json"]).pop().unwrap();
    assert_eq!((&last["ok"], &last["mistakes"], &last["warnings"]), (&true.into(), &0.into(), &0.into()));
}

#[test]
fn nothing_is_fixed_that_is_not_certain() {
    let home = empty();
    // A script that cannot be read whole may call what it seems not to call.
    playbook(home.path(), MANIFEST, &SCRIPT.replace("let left = settle();", "let left = settle(;"));
    stanch(home.path(), &["check", "cut", "--fix"]);
    let kept = std::fs::read_to_string(home.path().join("cut/playbook.yaml")).unwrap();
    assert_says(&kept, &["find_user", "app.grants", "# where it looks"]);
    // What cannot be read as it is is not written anew.
    let broken = MANIFEST.replace("one line", "one \t line").replace("  read:", "\tread:");
    playbook(home.path(), &broken, SCRIPT);
    stanch(home.path(), &["check", "cut", "--fix"]);
    assert_eq!(std::fs::read_to_string(home.path().join("cut/playbook.yaml")).unwrap(), broken);
    let entries = std::fs::read_dir(home.path().join("cut")).unwrap().flatten();
    assert_eq!(entries.count(), 3, "nothing is left beside the files");
}

#[test]
fn a_change_is_checked_again_until_somebody_ends_it() {
    let home = empty();
    playbook(home.path(), MANIFEST, SCRIPT);
    let mut child = program(home.path(), &["check", "cut", "--watch", "--json"])
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut summary = || loop {
        let line: Value = serde_json::from_str(&out.next().unwrap().unwrap()).unwrap();
        if line["ok"].is_boolean() {
            return line;
        }
    };
    assert_eq!(summary()["ok"], false);
    let mended = MANIFEST
        .replace("find_user", "app.grants")
        .replace(", grant.revoke]", "]\n  permanent:  [grant.revoke]\n  tell:       [page]");
    std::fs::write(home.path().join("cut/playbook.yaml"), &mended).unwrap();
    assert_eq!(summary()["ok"], true);
    // A file that was not there before, and one that goes.
    std::fs::create_dir(home.path().join("cut/templates")).unwrap();
    std::fs::write(home.path().join("cut/templates/n.md"), "no subject").unwrap();
    while summary()["ok"] == true {}
    std::fs::remove_file(home.path().join("cut/templates/n.md")).unwrap();
    while summary()["ok"] == false {}
    let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "the last answer was yes");
}

#[test]
fn without_a_configuration_the_playbooks_of_this_folder_are_checked_against_the_whole_catalogue() {
    let home = empty();
    let script = "google_workspace.end_user_sessions(#{});\nsettle();\n";
    playbook(home.path(), "playbook: cut\ntitle: T\nowner: me\nreviewed: 2026-11-01\nuses: {}\n", script);
    let here = transcript(home.path(), &["check"]);
    assert_says(&here, &["cut/main.rhai:1:18", "exit 3\n"]);
    let inside = transcript(&home.path().join("cut"), &["check"]);
    assert_says(&inside, &["\n1>   main.rhai:1:18", "exit 3\n"]);
    for file in ["cut/main.rhai", "cut/playbook.yaml"] {
        assert_says(&transcript(home.path(), &["check", file]), &["cut/main.rhai:1:18", "exit 3\n"]);
    }
    // Who is asked and paged stands in a file that is not there.
    playbook(
        home.path(),
        &MANIFEST
            .replace("find_user", "app.grants")
            .replace(", grant.revoke]", "]\n  permanent: [grant.revoke]\n  tell: [page]"),
        SCRIPT,
    );
    assert_says(&transcript(home.path(), &["check", "cut"]), &["cut: nothing wrong", "exit 0\n"]);
}

#[test]
fn a_mistake_in_one_playbook_hides_none_in_another() {
    let home = empty();
    let manifest = "title: T\nowner: me\nreviewed: 2026-11-01\nuses: {}\n";
    book(home.path(), "one", manifest, "let x = ;\n");
    book(home.path(), "two", manifest, "nowhere();\n");
    std::fs::write(home.path().join("stanch.yaml"), "playbooks: [one, two]\n").unwrap();
    assert_says(
        &transcript(home.path(), &["check"]),
        &["one/main.rhai:1:9", "two/main.rhai:1:1", "2 mistakes", "exit 3\n"],
    );
    // Nor does one in the configuration.
    std::fs::write(home.path().join("stanch.yaml"), "playbooks: [one, two]\nteel: {}\n").unwrap();
    assert_says(
        &transcript(home.path(), &["check", "two"]),
        &["stanch.yaml:2:1", "two/main.rhai:1:1", "exit 3\n"],
    );
}

#[test]
fn a_verb_or_platform_that_is_not_connected_is_named_with_those_that_have_it() {
    let home = empty();
    company(
        home.path(),
        "playbook: cut\ntitle: T\nowner: me\nreviewed: 2026-11-01\nuses: { reversible: [app.uninstall] }\n",
        "for app in find_app(\"drift\") { app.uninstall(); }\nslack.deactivate_user(#{ user: \"u\" });\nsettle();\n",
    );
    let text = transcript(home.path(), &["check", "cut"]);
    assert_says(
        &text,
        &[
            "no configured integration has `app.uninstall`",
            "connect github or slack",
            "unknown name `slack`",
            "the catalogue has the platform slack: connect it",
        ],
    );
}

#[test]
fn files_that_are_no_files_of_people() {
    let home = empty();
    let manifest = "title: T\nowner: me\nreviewed: 2026-11-01\nuses: {}\nlimits: { target: 5 }\n";
    let at = |name: &str| home.path().join(name);
    // 10 MB of Rhai: said at once, and the manifest is looked at all the same.
    book(home.path(), "large", manifest, &"note(\"x\");\n".repeat(1_000_000));
    let text = transcript(home.path(), &["check", "large"]);
    assert_says(
        &text,
        &[
            "PB0014",
            "large/main.rhai:1:1",
            "more than 1048576 bytes",
            "`limits` has no field `target`",
            "exit 3\n",
        ],
    );
    // Bytes that are no text: the place, and what else is wrong.
    book(home.path(), "bytes", manifest, "");
    std::fs::write(at("bytes/main.rhai"), b"note(\"a\");\nnote(\"\xff\xfe\");\nnowhere();\n").unwrap();
    let text = transcript(home.path(), &["check", "bytes"]);
    assert_says(&text, &["bytes/main.rhai:2:7", "is not UTF-8", "bytes/main.rhai:3:1", "exit 3\n"]);
    // Links that lead back to themselves, and nowhere.
    book(home.path(), "loop", manifest, "");
    std::fs::remove_file(at("loop/main.rhai")).unwrap();
    symlink("main.rhai", at("loop/main.rhai")).unwrap();
    let text = transcript(home.path(), &["check", "loop"]);
    assert_says(&text, &["cannot read main.rhai", "symbolic links", "loop/main.rhai:1:1", "exit 3\n"]);
    symlink("round", at("round")).unwrap();
    assert_says(
        &transcript(home.path(), &["check", "round"]),
        &["round holds no playbook", "symbolic links", "exit 1\n"],
    );
    symlink(".", at("loop/again")).unwrap();
    assert_says(&transcript(home.path(), &["check", "loop"]), &["exit 3\n"]);
    std::fs::remove_file(at("loop/main.rhai")).unwrap();
    symlink("gone.rhai", at("loop/main.rhai")).unwrap();
    assert_says(
        &transcript(home.path(), &["check", "loop"]),
        &["it is a link that leads nowhere", "exit 3\n"],
    );
    // Half a playbook.
    std::fs::create_dir(at("half")).unwrap();
    std::fs::write(at("half/main.rhai"), "nowhere();\n").unwrap();
    let text = transcript(home.path(), &["check", "half"]);
    assert_says(&text, &["the playbook has no playbook.yaml", "half/main.rhai:1:1", "exit 3\n"]);
}

#[test]
fn manifests_that_other_tools_would_take() {
    let manifest = "title: T\nowner: me\nreviewed: 2026-11-01\nuses: {}\n";
    let levels = (1..9)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(",")));
    let bomb: String = std::iter::once("a0: &a0 [x]\n".to_owned()).chain(levels).collect();
    let cases: [(&str, String, &[&str]); 5] = [
        (
            "an alias bomb",
            format!("{manifest}{bomb}"),
            &["bad/playbook.yaml:", "larger than any such file may become", "write the values out"],
        ),
        (
            "tabs",
            manifest.replace("uses: {}", "uses:\n\tread: [find_app]"),
            &["bad/playbook.yaml:6:2", "indent with spaces"],
        ),
        (
            "a key twice",
            format!("{manifest}title: U\n"),
            &["bad/playbook.yaml:6:1", "`title` is given twice"],
        ),
        (
            "on:",
            format!("{manifest}on: alert\n"),
            &["bad/playbook.yaml:6:1", "no field `on`", "did you mean `start`?"],
        ),
        (
            "depth",
            format!("{manifest}tags: {}{}\n", "[".repeat(5_000), "]".repeat(5_000)),
            &["nested too deeply"],
        ),
    ];
    for (what, manifest, parts) in cases {
        let home = empty();
        // What the script has wrong is said beside it.
        book(home.path(), "bad", &manifest, "nowhere();\n");
        let text = transcript(home.path(), &["check", "bad"]);
        assert_says(&text, parts);
        assert_says(&text, &["bad/main.rhai:1:1", "exit 3\n"]);
        assert!(!home.path().join("data").exists(), "{what}");
    }
}

#[test]
fn what_lies_beside_a_playbook_is_checked_with_it() {
    let home = empty();
    playbook(home.path(), MANIFEST, SCRIPT);
    let cut = home.path().join("cut");
    for (file, text) in [
        (
            "cases/typo.yaml",
            "case: nothing is left\ninput: { app: drift }\nanswers: { cut-ap: approve }\nexpect: {}\n",
        ),
        ("drills/other.yaml", "drill: night\ntitle: A night\nplaybook: cut\n"),
    ] {
        std::fs::create_dir_all(cut.join(file).parent().unwrap()).unwrap();
        std::fs::write(cut.join(file), text).unwrap();
    }
    let said = lines(home.path(), &["check", "cut", "--json"]);
    let of =
        |file: &str| said.iter().find(|line| line["file"] == file).unwrap_or_else(|| panic!("{said:#?}"));
    assert_eq!(
        (&of("cut/cases/typo.yaml")["code"], &of("cut/cases/typo.yaml")["line"]),
        (&"TC0002".into(), &3.into())
    );
    assert!(of("cut/drills/other.yaml")["code"].as_str().unwrap().starts_with("DR"), "{said:#?}");
    assert_eq!(said.last().unwrap()["ok"], false);
    let shown = transcript(home.path(), &["check", "cut"]);
    assert_says(&shown, &["cut/cases/typo.yaml:3:", "did you mean `cut-app`", "cut/drills/other.yaml:"]);
}
