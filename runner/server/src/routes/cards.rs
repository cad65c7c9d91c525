//! What waits for a person, and what a person says.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use stanch_engine::{Answer, BreakGlass, Receipt, Resolve, Standing};
use stanch_model::{
    RunId,
    api::{
        AnswerBody, AskBody, BreakGlassBody, Card, DecideBody, Page, Recorded, ResolveBody, Role, Verdict,
    },
    run::{RunView, WaitKind, WaitView},
};

use super::body::Body;
use crate::{
    app::{App, Shared},
    auth::Caller,
    card,
    problem::Refused,
    views,
};

/// Runs that are looked through for cards.
const RUNS: usize = 10_000;

/// `GET /v1/approvals`
pub(super) async fn approvals(State(app): State<Shared>) -> Result<Json<Page<Card>>, Refused> {
    page(waiting(&app, |kind| kind == WaitKind::Approval))
}

/// `GET /v1/questions`
pub(super) async fn questions(State(app): State<Shared>) -> Result<Json<Page<Card>>, Refused> {
    page(waiting(&app, |kind| kind != WaitKind::Approval))
}

fn page(items: Result<Vec<Card>, Refused>) -> Result<Json<Page<Card>>, Refused> {
    items.map(|items| Json(Page { items, next: None }))
}

/// What waits for people, oldest first.
pub(super) fn waiting(app: &App, wanted: impl Fn(WaitKind) -> bool) -> Result<Vec<Card>, Refused> {
    let mut items = Vec::new();
    for row in app.engine.runs(true, RUNS)? {
        let line = app.summaries.line(&app.engine, &row)?;
        let cards = line.cards.iter().filter(|card| wanted(card.wait.kind));
        items.extend(cards.map(|found| card::complete(app, found.clone())));
    }
    items.sort_by(|a, b| (&a.wait.since, &a.id).cmp(&(&b.wait.since, &b.id)));
    Ok(items)
}

/// Whether somebody's role is enough to say this here.
pub(super) fn may_say(caller: &Caller, wait: &WaitView, say: &str) -> Result<(), Refused> {
    match wait.kind {
        WaitKind::Approval => caller.must_be(Role::Approver),
        WaitKind::Guard if say == "go_on" => caller.must_be(Role::Approver),
        _ => caller.must_be(Role::Responder),
    }
}

/// `GET /v1/approvals/{id}` and `GET /v1/questions/{id}`
pub(super) async fn show(State(app): State<Shared>, Path(id): Path<String>) -> Result<Json<Card>, Refused> {
    let (_, view, wait) = find(&app, &id)?;
    Ok(Json(card::complete(&app, views::card(&view, wait))))
}

/// `POST /v1/approvals/{id}`
pub(super) async fn decide(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<DecideBody>,
) -> Result<Json<Recorded>, Refused> {
    let (run, _, wait) = find(&app, &id)?;
    if wait.kind != WaitKind::Approval {
        return Err(Refused::bad(format!("{id} is no approval")).help("answer it under /v1/questions"));
    }
    let answer = said(&caller, &wait, body.say.as_str(), body.reason);
    Ok(recorded(&caller, app.engine.answer(&run, answer).await?))
}

/// `POST /v1/questions/{id}`
pub(super) async fn answer(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<AnswerBody>,
) -> Result<Json<Recorded>, Refused> {
    let (run, _, wait) = find(&app, &id)?;
    // what a responder may answer must never be a way around what only an approver may say
    if wait.kind == WaitKind::Approval {
        return Err(Refused::bad(format!("{id} is an approval")).help("decide it under /v1/approvals"));
    }
    may_say(&caller, &wait, &body.answer)?;
    let answer = said(&caller, &wait, &body.answer, body.note);
    Ok(recorded(&caller, app.engine.answer(&run, answer).await?))
}

/// `POST /v1/questions/{id}/remind`
pub(super) async fn remind(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Recorded>, Refused> {
    let (run, _, wait) = find(&app, &id)?;
    Ok(recorded(&caller, app.engine.remind(&run, &wait.id, caller.by()).await?))
}

/// `POST /v1/questions/{id}/ask`
pub(super) async fn ask_someone(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<AskBody>,
) -> Result<Json<Recorded>, Refused> {
    let (run, _, wait) = find(&app, &id)?;
    Ok(recorded(&caller, app.engine.ask_someone(&run, &wait.id, body.name.trim(), caller.by()).await?))
}

/// `POST /v1/questions/{id}/break-glass`
pub(super) async fn break_glass(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<BreakGlassBody>,
) -> Result<Json<Recorded>, Refused> {
    let (run, _, wait) = find(&app, &id)?;
    let glass = BreakGlass {
        wait: wait.id,
        who: caller.name.clone(),
        standing: if caller.role == Role::Admin { Standing::Admin } else { Standing::Approver },
        channel: caller.channel().to_owned(),
        reason: body.reason,
    };
    Ok(recorded(&caller, app.engine.break_glass(&run, glass).await?))
}

/// `POST /v1/runs/{id}/resolve`
pub(super) async fn resolve(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<ResolveBody>,
) -> Result<Json<Recorded>, Refused> {
    let run = app.engine.find(&id)?;
    let how = match body.verdict {
        Verdict::Done => Resolve::Done,
        Verdict::Retry => Resolve::Retry,
        Verdict::Skip => Resolve::Skip,
        Verdict::Abort => Resolve::Abort,
    };
    let note = body.note.unwrap_or_default();
    let receipt = app.engine.resolve(&run, &body.step, how, &caller.name, caller.channel(), &note).await?;
    Ok(recorded(&caller, receipt))
}

/// The run and the wait that a card's id names: `<run>:<wait>`, where the run may be shortened.
pub(super) fn find(app: &App, id: &str) -> Result<(RunId, RunView, WaitView), Refused> {
    let (run, wait) =
        id.split_once(':').ok_or_else(|| Refused::bad(format!("`{id}` is not `<run>:<wait>`")))?;
    let run = app.engine.find(run)?;
    let view = app.engine.view(&run)?;
    let found = view.waits.iter().find(|known| known.id.eq_ignore_ascii_case(wait)).cloned();
    let found = found.filter(|wait| wait.kind.needs_person());
    let found =
        found.ok_or_else(|| Refused::not_found(format!("run {run} asks nobody anything as {wait}")))?;
    Ok((run, view, found))
}

fn said(caller: &Caller, wait: &WaitView, say: &str, reason: Option<String>) -> Answer {
    Answer {
        wait: wait.id.clone(),
        say: say.to_owned(),
        who: caller.name.clone(),
        channel: caller.channel().to_owned(),
        reason: reason.unwrap_or_default(),
    }
}

/// The answer to everything that a person says: it is durable.
pub(super) fn recorded(caller: &Caller, receipt: Receipt) -> Json<Recorded> {
    Json(Recorded { new: receipt.new, by: caller.name.clone(), position: receipt.position })
}
