//! Simulated failures: what fails, when, how often and for how long.
//!
//! Nothing here answers a request; the platform asks which faults match and acts on them.

mod answer;
mod span;

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use answer::Answer;

/// One fault to switch on. Absent selectors match everything:
/// `{ action: okta.revoke_app_token, call: 201, answer: timeout_after_effect }`, `{ platform: salesforce, answer: 429, lasts: 2m }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only this platform (every integration of it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Only this integration, by its configured name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// Only this action: `revoke_app_token`, or with its integration or platform before it, `okta.revoke_app_token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// `vendor_silent`: only the contacts of this vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The first matching call that fails, counted from 1 since the fault was switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// How many calls fail: 1 where `call` is given, no end otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How long the fault stays on.
    #[serde(default, with = "span", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// What happens instead.
    pub answer: Answer,
    /// The answer's own time: Retry-After, how long a connection is held, how old a stale read is, how long an access
    /// token lingers, when a re-consent comes, how slow is slow.
    #[serde(default, with = "span", skip_serializing_if = "Option::is_none")]
    pub delay: Option<Duration>,
    /// `hidden_grant` and `reconsent_after`: how many grants appear; 1 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<u32>,
    /// Overrides whether the effect happens before the answer goes wrong (statuses, `html`, `garbage`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<FaultEffect>,
}

impl Fault {
    /// This answer to every request.
    pub fn always(answer: Answer) -> Self {
        Self {
            platform: None,
            integration: None,
            action: None,
            vendor: None,
            call: None,
            count: None,
            lasts: None,
            answer,
            delay: None,
            grants: None,
            effect: None,
        }
    }

    /// This answer to one call of one action, counted from 1.
    pub fn nth(action: &str, call: u64, answer: Answer) -> Self {
        Self { action: Some(action.to_owned()), call: Some(call), ..Self::always(answer) }
    }

    /// The answer's time, or the time that the answer takes by itself.
    pub fn delay_or_default(&self) -> Duration {
        self.delay.unwrap_or(match self.answer {
            Answer::Status(_) | Answer::IdpDown => Duration::from_secs(1),
            Answer::Slow => Duration::from_secs(5),
            Answer::StaleRead => Duration::from_secs(30),
            Answer::LingeringAccess => Duration::from_secs(3600),
            _ => Duration::from_secs(60),
        })
    }

    /// How long it asks to stay away, where it is the platform's own "too many requests" and nothing happened.
    pub(crate) fn refuses(&self) -> Option<Duration> {
        (matches!(self.answer, Answer::Status(429)) && !self.happens()).then(|| self.delay_or_default())
    }

    /// True when the platform does what it was asked before the answer goes wrong.
    pub fn happens(&self) -> bool {
        match self.effect {
            Some(FaultEffect::Happens) => true,
            Some(FaultEffect::None) => false,
            None => !matches!(
                self.answer,
                Answer::Status(_)
                    | Answer::IdpDown
                    | Answer::TimeoutBeforeEffect
                    | Answer::Reset
                    | Answer::Html
                    | Answer::Redirect
                    | Answer::MailBounce
                    | Answer::MailSilent
            ),
        }
    }
}

/// Whether a failing call has its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultEffect {
    /// It has.
    Happens,
    /// It has not.
    None,
}

/// A fault that is on, with what it has done so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActiveFault {
    /// Its number, to switch it off by.
    pub id: u64,
    /// What was asked for.
    pub fault: Fault,
    /// When it ends, on the twins' clock.
    pub until: Option<Timestamp>,
    /// Matching calls so far.
    pub seen: u64,
    /// Calls that it made fail.
    pub fired: u64,
}

/// A call, as far as faults are concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) integration: &'a str,
    pub(crate) platform: &'a str,
    pub(crate) action: &'a str,
    pub(crate) write: bool,
    pub(crate) now: Timestamp,
}

/// Every fault that is on.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next: u64,
    active: Vec<ActiveFault>,
    /// Names of those that were switched on and are not switched on again.
    done: BTreeSet<String>,
}

impl Faults {
    /// Switches one on, unless what has this name was on before.
    pub(crate) fn add_once(&mut self, name: &str, fault: Fault, now: Timestamp) {
        if self.done.insert(name.to_owned()) {
            self.add(fault, now);
        }
    }

    pub(crate) fn add(&mut self, fault: Fault, now: Timestamp) -> u64 {
        self.next += 1;
        let until = fault
            .lasts
            .and_then(|lasts| jiff::SignedDuration::try_from(lasts).ok())
            .and_then(|lasts| now.checked_add(lasts).ok());
        self.active.push(ActiveFault { id: self.next, fault, until, seen: 0, fired: 0 });
        self.next
    }

    /// Those that were on when an earlier host stopped.
    pub(crate) fn restore(&mut self, active: Vec<ActiveFault>, done: BTreeSet<String>) {
        self.next = active.iter().map(|fault| fault.id).max().unwrap_or(0).max(self.next);
        (self.active, self.done) = (active, done);
    }

    /// What is on, and the names of what was.
    pub(crate) fn kept(&self) -> (Vec<ActiveFault>, BTreeSet<String>) {
        (self.active.clone(), self.done.clone())
    }

    pub(crate) fn list(&self) -> Vec<ActiveFault> {
        self.active.clone()
    }

    /// Switches one off, or all. Gives how many were on.
    pub(crate) fn remove(&mut self, id: Option<u64>) -> usize {
        let before = self.active.len();
        self.active.retain(|active| id.is_some_and(|id| id != active.id));
        before - self.active.len()
    }

    /// The fault that this call meets: the first that matches and is due. Every matching fault counts the call.
    pub(crate) fn meet(&mut self, call: Call<'_>) -> Option<Fault> {
        let mut met = None;
        for active in &mut self.active {
            if active.until.is_some_and(|until| call.now >= until) || !matches(&active.fault, call) {
                continue;
            }
            active.seen += 1;
            let first = active.fault.call.unwrap_or(1);
            let count = active.fault.count.or(active.fault.call.map(|_| 1)).unwrap_or(u64::MAX);
            if met.is_none() && active.seen >= first && active.fired < count {
                active.fired += 1;
                met = Some(active.fault.clone());
            }
        }
        met
    }
}

fn matches(fault: &Fault, call: Call<'_>) -> bool {
    let named = |wanted: &Option<String>, given: &str| wanted.as_deref().is_none_or(|wanted| wanted == given);
    let action = fault.action.as_deref().is_none_or(|wanted| match wanted.split_once('.') {
        Some((place, action)) => {
            action == call.action && (place == call.integration || place == call.platform)
        }
        None => wanted == call.action,
    });
    let sort = match fault.answer {
        Answer::StaleRead => !call.write,
        // it is people who fail, and no call
        Answer::VendorSilent => false,
        Answer::RevokeDoesNothing
        | Answer::AlreadyRevoked
        | Answer::LingeringAccess
        | Answer::ReconsentAfter
        | Answer::HiddenGrant => call.write,
        _ => true,
    };
    named(&fault.platform, call.platform) && named(&fault.integration, call.integration) && action && sort
}
