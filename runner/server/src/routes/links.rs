//! Cards on a phone: the page behind a link, what it sends, and buttons in Slack. Looking changes nothing, however often and by
//! whomever it is done: mail scanners open links. Only a `POST` answers, and it answers for the link's person alone.

use axum::{
    Extension, Json,
    extract::{Form, Path, State, rejection::FormRejection},
    response::Response,
};
use http::StatusCode;
use stanch_model::api::{self, LinkBody, MadeLink, Role};

use super::{
    Route,
    body::Body,
    cards, presses,
    shown::{Said, Shown, onward, page},
};
use crate::{
    app::{App, Shared, mode_word},
    auth::Caller,
    link::{Sheet, Shut},
    problem::Refused,
    views,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/links", "makeLink", "Makes a link by which one person answers one card", make)
            .may(Role::Responder)
            .takes::<api::LinkBody>()
            .gives::<api::MadeLink>(),
        Route::get("/a/{link}", "openLink", "A card as a page; looking changes nothing", open)
            .by_link()
            .media("text/html"),
        Route::post("/a/{link}", "sendLink", "The page's form: an answer by the link's person", send)
            .by_link()
            .media("text/html"),
        Route::post("/v1/slack", "pressButton", "A button in Slack was pressed", presses::press).by_source(),
    ]
}

/// `GET /a/{link}`
async fn open(State(app): State<Shared>, Path(link): Path<String>) -> Response {
    match look(&app, &link) {
        Ok(shown) => {
            let mut sheet = shown.sheet(None);
            if app.logins.as_ref().is_some_and(|logins| logins.has_pages()) {
                sheet.offer_login(&shown.card.id, &shown.who);
            }
            page(StatusCode::OK, &sheet)
        }
        Err(shut) => *shut,
    }
}

/// `POST /a/{link}`
async fn send(
    State(app): State<Shared>,
    Path(link): Path<String>,
    said: Result<Form<Said>, FormRejection>,
) -> Response {
    let shown = match look(&app, &link) {
        Ok(shown) => shown,
        Err(shut) => return *shut,
    };
    match shown.say(&app, said, |_, _| Ok(())).await {
        Ok(()) => onward(&format!("{}{link}", crate::link::PATH)),
        Err(why) => *why,
    }
}

/// `POST /v1/links`
async fn make(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<LinkBody>,
) -> Result<Json<MadeLink>, Refused> {
    let (_, view, wait) = cards::find(&app, &body.card)?;
    let who = body.r#for.unwrap_or_else(|| caller.name.clone());
    if who != caller.name {
        caller.must_be(Role::Admin)?;
    }
    let card = views::card(&view, wait);
    let now = app.now();
    let url = app.links.to(&card.id, &who, now).ok_or_else(|| {
        Refused::new(
            StatusCode::CONFLICT,
            "no_public",
            "nobody knows under which address people reach this server",
        )
        .help("write `server: { public: https://… }` in stanch.yaml")
    })?;
    let note = serde_json::json!({ "card": card.id, "for": who, "by": caller.name });
    app.people.append("link.made", &note).await?;
    let until = now.checked_add(crate::link::LASTS).unwrap_or(now).to_string();
    Ok(Json(MadeLink { url, card: card.id, r#for: who, until }))
}

/// What a link opens.
fn look(app: &App, link: &str) -> Result<Shown, Box<Response>> {
    let mode = mode_word(app.mode);
    let pass = app.links.read(link, app.now()).map_err(|shut| {
        let (status, title, text) = match shut {
            Shut::Foreign => (
                StatusCode::NOT_FOUND,
                "This link opens nothing",
                "It was not made by this server, or a part of it was lost on its way. Open it from the message anew, or ask for another: stanch link CARD.",
            ),
            Shut::Over => (
                StatusCode::GONE,
                "This link's time is over",
                "Ask to be reminded: stanch remind CARD brings a new one.",
            ),
        };
        Box::new(page(status, &Sheet::words(mode, title, text)))
    })?;
    Shown::new(app, &pass.card, &pass.who).map_err(|refused| {
        Box::new(page(refused.status(), &Sheet::words(mode, "This card cannot be shown", refused.message())))
    })
}
