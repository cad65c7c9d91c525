//! The step: how a host call finds its place in the history, waits, and gets its value.

use rhai::NativeCallContext;
use serde_json::Value;
use stanch_model::{
    Address,
    ids::Hash,
    run::{
        RunState, StepError,
        body::{Local, Warned, kind},
        lean::{IntentText, OutcomeText},
    },
    value,
};

use crate::{
    border::{self, Json},
    current::{Current, Hosted, current, in_script, terminated},
    fiber::{self, Pause, Wake},
    live::{Done, Leave, Live},
};

/// Where a step stands in the history.
pub(crate) enum Enter {
    /// Its outcome is journaled.
    Done(Done),
    /// Its intent is, its outcome is not.
    Pending(Address),
    /// It is beyond everything that is journaled.
    Fresh(Address),
}

/// What identifies a step on replay.
#[derive(Clone, Copy)]
pub(crate) struct Mark<'a> {
    pub(crate) op: &'a str,
    pub(crate) name: &'a str,
    pub(crate) args: Hash,
    pub(crate) at: (u32, u32),
}

impl<'a> Mark<'a> {
    pub(crate) fn new(at: (u32, u32), op: &'a str, name: &'a str, args: &Value) -> Self {
        Self { op, name, args: value::hash_of(args), at }
    }
}

/// Line and column of the call in the script.
pub(crate) fn place(ctx: &NativeCallContext<'_>) -> (u32, u32) {
    let at = ctx.call_position();
    let number = |n: usize| u32::try_from(n).unwrap_or(0);
    let (line, column) = in_script(at.line().unwrap_or(0), at.position().unwrap_or(0));
    (number(line), number(column))
}

impl Current {
    /// Takes the next address of this branch and looks it up.
    pub(crate) fn enter(&self, mark: Mark<'_>) -> Hosted<Enter> {
        let diverged = {
            let mut live = self.live.borrow_mut();
            if live.leaving.is_some() {
                return Err(terminated());
            }
            live.operations_mark = 0;
            let (address, step) = match live.next_step() {
                Ok(found) => found,
                Err(address) => {
                    drop(live);
                    return self.beyond_history(address);
                }
            };
            if &*step.op == mark.op
                && step.args == mark.args
                && (step.name.is_empty() || &*step.name == mark.name)
            {
                return Ok(match &step.result {
                    Some(result) => Enter::Done(result.clone()),
                    None => Enter::Pending(Address::from_stored(address)),
                });
            }
            let (line, column) = mark.at;
            let did = format!("`{}`{}", step.op, named(&step.name, step.at));
            let does = match &*step.op == mark.op && *step.name == *mark.name {
                true => "does it with other arguments".to_owned(),
                false => format!("does `{}`{}", mark.op, named(mark.name, mark.at)),
            };
            format!("main.rhai:{line}:{column}: at step {address} this run did {did}, the script now {does}")
        };
        self.leave(Leave::Diverged(diverged))
    }

    fn beyond_history(&self, address: Address) -> Hosted<Enter> {
        self.frontier(&address)?;
        Ok(Enter::Fresh(address))
    }

    /// Whether something new may begin here. Nothing is decided by a person behind the frontier: cancel, pause and limits
    /// are seen here only.
    pub(crate) fn frontier(&self, address: &Address) -> Hosted<()> {
        if self.live(|live| live.rehearsing) {
            return self.stop_rehearsing();
        }
        let (grown, most) =
            self.live(|live| (live.lines.at(address), live.lines.most(self.env.patience.entries)));
        let above = self.live(|live| live.is_in_family().then(|| self.env.families.grow(live, most)));
        let (grown, too_long_above) = match above {
            None => (grown, None),
            Some(Ok(whole)) => (grown.max(whole), None),
            Some(Err(why)) => (grown, Some(why)),
        };
        let why = self.live(|live| {
            if let Some(why) = stopped(live).or_else(|| unpromoted(live)) {
                return Some(why);
            }
            if let Some(scope) = self.env.held_by(&live.created.playbook, None) {
                return Some(Leave::Paused(format!("{scope} is paused")));
            }
            if let Some(why) = too_long_above {
                return Some(Leave::Limited(format!("{why}: resume it for as many again, or cancel it")));
            }
            if grown >= most {
                return Some(Leave::Limited(format!(
                    "{grown} entries: a loop that does not end? Resume it for as many again, or cancel it"
                )));
            }
            self.env.is_draining().then_some(Leave::Park)
        });
        if let Some(why) = why {
            return self.leave(why);
        }
        if grown >= self.env.patience.warn && self.live(|live| live.view.warned.is_none()) {
            let now = self.env.now_ms();
            self.live(|live| live.record(kind::WARNED, Warned { entries: grown, most }, now));
        }
        Ok(())
    }

    /// Waits until something changes. On the main line the stack stays; in a branch the branch is left and entered again.
    pub(crate) fn block(&self) -> Hosted<()> {
        let (in_fan, rehearsing, stopped) = self.live(|live| (live.fans > 0, live.rehearsing, stopped(live)));
        if rehearsing {
            return self.stop_rehearsing();
        }
        if let Some(why) = stopped {
            return self.leave(why);
        }
        if in_fan {
            return self.leave(Leave::Branch);
        }
        match fiber::pause(Pause::Blocked) {
            Wake::Go => match self.live(|live| live.leaving.is_some()) {
                true => Err(terminated()),
                false => Ok(()),
            },
            Wake::Unwind => Err(terminated()),
        }
    }

    /// A rehearsal compares the script with the history and goes no further.
    fn stop_rehearsing<T>(&self) -> Hosted<T> {
        let in_fan = self.live(|live| live.fans > 0);
        self.leave(if in_fan { Leave::Branch } else { Leave::Park })
    }

    /// Waits until the step at this address has an outcome.
    pub(crate) fn await_outcome(&self, address: &Address) -> Hosted<Done> {
        loop {
            let result = self.live(|live| live.steps.get(address).and_then(|step| step.result.clone()));
            if let Some(result) = result {
                return Ok(result);
            }
            self.block()?;
        }
    }

    /// Journals the intent of a step that is no call.
    pub(crate) fn intend(&self, mark: Mark<'_>, address: &Address, keys: Option<&[String]>) {
        let intent = IntentText {
            address: address.as_str(),
            op: mark.op,
            name: mark.name,
            args: mark.args,
            at: mark.at,
            attempt: 1,
            keys,
            call: None,
        };
        self.live(|live| live.record_intent(&intent));
    }

    /// Journals the outcome of a step that is no call, and gives back what a later life will read.
    pub(crate) fn conclude(
        &self,
        address: &Address,
        result: Result<Value, StepError>,
    ) -> Result<Value, StepError> {
        let (value, error) = match &result {
            Ok(value) => (value.to_string(), None),
            Err(error) => ("null".to_owned(), Some(error)),
        };
        let at = address.as_str();
        let outcome = OutcomeText { address: at, attempt: 1, value: &value, error, by: "", incomplete: "" };
        self.live(|live| live.record_outcome(&outcome));
        result.map(|_| Json::new(&value).value())
    }

    /// A step that is decided here and has no effect: one entry.
    pub(crate) fn local(
        &self,
        ctx: &NativeCallContext<'_>,
        op: &str,
        args: &Value,
        decide: impl FnOnce(&Self) -> Result<Value, StepError>,
    ) -> Hosted<Value> {
        let mark = Mark::new(place(ctx), op, "", args);
        match self.enter(mark)? {
            Enter::Done(result) => result.map(|value| value.value()).map_err(|error| border::throw(&error)),
            Enter::Fresh(address) | Enter::Pending(address) => {
                let value = match decide(self) {
                    Ok(value) => value,
                    Err(error) => {
                        // What it was decided from may be otherwise at the next replay: a no is journaled like a yes.
                        self.intend(mark, &address, None);
                        let _ = self.conclude(&address, Err(error.clone()));
                        return Err(border::throw(&error));
                    }
                };
                let now = self.env.now_ms();
                let body = Local { address, op: op.to_owned(), args: mark.args, at: mark.at, value };
                let address = body.address.clone();
                Ok(self.live(|live| {
                    live.record(kind::LOCAL, body, now);
                    let step = live.steps.get(&address);
                    let done = step.and_then(|step| step.result.as_ref()?.as_ref().ok());
                    done.map(Json::value).unwrap_or_default()
                }))
            }
        }
    }

    /// Ends the run: the script did what it may not.
    pub(crate) fn fatal<T>(&self, kind: &str, message: impl Into<String>) -> Hosted<T> {
        self.leave(Leave::Fatal(StepError::new(kind, message)))
    }
}

/// What a person told the run, wherever it waits or begins something.
pub(crate) fn stopped(live: &Live) -> Option<Leave> {
    if live.view.cancelled {
        return Some(Leave::Cancelled);
    }
    (live.view.state == RunState::Paused).then(|| Leave::Paused(live.view.why.clone()))
}

/// A trigger started what nobody had promoted.
fn unpromoted(live: &Live) -> Option<Leave> {
    let created = &live.created;
    let stands = created.unpromoted && !live.let_go;
    stands.then(|| {
        let version = live.playbook.hash.to_string();
        Leave::Limited(format!(
            "an alert started version {} of {}, which nobody has promoted: resume it if it is right, or cancel it",
            &version[..8],
            created.playbook
        ))
    })
}

fn named(name: &str, at: (u32, u32)) -> String {
    match (name.is_empty(), at) {
        (true, _) => String::new(),
        (false, (line, _)) => format!(" {name} (line {line})"),
    }
}

/// A misuse that the script may catch.
pub(crate) fn misuse<T>(message: impl Into<String>) -> Hosted<T> {
    Err(border::throw(&StepError::new("misuse", message)))
}

/// The current run, for a host call.
pub(crate) fn here() -> Hosted<Current> {
    let current = current()?;
    if current.live(|live| live.leaving.is_some()) {
        return Err(terminated());
    }
    Ok(current)
}
