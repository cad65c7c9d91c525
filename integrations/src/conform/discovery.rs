//! Google's discovery documents.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use super::{
    describe::{Body, Details, Field, Operation, Source},
    schema,
};

/// Every method of every resource.
pub(super) fn operations(root: &Arc<Value>) -> Vec<Operation> {
    let text = |name: &str| root[name].as_str().unwrap_or_default();
    let host = Url::parse(text("rootUrl")).ok().and_then(|url| url.host_str().map(str::to_owned));
    let base = text("servicePath").trim_matches('/');
    let base = if base.is_empty() { String::new() } else { format!("/{base}") };
    let mut methods = Vec::new();
    collect(root, &mut methods);
    let operation = |method: &Value| Operation {
        hosts: host.iter().cloned().collect(),
        // admin.users.list: the service is the platform, and is left out.
        id: method["id"].as_str().map(|id| id.split_once('.').map_or(id, |(_, id)| id).to_owned()),
        method: method["httpMethod"].as_str().unwrap_or("GET").to_uppercase(),
        // `flatPath` spells out what `{+name}` stands for.
        path: format!(
            "{base}/{}",
            method["flatPath"]
                .as_str()
                .or(method["path"].as_str())
                .unwrap_or_default()
                .trim_start_matches('/')
        ),
        only: None,
        source: Source::Discovery { root: Arc::clone(root), method: method.clone() },
    };
    methods.into_iter().map(operation).collect()
}

fn collect<'a>(resource: &'a Value, methods: &mut Vec<&'a Value>) {
    methods.extend(resource["methods"].as_object().into_iter().flatten().map(|(_, method)| method));
    for (_, inner) in resource["resources"].as_object().into_iter().flatten() {
        collect(inner, methods);
    }
}

/// What is known of one method. The document tells no statuses.
pub(super) fn details(root: &Value, method: &Value) -> Details {
    let own = method["parameters"].as_object().into_iter().flatten();
    let common = root["parameters"].as_object().into_iter().flatten();
    let query = own.chain(common).filter(|(_, one)| one["location"] == "query").map(|(name, one)| Field {
        name: name.clone(),
        required: one["required"] == true,
        schema: schema::read(root, one),
    });
    let body = match method.get("request") {
        Some(request) => {
            Body { media: Vec::new(), required: false, schema: Some(schema::read(root, request)) }
        }
        None => Body::default(),
    };
    let scopes = method["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Details {
        query: Some(query.collect()),
        body: Some(body),
        statuses: Vec::new(),
        scopes: scopes.map(|scope| vec![scope.to_owned()]).collect(),
        answer: method.get("response").map(|response| schema::read(root, response)),
    }
}
