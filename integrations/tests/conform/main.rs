//! Every integration against what its platform publishes of its API. The descriptions are not part of this project:
//! STANCH_SPECS names their folder. The forms that only a test reads (Slack's list, botocore, lists of operations, Graph's
//! permissions) have their readers here.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../support/measured.rs"]
mod measured;
mod stone;

use std::{path::PathBuf, sync::LazyLock, time::Instant};

use serde_json::Value;
use stanch_integrations::{
    Catalog,
    conform::{Body, Conformance, Description, Details, Draft, Field, Operation, Schema},
};

fn specs() -> Option<PathBuf> {
    let folder = std::env::var_os("STANCH_SPECS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: STANCH_SPECS names no folder with the platforms' descriptions");
    }
    folder
}

fn text(name: &str) -> Option<String> {
    Some(std::fs::read_to_string(specs()?.join(name)).unwrap())
}

fn json(name: &str) -> Option<Value> {
    Some(serde_json::from_str(&text(name)?).unwrap())
}

fn published(name: &str) -> Option<Description> {
    Some(Description::read(&text(name)?).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// Compares, and wants at least so many actions to be spoken of.
fn check(platform: &str, descriptions: &[Description], least: usize) {
    let catalog = Catalog::embedded();
    let platform = catalog.platform(platform).unwrap_or_else(|| panic!("no {platform}"));
    let found = Conformance::of(platform, descriptions);
    let problems: Vec<_> = found
        .problems()
        .iter()
        .map(|problem| format!("{}: {}: {}", problem.action, problem.at, problem.message))
        .collect();
    println!("{}: {} of {} matched", platform.slug(), found.matched(), found.lines.len());
    assert!(problems.is_empty(), "{}\n{}", platform.slug(), problems.join("\n"));
    assert!(found.matched() >= least, "{}: {} matched", platform.slug(), found.matched());
    measured::keep(platform.slug(), "matched", found.matched());
}

#[test]
fn okta_and_github_are_as_published() {
    let (Some(okta), Some(oauth), Some(github)) =
        (published("okta.yaml"), published("okta-oauth.yaml"), published("github.json"))
    else {
        return;
    };
    check("okta", &[okta, oauth], 67);
    check("github", &[github], 57);
}

#[test]
fn slack_is_as_its_list_of_methods_says() {
    let Some(methods) = json("slack-methods.json") else { return };
    check("slack", &[slack(&methods)], 17);
}

/// Slack's methods: all arguments in a form, scopes by kind of token.
fn slack(methods: &Value) -> Description {
    let operation = |(name, method): (&String, &Value)| {
        let fields = method["args"].as_object().into_iter().flatten().map(|(name, argument)| Field {
            name: name.clone(),
            required: argument["required"] == true,
            schema: Schema::default(),
        });
        let form = Schema { fields: fields.collect(), ..Schema::default() };
        let scopes = method["scopes"].as_object().into_iter().flat_map(|kinds| kinds.values());
        let scopes = scopes.flat_map(|list| list.as_array().into_iter().flatten());
        let details = Details {
            query: Some(Vec::new()),
            body: Some(Body { media: Vec::new(), required: false, schema: Some(form) }),
            scopes: scopes.filter_map(|scope| Some(vec![scope["name"].as_str()?.to_owned()])).collect(),
            ..Details::default()
        };
        Operation::given(vec!["slack.com".to_owned()], "POST", &format!("/api/{name}"), details)
    };
    Description { operations: methods.as_object().unwrap().iter().map(operation).collect() }
}

#[test]
fn platforms_with_a_published_description_are_as_it_says() {
    let Some(folder) = specs() else { return };
    for (platform, files, least) in [
        ("google-alertcenter", &["google-alertcenter.discovery.json"][..], 1),
        ("jira", &["jira-apisguru.json"], 3),
        ("pagerduty", &["pagerduty-events-v2.json"], 1),
        (
            "zendesk",
            &[
                "zendesk-oauth-clients.yaml",
                "zendesk-oauth-tokens.yaml",
                "zendesk-sessions.yaml",
                "zendesk-tickets.yaml",
                "zendesk-users.yaml",
            ],
            5,
        ),
    ] {
        assert!(files.iter().all(|file| folder.join(file).exists()), "{files:?}");
        let descriptions: Vec<_> = files.iter().filter_map(|file| published(file)).collect();
        assert!(descriptions.iter().all(|one| !one.operations.is_empty()), "{platform} has no operations");
        check_if_there(platform, &descriptions, least);
    }
}

/// Like [`check`], for platforms that a catalogue may lack.
fn check_if_there(platform: &str, descriptions: &[Description], least: usize) {
    match Catalog::embedded().platform(platform) {
        Some(_) => check(platform, descriptions, least),
        None => println!("{platform} is not in the catalogue"),
    }
}

#[test]
fn dropbox_is_as_its_stone_files_say() {
    let (Some(team), Some(common)) = (text("dropbox-team.stone"), text("dropbox-team_common.stone")) else {
        return;
    };
    let description = stone::read("team", &[&team, &common]);
    assert!(description.operations.len() > 80, "{}", description.operations.len());
    let suspend = description.operations.iter().find(|one| one.path == "/2/team/members/suspend").unwrap();
    let fields = suspend.details().body.and_then(|body| body.schema).unwrap().fields;
    let fields: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.required)).collect();
    assert_eq!(fields, [("wipe_data", false), ("user", true)], "its own, and what it extends");
    check("dropbox", &[description], 20);
}

/// Descriptions that their owners publish, and that not every folder of descriptions holds: with the file there, they count.
#[test]
fn platforms_whose_description_is_at_hand_are_as_it_says() {
    let Some(folder) = specs() else { return };
    for (platform, file, least) in [
        // github.com/box/box-openapi: openapi.json
        ("box", "box.json", 20),
        // github.com/Kong/developer.konghq.com: api-specs/gateway/admin-ee/3.15/openapi.yaml
        ("kong", "kong.yaml", 25),
    ] {
        match folder.join(file).exists().then(|| published(file)).flatten() {
            Some(description) => check(platform, &[description], least),
            None => println!("skipped: {platform}, no {file} in the folder of descriptions"),
        }
    }
}

#[test]
fn datadog_and_atlassian_know_the_operations() {
    let (Some(v1), Some(v2), Some(atlassian)) = (
        published("datadog-v1.yaml"),
        json("datadog-v2-operations.json"),
        json("atlassian-admin-operations.json"),
    ) else {
        return;
    };
    let v2 = v2["operations"].as_array().unwrap().iter().map(|one| {
        let body = if one["body"] == true { Schema { open: true, ..Schema::default() }.into() } else { None };
        let body = Body { media: Vec::new(), required: one["body"] == true, schema: body };
        let details = Details { body: Some(body), ..Details::default() };
        Operation::given(Vec::new(), one["method"].as_str().unwrap(), one["path"].as_str().unwrap(), details)
    });
    check_if_there("datadog", &[v1, Description { operations: v2.collect() }], 5);
    let host = atlassian["base"].as_str().unwrap().trim_start_matches("https://").to_owned();
    let operations = atlassian["operations"].as_array().unwrap().iter().map(|one| {
        let (method, path) = (one[0].as_str().unwrap(), one[1].as_str().unwrap());
        Operation::given(vec![host.clone()], method, path, Details::default())
    });
    check_if_there("atlassian", &[Description { operations: operations.collect() }], 3);
}

/// The query protocol of AWS: one address, the operation in a form field, its arguments beside it.
#[test]
fn aws_iam_is_as_botocore_describes_it() {
    let Some(model) = json("aws-iam.botocore.json") else { return };
    let version = model["metadata"]["apiVersion"].as_str().unwrap();
    let fixed = |name: &str, value: &str| Field {
        name: name.to_owned(),
        required: true,
        schema: Schema { one_of: vec![value.into()], ..Schema::default() },
    };
    let operation = |(name, operation): (&String, &Value)| {
        let shape = &model["shapes"][operation["input"]["shape"].as_str().unwrap_or_default()];
        let required: Vec<_> =
            shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let member = |(name, member): (&String, &Value)| {
            let kind = &model["shapes"][member["shape"].as_str().unwrap()];
            let one_of = kind["enum"].as_array().cloned().unwrap_or_default();
            let required = required.contains(&name.as_str());
            Field { name: name.clone(), required, schema: Schema { one_of, ..Schema::default() } }
        };
        let members = shape["members"].as_object().into_iter().flatten().map(member);
        let fields = members.chain([fixed("Action", name), fixed("Version", version)]).collect();
        let form = Schema { fields, ..Schema::default() };
        let details = Details {
            query: Some(Vec::new()),
            body: Some(Body { media: Vec::new(), required: true, schema: Some(form) }),
            statuses: vec!["200".to_owned()],
            ..Details::default()
        };
        let mut given = Operation::given(vec!["iam.amazonaws.com".to_owned()], "POST", "/", details);
        given.only = Some(("Action".to_owned(), name.clone()));
        given
    };
    let operations: Vec<_> = model["operations"].as_object().unwrap().iter().map(operation).collect();
    assert!(operations.len() > 100);
    check_if_there("aws-iam", &[Description { operations }], 8);
}

/// Graph's permissions: which application permission allows which method on which path.
#[test]
fn entra_names_the_permissions_that_graph_wants() {
    let Some(file) = json("msgraph-permissions.json") else { return };
    let mut allowed: std::collections::BTreeMap<(String, String), Vec<Vec<String>>> = Default::default();
    for (permission, spec) in file["permissions"].as_object().unwrap() {
        for set in spec["pathSets"].as_array().into_iter().flatten() {
            let schemes = set["schemeKeys"].as_array().unwrap();
            if !schemes.iter().any(|scheme| scheme == "Application") {
                continue;
            }
            for method in set["methods"].as_array().unwrap() {
                for (path, more) in set["paths"].as_object().unwrap() {
                    let also =
                        more.as_str().unwrap().split(';').find_map(|one| one.strip_prefix("AlsoRequires="));
                    // Of several that would do beside it, any: each is a set of its own.
                    let others: Vec<_> = also.map_or(vec![None], |also| also.split(',').map(Some).collect());
                    let sets =
                        allowed.entry((method.as_str().unwrap().to_owned(), path.clone())).or_default();
                    sets.extend(others.into_iter().map(|other| {
                        [Some(permission.as_str()), other].into_iter().flatten().map(str::to_owned).collect()
                    }));
                }
            }
        }
    }
    let operations: Vec<_> = allowed
        .into_iter()
        .filter(|((_, path), _)| !path.contains('?'))
        .map(|((method, path), scopes)| {
            let path = as_we_write(&path);
            let details = Details { scopes, ..Details::default() };
            let hosts = vec!["graph.microsoft.com".to_owned()];
            Operation::given(hosts, &method, &format!("/v1.0{path}"), details)
        })
        .collect();
    assert!(operations.len() > 1_000);
    check_if_there("entra", &[Description { operations }], 10);
}

/// Graph reads paths without regard to case, and its table has most of them in small letters.
fn as_we_write(path: &str) -> String {
    static OURS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let catalog = Catalog::embedded();
        let lines = catalog.platform("entra").into_iter().flat_map(|entra| {
            entra.actions().filter_map(|action| entra.request_line(&action.name)).collect::<Vec<_>>()
        });
        let parts = lines.flat_map(|(_, path)| path.split('/').map(str::to_owned).collect::<Vec<_>>());
        parts.filter(|part| !part.contains('{')).collect()
    });
    let ours = |part: &str| OURS.iter().find(|own| own.eq_ignore_ascii_case(part)).cloned();
    path.split('/').map(|part| ours(part).unwrap_or(part.to_owned())).collect::<Vec<_>>().join("/")
}

/// What is asked of the reader itself, on small descriptions of every form.
mod forms {
    use super::*;

    const FILE: &str = r#"
platform: shop
title: Shop
docs: https://shop.example/docs
url: "https://{settings.site}.shop.example"
settings: { site: { help: x, default: eu } }
auth: [{ name: token, type: bearer }]
actions:
  good:
    title: Set a state
    effect: tell
    input: { user: { type: string }, state: { type: string, one_of: ["on", "off"] }, count: { type: integer, optional: true } }
    request:
      method: PATCH
      path: "/v1/users/{user}/state"
      query: { notify: false }
      json: { state: "{state}", count: "{count}", tags: ["a"] }
    success: { status: [204] }
    in_doubt: ask
    scopes: [users.write]
    evidence: spec
    docs: https://shop.example/docs
  other:
    title: Another host
    effect: read
    request: { method: GET, url: "https://other.example", path: /v1/users/x/state }
    evidence: spec
    docs: https://shop.example/docs
  elsewhere:
    title: Another part of the API
    effect: read
    request: { method: GET, path: /v2/things }
    evidence: spec
    docs: https://shop.example/docs
  by_hand:
    title: By hand
    effect: permanent
    manual: Click on it.
    evidence: none
    docs: https://shop.example/docs
"#;

    const OPENAPI_3: &str = r##"
openapi: 3.0.3
servers: [{ url: "https://{region}.shop.example/v1", variables: { region: { default: us } } }]
security: [{ oauth: [users.write] }, { key: [] }]
paths:
  /users/{userId}/state:
    parameters: [{ name: userId, in: path, required: true, schema: { type: string } }]
    patch:
      parameters: [{ name: notify, in: query, required: true, schema: { type: boolean } }]
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/State" } } }
      responses: { "204": { description: done } }
    get: { responses: { "200": { description: read } } }
components:
  schemas:
    Base: { type: object, properties: { state: { type: string, enum: ["on", "off"] } }, required: [state] }
    State:
      allOf:
        - $ref: "#/components/schemas/Base"
        - { type: object, properties: { count: { type: integer }, tags: { type: array, items: { type: string } } } }
"##;

    fn compare(file: &str, descriptions: &[&str]) -> Conformance {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shop")).unwrap();
        std::fs::write(folder.path().join("shop/integration.yaml"), file).unwrap();
        let catalog = Catalog::default().with_folder(folder.path());
        let catalog = catalog.unwrap_or_else(|found| panic!("{found:#?}"));
        let read = |text: &&str| Description::read(text).unwrap();
        let descriptions: Vec<_> = descriptions.iter().map(read).collect();
        Conformance::of(catalog.platform("shop").unwrap(), &descriptions)
    }

    fn problems(file: &str, description: &str) -> Vec<String> {
        let found = compare(file, &[description]);
        found.problems().iter().map(|one| format!("{} {}", one.action, one.at)).collect()
    }

    #[test]
    fn what_is_not_spoken_of_is_counted_and_no_problem() {
        let found = compare(FILE, &[OPENAPI_3]);
        assert!(found.problems().is_empty(), "{:?}", found.problems());
        assert_eq!((found.lines.len(), found.matched(), found.not_covered()), (4, 1, 3));
    }

    #[test]
    fn the_union_of_several_descriptions_counts() {
        let more = r#"{ "swagger": "2.0", "host": "eu.shop.example", "basePath": "/v2",
            "paths": { "/things": { "get": { "responses": { "200": {} } } } } }"#;
        let found = compare(FILE, &[OPENAPI_3, more]);
        assert_eq!((found.matched(), found.not_covered(), found.problems().len()), (2, 2, 0));
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        for (from, to, expected) in [
            ("/v1/users/{user}/state", "/v1/users/{user}/status", "good path"),
            ("/v1/users/{user}/state", "/v1/users/{user}/state/now", "good path"),
            ("method: PATCH", "method: PUT", "good method"),
            ("query: { notify: false }", "query: { notify: false, loud: true }", "good query loud"),
            ("query: { notify: false }", "query: {}", "good query notify"),
            (
                "state: { type: string, one_of",
                "state: { type: string, optional: true, one_of",
                "good body state",
            ),
            ("tags: [\"a\"]", "tags: [1]", "good body tags"),
            ("tags: [\"a\"]", "tags: a", "good body tags"),
            ("tags: [\"a\"]", "labels: [\"a\"]", "good body labels"),
            ("one_of: [\"on\", \"off\"]", "one_of: [\"on\", \"gone\"]", "good body state"),
            ("count: { type: integer, optional: true }", "count: { type: string }", "good body count"),
            ("json: {", "form: {", "good content type"),
            ("status: [204]", "status: [200, 204]", "good status 200"),
            ("scopes: [users.write]", "scopes: [users.read]", "good scopes"),
        ] {
            assert!(FILE.contains(from), "{from}");
            assert_eq!(problems(&FILE.replacen(from, to, 1), OPENAPI_3), [expected], "{from} -> {to}");
        }
    }

    const ANSWER: &str = r##"{ "type": "object", "properties": {
        "id": { "type": "string" }, "profile": { "type": "object", "properties": { "login": { "type": "string" } } },
        "open": { "type": "object", "additionalProperties": true },
        "rows": { "type": "array", "items": { "type": "object", "properties": { "name": { "type": "string" } } } } } }"##;

    /// What is read out of an answer must be in it, as far as the description tells.
    #[test]
    fn what_is_read_out_of_an_answer_is_there() {
        let described = |schema: &str| {
            format!(
                r##"{{ "openapi": "3.0.3", "paths": {{ "/v1/user": {{ "get": {{ "responses": {{ "200": {{
                "content": {{ "application/json": {{ "schema": {schema} }} }} }} }} }} }} }} }}"##
            )
        };
        let (head, _) = FILE.split_once("  good:").unwrap();
        let reading = |reads: &str| {
            format!(
                "{head}  who:\n    title: Read\n    effect: read\n    request: {{ method: GET, path: /v1/user }}\n    {reads}\n    \
                 evidence: spec\n    docs: https://shop.example/docs\n"
            )
        };
        for (reads, expected) in [
            ("output: { id: id, login: profile.login, more: open.whatever, first: rows.0.name }", vec![]),
            (
                "output: { login: profile.logn }",
                vec!["who output login: the answer has no `logn`; did you mean `login`?"],
            ),
            (
                "output: { first: rows.0.nam }",
                vec!["who output first: the answer has no `nam`; did you mean `name`?"],
            ),
            ("yields: { each: rows, kind: thing, id: name, label: \"{item.name}\" }", vec![]),
            (
                "yields: { each: row, kind: thing, id: name }",
                vec!["who yields each: the answer has no `row`; did you mean `rows`?"],
            ),
            (
                "yields: { each: rows, kind: thing, id: name, attrs: { holder: { kind: user, id: user } }, label: \"{item.title}\" }",
                vec![
                    "who yields label: the answer has no `title`",
                    "who yields holder: the answer has no `user`",
                ],
            ),
        ] {
            let found = compare(&reading(reads), &[&described(ANSWER)]);
            let found: Vec<_> = found
                .problems()
                .iter()
                .map(|one| format!("{} {}: {}", one.action, one.at, one.message))
                .collect();
            assert_eq!(found, expected, "{reads}");
        }
        let unknown = compare(&reading("output: { login: profile.logn }"), &[&described("{}")]);
        assert!(unknown.problems().is_empty(), "what a description does not tell is not compared");
    }

    #[test]
    fn a_mistyped_path_is_told_from_one_that_nobody_speaks_of() {
        let near = compare(&FILE.replacen("{user}/state", "{user}/stat", 1), &[OPENAPI_3]);
        assert_eq!(
            near.problems()[0].message,
            "there is no path like /v1/users/{user}/stat; did you mean /v1/users/{userId}/state?"
        );
        let apart =
            compare(&FILE.replacen("/v1/users/{user}/state", "/v3/people/{user}/state", 1), &[OPENAPI_3]);
        assert_eq!((apart.problems().len(), apart.not_covered()), (0, 4));
    }

    #[test]
    fn a_draft_calls_its_actions_as_the_description_calls_its_operations() {
        for (id, name) in [
            ("listUserRoles", "list_user_roles"),
            ("orgs/list-members", "orgs_list_members"),
            ("getOAuth2Token2", "get_oauth2_token2"),
            ("7up", "get_v1_things"),
        ] {
            let text = format!(
                r#"{{ "openapi": "3.0.3", "paths": {{ "/v1/things": {{ "get": {{ "operationId": "{id}", "responses": {{}} }} }} }} }}"#
            );
            let draft = Draft::of("shop", &[Description::read(&text).unwrap()], &[]);
            assert!(draft.integration.contains(&format!("\n  {name}:\n")), "{id}: {}", draft.integration);
            assert!(draft.twin.contains(&format!("read(\"{name}\"")), "{}", draft.twin);
        }
    }

    #[test]
    fn a_declared_difference_is_none_and_a_stale_one_is() {
        let renamed = FILE.replacen("tags: [\"a\"]", "labels: [\"a\"]", 1);
        let declared = |at: &str| {
            renamed.replacen(
                "scopes: [users",
                &format!("differs: {{ \"{at}\": undocumented }}\n    scopes: [users"),
                1,
            )
        };
        let found = compare(&declared("body labels"), &[OPENAPI_3]);
        assert!(found.problems().is_empty() && found.matched() == 1, "{:?}", found.problems());
        assert_eq!(found.lines[2].differs, [("body labels".to_owned(), "undocumented".to_owned())]);
        assert_eq!(problems(&declared("body tags"), OPENAPI_3), ["good body labels", "good differs"]);
    }

    #[test]
    fn a_discovery_document_is_read_with_its_scopes_and_nested_resources() {
        let file = FILE
            .replacen("https://{settings.site}.shop.example", "https://shop.googleapis.example", 1)
            .replacen("settings: { site: { help: x, default: eu } }\n", "", 1)
            .replacen("scopes: [users.write]", "scopes: [shop.users]", 1);
        let document = r#"{
            "discoveryVersion": "v1", "rootUrl": "https://shop.googleapis.example/", "servicePath": "",
            "parameters": { "fields": { "location": "query", "type": "string" } },
            "schemas": { "State": { "type": "object", "properties": {
                "state": { "type": "string" }, "count": { "type": "integer" },
                "tags": { "type": "array", "items": { "type": "string" } } } } },
            "resources": { "users": { "resources": { "state": { "methods": { "patch": {
                "httpMethod": "PATCH", "path": "v1/users/{userId}/state", "request": { "$ref": "State" },
                "parameters": { "userId": { "location": "path" }, "notify": { "location": "query", "type": "boolean" } },
                "scopes": ["https://www.googleapis.com/auth/shop.users", "https://www.googleapis.com/auth/shop"] } } } } } } }"#;
        assert_eq!(problems(&file, document), Vec::<String>::new());
        assert_eq!(problems(&file.replacen("shop.users]", "shop.read]", 1), document), ["good scopes"]);
        assert_eq!(
            problems(&file.replacen("notify: false", "fields: id", 1), document),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_draft_passes_the_checks_and_is_as_its_description_says() {
        let description = || vec![Description::read(OPENAPI_3).unwrap()];
        let draft = Draft::of("shop", &description(), &[]);
        assert_eq!(draft.actions, 2);
        let found = compare(&draft.integration, &[OPENAPI_3]);
        assert!(
            found.problems().is_empty() && found.matched() == 2,
            "{:?}\n{}",
            found.problems(),
            draft.integration
        );
        assert!(
            draft.twin.contains("\"PATCH /v1/users/{userId}/state\"") && draft.twin.contains("empty(204)")
        );
        assert_eq!(Draft::of("shop", &description(), &["patch".to_owned()]).actions, 1);
    }

    #[test]
    fn a_draft_of_a_whole_platform_passes_too() {
        for name in ["okta.yaml", "pagerduty-events-v2.json", "google-alertcenter.discovery.json"] {
            let Some(text) = super::text(name) else { return };
            let draft = Draft::of(
                "shop",
                &[Description::read(&text).unwrap()],
                &["tokens".to_owned(), "alerts".to_owned(), "enqueue".to_owned()],
            );
            assert!(draft.actions > 0, "{name}");
            let found = compare(&draft.integration, &[&text]);
            assert!(found.problems().is_empty(), "{name}: {:#?}", found.problems());
            assert_eq!(found.matched(), draft.actions, "{name}");
        }
    }

    #[test]
    fn what_is_no_description_says_so() {
        for (text, words) in [
            ("{ \"paths\": {} }", "neither OpenAPI"),
            ("a: [", "neither JSON nor YAML"),
            ("{ half", "neither JSON nor YAML"),
        ] {
            let error = Description::read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_large_description_is_read_in_a_few_seconds() {
        let Some(text) = super::text("okta.yaml") else { return };
        let started = Instant::now();
        let read = Description::read(&text).unwrap();
        println!("okta.yaml: {} operations in {:?}", read.operations.len(), started.elapsed());
        assert!(read.operations.len() > 500);
    }
}
