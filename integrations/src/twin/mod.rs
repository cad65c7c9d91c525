//! Twins: stateful simulations of the platforms' APIs, on loopback, scripted in Rhai, with faults to switch on.
//!
//! A twin never opens a connection, never listens beyond loopback and never sees a real credential. [`TwinHost`] runs one
//! twin per configured integration behind one HTTP listener, and a mail server beside it; the integration is named by
//! the header [`INTEGRATION_HEADER`] or by the first part of the path (`curl -H 'Authorization: SSWS twin-okta'
//! http://127.0.0.1:7400/okta/api/v1/users`). Tests, drills and people steer it through `/_twin/`.
//!
//! # How a request goes
//!
//! ```text
//! rate limit -> fault -> credential -> scope -> operation -> ledger -> what the fault does to the answer
//! ```
//!
//! One platform answers one request at a time, under its own lock. The ledger is written before anybody sees an answer,
//! so it also knows the effects whose answer never came.
//!
//! # How to write one: `catalog/<platform>/twin.rhai`
//!
//! ```rhai
//! headers(#{ "x-request-id": "{request_id}", "x-rate-limit-remaining": "{remaining}" });
//!
//! table("apps",   "id", ["twin_app"]);            // a table, its key, the fields that are looked up by
//! table("grants", "id", ["app"]);
//!
//! fn add_app(db, app)            { db.apps.add(#{ id: new_id("app_", 16), name: app.name, twin_app: app.id }); }
//! fn add_grants(db, app, people) {
//!     let known = db.apps.find(#{ twin_app: app.id });
//!     for person in people { db.grants.add(#{ id: new_id("gr_", 16), app: known.id, user: person.email, twin_app: app.id }); }
//! }
//!
//! fn missing(kind, id) { json(404, #{ error: "not_found" }) }
//! fn refused(req)      { json(401, #{ error: "unauthorized" }) }
//!
//! read("list_grants", "GET /apps/{app}/grants", "grants.read", |req, db| {
//!     let app  = db.apps.need(req.app);           // not there: `missing` answers
//!     let page = db.grants.list(#{ app: app.id }, req.query.after, 100);
//!     json(200, #{ grants: page.rows, next: page.next })
//! });
//!
//! write("revoke_grant", "DELETE /apps/{app}/grants/{grant}", "grants.write", |req, db| {
//!     db.grants.need(req.grant);
//!     db.grants.remove(req.grant);
//!     empty(204)
//! });
//! ```
//!
//! **Operations.** `read(name, "METHOD /path/{param}?query=value", scope, |req, db| …)` and `write(…)`; the first that
//! matches is taken. The name is the catalogue's. The scope is text, a list (any of them), `""` (any token) or `()` (no
//! token at all). A write is in the ledger as an effect under its last path parameter, or under `target(id)`; whether the
//! state changed is seen from the tables. `operation(name)` renames it where several share one address.
//!
//! **Request.** `req` holds the path parameters by name, and `method, path, query, headers, body` (JSON or form as a map),
//! `raw`, `bearer` (the token or password), `basic_user`.
//!
//! **Answer.** `json(status, value)`, `empty(status)`, `text(status, type, text)`, each with `.header(name, value)`; any
//! other value is 200 with JSON, `()` is 200 without. Answers can be thrown. Fields that begin with `twin_` never leave
//! the twin; `twin_app` ties a row to the world's app, for re-consents.
//!
//! **Tables.** `get, need, has, find(filter), all(filter), count(filter), list(filter, after, limit), slice(filter, skip,
//! limit), matching(filter, scim_filter, after, limit)`; `add(row), set(id, fields), remove(id), remove_all(filter)`. `alive(id)` and
//! `alive_by(field, value)` also see what only lingers. Tables named `log_…` tell what happened; a row in them is no change.
//!
//! **Hooks**, all optional: `seed(db, world)` (`world.people`, `world.extra`), `add_app(db, app)`, `add_grants(db, app,
//! people)`, `block_app(db, app, blocked)`; `missing(kind, id)`, `refused(req)`, `limited(seconds)`, and `forbidden(req, scope)`,
//! which may give `()`: then the operation goes on, and every list in it is empty.
//!
//! **Around it.** `accepts([schemes])`, where a header of its own (`"dd-api-key"`) is a scheme too, and of `"AWS4-HMAC-SHA256"` it is
//! seen who signed; `now(), iso(), iso(seconds)`; `new_id(prefix, length)`; `integration(), secret(),
//! issue_token(seconds), accept_token(token), token_works(token), end_token(token), may(scope)`; `base(), here(#{ query changes })`; `soql(query, most),
//! soql_own(query, most, field, value), soql_counts, keep, kept, kept_len, head`; `filter_error, filter_value`; `page_size(asked, usual, most)`,
//! which every list takes its number of rows from; `number(text, otherwise), clamp, hash, base64, from_base64, parse_json,
//! is_jwt`.

mod bucket;
pub mod catalog;
pub mod clock;
mod conn;
mod control;
pub mod fault;
mod filter;
mod host;
mod http;
pub mod ledger;
mod mail;
mod mangle;
mod people;
mod platform;
mod script;
mod seed;
mod shared;
mod soql;
mod state;
mod store;
mod tenant;
mod traffic;
mod wire;
pub mod world;

pub use clock::{ManualClock, TwinClock, WallClock};
pub use fault::{ActiveFault, Answer, Fault, FaultEffect};
pub use host::{Mail, Rate, RequestHook, TwinError, TwinHost, TwinOptions};
pub use ledger::{EffectRecord, Fate, RequestRecord, Sort, Summary, SummaryRow, summarise};
pub use world::{Change, HiddenGrants, World, WorldApp};

/// The header by which a client names the integration that it speaks to.
pub const INTEGRATION_HEADER: &str = "x-stanch-integration";

/// The header by which a client may name the catalogue's operation, where several share one address.
pub const ACTION_HEADER: &str = "x-stanch-action";

/// The token that the twin of this integration accepts. For OAuth2 flows it is the client secret.
pub fn token(integration: &str) -> String {
    format!("twin-{integration}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::{script::Script, tenant::Tenant};

    #[test]
    fn the_documented_script_compiles() {
        let lines = include_str!("mod.rs").lines().filter_map(|line| line.strip_prefix("//!"));
        let lines = lines
            .skip_while(|line| !line.contains("```rhai"))
            .skip(1)
            .take_while(|line| !line.contains("```"));
        let source = lines.collect::<Vec<_>>().join("\n");
        let db = Arc::new(Mutex::new(Tenant::new("x", 1, jiff::Timestamp::UNIX_EPOCH)));
        let script = Script::compile(&source, &db).expect("compiles");
        assert_eq!(script.plan().routes.len(), 2);
        assert!(script.has("add_grants") && script.has("missing"));
    }
}
