//! What people stumble over in their first playbook.

use std::collections::BTreeMap;

use super::{Catalogue, GOOD, MANIFEST, after_good, check_sources, context, lines};

#[test]
fn a_closure_that_looks_at_what_its_method_is_at_work_on() {
    insta::assert_snapshot!(after_good("let many = apps.filter(|app| apps.len() > 1);\nnote(`${many}`);\n\
        let all = apps;\nlet fine = apps.filter(|app| all.len() > 1);\nnote(`${fine} ${input.app.split(\"\").map(|c| input.app)}`);"), @r"
    main.rhai:9:17: the closure of `filter` looks at `apps`, which `filter` is at work on [PB0058]
        give it a second name before, `let all = apps;`, and look at that inside
    ");
}

#[test]
fn of_a_notice_that_is_there_and_broken_only_that_is_said() {
    let manifest = MANIFEST.replace("tell: [page]", "tell: [page, notify]");
    let script = format!("{GOOD}notify(vendor_of(\"drift\"), \"cut\", #{{}});\n");
    let found = lines(&manifest, &script, &[("cut", "no subject")]);
    assert!(found.contains("[PB0015]") && !found.contains("PB0037"), "{found}");
    let found = lines(&manifest, &script, &[]);
    assert!(found.contains("there is no notice `cut` [PB0037]"), "{found}");
}

#[test]
fn what_a_verb_may_be_on_a_target_of_unknown_kind_is_named_and_nothing_is_fixed() {
    let manifest = MANIFEST.replace("  permanent: [grant.revoke]\n", "");
    let script = "let apps = find_app(input.app);\nlet all = flat(apps.map(|app| app.raw));\n\
        evidence(\"before\", all);\napprove(\"cut-app\", \"Cut\", [apps, all]);\nfor app in apps { app.quarantine(); }\n\
        each(all, |one| one.revoke());\nlet left = settle();\nnote(`${each(apps, |app| app.grants())} ${left.failed.len()}`);\n\
        page(\"team\", \"cut\");\n";
    let sources =
        BTreeMap::from([("playbook.yaml".to_owned(), manifest), ("main.rhai".to_owned(), script.to_owned())]);
    let index = Catalogue::new().with_keys();
    let found = check_sources("cut", &sources, &index, &context());
    let found: Vec<String> = found
        .iter()
        .filter(|one| one.code == "PB0031")
        .map(|one| format!("{}: {}", one.message, one.help.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        found,
        [
            "`grant.revoke` or `key.revoke` is not in the manifest's `uses`: its kind is not known here: add what it may be, \
          under `permanent:` grant.revoke; under `reversible:` key.revoke"
        ]
    );
    let fixed = crate::fix_sources("cut", &sources, &index, &context());
    assert_eq!(fixed.files, BTreeMap::new(), "{:?}", fixed.done);
}

#[test]
fn a_script_that_asks_for_the_kind_may_speak_of_kinds_that_are_not_here() {
    let found = |cut: &str| lines(MANIFEST, &format!("{GOOD}for app in apps {{ {cut} }}\nsettle();\n"), &[]);
    assert!(found("app.revoke();").contains("an app has no verb `revoke` [PB0025]"));
    assert_eq!(found(r#"if app.kind == "grant" { app.revoke(); } else { app.quarantine(); }"#), "");
    assert_eq!(found(r#"switch app.kind { "grant" => app.revoke(), _ => app.quarantine() }"#), "");
    let typo = found(r#"if app.kind == "grant" { app.revok(); }"#);
    assert!(typo.contains("has no verb `revok` [PB0025]"), "{typo}");
}

#[test]
fn what_a_method_of_the_language_may_call_too_is_not_called_useless() {
    let manifest = MANIFEST.replace("app.grants]", "app.grants, app.get]");
    let found = |script: &str| {
        let sources = BTreeMap::from([
            ("playbook.yaml".to_owned(), manifest.clone()),
            ("main.rhai".to_owned(), format!("{GOOD}{script}")),
        ]);
        let found = check_sources("cut", &sources, &Catalogue::new().and_get(), &context());
        found.iter().map(|one| one.one_line()).collect::<Vec<_>>().join("\n")
    };
    assert!(found("").contains("PB0034"), "{}", found(""));
    let through = "let looks = [|app| app.get()];\nevidence(\"how\", each(apps, |app| attempt(|| looks[0].call(app))));\n";
    assert!(!found(through).contains("PB0034"), "{}", found(through));
}

#[test]
fn a_fan_out_whose_results_are_put_into_a_list_is_no_loop() {
    let script = "let all = [];\nall.push(each(grants, |grant| attempt(|| grant.revoke()).ok));\nnote(`${all}`);\nsettle();\n";
    assert_eq!(lines(MANIFEST, &format!("{GOOD}{script}"), &[]), "");
    let one_by_one =
        lines(MANIFEST, &format!("{GOOD}note(`${{grants.map(|grant| grant.revoke())}}`);\nsettle();\n"), &[]);
    assert!(one_by_one.contains("PB0047"), "{one_by_one}");
}

#[test]
fn a_success_that_is_told_before_it_was_read_back_is_told_too_early() {
    let told =
        GOOD.replace("let left = settle();\n", "").replace("`${left.failed.len()} left`", "\"cut off\"");
    let found = lines(MANIFEST, &format!("{told}settle();\n"), &[]);
    assert!(found.contains("the cuts before are settled only afterwards [PB0044]"), "{found}");
    // what is told when something goes wrong cannot wait
    let trouble = told.replace("page(", "if apps.len() > 9 { page(").replace("off\");", "off\"); }");
    assert_eq!(lines(MANIFEST, &format!("{trouble}settle();\n"), &[]), "");
}

#[test]
fn a_slip_in_a_verb_is_said_once_and_its_entry_in_uses_stays() {
    let script = GOOD.replace("grant.revoke()", "grant.revok()");
    assert_ne!(script, GOOD);
    let found = lines(MANIFEST, &script, &[]);
    assert!(found.contains("has no verb `revok` [PB0025]") && !found.contains("PB0034"), "{found}");
    let none = lines(MANIFEST, &GOOD.replace("grant.revoke()", "grant.id"), &[]);
    assert!(none.contains("the script never calls `grant.revoke` [PB0034]"), "{none}");
}
