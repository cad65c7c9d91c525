//! What only looking at values, order and use shows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Catalogue, CheckContext, GOOD, MANIFEST, after_good, check_sources, context, lines};

#[test]
fn types_that_cannot_fit() {
    let manifest = MANIFEST
        .replace("since: {", "n: { type: integer }, since: {")
        .replace("read: [", "read: [okta.list_users, ")
        .replace("reversible: [app.quarantine]", "reversible: [app.quarantine, okta.suspend_user]");
    let more = r#"let who = #{ usr: "x" };
okta.suspend_user(who);
okta.suspend_user(#{ user: apps });
okta.suspend_user(#{ user: apps[0], how: HIGH });
okta.suspend_user("x");
wait(input.n);
note(`${apps - 1} ${input.n + "x"} ${apps + apps} ${#{} + #{}}`);
if apps { note("x"); }
if attempt(|| 1) { note("x"); }
while input.n && apps.is_empty() { break; }
for x in input.n { note(x); }
for x in #{ a: 1 } { note(x); }
if input.n == "3" { note("never"); }
if input.n < "3" || [1] < [2] { note("never"); }
for app in apps { app.quarantine(who); }
let counts = input.n * input.since;"#;
    insta::assert_snapshot!(lines(&manifest, &format!("{GOOD}{more}\n"), &[]), @r#"
    main.rhai:9:14: `okta.suspend_user` has no argument `usr` [PB0026]
        did you mean `user`?
    main.rhai:9:14: `app.quarantine` has no argument `usr` [PB0026]
        it takes expires_in
    main.rhai:10:6: `okta.suspend_user` lacks user [PB0027]
        it takes how, user
    main.rhai:11:28: `user` of `okta.suspend_user` is a text [PB0028]
        take one of them, or go over them with `each`
    main.rhai:12:42: `how` of `okta.suspend_user` is one of now, later [PB0028]
        no help
    main.rhai:13:19: `okta.suspend_user` takes one map of arguments [PB0026]
        write `#{ name: value }`
    main.rhai:14:12: `for` of `wait` is a length of time such as "30m", here is a number [PB0022]
        wait(for)
    main.rhai:15:14: `-` cannot take a list and a number [PB0055]
        no help
    main.rhai:16:4: `if` asks for true or false, here is a list [PB0055]
        ask `!list.is_empty()`
    main.rhai:17:4: `if` asks for true or false, here is a map [PB0055]
        ask its `.ok`
    main.rhai:18:13: `&&` asks for true or false, here is a number [PB0055]
        compare it with something
    main.rhai:19:16: `for` goes over a list, here is a number [PB0055]
        write `0..n` for the numbers below n
    main.rhai:20:10: expecting an iterable value, not an object map [PB0010]
        no help
    main.rhai:21:12: a number and a text are never equal [PB0055]
        compare values of one kind
    main.rhai:22:12: `<` cannot order a number and a text [PB0055]
        numbers, texts and severities have an order
    main.rhai:22:25: `<` cannot order a list and a list [PB0055]
        numbers, texts and severities have an order
    main.rhai:24:22: `*` cannot take a number and a text [PB0055]
        it takes numbers
    playbook.yaml:7:10: the script never calls `okta.list_users` [PB0034]
        remove it: a playbook may do what it needs and no more
    "#);
}

#[test]
fn values_of_which_nobody_knows_anything_are_left_alone() {
    let more = r#"let last = ();
for app in apps { if last != () { note(last); } last = app.label; }
let raw = alert.raw.port ?? "none";
if raw == 443 { note("tls"); }
let both = if apps.is_empty() { 1 } else { "x" };
if both == "x" { note("x"); }
fn pick(a) { if a == 1 { return "one"; } 2 }
if pick(1) == "one" { note("x"); }
let options = #{};
options.within = "2h";
let reply = wait_for("vendor.replied", options);
if reply == () { note("nothing"); }
let n = 0;
while n < 3 { n += 1; wait("1m"); }
let queue = apps + [];
while !queue.is_empty() { let app = queue.pop(); note(`${app}`); }
let end = now();
while now() < end { wait("1m"); }
let kept = switch apps.len() { 0 => "none", _ => "some" };
note(kept);
let _aside = find_app("x");"#;
    assert_eq!(after_good(more), "");
}

#[test]
fn results_under_a_name_that_nobody_looks_at() {
    insta::assert_snapshot!(after_good(r#"let again = find_app("x");
let tried = attempt(|| page("team", "x"));
let blind = attempt(|| apps[0].grants());
note(`${blind.value}`);
let fine = attempt(|| apps[0].grants());
note(`${fine.value ?? []}`);
let asked = attempt(|| page("team", "x")).value;
note(`${asked}`);
each(apps, |app| app.grants());
each(apps, |app| attempt(|| app.grants()));
each(apps, |app| attempt(|| app.quarantine()));
if apps.is_empty() { find_app("y"); }
settle();"#), @r"
    main.rhai:9:13: nobody looks at `again` [PB0049]
        use it, or leave the call out
    main.rhai:10:13: nobody looks at `tried` [PB0049]
        use it, or leave the call out
    main.rhai:11:13: nobody looks at whether this worked [PB0049]
        look at `.ok` and say what failed, `if !x.ok { note(x.error.message); }`; what stands for a value that did not come is `.value ?? []`
    main.rhai:15:13: nobody looks at whether this worked [PB0049]
        look at `.ok` and say what failed, `if !x.ok { note(x.error.message); }`; what stands for a value that did not come is `.value ?? []`
    main.rhai:17:22: what this reads is dropped [PB0049]
        use it, or leave it out
    main.rhai:18:18: what `attempt` gives is dropped [PB0049]
        look at `.ok`, or call it without `attempt`
    main.rhai:20:22: what `find_app` gives is dropped [PB0049]
        use it, or leave it out
    ");
}

#[test]
fn code_that_nothing_reaches() {
    insta::assert_snapshot!(after_good(r#"fn never() { note("a"); }
fn called() { note("b"); }
called();
each(apps, |app| { return 1; note("c"); });
try { return 1; } catch { throw "x"; }
loop { note("d"); }
note("e");"#), @r#"
    main.rhai:9:4: nothing calls `never` [PB0050]
        call it, or remove it
    main.rhai:12:30: this is never reached [PB0050]
        remove it, or the way out above it
    main.rhai:14:1: this loop never ends [PB0048]
        write `wait_until(|| read, |value| …, #{ every: "1m", within: "1h" })`: it is one step
    main.rhai:14:1: this is never reached [PB0050]
        remove it, or the way out above it
    main.rhai:15:1: this is never reached [PB0050]
        remove it, or the way out above it
    "#);
}

#[test]
fn the_catch_of_a_try_gives_nothing() {
    insta::assert_snapshot!(after_good(r#"fn list(app) { try { app.grants() } catch { [] } }
for app in apps { note(`${list(app)}`); }
each(apps, |app| { try { app.quarantine(); } catch (e) { note(e.message); } });
settle();"#), @r"
    main.rhai:9:16: what the `catch` gives is dropped: `try` gives no value then [PB0012]
        write `attempt(|| …)`: it gives `#{ ok, value, error }`
    ");
}

#[test]
fn severities_in_a_switch_and_in_a_list() {
    insta::assert_snapshot!(after_good(r#"let severity = incident().severity;
switch severity { "high" => note("a"), _ => note("b") }
if ["high", "critical"].contains(severity) { note("c"); }
if severity in ["high"] { note("d"); }
if severity == 3 { note("e"); }"#), @r"
    main.rhai:10:8: no arm of a `switch` ever equals a severity [PB0030]
        write `if severity >= HIGH { … } else { … }`
    main.rhai:11:4: a severity is compared with a text [PB0030]
        severities are INFO < LOW < MEDIUM < HIGH < CRITICAL
    main.rhai:12:16: a severity is compared with a text [PB0030]
        severities are INFO < LOW < MEDIUM < HIGH < CRITICAL
    main.rhai:13:13: a severity and a number are never equal [PB0055]
        compare values of one kind
    ");
}

#[test]
fn loops_that_a_platform_ends_or_nobody() {
    insta::assert_snapshot!(after_good(r#"while !find_app("x").is_empty() { wait("1m"); }
let left = find_app("x");
while left.len() > 0 { left = find_app("x"); }
do { wait("1m"); } while find_app("x").is_empty();"#), @r#"
    main.rhai:9:1: steps in a loop without a bound [PB0048]
        write `wait_until(|| read, |value| …, #{ every: "1m", within: "1h" })`: it is one step
    main.rhai:11:1: steps in a loop without a bound [PB0048]
        write `wait_until(|| read, |value| …, #{ every: "1m", within: "1h" })`: it is one step
    main.rhai:12:1: steps in a loop without a bound [PB0048]
        write `wait_until(|| read, |value| …, #{ every: "1m", within: "1h" })`: it is one step
    "#);
}

#[test]
fn what_wait_until_must_not_do() {
    insta::assert_snapshot!(after_good(r#"let gone = wait_until(|| { page("team", "x"); find_app("x") }, |apps| apps.is_empty());
let cut = wait_until(|| apps[0].quarantine(), |app| true);
note(`${gone} ${cut}`);
settle();"#), @r"
    main.rhai:9:28: `wait_until` only reads, and this is `page` [PB0022]
        do it before or after: what is read again and again must change nothing
    main.rhai:10:33: `wait_until` only reads, and this is `quarantine` [PB0022]
        do it before or after: what is read again and again must change nothing
    ");
}

#[test]
fn a_yes_to_nothing_covers_nothing() {
    let script = GOOD.replace("[apps, grants]);", "[]);");
    insta::assert_snapshot!(lines(MANIFEST, &script, &[]), @r"
    main.rhai:6:28: a permanent step that no approval can cover [PB0043]
        ask first: `approve(name, text, targets)`, with who may say yes under `approvals:` in the manifest
    ");
}

#[test]
fn suggestions_come_from_the_whole_catalogue() {
    let manifest = MANIFEST.replace("permanent: [", "permanent: [hubspot.revoke_tokn, ");
    let script = format!(
        "{GOOD}hubspot.revoke_token(#{{}});\nhubspt.revoke_token(#{{}});\nokta.cut_scopes(#{{}});\nfor app in apps {{ app.rescope(); }}\n"
    );
    insta::assert_snapshot!(lines(&manifest, &script, &[]), @r"
    main.rhai:9:1: unknown name `hubspot` [PB0020]
        the catalogue has the platform hubspot: connect it, `integrations: { hubspot: { platform: hubspot, … } }`
    main.rhai:10:1: unknown name `hubspt` [PB0020]
        did you mean `hubspot`?
    main.rhai:11:6: okta has no action `cut_scopes` [PB0024]
        hubspot has it
    main.rhai:12:23: `app.rescope` is not in the manifest's `uses` [PB0031]
        add `app.rescope` under `reversible:`
    main.rhai:12:23: no configured integration has `app.rescope` [PB0051]
        it does nothing here; connect hubspot, or leave it out
    playbook.yaml:9:15: `hubspot.revoke_tokn` in `uses` is no action, verb or host call [PB0033]
        did you mean `hubspot.revoke_token`?
    ");
}

#[test]
fn a_mistake_in_the_middle_of_a_block_hides_nothing_but_its_statement() {
    let script = format!(
        "{GOOD}for app in apps {{\n    let listed = app.grants(;\n    note(unknown);\n    each(listed, |one| one.quarantin());\n}}\nif apps.is_empty() {{\n    note(\"é\")\n    sleep(3);\n}}\n"
    );
    insta::assert_snapshot!(lines(MANIFEST, &script, &[]), @r#"
    main.rhai:10:29: unexpected ';' [PB0010]
        no help
    main.rhai:11:10: unknown name `unknown` [PB0020]
        declare it with `let`; integrations are okta
    main.rhai:12:28: a value has no `quarantin` [PB0021]
        did you mean `quarantine`?
    main.rhai:15:13: a `;` is missing to terminate this statement [PB0010]
        no help
    main.rhai:16:5: `sleep` is no part of the language [PB0013]
        write `wait("30s")`: it survives a restart
    "#);
}

#[test]
fn what_a_lost_statement_may_call_is_not_called_unused() {
    let script = GOOD.replace("each(grants, |grant| grant.revoke());", "each(grants, |grant| grant.revoke(;");
    insta::assert_snapshot!(lines(MANIFEST, &script, &[]), @r"
    main.rhai:6:35: unexpected ';' [PB0010]
        no help
    ");
    let large = format!("{GOOD}{}", "note(\"x\");\n".repeat(30_000));
    insta::assert_snapshot!(lines(MANIFEST, &large, &[]), @r"
    main.rhai:1:1: the script has 330347 bytes; 262144 is the most [PB0014]
        a playbook reads like a runbook: move parts into playbooks of their own and call `run_playbook`
    ");
}

#[test]
fn mistakes_in_the_manifest_hide_none_in_the_script() {
    let script = format!("{GOOD}note(unknown);\npage(\"teem\", \"x\");\n");
    insta::assert_snapshot!(lines(&MANIFEST.replace("owner: ir", "on: push\nname: x"), &script, &[]), @r"
    main.rhai:9:6: unknown name `unknown` [PB0020]
        declare it with `let`; integrations are okta
    main.rhai:10:6: there is no channel `teem` [PB0036]
        did you mean `team`?
    playbook.yaml:1:1: a manifest lacks `owner` [PB0004]
        no help
    playbook.yaml:3:1: a manifest has no field `on` [PB0003]
        did you mean `start`?
    playbook.yaml:4:1: a manifest has no field `name` [PB0003]
        did you mean `playbook`?
    ");
    insta::assert_snapshot!(lines("title: x\n\tuses: y\n", &script, &[]), @r"
    main.rhai:9:6: unknown name `unknown` [PB0020]
        declare it with `let`; integrations are okta
    main.rhai:10:6: there is no channel `teem` [PB0036]
        did you mean `team`?
    playbook.yaml:1:8: while scanning a plain scalar, found a tab [PB0001]
        no help
    ");
    insta::assert_snapshot!(lines(&MANIFEST.replace("read: [find_app, app.grants]", "read: { a: b }"), &script, &[]), @r"
    main.rhai:9:6: unknown name `unknown` [PB0020]
        declare it with `let`; integrations are okta
    main.rhai:10:6: there is no channel `teem` [PB0036]
        did you mean `team`?
    playbook.yaml:7:9: a text or a list of texts was expected, here is a map [PB0005]
        no help
    ");
}

#[test]
fn calls_of_calls_are_read_within_bounds() {
    let names: Vec<String> = (0..17).map(|n| format!("f{n}")).collect();
    let body = |pair: &[String]| format!("fn {}() {{ {} }}\n", pair[0], format!("{}(); ", pair[1]).repeat(9));
    let functions: String = names.windows(2).map(body).collect();
    assert_eq!(after_good(&format!("{functions}fn f16() {{ note(\"x\"); }}\nf0();")), "");
}

#[test]
fn nesting_and_size_have_bounds_that_say_so() {
    let deep = |open: &str, close: &str| format!("let x = {}1{};", open.repeat(300), close.repeat(300));
    for script in [
        deep("(", ")"),
        deep("[", "]"),
        deep("#{ a: ", " }"),
        deep("!", ""),
        deep("|x| ", ""),
        format!("let x = 1{};", " + 1".repeat(20_000).replace(" + 1 + 1 + 1 + 1", " + 1 + 1 + 1 + 1\n")),
        format!("let x = a{};", ".b\n".repeat(20_000)),
        "if true {\n".repeat(10_000),
    ] {
        let found = after_good(&script);
        assert!(found.contains("nested deeper than 64 levels [PB0014]"), "{found}");
    }
    let many: String = (0..600).map(|n| format!("fn f{n}() {{}}\n")).collect();
    assert!(after_good(&many).contains("more than 500 functions and closures [PB0014]"));
}

#[test]
fn together_keeps_what_each_of_its_branches_gives() {
    let script = |body: &str| {
        format!(
            "let both = together(#{{ apps: || find_app(input.app), colour: || ask(\"colour\", \"Which?\", [\"a\", \"b\"]) }});\n\
             let grants = flat(each(both.apps, |app| attempt(|| app.grants()).value ?? []));\n\
             evidence(\"before\", #{{ grants: grants, colour: both.colour }});\n\
             approve(\"cut-app\", \"Cut\", [both.apps, grants]);\n{body}\
             let left = settle();\npage(\"team\", `${{left.failed.len()}} left`);\n"
        )
    };
    let cut = "for app in both.apps { app.quarantine(); }\neach(grants, |grant| grant.revoke());\n";
    assert_eq!(lines(MANIFEST, &script(cut), &[]), "", "nothing that it calls is unused, nothing unlisted");
    let wrong =
        "for app in both.apps { app.revoke(); }\neach(grants, |grant| grant.revoke());\nnote(both.apps);\n";
    let found = lines(MANIFEST, &script(wrong), &[]);
    assert!(found.contains("an app has no verb `revoke` [PB0025]"), "{found}");
    assert!(found.contains("[PB0022]"), "a list is no text: {found}");
    let listed = "let two = together([|| find_app(\"a\"), || find_app(\"b\")]);\n\
        for app in flat(two) { app.quarantine(); app.revoke(); }\nfor apps in both.values() { note(`${apps}`); }\n\
        each(grants, |grant| grant.revoke());\n";
    let found = lines(MANIFEST, &script(listed), &[]);
    assert!(found.contains("an app has no verb `revoke` [PB0025]"), "{found}");
    assert!(!found.contains("PB0055") && !found.contains("PB0034"), "{found}");
}

#[test]
fn fix_takes_nothing_away_that_a_branch_of_together_needs() {
    let script = "let both = together(#{ apps: || find_app(input.app) });\nevidence(\"before\", both);\n\
        approve(\"cut-app\", \"Cut\", [both.apps]);\nfor app in both.apps { app.quarantine(); }\n\
        let left = settle();\npage(\"team\", `${left.failed.len()} left`);\n";
    let sources = BTreeMap::from([
        ("playbook.yaml".to_owned(), MANIFEST.to_owned()),
        ("main.rhai".to_owned(), script.to_owned()),
    ]);
    let fixed = crate::fix_sources("cut", &sources, &Catalogue::new(), &context());
    let manifest = fixed.files.get("playbook.yaml").map_or(MANIFEST, String::as_str);
    assert!(manifest.contains("app.quarantine") && manifest.contains("find_app"), "{manifest}");
    assert!(!manifest.contains("grant.revoke"), "what nothing calls goes: {manifest}");
}

#[test]
fn an_effect_that_differs_names_the_platforms_where_it_is_so() {
    let found = |index: &Catalogue| {
        let manifest =
            MANIFEST.replace("reversible: [app.quarantine]", "reversible: [app.quarantine, user.suspend]");
        let suspend = "each(holders(grants), |person| person.suspend());\nlet left = settle();";
        let sources = BTreeMap::from([
            ("playbook.yaml".to_owned(), manifest),
            ("main.rhai".to_owned(), GOOD.replace("let left = settle();", suspend)),
        ]);
        let found = check_sources("cut", &sources, index, &context());
        let of_uses = found.iter().filter(|one| one.code == "PB0032");
        of_uses.map(stanch_model::Diagnostic::one_line).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(found(&Catalogue::new()), "");
    let both = found(&Catalogue::new().and("github"));
    assert!(
        both.contains("`user.suspend` is permanent on github, and `uses` lists it under `reversible`"),
        "{both}"
    );
}

#[test]
fn a_kind_of_alert_that_nobody_sends_is_told_once_with_who_could() {
    let alerts = |sent: &[&str]| {
        let known = [
            ("app.token_misuse", "okta-event-hook"),
            ("credential.leaked", "github"),
            ("okta.*", "okta-event-hook"),
        ];
        let known = known.map(|(kind, format)| (kind.to_owned(), BTreeSet::from([format.to_owned()])));
        let sent = sent.iter().map(|kind| (*kind).to_owned()).collect();
        crate::AlertKinds { sent, known: known.into() }
    };
    let said = |when: &str, sent: &[&str]| {
        let sources = BTreeMap::from([
            ("playbook.yaml".to_owned(), format!("{MANIFEST}start:\n  - when: '{when}'\n")),
            ("main.rhai".to_owned(), GOOD.to_owned()),
        ]);
        let context = CheckContext { alerts: Some(alerts(sent)), ..context() };
        let found = check_sources("cut", &sources, &Catalogue::new(), &context);
        let told =
            found.iter().map(|one| format!("{} ({})", one.one_line(), one.help.as_deref().unwrap_or("")));
        told.collect::<Vec<_>>().join("\n")
    };
    let misuse = r#"alert.kind == "app.token_misuse" && alert.severity >= HIGH"#;
    let typo = r#"alert.kind in ["app.token_misue", "app.token_misuse"]"#;
    let okta = r#""okta.user.session.start" == alert.kind"#;
    // By hand, or from a sender of any kind: only what is nearly something known.
    for sent in [&[][..], &["*"]] {
        assert_eq!((said(misuse, sent), said(okta, sent)), (String::new(), String::new()));
        assert!(
            said(typo, sent).contains("PB0056] (did you mean `app.token_misuse`?)"),
            "{}",
            said(typo, sent)
        );
        assert_eq!(said(r#"alert.kind == "payroll.changed""#, sent), "", "a company's own");
    }
    // From these alone.
    assert_eq!(
        (said(misuse, &["app.token_misuse"]), said(okta, &["okta.*"])),
        (String::new(), String::new())
    );
    let other = said(misuse, &["credential.leaked"]);
    assert!(
        other.contains("no configured source gives alerts `app.token_misuse`")
            && other.contains("okta-event-hook can"),
        "{other}"
    );
    assert!(said(r#"alert.kind == "payroll.changed""#, &["okta.*"]).contains("format `hmac`"));
}

#[test]
fn a_mail_address_is_told_where_people_are_known_by_login_alone() {
    let find = |index: &Catalogue, whom: &str| {
        let manifest = MANIFEST.replace("read: [", "read: [find_user, ");
        let sources = BTreeMap::from([
            (
                "playbook.yaml".to_owned(),
                manifest.replace("reversible: [app.quarantine]\n  permanent", "permanent"),
            ),
            ("main.rhai".to_owned(), format!("note(`${{find_user({whom}).len()}}`);\n")),
        ]);
        let found = check_sources("cut", &sources, index, &context());
        found.into_iter().filter(|one| one.code == "PB0057").map(|one| one.message).collect::<Vec<_>>()
    };
    let here = Catalogue::new().and("github");
    for whom in [r#""ana@acme.example""#, "`${input.app}@acme.example`"] {
        let said = find(&here, whom);
        assert!(said.len() == 1 && said[0].starts_with("github knows people by login alone"), "{said:?}");
        assert!(find(&Catalogue::new(), whom).is_empty(), "Okta knows them");
    }
    assert!(find(&here, r#""ana""#).is_empty());
}
