//! A mail that came back: to a vendor, then the next contact is due; to one of our own people, then others hear that they did
//! not.

use axum::{
    Extension, Json,
    extract::{State, rejection::BytesRejection},
};
use bytes::Bytes;
use http::StatusCode;
use stanch_model::{
    RunId,
    api::MailReturned,
    incident::{Noted, kind},
    text::clean,
};
use stanch_response::returned::{NotReturned, Returned};

use super::{body::MOST, incidents, notices::note};
use crate::{
    app::{App, Shared},
    auth::Caller,
    ledger::Ledger,
    notices::Spoken,
    problem::Refused,
    tell::{
        back::{self, Back},
        book::RETURNED,
    },
};

/// After so many seconds the journal is read to its end, as a rule.
const AGAIN: u32 = 60;

/// `POST /v1/notices/returned`
pub(super) async fn take(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    mail: Result<Bytes, BytesRejection>,
) -> Result<Json<MailReturned>, Refused> {
    let mail = mail.map_err(|why| match why.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refused::too_large(MOST),
        _ => Refused::bad(why.body_text()),
    })?;
    let unfit =
        |why: NotReturned| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "no_report", why.to_string());
    let report = Returned::read(&mail).map_err(|why| {
        unfit(why).help(
            "pass the whole mail on, headers and all; what a person read in it, `vendors bounced` records",
        )
    })?;
    match find(&app, &report).await? {
        Found::OfUs(spoken) => of_us(&app, &caller, spoken).await,
        Found::OfVendor(spoken) => of_vendor(&app, &caller, *spoken).await,
    }
}

/// Whom a report says something of.
enum Found {
    OfUs(back::Spoken),
    OfVendor(Box<Spoken>),
}

impl Found {
    fn of(app: &App, report: &Returned) -> Option<Self> {
        let of_us = app.told.spoken_of(report, || app.notices.told_of(report)).map(Self::OfUs);
        of_us.or_else(|| Some(Self::OfVendor(Box::new(app.notices.spoken_of(report)?))))
    }
}

/// The mail that a report speaks of. A report can be faster than what we know of our own mail: then it is to come again.
async fn find(app: &App, report: &Returned) -> Result<Found, Refused> {
    if let Some(found) = Found::of(app, report) {
        return Ok(found);
    }
    let caught_up = app.notices.caught_up(app.journal.durable()).await;
    if let Some(found) = Found::of(app, report) {
        return Ok(found);
    }
    let ids: Vec<String> =
        report.mails.iter().take(3).map(|id| clean(id).chars().take(200).collect()).collect();
    let known = format!("it speaks of <{}>", ids.join(">, <"));
    if !caught_up {
        let why = "the server has not read its journal to the end yet: hand the report in again";
        let refused = Refused::new(StatusCode::SERVICE_UNAVAILABLE, "not_yet", why);
        return Err(refused.help(known).retry_after(AGAIN));
    }
    Err(Refused::not_found(
        "no mail of ours, to a vendor or one of our people, is what this report speaks of",
    )
    .help(known))
}

async fn of_vendor(app: &App, caller: &Caller, spoken: Spoken) -> Result<Json<MailReturned>, Refused> {
    let done = MailReturned {
        action: spoken.action.as_str().to_owned(),
        notice: spoken.notice.id.clone(),
        name: spoken.notice.name.clone(),
        to: spoken.notice.rungs[spoken.rung].mail.clone(),
        way: None,
        said: spoken.said.clone(),
        new: spoken.came_back,
        by: caller.name.clone(),
    };
    if done.new {
        let text =
            format!("The notice \"{}\" came back from {}: {}", spoken.notice.subject, done.to, done.said);
        let why = (caller.name.as_str(), done.said.as_str());
        app.notices.bounced(&done.notice, vec![spoken.rung], why, app.now()).await?;
        drop(note(app, caller, &spoken.notice, text).await?);
    }
    Ok(Json(done))
}

/// One of our own people did not hear: that is journaled, stands on the card and in the status, and goes another way.
async fn of_us(app: &App, caller: &Caller, spoken: back::Spoken) -> Result<Json<MailReturned>, Refused> {
    let sent = &spoken.sent;
    let done = MailReturned {
        action: spoken.action.as_str().to_owned(),
        notice: String::new(),
        name: sent.who.clone().unwrap_or_else(|| sent.way.clone()),
        to: sent.address().to_owned(),
        way: Some(sent.way.clone()),
        said: spoken.said.clone(),
        new: spoken.came_back,
        by: caller.name.clone(),
    };
    if done.new {
        let (key, way) = (sent.key.clone(), sent.way.clone());
        let (about, by, at) = (sent.about.clone(), caller.name.clone(), app.now());
        let back = Back { key, way, said: spoken.said, by, at, about };
        Ledger::new(app.journal.clone(), "tell").append(RETURNED, &back).await?;
        app.told.returned(back.clone());
        noted(app, caller, sent, &back).await?;
    }
    Ok(Json(done))
}

/// What a run wrote and nobody read stands in the timeline of its incident too.
async fn noted(app: &App, caller: &Caller, sent: &back::Sent, back: &Back) -> Result<(), Refused> {
    let Some(run) = sent.run.as_ref().map(|run| RunId(run.clone())) else { return Ok(()) };
    let Some(incident) = app.engine.view(&run)?.incident else { return Ok(()) };
    let text = format!("The mail \"{}\" to {} came back: {}", sent.about, sent.address(), back.said);
    let noted = Noted { by: caller.name.clone(), text };
    incidents::append(app, caller, &incident, kind::NOTED, &noted).await.map(drop)
}
