//! What Datadog really answered, recorded by its own client's tests: our requests are those, and we read the answers as they
//! were meant. The recordings are not part of this project: STANCH_SAMPLES names their folder.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use serde_json::{Map, Value, json};
use stanch_integrations::{Catalog, Outcome};
use support::{Answer, Seen, Server, call, kind};

/// One request and its answer.
#[derive(Clone, Debug)]
struct Exchange {
    file: String,
    method: String,
    path: String,
    sent: String,
    status: u16,
    answered: String,
}

/// Every exchange of the recordings, file by file.
fn recorded() -> Option<Vec<Exchange>> {
    let Some(folder) = std::env::var_os("STANCH_SAMPLES").map(PathBuf::from) else {
        println!("skipped: STANCH_SAMPLES names no folder with recordings");
        return None;
    };
    let mut files: Vec<_> = std::fs::read_dir(folder.join("datadog-cassettes"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let tape: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        found.extend(tape["http_interactions"].as_array().unwrap().iter().map(|one| Exchange {
            file: file.file_stem().unwrap().to_string_lossy().into_owned(),
            method: text(&one["request"]["method"]).to_uppercase(),
            path: text(&one["request"]["uri"]).replacen("https://api.datadoghq.com", "", 1),
            sent: text(&one["request"]["body"]["string"]),
            status: u16::try_from(one["response"]["status"]["code"].as_u64().unwrap()).unwrap(),
            answered: text(&one["response"]["body"]["string"]),
        }));
    }
    Some(found)
}

/// The arguments that make a template this path.
fn arguments(template: &str, path: &str) -> Option<Map<String, Value>> {
    let (ours, theirs): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let pairs = || ours.iter().zip(&theirs);
    let variable =
        |part: &str| part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).map(str::to_owned);
    let fits = ours.len() == theirs.len()
        && pairs().all(|(ours, theirs)| ours == theirs || variable(ours).is_some());
    fits.then(|| pairs().filter_map(|(ours, theirs)| Some((variable(ours)?, json!(theirs)))).collect())
}

/// Our actions that make this request, with their arguments.
fn ours(catalog: &Catalog, exchange: &Exchange) -> Vec<(String, Map<String, Value>)> {
    let datadog = catalog.platform("datadog").unwrap();
    let same = |name: &str| {
        let (method, template) = datadog.request_line(name)?;
        (method == exchange.method).then(|| arguments(template, &exchange.path))?
    };
    datadog.actions().filter_map(|info| Some((info.name.clone(), same(&info.name)?))).collect()
}

/// Makes the call against a server that answers what was recorded.
async fn replay(exchange: &Exchange, action: &str, input: Map<String, Value>) -> (Outcome, Vec<Seen>) {
    let answer = exchange.clone();
    let server = Server::start(move |_, _| {
        let kind = vec![("content-type", "application/json".to_owned())];
        Answer::Say(answer.status, kind, answer.answered.clone())
    })
    .await;
    let outcome =
        support::everything(server.address, None).call(call("datadog", action, Value::Object(input))).await;
    (outcome, server.seen())
}

/// What an exchange means to us, from nothing but its method and status.
fn meant(exchange: &Exchange) -> &'static str {
    match (exchange.method.as_str(), exchange.status) {
        (_, 200..=299) => "done by Us",
        // The thing is not there any more: somebody was faster.
        ("DELETE", 404) => "done by Other",
        (_, 404) => "not_found",
        (_, 422) => "invalid",
        other => panic!("a recording of a kind that is not known here: {other:?}"),
    }
}

#[tokio::test]
async fn every_recorded_exchange_of_ours_is_made_and_read_as_it_was_meant() {
    let Some(recorded) = recorded() else { return };
    let catalog = Arc::new(Catalog::embedded());
    let mut replayed: BTreeMap<String, usize> = BTreeMap::new();
    for exchange in &recorded {
        for (action, input) in ours(&catalog, exchange) {
            // Nobody recorded what stanch would ask of itself before it cuts.
            let mut input = input;
            let datadog = catalog.platform("datadog").unwrap();
            if datadog.actions().any(|info| info.name == action && info.inputs.contains_key("force")) {
                input.insert("force".to_owned(), Value::Bool(true));
            }
            let (outcome, seen) = replay(exchange, &action, input).await;
            let place = format!("{}: {action}: {} {}", exchange.file, exchange.method, exchange.path);
            assert_eq!(kind(&outcome), meant(exchange), "{place}: {outcome:?}");
            let [request] = seen.as_slice() else { panic!("{place}: {} requests", seen.len()) };
            assert_eq!((&request.method, &request.path), (&exchange.method, &exchange.path), "{place}");
            body_fits(&request.body, &exchange.sent, &place);
            if let Outcome::Done { value, .. } = &outcome {
                reads(&action, value, &exchange.answered, &place);
            }
            *replayed.entry(action).or_default() += 1;
        }
    }
    println!("{replayed:?}");
    for action in [
        "disable_user",
        "enable_user",
        "get_user",
        "get_api_key",
        "delete_api_key",
        "get_app_key",
        "delete_app_key",
        "revoke_access_token",
        "revoke_service_token",
    ] {
        assert!(replayed.contains_key(action), "no recording reaches {action}");
    }
}

/// Every field that we send was sent there too; what it holds is each test's own, but for the words that the API fixes.
fn body_fits(ours: &str, theirs: &str, place: &str) {
    if ours.is_empty() {
        return;
    }
    let (ours, theirs): (Value, Value) =
        (serde_json::from_str(ours).unwrap(), serde_json::from_str(theirs).unwrap());
    assert_eq!(ours["data"]["type"], theirs["data"]["type"], "{place}");
    assert!(ours["data"]["id"].is_string() && theirs["data"]["id"].is_string(), "{place}");
    let (sent, known) = (&ours["data"]["attributes"], &theirs["data"]["attributes"]);
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(value.is_boolean(), known[name].is_boolean(), "{place}: {name}");
    }
}

/// What a script gets of an answer is what stands in it.
fn reads(action: &str, value: &Value, answered: &str, place: &str) {
    let told: Value = serde_json::from_str(answered).unwrap_or_default();
    if action == "get_user" {
        let attributes = &told["data"]["attributes"];
        for (name, expected) in [
            ("id", &told["data"]["id"]),
            ("mail", &attributes["email"]),
            ("disabled", &attributes["disabled"]),
            ("status", &attributes["status"]),
        ] {
            assert!(!expected.is_null() && value[name] == *expected, "{place}: {name} is {}", value[name]);
        }
    }
    if matches!(action, "get_api_key" | "get_app_key") {
        assert_eq!(value["id"], told["data"]["id"], "{place}");
        let secret = told["data"]["attributes"]["key"].as_str().unwrap_or("no key");
        assert!(!value.to_string().contains(secret), "{place}: the key itself is no answer");
    }
}

/// Two pages of a list of 203,828: what is read of them are their rows, in order, and then the next page is asked for.
#[tokio::test]
async fn a_recorded_list_is_read_page_by_page() {
    let Some(recorded) = recorded() else { return };
    let pages: Vec<_> =
        recorded.into_iter().filter(|one| one.path.starts_with("/api/v2/users?page")).collect();
    let rows: Vec<Value> = pages
        .iter()
        .flat_map(|page| {
            let told: Value = serde_json::from_str(&page.answered).unwrap();
            told["data"].as_array().unwrap().clone()
        })
        .filter(|row| row["attributes"]["service_account"] != true)
        .collect();
    assert!(pages.len() == 2 && !rows.is_empty());
    let server = Server::start(move |number, _| {
        let kind = vec![("content-type", "application/json".to_owned())];
        match pages.get(number - 1) {
            Some(page) => Answer::Say(page.status, kind, page.answered.clone()),
            None => Answer::json(
                200,
                json!({ "data": [], "meta": { "page": { "total_filtered_count": 203_828 } } }),
            ),
        }
    })
    .await;
    let outcome =
        support::everything(server.address, None).call(call("datadog", "list_users", json!({}))).await;
    let Outcome::Done { value, .. } = &outcome else { panic!("{outcome:?}") };
    let ids: Vec<_> = value.as_array().unwrap().iter().map(|row| row["$target"]["id"].clone()).collect();
    assert_eq!(ids, rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>());
    let asked: Vec<_> = server.seen().into_iter().map(|request| request.path).collect();
    assert_eq!(asked.len(), 3, "a page without rows is the last one: {asked:?}");
    assert!(asked[1].contains("page%5Bnumber%5D=1") && asked[2].contains("page%5Bnumber%5D=2"), "{asked:?}");
}
