//! What paths, templates and predicates see while one event becomes an alert.

use std::{cell::RefCell, collections::BTreeMap};

use http::HeaderMap;
use rhai::{Dynamic, Map, Scope};
use serde_json::Value;

use super::spec::SourceSpec;
use crate::{
    expr::{self, Expr},
    path,
    template::Lookup,
};

/// The names that a predicate may use beside the facts.
pub(crate) const NAMES: [&str; 3] = ["event", "body", "headers"];

/// The roots of a template's variables.
pub(crate) const ROOTS: [&str; 5] = ["event", "body", "headers", "settings", "key"];

/// The fields of the alert that templates of later fields may use.
pub(crate) const FOUND: [&str; 8] = ["type", "kind", "user", "app", "ip", "id", "delivery", "severity"];

/// One event with all that surrounds it.
pub(crate) struct Scene<'a> {
    pub(crate) event: &'a Value,
    /// The document, without its events.
    pub(crate) body: &'a Value,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) settings: &'a BTreeMap<String, String>,
    /// The event's key, where events stand in a map.
    pub(crate) key: Option<&'a str>,
    pub(crate) spec: &'a SourceSpec,
    found: Vec<(&'static str, String)>,
    /// The same for predicates: made when the first one asks.
    values: RefCell<Option<Scope<'static>>>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
        spec: &'a SourceSpec,
        settings: &'a BTreeMap<String, String>,
        headers: &'a HeaderMap,
        body: &'a Value,
        event: &'a Value,
    ) -> Self {
        let (found, values) = (Vec::new(), RefCell::new(None));
        Self { event, body, headers, settings, key: None, spec, found, values }
    }

    /// Remembers a field of the alert for the templates of later ones.
    pub(crate) fn found(&mut self, name: &'static str, text: Option<&str>) {
        self.found.extend(text.map(|text| (name, text.to_owned())));
    }

    /// What was remembered of a field.
    pub(crate) fn known(&self, name: &str) -> Option<&str> {
        self.found.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }

    pub(crate) fn means_nothing(&self, text: &str) -> bool {
        self.spec.nothing.iter().any(|nothing| nothing == text)
    }

    /// Asks a predicate; the facts that it names are asked first, once for each event.
    pub(crate) fn holds(&self, expr: &Expr) -> bool {
        let mut values = self.values.borrow_mut();
        let scope = values.get_or_insert_with(|| self.scope());
        for name in expr.names() {
            if let Some(fact) = self.spec.facts.get(name)
                && !scope.contains(name)
            {
                self.need(fact, scope);
                let holds = fact.holds_in(scope);
                scope.push_constant(name.to_owned(), holds);
            }
        }
        self.need(expr, scope);
        expr.holds_in(scope)
    }

    fn scope(&self) -> Scope<'static> {
        let mut scope = Scope::new();
        scope.push_constant_dynamic("event", expr::dynamic(self.event));
        scope
    }

    /// Few predicates look beyond the event.
    fn need(&self, expr: &Expr, scope: &mut Scope<'static>) {
        for name in expr.names().filter(|name| !scope.contains(name)).collect::<Vec<_>>() {
            match name {
                "body" => _ = scope.push_constant_dynamic("body", expr::dynamic(self.body)),
                "headers" => _ = scope.push_constant_dynamic("headers", headers(self.headers)),
                _ => {}
            }
        }
    }
}

fn headers(headers: &HeaderMap) -> Dynamic {
    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().into(), value.to_str().ok()?.to_owned().into()))
    };
    Dynamic::from_map(headers.iter().filter_map(pair).collect::<Map>())
}

/// A header as text; absent, repeated or non-ASCII headers are none.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    if all.next().is_some() { None } else { first.to_str().ok() }
}

impl Lookup for Scene<'_> {
    fn lookup(&self, variable: &str) -> Option<Value> {
        if let Some(text) = self.known(variable) {
            return Some(text.into());
        }
        let (root, rest) = variable.split_once('.').unwrap_or((variable, ""));
        match root {
            "event" => path::get(self.event, rest).cloned(),
            "body" => path::get(self.body, rest).cloned(),
            "headers" => header(self.headers, rest).map(Value::from),
            "settings" => self.settings.get(rest).cloned().map(Value::String),
            "key" if rest.is_empty() => self.key.map(Value::from),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn predicates_share_what_they_look_at_and_can_change_nothing() {
        let spec: SourceSpec = serde_json::from_value(json!({
            "title": "t", "docs": "d", "setup": "s",
            "facts": { "risky": "event.tags.contains(\"proxy\") || body.all == true" },
        }))
        .unwrap();
        let (settings, mut headers) = (BTreeMap::new(), HeaderMap::new());
        headers.insert("x-kind", "news".parse().unwrap());
        let (event, body) = (json!({ "tags": ["proxy"], "n": 1, "who": [{ "type": "User" }] }), json!({}));
        let scene = Scene::new(&spec, &settings, &headers, &body, &event);
        let holds = |source: &str| scene.holds(&Expr::try_from(source.to_owned()).unwrap());
        assert!(holds("risky"));
        assert!(holds("!!risky && event.n == 1"));
        assert!(holds("event.who.some(|who| who.type == \"User\")"));
        assert!(holds("headers[\"x-kind\"] == \"news\""));
        assert!(holds("event?.gone?.deeper == ()"));
        assert!(!holds("event.gone.deeper == 1"), "what is missing never holds");
        assert!(!holds("event.tags.pop() == \"proxy\""), "constant");
        assert!(holds("event.tags.len() == 1"));
    }
}
