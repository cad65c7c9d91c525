//! Routes: `read("get_app", "GET /api/v1/apps/{app}", "okta.apps.read", |req, db| …)`.

use std::sync::Arc;

use parking_lot::Mutex;
use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, Map};

use super::Plan;
use crate::twin::ledger::Sort;

/// Names that a request has anyway, and that no path parameter may take.
const TAKEN: &[&str] = &["method", "path", "query", "body", "raw", "headers", "bearer", "basic_user"];

/// One operation of a platform.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// The catalogue's name of the operation.
    pub(crate) action: String,
    pub(crate) method: String,
    /// As it is written: `GET /api/v1/apps/{app}`.
    pub(crate) line: String,
    segments: Vec<Segment>,
    /// Parameters that this operation has and its neighbours have not; `SHOW*` is how one begins.
    query: Vec<(String, String)>,
    pub(crate) sort: Sort,
    pub(crate) scope: Scope,
    pub(crate) handler: FnPtr,
}

#[derive(Clone, Debug)]
enum Segment {
    Exactly(String),
    Param(String),
}

/// What a caller needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scope {
    /// No credential.
    Open,
    /// A token, whatever its scopes.
    Token,
    /// A token with one of these scopes.
    Any(Vec<String>),
}

impl Route {
    fn parse(action: &str, line: &str, sort: Sort, scope: &Dynamic, handler: FnPtr) -> Result<Self, String> {
        let whole = line;
        let (method, path) =
            line.split_once(' ').ok_or_else(|| format!("`{line}` is not a method and a path"))?;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let segments = path.trim().trim_start_matches('/').split('/').map(|segment| {
            match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if TAKEN.contains(&name) => {
                    Err(format!("`{{{name}}}` in `{line}` is a request's own name"))
                }
                Some(name) => Ok(Segment::Param(name.to_owned())),
                None => Ok(Segment::Exactly(segment.to_owned())),
            }
        });
        Ok(Self {
            action: action.to_owned(),
            method: method.to_owned(),
            line: whole.to_owned(),
            segments: segments.collect::<Result<_, String>>()?,
            query,
            sort,
            scope: scope_of(scope)?,
            handler,
        })
    }

    /// The path alone.
    pub(crate) fn path(&self) -> &str {
        let path = self.line.split_once(' ').map_or("", |(_, path)| path);
        path.split('?').next().unwrap_or_default().trim()
    }

    /// Whether a request of this form arrives here. What only a call knows of it fits any word.
    pub(crate) fn answers(&self, method: &str, segments: &[String]) -> bool {
        self.method == method
            && self.segments.len() == segments.len()
            && self.segments.iter().zip(segments).all(|(ours, theirs)| match ours {
                Segment::Exactly(word) => crate::conform::is_of_form(theirs, word),
                Segment::Param(_) => !theirs.is_empty(),
            })
    }

    /// The path parameters, in order, if this path is of this route. `segments` are decoded already.
    pub(crate) fn matches(
        &self,
        method: &str,
        segments: &[String],
        query: &[(String, String)],
    ) -> Option<Vec<(String, String)>> {
        let fits = |wanted: &str, given: &str| match wanted.strip_suffix('*') {
            Some(beginning) => given.starts_with(beginning),
            None => given == wanted,
        };
        let has = |(name, value): &(String, String)| {
            query.iter().any(|(given, said)| given == name && fits(value, said))
        };
        let asked = self.query.iter().all(has);
        if self.method != method || self.segments.len() != segments.len() || !asked {
            return None;
        }
        let mut params = Vec::new();
        for (wanted, given) in self.segments.iter().zip(segments) {
            match wanted {
                Segment::Exactly(word) if word == given => {}
                Segment::Param(name) if !given.is_empty() => params.push((name.clone(), given.clone())),
                _ => return None,
            }
        }
        Some(params)
    }
}

fn scope_of(scope: &Dynamic) -> Result<Scope, String> {
    if scope.is_unit() {
        return Ok(Scope::Open);
    }
    if let Some(many) = scope.read_lock::<Array>() {
        return Ok(Scope::Any(many.iter().map(ToString::to_string).collect()));
    }
    match scope.clone().into_string() {
        Ok(one) if one.is_empty() => Ok(Scope::Token),
        Ok(one) => Ok(Scope::Any(vec![one])),
        Err(kind) => Err(format!("a scope is text, a list of texts or (), not {kind}")),
    }
}

type Result0 = Result<(), Box<EvalAltResult>>;

pub(super) fn register(engine: &mut Engine, plan: &Arc<Mutex<Plan>>) {
    for (name, sort) in [("read", Sort::Read), ("write", Sort::Write)] {
        let plan = plan.clone();
        engine.register_fn(
            name,
            move |action: &str, line: &str, scope: Dynamic, handler: FnPtr| -> Result0 {
                plan.lock().routes.push(Route::parse(action, line, sort, &scope, handler)?);
                Ok(())
            },
        );
    }
    let to = plan.clone();
    engine.register_fn("table", move |name: &str, key: &str| {
        to.lock().tables.push((name.to_owned(), key.to_owned(), Vec::new()));
    });
    let to = plan.clone();
    engine.register_fn("table", move |name: &str, key: &str, indexed: Array| {
        let indexed = indexed.iter().map(ToString::to_string).collect();
        to.lock().tables.push((name.to_owned(), key.to_owned(), indexed));
    });
    let to = plan.clone();
    engine.register_fn("headers", move |headers: Map| {
        to.lock().headers.extend(headers.iter().map(|(name, value)| (name.to_string(), value.to_string())));
    });
    let words = |list: &Array| -> Vec<String> { list.iter().map(ToString::to_string).collect() };
    let to = plan.clone();
    engine.register_fn("extra", move |keys: Array| {
        let keys = words(&keys).into_iter().map(|key| (key, Vec::new()));
        to.lock().extra.get_or_insert_default().extend(keys);
    });
    let to = plan.clone();
    engine.register_fn("extra", move |keys: Map| {
        let rows = |rows: &Dynamic| rows.read_lock::<Array>().map(|rows| words(&rows)).unwrap_or_default();
        let keys = keys.iter().map(|(key, list)| (key.to_string(), rows(list)));
        to.lock().extra.get_or_insert_default().extend(keys);
    });
    let to = plan.clone();
    engine.register_fn("accepts", move |schemes: Array| {
        to.lock().schemes.extend(schemes.iter().map(ToString::to_string));
    });
}
