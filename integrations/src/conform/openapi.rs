//! OpenAPI 2 and 3.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use super::{
    describe::{Body, Details, Field, Operation, Schema, Source},
    schema,
};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Every operation, once for every base path under which it is served.
pub(super) fn operations(root: &Arc<Value>) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in root["paths"].as_object().into_iter().flatten() {
        let item = schema::resolve(root, item);
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            for (base, hosts) in servers(root, item, operation) {
                found.push(Operation {
                    hosts,
                    id: operation["operationId"].as_str().map(str::to_owned),
                    method: method.to_uppercase(),
                    path: format!("{base}{path}"),
                    only: None,
                    source: Source::OpenApi {
                        root: Arc::clone(root),
                        path: path.clone(),
                        method: method.to_owned(),
                    },
                });
            }
        }
    }
    found
}

/// Base paths, each with its hosts.
fn servers(root: &Value, item: &Value, operation: &Value) -> Vec<(String, Vec<String>)> {
    if root.get("swagger").is_some() {
        let base = root["basePath"].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
        return vec![(base, root["host"].as_str().map(str::to_owned).into_iter().collect())];
    }
    let named = [operation, item, root].into_iter().find_map(|holder| holder.get("servers")?.as_array());
    let mut bases: Vec<(String, Vec<String>)> = Vec::new();
    for server in named.into_iter().flatten() {
        let url = server["url"].as_str().unwrap_or_default();
        let (host, base) = split(url);
        let at = match bases.iter().position(|(known, _)| *known == base) {
            Some(at) => at,
            None => {
                bases.push((base, Vec::new()));
                bases.len() - 1
            }
        };
        bases[at].1.extend(host);
    }
    if bases.is_empty() { vec![(String::new(), Vec::new())] } else { bases }
}

/// Host and base path of a server's URL, which may be relative.
fn split(url: &str) -> (Option<String>, String) {
    match url.split_once("://") {
        Some((_, rest)) => {
            let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
            let host = if host.contains('{') {
                host.split(':').next().unwrap_or(host).to_owned()
            } else {
                Url::parse(url)
                    .ok()
                    .and_then(|url| url.host_str().map(str::to_owned))
                    .unwrap_or(host.to_owned())
            };
            let path = path.trim_matches('/');
            (Some(host), if path.is_empty() { String::new() } else { format!("/{path}") })
        }
        None => (None, url.trim_end_matches('/').to_owned()),
    }
}

/// What is known of one operation.
pub(super) fn details(root: &Value, path: &str, method: &str) -> Details {
    let item = schema::resolve(root, &root["paths"][path]);
    let operation = &item[method];
    let parameters = || {
        [operation, item]
            .into_iter()
            .filter_map(|holder| holder.get("parameters")?.as_array())
            .flatten()
            .map(|parameter| schema::resolve(root, parameter))
    };
    let query = parameters().filter(|one| one["in"] == "query").map(|one| field(root, one)).collect();
    let form: Vec<_> =
        parameters().filter(|one| one["in"] == "formData").map(|one| field(root, one)).collect();
    let body = match parameters().find(|one| one["in"] == "body") {
        Some(body) => Body {
            media: texts(operation.get("consumes").or(root.get("consumes"))),
            required: body["required"] == true,
            schema: Some(schema::read(root, &body["schema"])),
        },
        None if !form.is_empty() => Body {
            media: Vec::new(),
            required: form.iter().any(|field| field.required),
            schema: Some(Schema { kinds: vec!["object".to_owned()], fields: form, ..Schema::default() }),
        },
        None => request_body(root, operation),
    };
    Details {
        query: Some(query),
        body: Some(body),
        statuses: statuses(operation),
        scopes: scopes(root, operation),
        answer: answer(root, operation),
    }
}

/// What is answered where it went well, if that is one thing.
fn answer(root: &Value, operation: &Value) -> Option<Schema> {
    let codes = operation["responses"].as_object()?.iter().filter(|(code, _)| code.starts_with('2'));
    let schemas = codes.filter_map(|(_, response)| {
        let response = schema::resolve(root, response);
        let content = response["content"].as_object();
        let json = content.into_iter().flatten().find(|(media, _)| media.contains("json"));
        json.and_then(|(_, media)| media.get("schema")).or_else(|| response.get("schema"))
    });
    let mut schemas = schemas.collect::<Vec<_>>();
    schemas.dedup();
    match schemas.as_slice() {
        [one] => Some(schema::read(root, one)),
        _ => None,
    }
}

fn field(root: &Value, parameter: &Value) -> Field {
    // OpenAPI 2 has type and enum in the parameter itself.
    let kind = parameter.get("schema").unwrap_or(parameter);
    Field {
        name: parameter["name"].as_str().unwrap_or_default().to_owned(),
        required: parameter["required"] == true,
        schema: schema::read(root, kind),
    }
}

fn request_body(root: &Value, operation: &Value) -> Body {
    let Some(body) = operation.get("requestBody") else { return Body::default() };
    let body = schema::resolve(root, body);
    let content = body["content"].as_object();
    let media: Vec<_> = content.into_iter().flatten().map(|(media, _)| media.clone()).collect();
    let schemas = content.into_iter().flatten().filter_map(|(_, media)| media.get("schema"));
    let schema = schemas.map(|schema| schema::read(root, schema)).next();
    let schema = Some(schema.unwrap_or(Schema { open: true, ..Schema::default() }));
    Body { media, required: body["required"] == true, schema }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn statuses(operation: &Value) -> Vec<String> {
    let codes = operation["responses"].as_object().into_iter().flatten().map(|(code, _)| code.clone());
    codes.filter(|code| code != "default").collect()
}

/// The alternatives that name scopes.
fn scopes(root: &Value, operation: &Value) -> Vec<Vec<String>> {
    let needed = operation.get("security").or(root.get("security")).and_then(Value::as_array);
    let sets = needed.into_iter().flatten().filter_map(Value::as_object);
    let sets = sets.map(|set| set.values().flat_map(|scopes| texts(Some(scopes))).collect::<Vec<_>>());
    sets.filter(|set| !set.is_empty()).collect()
}
