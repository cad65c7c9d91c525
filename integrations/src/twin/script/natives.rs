//! The functions of the dialect that are not about tables: time, ids, tokens, addresses, SOQL.

use std::{collections::BTreeSet, sync::Arc};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rhai::{Array, Dynamic, Engine, EvalAltResult, Map, Position};
use sha2::{Digest as _, Sha256};

use super::{
    convert::{Json, to_answer, to_dynamic},
    reply::Reply,
};
use crate::twin::{
    filter::Filter,
    soql,
    tenant::{Db, Token},
};

pub(super) fn register(engine: &mut Engine, db: &Db) {
    time(engine, db);
    current(engine, db);
    tokens(engine, db);
    queries(engine, db);
    let at = db.clone();
    engine.register_fn("page_size", move |asked: Dynamic, usual: i64, most: i64| {
        let size = number(&asked, usual).clamp(1, most);
        at.lock().page.map_or(size, |page| size.min(i64::from(page).max(1)))
    });
    text(engine);
}

/// A number, or the text of one.
fn number(text: &Dynamic, otherwise: i64) -> i64 {
    text.as_int().ok().or_else(|| text.to_string().parse().ok()).unwrap_or(otherwise)
}

fn time(engine: &mut Engine, db: &Db) {
    let at = db.clone();
    engine.register_fn("now", move || at.lock().now.as_second());
    let at = db.clone();
    engine.register_fn("iso", move || stamp(at.lock().now));
    let at = db.clone();
    engine.register_fn("iso", move |offset: i64| {
        let now = at.lock().now;
        stamp(now.checked_add(SignedDuration::from_secs(offset)).unwrap_or(now))
    });
}

/// `2026-03-13T02:40:00.000Z`
fn stamp(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn current(engine: &mut Engine, db: &Db) {
    let to = db.clone();
    engine.register_fn("target", move |target: Dynamic| to.lock().current.target = Some(target.to_string()));
    let to = db.clone();
    engine.register_fn("operation", move |name: &str| to.lock().current.operation = Some(name.to_owned()));
    let at = db.clone();
    engine.register_fn("base", move || at.lock().current.base.clone());
    let at = db.clone();
    engine.register_fn("here", move |changes: Map| {
        let current = &at.lock().current;
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let kept = current.query.iter().filter(|(name, _)| !changes.contains_key(name.as_str()));
        let kept = kept.map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        let set =
            changes.iter().map(|(name, value)| format!("{}={}", encode(name), encode(&value.to_string())));
        format!("{}{}?{}", current.base, current.path, kept.chain(set).collect::<Vec<_>>().join("&"))
    });
    let to = db.clone();
    engine.register_fn("new_id", move |prefix: &str, length: i64| {
        to.lock().draw(prefix, usize::try_from(length).unwrap_or(20).min(200))
    });
}

fn tokens(engine: &mut Engine, db: &Db) {
    let at = db.clone();
    engine.register_fn("integration", move || at.lock().integration.clone());
    let at = db.clone();
    engine.register_fn("secret", move || at.lock().secret());
    let to = db.clone();
    engine.register_fn("issue_token", move |seconds: i64| to.lock().issue(seconds, None));
    let to = db.clone();
    engine.register_fn("issue_token", move |seconds: i64, scopes: Array| {
        let scopes: BTreeSet<String> = scopes.iter().map(ToString::to_string).collect();
        to.lock().issue(seconds, Some(scopes))
    });
    let at = db.clone();
    engine.register_fn("may", move |scope: &str| {
        let current = &at.lock().current;
        current.scopes.as_ref().is_none_or(|scopes| scopes.contains(scope))
    });
    let at = db.clone();
    engine.register_fn("token_works", move |token: &str| at.lock().accepts(token).is_some());
    let to = db.clone();
    engine.register_fn("accept_token", move |token: &str| {
        to.lock().tokens.insert(token.to_owned(), Token::default());
    });
    let to = db.clone();
    engine.register_fn("end_token", move |token: &str| to.lock().tokens.remove(token).is_some());
}

type Rows = Result<Json, Box<EvalAltResult>>;

fn records(db: &Db, query: &str, most: i64, sight: soql::Sight<'_>) -> Rows {
    let db = db.lock();
    let sight = if db.current.blind { soql::Sight::Nothing } else { sight };
    let found = soql::run(query, &db.store, usize::try_from(most).unwrap_or(0), sight);
    found.map(|rows| Json(Arc::new(rows.into()))).map_err(|error| {
        let body = serde_json::json!([{ "message": error.message, "errorCode": error.code }]);
        Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(Reply::json(400, body)), Position::NONE))
    })
}

fn queries(engine: &mut Engine, db: &Db) {
    let at = db.clone();
    engine.register_fn("soql", move |query: &str, most: i64| -> Rows {
        records(&at, query, most, soql::Sight::All)
    });
    let at = db.clone();
    engine.register_fn("soql_own", move |query: &str, most: i64, field: &str, value: &str| -> Rows {
        records(&at, query, most, soql::Sight::Own { field, value })
    });
    engine.register_fn("soql_counts", soql::counts);
    let to = db.clone();
    engine.register_fn("keep", move |prefix: &str, rows: Json| {
        let rows = rows.0.as_array().cloned().unwrap_or_default();
        to.lock().keep(prefix, Arc::new(rows))
    });
    let to = db.clone();
    engine.register_fn("keep", move |prefix: &str, rows: Array| {
        to.lock().keep(prefix, Arc::new(rows.iter().map(to_answer).collect()))
    });
    let at = db.clone();
    engine.register_fn("kept", move |cursor: &str, skip: i64, limit: i64| match at.lock().kept(cursor) {
        Some(rows) => {
            let whole = |number: i64| usize::try_from(number).unwrap_or(0);
            let slice = rows.iter().skip(whole(skip)).take(whole(limit)).cloned().collect();
            Dynamic::from(Json(Arc::new(serde_json::Value::Array(slice))))
        }
        None => Dynamic::UNIT,
    });
    let at = db.clone();
    engine.register_fn("kept_len", move |cursor: &str| {
        at.lock().kept(cursor).map_or(0, |rows| rows.len()) as i64
    });
}

fn text(engine: &mut Engine) {
    engine
        .register_fn("head", |rows: &mut Json, limit: i64| {
            let rows = rows.0.as_array().map(Vec::as_slice).unwrap_or_default();
            let limit = usize::try_from(limit).unwrap_or(0);
            Json(Arc::new(serde_json::Value::Array(rows.iter().take(limit).cloned().collect())))
        })
        .register_fn("number", |text: Dynamic, otherwise: i64| number(&text, otherwise))
        .register_fn("filter_error", |filter: &str| {
            Filter::parse(filter).err().map_or(Dynamic::UNIT, Dynamic::from)
        })
        .register_fn("filter_value", |filter: &str, field: &str| {
            let filter = Filter::parse(filter).ok();
            filter.as_ref().and_then(|filter| filter.exactly(field)).map_or(Dynamic::UNIT, to_dynamic)
        })
        .register_fn("hash", |text: &str| {
            let hash = Sha256::digest(text.as_bytes());
            hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        })
        .register_fn("base64", |text: &str| STANDARD.encode(text))
        .register_fn("from_base64", |text: &str| {
            let bytes = STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        })
        .register_fn("parse_json", |text: &str| {
            serde_json::from_str(text).map_or(Dynamic::UNIT, |value| to_dynamic(&value))
        })
        .register_fn("is_jwt", |text: Dynamic| {
            text.to_string().split('.').filter(|part| part.len() > 3).count() == 3
        })
        .register_fn("clamp", |number: i64, low: i64, high: i64| number.clamp(low, high));
}
