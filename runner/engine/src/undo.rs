//! Taking back what a run cut: what it would come to, whose yes it needs, the run that does it; and cuts that last longer.
//!
//! What is looked at here changes nothing; what is ordered is posted to the runs, which do it.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use stanch_integrations::UndoCall;
use stanch_journal::{JournalError, With};
use stanch_model::{
    Address, Effect, RunId, StreamId, Target, TargetState,
    api::{UndoHow, UndoItem, UndoNeeds, UndoPlan},
    catalog::ActionIndex as _,
    run::{
        HoldView, RunState, RunView, TargetView,
        body::{Created, Intent, kind},
        hold::Claim,
    },
};
use stanch_playbooks::{
    Playbook,
    manifest::{ApprovalSpec, UNDO},
};

use crate::{
    env::Env,
    handle::Engine,
    host::{back, child_id, undo},
    intake::{Origin, Ruled},
    pins,
    terms::{By, EngineError, Receipt, StartRun},
    two_person,
};

/// All that may be taken back of a run.
pub(crate) struct Survey {
    items: Vec<Item>,
    view: RunView,
    policies: BTreeMap<String, ApprovalSpec>,
    two_person: Vec<Effect>,
}

/// One cut, and what becomes of it.
struct Item {
    target: Target,
    property: String,
    how: UndoHow,
    call: Option<(UndoCall, Effect)>,
    why: String,
}

/// The policy under which an undo is asked for, by its name, and why it is.
type Needs = Option<(String, ApprovalSpec, String)>;

impl Env {
    /// The view of a run, from committed entries.
    pub(crate) fn view(&self, run: &RunId) -> Result<RunView, EngineError> {
        const PAGE: usize = 10_000;
        let stream = StreamId::run(run);
        let mut view = RunView::default();
        loop {
            let entries = self.journal.read(&stream, view.version + 1, PAGE)?;
            entries.iter().for_each(|entry| view.apply(entry));
            if entries.len() < PAGE {
                break;
            }
        }
        match (&view.id, view.version) {
            (Some(_), _) => Ok(view),
            (None, 0) => Err(EngineError::NoRun(run.to_string())),
            // Headers and hashes are there, and nothing of what they said.
            (None, version) => Ok(RunView {
                id: Some(run.clone()),
                title: "what was here has been dropped by retention".to_owned(),
                state: RunState::Ended,
                version,
                ..RunView::default()
            }),
        }
    }

    fn created(&self, run: &RunId) -> Result<Created, EngineError> {
        let first = self.journal.read(&StreamId::run(run), 1, 1)?;
        let created = first.first().and_then(|entry| entry.decode::<Created>().ok());
        created.ok_or_else(|| EngineError::NoRun(run.to_string()))
    }
}

/// Looks at what a run holds, and at who else does.
pub(crate) fn survey(env: &Env, run: &RunId) -> Result<Survey, String> {
    let view = env.view(run).map_err(|error| error.to_string())?;
    let created = env.created(run).map_err(|error| error.to_string())?;
    let playbook =
        created.pins.playbook.as_ref().and_then(|hash| pins::playbook(env, &view.playbook, hash).ok());
    let policies = playbook.map(|playbook| playbook.manifest.approvals.clone()).unwrap_or_default();
    let mut items = Vec::new();
    for hold in HoldView::latest(&view.holds).into_iter().filter(|hold| hold.is_open()) {
        if let Some(known) = view.targets.get(&format!("{} {}", hold.target, hold.property)) {
            items.push(held(env, run, hold, &known.target)?);
        }
    }
    items.extend(in_doubt(env, run, &view)?);
    Ok(Survey { items, view, policies, two_person: env.config.two_person.clone() })
}

/// What becomes of a hold once it is given up.
fn held(env: &Env, run: &RunId, hold: &HoldView, target: &Target) -> Result<Item, String> {
    let stream = Claim::stream(target, &hold.property);
    let entries = env.journal.read(&stream, 1, usize::MAX).map_err(|error| error.to_string())?;
    let mut claims: Vec<Claim> = entries.iter().filter_map(|entry| entry.decode().ok()).collect();
    let own = claims.iter().rev().find(|claim| claim.run == *run && claim.address == hold.address).cloned();
    let item =
        |how, call, why| Item { target: target.clone(), property: hold.property.clone(), how, call, why };
    let Some(own) = own else { return Ok(item(UndoHow::NoWay, None, "no claim stands on it".to_owned())) };
    let given_up = (own.run.clone(), own.address.clone());
    claims.push(Claim { taken: false, ..own });
    let back::GivenUp { left, by, undo, asked } = back::after_giving_up(&claims, &given_up);
    Ok(match (left.is_empty(), by.as_str(), undo) {
        (false, ..) => item(UndoHow::Stays, None, format!("{} holds it too", left.join(", "))),
        (true, back::BY_HAND, _) => item(UndoHow::ByHand, None, asked),
        (true, _, None) => item(UndoHow::WasSo, None, "it was so before".to_owned()),
        (true, "unknown", Some(undo)) => {
            item(UndoHow::Asks, with_effect(env, undo), "it may have been so before".to_owned())
        }
        (true, _, Some(undo)) => item(UndoHow::GivesBack, with_effect(env, undo), String::new()),
    })
}

/// Cuts of which nobody knows whether they happened, and which no hold is about.
fn in_doubt(env: &Env, run: &RunId, view: &RunView) -> Result<Vec<Item>, String> {
    let open = doubtful(view);
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let entries = env.journal.read(&StreamId::run(run), 1, usize::MAX).map_err(|error| error.to_string())?;
    let mut undos: BTreeMap<Address, UndoCall> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.header.kind == kind::INTENT) {
        let Ok(Intent { address, call: Some(call), .. }) = entry.decode::<Intent>() else { continue };
        if let Some(undo) = call.undo.and_then(|undo| serde_json::from_value(undo).ok()) {
            undos.insert(address, undo);
        }
    }
    let items = open.into_iter().map(|known| {
        let undo = undos.get(&known.address).cloned();
        let (how, why) = match &undo {
            Some(_) => (UndoHow::Asks, "it may never have been cut"),
            None => (UndoHow::NoWay, "it may have been cut, and nothing was kept that takes it back"),
        };
        let call = undo.and_then(|undo| with_effect(env, undo));
        let (target, property) = (known.target.clone(), known.verb.clone());
        Item { target, property, how, call, why: why.to_owned() }
    });
    Ok(items.collect())
}

/// Targets in doubt that the run neither holds nor has released.
pub(crate) fn doubtful(view: &RunView) -> Vec<&TargetView> {
    let is_held = |target: &TargetView| view.holds.iter().any(|hold| hold.address == target.address);
    let all = view.targets.values().filter(|target| target.state == TargetState::InDoubt);
    all.filter(|target| target.released.is_none() && !is_held(target)).collect()
}

fn with_effect(env: &Env, undo: UndoCall) -> Option<(UndoCall, Effect)> {
    let effect = env.integrations.action(&undo.integration, &undo.action).map(|info| info.effect);
    Some((undo, effect.unwrap_or(Effect::Restore)))
}

impl Survey {
    /// Nothing is held, and nothing may have happened that can be taken back.
    fn is_empty(&self) -> bool {
        self.items.iter().all(|item| item.how == UndoHow::NoWay)
    }

    /// What an undo touches.
    pub(crate) fn targets(&self) -> Vec<Target> {
        let touched = |item: &&Item| !matches!(item.how, UndoHow::Stays | UndoHow::WasSo | UndoHow::NoWay);
        self.items.iter().filter(touched).map(|item| crate::host::bare(&item.target)).collect()
    }

    /// The policy under which it is asked for. A manifest may name one for it; what cannot be taken back again, and what two
    /// people must allow, is asked for in any case.
    ///
    /// # Errors
    /// When somebody must allow it, and the manifest names nobody.
    pub(crate) fn needs(&self) -> Result<Needs, String> {
        let effects: Vec<Effect> = self.items.iter().filter_map(|item| Some(item.call.as_ref()?.1)).collect();
        let ruled = effects.iter().any(|effect| self.two_person.contains(effect));
        let permanent = effects.contains(&Effect::Permanent);
        let own = self.policies.get(UNDO).map(|policy| (UNDO.to_owned(), policy.clone()));
        let why = match (ruled, permanent, &own) {
            (true, ..) => "two people must allow it, by the configuration",
            (_, true, _) => "what gives it back cannot be taken back itself",
            (.., Some(_)) => "the manifest asks for it",
            _ => return Ok(None),
        };
        let latest = || {
            let name = self.view.waits.iter().rev().find_map(|wait| self.policies.get_key_value(&wait.name));
            name.or_else(|| self.policies.iter().next()).map(|(name, policy)| (name.clone(), policy.clone()))
        };
        let Some((name, policy)) = own.or_else(latest) else {
            return Err(format!("{why}, and the manifest names nobody: add `approvals: {{ {UNDO}: … }}`"));
        };
        let policy = if ruled { two_person::policy(policy) } else { policy };
        Ok(Some((name, policy, why.to_owned())))
    }

    /// Why it cannot be undone now.
    fn refusal(&self) -> Option<String> {
        let view = &self.view;
        if let Some(undo) = view.being_undone() {
            return Some(format!("run {} takes it back already", undo.run));
        }
        if view.state == RunState::Running && view.ended.is_none() {
            return Some("it is at work: pause or cancel it first".to_owned());
        }
        if self.is_empty() {
            let is_undo = [back::SLUG, undo::SLUG].contains(&view.playbook.as_str());
            let why = match is_undo {
                true => "it gave back what another run cut: to cut that again, start the playbook again",
                false => "it holds nothing that can be taken back",
            };
            return Some(why.to_owned());
        }
        self.needs().err()
    }

    fn plan(&self) -> UndoPlan {
        let item = |item: &Item| UndoItem {
            target: item.target.key(),
            label: item.target.name().to_owned(),
            property: item.property.clone(),
            how: item.how,
            by: item
                .call
                .as_ref()
                .map_or_else(String::new, |(undo, _)| format!("{}.{}", undo.integration, undo.action)),
            why: item.why.clone(),
        };
        let needs = self.needs().ok().flatten();
        UndoPlan {
            run: self.view.id.as_ref().map(ToString::to_string).unwrap_or_default(),
            items: self.items.iter().map(item).collect(),
            needs: needs.map(|(approval, policy, why)| UndoNeeds {
                approval,
                ask: policy.ask,
                of: policy.of,
                why,
            }),
            refused: self.refusal(),
        }
    }
}

/// A run that takes back what another one cut.
#[derive(Clone, Debug)]
pub struct Undone {
    /// Proof that it was made durable; not new where it was at it already.
    pub receipt: Receipt,
    /// The run.
    pub run: RunId,
}

impl Engine {
    /// What would be taken back of a run, and whose yes that needs. Changes nothing.
    ///
    /// # Errors
    /// When there is no such run or its entries cannot be read.
    pub fn undo_plan(&self, run: &RunId) -> Result<UndoPlan, EngineError> {
        self.surveyed(run).map(|survey| survey.plan())
    }

    fn surveyed(&self, run: &RunId) -> Result<Survey, EngineError> {
        self.known(run)?;
        survey(&self.env, run).map_err(|why| state(run, "unreadable", why))
    }

    /// Takes back what a run cut and still claims, through the actions' own undo; what another run claims too stays cut. A run
    /// of its own does it, asks those whose yes it needs, and names what is left.
    ///
    /// # Errors
    /// When there is no such run, it claims nothing, is still at work, or nobody could allow it.
    pub async fn undo(
        &self,
        run: &RunId,
        by: impl Into<By<'_>>,
        reason: &str,
    ) -> Result<Undone, EngineError> {
        let survey = self.surveyed(run)?;
        let view = &survey.view;
        if let Some(why) = survey.refusal() {
            return Err(state(run, view.state.as_str(), why));
        }
        let created = self.env.created(run)?;
        let address = Address::from_stored(format!("undo.{}", view.undos.len() + 1));
        let child = child_id(run, &address);
        let playbook = self.env.playbook(undo::SLUG).ok_or_else(|| self.env.no_playbook(undo::SLUG))?;
        let start = of_undo(&survey, &playbook, by.into(), reason);
        let pins = self.env.pins_of(&playbook);
        let origin = Origin::GiveBack(child.clone(), &created, address);
        let ruled = Ruled { mode: created.mode, plan: None, answers: BTreeMap::new() };
        let birth = self.env.birth_of(&playbook, start, ruled, origin, pins)?;
        match self.env.journal.append(birth.appends.clone(), With::default()) {
            Ok(ticket) => {
                self.env.announce(birth);
                self.env.journal.durable_at(ticket.position).await?;
                Ok(Undone { receipt: Receipt { position: ticket.position, new: true }, run: child })
            }
            Err(JournalError::Conflict { .. }) => {
                let receipt = Receipt { position: self.env.journal.durable(), new: false };
                Ok(Undone { receipt, run: child })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Lets cuts that end by themselves last longer: those on a target by its key or name, or `all`.
    ///
    /// # Errors
    /// When there is no such run, or no such cut that still ends by itself.
    pub async fn extend(
        &self,
        run: &RunId,
        target: &str,
        by: Duration,
        (order, reason): (impl Into<By<'_>>, &str),
    ) -> Result<Receipt, EngineError> {
        let view = self.view(run)?;
        let now = self.env.now_ms();
        let ends =
            |hold: &&HoldView| hold.given_back.is_none() && hold.back.as_ref().is_some_and(|b| b.at_ms > now);
        let meant = |hold: &&HoldView| {
            target == "all"
                || hold.target.eq_ignore_ascii_case(target)
                || hold.label.eq_ignore_ascii_case(target)
        };
        let holds: Vec<&HoldView> = view.holds.iter().filter(ends).filter(meant).collect();
        if holds.is_empty() {
            let known: Vec<&str> = view.holds.iter().filter(ends).map(|hold| hold.label.as_str()).collect();
            let why = match known.as_slice() {
                [] => "it holds nothing that ends by itself".to_owned(),
                known => format!("it holds no `{target}` that ends by itself; it holds {}", known.join(", ")),
            };
            return Err(state(run, view.state.as_str(), why));
        }
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4);
        let holds: Vec<_> = holds
            .into_iter()
            .map(|hold| json!({ "target": hold.target, "property": hold.property, "address": hold.address }))
            .collect();
        let By { who, channel } = order.into();
        let body =
            json!({ "holds": holds, "by_ms": by_ms, "who": who, "channel": channel, "reason": reason });
        Ok(self.post(run, format!("extend {}", view.version), "extend", body).await?)
    }
}

fn of_undo(survey: &Survey, playbook: &Playbook, by: By<'_>, reason: &str) -> StartRun {
    let view = &survey.view;
    let count = survey.items.len();
    let cuts = if count == 1 { "cut" } else { "cuts" };
    let run = view.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let what = format!("Take back {count} {cuts} of run {run} ({})", view.playbook);
    let why = if reason.trim().is_empty() { "no reason was given" } else { reason };
    let input = [("what", json!(what)), ("why", json!(why))];
    StartRun {
        playbook: playbook.slug.clone(),
        input: input.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        alert: None,
        incident: view.incident.clone(),
        started_by: by.who.to_owned(),
        channel: by.channel.to_owned(),
    }
}

fn state(run: &RunId, state: &str, why: String) -> EngineError {
    EngineError::State { run: run.to_string(), state: state.to_owned(), why }
}
