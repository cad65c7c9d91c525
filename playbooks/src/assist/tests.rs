//! Each test shows the cursor as `█` in a script, whole or half-typed.

use super::*;
use crate::check::tests::catalogue::Catalogue;

const MANIFEST: &str = "\
playbook: cut
title: Cut
owner: ir
reviewed: 2026-11-01
input: { app: { type: app } }
uses: { read: [find_app] }
approvals:
  cut-app: { ask: incident-lead, within: 15m, unanswered: [deny] }
";

/// Good lines before the one that is tried.
const BEFORE: &str = "let apps = find_app(input.app);\nlet grants = flat(each(apps, |app| app.grants()));\n";
/// And after it.
const AFTER: &str = "\nphase(\"contain\");\nlet left = settle();\n";

struct Desk {
    index: Catalogue,
    context: CheckContext,
    library: Library,
    sources: BTreeMap<String, String>,
}

impl Desk {
    fn new() -> Self {
        let set = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let sources =
            [(MANIFEST_FILE, MANIFEST), ("templates/cut.md", "---\nsubject: {app}\n---\n{left.failed}\n")];
        Self {
            index: Catalogue::new(),
            context: CheckContext {
                tell: set(&["team", "stuck"]),
                deadlines: set(&["gdpr-33"]),
                vendors: set(&["drift"]),
                ..CheckContext::default()
            },
            library: Library::embedded(),
            sources: sources.map(|(path, text)| (path.to_owned(), text.to_owned())).into(),
        }
    }

    fn around(&self) -> Around<'_> {
        Around { index: &self.index, context: &self.context, library: &self.library, sources: &self.sources }
    }
}

const MANIFEST_FILE: &str = "playbook.yaml";

/// The script and the cursor's byte.
fn marked(line: &str) -> (String, usize) {
    let text = format!("{BEFORE}{line}{AFTER}");
    let at = text.find('█').unwrap();
    (text.replace('█', ""), at)
}

/// The best suggestions at the cursor that begin with what is typed there, by rank and name.
fn suggested(line: &str) -> String {
    let (source, at) = marked(line);
    let desk = Desk::new();
    let mut all = complete(&source, at, &desk.around());
    all.retain(|one| one.label.starts_with(source[one.replace.start..at].trim_start_matches('█')));
    all.sort_by_key(|one| (one.rank, one.label.clone()));
    all.iter().take(8).map(|one| one.label.clone()).collect::<Vec<_>>().join(" ")
}

fn described(line: &str) -> String {
    let (source, at) = marked(line);
    let desk = Desk::new();
    describe(&source, at, &desk.around()).map_or_else(|| "nothing".to_owned(), |found| found.text)
}

#[test]
fn verbs_come_by_the_kind_of_the_target() {
    assert_eq!(suggested("each(grants, |grant| grant.█);"), "revoke id integration kind label name state");
    assert_eq!(
        suggested("for app in apps { app.█ }"),
        "grants quarantine release id integration kind label name"
    );
    assert_eq!(suggested("each(grants, |grant| grant.rev█);"), "revoke");
    assert_eq!(suggested("apps[0].█"), "grants quarantine release id integration kind label name");
}

#[test]
fn a_half_typed_statement_hides_nothing() {
    assert_eq!(suggested("each(grants, |grant| grant.rev█"), "revoke");
    assert_eq!(suggested("if grants.len() > 1 { each(grants, |grant| { grant.rev█"), "revoke");
    assert_eq!(suggested("let x = okta.sus█"), "suspend_user");
    assert_eq!(suggested("note(`${gran█"), "grants");
    assert_eq!(suggested("let x = (1 + ;\nfor one in apps { one.quar█ }"), "quarantine");
}

#[test]
fn actions_bring_their_arguments() {
    assert_eq!(
        suggested("okta.█"),
        "activate_app deactivate_app end_sessions list_apps list_grants list_users revoke_grant suspend_user"
    );
    assert_eq!(suggested("okta.suspend_user(#{ █ });"), "user how");
    assert_eq!(suggested("okta.suspend_user(#{ user: 1, █"), "how");
    assert_eq!(suggested("okta.suspend_user(#{ user: id, how: \"█\" });"), "later now");
}

#[test]
fn names_are_those_in_scope_and_the_calls() {
    assert_eq!(suggested("let app_count = ap█"), "apps approve");
    assert_eq!(suggested("each(apps, |application| ap█"), "application apps approve");
    assert_eq!(suggested("incident(#{ severity: █ });").split(' ').next(), Some("CRITICAL"));
    assert_eq!(suggested("wait_for(\"vendor.replied\", #{ wi█"), "within");
}

#[test]
fn texts_are_completed_from_where_they_are_known() {
    assert_eq!(suggested("approve(\"█\", \"Cut\", apps);"), "cut-app");
    assert_eq!(suggested("page(\"te█"), "team");
    assert_eq!(suggested("deadline(\"█\");"), "gdpr-33");
    assert_eq!(suggested("notify(vendor_of(\"█\"))"), "drift");
    assert_eq!(suggested("notify(vendor_of(\"drift\"), \"█\")"), "cut");
    assert_eq!(suggested("notify(vendor_of(\"drift\"), \"cut\", #{ █ })"), "app left");
    assert_eq!(suggested("run_playbook(\"oauth-█\")"), "oauth-app-compromise");
    assert_eq!(suggested("run_playbook(\"oauth-app-compromise\", #{ █ })"), "app since");
    assert_eq!(suggested("note(\"█\");"), "");
}

#[test]
fn a_manifest_that_is_half_typed_still_names_its_approvals() {
    let mut desk = Desk::new();
    desk.sources.insert(MANIFEST_FILE.to_owned(), format!("{MANIFEST}  second:\n    ask: [lead\n"));
    assert_eq!(desk.around().under("approvals"), ["cut-app", "second"]);
}

#[test]
fn what_is_written_after_a_word_depends_on_what_is_there() {
    let (source, at) = marked("okta.sus█");
    let desk = Desk::new();
    let then = |source: &str| {
        let all = complete(source, at, &desk.around());
        all.iter().find(|one| one.label == "suspend_user").map(|one| one.then)
    };
    assert_eq!(then(&source), Some(Then::Map));
    let mut called = source;
    called.insert_str(at, "(#{ user: 1 });");
    assert_eq!(then(&called), Some(Then::Nothing));
}

#[test]
fn hovering_says_what_a_word_means() {
    assert!(described("app█rove(\"cut-app\", \"x\", apps);").contains("The yes covers exactly `targets`"));
    assert!(described("approve(\"cut█-app\", \"x\", apps);").contains("incident-lead"));
    let verb = described("each(grants, |grant| grant.rev█oke());");
    assert!(
        verb.contains("**grant.revoke**")
            && verb.contains("permanent")
            && verb.contains("`okta.revoke_grant`"),
        "{verb}"
    );
    let action = described("okta.susp█end_user(#{ user: 1 });");
    assert!(
        action.contains("#{ user, how? }")
            && action.contains("`how`: a text, may be left out, one of now, later"),
        "{action}"
    );
    assert!(described("okta.suspend_user(#{ us█er: 1 });").contains("`user`: a text"));
    assert_eq!(described("note(gra█nts);"), "`grants`: a list of grant targets");
    assert!(described("note(settle().fai█led);").contains("of what `settle` gives"));
    assert_eq!(described("// gra█nts"), "nothing");
}

#[test]
fn definitions_are_found_in_the_script_and_around_it() {
    let defined = |line: &str| {
        let (source, at) = marked(line);
        let desk = Desk::new();
        match define(&source, at, &desk.around()) {
            Some(Definition::Here(span)) => format!("{}:{}", span.start, &source[span.clone()]),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(defined("note(app█s);"), "4:apps");
    let own = BEFORE.len() + "each(apps, |".len();
    assert_eq!(defined("each(apps, |app| ap█p.quarantine());"), format!("{own}:app"));
    let function = BEFORE.len() + "fn ".len();
    assert_eq!(defined("fn worst(of) { of }\nwor█st(apps);"), format!("{function}:worst"));
    assert_eq!(defined("approve(\"cut█-app\", \"x\", apps);"), "Some(Manifest(\"approvals\", \"cut-app\"))");
    assert_eq!(defined("note(input.a█pp);"), "Some(Manifest(\"input\", \"app\"))");
    assert_eq!(defined("notify(\"a@b.example\", \"cu█t\");"), "Some(Template(\"cut\"))");
    assert_eq!(defined("run_playbook(\"leaked-cre█dential\");"), "Some(Playbook(\"leaked-credential\"))");
    assert_eq!(defined("page(\"te█am\", \"x\");"), "Some(Config(\"tell\", \"team\"))");
    assert_eq!(defined("okt█a.list_apps();"), "Some(Config(\"integrations\", \"okta\"))");
}

#[test]
fn the_parts_of_a_script_stand_under_their_phases_beside_a_broken_statement() {
    let source = "phase(\"scope\");\nlet apps = find_app(\"drift\");\nlet x = (1 + ;\nfn worst(of) {\n    note(\"x\");\n}\nphase(\"contain\");\napprove(\"cut-app\", \"x\", apps);\n";
    let mut lines = String::new();
    for symbol in symbols(source) {
        lines.push_str(&format!("{:?} {}\n", symbol.kind, symbol.name));
        for inner in &symbol.inside {
            assert!(symbol.span.start <= inner.span.start && inner.span.end <= symbol.span.end, "{inner:?}");
            lines.push_str(&format!("  {:?} {}\n", inner.kind, inner.name));
        }
    }
    assert_eq!(
        lines,
        "Phase scope\n  Step find_app drift\nFunction worst\n  Step note x\nPhase contain\n  Step approve cut-app\n"
    );
}

#[test]
fn no_cursor_in_no_text_is_too_much() {
    let desk = Desk::new();
    for odd in
        ["", "`", "\"", "a.", ".", "#{", "each(", "fn", "|", "||", "${", "é.", "x.y(#{", "\u{0}", "let", "/*"]
    {
        for at in 0..=odd.len() + 1 {
            let _any = complete(odd, at, &desk.around());
            let _any = describe(odd, at, &desk.around());
            let _any = define(odd, at, &desk.around());
        }
        let _any = symbols(odd);
    }
}
