//! Whether a configured integration is ready: its address, our clock, its credential, what that may do. Only reads.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stanch_model::{Effect, catalog::ActionInfo};

use crate::{
    Call, Integrations, Outcome,
    bind::bind,
    call::ErrorKind,
    exchange::Exchange,
    label::UNLABELLED,
    member::Member,
    response::{self, Answer, Verdict},
    spec::SelfSpec,
    time::Patience,
};

/// How long one read may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Signed requests are refused when clocks differ by minutes; a minute is reason to look.
const SKEW: Duration = Duration::from_secs(60);
/// A certificate that ends sooner is reason to renew it.
const NOTICE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Reads that are made at most to see what is allowed.
const MOST: usize = 30;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `certificate`, `address`, `clock`, `credential`, `scopes`, `identity`.
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
    /// Good today, and not for long.
    Soon,
    /// Could not be told.
    Unknown,
    /// It will not do.
    Wrong,
}

impl Integrations {
    /// Looks at one configured integration. `None` where there is none of this name.
    pub async fn preflight(&self, name: &str) -> Option<Vec<Finding>> {
        let member = self.member(name)?;
        let mut found = certificates(member).await;
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
                    self.found_identity(member, &mut found).await;
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
            patience: Patience::new(transport.tempo(), PATIENCE),
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
    }

    /// Who we are there: what a cut must not hit.
    async fn found_identity(&self, member: &Member, found: &mut Vec<Finding>) {
        let mut say = |state, words: String| found.push(Finding { what: "identity", state, words });
        let Some(own) = member.platform.spec.own.as_ref() else {
            return say(State::Unknown, unguarded("`self` is not in the catalogue's file"));
        };
        let read = own.action.as_deref().filter(|read| member.infos.contains_key(*read));
        let out = match read {
            None => None,
            Some(read) => match self.call(reading(member, read)).await {
                Outcome::Done { value, .. } => Some(value),
                other => {
                    let why = match other {
                        Outcome::Refused { message, .. } => message,
                        Outcome::NotSent { why }
                        | Outcome::InDoubt { why }
                        | Outcome::Limited { why, .. } => why,
                        Outcome::Done { .. } => String::new(),
                    };
                    let words = format!(
                        "`{read}` does not tell who stanch itself is there ({why}): cuts of {} are refused until it does, or \
                         with `force: true`",
                        kinds(own)
                    );
                    return say(State::Wrong, words);
                }
            },
        };
        match member.own_of(out.as_ref()) {
            Ok(own) if own.is_empty() => {
                say(State::Unknown, unguarded("this credential is nobody that a cut could hit by name"))
            }
            Ok(own) => {
                let words = own.iter().map(|(kind, ids)| format!("{kind} {}", ids.join(" = ")));
                say(State::Fine, words.collect::<Vec<_>>().join(", "));
            }
            Err(why) => {
                let words =
                    format!("{why}: cuts of {} are refused until it does, or with `force: true`", kinds(own));
                say(State::Wrong, words);
            }
        }
    }
}

/// Why nothing keeps a cut from hitting ourselves.
fn unguarded(why: &str) -> String {
    format!(
        "{why}: nothing keeps a run from cutting what stanch itself uses; name it under `protect:` in stanch.yaml"
    )
}

/// The kinds that `self` speaks of.
fn kinds(own: &SelfSpec) -> String {
    own.is.keys().map(String::as_str).collect::<Vec<_>>().join(" and ")
}

/// A read without arguments.
fn reading(member: &Member, action: &str) -> Call {
    Call {
        integration: member.name.clone(),
        action: action.to_owned(),
        input: json!({}),
        target: None,
        key: String::new(),
        attempt: 1,
        deadline: PATIENCE,
        permit: None,
    }
}

/// How long the certificates of our own are good.
async fn certificates(member: &Member) -> Vec<Finding> {
    let finding = |state, words| Finding { what: "certificate", state, words };
    let Some(tls) = &member.tls else { return Vec::new() };
    match tls.ends().await {
        Ok(ends) => {
            let now = Timestamp::now();
            let lasting = |(name, end)| {
                let (state, words) = lasts(name, end, now);
                finding(state, words)
            };
            ends.into_iter().map(lasting).collect()
        }
        Err(error) => vec![finding(State::Wrong, error.to_string())],
    }
}

/// How long a certificate is good from now.
fn lasts(name: &str, end: Option<Timestamp>, now: Timestamp) -> (State, String) {
    let Some(end) = end else {
        return (State::Wrong, format!("`{name}` holds no certificate in PEM form"));
    };
    let left = end.duration_since(now);
    let days = left.as_hours() / 24;
    if left <= SignedDuration::ZERO {
        (State::Wrong, format!("`{name}` ended on {end}: no connection is made with it; renew it"))
    } else if left < NOTICE {
        (State::Soon, format!("`{name}` ends in {days} days, on {end}: renew it"))
    } else {
        (State::Fine, format!("`{name}` is good until {end}"))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_certificate_is_renewed_thirty_days_before_it_ends() {
        let now: Timestamp = "2026-03-13T12:00:00Z".parse().unwrap();
        for (end, state, words) in [
            ("2026-04-13T12:00:00Z", State::Fine, "good until"),
            ("2026-04-12T12:00:00Z", State::Fine, "good until"),
            ("2026-04-12T11:59:59Z", State::Soon, "ends in 29 days"),
            ("2026-03-13T12:00:01Z", State::Soon, "ends in 0 days"),
            ("2026-03-13T12:00:00Z", State::Wrong, "ended on 2026-03-13T12:00:00Z"),
        ] {
            let (found, said) = lasts("tls.ca", Some(end.parse().unwrap()), now);
            assert_eq!(found, state, "{end}");
            assert!(said.starts_with("`tls.ca`") && said.contains(words), "{said}");
        }
        assert_eq!(lasts("tls.ca", None, now).0, State::Wrong);
    }
}
