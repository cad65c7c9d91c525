//! The clocks of incidents: which run, and what people say of them.

use axum::{
    Extension, Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use jiff::Timestamp;
use serde_json::Value;
use stanch_engine::EngineError;
use stanch_model::{
    NewEntry, RunId,
    api::{
        self, BeginBody, DeadlineView, MoveBody, Note, NoticeRung, NoticeView, Page, Recorded, Role,
        SettleBody,
    },
    incident::{DeadlineBegun, DeadlineMoved, DeadlineSettled, kind},
    run::body::DeadlineStarted,
};
use stanch_response::{
    deadline::ical,
    incident::{Incident, deadline_id},
};

use super::{
    Route,
    body::{Body, Maybe},
    closing, incidents,
};
use crate::{
    app::{App, Shared},
    auth::Caller,
    problem::Refused,
    recent::{self, Paging},
};

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/deadlines",
            "listDeadlines",
            "The clocks of the newest incidents, earliest due first",
            list,
        )
        .may(Role::Viewer)
        .gives::<Page<api::DeadlineView>>(),
        Route::get(
            "/v1/deadlines.ics",
            "deadlinesCalendar",
            "The same clocks as a calendar, RFC 5545; the token stands in the header, as everywhere",
            calendar,
        )
        .may(Role::Viewer)
        .media("text/calendar"),
        Route::post(
            "/v1/incidents/{id}/deadlines",
            "beginDeadline",
            "Starts a clock that no run started",
            begin,
        )
        .may(Role::Responder)
        .takes::<api::BeginBody>()
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/incidents/{id}/deadlines/{deadline}/anchor",
            "moveDeadline",
            "Counts a clock from another moment, for a reason",
            anchor,
        )
        .may(Role::Approver)
        .takes::<api::MoveBody>()
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/incidents/{id}/deadlines/{deadline}/sent",
            "deadlineSent",
            "Stops a clock: the notice was sent",
            sent,
        )
        .may(Role::Responder)
        .takes::<api::SettleBody>()
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/incidents/{id}/deadlines/{deadline}/waive",
            "waiveDeadline",
            "Stops a clock: nothing is owed, for a reason",
            waive,
        )
        .may(Role::Approver)
        .takes::<api::SettleBody>()
        .gives::<api::Recorded>(),
    ]
}

/// `GET /v1/deadlines`
pub(super) async fn list(State(app): State<Shared>) -> Result<Json<Page<DeadlineView>>, Refused> {
    Ok(Json(Page { items: of_open_incidents(&app)?, next: None }))
}

/// The clocks of open incidents, earliest due first.
fn of_open_incidents(app: &App) -> Result<Vec<DeadlineView>, Refused> {
    let mut items = Vec::new();
    for id in recent::streams(&*app.journal, "incident/", &Paging::open())?.ids {
        if let Some(incident) = incidents::read(app, &id)?.filter(|incident| incident.closed.is_none()) {
            items.extend(clocks(app, &incident)?);
        }
    }
    items.sort_by(|a, b| a.due.cmp(&b.due));
    Ok(items)
}

/// `POST /v1/incidents/{id}/deadlines/{deadline}/sent`
pub(super) async fn sent(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((incident, deadline)): Path<(String, String)>,
    Maybe(body): Maybe<SettleBody>,
) -> Result<Json<Recorded>, Refused> {
    settle(&app, &caller, &incident, &deadline, false, &body.reason).await
}

/// `POST /v1/incidents/{id}/deadlines/{deadline}/waive`
pub(super) async fn waive(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((incident, deadline)): Path<(String, String)>,
    Maybe(body): Maybe<SettleBody>,
) -> Result<Json<Recorded>, Refused> {
    if body.reason.trim().is_empty() {
        let why = "nobody waives a deadline without saying why";
        return Err(
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "no_reason", why).help("give it a `reason`")
        );
    }
    settle(&app, &caller, &incident, &deadline, true, &body.reason).await
}

/// Journals what a person says of a clock. A second word replaces the first: people correct themselves.
async fn settle(
    app: &App,
    caller: &Caller,
    incident: &str,
    deadline: &str,
    waived: bool,
    reason: &str,
) -> Result<Json<Recorded>, Refused> {
    let (_turn, incident) = closing::open(app, incident).await?;
    let clocks = clocks(app, &incident)?;
    if !clocks.iter().any(|clock| clock.id == deadline) {
        return Err(unknown(&incident, deadline, &clocks));
    }
    let reason = incidents::text(reason)?;
    let said = DeadlineSettled { deadline: deadline.to_owned(), waived, by: caller.name.clone(), reason };
    if incident.settled(deadline).is_some_and(|(before, _)| *before == said) {
        return Ok(incidents::known(app, caller));
    }
    let mut entries = vec![NewEntry::new(kind::DEADLINE_SETTLED, &said)];
    if !waived {
        entries.extend(followers(app, caller, &clocks, deadline));
    }
    incidents::append_all(app, caller, &incident.id, entries).await
}

/// The clocks that begin because this notice was sent, but for those that run already.
fn followers(app: &App, caller: &Caller, clocks: &[DeadlineView], sent: &str) -> Vec<NewEntry> {
    let Some(clock) = clocks.iter().find(|clock| clock.id == sent) else { return Vec::new() };
    let to = clock.id.strip_prefix(&format!("{}:", clock.rule)).unwrap_or_default();
    let begun = app.engine.desk().followers(&clock.rule, to, &app.now().to_string());
    let new = begun.into_iter().filter(|new| !clocks.iter().any(|known| known.id == deadline_id(new)));
    let reason = format!("{} was sent", clock.id);
    new.map(|clock| {
        let begun = DeadlineBegun { clock, by: caller.name.clone(), reason: reason.clone() };
        NewEntry::new(kind::DEADLINE_BEGUN, &begun)
    })
    .collect()
}

/// `POST /v1/incidents/{id}/deadlines`
pub(super) async fn begin(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(incident): Path<String>,
    Body(body): Body<BeginBody>,
) -> Result<Json<Recorded>, Refused> {
    let reason = incidents::text(&body.reason)?;
    let (_turn, incident) = closing::open(&app, &incident).await?;
    let from = match &body.from {
        Some(text) => moment(text)?,
        None => app.now(),
    };
    let clock = started(&app, &body.rule, body.vendor.as_deref().unwrap_or_default(), from)?;
    let id = deadline_id(&clock);
    if clocks(&app, &incident)?.iter().any(|known| known.id == id) {
        let why = format!("the clock `{id}` runs for this incident already");
        return Err(Refused::new(StatusCode::CONFLICT, "runs_already", why)
            .help("count it from another moment, or see `stanch deadlines`"));
    }
    let begun = DeadlineBegun { clock, by: caller.name.clone(), reason };
    incidents::append(&app, &caller, &incident.id, kind::DEADLINE_BEGUN, &begun).await
}

/// `POST /v1/incidents/{id}/deadlines/{deadline}/anchor`
pub(super) async fn anchor(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((incident, deadline)): Path<(String, String)>,
    Body(body): Body<MoveBody>,
) -> Result<Json<Recorded>, Refused> {
    let reason = incidents::text(&body.reason)?;
    if reason.is_empty() {
        let why = "nobody counts a deadline from another moment without saying why";
        return Err(
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "no_reason", why).help("give it a `reason`")
        );
    }
    let (_turn, incident) = closing::open(&app, &incident).await?;
    let known = clocks(&app, &incident)?;
    let Some(clock) = known.iter().find(|clock| clock.id == deadline) else {
        return Err(unknown(&incident, &deadline, &known));
    };
    let to = clock.id.strip_prefix(&format!("{}:", clock.rule)).unwrap_or_default();
    let again = started(&app, &clock.rule, to, moment(&body.from)?)?;
    let moved =
        DeadlineMoved { deadline, anchor: again.anchor, due: again.due, by: caller.name.clone(), reason };
    if incident.moved.last() == Some(&moved) {
        return Ok(incidents::known(&app, &caller));
    }
    incidents::append(&app, &caller, &incident.id, kind::DEADLINE_MOVED, &moved).await
}

/// `GET /v1/deadlines.ics`
pub(super) async fn calendar(State(app): State<Shared>) -> Result<Response, Refused> {
    let text = ical::calendar(&of_open_incidents(&app)?, app.now());
    Ok(([(CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}

fn moment(text: &str) -> Result<Timestamp, Refused> {
    text.trim().parse().map_err(|_| {
        Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "no_moment", format!("`{text}` is not a moment"))
            .help("write 2026-11-06T20:00:00Z")
    })
}

/// The clock of a rule about a vendor (or nobody), counted from this moment.
fn started(app: &App, rule: &str, vendor: &str, from: Timestamp) -> Result<DeadlineStarted, Refused> {
    let about = match vendor {
        "" => Value::Null,
        name => app.engine.desk().vendor_of(&Value::from(name)),
    };
    let no = |why: String| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "no_clock", why);
    match app.engine.desk().deadline(rule, &about, &from.to_string()) {
        Ok(Some(clock)) => Ok(clock),
        Ok(None) => Err(no("the vendor register names no clause for it".to_owned())
            .help("name a vendor that has one: `stanch vendors show`")),
        Err(why) => Err(no(why).help("`stanch deadlines rules` lists what can be started")),
    }
}

fn unknown(incident: &Incident, deadline: &str, clocks: &[DeadlineView]) -> Refused {
    let known: Vec<&str> = clocks.iter().map(|clock| clock.id.as_str()).collect();
    let message = format!("no clock `{deadline}` runs for incident {}", incident.id);
    let help = if known.is_empty() { "none does".to_owned() } else { known.join(", ") };
    Refused::not_found(message).help(format!("its clocks: {help}"))
}

/// The clocks of an incident, earliest due first: those too that its runs' own playbooks started. The same one counts once.
pub(super) fn clocks(app: &App, incident: &Incident) -> Result<Vec<DeadlineView>, Refused> {
    let mut views: Vec<DeadlineView> = Vec::new();
    let notices = app.notices.list();
    let mut add = |started: &DeadlineStarted| {
        let view = incident.deadline(started, app.now());
        if !views.iter().any(|known| known.id == view.id) {
            let owed_to_us = app.engine.desk().is_owed_to_us(&view.rule);
            let written = if owed_to_us { None } else { written(&notices, &view.incident, &started.to) };
            views.push(DeadlineView { owed_to_us, written, ..view });
        }
    };
    let mut runs: Vec<RunId> = incident.runs.iter().rev().cloned().map(RunId).collect();
    while let Some(id) = runs.pop() {
        let run = match app.engine.view(&id) {
            // a step that is about to start it
            Err(EngineError::NoRun(_)) => continue,
            run => run?,
        };
        for started in &run.deadlines {
            add(started);
        }
        runs.extend(app.engine.children(&run));
    }
    incident.begun.iter().for_each(&mut add);
    views.sort_by(|a, b| a.due.cmp(&b.due));
    Ok(views)
}

/// The first mail to this vendor in this incident that a mail server took.
fn written(notices: &[NoticeView], incident: &str, to: &str) -> Option<Note> {
    let theirs = notices.iter().filter(|notice| {
        notice.incident.as_deref() == Some(incident)
            && [&notice.name, &notice.vendor].iter().any(|name| *name == to)
    });
    let sent = theirs.flat_map(|notice| notice.rungs.iter().map(move |rung| (notice, rung)));
    let sent = sent.filter(|(_, rung)| rung.state == "sent");
    let at = |rung: &NoticeRung| rung.at.clone().unwrap_or_default();
    let (notice, rung) = sent.min_by_key(|(_, rung)| at(rung))?;
    let text = format!("\"{}\" to {}", notice.subject, rung.mail);
    Some(Note { at: at(rung), by: notice.id.clone(), text })
}
