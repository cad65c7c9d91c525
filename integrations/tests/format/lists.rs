//! How lists go on, and where they end.

use serde_json::{Value, json};
use stanch_integrations::Outcome;

use crate::{
    shop::Shop,
    support::{Answer, Seen, Server, call, kind},
};

/// A list of what `/list` holds under `rows`, going on as `paging` says; `query` and `body` are the request's own.
fn list(paging: &str, request: &str) -> String {
    format!(
        "  list:\n    title: List\n    effect: read\n    request: {request}\n    yields: {{ each: rows, kind: key, id: id }}\n    \
         paging: {paging}\n    evidence: none\n    docs: https://shop.example/docs\n"
    )
}

const GET: &str = "{ method: GET, path: /list }";

fn parameter(request: &Seen, name: &str) -> Option<String> {
    let url: url::Url = format!("http://x{}", request.path).parse().unwrap();
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

fn whole(request: &Seen, name: &str, otherwise: usize) -> usize {
    parameter(request, name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Rows from `from`, at most `limit` of `all`.
fn rows(from: usize, limit: usize, all: usize) -> Value {
    (from..all.min(from + limit)).map(|number| json!({ "id": format!("k{number}") })).collect()
}

async fn ids(server: &Server, paging: &str, request: &str) -> Vec<String> {
    let live = Shop::open(&list(paging, request)).at(&server.url()).build();
    let outcome = live.integrations.call(call("it", "list", json!({}))).await;
    let Outcome::Done { value, .. } = outcome else { panic!("{outcome:?}") };
    let id = |row: &Value| stanch_model::value::as_target(row).unwrap().id;
    value.as_array().unwrap().iter().map(id).collect()
}

fn numbers(upto: usize) -> Vec<String> {
    (0..upto).map(|number| format!("k{number}")).collect()
}

#[tokio::test]
async fn pages_are_counted_from_where_the_platform_counts() {
    for (first, paging) in [
        (0, r#"{ page: { into: "page[number]", first: 0, size: "page[size]" } }"#),
        (1, r#"{ page: { into: "page[number]" } }"#),
        (1, r#"{ page: { into: "page[number]", total: meta.total } }"#),
        (1, r#"{ page: { into: "page[number]", more: meta.more } }"#),
    ] {
        let server = Server::start(move |_, request| {
            let page = whole(request, "page[number]", first) - first;
            let meta = json!({ "total": 5, "more": page < 2 });
            Answer::json(200, json!({ "rows": rows(page * 2, 2, 5), "meta": meta }))
        })
        .await;
        let request = r#"{ method: GET, path: /list, query: { "page[size]": 2 } }"#;
        assert_eq!(ids(&server, paging, request).await, numbers(5), "{paging}");
        let asked = if paging.contains("size") || paging.contains("meta") { 3 } else { 4 };
        assert_eq!(server.seen().len(), asked, "{paging}: without any sign the list ends with an empty page");
    }
}

#[tokio::test]
async fn rows_are_counted_from_nought_or_from_one() {
    for (first, name, paging) in [
        (0, "offset", "{ offset: { into: offset, more: more } }"),
        (1, "startIndex", "{ offset: { into: startIndex, first: 1, total: totalResults } }"),
    ] {
        let server = Server::start(move |_, request| {
            let from = whole(request, name, first) - first;
            Answer::json(200, json!({ "rows": rows(from, 3, 7), "more": from + 3 < 7, "totalResults": 7 }))
        })
        .await;
        assert_eq!(ids(&server, paging, GET).await, numbers(7), "{paging}");
        let asked: Vec<_> = server.seen().iter().map(|request| whole(request, name, first)).collect();
        assert_eq!(asked, [first, first + 3, first + 6]);
    }
}

#[tokio::test]
async fn a_cursor_goes_on_elsewhere_with_nothing_but_itself() {
    let server = Server::start(|_, request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        match request.path.as_str() {
            "/list" => {
                assert_eq!(body, json!({ "limit": 2, "deep": { "only": "active" } }));
                Answer::json(200, json!({ "rows": rows(0, 2, 4), "cursor": "c1", "has_more": true }))
            }
            "/list/continue_v2" => {
                assert_eq!(body, json!({ "cursor": "c1" }));
                Answer::json(200, json!({ "rows": rows(2, 2, 4), "cursor": "c2", "has_more": false }))
            }
            other => panic!("{other}"),
        }
    })
    .await;
    let paging = "{ cursor: { from: cursor, into: cursor, more: has_more, path: /list/continue_v2 } }";
    let request = "{ method: POST, path: /list, json: { limit: 2, deep: { only: active } } }";
    assert_eq!(ids(&server, paging, request).await, numbers(4));
}

#[tokio::test]
async fn a_cursor_has_its_place_in_the_json_body() {
    let server = Server::start(|_, request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        match body.pointer("/page/cursor").and_then(Value::as_str) {
            None => {
                Answer::json(200, json!({ "rows": rows(0, 2, 3), "meta": { "page": { "after": "c1" } } }))
            }
            Some(cursor) => {
                assert_eq!((cursor, &body["page"]["limit"]), ("c1", &json!(2)));
                Answer::json(200, json!({ "rows": rows(2, 2, 3) }))
            }
        }
    })
    .await;
    let paging = "{ cursor: { from: meta.page.after, into: page.cursor } }";
    let request = "{ method: POST, path: /list, json: { page: { limit: 2 } } }";
    assert_eq!(ids(&server, paging, request).await, numbers(3));
}

#[tokio::test]
async fn an_absolute_link_in_the_body_stays_on_its_host() {
    let server = Server::start(|number, request| {
        let host = &request.headers["host"];
        match number {
            1 => Answer::json(
                200,
                json!({ "rows": rows(0, 2, 3), "@odata.nextLink": format!("http://{host}/list?$skiptoken=x") }),
            ),
            2 => Answer::json(200, json!({ "rows": rows(2, 2, 3) })),
            _ => Answer::json(200, json!({ "rows": [], "@odata.nextLink": "https://evil.example/list" })),
        }
    })
    .await;
    let paging = r#"{ next_url: { from: "@odata.nextLink" } }"#;
    assert_eq!(ids(&server, paging, GET).await, numbers(3));
    let live = Shop::open(&list(paging, GET)).at(&server.url()).build();
    let outcome = live.integrations.call(call("it", "list", json!({}))).await;
    assert_eq!(kind(&outcome), "host");
    assert!(format!("{outcome:?}").contains("evil.example: not followed"), "{outcome:?}");
}

#[tokio::test]
async fn a_list_that_never_ends_is_given_up() {
    let forever = Server::start(|number, _| {
        Answer::json(200, json!({ "rows": rows(number, 1, usize::MAX), "next": format!("c{number}") }))
    })
    .await;
    let live = Shop::open(&list("{ cursor: { from: next, into: after } }", GET)).at(&forever.url()).build();
    let mut patient = call("it", "list", json!({}));
    patient.deadline = std::time::Duration::from_secs(120);
    let outcome = live.integrations.call(patient).await;
    assert_eq!(kind(&outcome), "too_large");
    assert_eq!(forever.seen().len(), 1_000);

    let deaf = Server::start(|_, _| Answer::json(200, json!({ "rows": rows(0, 2, 2) }))).await;
    let live = Shop::open(&list("{ page: { into: page } }", GET)).at(&deaf.url()).build();
    let outcome = live.integrations.call(call("it", "list", json!({}))).await;
    assert_eq!(kind(&outcome), "garbled", "{outcome:?}");
    assert_eq!(deaf.seen().len(), 2, "the same page twice: the platform does not hear the number");
}

#[tokio::test]
async fn parts_are_asked_for_by_number_and_rows_named_by_their_columns() {
    let query = r#"
  query:
    title: Ask
    effect: read
    request: { method: POST, path: /statements, json: { statement: "SHOW USERS" } }
    yields: { each: data, columns: meta.rowType, kind: user, id: name, attrs: { disabled: disabled } }
    paging: { partitions: { list: meta.partitionInfo, path: "/statements/{body.handle}", into: partition } }
    evidence: none
    docs: https://shop.example/docs
"#;
    let server = Server::start(|_, request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/statements") => Answer::json(
            200,
            json!({
                "handle": "h-1",
                "meta": { "rowType": [{ "name": "name" }, { "name": "disabled" }], "partitionInfo": [{}, {}, {}] },
                "data": [["alice", "false"]]
            }),
        ),
        ("GET", "/statements/h-1?partition=1") => Answer::json(200, json!({ "data": [["bob", "true"]] })),
        ("GET", "/statements/h-1?partition=2") => Answer::json(200, json!({ "data": [] })),
        other => panic!("{other:?}"),
    })
    .await;
    let live = Shop::open(query).at(&server.url()).build();
    let outcome = live.integrations.call(call("it", "query", json!({}))).await;
    let Outcome::Done { value, .. } = outcome else { panic!("{outcome:?}") };
    let users: Vec<_> = value.as_array().unwrap().iter().filter_map(stanch_model::value::as_target).collect();
    let seen: Vec<_> =
        users.iter().map(|user| (user.id.as_str(), user.attrs["disabled"].as_str().unwrap())).collect();
    assert_eq!(seen, [("alice", "false"), ("bob", "true")]);
}

#[tokio::test]
async fn xml_goes_on_by_its_marker() {
    let head = r#"
auth: [{ name: none, type: none }]
reply: xml
errors: { code: [Error.Code], message: [Error.Message] }
limits: { codes: [Throttling] }"#;
    let keys = r#"
  list:
    title: List keys
    effect: read
    input: { user: { type: string } }
    request: { method: POST, path: /, form: { Action: ListAccessKeys, UserName: "{user}" } }
    yields: { each: Result.Keys, kind: key, id: AccessKeyId, attrs: { status: Status } }
    paging: { cursor: { from: Result.Marker, into: Marker, more: Result.IsTruncated } }
    evidence: none
    docs: https://shop.example/docs
"#;
    let page = |rows: &str, rest: &str| {
        let xml = format!("<R><Result><Keys>{rows}</Keys>{rest}</Result></R>");
        Answer::Say(200, vec![("content-type", "text/xml".to_owned())], xml)
    };
    let row = |id: &str| format!("<member><AccessKeyId>{id}</AccessKeyId><Status>Active</Status></member>");
    let (one, two) = (row("AKIA1"), row("AKIA2"));
    let server = Server::start(move |number, request| match number {
        1 => page(&one, "<IsTruncated>true</IsTruncated><Marker>m/1</Marker>"),
        2 => {
            assert!(request.body.contains("Marker=m%2F1") && request.body.contains("UserName=alice"));
            page(&two, "<IsTruncated>false</IsTruncated>")
        }
        3 => page("", "<IsTruncated>false</IsTruncated>"),
        4 => Answer::Say(
            404,
            Vec::new(),
            "<E><Error><Code>NoSuchEntity</Code><Message>no alice</Message></Error></E>".to_owned(),
        ),
        5 => Answer::Say(
            400,
            Vec::new(),
            "<E><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></E>".to_owned(),
        ),
        _ => Answer::Say(200, Vec::new(), "<html>busy".to_owned()),
    })
    .await;
    let live = Shop::new(head, keys).at(&server.url()).build();
    let ask = || live.integrations.call(call("it", "list", json!({ "user": "alice" })));
    let Outcome::Done { value, .. } = ask().await else { panic!("two pages") };
    assert_eq!(value.as_array().unwrap().len(), 2);
    let Outcome::Done { value, .. } = ask().await else { panic!("an empty list") };
    assert_eq!(value, json!([]));
    let outcome = ask().await;
    assert!(
        format!("{outcome:?}").contains("no alice (NoSuchEntity)") && kind(&outcome) == "not_found",
        "{outcome:?}"
    );
    assert_eq!(kind(&ask().await), "limited");
    let mut later = call("it", "list", json!({ "user": "alice" }));
    later.deadline = std::time::Duration::from_secs(30);
    assert_eq!(kind(&live.integrations.call(later).await), "garbled");
}

#[tokio::test]
async fn rows_may_stand_one_level_deeper() {
    let server = Server::start(|_, request| {
        let members = if request.path.contains("after=2") {
            json!([{ "member": "ben", "apps": [{ "id": "k2", "name": "Notes" }] }, { "member": "cleo" }])
        } else {
            json!([{ "member": "ana", "apps": [{ "id": "k0", "name": "Drift" }, { "id": "k1", "name": "Notes" }] }])
        };
        let next = if request.path.contains("after=2") { json!(null) } else { json!("2") };
        Answer::json(200, json!({ "members": members, "next": next }))
    })
    .await;
    let list = |only: &str| {
        format!(
            "  list:\n    title: List\n    effect: read\n    request: {GET}\n    yields:\n      each: members\n      inner: apps\n      \
             kind: grant\n      id: \"{{item.id}}/{{item.member}}\"\n      label: name\n      attrs: {{ by: member }}\n      only: '{only}'\n    \
             paging: {{ cursor: {{ from: next, into: after }} }}\n    evidence: none\n    docs: https://shop.example/docs\n"
        )
    };
    for (only, expected) in [
        ("true", &["k0/ana", "k1/ana", "k2/ben"][..]),
        (r#"item.name == "Notes" && item.member == "ben""#, &["k2/ben"]),
    ] {
        let live = Shop::open(&list(only)).at(&server.url()).build();
        let outcome = live.integrations.call(call("it", "list", json!({}))).await;
        let Outcome::Done { value, .. } = outcome else { panic!("{outcome:?}") };
        let targets = stanch_model::value::targets_in(&value);
        assert_eq!(targets.iter().map(|target| target.id.as_str()).collect::<Vec<_>>(), expected, "{only}");
        assert!(targets.iter().all(|target| target.attrs["by"].is_string()), "{targets:?}");
    }
}
