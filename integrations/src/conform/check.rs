//! What an action sends, compared with what an operation takes.

use serde_json::Value;
use stanch_model::catalog::InputKind;

use super::describe::{Body, Details, Field, Schema};
use crate::{
    spec::{ActionAuth, ActionSpec, PlatformSpec, RequestSpec},
    template::{Shape, Template},
};

/// Where, and what.
type Found = Vec<(String, String)>;

/// Everything in which a request differs from an operation.
pub(super) fn differences(
    spec: &PlatformSpec,
    action: &ActionSpec,
    request: &RequestSpec,
    details: &Details,
) -> Found {
    let mut compare = Compare { spec, action, found: Found::new() };
    if let Some(known) = &details.query {
        compare.query(request, known);
    }
    if let Some(body) = &details.body {
        compare.body(request, body);
    }
    compare.statuses(&details.statuses);
    compare.scopes(&details.scopes);
    compare.found
}

struct Compare<'a> {
    spec: &'a PlatformSpec,
    action: &'a ActionSpec,
    found: Found,
}

/// How values are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    /// Types are kept.
    Json,
    /// All is text.
    Text,
}

impl Compare<'_> {
    fn say(&mut self, at: String, message: String) {
        if !self.found.iter().any(|(known, _)| *known == at) {
            self.found.push((at, message));
        }
    }

    fn query(&mut self, request: &RequestSpec, known: &[Field]) {
        for (name, shape) in &request.query {
            let bare = name.split('[').next().unwrap_or(name);
            match known.iter().find(|field| field.name == *name || field.name == bare) {
                Some(field) => {
                    let one = field.schema.items.as_deref().filter(|_| !matches!(shape, Shape::List(_)));
                    self.value(shape, one.unwrap_or(&field.schema), &format!("query {name}"), Wire::Text);
                }
                None => self.say(format!("query {name}"), format!("there is no parameter `{name}`")),
            }
        }
        for field in known.iter().filter(|field| field.required) {
            let given = request.query.get(&field.name).is_some_and(|shape| !self.may_be_left_out(shape));
            if !given {
                self.say(format!("query {}", field.name), format!("`{}` must be sent", field.name));
            }
        }
    }

    fn body(&mut self, request: &RequestSpec, body: &Body) {
        let media = match (&request.form, &request.json, &request.text) {
            (Some(_), ..) => Some("application/x-www-form-urlencoded"),
            (_, Some(_), _) => Some(request.content_type.as_deref().unwrap_or("application/json")),
            (.., Some(_)) => Some(request.content_type.as_deref().unwrap_or("text/plain")),
            _ => None,
        };
        match (media, &body.schema) {
            (None, Some(_)) if body.required => {
                self.say("body".to_owned(), "a body must be sent".to_owned());
            }
            (Some(_), None) => self.say("body".to_owned(), "no body is taken".to_owned()),
            (Some(media), Some(schema)) => {
                let plain = |media: &str| media.split(';').next().unwrap_or(media).trim().to_lowercase();
                let known = body.media.iter().any(|known| plain(known) == plain(media) || known == "*/*");
                if !known && !body.media.is_empty() {
                    let message = format!("`{media}` is not taken, but {}", body.media.join(", "));
                    self.say("content type".to_owned(), message);
                }
                if let Some(form) = &request.form {
                    let pairs: Vec<_> = form.iter().map(|(name, shape)| (name.as_str(), shape)).collect();
                    self.fields(&pairs, schema, "", Wire::Text);
                } else if let Some(json) = &request.json {
                    self.value(json, schema, "body", Wire::Json);
                }
            }
            (None, _) => {}
        }
    }

    fn fields(&mut self, sent: &[(&str, &Shape)], schema: &Schema, path: &str, wire: Wire) {
        let place = |name: &str| match path {
            "" => format!("body {name}"),
            path => format!("body {path}.{name}"),
        };
        if schema.fields.is_empty() {
            return;
        }
        for (name, shape) in sent {
            match schema.fields.iter().find(|field| field.name == *name) {
                Some(field) => self.value(shape, &field.schema, &place(name), wire),
                None if schema.open => {}
                None => self.say(place(name), format!("there is no field `{name}`")),
            }
        }
        for field in schema.fields.iter().filter(|field| field.required) {
            let given = sent.iter().find(|(name, _)| *name == field.name);
            if given.is_none_or(|(_, shape)| self.may_be_left_out(shape)) {
                self.say(place(&field.name), format!("`{}` must be sent", field.name));
            }
        }
    }

    /// A value against what it should be. `at` is `query x` or `body a.b`.
    fn value(&mut self, shape: &Shape, schema: &Schema, at: &str, wire: Wire) {
        match shape {
            Shape::Map(entries) if wire == Wire::Json => {
                self.kind(schema, &["object"], at);
                let pairs: Vec<_> = entries.iter().map(|(name, shape)| (name.as_str(), shape)).collect();
                let path = at.strip_prefix("body").unwrap_or(at).trim();
                self.fields(&pairs, schema, path, wire);
            }
            Shape::List(items) => {
                if wire == Wire::Json {
                    self.kind(schema, &["array"], at);
                }
                if let Some(each) = &schema.items {
                    items.iter().for_each(|item| self.value(item, each, at, wire));
                }
            }
            Shape::Map(_) => {}
            Shape::Plain(value) => self.literal(value, schema, at, wire),
            Shape::Text(template) => self.text(template, schema, at, wire),
        }
    }

    fn text(&mut self, template: &Template, schema: &Schema, at: &str, wire: Wire) {
        if template.variables().next().is_none() {
            return self.literal(&Value::from(template.source()), schema, at, wire);
        }
        let Some(input) = template.single().and_then(|name| self.action.input.get(name)) else {
            // What is read, made or put together is known when it is sent.
            return;
        };
        let kinds: &[&str] = match input.kind {
            InputKind::String | InputKind::Secret => &["string"],
            InputKind::Integer => &["integer", "number"],
            InputKind::Boolean => &["boolean"],
            InputKind::List => &["array"],
            InputKind::Map => &["object"],
            InputKind::Any => &[],
        };
        let values: Vec<_> = input.one_of.iter().map(|one| Value::from(one.as_str())).collect();
        if wire == Wire::Json && !kinds.is_empty() {
            self.kind(schema, kinds, at);
        }
        for value in values.iter().chain(&input.default) {
            self.allowed(value, schema, at);
        }
    }

    fn literal(&mut self, value: &Value, schema: &Schema, at: &str, wire: Wire) {
        let kinds: &[&str] = match value {
            Value::Null => return,
            Value::Bool(_) => &["boolean"],
            Value::Number(number) if number.is_f64() => &["number"],
            Value::Number(_) => &["integer", "number"],
            Value::String(_) => &["string"],
            Value::Array(_) => &["array"],
            Value::Object(_) => &["object"],
        };
        if wire == Wire::Json {
            self.kind(schema, kinds, at);
        }
        self.allowed(value, schema, at);
    }

    fn kind(&mut self, schema: &Schema, kinds: &[&str], at: &str) {
        if !schema.kinds.is_empty() && !schema.kinds.iter().any(|known| kinds.contains(&known.as_str())) {
            let message = format!("it is sent as {}, and taken as {}", kinds[0], schema.kinds.join(" or "));
            self.say(at.to_owned(), message);
        }
    }

    fn allowed(&mut self, value: &Value, schema: &Schema, at: &str) {
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !schema.one_of.is_empty() && !schema.one_of.iter().any(|one| plain(one) == plain(value)) {
            let known: Vec<_> = schema.one_of.iter().take(12).map(plain).collect();
            self.say(at.to_owned(), format!("`{}` is none of {}", plain(value), known.join(", ")));
        }
    }

    /// One variable that need not be given: what holds it is then not sent.
    fn may_be_left_out(&self, shape: &Shape) -> bool {
        let Shape::Text(template) = shape else { return false };
        let Some(name) = template.single() else { return false };
        let setting = name.strip_prefix("settings.").and_then(|name| self.spec.settings.get(name));
        setting.is_some_and(|setting| setting.optional && setting.default.is_none())
            || self.action.input.get(name).is_some_and(|input| input.optional && input.default.is_none())
    }

    fn statuses(&mut self, known: &[String]) {
        if known.is_empty() {
            return;
        }
        for status in &self.action.success.status {
            let range = format!("{}XX", status / 100);
            if !known.iter().any(|one| *one == status.to_string() || one.eq_ignore_ascii_case(&range)) {
                let message = format!("{status} is never answered, but {}", known.join(", "));
                self.say(format!("status {status}"), message);
            }
        }
    }

    fn scopes(&mut self, needed: &[Vec<String>]) {
        if needed.is_empty() || matches!(self.action.auth, Some(ActionAuth::Own(_))) {
            return;
        }
        // Google's scopes are URLs, and are known by their last part.
        let short = |scope: &str| scope.rsplit("/auth/").next().unwrap_or(scope).to_owned();
        let named: Vec<_> = self.action.scopes.iter().map(|scope| short(scope)).collect();
        if !needed.iter().any(|set| set.iter().all(|scope| named.contains(&short(scope)))) {
            let sets: Vec<_> = needed.iter().map(|set| set.join(" ")).collect();
            self.say("scopes".to_owned(), format!("it needs {}", sets.join(", or ")));
        }
    }
}
