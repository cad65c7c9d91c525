//! Who a list means by its ids: asked behind it, in batches, and never at the list's expense.

use serde_json::{Value, json};
use stanch_integrations::Outcome;
use stanch_model::{Target, value};

use crate::{
    shop::Shop,
    support::{Answer, Server, call},
};

const HEAD: &str = r#"auth: [{ name: none, type: none }]
labels: { user: { action: label_users, with: { users: "{ids}" }, at_once: 2 } }"#;

const LISTS: &str = r#"
  list:
    title: List
    effect: read
    target: { kind: app, id: "{app}" }
    input: { app: { type: string } }
    request: { method: GET, path: "/apps/{app}/keys" }
    yields:
      each: rows
      kind: key
      id: id
      label: ["{target.label} for {holder}", "{target.label} for nobody"]
      attrs: { holder: { kind: user, id: owner } }
    paging: { next_url: { from: next } }
    evidence: none
    docs: https://shop.example/docs
  label_users:
    title: Label
    effect: read
    input: { users: { type: list } }
    let: { them: 'any_of("id", input.users)' }
    request: { method: GET, path: /users, query: { filter: "{them}" } }
    yields: { each: rows, kind: user, id: id, label: login, attrs: { mail: mail } }
    evidence: none
    docs: https://shop.example/docs
  cut:
    title: Cut
    effect: permanent
    target: { kind: key, id: "{key}" }
    input: { key: { type: string } }
    request: { method: DELETE, path: "/keys/{key}" }
    verify: { action: list, with: { app: drift }, until: "!out.has(target.id)" }
    in_doubt: probe
    evidence: none
    docs: https://shop.example/docs
"#;

/// Two pages of keys whose owners are u1 to u5, twice u1, one without an owner; `/users` answers as `label` says.
async fn platform(label: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Server {
    let held = |id: &str, owner: Value| json!({ "id": id, "owner": owner });
    let pages = [
        json!({ "rows": [held("k1", "u1".into()), held("k2", "u2".into()), held("k3", "u3".into())], "next": "/apps/drift/keys?page=2" }),
        json!({ "rows": [held("k4", "u1".into()), held("k5", "u4".into()), held("k6", Value::Null)] }),
    ];
    Server::start(move |_, request| match request.path.as_str() {
        path if path.starts_with("/users") => {
            let url: url::Url = format!("http://x{path}").parse().unwrap();
            label(&url.query_pairs().next().unwrap().1)
        }
        path => Answer::json(200, pages[usize::from(path.contains("page=2"))].clone()),
    })
    .await
}

/// What the server knows of everybody who is asked about, but u4.
fn known(filter: &str) -> Answer {
    let ids = filter.split('"').filter(|part| part.starts_with('u') && *part != "u4");
    let row = |id: &str| json!({ "id": id, "login": format!("{id}@acme.example"), "mail": format!("{id}@mail.example") });
    Answer::json(200, json!({ "rows": ids.map(row).collect::<Vec<_>>() }))
}

async fn listed(server: &Server, label: &str) -> (Vec<Target>, Option<String>) {
    let live = Shop::new(HEAD, LISTS).at(&server.url()).build();
    let app = Target {
        integration: "it".to_owned(),
        kind: "app".to_owned(),
        id: "drift".to_owned(),
        label: label.to_owned(),
        attrs: std::collections::BTreeMap::new(),
    };
    let call = stanch_integrations::Call { target: Some(app), ..call("it", "list", json!({})) };
    let outcome = live.integrations.call(call).await;
    let Outcome::Done { value, more, .. } = outcome else { panic!("{outcome:?}") };
    (value::targets_in(&value), more.incomplete)
}

fn holder(key: &Target) -> Option<Target> {
    key.attrs.get("holder").and_then(value::as_target)
}

fn asked(server: &Server) -> Vec<String> {
    let paths = server.seen().into_iter().map(|request| request.path);
    let asked = paths.filter(|path| path.starts_with("/users"));
    asked
        .map(|path| {
            url::Url::parse(&format!("http://x{path}")).unwrap().query_pairs().next().unwrap().1.into()
        })
        .collect()
}

#[tokio::test]
async fn ids_of_a_list_are_asked_about_once_and_in_batches() {
    let server = platform(known).await;
    let (keys, incomplete) = listed(&server, "Drift").await;
    let labels: Vec<_> = keys.iter().map(|key| key.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "Drift for u1@acme.example",
            "Drift for u2@acme.example",
            "Drift for u3@acme.example",
            "Drift for u1@acme.example",
            "Drift for u4",
            "Drift for nobody"
        ]
    );
    let first = holder(&keys[0]).unwrap();
    assert_eq!((first.label.as_str(), &first.attrs["mail"]), ("u1@acme.example", &json!("u1@mail.example")));
    let unknown = holder(&keys[4]).unwrap();
    assert_eq!((unknown.id.as_str(), unknown.label.as_str()), ("u4", ""));
    assert_eq!(asked(&server), [r#"id eq "u1" or id eq "u2""#, r#"id eq "u3""#, r#"id eq "u4""#]);
    assert_eq!(incomplete, None);
}

#[tokio::test]
async fn a_list_is_whole_and_quick_where_nobody_tells_who_an_id_means() {
    for status in [403, 500, 429] {
        let server = platform(move |_| Answer::json(status, json!({}))).await;
        let (keys, incomplete) = listed(&server, "").await;
        assert_eq!((keys.len(), incomplete), (6, None));
        assert_eq!(keys[0].label, "drift for u1");
        assert_eq!(holder(&keys[0]).unwrap().label, "");
        assert_eq!(asked(&server).len(), 1, "one refusal is enough");
    }
}

#[tokio::test]
async fn a_proof_asks_nobody_who_people_are() {
    let server = platform(known).await;
    let live = Shop::new(HEAD, LISTS).at(&server.url()).build();
    let seen = live.integrations.verify("it", "cut", None, &json!({ "key": "k9" })).await;
    assert_eq!(seen, stanch_integrations::Seen::Holds);
    assert_eq!(asked(&server), Vec::<String>::new());
}

#[test]
fn a_mistake_in_labels_is_named() {
    for (from, to, expected) in [
        ("action: label_users", "action: lable_users", "IN0004 there is no action `lable_users`"),
        ("action: label_users", "action: cut", "IN0031 `cut` gives no user with a label"),
        ("\"{ids}\"", "\"{id}\"", "IN0003 nothing gives `{id}`"),
        ("\"{ids}\"", "\"{ids.0}\"", "IN0031 only one of 2 ids would be asked about"),
        ("\"{ids}\"", "everybody", "IN0031 `label_users` is not told which ids"),
        ("at_once: 2", "at_once: 0", "IN0031 no id goes into a request"),
        ("labels: { user:", "labels: { group:", "IN0031 every list here gives a group with a label"),
        ("for {holder}", "for {holdre}", "IN0003 nothing gives `{holdre}`"),
    ] {
        let (head, lists) = (HEAD.replacen(from, to, 1), LISTS.replacen(from, to, 1));
        let found = Shop::new(&head, &lists).catalog().err().unwrap_or_default();
        let said: Vec<_> = found.iter().map(|one| format!("{} {}", one.code, one.message)).collect();
        assert!(said.iter().any(|one| one.starts_with(expected)), "{to}: {said:?}");
    }
}
