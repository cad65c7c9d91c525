//! One attempt on the wire: build, prove, send, judge; for lists page by page.

mod each;
mod first;
mod labels;
mod mail;
mod pages;
mod poll;
mod witness;

pub(crate) use labels::{given as label_arguments, wanted as labels_wanted};

use std::collections::HashSet;

use http::HeaderMap;
use serde_json::Value;
use stanch_model::{Effect, secret::SecretBox};
use tokio::time::{Instant, timeout};

use crate::{
    auth::{Around, AuthError, Used},
    bind::{Bound, Refusal},
    call::{By, ErrorKind, More, Outcome},
    credential::Credential,
    label::Labels,
    limit::{LONGEST_STAND, Limiter},
    member::Member,
    request::{Builder, Built, HttpRequest},
    response::{self, Answer, Verdict},
    scope::Vars,
    scrub::Scrub,
    spec::{ActionSpec, AuthSpec},
    time::Patience,
    transport::{Route, SendError, Transport},
};

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
    pub(crate) patience: Patience<'a>,
    /// It may touch the identity that we use ourselves.
    pub(crate) forced: bool,
    /// Who its lists mean by ids.
    pub(crate) labels: &'a Labels,
}

/// What has come together so far.
#[derive(Default)]
struct Gathered {
    rows: Vec<Value>,
    raw_rows: usize,
    seen: HashSet<String>,
    places: HashSet<String>,
    columns: Option<Vec<String>>,
    /// How many parts the list has, and how many were asked for; the answer that told.
    parts: (usize, usize),
    first: Option<Value>,
    last: Option<Value>,
    more: More,
}

impl Exchange<'_> {
    pub(crate) async fn run(&self) -> Outcome {
        let vars = self.member.vars(self.bound, self.key);
        if let Err(outcome) = self.not_ourselves().await {
            return outcome;
        }
        let outcome = match &self.action.each {
            Some(rows) => self.each(rows, &vars).await,
            None => self.one(vars).await,
        };
        self.witnessed(outcome).await
    }

    async fn one(&self, vars: Vars<'_>) -> Outcome {
        match self.prepare(&vars).await {
            Err(outcome) => outcome,
            Ok(None) => self.request(vars).await,
            Ok(Some(prepared)) => {
                let vars = Vars { read: prepared.read.as_ref(), made: Some(&prepared.made), ..vars };
                self.request(vars).await
            }
        }
    }

    /// Builds the request and brings it to its end.
    async fn request(&self, vars: Vars<'_>) -> Outcome {
        let mut scrub = Scrub::default();
        let builder =
            Builder { spec: &self.member.platform.spec, base: &self.member.base, secrets: self.secrets };
        let credential = match self.sent_credential(&scrub).await {
            Ok(credential) => credential,
            Err(outcome) => return outcome,
        };
        let vars = Vars { credential: credential.as_ref(), ..vars };
        match builder.build(self.action, &vars, &mut scrub) {
            Err(refusal) => refused(refusal),
            Ok(Built::Mail(mail)) => self.mail(&mail, &vars).await,
            Ok(Built::Http(request)) => self.pages(&builder, request, &vars, &mut scrub).await,
        }
    }

    /// The credential, where the action itself sends it along and not only its way to authenticate.
    async fn sent_credential(&self, scrub: &Scrub) -> Result<Option<Credential>, Outcome> {
        if !self.action.sends_credential() {
            return Ok(None);
        }
        let credential = self.member.auth.credential(self.transport).await;
        credential.map(Some).map_err(|error| self.unproven(error, scrub))
    }

    /// Makes a read's (first) request and gives its answer as it came.
    pub(crate) async fn probe(&self) -> Result<Answer, Outcome> {
        let mut scrub = Scrub::default();
        let builder =
            Builder { spec: &self.member.platform.spec, base: &self.member.base, secrets: self.secrets };
        let credential = self.sent_credential(&scrub).await?;
        let vars = Vars { credential: credential.as_ref(), ..self.member.vars(self.bound, self.key) };
        match builder.build(self.action, &vars, &mut scrub) {
            Ok(Built::Http(request)) => {
                self.exchange(&builder, &request, &vars, &mut scrub, &mut More::default()).await
            }
            Ok(Built::Mail(_)) => Err(refused(Refusal::new(ErrorKind::Manual, "a mail is no read"))),
            Err(refusal) => Err(refused(refusal)),
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
            if !matches!(verdict, Verdict::Limited(_)) {
                self.taken(&answer.headers);
            }
            let answer = match verdict {
                Verdict::Limited(pause) => {
                    let until = self.pace().refused(pause.wait);
                    let until_ms = self.pace().unix_ms(until);
                    // In the middle of a list what was read already would be lost: stand here, if it is not for long.
                    let tempo = self.transport.tempo();
                    let stand = tempo.away(until_ms) < self.patience.left().min(LONGEST_STAND);
                    if gathered.more.requests > 1 && stand {
                        tempo.reach(until_ms).await;
                        continue;
                    }
                    return Outcome::Limited { until_ms, why: pause.why };
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
                Verdict::Done => match self.finished(answer, vars, &mut gathered.more).await {
                    Ok(answer) => answer,
                    Err(outcome) => return outcome,
                },
            };
            if self.action.yields.is_none() {
                return self.done(answer, By::Us, vars, gathered);
            }
            request = match self.gather(builder, &request, answer, vars, &mut gathered).await {
                Ok(Ok(next)) => next,
                Ok(Err(status)) => {
                    let value = Value::Array(gathered.rows);
                    return Outcome::Done { value, by: By::Us, status, more: gathered.more };
                }
                Err(refusal) => return refused(Refusal::new(refusal.kind, scrub.clean(&refusal.message))),
            };
            if let Err(at) = self.pace().slot(self.patience.stand()).await {
                return self.not_before(at);
            }
        }
    }

    /// Our own pace, or an earlier word of the platform, leaves no room before this.
    fn not_before(&self, at: Instant) -> Outcome {
        not_before(self.pace().unix_ms(at))
    }

    /// So long from now, Unix ms on the platform's clock.
    fn in_a_while(&self, long: std::time::Duration) -> i64 {
        let tempo = self.transport.tempo();
        tempo.unix_ms(tempo.now() + long)
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
        let scheme = self.scheme();
        let reply = self.action.reply.unwrap_or(self.member.platform.spec.reply);
        let mut renewed = false;
        loop {
            let (proven, used) = self.prove(builder, request, vars, scrub).await?;
            let sent = self.transport.send(self.route(), &proven);
            more.requests += 1;
            let answer = match timeout(self.patience.left(), sent).await {
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
            // 401 is a definite no, so a second request can have no second effect.
            if answer.status.as_u16() == 401 && !renewed {
                renewed = true;
                self.taken(&answer.headers);
                if self.member.auth.renew(scheme, used, self.transport).await {
                    continue;
                }
            }
            return Ok(Answer::read(answer, reply));
        }
    }

    /// The platform took a request, whatever it said to it.
    fn taken(&self, headers: &HeaderMap) {
        self.pace().accepted();
        if let Some((remaining, window)) = response::budget(headers, &self.member.platform.spec.limits) {
            self.pace().told(remaining, window);
        }
    }

    /// How this action authenticates.
    fn scheme(&self) -> &AuthSpec {
        self.member.scheme_of(self.action)
    }

    fn route(&self) -> Route<'_> {
        let member = self.member;
        Route { integration: &member.name, hosts: &member.hosts, tls: member.tls.as_ref() }
    }

    async fn prove(
        &self,
        builder: &Builder<'_>,
        request: &HttpRequest,
        vars: &Vars<'_>,
        scrub: &mut Scrub,
    ) -> Result<(HttpRequest, Used), Outcome> {
        let member = self.member;
        let around = Around {
            transport: self.transport,
            hosts: &member.hosts,
            base: &member.base,
            tls: member.tls.as_ref(),
            builder,
        };
        let mut proven = request.clone();
        match member.auth.apply(self.scheme(), &mut proven, vars, around, scrub).await {
            Ok(used) => Ok((proven, used)),
            Err(error) => Err(self.unproven(error, scrub)),
        }
    }

    /// The proof could not be made: nothing of the action was sent.
    fn unproven(&self, error: AuthError, scrub: &Scrub) -> Outcome {
        match error {
            AuthError::Refused(refusal) => refused(refusal),
            AuthError::NotSent(why) => Outcome::NotSent { why: scrub.clean(&why) },
            AuthError::Limited(pause) => Outcome::Limited {
                until_ms: self.in_a_while(pause.wait.unwrap_or(std::time::Duration::from_secs(1))),
                why: format!("the token endpoint: {}", pause.why),
            },
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
}

fn refused(refusal: Refusal) -> Outcome {
    Outcome::Refused { kind: refusal.kind, status: None, message: refusal.message }
}

/// Our own pace, or an earlier word of the platform, leaves no room before this.
pub(crate) fn not_before(until_ms: i64) -> Outcome {
    Outcome::Limited { until_ms, why: "the platform's pace leaves no room before".to_owned() }
}
