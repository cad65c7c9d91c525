//! Each test is named after the mistakes that it shows.

use std::collections::{BTreeMap, BTreeSet};

use super::{AlertKinds, CheckContext, check_sources};
use crate::Library;

pub(crate) mod catalogue;
mod deep;
mod newcomers;
pub(crate) use catalogue::Catalogue;

const MANIFEST: &str = "playbook: cut\ntitle: Cut\nowner: ir\nreviewed: 2026-11-01\n\
    input: { app: { type: app }, since: { type: time, default: now } }\n\
    uses:\n  read: [find_app, app.grants]\n  reversible: [app.quarantine]\n  permanent: [grant.revoke]\n  tell: [page]\n\
    approvals: { cut-app: { ask: incident-lead, within: 15m, unanswered: [deny] } }\n";

const GOOD: &str = r#"let apps = find_app(input.app);
let grants = flat(each(apps, |app| attempt(|| app.grants()).value ?? []));
evidence("before", #{ apps: apps, since: input.since });
approve("cut-app", "Cut", [apps, grants]);
for app in apps { app.quarantine(); }
each(grants, |grant| grant.revoke());
let left = settle();
page("team", `${left.failed.len()} left`);
"#;

/// What the pages of the codes are tried on.
pub(crate) fn ground() -> (Catalogue, CheckContext) {
    let alerts = AlertKinds {
        known: BTreeMap::from([(
            "app.token_misuse".to_owned(),
            BTreeSet::from(["okta-event-hook".to_owned()]),
        )]),
        ..AlertKinds::default()
    };
    (Catalogue::new().and("github"), CheckContext { alerts: Some(alerts), ..context() })
}

fn context() -> CheckContext {
    let set = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>());
    CheckContext {
        groups: set(&["incident-lead", "security-manager"]),
        tell: set(&["team", "approval"]),
        vendors: set(&["drift"]),
        deadlines: set(&["contract", "gdpr-33"]),
        playbooks: set(&["cut", "oauth-app-compromise"]),
        alerts: None,
    }
}

fn lines(manifest: &str, script: &str, templates: &[(&str, &str)]) -> String {
    let mut sources = BTreeMap::from([
        ("playbook.yaml".to_owned(), manifest.to_owned()),
        ("main.rhai".to_owned(), script.to_owned()),
    ]);
    sources.extend(templates.iter().map(|(name, text)| (format!("templates/{name}.md"), (*text).to_owned())));
    let found = check_sources("cut", &sources, &Catalogue::new(), &context());
    found
        .iter()
        .map(|p| format!("{}\n    {}", p.one_line(), p.help.as_deref().unwrap_or("no help")))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What `check` says of these lines put at the end of a good script.
fn after_good(more: &str) -> String {
    lines(MANIFEST, &format!("{GOOD}{more}\n"), &[])
}

#[test]
fn the_examples_of_the_host_calls_have_no_errors() {
    let manifest =
        MANIFEST.replace("read: [", "read: [find_user, ").replace("tell: [page]", "tell: [page, notify]");
    for call in crate::dialect::HOST_CALLS {
        let notice = ("integration-cut", "---\nsubject: x\n---\n{since}");
        let found = lines(&manifest, call.example, &[notice]);
        let errors: Vec<&str> =
            found.lines().filter(|line| line.starts_with("main.rhai") && !line.contains("PB0049")).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", call.name);
    }
}

#[test]
fn nothing_wrong() {
    assert_eq!(lines(MANIFEST, GOOD, &[]), "");
}

#[test]
fn unknown_names_calls_methods_and_fields() {
    insta::assert_snapshot!(after_good(r#"let x = grnats;
aprove("cut-app", "x", []);
revoke(grants);
grants.revoke();
"text".revoke();
note(left.faild.len());
note(input.ap);
let a = attempt(|| 1);
if a.okay { note(a.error.kind); }
try { find_app("x"); } catch (e) { note(e.knd); }
fn helper(y) { z }
helper(1);
let okta = 1;
let HIGH = 2;
sleep(5);
note(`${99999999999999999999} ${1.5}`);
if apps.is_empty() { exit(); }"#), @r#"
    main.rhai:9:9: unknown name `grnats` [PB0020]
        declare it with `let`; integrations are okta
    main.rhai:10:1: unknown call `aprove` [PB0021]
        did you mean `approve`?
    main.rhai:11:1: unknown call `revoke` [PB0021]
        `grant.revoke` is a verb: write `grant.revoke()` with a target before the dot
    main.rhai:12:8: a list has no `revoke` [PB0021]
        for each of them: `each(list, |item| item.revoke())`
    main.rhai:13:8: a text has no `revoke` [PB0021]
        `grant.revoke` is a verb of a target, and this is a text
    main.rhai:14:11: what `settle` gives has no field `faild` [PB0029]
        did you mean `failed`?
    main.rhai:14:17: `text` of `note` is a text, here is a number [PB0022]
        note(text)
    main.rhai:15:12: there is no input `ap` [PB0029]
        did you mean `app`?
    main.rhai:17:6: what `attempt` gives has no field `okay` [PB0029]
        it has ok, value, error
    main.rhai:18:7: what `find_app` gives is dropped [PB0049]
        use it, or leave it out
    main.rhai:18:43: an error has no field `knd` [PB0029]
        did you mean `kind`?
    main.rhai:19:16: unknown name `z` [PB0020]
        declare it with `let`; integrations are okta
    main.rhai:21:1: `okta` cannot be a variable: it means something else already [PB0016]
        use another name; this one is always answered first
    main.rhai:22:1: `HIGH` cannot be a variable: it means something else already [PB0016]
        use another name; this one is always answered first
    main.rhai:23:1: `sleep` is no part of the language [PB0013]
        write `wait("30s")`: it survives a restart
    main.rhai:24:9: this whole number is beyond 64 bits [PB0017]
        write it as a text; ids are texts anyway
    main.rhai:25:22: `exit` is no part of the language [PB0013]
        write `return`
    "#);
}

#[test]
fn wrong_arguments_of_host_calls() {
    insta::assert_snapshot!(after_good(r#"phase();
wait("soon");
wait(30);
each(apps, || 1);
each(input, |x| x);
approve("cut-app", "x", "grants");
wait_for("vendor.replied", #{ withn: "2h" });
wait_until(|| find_app("x"), |apps| apps.is_empty(), #{ every: 5 });
each(apps, |app| settle());
manual("x", apps);
incident(#{ severity: "high" });"#), @r#"
    main.rhai:9:1: `phase` takes 1 argument, here are 0 [PB0022]
        phase(name)
    main.rhai:10:6: `for` of `wait` is a length of time such as "30m" or "2h", here is "soon" [PB0022]
        wait(for)
    main.rhai:11:6: `for` of `wait` is a length of time such as "30m", here is a number [PB0022]
        wait(for)
    main.rhai:12:12: `body` of `each` is a closure with one parameter, `|x| …`, here is a closure [PB0022]
        each(items, body, #{ key? })
    main.rhai:13:6: `items` of `each` is a list, here is a map [PB0022]
        each(items, body, #{ key? })
    main.rhai:14:25: `targets` of `approve` is a list of targets, here is "grants" [PB0022]
        approve(name, text, targets)
    main.rhai:15:31: `wait_for` has no option `withn` [PB0023]
        did you mean `within`?
    main.rhai:16:64: `every` is a length of time such as "30m", here is a number [PB0022]
        no help
    main.rhai:17:18: `settle` stands inside a branch [PB0022]
        it waits for the whole run: call it on the main line
    main.rhai:18:13: `target` of `manual` is a target, here is a list [PB0022]
        manual(name, target, text?)
    main.rhai:19:23: `severity` is one of INFO, LOW, MEDIUM, HIGH, CRITICAL, here is "high" [PB0022]
        no help
    "#);
}

#[test]
fn unknown_and_unlisted_actions_and_verbs() {
    insta::assert_snapshot!(after_good(r#"for app in apps { app.quarantin(); app.revoke(); app.rescope(); app.release(); }
okta.suspend_usr(#{ user: "1" });
okta.suspend_user(#{ user: "1" });
okta_emea.suspend_user(#{ user: "1" });
find_user("x")[0].end_sessions();"#), @r"
    main.rhai:9:23: an app has no verb `quarantin` [PB0025]
        did you mean `quarantine`?
    main.rhai:9:40: an app has no verb `revoke` [PB0025]
        there is `grant.revoke`, and this is an app
    main.rhai:9:54: `app.rescope` is not in the manifest's `uses` [PB0031]
        add `app.rescope` under `reversible:`
    main.rhai:9:54: no configured integration has `app.rescope` [PB0051]
        it does nothing here; connect hubspot, or leave it out
    main.rhai:9:69: `app.release` is not in the manifest's `uses` [PB0031]
        add `app.release` under `restore:`
    main.rhai:10:6: okta has no action `suspend_usr` [PB0024]
        did you mean `suspend_user`?
    main.rhai:11:6: `okta.suspend_user` is not in the manifest's `uses` [PB0031]
        add `okta.suspend_user` under `reversible:`
    main.rhai:12:1: unknown name `okta_emea` [PB0020]
        declare it with `let`; integrations are okta
    main.rhai:13:1: `find_user` is not in the manifest's `uses` [PB0031]
        add `find_user` under `read:`
    main.rhai:13:19: `user.end_sessions` is not in the manifest's `uses` [PB0031]
        add `user.end_sessions` under `permanent:`
    ");
}

#[test]
fn targets_of_several_kinds_have_the_verbs_of_each() {
    let manifest = MANIFEST.replace("read: [", "read: [find_user, ");
    let script = |verb: &str| {
        format!("{GOOD}each(flat([apps, grants, find_user(\"x\")]), |one| one.{verb}());\nsettle();\n")
    };
    assert_eq!(lines(&manifest, &script("revoke"), &[]), "");
    let found = lines(&manifest, &script("revok"), &[]);
    assert!(found.starts_with("main.rhai:9:54: a target has no verb `revok` [PB0025]"), "{found}");
}

#[test]
fn wrong_missing_and_misspelt_arguments_of_actions() {
    let manifest =
        MANIFEST.replace("reversible: [app.quarantine]", "reversible: [app.quarantine, okta.suspend_user]");
    let script = format!(
        r#"{GOOD}okta.suspend_user(#{{ usr: "1" }});
okta.suspend_user(#{{ user: 7, how: "gently" }});
okta.suspend_user("alice");
for app in apps {{ app.quarantine(#{{ expires_in: "4h", why: "x" }}); }}
for app in apps {{ app.quarantine(#{{ expires_in: 4 }}); app.quarantine(#{{ expires_in: "soon" }}); }}
"#
    );
    insta::assert_snapshot!(lines(&manifest, &script, &[]), @r#"
    main.rhai:9:6: `okta.suspend_user` lacks user [PB0027]
        it takes how, user
    main.rhai:9:22: `okta.suspend_user` has no argument `usr` [PB0026]
        did you mean `user`?
    main.rhai:10:28: `user` of `okta.suspend_user` is a text [PB0028]
        put it in quotes
    main.rhai:10:36: `how` of `okta.suspend_user` is one of now, later [PB0028]
        no help
    main.rhai:11:19: `okta.suspend_user` takes one map of arguments [PB0026]
        write `#{ name: value }`
    main.rhai:12:55: `app.quarantine` has no argument `why` [PB0026]
        it takes expires_in
    main.rhai:13:49: `expires_in` of `app.quarantine` is a length of time [PB0028]
        write it as a text, `"4h"`
    main.rhai:13:85: `expires_in` of `app.quarantine` is a length of time [PB0028]
        `soon` is no length of time: write 30s, 15m, 2h, 1h30m or 12d
    "#);
}

#[test]
fn uses_filed_wrongly_unknown_unused_and_twice() {
    let manifest = MANIFEST
        .replace(
            "reversible: [app.quarantine]",
            "reversible: [app.quarantine, grant.revoke, user.suspend, okta.lock]",
        )
        .replace("permanent: [grant.revoke]", "permanent: [grnat.revoke, app.quarantine]");
    insta::assert_snapshot!(lines(&manifest, GOOD, &[]), @r"
    playbook.yaml:8:32: `grant.revoke` is permanent, and `uses` lists it under `reversible` [PB0032]
        move it under `permanent:`
    playbook.yaml:8:46: the script never calls `user.suspend` [PB0034]
        remove it: a playbook may do what it needs and no more
    playbook.yaml:8:60: `okta.lock` in `uses` is no action, verb or host call [PB0033]
        a verb (`grant.revoke`), an action (`okta.suspend_user`), or find_app, find_user, notify, page
    playbook.yaml:9:15: `grnat.revoke` in `uses` is no action, verb or host call [PB0033]
        did you mean `grant.revoke`?
    playbook.yaml:9:29: `app.quarantine` is listed twice in `uses` [PB0032]
        keep it under its effect
    ");
}

#[test]
fn a_severity_compared_with_a_text() {
    insta::assert_snapshot!(after_good(r#"if incident().severity >= "high" { note("x"); }
if "critical" == alert.severity { note("y"); }"#), @r"
    main.rhai:9:27: a severity is compared with a text [PB0030]
        write HIGH without quotes
    main.rhai:10:4: a severity is compared with a text [PB0030]
        write CRITICAL without quotes
    ");
}

#[test]
fn unknown_groups_channels_templates_vendors_deadlines_and_playbooks() {
    let manifest = MANIFEST
        .replace("incident-lead", "incident-leed")
        .replace("[deny]", "[security-manger, deny]")
        .replace("tell: [page]", "tell: [page, notify]");
    let script = format!(
        r#"{GOOD}page("teem", "x");
let supplier = vendor_of("drfit");
deadline("gdpr33", supplier);
run_playbook("oauth-app-compromised", #{{ app: "x" }});
notify(supplier, "integration-cut", #{{ app: "x" }});
notify(supplier, "integration-cutt");
"#
    );
    let notice = "---\nsubject: About {app}\n---\nsince {since}, left {left.failed}, to {to.name}\n";
    insta::assert_snapshot!(lines(&manifest, &script, &[("integration-cut", notice)]), @r"
    main.rhai:9:6: there is no channel `teem` [PB0036]
        did you mean `team`?
    main.rhai:10:26: the register has no vendor `drfit` [PB0038]
        did you mean `drift`?
    main.rhai:11:10: there is no deadline `gdpr33` [PB0039]
        did you mean `gdpr-33`?
    main.rhai:12:14: there is no playbook `oauth-app-compromised` [PB0040]
        did you mean `oauth-app-compromise`?
    main.rhai:13:37: the notice needs {left}, {since} [PB0052]
        hand it over in the data, or take it out of the notice
    main.rhai:14:18: there is no notice `integration-cutt` [PB0037]
        did you mean `integration-cut`?
    playbook.yaml:11:30: there is no group `incident-leed` [PB0035]
        did you mean `incident-lead`?
    playbook.yaml:11:71: there is no group `security-manger` [PB0035]
        did you mean `security-manager`?
    ");
}

#[test]
fn approvals_without_a_policy_never_asked_and_too_late() {
    let manifest = MANIFEST.replace(
        "approvals: { cut-app:",
        "approvals: { never: { ask: [], within: 1m, unanswered: deny }, cut-app:",
    );
    let script =
        GOOD.replace("approve(\"cut-app\"", "each(grants, |grant| grant.revoke());\napprove(\"cut-ap\"");
    insta::assert_snapshot!(lines(&manifest, &script, &[]), @r"
    main.rhai:4:28: a permanent step that no approval can cover [PB0043]
        ask first: `approve(name, text, targets)`, with who may say yes under `approvals:` in the manifest
    main.rhai:5:9: the manifest has no approval `cut-ap` [PB0041]
        did you mean `cut-app`?
    playbook.yaml:11:14: the script never asks for `never` [PB0042]
        remove it, or ask for it with `approve`
    playbook.yaml:11:64: the script never asks for `cut-app` [PB0042]
        remove it, or ask for it with `approve`
    ");
}

#[test]
fn a_permanent_effect_and_no_approve_at_all() {
    let script = GOOD.replace("approve(\"cut-app\", \"Cut\", [apps, grants]);\n", "");
    insta::assert_snapshot!(lines(&MANIFEST.replace("approvals:", "questions: {}\n# "), &script, &[]), @r"
    main.rhai:5:28: a permanent step that no approval can cover [PB0043]
        ask first: `approve(name, text, targets)`, with who may say yes under `approvals:` in the manifest
    ");
}

#[test]
fn cuts_never_settled_and_told_too_early() {
    let never = GOOD.replace("let left = settle();\n", "").replace("${left.failed.len()}", "nothing");
    insta::assert_snapshot!(lines(MANIFEST, &never, &[]), @r"
    main.rhai:7:1: people are told before the cuts are settled [PB0044]
        call `settle()` after the last cut: it waits until every cut was read back, and gives what is left
    ");
    insta::assert_snapshot!(after_good("each(find_app(\"x\"), |app| app.quarantine());\npage(\"team\", \"done\");"), @r"
    main.rhai:10:1: people are told, and the cuts after the last `settle` are open [PB0044]
        call `settle()` after the last cut: it waits until every cut was read back, and gives what is left
    ");
}

#[test]
fn permanent_before_evidence() {
    let script = GOOD.replace("evidence(\"before\", #{ apps: apps, since: input.since });\n", "");
    insta::assert_snapshot!(lines(MANIFEST, &script, &[]), @r#"
    main.rhai:5:28: something permanent before any evidence [PB0045]
        keep what is there first, `evidence("before", …)`: afterwards nothing can list it
    "#);
}

#[test]
fn assignment_to_a_captured_name_in_a_branch() {
    insta::assert_snapshot!(after_good(r#"let count = 0;
let seen = #{};
each(apps, |app| { let own = 0; own += 1; count += 1; });
attempt(|| { seen.last = 1; 1 }).ok;
let list = [];
each(apps, |app| { let mine = list; mine.push(app); list.push(app); list.extract(1).push(app); });
let total = 0;
[1, 2].for_each(|| total += this);"#), @r"
    main.rhai:11:43: a branch changes `count`, which stands outside it [PB0046]
        a branch only reads it: let it give a value, and use what `each` returns
    main.rhai:12:14: a branch changes `seen`, which stands outside it [PB0046]
        a branch only reads it: let it give a value, and use what `each` returns
    main.rhai:14:53: a branch changes `list`, which stands outside it [PB0046]
        a branch only reads it: let it give a value, and use what `each` returns
    ");
}

#[test]
fn steps_in_native_closures_and_endless_loops() {
    insta::assert_snapshot!(after_good(r#"grants.map(|grant| grant.revoke());
loop { wait("1m"); if find_app("x").is_empty() { break; } }
while true { note("x"); }
let n = 0;
loop { n += 1; if n > 3 { break; } }"#), @r#"
    main.rhai:9:26: a step inside `map` runs one item at a time [PB0047]
        write `each(list, |item| …)`: all at once, and one that fails does not stop the others
    main.rhai:10:1: steps in a loop without a bound [PB0048]
        write `wait_until(|| read, |value| …, #{ every: "1m", within: "1h" })`: it is one step
    main.rhai:11:1: this loop never ends [PB0048]
        write `wait_until(|| read, |value| …, #{ every: "1m", within: "1h" })`: it is one step
    main.rhai:12:1: this is never reached [PB0050]
        remove it, or the way out above it
    "#);
}

#[test]
fn dropped_results_and_unreachable_code() {
    insta::assert_snapshot!(after_good(r#"attempt(|| page("team", "x"));
ask("scope", "Is it?", ["yes", "no"]);
for app in apps { app.grants(); }
if apps.is_empty() { fail("none"); note("after"); }
return 1;
note("never");"#), @r"
    main.rhai:9:1: what `attempt` gives is dropped [PB0049]
        look at `.ok`, or call it without `attempt`
    main.rhai:10:1: what `ask` gives is dropped [PB0049]
        use it, or leave it out
    main.rhai:11:23: what this reads is dropped [PB0049]
        use it, or leave it out
    main.rhai:12:36: this is never reached [PB0050]
        remove it, or the way out above it
    main.rhai:14:1: this is never reached [PB0050]
        remove it, or the way out above it
    ");
}

#[test]
fn questions_that_silence_answers_wrongly_or_nobody_asks() {
    let questions =
        "questions:\n  scope: { within: 2h, unanswered: maybe }\n  never: { ask: incident-lead }\napprovals:";
    let script =
        format!("{GOOD}if ask(\"scope\", \"Is it?\", [\"yes\", \"no\"]) == \"no\" {{ note(\"x\"); }}\n");
    insta::assert_snapshot!(lines(&MANIFEST.replace("approvals:", questions), &script, &[]), @r"
    playbook.yaml:12:36: `maybe` is no choice of the question `scope` [PB0053]
        the script offers yes, no
    playbook.yaml:13:3: the script never asks `never` [PB0042]
        remove it, or ask it with `ask`
    ");
    let by_hand = "questions:\n  by-hand: { ask: incident-lead, within: 1h, unanswered: failed }\napprovals:";
    let script = format!("{GOOD}for app in apps {{ manual(\"by-hand\", app); }}\n");
    insta::assert_snapshot!(lines(&MANIFEST.replace("approvals:", by_hand), &script, &[]), @r"
    playbook.yaml:12:42: `within` does nothing for `by-hand`, which is done by hand [PB0053]
        remove it: `settle()` waits until somebody says done or failed. Tell people before that
    playbook.yaml:12:58: `unanswered` does nothing for `by-hand`, which is done by hand [PB0053]
        remove it: `settle()` waits until somebody says done or failed. Tell people before that
    ");
}

#[test]
fn syntax_errors_beside_everything_else() {
    let script = format!(
        "{GOOD}let x = try {{ 1 }} catch {{ 2 }};\npage(\"teem\", x);\nnote(unknown);\nlet y = #{{ with: 1 }};\nnote(y);\n"
    );
    insta::assert_snapshot!(lines(MANIFEST, &script, &[]), @r#"
    main.rhai:9:9: `try` is a statement and gives no value [PB0012]
        write `attempt(|| …)`: it gives `#{ ok, value, error }`
    main.rhai:10:6: there is no channel `teem` [PB0036]
        did you mean `team`?
    main.rhai:11:6: unknown name `unknown` [PB0020]
        declare it with `let`; integrations are okta
    main.rhai:12:12: `with` is a word that Rhai keeps for itself [PB0011]
        use another name, `using` for one; as a map key it may stand in quotes: `"with": …`
    "#);
}

#[test]
fn a_manifest_with_every_kind_of_mistake() {
    let manifest = "playbook: Cut It\ntitel: Cut\nowner: 7\nreviewed: soon\n\
        input: { app: { type: ap }, since: { type: time, default: 3 }, who: { from: alert.usr, type: user } }\n\
        start:\n  - when: alert.severity >= \"high\" && alert.knd == \"x\"\n    one_run_per: ap\n  - one_run_per: app\n\
        uses: { red: [find_app], permanent: grant.revoke }\n\
        approvals: { cut-app: { ask: [], within: 15, unanswered: [deny, nobody], of: 0, pre_approved: 'targets.len( <= 5' } }\n\
        questions: { q: { unanswered: maybe } }\n\
        limits: { targets: lots, people: 120% }\n";
    insta::assert_snapshot!(lines(manifest, GOOD, &[]), @r"
    playbook.yaml:1:1: a manifest lacks `title` [PB0004]
        no help
    playbook.yaml:1:11: `Cut It` is no playbook name [PB0005]
        small letters, digits and dashes: `oauth-app-compromise`
    playbook.yaml:2:1: a manifest has no field `titel` [PB0003]
        did you mean `title`?
    playbook.yaml:3:8: text was expected, here is a number [PB0005]
        no help
    playbook.yaml:4:11: `soon` is no day [PB0005]
        write year-month-day, `2026-11-01`
    playbook.yaml:5:23: there is no type `ap` [PB0005]
        did you mean `app`?
    playbook.yaml:5:59: the default does not fit the type [PB0007]
        write `now` or an instant, `2026-03-13T02:40:00Z`
    playbook.yaml:5:77: `alert.usr` is no place in an alert [PB0007]
        did you mean `alert.user`?
    playbook.yaml:7:29: a severity is compared with a text [PB0030]
        write HIGH without quotes
    playbook.yaml:7:45: `alert` has no field `knd` [PB0029]
        did you mean `kind`?
    playbook.yaml:8:18: `ap` is no input [PB0007]
        did you mean `app`?
    playbook.yaml:9:5: a trigger lacks `when` [PB0004]
        no help
    playbook.yaml:10:9: `uses` has no field `red` [PB0003]
        did you mean `read`?
    playbook.yaml:11:42: `15` is no length of time: write 30s, 15m, 2h, 1h30m or 12d [PB0005]
        no help
    playbook.yaml:11:58: the ladder ends with `nobody`, which is no decision [PB0009]
        end it with `deny` or `approve`: what silence means
    playbook.yaml:11:78: a whole number from 1 was expected, here is a number [PB0005]
        no help
    playbook.yaml:11:109: unexpected '<=' [PB0010]
        no help
    playbook.yaml:12:31: `unanswered` never applies: the question has no `within` [PB0004]
        say how long it stands: `within: 2h`
    playbook.yaml:13:20: this is no limit [PB0005]
        write a count, `500`, or a share, `20%`
    playbook.yaml:13:34: this is no limit [PB0005]
        write a count, `500`, or a share, `20%`
    ");
}

#[test]
fn a_manifest_that_is_no_yaml() {
    insta::assert_snapshot!(lines("playbook: cut\n\ttitle: x\n", GOOD, &[]), @r"
    playbook.yaml:1:11: while scanning a plain scalar, found a tab [PB0001]
        no help
    ");
    insta::assert_snapshot!(lines("playbook: cut\nplaybook: cut\n", GOOD, &[]), @r"
    playbook.yaml:2:1: `playbook` is given twice [PB0001]
        keep one of them
    ");
    insta::assert_snapshot!(lines("on: push\n", "let x = ;\n", &[]), @r"
    main.rhai:1:9: unexpected ';' [PB0010]
        no help
    playbook.yaml:1:1: a manifest has no field `on` [PB0003]
        did you mean `start`?
    playbook.yaml:1:1: a manifest lacks `playbook` [PB0004]
        no help
    playbook.yaml:1:1: a manifest lacks `title` [PB0004]
        no help
    playbook.yaml:1:1: a manifest lacks `owner` [PB0004]
        no help
    playbook.yaml:1:1: a manifest lacks `reviewed` [PB0004]
        no help
    playbook.yaml:1:1: a manifest lacks `uses` [PB0004]
        no help
    ");
}

#[test]
fn the_folder_has_another_name_and_a_notice_no_subject() {
    let manifest = MANIFEST.replace("playbook: cut", "playbook: cat");
    insta::assert_snapshot!(lines(&manifest, GOOD, &[("n", "no subject {here is} it")]), @r"
    playbook.yaml:1:11: the folder is `cut`, the manifest says `cat` [PB0006]
        name both the same
    templates/n.md:1:1: the notice has no subject [PB0015]
        begin with `---`, `subject: …`, `---`; a placeholder is `{name}` or `{name.part}`, `{{` is a brace
    templates/n.md:1:12: `{here` is no placeholder [PB0015]
        begin with `---`, `subject: …`, `---`; a placeholder is `{name}` or `{name.part}`, `{{` is a brace
    ");
}

#[test]
fn a_verb_that_no_configured_integration_has_is_a_warning() {
    let mut sources = BTreeMap::from([("playbook.yaml".to_owned(), MANIFEST.to_owned())]);
    sources.insert("main.rhai".to_owned(), GOOD.to_owned());
    let mut catalogue = Catalogue::new();
    catalogue.integrations.clear();
    let found = check_sources("cut", &sources, &catalogue, &context());
    let lines: Vec<String> = found.iter().map(|p| p.one_line()).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    main.rhai:2:51: no configured integration has `app.grants` [PB0051]
    main.rhai:5:23: no configured integration has `app.quarantine` [PB0051]
    main.rhai:6:28: no configured integration has `grant.revoke` [PB0051]
    ");
}

/// Cut off anywhere, or with a character too much, a playbook gives diagnostics and never a panic, in bounded time.
#[test]
fn a_damaged_playbook_is_never_more_than_a_list_of_mistakes() {
    let catalogue = Catalogue::new();
    for playbook in Library::embedded().all() {
        for (path, text) in &playbook.sources {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(173).collect();
            for at in places {
                for damaged in [text[..at].to_owned(), format!("{}é{{{}", &text[..at], &text[at..])] {
                    let mut sources = playbook.sources.clone();
                    sources.insert(path.clone(), damaged);
                    for found in check_sources(&playbook.slug, &sources, &catalogue, &context()) {
                        let source = &sources[&found.labels[0].file];
                        let label = &found.labels[0];
                        assert!(
                            label.offset <= source.len() && source.is_char_boundary(label.offset),
                            "{found:?}"
                        );
                        assert!(!stanch_model::diagnostic::render_plain(&found, source).is_empty());
                    }
                }
            }
        }
    }
}

#[test]
fn a_share_of_what_nobody_counts_is_doubtful() {
    let of = |limits: &str| {
        let manifest = MANIFEST.replace("permanent: [", "permanent: [user.end_sessions, ") + limits;
        let script =
            GOOD.replace("let left", "each(holders(grants), |person| person.end_sessions());\nlet left");
        lines(&manifest, &script, &[])
    };
    assert_eq!(of("limits: { targets: 500, people: 20% }\n"), "");
    let found = of("limits: { targets: 20%, people: 20% }\n");
    let first = found.lines().next().unwrap_or_default();
    assert_eq!(first, "playbook.yaml:12:20: nothing counts the apps of okta, the grants of okta [PB0054]");
    assert_eq!(found.lines().count(), 2, "{found}");
}
