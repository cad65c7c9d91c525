//! Courses as lines: what stands inside something is indented.

use std::collections::BTreeMap;

use super::{Around, Course, Part};
use crate::{Library, Playbook, check::tests::catalogue::Nothing};

fn lines(parts: &[Part<'_>], depth: usize, out: &mut Vec<String>) {
    for part in parts {
        let mut around = |head: String, body: &[Part<'_>]| {
            out.push(format!("{}{head}", "  ".repeat(depth)));
            lines(body, depth + 1, out);
        };
        match part {
            Part::Step(step) => {
                let name = step.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
                let may = if step.tolerated { " (may fail)" } else { "" };
                let says = step.says.as_deref().map(|says| format!(": {says}")).unwrap_or_default();
                around(format!("{} {}{name}{may}{says}", step.line, step.called.name()), &[]);
            }
            Part::Fan(Around { line, over, body }) => around(format!("{line} at once {over}"), body),
            Part::Repeat(Around { line, over, body }) => around(format!("{line} in turn {over}"), body),
            Part::End { line } => around(format!("{line} end"), &[]),
            Part::Choice { ways, line } => ways.iter().for_each(|way| {
                around(format!("{line} if {}", way.when.as_deref().unwrap_or("not")), &way.body);
            }),
        }
    }
}

fn course(script: &str) -> String {
    let manifest = "playbook: cut\ntitle: Cut\nowner: us\nreviewed: 2026-11-01\nuses: { tell: [page] }\n";
    let sources = BTreeMap::from([
        ("playbook.yaml".to_owned(), manifest.to_owned()),
        ("main.rhai".to_owned(), script.to_owned()),
    ]);
    let playbook = Playbook::from_sources("cut", sources).unwrap();
    let mut out = Vec::new();
    lines(&Course::of(&playbook, &Nothing).parts, 0, &mut out);
    out.join("\n")
}

#[test]
fn branches_loops_and_functions_stand_where_they_run() {
    let script = r#"fn cut(app) { app.quarantine(); note("cut"); }
phase("go");
let apps = find_app(input.app);
if apps.is_empty() { page("team", `none of ${input.app}`); return; }
each(apps.filter(|app| app.id != "x"), |app| { cut(app); let r = attempt(|| app.grants()); return 1; });
for app in apps { wait("10m"); }
let how = switch ask("how", "How?", ["a", "b"]) {
    "a" => { note("by a"); 1 }
    _ => 2
};
if how == 1 { note("one"); } else if how == 2 { note("two"); } else { fail("neither"); }
together(#{ a: || note("a"), b: || note("b") });
let n = if how == 1 { 1 } else { 2 };
"#;
    insta::assert_snapshot!(course(script), @r#"
    2 phase go
    3 find_app
    4 if apps.is_empty()
      4 page team: none of ${input.app}
      4 end
    5 at once apps.filter(|app| app.id != "x")
      1 quarantine
      1 note: cut
      5 grants (may fail)
    6 in turn apps
      6 wait 10m
    7 ask how: How?
    7 if "a"
      8 note: by a
    7 if not
    11 if how == 1
      11 note: one
    11 if how == 2
      11 note: two
    11 if not
      11 fail: neither
    12 at once 
      12 note: a
      12 note: b
    "#);
}

#[test]
fn every_host_call_of_the_outline_is_in_the_course() {
    for playbook in Library::embedded().all() {
        let ast = crate::dialect::compile(&playbook.script).unwrap();
        let course = Course::of(playbook, &Nothing);
        let seen: Vec<(usize, usize)> = course.steps().iter().map(|step| (step.line, step.column)).collect();
        let left_out = ["each", "together", "attempt", "now", "uuid", "incident"];
        for step in crate::outline(&ast, &playbook.script) {
            // verbs are known by the catalogue alone, which is not here
            let quiet = left_out.contains(&step.call.as_str()) || step.call.contains('.');
            let there = seen.contains(&(step.line, step.column));
            assert!(quiet || there, "{}: {}:{} {}", playbook.slug, step.line, step.column, step.call);
        }
    }
}
