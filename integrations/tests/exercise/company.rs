//! One platform's twin as its examples describe it, and the catalogue bound to it.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use stanch_integrations::{
    By, Call, Catalog, Integrations, Look, Outcome, Seen, Transport, TwinTransport, UndoCall,
    twin::{Change, Fate, Fault, ManualClock, RequestRecord, Sort, TwinHost, TwinOptions},
};
use stanch_model::{
    Target,
    catalog::{ActionIndex, ActionInfo, InputKind},
    secret::SecretBox,
    value,
};

use crate::support::{
    Vault,
    examples::{Example, Examples, filled, name_of},
};

pub(crate) static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| Arc::new(Catalog::embedded()));

/// One platform of the catalogue and how its actions are run.
pub(crate) struct Stage {
    pub(crate) platform: String,
    pub(crate) name: String,
    pub(crate) examples: Examples,
    pub(crate) calls: BTreeMap<String, Example>,
    /// The file as written.
    pub(crate) file: Value,
}

impl Stage {
    pub(crate) fn of(platform: &str) -> Result<Self, String> {
        Self::with(platform, Examples::of(platform)?)
    }

    /// The platform as it is configured otherwise, where its examples say how.
    pub(crate) fn elsewhere(platform: &str) -> Result<Option<Self>, String> {
        Examples::of(platform)?.elsewhere().map(|examples| Self::with(platform, examples)).transpose()
    }

    fn with(platform: &str, examples: Examples) -> Result<Self, String> {
        let known = CATALOG.platform(platform).ok_or("the catalogue has no such platform")?;
        let calls = examples.calls(known);
        let file = crate::support::examples::file(platform);
        Ok(Self { platform: platform.to_owned(), name: name_of(platform), examples, calls, file })
    }

    pub(crate) fn info(&self, action: &str) -> Result<&'static ActionInfo, String> {
        let platform = CATALOG.platform(&self.platform).ok_or("the catalogue has no such platform")?;
        platform.action(action).ok_or_else(|| format!("the catalogue has no action `{action}`"))
    }

    /// What the file says of an action.
    pub(crate) fn written(&self, action: &str) -> &Value {
        &self.file["actions"][action]
    }
}

/// A running twin on a clock that stands still.
pub(crate) struct Company<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) twins: TwinHost,
    clock: Arc<ManualClock>,
    vault: Arc<Vault>,
    transport: Transport,
}

/// A call with everything filled in.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) info: &'static ActionInfo,
    pub(crate) target: Option<Target>,
    pub(crate) input: Value,
    pub(crate) key: String,
    pub(crate) since: Timestamp,
}

impl<'a> Company<'a> {
    pub(crate) async fn start(stage: &'a Stage) -> Result<Self, String> {
        Self::with_pages(stage, None).await
    }

    /// With lists that give only so many rows at once.
    pub(crate) async fn with_pages(stage: &'a Stage, page: Option<u32>) -> Result<Self, String> {
        let start = "2026-03-13T02:40:00Z".parse().map_err(|error| format!("{error}"))?;
        let clock = Arc::new(ManualClock::at(start));
        let options = TwinOptions {
            integrations: BTreeMap::from([(stage.name.clone(), stage.platform.clone())]),
            world: stage.examples.world.clone(),
            clock: clock.clone(),
            page,
            ..TwinOptions::default()
        };
        let twins = TwinHost::start(options).await.map_err(|error| error.to_string())?;
        // Time has passed since the seeding: a stale read shows what was before a cut.
        clock.advance(Duration::from_secs(3600));
        let transport = TwinTransport::new(twins.addr(), Some(twins.mail_addr()));
        let transport = Transport::Twin(transport.map_err(|error| error.to_string())?);
        Ok(Self { stage, twins, clock, vault: Arc::default(), transport })
    }

    /// Bound anew for every call, so that no pace is left over from the one before: nothing here sleeps.
    pub(crate) fn integrations(&self) -> Integrations {
        let config = self.stage.examples.config(&self.stage.platform);
        let configured = BTreeMap::from([(self.stage.name.clone(), config)]);
        Integrations::new(CATALOG.clone(), &configured, self.transport.clone(), self.vault.clone())
            .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
    }

    pub(crate) fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Everything that an example's call needs: targets found, secrets sealed, what comes before it done.
    pub(crate) async fn ready(&self, action: &str, key: &str) -> Result<Ready, String> {
        let stage = self.stage;
        let example = stage.calls.get(action).ok_or_else(|| format!("`{action}` has no example"))?;
        if let Some(first) = &example.undoes {
            let undo = Box::pin(self.undoable(first, key)).await?;
            let info = stage.info(&undo.action)?;
            let since = self.since();
            return Ok(Ready { info, target: undo.target, input: undo.input, key: key.to_owned(), since });
        }
        self.made(action, example, key).await
    }

    async fn made(&self, action: &str, example: &Example, key: &str) -> Result<Ready, String> {
        let info = self.stage.info(action)?;
        let mut known = Map::new();
        if let Some(first) = &example.after {
            let first = Box::pin(self.ready(first, &format!("{key}-first"))).await?;
            known.insert("after".to_owned(), self.done(&first).await?.0);
            self.wait(Duration::from_secs(3600));
        }
        let target = match &example.on {
            Some(kind) => Some(Box::pin(self.target(kind)).await?),
            None => None,
        };
        for kind in self.stage.examples.targets.keys() {
            let named = |value: &Value| value.to_string().contains(&format!("{{{kind}."));
            if example.with.values().any(named) {
                let target = Box::pin(self.target(kind)).await?;
                known.insert(kind.clone(), json!(target));
            }
        }
        let since = self.since();
        known.insert("since".to_owned(), since.to_string().into());
        let mut input = Map::new();
        for (name, shape) in &example.with {
            let given = filled(shape, &known)?;
            let given = match (given, &self.stage.written(action)["input"][name]["of"]) {
                (Value::Array(items), of) if *of == "secret" => {
                    items.iter().map(|item| self.handle_of(item)).collect::<Result<_, _>>()?
                }
                (given, _) => self.sealed(info, name, given)?,
            };
            input.insert(name.clone(), given);
        }
        Ok(Ready { info, target, input: Value::Object(input), key: key.to_owned(), since })
    }

    fn sealed(&self, info: &ActionInfo, name: &str, value: Value) -> Result<Value, String> {
        match (info.inputs.get(name).map(|input| input.kind), value) {
            (Some(InputKind::Secret), text @ Value::String(_)) => self.handle_of(&text),
            (_, value) => Ok(value),
        }
    }

    fn handle_of(&self, text: &Value) -> Result<Value, String> {
        let text = text.as_str().ok_or("a secret is a text")?;
        let handle = self.vault.seal(text).map_err(|error| error.to_string())?;
        Ok(value::of_secret(&handle))
    }

    /// A moment before now, as an intent is written before its effect.
    fn since(&self) -> Timestamp {
        use stanch_integrations::twin::TwinClock as _;
        let now = self.clock.now();
        now.checked_sub(SignedDuration::from_secs(1)).unwrap_or(now)
    }

    /// The target of a kind that the examples name.
    pub(crate) async fn target(&self, kind: &str) -> Result<Target, String> {
        let source = self.stage.examples.targets.get(kind);
        let source = source.ok_or_else(|| format!("`targets` has no `{kind}`"))?;
        let read = self.made(&source.action, source, "k-look").await?;
        let rows = self.done(&read).await?.0;
        let fits = |target: &Target| source.label.as_ref().is_none_or(|label| target.label == *label);
        let mut targets = value::targets_in(&rows).into_iter().filter(fits);
        targets.next().ok_or_else(|| format!("`{}` gives no {kind}: {rows}", source.action))
    }

    /// Does an action and gives what takes it back.
    async fn undoable(&self, action: &str, key: &str) -> Result<UndoCall, String> {
        let first = self.ready(action, &format!("{key}-first")).await?;
        let before = self.before(&first).await?;
        self.done(&first).await?;
        self.wait(Duration::from_secs(3600));
        self.undo(&first, &before)
    }

    /// What an action captures before it is done.
    pub(crate) async fn before(&self, ready: &Ready) -> Result<Value, String> {
        let (name, action) = (&self.stage.name, &ready.info.name);
        let integrations = self.integrations();
        let Some(read) = integrations.capture(name, action, ready.target.as_ref(), &ready.input) else {
            return Ok(Value::Null);
        };
        let info = self.stage.info(&read.action)?;
        let read =
            Ready { info, target: None, input: read.input, key: ready.key.clone(), since: ready.since };
        Ok(self.done(&read).await?.0)
    }

    pub(crate) fn undo(&self, ready: &Ready, before: &Value) -> Result<UndoCall, String> {
        let (name, action) = (&self.stage.name, &ready.info.name);
        let undo = self.integrations().undo_of(name, action, ready.target.as_ref(), &ready.input, before);
        undo.ok_or_else(|| format!("its undo could not be filled in from {before}"))
    }

    /// Whether what was captured shows that it is so already.
    pub(crate) fn held(&self, ready: &Ready, before: &Value) -> Option<bool> {
        let (name, action) = (&self.stage.name, &ready.info.name);
        self.integrations().held_before(name, action, ready.target.as_ref(), &ready.input, before)
    }

    pub(crate) async fn attempt(&self, ready: &Ready, attempt: u32) -> Outcome {
        let call = Call {
            integration: self.stage.name.clone(),
            action: ready.info.name.clone(),
            input: ready.input.clone(),
            target: ready.target.clone(),
            key: ready.key.clone(),
            attempt,
            deadline: Duration::from_secs(20),
            permit: None,
        };
        self.integrations().call(call).await
    }

    pub(crate) async fn done(&self, ready: &Ready) -> Result<(Value, By), String> {
        match self.attempt(ready, 1).await {
            Outcome::Done { value, by, .. } => Ok((value, by)),
            other => Err(format!("`{}` is not done: {other:?}", ready.info.name)),
        }
    }

    /// The targets that a read gives.
    pub(crate) async fn called(
        &self,
        action: &str,
        target: Option<Target>,
        input: Value,
    ) -> Result<Vec<Target>, String> {
        let (info, since) = (self.stage.info(action)?, self.since());
        let read = Ready { info, target, input, key: "k-read".to_owned(), since };
        Ok(value::targets_in(&self.done(&read).await?.0))
    }

    pub(crate) async fn look(&self, ready: &Ready) -> Seen {
        let look = Look {
            integration: &self.stage.name,
            action: &ready.info.name,
            target: ready.target.as_ref(),
            input: &ready.input,
            since: Some(ready.since),
            key: Some(&ready.key),
        };
        self.integrations().look(look).await
    }

    /// Looks, and once more when the platform has had the time that it may take.
    pub(crate) async fn look_late(&self, ready: &Ready) -> Seen {
        match self.look(ready).await {
            Seen::HoldsNot { .. } => {
                self.wait(ready.info.verify.as_ref().map_or(Duration::ZERO, |verify| verify.within));
                self.look(ready).await
            }
            seen => seen,
        }
    }

    /// Whether this action can be proven here.
    pub(crate) fn provable(&self, ready: &Ready) -> bool {
        let integrations = self.integrations();
        integrations.action(&self.stage.name, &ready.info.name).is_some_and(|info| info.verify.is_some())
    }

    pub(crate) fn change(&self, change: &Change) -> Result<(), String> {
        self.twins.change(change).map_err(|error| error.to_string())
    }

    /// Switches a fault on; off again with [`Company::calm`].
    pub(crate) fn fault(&self, fault: Fault) {
        self.twins.add_fault(fault);
    }

    pub(crate) fn calm(&self) {
        self.twins.remove_fault(None);
    }

    /// Whether a request behind this action only asked whom the ids in its list mean.
    pub(crate) fn is_label(&self, request: &RequestRecord, action: &str) -> bool {
        let line = |action: &str| CATALOG.platform(&self.stage.platform)?.request_line(action);
        let mut labels = self.stage.file["labels"].as_object().into_iter().flat_map(|labels| labels.values());
        let arrived = line(&request.action);
        let is_label = |label: &str| label == request.action || (arrived.is_some() && line(label) == arrived);
        line(action) != arrived && labels.any(|label| label["action"].as_str().is_some_and(is_label))
    }

    /// The requests since this many.
    pub(crate) fn requests_since(&self, seen: usize) -> Vec<RequestRecord> {
        self.twins.requests().split_off(seen)
    }

    /// The writes since this many requests that changed something, as `action on target`.
    pub(crate) fn changes_since(&self, seen: usize) -> Vec<String> {
        let requests = self.requests_since(seen).into_iter();
        let changed = requests.filter(|request| request.sort == Sort::Write && request.fate == Fate::Changed);
        changed.map(|request| format!("{} on {}", request.action, request.target)).collect()
    }

    pub(crate) fn seen(&self) -> usize {
        self.twins.requests().len()
    }
}
