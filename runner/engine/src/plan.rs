//! Plans: runs that only look, what they come to, and what a run can be held to.
//!
//! A run in mode `plan` is a run like any other, but that its effects end where they would be admitted (`shard::plans`)
//! and that it reaches platforms through a handle which lets nothing but reads out. What it would have done stands in its
//! own intents; a plan is read from there and nowhere else.

use std::{collections::BTreeMap, sync::Arc};

use stanch_journal::{Filter, StreamAppend, With};
use stanch_model::{
    Address, Hash, NewEntry, RunId, StreamId,
    catalog::{ActionIndex, ActionInfo},
    run::{
        Mode, Plan, Planning, Surety,
        body::{Created, Pins, kind},
        plan::{self, ActLine, KeptPlan, Mark},
    },
};
use stanch_playbooks::Playbook;

use crate::{
    act::Spec,
    env::Env,
    handle::Engine,
    intake::Origin,
    live::Live,
    terms::{EngineError, Purpose, StartRun},
};

/// Entries read at a time.
const PAGE: usize = 10_000;

/// Fewer digits of a hash name no plan.
const LEAST: usize = 8;

/// Runs below runs.
const DEEPEST: u32 = 8;

impl Engine {
    /// Starts a run that says what it would do and does nothing; durable when it returns. It belongs to no incident. With
    /// `again` the plan with this hash is made anew: inputs that are not given, and the alert, are its own.
    ///
    /// # Errors
    /// As [`Engine::run`]; with `again` as [`Engine::execute`].
    pub async fn plan(&self, start: StartRun, again: Option<&str>) -> Result<RunId, EngineError> {
        self.plan_for(start, again, &BTreeMap::new()).await
    }

    /// The same for these answers to its questions, by the address or the name of each: the plan goes on with them, and they
    /// are a part of it.
    ///
    /// # Errors
    /// As [`Engine::plan`].
    pub async fn plan_for(
        &self,
        start: StartRun,
        again: Option<&str>,
        answers: &BTreeMap<String, String>,
    ) -> Result<RunId, EngineError> {
        let start = StartRun { incident: None, ..start };
        let birth = self.env.birth(start, Purpose::Plan(again, answers), Origin::Hand)?;
        let ticket = self.env.journal.append(birth.appends.clone(), With::default())?;
        let run = birth.run.clone();
        self.env.announce(birth);
        self.env.journal.durable_at(ticket.position).await?;
        Ok(run)
    }

    /// The plan that a run in mode `plan` has come to so far; whole once it has a hash.
    ///
    /// # Errors
    /// When there is no such run, it is none in this mode, or its entries cannot be read.
    pub fn planned(&self, run: &RunId) -> Result<Plan, EngineError> {
        self.known(run)?;
        let first = self.env.journal.read(&StreamId::run(run), 1, 1)?;
        let mode = first.first().and_then(|entry| Some(entry.decode::<Created>().ok()?.mode));
        if mode != Some(Mode::Plan) {
            let why = "only a run that was started as a plan has one".to_owned();
            return Err(EngineError::State { run: run.to_string(), state: "no plan".to_owned(), why });
        }
        let mut plan = self.env.gather(run, 0)?;
        self.env.explain(&mut plan);
        Ok(plan)
    }

    /// The run behind the plan with this hash, or the first digits of it.
    ///
    /// # Errors
    /// When no plan has it.
    pub fn plan_run(&self, hash: &str) -> Result<RunId, EngineError> {
        let hash = self.env.find_plan(hash)?;
        self.env.kept_plan(&hash).map(|kept| kept.run.clone())
    }
}

impl Env {
    /// The plan of a run and of those below it, as their durable entries tell it.
    pub(crate) fn gather(&self, run: &RunId, depth: u32) -> Result<Plan, EngineError> {
        let (stream, mut planning, mut from) = (StreamId::run(run), Planning::default(), 1);
        loop {
            let entries = self.journal.read(&stream, from, PAGE)?;
            entries.iter().for_each(|entry| planning.apply(entry));
            from += entries.len() as u64;
            if entries.len() < PAGE {
                break;
            }
        }
        let children: Vec<RunId> = planning.children().cloned().collect();
        let mut below = BTreeMap::new();
        for child in children.into_iter().filter(|_| depth < DEEPEST) {
            let plan = self.gather(&child, depth + 1)?;
            below.insert(child, plan);
        }
        Ok(planning.plan(below))
    }

    /// Adds what the catalogue and the configuration know: titles, proofs, what lives on, scopes, names of people.
    fn explain(&self, plan: &mut Plan) {
        let index = &self.integrations;
        let mut scopes = plan::Scopes::new();
        for act in &mut plan.acts {
            let Some(info) = index.action(&act.integration, &act.action) else { continue };
            act.title.clone_from(&info.title);
            act.by_hand = info.manual;
            act.proven = info.verify.is_some();
            act.residual_ms = info.residual.and_then(|lasts| u64::try_from(lasts.as_millis()).ok());
            let others = [info.verify.as_ref().map(|verify| verify.action.as_str()), info.undo.as_deref()];
            let others = others.into_iter().flatten().filter_map(|name| index.action(&act.integration, name));
            for info in std::iter::once(info).chain(others) {
                need(&mut scopes, &act.integration, info);
            }
        }
        for (integration, action) in plan.reads.keys().filter_map(|name| name.split_once('.')) {
            if let Some(info) = index.action(integration, action) {
                need(&mut scopes, integration, info);
            }
        }
        plan.scopes = scopes;
        for wait in &mut plan.waits {
            wait.asked = self.config.people.named(&wait.wait.ask);
        }
    }

    /// The plan with this hash, if a run of this playbook can be held to it as things are now.
    pub(crate) fn plan_to_execute(
        &self,
        text: &str,
        playbook: &Playbook,
        pins: &Pins,
    ) -> Result<(Hash, Arc<KeptPlan>), EngineError> {
        let hash = self.find_plan(text)?;
        let kept = self.kept_plan(&hash)?;
        let why = if kept.playbook == playbook.slug {
            differs(&kept, pins, self.mode)
        } else {
            Some(format!("it is a plan of {}, not of {}", kept.playbook, playbook.slug))
        };
        match why {
            Some(why) => Err(EngineError::PlanChanged { plan: hash.short(), why }),
            None => Ok((hash, kept)),
        }
    }

    fn find_plan(&self, text: &str) -> Result<Hash, EngineError> {
        let digits = text.trim().to_ascii_lowercase();
        let none = || EngineError::NoPlan(text.trim().to_owned());
        if digits.len() < LEAST || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(none());
        }
        let filter = Filter { prefix: format!("plan/{digits}"), limit: 2, ..Filter::default() };
        let found = self.journal.query(&filter, stanch_journal::Cursor::START)?.streams;
        match found.as_slice() {
            [(stream, _)] => stream.as_str().strip_prefix("plan/").and_then(Hash::parse).ok_or_else(none),
            _ => Err(none()),
        }
    }

    /// What a run that executes this plan is held to.
    pub(crate) fn kept_plan(&self, hash: &Hash) -> Result<Arc<KeptPlan>, EngineError> {
        if let Some(kept) = self.plans.read().get(hash) {
            return Ok(Arc::clone(kept));
        }
        let entries = self.journal.read(&stream(hash), 1, 1)?;
        let kept = entries.first().and_then(|entry| entry.decode::<KeptPlan>().ok());
        // What was changed on disk is no plan that anybody has read.
        let kept = kept.filter(|kept| kept.hash() == *hash);
        let kept = Arc::new(kept.ok_or_else(|| EngineError::NoPlan(hash.to_string()))?);
        self.plans.write().insert(*hash, Arc::clone(&kept));
        Ok(kept)
    }

    /// The hash of a plan, and the append that keeps what a run can be held to, unless it is kept already.
    pub(crate) fn keep_plan(&self, created: &Created, plan: &Plan) -> (Hash, Option<StreamAppend>) {
        let kept = KeptPlan {
            run: created.run.clone(),
            playbook: created.playbook.clone(),
            ground: self.mode,
            input: created.input.clone(),
            alert: created.alert.clone(),
            acts: plan.lines(),
            pins: created.pins.clone(),
            answers: created.answers.clone(),
            starts: Some(plan.starts.clone()),
        };
        let hash = kept.hash();
        let stream = stream(&hash);
        if self.journal.stream(&stream).ok().flatten().is_some() {
            return (hash, None);
        }
        let entry = NewEntry::new("plan.kept", &kept);
        (hash, Some(StreamAppend::new(stream, self.journal.epoch(), vec![entry])))
    }
}

/// The stream in which a plan is kept.
fn stream(hash: &Hash) -> StreamId {
    StreamId::from_stored(format!("plan/{hash}"))
}

/// What differs from what the plan was made under, in words.
fn differs(kept: &KeptPlan, pins: &Pins, mode: Mode) -> Option<String> {
    let then = &kept.pins;
    if kept.ground != mode {
        return Some(match kept.ground {
            Mode::Drill => "it was made on simulated platforms".to_owned(),
            Mode::Live | Mode::Plan => "it was made on real platforms".to_owned(),
        });
    }
    if then.playbook != pins.playbook {
        return Some(format!("the playbook {} has changed since", kept.playbook));
    }
    let changed = |name: &&String| then.actions.get(*name) != pins.actions.get(*name);
    if let Some(action) = then.actions.keys().chain(pins.actions.keys()).find(changed) {
        return Some(format!("the definition of {action} has changed since"));
    }
    let changed = |name: &&String| then.integrations.get(*name) != pins.integrations.get(*name);
    if let Some(name) = then.integrations.keys().chain(pins.integrations.keys()).find(changed) {
        return Some(format!("the integration {name} has changed since"));
    }
    (then != pins).then(|| "this program is another than the one that made it".to_owned())
}

/// What is not given is as it was when the plan was made.
pub(crate) fn fill(start: &mut StartRun, kept: &KeptPlan) {
    let known = kept.input.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    for (name, value) in known {
        start.input.entry(name.clone()).or_insert_with(|| value.clone());
    }
    if start.alert.is_none() {
        start.alert = serde_json::from_value(kept.alert.clone()).ok();
    }
}

fn need(scopes: &mut plan::Scopes, integration: &str, info: &ActionInfo) {
    for scope in &info.scopes {
        let of = scopes.entry(integration.to_owned()).or_default();
        of.entry(scope.clone()).or_default().insert(info.name.clone());
    }
}

/// A call as plans compare it.
pub(crate) fn line_of(spec: &Spec) -> ActLine {
    ActLine::new(&spec.integration, &spec.info.name, spec.info.effect, spec.target.as_ref(), spec.input())
}

impl Live {
    /// True for a run that only looks.
    pub(crate) fn is_plan(&self) -> bool {
        self.created.mode == Mode::Plan
    }

    /// Journals that what a step gives is not what the world says.
    pub(crate) fn mark(
        &mut self,
        (address, at): (&Address, (u32, u32)),
        (op, name): (&str, &str),
        surety: Surety,
        why: impl Into<String>,
        now_ms: i64,
    ) {
        let (op, name) = (op.to_owned(), name.to_owned());
        let mark = Mark { address: address.clone(), at, op, name, surety, why: why.into() };
        self.record(kind::MARK, mark, now_ms);
    }
}
