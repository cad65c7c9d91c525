//! Actions: by verb on a target (`grant.revoke()`), or by name on an integration (`okta.suspend_user(#{ … })`).

use std::{
    cell::RefCell,
    collections::BTreeSet,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rhai::{Dynamic, Engine, Map, NativeCallContext};
use serde_json::{Value, json};
use stanch_integrations::Integrations;
use stanch_model::{
    Hash, Target, TargetState,
    catalog::{ActionIndex, ActionInfo},
    diagnostic::did_you_mean,
    run::{
        StepError, WaitKind,
        body::{Mode, TargetEntry, WaitOpened, kind},
        lean::push_text,
    },
    target::{Effect, InDoubt},
    value,
};

use super::{back, waits::plain_wait};
use crate::{
    act::{Act, Phase, Spec},
    border::{self, Json},
    current::{Current, Hosted},
    env::InProcess,
    guard,
    live::{Done, Info, Known, Live},
    step::{Enter, Mark, here, misuse, place},
};

/// A configured integration as a script sees it.
#[derive(Clone, Debug)]
pub(crate) struct Integration(pub(crate) Arc<str>);

/// Registers a method for every verb, and for every action of the configured platforms.
pub(super) fn register(engine: &mut Engine, integrations: &Integrations, own: Option<&dyn InProcess>) {
    engine.register_type_with_name::<Integration>("Integration");
    engine.register_fn("to_string", |integration: &mut Integration| integration.0.to_string());
    let verbs = integrations.verbs();
    let methods: BTreeSet<&str> = verbs.iter().filter_map(|verb| Some(verb.split_once('.')?.1)).collect();
    for method in methods {
        let name = Arc::<str>::from(method);
        let with_options = Arc::clone(&name);
        engine.register_fn(method, move |ctx: NativeCallContext<'_>, target: Target| {
            by_verb(&ctx, &target, &name, &Map::new())
        });
        engine.register_fn(method, move |ctx: NativeCallContext<'_>, target: Target, input: Map| {
            by_verb(&ctx, &target, &with_options, &input)
        });
    }
    let mut actions: BTreeSet<String> = BTreeSet::new();
    for (_, platform) in integrations.integrations() {
        actions.extend(integrations.actions(&platform).into_iter().map(|action| action.name.clone()));
    }
    if own.is_some() {
        actions.insert("step".to_owned());
    }
    for action in actions {
        let name = Arc::<str>::from(action.as_str());
        let with_input = Arc::clone(&name);
        engine.register_fn(action.as_str(), move |ctx: NativeCallContext<'_>, on: Integration| {
            by_name(&ctx, &on.0, &name, &Map::new())
        });
        engine.register_fn(
            action.as_str(),
            move |ctx: NativeCallContext<'_>, on: Integration, input: Map| {
                by_name(&ctx, &on.0, &with_input, &input)
            },
        );
    }
}

fn by_verb(ctx: &NativeCallContext<'_>, target: &Target, method: &str, input: &Map) -> Hosted<Dynamic> {
    let here = here()?;
    let verb = format!("{}.{method}", target.kind);
    let Some(info) = here.env.info(&target.integration, &verb) else {
        return misuse(no_verb(&here, target, &verb));
    };
    here.allowed(&verb, &target.integration, &info)?;
    let result = here.call_with(place(ctx), info, Some(verb), input, Some(target))?;
    result.map(|value| value.dynamic()).map_err(|error| border::throw(&error))
}

fn no_verb(here: &Current, target: &Target, verb: &str) -> String {
    let verbs = here.env.integrations.verbs();
    let hint = did_you_mean(verb, verbs.iter().map(String::as_str))
        .filter(|near| *near != verb)
        .map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
    format!("{} has no `{verb}`{hint}", target.integration)
}

fn by_name(ctx: &NativeCallContext<'_>, integration: &str, action: &str, input: &Map) -> Hosted<Dynamic> {
    let here = here()?;
    let own = here.env.in_process.as_ref().filter(|own| own.name() == integration);
    let result = if let Some(own) = own {
        here.call_with(place(ctx), own_action(own.name(), action), None, input, None)?
    } else {
        let Some(info) = here.env.info(integration, action) else {
            return misuse(format!("{integration} has no action `{action}`"));
        };
        here.allowed(&info.full, integration, &info)?;
        let value = border::to_value(&Dynamic::from(input.clone())).map_err(|error| border::throw(&error))?;
        let mut value = value;
        back::without_expiry(&mut value, &info);
        let target = here.env.integrations.target_of(integration, action, None, &value);
        let marked = here.live(|live| live.created.mode == Mode::Drill && info.effect == Effect::Tell);
        let marked = marked.then(|| exercise(input, &info));
        here.call_with(place(ctx), info, None, marked.as_ref().unwrap_or(input), target.as_ref())?
    };
    result.map(|value| value.dynamic()).map_err(|error| border::throw(&error))
}

/// The words of a message, of which one at least stands where people look first. A security event has a reason alone.
const SAID: [&str; 5] = ["title", "subject", "summary", "text", REASON];
const REASON: &str = "reason";

/// A message of a drill that a script sends by itself: nobody may take it for real.
fn exercise(input: &Map, info: &ActionInfo) -> Map {
    let mut marked = input.clone();
    // the usual reason of the catalogue would not say so
    if info.inputs.contains_key(REASON) && !marked.contains_key(REASON) {
        marked.insert(REASON.into(), "EXERCISE: this is a drill".into());
    }
    for name in SAID {
        let said = marked.get(name).and_then(|said| said.clone().into_string().ok());
        if let Some(said) = said.filter(|said| !said.starts_with("EXERCISE")) {
            marked.insert(name.into(), format!("EXERCISE: {said}").into());
        }
    }
    marked
}

thread_local! {
    static OWN_ACTION: RefCell<Option<Info>> = const { RefCell::new(None) };
}

fn own_action(integration: &str, action: &str) -> Info {
    OWN_ACTION.with_borrow_mut(|known| {
        let same = known.as_ref().filter(|info| info.name == action && *info.on == *integration);
        let info = same.cloned().unwrap_or_else(|| Arc::new(Known::new(integration, in_process(action))));
        *known = Some(Arc::clone(&info));
        info
    })
}

/// An effect of this process itself: safe to repeat, since it dies with the process.
fn in_process(action: &str) -> ActionInfo {
    ActionInfo {
        platform: "in-process".to_owned(),
        name: action.to_owned(),
        title: String::new(),
        effect: Effect::Tell,
        verb: None,
        target_kind: None,
        yields: None,
        inputs: std::collections::BTreeMap::new(),
        undo: None,
        verify: None,
        residual: None,
        memory: None,
        in_doubt: InDoubt::Repeat,
        request: String::new(),
        manual: false,
        scopes: Vec::new(),
        docs: String::new(),
        hash: Hash::ZERO,
    }
}

/// A heading in `uses` allows what is weaker too: one verb may be reversible here and permanent there.
fn covers(listed: Effect, effect: Effect) -> bool {
    listed == effect || (listed == Effect::Permanent && effect == Effect::Reversible)
}

impl Current {
    /// The manifest lists all that a script may do; anything else ends the run.
    pub(crate) fn allowed(&self, name: &str, integration: &str, info: &ActionInfo) -> Hosted<()> {
        let by_platform = format!("{}.{}", info.platform, info.name);
        let by_name = format!("{integration}.{}", info.name);
        let names = [Some(name), info.verb.as_deref(), Some(by_name.as_str()), Some(by_platform.as_str())];
        let listed =
            self.live(|live| names.iter().flatten().find_map(|name| live.playbook.manifest.listed(name)));
        match listed {
            None => self.fatal(
                "not_allowed",
                format!("{name} is not in the manifest's `uses`: list it under `{}`", info.effect),
            ),
            Some(effect) if !covers(effect, info.effect) => self.fatal(
                "not_allowed",
                format!("{by_name} is {}, but the manifest's `uses` lists it under `{effect}`", info.effect),
            ),
            Some(_) => Ok(()),
        }
    }

    /// One action as a step, its input given by the script.
    fn call_with(
        &self,
        at: (u32, u32),
        info: Info,
        verb: Option<String>,
        input: &Map,
        target: Option<&Target>,
    ) -> Hosted<Done> {
        let written = |map: &Map| Scratch::with(|text| border::write_map(map, text));
        let text = written(input).map_err(|error| border::throw(&error))?;
        let args = identity(target, &text.0);
        match back::expiry(self, input, &info)? {
            None => self.call_text(at, info, verb, (args, text), target, None),
            Some((input, lasts)) => {
                let text = written(&input).map_err(|error| border::throw(&error))?;
                self.call_text(at, info, verb, (args, text), target, Some(lasts))
            }
        }
    }

    /// One action as a step.
    pub(crate) fn call(
        &self,
        at: (u32, u32),
        info: Info,
        verb: Option<String>,
        input: &Value,
        target: Option<&Target>,
    ) -> Hosted<Done> {
        let text = Scratch::with(|text| {
            text.push_str(&input.to_string());
            Ok(())
        });
        let text = text.map_err(|error: StepError| border::throw(&error))?;
        let args = identity(target, &text.0);
        self.call_text(at, info, verb, (args, text), target, None)
    }

    fn call_text(
        &self,
        at: (u32, u32),
        info: Info,
        verb: Option<String>,
        (args, text): (Hash, Scratch),
        target: Option<&Target>,
        expires: Option<Duration>,
    ) -> Hosted<Done> {
        let mark = Mark { name: &info.full, op: "call", args, at };
        let (address, phase) = match self.enter(mark)? {
            Enter::Done(result) => return Ok(result),
            Enter::Pending(address) => (address, Phase::Recovered),
            Enter::Fresh(address) => (address, Phase::New),
        };
        let known = self.live(|live| live.acts.contains_key(&address));
        if !known {
            let spec = Arc::new(Spec {
                address: address.clone(),
                at,
                name: Arc::clone(&info.full),
                args,
                integration: Arc::clone(&info.on),
                verb,
                text: text.0.as_str().into(),
                read: OnceLock::new(),
                target: target.cloned(),
                info,
                expires,
            });
            let passes = |live: &mut Live| {
                !live.is_plan() && matches!(guard::ask_plan(&self.env, live, &spec), guard::Verdict::Pass(_))
            };
            if spec.info.manual && self.live(passes) {
                let value = self.by_hand(&spec);
                return Ok(value.map(|value| Json::of(&value)));
            }
            self.live(|live| {
                live.acts.insert(address.clone(), Act::new(spec, phase));
                live.fresh.push(address.clone());
            });
        }
        // The script may stand here for long.
        drop(text);
        self.await_outcome(&address)
    }

    /// An action that the platform has no API for: a person is asked, the script goes on.
    pub(crate) fn by_hand(&self, spec: &Arc<Spec>) -> Result<Value, StepError> {
        let now = self.env.now_ms();
        let mark = Mark { op: "call", name: &spec.name, args: spec.args, at: spec.at };
        self.intend(mark, &spec.address, None);
        let value = match &spec.target {
            Some(target) => {
                let entry = TargetEntry {
                    target: target.clone(),
                    verb: spec.property(),
                    state: TargetState::Requested,
                    until_ms: None,
                    accepted_ms: None,
                    address: spec.address.clone(),
                    why: "no API: a person does it".to_owned(),
                };
                self.live(|live| {
                    guard::count(&self.env, live, target, &spec.address);
                    live.record(kind::TARGET, entry, now);
                });
                cut_value(target, TargetState::Requested)
            }
            None => Value::Null,
        };
        let wait = self.card_by_hand(spec);
        self.live(|live| self.env.hold_by_hand_for_a_while(live, spec, &wait.text, now));
        self.open_wait(wait);
        self.conclude(&spec.address, Ok(value))
    }
}

impl Current {
    /// What a person is asked to do.
    pub(crate) fn card_by_hand(&self, spec: &Spec) -> WaitOpened {
        let (integration, action) = (&spec.integration, &spec.info.name);
        let text = self.env.integrations.manual_text(integration, action, spec.target.as_ref(), spec.input());
        WaitOpened {
            text: text.unwrap_or_else(|| spec.info.title.clone()),
            options: vec!["done".to_owned(), "failed".to_owned()],
            targets: spec.target.iter().map(bare).collect(),
            ..plain_wait(self, WaitKind::Manual, &spec.address, &spec.property(), None)
        }
    }
}

/// What makes a call the same call on replay: the hash of the canonical text of [target, arguments].
pub(crate) fn identity(target: Option<&Target>, input: &str) -> Hash {
    let whole = Scratch::with(|whole| {
        whole.push('[');
        match target {
            Some(target) => push_text(whole, &target.key()),
            None => whole.push_str("null"),
        }
        whole.push(',');
        whole.push_str(input);
        whole.push(']');
        Ok::<_, StepError>(())
    });
    whole.map_or(Hash::ZERO, |whole| Hash::of(whole.0.as_bytes()))
}

/// A text that lies in a buffer of this thread, which comes back when the text is dropped.
struct Scratch(String);

thread_local! {
    static SCRATCH: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A buffer that grew larger than this is not kept.
const KEPT: usize = 64 << 10;

impl Scratch {
    fn with(fill: impl FnOnce(&mut String) -> Result<(), StepError>) -> Result<Self, StepError> {
        let mut text = Self(SCRATCH.with_borrow_mut(Vec::pop).unwrap_or_default());
        fill(&mut text.0)?;
        Ok(text)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut text = std::mem::take(&mut self.0);
        text.clear();
        if text.capacity() <= KEPT {
            SCRATCH.with_borrow_mut(|kept| kept.push(text));
        }
    }
}

/// What a cut returns: its target with the state that it is in.
pub(crate) fn cut_value(target: &Target, state: TargetState) -> Value {
    let mut target = target.clone();
    target.attrs.insert("state".to_owned(), json!(state));
    value::of_target(&target)
}

/// A target without its attributes: enough to name it.
pub(crate) fn bare(target: &Target) -> Target {
    Target {
        integration: target.integration.clone(),
        kind: target.kind.clone(),
        id: target.id.clone(),
        label: target.label.clone(),
        attrs: std::collections::BTreeMap::new(),
    }
}

impl Act {
    fn new(spec: Arc<Spec>, phase: Phase) -> Self {
        Self {
            spec,
            attempt: 0,
            first_ms: 0,
            before: None,
            undo: None,
            approval: None,
            guards: None,
            dead_ms: 0,
            phase,
        }
    }
}

#[cfg(test)]
mod tests {
    use stanch_integrations::Catalog;

    use super::*;

    /// What a drill sends of these words through an action of the catalogue.
    fn marked(platform: &str, action: &str, given: &[(&str, &str)]) -> Map {
        let catalog = Catalog::embedded();
        let info = catalog.platform(platform).unwrap().action(action).unwrap();
        let input = given.iter().map(|(name, said)| ((*name).into(), (*said).into())).collect();
        exercise(&input, info)
    }

    fn said(map: &Map, name: &str) -> String {
        map[name].clone().into_string().unwrap()
    }

    #[test]
    fn whatever_people_read_first_says_that_it_is_an_exercise_and_addresses_stay() {
        let mail =
            marked("smtp", "send", &[("to", "a@b.example"), ("subject", "Cut"), ("text", "EXERCISE. So")]);
        assert_eq!(
            (said(&mail, "to"), said(&mail, "subject")),
            ("a@b.example".into(), "EXERCISE: Cut".into())
        );
        assert_eq!(said(&mail, "text"), "EXERCISE. So", "nothing is said twice");
        let event =
            marked("okta", "report_session_revoked", &[("mail", "a@b.example"), ("reason", "stolen")]);
        assert_eq!(
            (said(&event, "mail"), said(&event, "reason")),
            ("a@b.example".into(), "EXERCISE: stolen".into())
        );
        let usual = marked("ssf", "send_account_disabled", &[]);
        assert_eq!(said(&usual, "reason"), "EXERCISE: this is a drill");
        assert!(!marked("slack", "post_message", &[("text", "x")]).contains_key("reason"));
    }
}
