//! A call on its way: from the script's wish to an outcome, through admission, capture, approval, intent and doubt.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use serde_json::Value;
use stanch_integrations::{Integrations, Look, Outcome, Permit, Seen};
use stanch_model::{Address, Target, ids::Hash, target::Effect};

use crate::{guard::Objection, live::Info};

/// What the script asked for. Does not change from attempt to attempt.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) address: Address,
    pub(crate) at: (u32, u32),
    /// `integration.action`.
    pub(crate) name: Arc<str>,
    pub(crate) args: Hash,
    pub(crate) integration: Arc<str>,
    pub(crate) info: Info,
    pub(crate) verb: Option<String>,
    /// The input as canonical JSON.
    pub(crate) text: Box<str>,
    /// The same, read; by [`Spec::input`] when somebody asks.
    pub(crate) read: OnceLock<Value>,
    pub(crate) target: Option<Target>,
    /// How long the cut is to last; for good if `None`.
    pub(crate) expires: Option<Duration>,
}

impl Spec {
    /// What the script gave to the action.
    pub(crate) fn input(&self) -> &Value {
        // Our own text reads back.
        self.read.get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }

    /// True for what takes access away: its target is counted, proven and settled.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(self.info.effect, Effect::Reversible | Effect::Permanent) && self.target.is_some()
    }

    /// One look at whether it is so.
    pub(crate) async fn look(&self, integrations: &Integrations, since_ms: i64, key: &str) -> Seen {
        let since = jiff::Timestamp::from_millisecond(since_ms).ok().filter(|_| since_ms > 0);
        let (integration, action) = (&*self.integration, self.info.name.as_str());
        integrations
            .look(Look {
                integration,
                action,
                target: self.target.as_ref(),
                input: self.input(),
                since,
                key: Some(key),
            })
            .await
    }

    /// The word under which the target's state is kept: the verb, or the action's full name.
    pub(crate) fn property(&self) -> String {
        self.verb.clone().unwrap_or_else(|| self.name.to_string())
    }
}

/// A call on its way.
pub(crate) struct Act {
    pub(crate) spec: Arc<Spec>,
    /// The attempt that is on its way, or was last; 0 before the first.
    pub(crate) attempt: u32,
    pub(crate) first_ms: i64,
    pub(crate) before: Option<Value>,
    pub(crate) undo: Option<Value>,
    pub(crate) approval: Option<String>,
    /// Versions of the `guard.read` entries by which the guards let it pass; `None` until they do.
    pub(crate) guards: Option<Vec<u64>>,
    /// When the last request is surely dead, Unix ms.
    pub(crate) dead_ms: i64,
    pub(crate) phase: Phase,
}

impl Act {
    /// The intent went into the journal at this position.
    pub(crate) fn set_position(&mut self, position: u64) {
        if let Phase::Intended(at, _) = &mut self.phase {
            *at = position;
        }
    }

    /// True when a request may be on the wire.
    pub(crate) fn is_out(&self) -> bool {
        matches!(self.phase, Phase::Intended(..) | Phase::Flying)
    }
}

/// Where a call stands.
pub(crate) enum Phase {
    /// The shard has not looked at it.
    New,
    /// An attempt was made in an earlier life, and nobody knows how it went.
    Recovered,
    /// A guard has something read first.
    Guarding,
    /// A guard minds; no card says so yet.
    Barred(Objection),
    /// No approval covers it; no card asks yet.
    Uncovered,
    /// A card holds it: its id.
    Held(String),
    /// Reads what is to be changed.
    Capturing,
    /// Waits for its turn.
    Admitting,
    /// Not before this time.
    Deferred(i64),
    /// The intent is queued; durable at this position.
    Intended(u64, Option<Permit>),
    /// The request is out.
    Flying,
    /// A look is under way at whether it happened.
    Probing,
    /// The next look comes then.
    ProbeAt(i64),
    /// A person looks.
    Asking,
}

impl Phase {
    /// True when something outside the script is at work and will come back soon.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::New
                | Self::Recovered
                | Self::Guarding
                | Self::Capturing
                | Self::Admitting
                | Self::Intended(..)
                | Self::Flying
                | Self::Probing
        )
    }

    /// When it goes on by itself.
    pub(crate) fn due_ms(&self) -> Option<i64> {
        match self {
            Self::Deferred(due) | Self::ProbeAt(due) => Some(*due),
            _ => None,
        }
    }
}

/// What happened to a call.
pub(crate) enum Event {
    Captured(Result<Value, Box<Outcome>>),
    Admitted(Permit),
    NotBefore(i64),
    Answered(Box<Outcome>),
    Probed(Box<Seen>),
}

/// A cut that the platform accepted and that is being read back.
pub(crate) struct Proof {
    pub(crate) spec: Arc<Spec>,
    pub(crate) accepted_ms: i64,
    pub(crate) tries: u32,
    /// `None` while a look is under way.
    pub(crate) again_ms: Option<i64>,
}
