//! A card as a page that one person answers, whichever way they came to it: by a link, or logged in.

use axum::{
    extract::{Form, rejection::FormRejection},
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
    api::Card,
    run::{RunView, WaitView},
};

use super::cards;
use crate::{
    app::App,
    card,
    link::{Foot, Sheet, style_hash},
    problem::Refused,
    views,
};

/// How often it is looked whether a run has heard somebody, and how long between.
const HEARD: u32 = 100;
const LOOK: std::time::Duration = std::time::Duration::from_millis(20);

/// What the page's form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    say: String,
    why: String,
    typed: String,
    /// What only a page of the same session holds.
    pub(super) ticket: String,
}

/// A card before somebody.
pub(super) struct Shown {
    pub(super) who: String,
    pub(super) card: Card,
    pub(super) wait: WaitView,
    typed: Option<String>,
    /// What the form brings along.
    pub(super) ticket: Option<String>,
}

impl Shown {
    /// This card, before this person.
    pub(super) fn new(app: &App, card: &str, who: &str) -> Result<Self, Refused> {
        let (_, view, wait): (_, RunView, WaitView) = cards::find(app, card)?;
        let card = card::complete(app, views::card(&view, wait.clone()));
        let typed = card.is_permanent().then(|| card.name_to_type(&view.input));
        Ok(Self { who: who.to_owned(), card, wait, typed, ticket: None })
    }

    /// The page; `wrong` is what was not taken of the last try.
    pub(super) fn sheet(&self, wrong: Option<&str>) -> Sheet {
        match self.spent() {
            Some(words) => Sheet::card(&self.card, &self.who, &Foot::Words(&words)),
            None => {
                let (typed, ticket) = (self.typed.as_deref(), self.ticket.as_deref());
                Sheet::card(&self.card, &self.who, &Foot::Form { typed, wrong, ticket })
            }
        }
    }

    /// What its person said already, or how the card ended without them: then nothing more can be said here.
    fn spent(&self) -> Option<String> {
        let own = self.wait.decisions.iter().rev().find(|decision| decision.who == self.who);
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

    /// Says what the form brought. Durable when this returns.
    ///
    /// # Errors
    /// The page that says why it was not taken.
    pub(super) async fn say(
        &self,
        app: &App,
        said: Result<Form<Said>, FormRejection>,
        may: impl FnOnce(&WaitView, &str) -> Result<(), Refused>,
    ) -> Result<(), Box<Response>> {
        let wrong = |status, why: &str| Box::new(page(status, &self.sheet(Some(why))));
        let said = match said {
            Ok(Form(said)) => said,
            Err(why) => return Err(wrong(why.status(), "Not taken: this is not what the form sends.")),
        };
        if self.spent().is_some() {
            return Err(Box::new(page(StatusCode::CONFLICT, &self.sheet(None))));
        }
        let say = said.say.trim();
        if say.is_empty() {
            return Err(wrong(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Nothing was said: choose one of the answers.",
            ));
        }
        let refused = |why: Refused| wrong(why.status(), &format!("Not taken: {}.", why.message()));
        may(&self.wait, say).map_err(refused)?;
        let must_type = self.typed.as_deref().filter(|_| say == "approve");
        if let Some(name) = must_type.filter(|name| !said.typed.trim().eq_ignore_ascii_case(name)) {
            return Err(wrong(
                StatusCode::UNPROCESSABLE_ENTITY,
                &format!("Not taken: a yes needs {name} to be typed, since it cannot be taken back."),
            ));
        }
        let answer = Answer {
            wait: self.wait.id.clone(),
            say: say.to_owned(),
            who: self.who.clone(),
            channel: "web".to_owned(),
            reason: said.why.trim().to_owned(),
        };
        let run = stanch_model::RunId(self.card.run.clone());
        app.engine.answer(&run, answer).await.map_err(|error| refused(error.into()))?;
        self.heard(app, &run).await;
        Ok(())
    }

    /// The word is durable; the run hears it a moment later. The page that follows shall not ask once more what was just
    /// said, so it waits for that a little.
    async fn heard(&self, app: &App, run: &stanch_model::RunId) {
        let own = |wait: &WaitView| {
            wait.id == self.wait.id && wait.decisions.iter().any(|decision| decision.who == self.who)
        };
        for _ in 0..HEARD {
            match app.engine.view(run) {
                Ok(view) if !view.waits.iter().any(own) => {}
                _ => return,
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

pub(super) fn clock(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    format!("{} UTC", at.strftime("%Y-%m-%d %H:%M"))
}

pub(super) fn page(status: StatusCode, sheet: &Sheet) -> Response {
    let mut response = (status, sheet.html()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    guarded(response)
}

/// To another address by GET: whoever loads it anew sends nothing twice.
pub(super) fn onward(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
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
