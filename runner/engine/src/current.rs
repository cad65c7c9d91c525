//! The run whose script is being evaluated on this thread.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use rhai::{Dynamic, EvalAltResult, Position};

use crate::{
    env::Env,
    live::{Leave, Live},
};

/// What a host call needs.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) live: Rc<RefCell<Live>>,
    pub(crate) env: Arc<Env>,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// A host call's answer to the interpreter.
pub(crate) type Hosted<T> = Result<T, Box<EvalAltResult>>;

/// Makes a run current for as long as `body` runs.
pub(crate) fn during<R>(current: Current, body: impl FnOnce() -> R) -> R {
    let outer = CURRENT.replace(Some(current));
    let result = body();
    CURRENT.set(outer);
    result
}

/// The current run.
pub(crate) fn current() -> Hosted<Current> {
    CURRENT.with_borrow(Clone::clone).ok_or_else(|| "host calls work in playbooks only".into())
}

/// The current run, where there may be none.
pub(crate) fn peek() -> Option<Current> {
    CURRENT.with_borrow(Clone::clone)
}

/// A place that the interpreter names, in the script itself: one that is watched is a copy with marks in it.
pub(crate) fn in_script(line: usize, column: usize) -> (usize, usize) {
    CURRENT.with_borrow(|current| {
        let watched = current.as_ref().and_then(|current| {
            let coverage = current.env.coverage.as_ref()?;
            coverage.of(&current.live.try_borrow().ok()?.playbook.hash)
        });
        (line, watched.map_or(column, |watched| watched.column(line, column)))
    })
}

/// Where in the script this method can have been called with a closure that looks at what it is called on.
pub(crate) fn clashes(method: &str) -> Vec<(usize, usize)> {
    CURRENT.with_borrow(|current| {
        let live = current.as_ref().and_then(|current| current.live.try_borrow().ok());
        live.map(|live| stanch_playbooks::clash::places(&live.playbook.script, method)).unwrap_or_default()
    })
}

/// What every host call answers while the script leaves: no `catch` sees it.
pub(crate) fn terminated() -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE))
}

impl Current {
    /// Works on the run. Never holds the borrow across a pause or a call into the script.
    pub(crate) fn live<R>(&self, work: impl FnOnce(&mut Live) -> R) -> R {
        work(&mut self.live.borrow_mut())
    }

    /// Starts to leave, unless it is leaving for a better reason already.
    pub(crate) fn leave<T>(&self, why: Leave) -> Hosted<T> {
        self.live(|live| {
            if matches!(live.leaving, None | Some(Leave::Branch)) {
                live.leaving = Some(why);
            }
        });
        Err(terminated())
    }
}
