//! Whether a configured integration is ready: its address, our clock, its credential, what that may do. Only reads.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use stanch_model::{Effect, catalog::ActionInfo};
use tokio::time::Instant;

use crate::{
    Call, Integrations, Outcome,
    bind::bind,
    call::ErrorKind,
    exchange::Exchange,
    label::UNLABELLED,
    member::Member,
    response::{self, Answer, Verdict},
};

/// How long one read may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Signed requests are refused when clocks differ by minutes; a minute is reason to look.
const SKEW: Duration = Duration::from_secs(60);
/// Reads that are made at most to see what is allowed.
const MOST: usize = 30;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `address`, `clock`, `credential`, `identity`, `scopes`.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// For people; never holds a secret.
    pub words: String,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Fine,
    /// Could not be told.
    Unknown,
    /// It will not do.
    Wrong,
}

impl Integrations {
    /// Looks at one configured integration. `None` where there is none of this name.
    pub async fn preflight(&self, name: &str) -> Option<Vec<Finding>> {
        let member = self.member(name)?;
        let mut found = Vec::new();
        let mut say = |what, state, words: String| found.push(Finding { what, state, words });
        let Some((read, input)) = first(member) else {
            say("address", State::Unknown, "nothing can be read there without knowing more".to_owned());
            return Some(found);
        };
        let host = member.base.host_str().unwrap_or_default();
        match self.probe(member, &read.name, &input).await {
            Err(Outcome::NotSent { why } | Outcome::InDoubt { why }) => say("address", State::Wrong, why),
            Err(Outcome::Refused { kind: ErrorKind::Auth, message, .. }) => {
                say("credential", State::Wrong, message);
            }
            Err(Outcome::Refused { message, .. }) => say("address", State::Wrong, message),
            Err(Outcome::Limited { why, .. }) => say("address", State::Unknown, why),
            Err(Outcome::Done { .. }) => {}
            Ok((answer, verdict)) => {
                say("address", State::Fine, format!("{host} answered {} to `{}`", answer.status, read.name));
                let (state, words) = clock(&answer);
                say("clock", state, words);
                let (state, words) = credential(&verdict, &read.name);
                say("credential", state, words);
                if state == State::Fine {
                    self.allowed(member, &answer, &mut found).await;
                }
            }
        }
        Some(found)
    }

    /// One request of a read, and its raw answer.
    async fn probe(&self, member: &Member, name: &str, input: &Value) -> Result<(Answer, Verdict), Outcome> {
        let refuse = |message: String| Outcome::Refused { kind: ErrorKind::Unknown, status: None, message };
        let action = member.action(name).ok_or_else(|| refuse(format!("there is no action `{name}`")))?;
        let bound =
            bind(&member.name, name, action, None, input).map_err(|refusal| refuse(refusal.message))?;
        let (transport, secrets) = self.ways();
        let exchange = Exchange {
            member,
            transport,
            secrets,
            name,
            action,
            bound: &bound,
            key: "",
            attempt: 1,
            deadline: Instant::now() + PATIENCE,
            forced: false,
            labels: &UNLABELLED,
        };
        let answer = exchange.probe().await?;
        let verdict = response::judge(&member.platform.spec, action, &answer);
        Ok((answer, verdict))
    }

    /// What the credential may do: told by the platform, or seen by trying what can be read without arguments.
    async fn allowed(&self, member: &Member, answer: &Answer, found: &mut Vec<Finding>) {
        let mut say = |what, state, words: String| found.push(Finding { what, state, words });
        let header = member.platform.spec.granted.as_deref();
        if let Some(granted) = header.and_then(|header| response::text(&answer.headers, header)) {
            let granted: Vec<_> =
                granted.split([',', ' ']).map(str::trim).filter(|one| !one.is_empty()).collect();
            let mut missing: Vec<_> = member
                .infos
                .values()
                .flat_map(|info| &info.scopes)
                .filter(|scope| !granted.contains(&scope.as_str()))
                .map(String::as_str)
                .collect();
            missing.sort_unstable();
            missing.dedup();
            return match missing.is_empty() {
                true => say("scopes", State::Fine, format!("all of them: {}", granted.join(", "))),
                false => {
                    say("scopes", State::Wrong, format!("missing for some actions: {}", missing.join(", ")))
                }
            };
        }
        let (mut tried, mut refused) = (0, Vec::new());
        for info in member.infos.values().filter(|info| is_free(info)).take(MOST) {
            tried += 1;
            if let Ok((_, Verdict::No { kind: ErrorKind::Forbidden | ErrorKind::Auth, .. })) =
                self.probe(member, &info.name, &json!({})).await
            {
                refused.push(format!("`{}` ({})", info.name, info.scopes.join(", ")));
            }
        }
        match (tried, refused.is_empty()) {
            (0, _) => say("scopes", State::Unknown, "the platform does not tell them".to_owned()),
            (_, true) => {
                say("scopes", State::Fine, format!("all {tried} reads without arguments are allowed"))
            }
            (_, false) => say("scopes", State::Wrong, format!("refused: {}", refused.join("; "))),
        }
        if let Some(own) = member.platform.spec.own.as_ref().and_then(|own| own.action.as_deref()) {
            let call = Call {
                integration: member.name.clone(),
                action: own.to_owned(),
                input: json!({}),
                target: None,
                key: String::new(),
                attempt: 1,
                deadline: PATIENCE,
                permit: None,
            };
            match self.call(call).await {
                Outcome::Done { value, .. } => match member.own_of(&value) {
                    Ok(own) => {
                        let words = own.iter().map(|(kind, ids)| format!("{kind} {}", ids.join(" = ")));
                        say("identity", State::Fine, words.collect::<Vec<_>>().join(", "));
                    }
                    Err(why) => say("identity", State::Wrong, why),
                },
                other => {
                    say("identity", State::Wrong, format!("`{own}` does not tell who we are: {other:?}"))
                }
            }
        }
    }
}

/// The gentlest read: who we are, a search for what nothing is called, or any that needs no arguments.
fn first(member: &Member) -> Option<(&ActionInfo, Value)> {
    let own = member.platform.spec.own.as_ref().and_then(|own| own.action.as_deref());
    if let Some(info) = own.and_then(|own| member.infos.get(own)) {
        return Some((info, json!({})));
    }
    if let Some(info) = member.infos.values().find(|info| is_free(info)) {
        return Some((info, json!({})));
    }
    let finder = member.infos.values().find(|info| info.verb.as_deref() == Some("find_app"))?;
    let (input, _) = finder.inputs.iter().find(|(_, input)| input.required)?;
    Some((finder, json!({ input.as_str(): "stanch" })))
}

/// A read without arguments.
fn is_free(info: &ActionInfo) -> bool {
    info.effect == Effect::Read && !info.manual && info.inputs.values().all(|input| !input.required)
}

fn clock(answer: &Answer) -> (State, String) {
    let date = response::text(&answer.headers, "date").and_then(|date| httpdate::parse_http_date(date).ok());
    let Some(theirs) = date else {
        return (State::Unknown, "the platform does not tell its time".to_owned());
    };
    let ours = SystemTime::now();
    let (skew, word) = match ours.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    match skew > SKEW {
        true => (
            State::Wrong,
            format!("our clock is {} s {word} the platform's: signed requests are refused", skew.as_secs()),
        ),
        false => (State::Fine, format!("{} s apart", skew.as_secs())),
    }
}

fn credential(verdict: &Verdict, read: &str) -> (State, String) {
    match verdict {
        Verdict::Done | Verdict::Already | Verdict::Nothing => (State::Fine, format!("good for `{read}`")),
        Verdict::No { kind: kind @ (ErrorKind::Auth | ErrorKind::Forbidden), .. } => {
            (State::Wrong, format!("`{read}` is refused ({kind})"))
        }
        Verdict::Limited(pause) => (State::Unknown, pause.why.clone()),
        Verdict::No { kind, .. } => (State::Unknown, format!("`{read}` is refused ({kind})")),
        Verdict::Unclear { why, .. } => (State::Unknown, why.clone()),
    }
}
