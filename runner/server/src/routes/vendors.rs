//! The vendor register, and what happened around one of its entries.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::Value;
use stanch_model::{
    api::{self, Page, Role, VendorPage, VendorView},
    diagnostic::did_you_mean,
    run::{Mode, RunView},
};
use stanch_response::vendor::{Vendor, view_on};

use super::{Route, incidents};
use crate::{
    app::{App, Shared},
    problem::Refused,
};

/// Runs that are looked through, newest first.
const LOOKED: usize = 300;

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/vendors", "listVendors", "The vendor register, by name", list)
            .may(Role::Viewer)
            .gives::<Page<api::VendorView>>(),
        Route::get(
            "/v1/vendors/{id}",
            "showVendor",
            "One vendor with the incidents and runs that concern it",
            show,
        )
        .may(Role::Viewer)
        .gives::<api::VendorPage>(),
    ]
}

/// `GET /v1/vendors`
pub(super) async fn list(State(app): State<Shared>) -> Json<Page<VendorView>> {
    let today = today(&app);
    let items = app.register.vendors().iter().map(|(slug, vendor)| view_on(slug, vendor, today)).collect();
    Json(Page { items, next: None })
}

/// `GET /v1/vendors/{id}`
pub(super) async fn show(
    State(app): State<Shared>,
    Path(name): Path<String>,
) -> Result<Json<VendorPage>, Refused> {
    let Some((slug, vendor)) = app.register.find(name.trim()) else {
        let refused = Refused::not_found(format!("the register has no vendor `{name}`"));
        let known: Vec<&str> = app.register.vendors().keys().map(String::as_str).collect();
        return Err(match did_you_mean(&name, known) {
            Some(meant) => refused.help(format!("did you mean `{meant}`?")),
            None => refused.help("`stanch vendors list` lists them"),
        });
    };
    let (mut runs, mut ids) = (Vec::new(), BTreeSet::new());
    for row in app.engine.runs(false, LOOKED)? {
        let run = app.engine.view(&row.id)?;
        if run.mode != Some(Mode::Plan) && concerns(&run, slug, vendor) {
            ids.extend(run.incident.clone());
            runs.push(app.summaries.line(&app.engine, &row)?.summary.clone());
        }
    }
    let mut found = Vec::new();
    for id in ids.into_iter().rev() {
        found.extend(incidents::read(&app, &id)?.map(|incident| incident.summary(app.mode)));
    }
    Ok(Json(VendorPage { vendor: view_on(slug, vendor, today(&app)), incidents: found, runs }))
}

/// The day by the server's clock, which a drill may have moved.
fn today(app: &App) -> jiff::civil::Date {
    app.now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Whether a run is about this vendor: by what it was started with, what it cut, or a clock that is owed there.
fn concerns(run: &RunView, slug: &str, vendor: &Vendor) -> bool {
    let names: Vec<&str> = [slug, vendor.name.as_str()]
        .into_iter()
        .chain(vendor.apps.iter().map(String::as_str))
        .filter(|name| !name.is_empty())
        .collect();
    let is_it = |text: &str| names.iter().any(|name| name.eq_ignore_ascii_case(text));
    let app_of = |target: &stanch_model::Target| {
        let app = target.attrs.get("app");
        let inner = app.and_then(|app| app["$target"]["id"].as_str().or_else(|| app.as_str()));
        is_it(&target.id) || is_it(&target.label) || inner.is_some_and(is_it)
    };
    holds(&run.input, &is_it)
        || run.alert["app"].as_str().is_some_and(is_it)
        || run.deadlines.iter().any(|clock| is_it(&clock.to))
        || run.targets.values().any(|known| app_of(&known.target))
}

fn holds(value: &Value, is_it: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_it(text),
        Value::Array(items) => items.iter().any(|item| holds(item, is_it)),
        Value::Object(map) => map.values().any(|item| holds(item, is_it)),
        _ => false,
    }
}
