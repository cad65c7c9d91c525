//! The end of an incident: a person says that it is over once nothing of it is open, and takes that back if it was not.
//!
//! What is closed stays as it is: no run of it begins, no clock of it starts, stops or moves, and alerts open a new one. Notes
//! alone are still written, since facts come late. Whoever wants more opens it again first, in words of their own.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use stanch_journal::{Row, StreamAppend, With};
use stanch_model::{
    NewEntry, RunId, StreamId,
    api::{CloseBody, Note, Recorded, Role},
    incident::{Closed, Reopened, kind, state},
    run::body::Created,
    shortened::short,
};
use stanch_response::incident::Incident;
use tokio::sync::MutexGuard;

use super::{Route, body::Body, deadlines::clocks, incidents};
use crate::{
    app::{App, Shared},
    auth::Caller,
    problem::Refused,
};

/// So many open things of a kind are named.
const NAMED: usize = 4;

/// Holds back whoever else would change what was looked at, until what follows from it is durable.
pub(super) type Turn<'a> = MutexGuard<'a, ()>;

/// What stands in the table of routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/incidents/{id}/close",
            "closeIncident",
            "Says that an incident is over: no run and no clock of it may be open; what comes in later opens a new one",
            close,
        )
        .may(Role::Responder)
        .takes::<CloseBody>()
        .gives::<Recorded>(),
        Route::post(
            "/v1/incidents/{id}/reopen",
            "reopenIncident",
            "Says that a closed incident is not over after all",
            reopen,
        )
        .may(Role::Responder)
        .takes::<CloseBody>()
        .gives::<Recorded>(),
    ]
}

/// `POST /v1/incidents/{id}/close`
async fn close(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<CloseBody>,
) -> Result<Json<Recorded>, Refused> {
    let reason = said(&body, "nobody closes an incident without saying why")?;
    let (_turn, incident) = open(&app, &id).await?;
    left(&app, &incident)?.refuse(&incident)?;
    let closed = Closed { by: caller.name.clone(), reason, channel: caller.channel().to_owned() };
    write(&app, &caller, &incident, (kind::CLOSED, state::CLOSED), &closed).await
}

/// `POST /v1/incidents/{id}/reopen`
async fn reopen(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<CloseBody>,
) -> Result<Json<Recorded>, Refused> {
    let reason = said(&body, "nobody opens an incident again without saying why")?;
    let _turn = app.closing.lock().await;
    let incident = incidents::find(&app, &id)?;
    if incident.closed.is_none() {
        let why = format!("incident {} is open: nobody has closed it", short(&incident.id));
        return Err(Refused::new(StatusCode::CONFLICT, "open", why));
    }
    let reopened = Reopened { by: caller.name.clone(), reason, channel: caller.channel().to_owned() };
    write(&app, &caller, &incident, (kind::REOPENED, state::OPEN), &reopened).await
}

fn said(body: &CloseBody, unsaid: &str) -> Result<String, Refused> {
    let reason = incidents::text(&body.reason)?;
    if reason.is_empty() {
        return Err(
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "no_reason", unsaid).help("give it a `reason`")
        );
    }
    Ok(reason)
}

/// Writes it, with the word by which the index knows it; durable when it returns.
async fn write(
    app: &App,
    caller: &Caller,
    incident: &Incident,
    (kind, word): (&'static str, &str),
    body: &impl Serialize,
) -> Result<Json<Recorded>, Refused> {
    let (stream, entries) = (StreamId::incident(&incident.id), vec![NewEntry::new(kind, body)]);
    let row = Some(Row { state: word.to_owned(), ..Row::default() });
    let append = StreamAppend { row, ..StreamAppend::new(stream, app.journal.epoch(), entries) };
    let ticket = app.journal.append(vec![append], With::default())?;
    app.journal.durable_at(ticket.position).await?;
    Ok(Json(Recorded { new: true, by: caller.name.clone(), position: ticket.position }))
}

/// One's turn at an incident, and the incident: refused when it is closed.
pub(super) async fn open<'a>(app: &'a App, id: &str) -> Result<(Turn<'a>, Incident), Refused> {
    let turn = app.closing.lock().await;
    let incident = incidents::find(app, id)?;
    match &incident.closed {
        None => Ok((turn, incident)),
        Some(closed) => Err(over(&incident.id, closed)),
    }
}

/// One's turn at the incident of a run, by its whole id, where there is one: refused when it is closed.
pub(super) async fn turn<'a>(app: &'a App, id: Option<&str>) -> Result<Option<Turn<'a>>, Refused> {
    let Some(id) = id else { return Ok(None) };
    let turn = app.closing.lock().await;
    match incidents::read(app, id)?.and_then(|incident| incident.closed) {
        None => Ok(Some(turn)),
        Some(closed) => Err(over(id, &closed)),
    }
}

fn over(id: &str, closed: &Note) -> Refused {
    let id = short(id);
    let why = format!("incident {id} was closed by {} at {}: {}", closed.by, second(&closed.at), closed.text);
    Refused::new(StatusCode::CONFLICT, "closed", why)
        .help(format!("`stanch incidents reopen {id} --why TEXT` opens it again"))
}

/// What of an incident is open, in words.
struct Left {
    runs: Vec<String>,
    clocks: Vec<String>,
    notices: Vec<String>,
}

fn left(app: &App, incident: &Incident) -> Result<Left, Refused> {
    let id = short(&incident.id);
    let clocks = clocks(app, incident)?.into_iter().filter(|clock| clock.settled.is_none());
    let notices = app.notices.list().into_iter().filter(|notice| {
        notice.incident.as_deref() == Some(&incident.id) && notice.state == "waiting" && notice.next.is_some()
    });
    Ok(Left {
        runs: runs(app, &incident.id)?,
        clocks: clocks
            .map(|clock| format!("clock {id}:{} is {}, due {}", clock.id, clock.state, second(&clock.due)))
            .collect(),
        notices: notices
            .map(|one| format!("notice {} to {} waits for an answer, or goes to the next", one.id, one.name))
            .collect(),
    })
}

/// Those that have not ended: also the ones that an incident does not name, which other runs began.
fn runs(app: &App, incident: &str) -> Result<Vec<String>, Refused> {
    let mut found = Vec::new();
    for row in app.engine.runs(true, usize::MAX)? {
        let of_it = created(app, &row.id)?.filter(|run| run.incident.as_deref() == Some(incident));
        let Some(created) = of_it else { continue };
        let run = app.summaries.line(&app.engine, &row)?.summary.clone();
        let above = created.parent.map(|(parent, _)| format!(", begun by run {},", short(&parent.0)));
        let above = above.unwrap_or_default();
        let waits = run.waits.first().map_or_else(String::new, |wait| format!(": {}", wait.in_short()));
        found.push(format!("run {} of {}{above} is {}{waits}", short(&run.id), run.playbook, run.state));
    }
    Ok(found)
}

/// Its first entry alone: there may be many runs, and few of them are looked at closer.
fn created(app: &App, run: &RunId) -> Result<Option<Created>, Refused> {
    let first = app.journal.read(&StreamId::run(run), 1, 1)?;
    Ok(first.first().and_then(|entry| entry.decode().ok()))
}

impl Left {
    /// One sentence of what is open, with the ways out.
    fn refuse(&self, incident: &Incident) -> Result<(), Refused> {
        let kinds = [
            (
                &self.runs,
                "a run ends by itself, by an answer or by `stanch cancel RUN`; what comes back by itself comes back at \
                 once by `stanch undo` of the run that cut it",
            ),
            (
                &self.clocks,
                "a clock stops by `stanch deadlines sent CLOCK`, or by `stanch deadlines waive CLOCK`",
            ),
            (&self.notices, "a notice by `stanch vendors acknowledged NOTICE`"),
        ];
        let open: Vec<_> = kinds.into_iter().filter(|(open, _)| !open.is_empty()).collect();
        if open.is_empty() {
            return Ok(());
        }
        let words: Vec<String> = open.iter().map(|(open, _)| named(open)).collect();
        let ways: Vec<&str> = open.iter().map(|(_, way)| *way).collect();
        let why = format!("incident {} cannot be closed: {}", short(&incident.id), words.join("; "));
        Err(Refused::new(StatusCode::CONFLICT, "still_open", why).help(ways.join("; ")))
    }
}

fn second(at: &str) -> String {
    let time = at.parse::<Timestamp>();
    time.map_or_else(|_| at.to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// The first of them, and how many more there are.
fn named(open: &[String]) -> String {
    let more = open.len().saturating_sub(NAMED);
    let words = open[..open.len() - more].join("; ");
    if more == 0 { words } else { format!("{words}; and {more} more") }
}
