//! Answers against the description that the server gives of itself: enough of JSON Schema for what stands in it.

use std::collections::BTreeSet;

use http::Method;
use parking_lot::Mutex;
use serde_json::Value;

use crate::world::Reply;

/// An OpenAPI document, and which of its operations gave an answer.
pub(crate) struct Description(Value, Mutex<BTreeSet<String>>);

impl Description {
    pub(crate) fn new(document: Value) -> Self {
        Self(document, Mutex::default())
    }

    /// The operations that give JSON, in order, and of them those that did.
    pub(crate) fn given(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let paths = self.0["paths"].as_object().expect("paths").values();
        let operations = paths.flat_map(|path| path.as_object().expect("operations").values());
        let json =
            |operation: &&Value| operation["responses"]["200"]["content"].get("application/json").is_some();
        (operations.filter(json).map(name).collect(), self.1.lock().clone())
    }

    /// These were given in an earlier life.
    pub(crate) fn gave(&self, operations: BTreeSet<String>) {
        self.1.lock().extend(operations);
    }

    /// Panics unless the answer is as described. What is nowhere described must be a refusal.
    pub(crate) fn check(&self, method: &Method, path: &str, reply: &Reply) {
        let (status, place) = (reply.status, format!("{method} {path} {}", reply.status));
        let operation = self.operation(method, path);
        assert!(operation.is_some() || status >= 400, "{place} is not described");
        // An address that leads nowhere refuses as all do.
        let responses = &operation.unwrap_or(&self.0["paths"]["/v1/me"]["get"])["responses"];
        let content = &responses[if status == 200 { "200" } else { "default" }]["content"];
        let media =
            reply.headers.get("content-type").and_then(|media| media.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default();
        let schema = &content[media]["schema"];
        assert!(schema.is_object() || schema.is_boolean(), "{place} is {media}, described is {content}");
        if media != "application/json" {
            return;
        }
        let body = serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("{place}: {error}"));
        if let Err(why) = self.fits(&body, schema, "") {
            panic!("{place}: {why}\n{body:#}");
        }
        self.1.lock().extend(operation.filter(|_| status == 200).map(name));
    }

    /// Panics unless what a stream sends is as described.
    pub(crate) fn check_event(&self, path: &str, event: &Value) {
        let operation =
            self.operation(&Method::GET, path).unwrap_or_else(|| panic!("{path} is not described"));
        let schema = &operation["responses"]["200"]["content"]["text/event-stream"]["schema"];
        assert!(schema.is_object(), "{path} streams {schema}");
        if let Err(why) = self.fits(event, schema, "") {
            panic!("{path}: {why}\n{event:#}");
        }
    }

    /// The operation that the path template leads to; one without parameters goes first.
    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let path = path.split('?').next().unwrap_or_default();
        let paths = self.0["paths"].as_object().expect("paths");
        let templates = paths.iter().filter(|(template, _)| leads(template, path));
        let method = method.as_str().to_lowercase();
        let found = templates.min_by_key(|(template, _)| template.matches('{').count());
        found.and_then(|(_, operations)| operations.get(&method))
    }

    /// Whether a value is what a schema says, and where not.
    fn fits(&self, value: &Value, schema: &Value, at: &str) -> Result<(), String> {
        let Some(rules) = schema.as_object() else {
            return if *schema == Value::Bool(false) {
                Err(format!("{at}: nothing fits here"))
            } else {
                Ok(())
            };
        };
        let all = |schemas: &Value| -> Vec<Value> { schemas.as_array().cloned().unwrap_or_default() };
        let fitting =
            |schemas: &Value| all(schemas).iter().filter(|one| self.fits(value, one, at).is_ok()).count();
        for (rule, wanted) in rules {
            let holds = match rule.as_str() {
                "$ref" => {
                    let pointer = wanted.as_str().unwrap_or_default().trim_start_matches('#');
                    let schema = self.0.pointer(pointer).unwrap_or_else(|| panic!("no {wanted}"));
                    self.fits(value, schema, at)?;
                    true
                }
                "type" => is_of(value, wanted),
                "const" => value == wanted,
                "enum" => all(wanted).contains(value),
                "anyOf" => fitting(wanted) >= 1,
                "oneOf" => fitting(wanted) == 1,
                "allOf" => fitting(wanted) == all(wanted).len(),
                "minimum" => value.as_f64().is_none_or(|number| wanted.as_f64() <= Some(number)),
                "maximum" => value.as_f64().is_none_or(|number| wanted.as_f64() >= Some(number)),
                "minItems" => {
                    value.as_array().is_none_or(|items| wanted.as_u64() <= Some(items.len() as u64))
                }
                "maxItems" => {
                    value.as_array().is_none_or(|items| wanted.as_u64() >= Some(items.len() as u64))
                }
                "prefixItems" => {
                    let items = value.as_array().into_iter().flatten();
                    let mut items = items.zip(all(wanted)).enumerate();
                    items.try_for_each(|(nth, (item, wanted))| {
                        self.fits(item, &wanted, &format!("{at}[{nth}]"))
                    })?;
                    true
                }
                "items" => {
                    let mut items = value.as_array().into_iter().flatten().enumerate();
                    items.try_for_each(|(nth, item)| self.fits(item, wanted, &format!("{at}[{nth}]")))?;
                    true
                }
                "required" => {
                    all(wanted).iter().filter_map(Value::as_str).all(|name| value.get(name).is_some())
                }
                "properties" | "additionalProperties" => {
                    self.fields(value, rules, rule, at)?;
                    true
                }
                // The one pattern that there is: a hash.
                "pattern" if wanted == "^[0-9a-f]{64}$" => value.as_str().is_none_or(|text| {
                    text.len() == 64 && text.bytes().all(|digit| b"0123456789abcdef".contains(&digit))
                }),
                "description" | "default" | "format" | "title" | "examples" | "writeOnly" | "deprecated" => {
                    true
                }
                _ => panic!("this test does not know the rule `{rule}`: teach it"),
            };
            if !holds {
                return Err(format!("{at}: {rule} {wanted} does not hold"));
            }
        }
        Ok(())
    }

    /// The fields of an object: those that are named, and the others.
    fn fields(
        &self,
        value: &Value,
        rules: &serde_json::Map<String, Value>,
        rule: &str,
        at: &str,
    ) -> Result<(), String> {
        let named = rules.get("properties").and_then(Value::as_object);
        for (name, field) in value.as_object().into_iter().flatten() {
            let schema = match named.and_then(|named| named.get(name)) {
                Some(schema) => (rule == "properties").then_some(schema),
                None => rules.get(rule).filter(|_| rule == "additionalProperties"),
            };
            schema.map_or(Ok(()), |schema| self.fits(field, schema, &format!("{at}.{name}")))?;
        }
        Ok(())
    }
}

fn name(operation: &Value) -> String {
    operation["operationId"].as_str().expect("a name").to_owned()
}

fn leads(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}

fn is_of(value: &Value, kind: &Value) -> bool {
    let one = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("a type `{kind}`"),
    };
    match kind {
        Value::String(kind) => one(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(one),
        _ => panic!("a type {kind}"),
    }
}

#[test]
fn a_body_that_is_not_as_described_is_found() {
    let operation = serde_json::json!({ "operationId": "showThing", "responses": {
        "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
    } });
    let thing = serde_json::json!({
        "type": "object",
        "properties": { "id": { "type": "string" }, "many": { "type": "array", "items": { "type": ["integer", "null"] } } },
        "required": ["id"],
        "additionalProperties": false,
    });
    let document = serde_json::json!({
        "paths": { "/things/{id}": { "get": operation } },
        "components": { "schemas": { "Thing": thing } },
    });
    let description = Description::new(document);
    let fits = |body: &'static str| {
        let headers =
            [(http::header::CONTENT_TYPE, "application/json".parse().unwrap())].into_iter().collect();
        let reply = Reply { status: 200, headers, body: body.into() };
        let checked = std::panic::AssertUnwindSafe(|| {
            description.check(&Method::GET, "/things/1?x=y", &reply);
        });
        std::panic::catch_unwind(checked).is_ok()
    };
    assert!(fits(r#"{ "id": "a", "many": [1, null] }"#));
    for wrong in
        [r#"{ "id": 1 }"#, "{}", r#"{ "id": "a", "many": ["b"] }"#, r#"{ "id": "a", "more": 1 }"#, "[]", ""]
    {
        assert!(!fits(wrong), "{wrong}");
    }
}
