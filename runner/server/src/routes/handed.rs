//! Alerts that a person brings: nothing is proven, and who brought them is journaled with them.

use http::{HeaderMap, Method, StatusCode};
use stanch_integrations::source::{Accepted, RawRequest, Source, Trust};
use stanch_model::{Alert, api::Delivery, diagnostic::did_you_mean};

use crate::{app::App, auth::Caller, problem::Refused};

/// The source of this name. Who is known to us is told what it may be called instead.
pub(super) fn source<'a>(app: &'a App, name: &str, by: Option<&Caller>) -> Result<&'a Source, Refused> {
    app.sources.get(name).ok_or_else(|| {
        let near = by.and_then(|_| did_you_mean(name, app.sources.keys().map(String::as_str)));
        let refused = Refused::not_found(format!("there is no alert source `{name}`"));
        match near {
            Some(near) => refused.help(format!("did you mean `{near}`?")),
            None => refused.help("sources stand under `alerts:` in stanch.yaml"),
        }
    })
}

/// The same alerts, with who handed them in.
pub(super) fn named(alerts: Vec<Alert>, by: Option<&Caller>) -> Vec<Alert> {
    let by = by.map(|caller| caller.name.clone());
    alerts.into_iter().map(|alert| Alert { by: by.clone(), ..alert }).collect()
}

/// The one alert of a delivery that a person hands in to start a run.
pub(super) async fn the_one(app: &App, caller: &Caller, delivery: &Delivery) -> Result<Alert, Refused> {
    let source = source(app, &delivery.source, Some(caller))?;
    let body = delivery.body.to_string();
    let headers = HeaderMap::new();
    let raw = RawRequest {
        method: &Method::POST,
        headers: &headers,
        query: None,
        secret: None,
        body: body.as_bytes(),
    };
    let none = |why: String| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "no_alert", why);
    let mut alerts = match source.accept(raw, Trust::Person, app.now(), app.engine.integrations()).await? {
        Accepted::Alerts(alerts) => named(alerts, Some(caller)),
        Accepted::Ignored(why) => return Err(none(format!("the delivery holds no alert: {why}"))),
        Accepted::Challenge(_) => return Err(none("the delivery is a challenge, no alert".to_owned())),
    };
    match (alerts.pop(), alerts.len()) {
        (Some(alert), 0) => Ok(alert),
        (_, more) => Err(none(format!("the delivery holds {} alerts, and a run starts from one", more + 1))
            .help("hand the whole delivery in with `stanch alert`: each alert starts what it should")),
    }
}
