//! Cards on a phone: the page behind a link, what it sends, and buttons in Slack. Looking changes nothing, however often and by
//! whomever it is done: mail scanners open links. Only a `POST` answers, and it answers for the link's person alone.

use axum::{
    Extension, Json,
    extract::{Form, Path, State, rejection::FormRejection},
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use serde::Deserialize;
use stanch_engine::Answer;
use stanch_model::{
    api::{self, Card, LinkBody, MadeLink, Role},
    run::{RunView, WaitView},
};

use super::{Route, body::Body, cards, presses};
use crate::{
    app::{App, Shared, mode_word},
    auth::Caller,
    card,
    link::{Foot, Pass, Sheet, Shut, style_hash},
    problem::Refused,
    views,
};

/// What the page's form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    say: String,
    why: String,
    typed: String,
}

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
        Ok(found) => page(StatusCode::OK, &found.sheet(None)),
        Err(shut) => *shut,
    }
}

/// `POST /a/{link}`
async fn send(
    State(app): State<Shared>,
    Path(link): Path<String>,
    said: Result<Form<Said>, FormRejection>,
) -> Response {
    let found = match look(&app, &link) {
        Ok(found) => found,
        Err(shut) => return *shut,
    };
    let said = match said {
        Ok(Form(said)) => said,
        Err(why) => {
            return page(why.status(), &found.sheet(Some("Not taken: this is not what the form sends.")));
        }
    };
    if found.spent().is_some() {
        return page(StatusCode::CONFLICT, &found.sheet(None));
    }
    let wrong = |status, why: &str| page(status, &found.sheet(Some(why)));
    let say = said.say.trim();
    if say.is_empty() {
        return wrong(StatusCode::UNPROCESSABLE_ENTITY, "Nothing was said: choose one of the answers.");
    }
    let must_type = found.typed.as_deref().filter(|_| say == "approve");
    if let Some(name) = must_type.filter(|name| !said.typed.trim().eq_ignore_ascii_case(name)) {
        return wrong(
            StatusCode::UNPROCESSABLE_ENTITY,
            &format!("Not taken: a yes needs {name} to be typed, since it cannot be taken back."),
        );
    }
    let answer = Answer {
        wait: found.wait.id.clone(),
        say: say.to_owned(),
        who: found.pass.who.clone(),
        channel: "web".to_owned(),
        reason: said.why.trim().to_owned(),
    };
    let run = stanch_model::RunId(found.card.run.clone());
    match app.engine.answer(&run, answer).await {
        // back to the page by GET: whoever loads it anew sends nothing twice
        Ok(_) => {
            let mut response = StatusCode::SEE_OTHER.into_response();
            if let Ok(back) = HeaderValue::from_str(&format!("{}{link}", crate::link::PATH)) {
                response.headers_mut().insert(LOCATION, back);
            }
            guarded(response)
        }
        Err(error) => {
            let refused = Refused::from(error);
            wrong(refused.status(), &format!("Not taken: {}.", refused.message()))
        }
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
struct Found {
    pass: Pass,
    card: Card,
    wait: WaitView,
    typed: Option<String>,
}

fn look(app: &App, link: &str) -> Result<Found, Box<Response>> {
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
    let missing = |refused: Refused| {
        Box::new(page(refused.status(), &Sheet::words(mode, "This card cannot be shown", refused.message())))
    };
    let (_, view, wait): (_, RunView, WaitView) = cards::find(app, &pass.card).map_err(missing)?;
    let card = card::complete(app, views::card(&view, wait.clone()));
    let typed = card.is_permanent().then(|| card.name_to_type(&view.input));
    Ok(Found { pass, card, wait, typed })
}

impl Found {
    /// What its person said already, or how the card ended without them: then nothing more can be said here.
    fn spent(&self) -> Option<String> {
        let own = self.wait.decisions.iter().rev().find(|decision| decision.who == self.pass.who);
        let rest = match &self.wait.closed {
            Some(closed) if closed.who.is_empty() => format!(" The card ended: {}.", closed.say),
            Some(closed) => format!(" The card ended: {} ({}).", closed.say, closed.who),
            None => format!(" The card waits for more people, {} in all.", self.wait.of),
        };
        match (own, &self.wait.closed) {
            (Some(own), _) => Some(format!("You said {} at {}.{rest}", own.say, clock(own.at_ms))),
            (None, Some(_)) => Some(format!("Nothing is asked any more.{rest}")),
            (None, None) => None,
        }
    }

    fn sheet(&self, wrong: Option<&str>) -> Sheet {
        match self.spent() {
            Some(words) => Sheet::card(&self.card, &self.pass.who, &Foot::Words(&words)),
            None => {
                let foot = Foot::Form { typed: self.typed.as_deref(), wrong };
                Sheet::card(&self.card, &self.pass.who, &foot)
            }
        }
    }
}

fn clock(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    format!("{} UTC", at.strftime("%Y-%m-%d %H:%M"))
}

fn page(status: StatusCode, sheet: &Sheet) -> Response {
    let mut response = (status, sheet.html()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    guarded(response)
}

/// Nothing of a page is kept, framed, scripted, or told to the next address.
fn guarded(mut response: Response) -> Response {
    let policy = format!(
        "default-src 'none'; style-src {}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        style_hash()
    );
    let headers: &mut HeaderMap = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    response
}
