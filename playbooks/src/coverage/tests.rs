use super::*;
use crate::Library;

fn watched(script: &str) -> Watched {
    marks::watched(script, 0).expect("it compiles")
}

#[test]
fn marks_stand_on_their_lines_and_change_no_value() {
    let script = "let xs = [1, 2];\nlet y = if xs.len() > 1 { xs.map(|x| x * 2) } else { [] };\nfor x in y {\n  if x == 2 { y[0] = 3; }\n}\nlet z = y.find(|x| x > 9) ?? `none of ${y.len() ?? 0}`;\nswitch z { 1 => \"one\", 9 if z == 9 => { \"nine\" } _ => z }\n";
    let watched = watched(script);
    let mut engine = rhai::Engine::new();
    engine.register_fn(MARK, |_: i64| ());
    let plain: rhai::Dynamic = engine.eval(script).unwrap();
    let marked: rhai::Dynamic = engine.eval(&watched.text).unwrap();
    assert_eq!(plain.to_string(), marked.to_string());
    assert_eq!(watched.text.lines().count(), script.lines().count());
}

#[test]
fn a_place_of_the_copy_is_a_place_of_the_script() {
    let script = "let a = 1;\nif a > 1 { fail(\"x\"); } note(\"y\");\n";
    let watched = watched(script);
    for (nth, line) in script.lines().enumerate() {
        let copy = watched.text.lines().nth(nth).unwrap();
        for word in ["let", "if", "fail", "note"] {
            if let (Some(there), Some(here)) = (line.find(word), copy.find(word)) {
                assert_eq!(watched.column(nth + 1, here + 1), there + 1, "{word} in {copy}");
            }
        }
    }
}

#[test]
fn what_was_reached_and_what_was_not() {
    let coverage = Coverage::default();
    let playbook = Library::embedded().get("oauth-app-compromise").unwrap();
    let watched = coverage.watch(&playbook).unwrap();
    assert!(Arc::ptr_eq(&watched, &coverage.watch(&playbook).unwrap()), "one for all who play it");
    assert_eq!(watched.so_far().percent(), 0);
    let marks = watched.places.len();
    (0..marks - 1).for_each(|mark| coverage.reached(mark as i64));
    coverage.reached(-1);
    coverage.reached(marks as i64 + 7);
    let so_far = watched.so_far();
    assert_eq!(so_far.missed.len(), 1);
    assert_eq!(so_far.percent(), (marks - 1) * 100 / marks);
}

#[test]
fn every_script_of_the_library_can_be_watched() {
    for playbook in Library::embedded().all() {
        let watched = Coverage::default().watch(playbook).unwrap_or_else(|| panic!("{}", playbook.slug));
        assert!(watched.places.len() > 5, "{}", playbook.slug);
    }
}
