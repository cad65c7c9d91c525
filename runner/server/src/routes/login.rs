//! Pages for people who log in at the provider: the way there and back, what waits for them, and their word, as themselves.
//! Only a `POST` with the session's ticket says anything.

use axum::{
    extract::{Form, Path, State, rejection::FormRejection},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use stanch_integrations::openid::{self, Claims, ProviderError};
use stanch_model::{
    api::{Card, LoginWay, Role},
    run::{WaitKind, WaitView},
};

use super::{
    Route,
    body::Asked,
    cards,
    shown::{Said, Shown, onward, page},
};
use crate::{
    app::{App, Shared, mode_word},
    auth::Caller,
    link::Sheet,
    login::{self, Begun, LOGIN, Logins, SESSION, Session, Why, trouble},
    problem::Refused,
};

const CARD: &[(&str, &str)] = &[("card", "the card that it leads back to")];

const BACK: &[(&str, &str)] = &[
    ("code", "what the provider gives"),
    ("state", "what we gave it"),
    ("iss", "who it is"),
    ("error", "why it gives nothing"),
];

pub(super) fn routes() -> Vec<Route> {
    let page = "text/html";
    vec![
        Route::get("/login", "beginLogin", "Leads a browser to the provider where people log in", begin)
            .open()
            .query(CARD)
            .media(page),
        Route::get(login::CALLBACK, "endLogin", "Where the provider sends the browser back to", back)
            .open()
            .query(BACK)
            .media(page),
        Route::post("/logout", "logOutOfPages", "Ends the session of this browser", leave)
            .by_browser()
            .media(page),
        Route::get("/cards", "listOwnCards", "What waits for whoever is logged in, as a page", list)
            .by_browser()
            .media(page),
        Route::get("/cards/{id}", "openCard", "A card as a page; looking changes nothing", open)
            .by_browser()
            .media(page),
        Route::post("/cards/{id}", "sendCard", "The page's form: an answer by whoever is logged in", send)
            .by_browser()
            .media(page),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Whither {
    card: Option<String>,
}

/// What the provider adds to the address.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Back {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// `GET /login`
async fn begin(State(app): State<Shared>, Asked(to): Asked<Whither>) -> Response {
    match begun(&app, to.card.as_deref()).await {
        Ok(response) => response,
        Err(why) => sorry(&app, "Nobody can log in now", &why),
    }
}

async fn begun(app: &App, card: Option<&str>) -> Result<Response, Refused> {
    let logins = logins(app)?;
    let redirect = logins.redirect().ok_or_else(no_way_back)?;
    logins.pace()?;
    let random = || login::random().map_err(broken);
    let then = match card.filter(|card| is_card(card)) {
        Some(card) => format!("/cards/{}", crate::link::percent(card)),
        None => "/cards".to_owned(),
    };
    let until = Timestamp::now().as_second() + login::PATIENCE.as_secs().cast_signed();
    let begun = Begun { state: random()?, nonce: random()?, verifier: random()?, then, until };
    let to = logins.provider.begin(&redirect, &begun.state, &begun.nonce, &begun.verifier).await;
    let to = to.map_err(|why| {
        tracing::warn!(%why, "nobody can log in");
        trouble(&why)
    })?;
    let sealed = logins.seal.close(&begun).map_err(broken)?;
    let mut response = onward(to.as_str());
    login::give(response.headers_mut(), LOGIN, logins.secure, &sealed, login::PATIENCE.as_secs());
    Ok(response)
}

/// `GET /login/callback`
async fn back(State(app): State<Shared>, headers: HeaderMap, Asked(back): Asked<Back>) -> Response {
    let mut response = match arrived(&app, &headers, back).await {
        Ok(response) => response,
        Err(why) => sorry(&app, "You are not logged in", &why),
    };
    if let Some(logins) = &app.logins {
        login::clear(response.headers_mut(), LOGIN, logins.secure);
    }
    response
}

/// Nothing is written of a browser that comes with what did not begin in it: whoever wants can send us those.
async fn arrived(app: &App, headers: &HeaderMap, back: Back) -> Result<Response, Refused> {
    let logins = logins(app)?;
    let redirect = logins.redirect().ok_or_else(no_way_back)?;
    let begun =
        login::read(headers, LOGIN, logins.secure).and_then(|sealed| logins.seal.open::<Begun>(&sealed));
    let own = begun.filter(|begun| {
        let same =
            back.state.as_ref().is_some_and(|state| login::same(state.as_bytes(), begun.state.as_bytes()));
        same && Timestamp::now().as_second() <= begun.until
    });
    let Some(begun) = own else {
        let message = "this login did not begin in this browser, or took longer than ten minutes";
        return Err(Refused::bad(message).help("begin again"));
    };
    logins.pace()?;
    let claims = match claims(logins, &redirect, &begun, &back).await {
        Ok(claims) => claims,
        Err(why) => {
            login::refused(app, LoginWay::Web, Why::Provider(&why)).await;
            return Err(trouble(&why));
        }
    };
    let made = known(app, logins, LoginWay::Web, &claims).await?;
    let mut response = onward(&begun.then);
    login::give(response.headers_mut(), SESSION, logins.secure, &made.token, logins.config.lasts().as_secs());
    Ok(response)
}

async fn claims(
    logins: &Logins,
    redirect: &str,
    begun: &Begun,
    back: &Back,
) -> Result<Claims, ProviderError> {
    logins.provider.is_own(back.iss.as_deref()).await?;
    if let Some(word) = &back.error {
        return Err(openid::refusal(word));
    }
    let code = back.code.as_deref().unwrap_or_default();
    logins.provider.redeem(code, redirect, &begun.nonce, &begun.verifier).await
}

/// Lets in whom the configuration knows.
pub(super) async fn known(
    app: &App,
    logins: &Logins,
    way: LoginWay,
    claims: &Claims,
) -> Result<stanch_model::api::MadeToken, Refused> {
    match login::person(&logins.config, &app.config.people, claims) {
        Ok(person) => login::admit(app, &person, way).await,
        Err(why) => {
            login::refused(app, way, Why::NotIn(&why)).await;
            Err(Refused::new(StatusCode::FORBIDDEN, why.code(), why.to_string()).help(why.help()))
        }
    }
}

/// `POST /logout`
async fn leave(
    State(app): State<Shared>,
    headers: HeaderMap,
    said: Result<Form<Said>, FormRejection>,
) -> Response {
    let session = match session(&app, &headers, None) {
        Ok(session) => session,
        Err(gate) => return *gate,
    };
    if !said.is_ok_and(|Form(said)| session.made(&said.ticket)) {
        return sorry(&app, "You are still logged in", &another_page());
    }
    if let Err(why) = login::ended(&app, &session.caller).await {
        return sorry(&app, "You are still logged in", &why);
    }
    let mut response = onward("/cards");
    if let Some(logins) = &app.logins {
        login::clear(response.headers_mut(), SESSION, logins.secure);
    }
    response
}

/// `GET /cards`
async fn list(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let session = match session(&app, &headers, None) {
        Ok(session) => session,
        Err(gate) => return *gate,
    };
    match cards::waiting(&app, |_| true) {
        Ok(all) => {
            let total = all.len();
            let own: Vec<Card> = all.into_iter().filter(|card| asks(card, &session.caller)).collect();
            let sheet = login::cards(mode_word(app.mode), &session, &own, total - own.len());
            page(StatusCode::OK, &sheet)
        }
        Err(why) => sorry(&app, "The cards cannot be shown", &why),
    }
}

/// Whether a card waits for this person, and they have not spoken yet.
fn asks(card: &Card, caller: &Caller) -> bool {
    let spoke = card.wait.decisions.iter().any(|decision| decision.who == caller.name);
    let asked = card.asked.is_empty() || card.asked.contains(&caller.name);
    let least = if card.wait.kind == WaitKind::Approval { Role::Approver } else { Role::Responder };
    asked && !spoke && caller.role >= least
}

/// `GET /cards/{id}`
async fn open(State(app): State<Shared>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    match before(&app, &headers, &id) {
        Ok((session, shown)) => page(StatusCode::OK, &login::with_foot(shown.sheet(None), &session)),
        Err(why) => *why,
    }
}

/// `POST /cards/{id}`
async fn send(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    said: Result<Form<Said>, FormRejection>,
) -> Response {
    let (session, shown) = match before(&app, &headers, &id) {
        Ok(found) => found,
        Err(why) => return *why,
    };
    if !said.as_ref().is_ok_and(|Form(said)| session.made(&said.ticket)) {
        return sorry(&app, "Not taken", &another_page());
    }
    let may = |wait: &WaitView, say: &str| cards::may_say(&session.caller, wait, say);
    match shown.say(&app, said, may).await {
        Ok(()) => onward(&format!("/cards/{}", crate::link::percent(&shown.card.id))),
        Err(why) => *why,
    }
}

/// A card before whoever is logged in.
fn before(app: &App, headers: &HeaderMap, id: &str) -> Result<(Session, Shown), Box<Response>> {
    let session = session(app, headers, Some(id))?;
    let mut shown = Shown::new(app, id, &session.caller.name)
        .map_err(|why| Box::new(sorry(app, "This card cannot be shown", &why)))?;
    shown.ticket = Some(session.ticket.clone());
    Ok((session, shown))
}

/// Who is logged in, or the gate.
fn session(app: &App, headers: &HeaderMap, card: Option<&str>) -> Result<Session, Box<Response>> {
    let logins = logins(app).map_err(|why| Box::new(sorry(app, "Nobody logs in here", &why)))?;
    let Some(session) = Session::of(app, headers) else {
        let gate =
            login::gate(mode_word(app.mode), &logins.provider.host(), card.filter(|card| is_card(card)));
        return Err(Box::new(page(StatusCode::UNAUTHORIZED, &gate)));
    };
    let taken = app.callers.take(&session.caller.through.to_string(), 1, std::time::Instant::now());
    taken.map_err(|wait| Box::new(sorry(app, "Too fast", &Refused::too_fast(wait))))?;
    Ok(session)
}

fn is_card(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-' | '_');
    (1..=128).contains(&text.len()) && text.chars().all(fits)
}

/// Logging in, where the configuration has it.
pub(super) fn logins(app: &App) -> Result<&Logins, Refused> {
    app.logins.as_ref().ok_or_else(|| {
        Refused::new(StatusCode::NOT_FOUND, "no_login", "nobody logs in at this server: it has no provider")
            .help("write `server: { oidc: … }` in stanch.yaml, or use a token of `stanch tokens new`")
    })
}

fn no_way_back() -> Refused {
    let message = "nobody knows under which address browsers reach this server";
    Refused::new(StatusCode::CONFLICT, "no_public", message)
        .help("write `server: { public: https://… }` in stanch.yaml")
}

fn another_page() -> Refused {
    let message = "this form does not come from a page of your session";
    Refused::new(StatusCode::FORBIDDEN, "ticket", message).help("load the page anew and send its own form")
}

fn broken(why: impl Into<String>) -> Refused {
    Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "login", why.into())
}

/// A refusal as a page, with the way out and the way back.
fn sorry(app: &App, title: &str, why: &Refused) -> Response {
    let mut sheet = Sheet::words(mode_word(app.mode), title, &format!("{}.", sentence(why.message())));
    if let Some(help) = why.way_out() {
        sheet.add(&format!("<p>{}.</p>\n", stanch_response::page::escape(&sentence(help))));
    }
    if app.logins.is_some() {
        sheet.add("<a class=\"button\" href=\"/cards\">Back</a>\n");
    }
    page(why.status(), &sheet)
}

fn sentence(text: &str) -> String {
    if text.starts_with("http") {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
