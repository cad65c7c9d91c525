//! What empty seats do: answer what waits, after the time that the scenario gives them, and do by hand what they say that
//! they did.

use parking_lot::RwLock;
use serde_json::Value;
use stanch_client::{Client, ClientError};
use stanch_integrations::twin::{Change, TwinHost, World, WorldApp};
use stanch_model::{
    api::{AnswerBody, DecideBody, ResolveBody, Say, Verdict},
    run::{RunView, WaitKind, WaitView, body::CallIntent},
};

use crate::{
    company::{self, Person},
    facts::Facts,
    record::Did,
    scenario::{Pull, Scenario, StandIn},
    seats::{happened, recorded},
};

/// Somebody who is not told what to do takes this long to look.
const LOOKING_MS: i64 = 60_000;

/// An answer that is to be given.
pub(crate) struct Answer {
    /// The card: run and wait.
    pub(crate) card: String,
    pub(crate) name: String,
    pub(crate) who: Person,
    pub(crate) say: String,
    pub(crate) why: String,
    /// When, Unix ms.
    pub(crate) due_ms: i64,
    /// What was done by hand for it.
    pub(crate) did: Vec<Did>,
    wait: WaitView,
    run: String,
}

/// What the empty seats will say to what waits now, and when. Nobody answers for a seat that is taken, nor what the
/// scenario leaves to silence.
pub(crate) fn answers(scenario: &Scenario, facts: &Facts, is_taken: &dyn Fn(&Person) -> bool) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (id, run) in &facts.runs {
        for wait in run.open_waits().filter(|wait| wait.kind.needs_person()) {
            let Some((say, why, after_ms)) = intended(scenario, wait) else { continue };
            for who in speakers(run, wait, scenario) {
                if is_taken(&who) {
                    continue;
                }
                let run = id.to_string();
                answers.push(Answer {
                    card: format!("{run}:{}", wait.id),
                    name: wait.name.clone(),
                    who,
                    say: say.clone(),
                    why: why.clone(),
                    due_ms: ms_of(&wait.since).max(facts.start_ms).saturating_add(after_ms),
                    did: Vec::new(),
                    wait: wait.clone(),
                    run,
                });
            }
        }
    }
    answers
}

/// What is said, why, and after how many milliseconds.
fn intended(scenario: &Scenario, wait: &WaitView) -> Option<(String, String, i64)> {
    if let Some(StandIn { say, after, why }) = scenario.stand_in.get(&wait.name) {
        let why = if why.is_empty() { "played by a stand-in" } else { why };
        return Some((say.clone(), why.to_owned(), after.ms()));
    }
    match wait.kind {
        WaitKind::InDoubt => Some((String::new(), String::new(), LOOKING_MS)),
        WaitKind::Guard => Some(("go_on".to_owned(), "looked at it".to_owned(), LOOKING_MS)),
        _ => None,
    }
}

/// As many as must speak and have not, never whoever started the run.
fn speakers(run: &RunView, wait: &WaitView, scenario: &Scenario) -> Vec<Person> {
    let has_spoken = |person: &Person| wait.decisions.iter().any(|said| said.who == person.name);
    let asked = match wait.kind {
        // A guard asks nobody by name, and is lifted by whoever may approve.
        WaitKind::Guard => company::people(scenario)
            .into_iter()
            .filter(|one| one.role >= stanch_model::api::Role::Approver)
            .collect(),
        _ => company::asked(&wait.ask, scenario),
    };
    let asked = asked.into_iter();
    let free = asked.filter(|person| run.started_by != person.name && !has_spoken(person));
    free.take(if wait.kind == WaitKind::Approval { wait.of.max(1) as usize } else { 1 }).collect()
}

impl Answer {
    /// Gives it. False when the server died before it said that it has it.
    pub(crate) async fn give(
        &mut self,
        client: &Client,
        scenario: &Scenario,
        facts: &RwLock<Facts>,
        twins: &TwinHost,
    ) -> Result<bool, ClientError> {
        let note = Some(self.why.clone()).filter(|why| !why.is_empty());
        let given = match self.wait.kind {
            WaitKind::Approval => {
                let say = if self.say == "approve" { Say::Approve } else { Say::Deny };
                client.decide(&self.card, &DecideBody { say, reason: note }).await.map(drop)
            }
            WaitKind::InDoubt => {
                let call = facts.read().call(&self.run, &self.wait.address);
                let (verdict, why) = looked(call.as_ref(), twins);
                (self.say, self.why) = (verdict.as_str().to_owned(), why.clone());
                let step = self.wait.address.to_string();
                let body = ResolveBody { step, verdict, note: Some(why) };
                client.resolve(&self.run, &body).await.map(drop)
            }
            _ => {
                if self.wait.kind == WaitKind::Manual && self.say == "done" {
                    self.did = by_hand(&scenario.world, &self.wait, facts, twins);
                }
                let body = AnswerBody { answer: self.say.clone(), note };
                client.answer(&self.card, &body).await.map(drop)
            }
        };
        recorded(given)
    }
}

/// Looks where the effect would show.
pub fn looked(call: Option<&CallIntent>, twins: &TwinHost) -> (Verdict, String) {
    match call {
        Some(call) if happened(call, twins) => {
            (Verdict::Done, format!("looked at simulated {}: it is there", call.integration))
        }
        Some(call) => (Verdict::Retry, format!("looked at simulated {}: it is not there", call.integration)),
        None => (Verdict::Skip, "nobody knows what it was to do".to_owned()),
    }
}

/// What somebody does in a platform's own screens for a card: blocks an app or lets it in again, takes a grant away. Gives
/// what was done.
pub fn by_hand(world: &World, wait: &WaitView, facts: &RwLock<Facts>, twins: &TwinHost) -> Vec<Did> {
    let mut done = Vec::new();
    for target in &wait.targets {
        let integration = target.integration.clone();
        if target.kind == "app" {
            let app = world.apps.iter().find(|app| is_named(app, target.name()));
            done.extend(app.and_then(|app| at_door(twins, &wait.name, &integration, &app.id)));
            continue;
        }
        let Ok(state) = twins.state(&integration) else { continue };
        let app = world.apps.iter().find(|app| target.name().starts_with(&app.title()));
        if let Some(app) = app.filter(|app| takes(twins, &state, &integration, &app.id, &target.id)) {
            let (app, id) = (app.id.clone(), target.id.clone());
            done.push(Did::Took { app, integration, id });
        }
    }
    kept(done, facts, twins)
}

/// A platform takes an app away from all its customers: every grant goes, and nobody can connect it any more.
pub(crate) fn pulled(pull: &Pull, facts: &RwLock<Facts>, twins: &TwinHost) -> Vec<Did> {
    let (integration, app) = (pull.platform.clone(), pull.app.clone());
    let mut done = Vec::new();
    let rows = twins.state(&integration).map(|state| rows_of(&state, &app)).unwrap_or_default();
    for (table, ids) in rows {
        let gone = ids.into_iter().find(|id| {
            let (integration, table, id) = (integration.clone(), table.clone(), id.clone());
            twins.change(&Change::Remove { integration, table, id }).is_ok()
        });
        let (app, integration) = (app.clone(), integration.clone());
        done.extend(gone.map(|id| Did::Took { app, integration, id }));
    }
    done.extend(at_door(twins, "app.quarantine", &integration, &app));
    kept(done, facts, twins)
}

/// Platforms call an app by its name or by its slug.
fn is_named(app: &WorldApp, name: &str) -> bool {
    app.title() == name || app.id == name
}

/// Blocks an app, or lets it in again where the card asks for that. A platform without such a screen leaves it as it is:
/// nothing is blocked then, and whoever lets the app in again only says so.
fn at_door(twins: &TwinHost, card: &str, integration: &str, app: &str) -> Option<Did> {
    let (integration, app) = (integration.to_owned(), app.to_owned());
    if card.contains("release") {
        let change = Change::Unblock { integration: integration.clone(), app: app.clone() };
        if let Err(error) = twins.change(&change) {
            tracing::debug!(%error, "nothing to unblock");
        }
        return Some(Did::Released { app, integration });
    }
    let change = Change::Block { integration: integration.clone(), app: app.clone() };
    twins.change(&change).is_ok().then_some(Did::Blocked { app, integration })
}

/// Nobody asked for it by a request, so the trail does not tell it: it is kept here.
fn kept(done: Vec<Did>, facts: &RwLock<Facts>, twins: &TwinHost) -> Vec<Did> {
    if let Err(error) = twins.save() {
        tracing::error!(%error, "what was done by hand is not kept");
    }
    let mut facts = facts.write();
    let now = facts.now_ms;
    done.iter().for_each(|did| facts.did_by_hand(did, now));
    done
}

/// Takes one grant of an app away: the one of this id, or, where the platform shows no ids to people, the next in the list.
fn takes(twins: &TwinHost, state: &Value, integration: &str, app: &str, id: &str) -> bool {
    let mut rows = rows_of(state, app);
    rows.sort_by_key(|(_, row)| !row.contains(&id.to_owned()));
    rows.into_iter().any(|(table, ids)| {
        ids.into_iter().any(|id| {
            let (integration, table) = (integration.to_owned(), table.clone());
            twins.change(&Change::Remove { integration, table, id }).is_ok()
        })
    })
}

/// The grants of an app: in its fullest table, each with every text that may be its id.
fn rows_of(state: &Value, app: &str) -> Vec<(String, Vec<String>)> {
    let of_app = |row: &&Value| row.get("twin_app").and_then(Value::as_str) == Some(app);
    let tables = state.as_object().into_iter().flatten();
    let rows = tables.map(|(table, rows)| {
        let rows: Vec<&Value> = rows.as_array().into_iter().flatten().filter(of_app).collect();
        (table, rows)
    });
    let Some((table, rows)) = rows.max_by_key(|(_, rows)| rows.len()) else { return Vec::new() };
    let texts = |row: &Value| -> Vec<String> {
        row.as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, value)| value.as_str().map(str::to_owned))
            .collect()
    };
    rows.into_iter().map(|row| (table.clone(), texts(row))).collect()
}

fn ms_of(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}
