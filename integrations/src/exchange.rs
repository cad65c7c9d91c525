//! One attempt on the wire: build, prove, send, judge; for lists page by page.

use std::{collections::HashSet, time::Duration};

use serde_json::Value;
use stanch_model::{Effect, secret::SecretBox};
use tokio::time::{Instant, timeout_at};

use crate::{
    auth::{Around, AuthError, Used},
    bind::{Bound, Refusal, bind},
    call::{By, ErrorKind, More, Outcome},
    limit::Limiter,
    mail::{Handed, Mail},
    member::Member,
    request::{Builder, Built, HttpRequest},
    response::{self, Answer, Next, Verdict},
    scope::Vars,
    scrub::Scrub,
    spec::{ActionSpec, CallSpec, Paging},
    template::Lookup,
    transport::{MailRoute, SendError, Transport},
};

/// Longest chain of pages that is followed.
const MOST_PAGES: u32 = 1_000;
/// Most rows that one list may give.
const MOST_ROWS: usize = 200_000;
/// A mail server that says "later" without a time.
const MAIL_LATER: Duration = Duration::from_secs(60);

/// One attempt of one action.
pub(crate) struct Exchange<'a> {
    pub(crate) member: &'a Member,
    pub(crate) transport: &'a Transport,
    pub(crate) secrets: &'a dyn SecretBox,
    pub(crate) name: &'a str,
    pub(crate) action: &'a ActionSpec,
    pub(crate) bound: &'a Bound,
    pub(crate) key: &'a str,
    pub(crate) attempt: u32,
    pub(crate) deadline: Instant,
}

/// What has come together so far.
#[derive(Default)]
struct Gathered {
    rows: Vec<Value>,
    raw_rows: usize,
    seen: HashSet<String>,
    places: HashSet<String>,
    more: More,
}

impl Exchange<'_> {
    pub(crate) async fn run(&self) -> Outcome {
        let vars = self.member.vars(self.bound, self.key);
        match &self.action.each {
            Some(rows) => self.each(rows, &vars).await,
            None => self.one(vars).await,
        }
    }

    /// Makes the request for every row of a read. The first that is not done ends it: all of it is safe to begin again,
    /// because what is done is no row any more, or says `already`.
    async fn each(&self, rows: &CallSpec, vars: &Vars<'_>) -> Outcome {
        let listed = match self.rows(rows, vars).await {
            Ok(Outcome::Done { value: Value::Array(listed), more, .. }) if more.incomplete.is_none() => {
                listed
            }
            // Nothing of the effect was sent: a list that failed is not in doubt.
            Ok(Outcome::Done { .. }) => {
                return refused(Refusal::new(ErrorKind::Garbled, "the list to act on is not complete"));
            }
            Ok(Outcome::Refused { kind: ErrorKind::Unavailable, message, .. }) => {
                return Outcome::NotSent { why: message };
            }
            Ok(other) => return other,
            Err(refusal) => return refused(refusal),
        };
        let (mut by, mut status, mut more) = (By::Other, 200, More::default());
        let mut gathered = Vec::new();
        for row in &listed {
            if let Err(at) = self.pace().slot(self.deadline).await {
                return Outcome::Limited { until_ms: unix_ms(at) };
            }
            let row = stanch_model::value::as_target(row)
                .and_then(|target| serde_json::to_value(target).ok())
                .unwrap_or_else(|| row.clone());
            let outcome = self.one(vars.with_item(&row)).await;
            let Outcome::Done { value, by: each, status: answered, more: also } = outcome else {
                return outcome;
            };
            if by != By::Us {
                by = each;
            }
            status = answered;
            more.requests += also.requests;
            more.incomplete = more.incomplete.or(also.incomplete);
            match value {
                Value::Array(rows) => gathered.extend(rows),
                other => gathered.push(other),
            }
        }
        let value = if self.is_read() { Value::Array(gathered) } else { Value::Null };
        Outcome::Done { value, by, status, more }
    }

    async fn rows(&self, rows: &CallSpec, vars: &Vars<'_>) -> Result<Outcome, Refusal> {
        let invalid = |error: crate::template::FillError| Refusal::invalid(error.to_string());
        let mut input = serde_json::Map::new();
        for (name, shape) in &rows.with {
            if let Some(value) = shape.value(vars).map_err(invalid)? {
                input.insert(name.clone(), value);
            }
        }
        let action = self.member.action(&rows.action).ok_or_else(|| {
            Refusal::new(ErrorKind::Unknown, format!("there is no action `{}`", rows.action))
        })?;
        let bound = bind(&self.member.name, &rows.action, action, None, &Value::Object(input))?;
        let read = Exchange { name: &rows.action, action, bound: &bound, ..*self };
        Ok(Box::pin(read.run()).await)
    }

    async fn one(&self, vars: Vars<'_>) -> Outcome {
        let mut scrub = Scrub::default();
        let builder =
            Builder { spec: &self.member.platform.spec, base: &self.member.base, secrets: self.secrets };
        match builder.build(self.action, &vars, &mut scrub) {
            Err(refusal) => refused(refusal),
            Ok(Built::Mail(mail)) => self.mail(&mail, &vars).await,
            Ok(Built::Http(request)) => self.pages(&builder, request, &vars, &mut scrub).await,
        }
    }

    fn is_read(&self) -> bool {
        self.action.effect == Effect::Read
    }

    fn pace(&self) -> &Limiter {
        self.member.pace_of(self.name)
    }

    /// The answer was lost after the request went out.
    fn lost(&self, why: String, kind: ErrorKind, status: Option<u16>) -> Outcome {
        if self.is_read() {
            Outcome::Refused { kind, status, message: why }
        } else {
            Outcome::InDoubt { why }
        }
    }

    async fn pages(
        &self,
        builder: &Builder<'_>,
        mut request: HttpRequest,
        vars: &Vars<'_>,
        scrub: &mut Scrub,
    ) -> Outcome {
        let mut gathered = Gathered::default();
        loop {
            let answer = match self.exchange(builder, &request, vars, scrub, &mut gathered.more).await {
                Ok(answer) => answer,
                Err(outcome) => return outcome,
            };
            let verdict = response::judge(&self.member.platform.spec, self.action, &answer);
            match verdict {
                Verdict::Limited(pause) => {
                    let until = self.pace().refused(pause);
                    // In the middle of a list what was read already would be lost: wait here if there is time.
                    if gathered.more.requests > 1 && until < self.deadline {
                        tokio::time::sleep_until(until).await;
                        continue;
                    }
                    return Outcome::Limited { until_ms: unix_ms(until) };
                }
                Verdict::No { kind, words } => {
                    let message = scrub.clean(&words);
                    return Outcome::Refused { kind, status: Some(answer.status), message };
                }
                Verdict::Unclear { why, kind } => {
                    return self.lost(scrub.clean(&why), kind, Some(answer.status));
                }
                Verdict::Nothing => {
                    let value = Value::Array(gathered.rows);
                    return Outcome::Done { value, by: By::Us, status: answer.status, more: gathered.more };
                }
                Verdict::Already => return self.done(answer, By::Other, vars, gathered),
                Verdict::Done if self.action.yields.is_none() => {
                    return self.done(answer, By::Us, vars, gathered);
                }
                Verdict::Done => {}
            }
            request = match self.gather(&request, answer, vars, &mut gathered) {
                Ok(Ok(next)) => next,
                Ok(Err(status)) => {
                    let value = Value::Array(gathered.rows);
                    return Outcome::Done { value, by: By::Us, status, more: gathered.more };
                }
                Err(refusal) => return refused(Refusal::new(refusal.kind, scrub.clean(&refusal.message))),
            };
            if let Err(at) = self.pace().slot(self.deadline).await {
                return Outcome::Limited { until_ms: unix_ms(at) };
            }
        }
    }

    /// Sends one request; once more with a new token if the platform refuses the old one.
    async fn exchange(
        &self,
        builder: &Builder<'_>,
        request: &HttpRequest,
        vars: &Vars<'_>,
        scrub: &mut Scrub,
        more: &mut More,
    ) -> Result<Answer, Outcome> {
        let scheme = self.action.auth.as_ref().unwrap_or(&self.member.scheme);
        let mut renewed = false;
        loop {
            let (proven, used) = self.prove(builder, request, vars, scrub).await?;
            let sent = self.transport.send(&self.member.name, &self.member.hosts, &proven);
            more.requests += 1;
            let answer = match timeout_at(self.deadline, sent).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => return Err(self.not_answered(&error, scrub)),
                Err(_) => {
                    let why = "the platform did not answer in time".to_owned();
                    return Err(self.lost(why, ErrorKind::Unavailable, None));
                }
            };
            more.request_id = self
                .member
                .platform
                .spec
                .request_id
                .as_deref()
                .and_then(|header| response::text(&answer.headers, header))
                .map(|id| scrub.clean(id));
            if let Some((remaining, window)) =
                response::budget(&answer.headers, &self.member.platform.spec.limits)
            {
                self.pace().told(remaining, window);
            }
            // 401 is a definite no, so a second request can have no second effect.
            if answer.status.as_u16() == 401 && !renewed {
                renewed = true;
                if self.member.auth.renew(scheme, used, self.transport).await {
                    continue;
                }
            }
            let answer = Answer::read(answer);
            if answer.status != 429 {
                self.pace().accepted();
            }
            return Ok(answer);
        }
    }

    async fn prove(
        &self,
        builder: &Builder<'_>,
        request: &HttpRequest,
        vars: &Vars<'_>,
        scrub: &mut Scrub,
    ) -> Result<(HttpRequest, Used), Outcome> {
        let scheme = self.action.auth.as_ref().unwrap_or(&self.member.scheme);
        let around =
            Around { transport: self.transport, hosts: &self.member.hosts, base: &self.member.base, builder };
        let mut proven = request.clone();
        match self.member.auth.apply(scheme, &mut proven, vars, around, scrub).await {
            Ok(used) => Ok((proven, used)),
            Err(AuthError::Refused(refusal)) => Err(refused(refusal)),
            Err(AuthError::NotSent(why)) => Err(Outcome::NotSent { why: scrub.clean(&why) }),
            Err(AuthError::Limited(pause)) => {
                Err(Outcome::Limited { until_ms: unix_ms(Instant::now() + pause) })
            }
        }
    }

    fn not_answered(&self, error: &SendError, scrub: &Scrub) -> Outcome {
        let why = scrub.clean(&error.to_string());
        match error {
            SendError::NoConnection(..) => Outcome::NotSent { why },
            SendError::Host(_) => refused(Refusal::new(ErrorKind::Host, why)),
            SendError::Broken(..) => self.lost(why, ErrorKind::Unavailable, None),
            SendError::TooLarge(_) => self.lost(why, ErrorKind::TooLarge, None),
        }
    }

    /// Keeps the rows of a page. Gives the request for the next one, or the status when this was the last.
    fn gather(
        &self,
        request: &HttpRequest,
        answer: Answer,
        vars: &Vars<'_>,
        gathered: &mut Gathered,
    ) -> Result<Result<HttpRequest, u16>, Refusal> {
        let Some(yields) = &self.action.yields else { return Ok(Err(answer.status)) };
        let garbled = |why: String| Refusal::new(ErrorKind::Garbled, why);
        let status = answer.status;
        let mut body = answer.body.unwrap_or_default();
        response::seal(&mut body, &self.action.secret, self.secrets)
            .map_err(|error| Refusal::new(ErrorKind::Secret, error.to_string()))?;
        gathered.raw_rows +=
            crate::path::get(&body, &yields.each).and_then(Value::as_array).map_or(0, Vec::len);
        let rows =
            response::rows(&self.member.name, yields, &body, vars, &mut gathered.seen).map_err(garbled)?;
        gathered.rows.extend(rows);
        if gathered.raw_rows > MOST_ROWS {
            return Err(Refusal::new(
                ErrorKind::TooLarge,
                format!("the list has more than {MOST_ROWS} rows"),
            ));
        }
        if yields.ceiling.is_some_and(|ceiling| gathered.raw_rows >= ceiling) {
            let why = format!(
                "the platform gives {} rows at most and does not say when there are more",
                gathered.raw_rows
            );
            gathered.more.incomplete = Some(why);
        }
        let paging = self.action.paging.as_ref().or(self.member.platform.spec.paging.as_ref());
        let following = match response::next(paging.unwrap_or(&Paging::None), request, &answer.headers, &body)
        {
            Next::End => return Ok(Err(status)),
            Next::Garbled(why) => return Err(garbled(why)),
            Next::Url(url) => HttpRequest { url: self.same_host(request, url)?, ..request.clone() },
            Next::Request(again) => *again,
        };
        let place = format!("{} {}", following.url, String::from_utf8_lossy(&following.body));
        if !gathered.places.insert(place) {
            return Err(garbled("the pages of the list go in a circle".to_owned()));
        }
        if gathered.more.requests >= MOST_PAGES {
            return Err(Refusal::new(
                ErrorKind::TooLarge,
                format!("the list has more than {MOST_PAGES} pages"),
            ));
        }
        Ok(Ok(following))
    }

    /// A link to the next page stays where the list is. Twins name their own address, which is where we are anyway.
    fn same_host(&self, request: &HttpRequest, url: url::Url) -> Result<url::Url, Refusal> {
        let at_twin = matches!(self.transport, Transport::Twin(twin) if twin.is_at(&url));
        if at_twin {
            let mut stays = request.url.clone();
            stays.set_path(url.path());
            stays.set_query(url.query());
            return Ok(stays);
        }
        let same = |url: &url::Url| {
            (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default())
        };
        if same(&url) != same(&request.url) || !url.username().is_empty() {
            let host = url.host_str().unwrap_or("nowhere");
            return Err(Refusal::new(
                ErrorKind::Host,
                format!("the link to the next page leads to {host}: not followed"),
            ));
        }
        Ok(url)
    }

    fn done(&self, answer: Answer, by: By, vars: &Vars<'_>, gathered: Gathered) -> Outcome {
        // "Was so before" after an earlier attempt of ours may be that attempt's work.
        let by = if by == By::Other && self.attempt > 1 { By::Unknown } else { by };
        let (status, mut body) = (answer.status, answer.body.unwrap_or_default());
        if let Err(error) = response::seal(&mut body, &self.action.secret, self.secrets) {
            let message = format!("done, but its secret could not be kept: {error}");
            return self.lost(message, ErrorKind::Secret, Some(status));
        }
        let value = match &self.action.output {
            Some(output) => response::value_of(output, &body, vars).ok().flatten().unwrap_or_default(),
            None if self.is_read() => body,
            None => Value::Null,
        };
        Outcome::Done { value, by, status, more: gathered.more }
    }

    async fn mail(&self, mail: &Mail, vars: &Vars<'_>) -> Outcome {
        let user = vars.lookup("settings.user").and_then(|user| user.as_str().map(str::to_owned));
        let login = match (self.transport.is_twin(), user) {
            (false, Some(user)) => match self.member.auth.credential(self.transport).await {
                Ok(password) => Some((user, password.expose().to_owned())),
                Err(AuthError::Refused(refusal)) => return refused(refusal),
                Err(_) => {
                    return Outcome::NotSent { why: "the mail credential could not be read".to_owned() };
                }
            },
            _ => None,
        };
        let mut scrub = Scrub::default();
        login.iter().for_each(|(_, password)| scrub.add(password));
        let route = match MailRoute::new(self.transport, &self.member.base, login) {
            Ok(route) => route,
            Err(refusal) => return refused(refusal),
        };
        let left = self.deadline.saturating_duration_since(Instant::now());
        match mail.send(&route, left).await {
            Handed::Accepted => {
                let more = More { requests: 1, request_id: None, incomplete: None };
                let value = serde_json::json!({ "message_id": mail.id() });
                Outcome::Done { value, by: By::Us, status: 250, more }
            }
            Handed::Refused(why) => refused(Refusal::new(ErrorKind::Refused, scrub.clean(&why))),
            Handed::Later(why) => {
                tracing::info!(integration = %self.member.name, why = %scrub.clean(&why), "mail deferred");
                Outcome::Limited { until_ms: unix_ms(Instant::now() + MAIL_LATER) }
            }
            Handed::NotSent(why) => Outcome::NotSent { why: scrub.clean(&why) },
            Handed::InDoubt(why) => Outcome::InDoubt { why: scrub.clean(&why) },
        }
    }
}

fn refused(refusal: Refusal) -> Outcome {
    Outcome::Refused { kind: refusal.kind, status: None, message: refusal.message }
}

/// An instant as Unix milliseconds, rounded up: to come back a moment early would be refused again.
pub(crate) fn unix_ms(at: Instant) -> i64 {
    let away = at.saturating_duration_since(Instant::now());
    let away = i64::try_from(away.as_millis()).unwrap_or(i64::MAX).saturating_add(1);
    jiff::Timestamp::now().as_millisecond().saturating_add(away)
}
