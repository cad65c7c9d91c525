//! Notices to vendors: what came of them, and what people say of them.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use http::StatusCode;
use serde_json::json;
use stanch_model::{
    RunId,
    api::{self, AcknowledgedBody, BouncedBody, NoticeView, Page, Recorded, Role},
    incident::{Noted, kind},
    run::RunState,
};

use super::{
    Route,
    body::{Body, Maybe},
    incidents, returned,
};
use crate::{
    app::{App, Shared},
    auth::Caller,
    notices::NotFound,
    problem::Refused,
};

/// The routes of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/notices",
            "listNotices",
            "Notices to vendors with what came of them, newest first",
            list,
        )
        .may(Role::Viewer)
        .gives::<Page<api::NoticeView>>(),
        Route::post(
            "/v1/notices/{id}/acknowledged",
            "noticeAcknowledged",
            "Somebody at the vendor answered: nobody else is written to",
            acknowledged,
        )
        .may(Role::Responder)
        .takes::<api::AcknowledgedBody>()
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/notices/{id}/bounced",
            "noticeBounced",
            "A mail came back: the next contact is written to at once",
            bounced,
        )
        .may(Role::Responder)
        .takes::<api::BouncedBody>()
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/notices/returned",
            "mailReturned",
            "A delivery report as it came by mail, raw: what came back goes to a vendor's next contact, or to others of us",
            returned::take,
        )
        .may(Role::Responder)
        .gives::<api::MailReturned>(),
    ]
}

/// `GET /v1/notices`
pub(super) async fn list(State(app): State<Shared>) -> Json<Page<NoticeView>> {
    Json(Page { items: app.notices.list(), next: None })
}

/// `POST /v1/notices/{id}/acknowledged`
pub(super) async fn acknowledged(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<AcknowledgedBody>,
) -> Result<Json<Recorded>, Refused> {
    let reason = said(&body.reason, "who answered, and how")?;
    let notice = find(&app, &id)?;
    let same = |note: &stanch_model::api::Note| note.by == caller.name && note.text == reason;
    if notice.acknowledged.as_ref().is_some_and(same) {
        return Ok(incidents::known(&app, &caller));
    }
    app.notices.acknowledge(&notice.id, &caller.name, &reason, app.now()).await?;
    let text = format!("{} acknowledged the notice \"{}\": {reason}", notice.name, notice.subject);
    let recorded = note(&app, &caller, &notice, text).await?;
    signal(&app, &notice, &caller, &reason).await?;
    Ok(recorded)
}

/// `POST /v1/notices/{id}/bounced`
pub(super) async fn bounced(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Maybe(body): Maybe<BouncedBody>,
) -> Result<Json<Recorded>, Refused> {
    let notice = find(&app, &id)?;
    let reason = incidents::text(&body.reason)?;
    let rungs = app.notices.rungs(&notice.id, body.to.as_deref());
    if rungs.is_empty() {
        let to = body.to.as_deref().unwrap_or_default();
        let why = format!("this notice was not written to `{to}`");
        let written = notice.rungs.iter().filter(|rung| rung.at.is_some()).map(|rung| rung.mail.as_str());
        let help = format!("it went to {}", written.collect::<Vec<_>>().join(", "));
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "not_written_to", why).help(help));
    }
    let came_back: Vec<&str> = rungs.iter().map(|rung| notice.rungs[*rung].mail.as_str()).collect();
    let is_known = rungs.iter().all(|rung| notice.rungs[*rung].state == "bounced");
    let text = format!("The notice \"{}\" came back from {}: {reason}", notice.subject, came_back.join(", "));
    if is_known {
        return Ok(incidents::known(&app, &caller));
    }
    app.notices.bounced(&notice.id, rungs, (&caller.name, &reason), app.now()).await?;
    note(&app, &caller, &notice, text).await
}

fn find(app: &App, text: &str) -> Result<NoticeView, Refused> {
    app.notices.find(text).map_err(|why| match why {
        NotFound::None(waiting) if waiting.is_empty() => {
            Refused::not_found(format!("there is no notice `{text}`")).help("none waits for an answer")
        }
        NotFound::None(waiting) => Refused::not_found(format!("there is no notice `{text}`"))
            .help(format!("these wait: {}", waiting.join(", "))),
        NotFound::Several(several) => {
            Refused::new(StatusCode::BAD_REQUEST, "ambiguous", format!("`{text}` means several notices"))
                .help(format!("write one of {}", several.join(", ")))
        }
    })
}

fn said(reason: &str, what: &str) -> Result<String, Refused> {
    let reason = incidents::text(reason)?;
    if reason.is_empty() {
        let why = format!("say {what}");
        return Err(
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "no_reason", why).help("give it a `reason`")
        );
    }
    Ok(reason)
}

/// The incident's timeline tells it too.
pub(super) async fn note(
    app: &App,
    caller: &Caller,
    notice: &NoticeView,
    text: String,
) -> Result<Json<Recorded>, Refused> {
    match &notice.incident {
        Some(incident) => {
            let noted = Noted { by: caller.name.clone(), text };
            incidents::append(app, caller, incident, kind::NOTED, &noted).await
        }
        None => Ok(Json(Recorded { new: true, by: caller.name.clone(), position: app.journal.durable() })),
    }
}

/// A script that waits for `vendor.replied` goes on.
async fn signal(app: &App, notice: &NoticeView, caller: &Caller, reason: &str) -> Result<(), Refused> {
    let run = RunId(notice.run.clone());
    if app.engine.view(&run)?.state == RunState::Ended {
        return Ok(());
    }
    let data = json!({ "vendor": notice.vendor, "name": notice.name, "notice": notice.id, "by": caller.name, "text": reason });
    let key = format!("{} acknowledged", notice.id);
    app.engine.signal(&run, &key, "vendor.replied", data).await?;
    Ok(())
}
