//! The people of a drill: one who approves, and an operator who does by hand what no API does, and looks before answering.

use stanch_client::{Client, ClientError, Location};
use stanch_integrations::twin::{Change, TwinHost};
use stanch_model::{
    api::{AnswerBody, DecideBody, ResolveBody, Say, Verdict},
    run::{WaitKind, WaitView, body::CallIntent},
};

use crate::{Beat, Plot, follow::Heard};

/// Who plays, each with a token of their own.
#[derive(Clone, Debug)]
pub struct Seats {
    /// Says yes: must be in the group that the playbook asks.
    pub approver: Seat,
    /// Answers everything else.
    pub operator: Seat,
}

/// One person.
#[derive(Clone)]
pub struct Seat {
    /// Their name.
    pub name: String,
    /// Their token.
    pub token: String,
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seat({})", self.name)
    }
}

/// The same, at a server.
pub(crate) struct Seated {
    approver: (String, Client),
    operator: (String, Client),
    plot: Plot,
}

/// What somebody did about a wait.
pub(crate) struct Deed {
    /// Told in this order.
    pub(crate) beats: Vec<Beat>,
    /// False when the server died before it said that it has the answer.
    pub(crate) recorded: bool,
}

impl Seated {
    pub(crate) fn at(url: &str, seats: &Seats, plot: Plot) -> Result<Self, ClientError> {
        let sit = |seat: &Seat| {
            let location = Location::Url { url: url.to_owned(), token: Some(seat.token.clone()) };
            Client::connect(location).map(|client| (seat.name.clone(), client))
        };
        Ok(Self { approver: sit(&seats.approver)?, operator: sit(&seats.operator)?, plot })
    }

    /// The operator's view of the server.
    pub(crate) fn client(&self) -> &Client {
        &self.operator.1
    }

    /// Answers a wait, after doing or looking at whatever it asks for.
    pub(crate) async fn answer(
        &self,
        wait: &WaitView,
        heard: &Heard,
        twins: &TwinHost,
    ) -> Result<Deed, ClientError> {
        let run = heard.run.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let card = format!("{run}:{}", wait.id);
        let mut beats = Vec::new();
        let (name, said) = match wait.kind {
            WaitKind::Approval => {
                let (name, client) = &self.approver;
                let reason = "the alert is genuine, and so is the list".to_owned();
                let body = DecideBody { say: Say::Approve, reason: Some(reason.clone()) };
                let answer = client.decide(&card, &body).await.map(drop);
                (name, Said { say: "approve".to_owned(), why: reason, answer })
            }
            WaitKind::InDoubt => {
                let (name, client) = &self.operator;
                (name, in_doubt(client, &run, wait, heard.call(&wait.address), twins).await)
            }
            WaitKind::Manual => {
                let (name, client) = &self.operator;
                let (say, why, done) = by_hand(self.plot, wait, twins);
                beats.extend(done.map(|text| Beat::ByHand { who: name.clone(), text }));
                (name, plainly(client, &card, say, why).await)
            }
            _ => {
                let (name, client) = &self.operator;
                let say = wait.options.first().cloned().unwrap_or_else(|| "go_on".to_owned());
                (name, plainly(client, &card, &say, String::new()).await)
            }
        };
        let recorded = recorded(said.answer)?;
        if recorded {
            beats.push(Beat::Answered {
                wait: wait.id.clone(),
                kind: wait.kind,
                who: name.clone(),
                say: said.say,
                why: said.why,
            });
        }
        Ok(Deed { beats, recorded })
    }
}

struct Said {
    say: String,
    why: String,
    answer: Result<(), ClientError>,
}

async fn plainly(client: &Client, card: &str, say: &str, why: String) -> Said {
    let note = (!why.is_empty()).then(|| why.clone());
    let body = AnswerBody { answer: say.to_owned(), note };
    Said { say: say.to_owned(), why, answer: client.answer(card, &body).await.map(drop) }
}

/// A dying server is no refusal: the next life is asked again. That somebody was first is no refusal either: it was us.
pub(crate) fn recorded(answer: Result<(), ClientError>) -> Result<bool, ClientError> {
    match answer {
        Ok(()) => Ok(true),
        Err(ClientError::Refused { status: 409, .. }) => Ok(true),
        Err(ClientError::Unreachable { .. } | ClientError::Refused { status: 503, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What the operator does with their own hands in a platform's own screens, and what they then say.
fn by_hand(plot: Plot, wait: &WaitView, twins: &TwinHost) -> (&'static str, String, Option<String>) {
    let Some(target) = wait.targets.first() else {
        return ("failed", "it names nothing that could be done".to_owned(), None);
    };
    if target.kind != "app" {
        return ("failed", format!("there is no screen for a {} either", target.kind), None);
    }
    let block = Change::Block { integration: target.integration.clone(), app: plot.app().to_owned() };
    match twins.change(&block) {
        Ok(()) => {
            let done =
                format!("blocks {} in the setup screens of simulated {}", target.name(), target.integration);
            ("done", "blocked by hand, seen in setup".to_owned(), Some(done))
        }
        Err(error) => ("failed", error.to_string(), None),
    }
}

/// Looks where the effect would show, and says what was found.
async fn in_doubt(
    client: &Client,
    run: &str,
    wait: &WaitView,
    call: Option<&CallIntent>,
    twins: &TwinHost,
) -> Said {
    let (verdict, why) = match call {
        Some(call) if happened(call, twins) => {
            (Verdict::Done, format!("looked at simulated {}: it is there", call.integration))
        }
        Some(call) => (Verdict::Retry, format!("looked at simulated {}: it is not there", call.integration)),
        None => (Verdict::Skip, "nobody knows what it was to do".to_owned()),
    };
    let body = ResolveBody { step: wait.address.to_string(), verdict, note: Some(why.clone()) };
    Said { say: verdict.as_str().to_owned(), why, answer: client.resolve(run, &body).await.map(drop) }
}

/// True when the platform holds a trace of this call: its mark in a message, its Message-ID, its idempotency key.
pub(crate) fn happened(call: &CallIntent, twins: &TwinHost) -> bool {
    let key = call.key.as_str();
    let mailed = twins.mails().iter().any(|mail| mail.message_id.starts_with(key));
    let keyed = twins.effects().iter().any(|effect| effect.key.as_deref() == Some(key) && effect.transition);
    let marked = twins.state(&call.integration).is_ok_and(|state| state.to_string().contains(key));
    mailed || keyed || marked
}
