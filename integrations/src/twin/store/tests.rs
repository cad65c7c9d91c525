use serde_json::json;

use super::*;

fn store() -> Store {
    let mut store = Store::default();
    store.declare("tokens", "id", &["app".to_owned()]);
    for n in 0..5 {
        store.put(
            "tokens",
            row(json!({ "id": format!("t{n}"), "app": if n == 3 { "b" } else { "a" }, "twin_x": 1 })),
        );
    }
    store.settle();
    store
}

fn row(value: Value) -> Row {
    value.as_object().cloned().expect("a map")
}

fn ids(page: &Page) -> Vec<&str> {
    page.rows.iter().filter_map(|row| row["id"].as_str()).collect()
}

#[test]
fn a_cursor_outlives_its_row_and_own_fields_stay_inside() {
    let mut store = store();
    let first = store.page("tokens", &row(json!({ "app": "a" })), None, 0, 2);
    assert_eq!((ids(&first), first.next.as_deref()), (vec!["t0", "t1"], Some("t1")));
    assert!(first.rows[0].get("twin_x").is_none());
    assert!(store.remove("tokens", "t1"));
    let second = store.page("tokens", &row(json!({ "app": "a" })), Some("t1"), 0, 2);
    assert_eq!((ids(&second), second.next.as_deref()), (vec!["t2", "t4"], None));
}

#[test]
fn only_real_changes_count_and_all_of_them_can_be_taken_back() {
    let mut store = store();
    let mark = store.mark();
    assert!(!store.remove("tokens", "nobody"));
    assert!(store.set("tokens", "t0", row(json!({ "app": "a" }))));
    assert!(!store.changed(mark), "setting what is there changes nothing");
    assert_eq!(store.remove_all("tokens", &row(json!({ "app": "a" }))), 4);
    assert!(store.changed(mark));
    store.roll_back(mark);
    assert!(!store.changed(mark));
    assert_eq!(store.count("tokens", &row(json!({ "app": "a" }))), 4);
}

#[test]
fn the_past_can_be_looked_at() {
    let mut store = store();
    store.set_now(Timestamp::from_second(100).expect("time"));
    store.remove("tokens", "t0");
    store.set_now(Timestamp::from_second(200).expect("time"));
    store.remove("tokens", "t1");
    let past = store.rewind(Timestamp::from_second(150).expect("time"));
    assert!(store.get("tokens", "t0").is_none() && store.get("tokens", "t1").is_some());
    store.forward(past);
    assert!(store.get("tokens", "t1").is_none());
    let past = store.rewind(Timestamp::from_second(0).expect("time"));
    assert_eq!(store.count("tokens", &Row::new()), 5);
    store.forward(past);
    assert_eq!(store.count("tokens", &Row::new()), 3);
}
