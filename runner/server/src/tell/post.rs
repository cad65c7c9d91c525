//! Sending one message through one way, until it is known what became of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stanch_engine::Clock;
use stanch_integrations::{Call, Integrations, Look, Outcome, Seen};
use stanch_journal::BoxFuture;
use stanch_model::{
    catalog::{ActionIndex, ActionInfo},
    config::Current,
    target::InDoubt,
};
use stanch_response::tell::{Channel, Medium};

use super::book::Intent;

/// One attempt, on the wall clock.
const ATTEMPT: Duration = Duration::from_secs(20);

/// Attempts that did not leave this machine, or were asked to wait, until it is given up.
const ATTEMPTS: u32 = 8;

/// Never waits longer between two of them.
const LONGEST_MS: i64 = 120_000;

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) how: How,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum How {
    /// The platform took it.
    Sent,
    /// It was refused, or never left.
    Failed,
    /// Nobody knows, and it is not sent again.
    InDoubt,
}

impl End {
    fn new(how: How, why: impl Into<String>) -> Self {
        Self { how, why: why.into() }
    }

    pub(super) fn sent(&self) -> bool {
        self.how == How::Sent
    }
}

/// Whether an earlier life may have sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// No.
    Fresh,
    /// It may have.
    Doubtful,
}

/// The way out; tests bring their own.
pub(super) trait Post: Send + Sync {
    /// One attempt.
    fn send<'a>(&'a self, intent: &'a Intent, attempt: u32) -> BoxFuture<'a, Outcome>;
    /// Whether it went out already, by the platform's word.
    fn look<'a>(&'a self, intent: &'a Intent) -> BoxFuture<'a, Seen>;
    /// True if the platform takes the same message once, however often it is sent.
    fn repeats(&self, intent: &Intent) -> bool;
}

/// Sends until it is known what became of it.
pub(super) async fn deliver(post: &dyn Post, clock: &dyn Clock, intent: &Intent, delivery: Delivery) -> End {
    let mut doubtful = delivery == Delivery::Doubtful;
    for attempt in 1..=ATTEMPTS {
        if doubtful && !post.repeats(intent) {
            match post.look(intent).await {
                Seen::Holds | Seen::Residual { .. } => return End::new(How::Sent, "found at the platform"),
                Seen::HoldsNot { .. } => {}
                Seen::CannotTell { why, .. } => return End::new(How::InDoubt, why),
            }
        }
        doubtful = false;
        match post.send(intent, attempt).await {
            Outcome::Done { .. } => return End::new(How::Sent, ""),
            Outcome::Refused { message, .. } => return End::new(How::Failed, message),
            Outcome::InDoubt { .. } => doubtful = true,
            Outcome::NotSent { why } if attempt == ATTEMPTS => return End::new(How::Failed, why),
            Outcome::NotSent { .. } => {}
            Outcome::Limited { until_ms, .. } => pause(clock, until_ms - clock.now_ms()).await,
        }
        pause(clock, 1_000 << attempt.min(6)).await;
    }
    let how = if doubtful { How::InDoubt } else { How::Failed };
    End::new(how, format!("given up after {ATTEMPTS} attempts"))
}

async fn pause(clock: &dyn Clock, ms: i64) {
    clock.reach(clock.now_ms().saturating_add(ms.clamp(0, LONGEST_MS))).await;
}

/// The configured integrations.
pub(super) struct Platforms {
    integrations: Integrations,
    config: Current,
}

impl Platforms {
    pub(super) fn new(integrations: Integrations, config: Current) -> Self {
        Self { integrations, config }
    }

    /// Which action of which integration sends this, and with what.
    fn route(&self, intent: &Intent) -> Result<(String, &ActionInfo, Value), String> {
        let channel = Channel::parse(&intent.way, &self.config).map_err(|why| why.to_string())?;
        let verb = channel.medium.verb();
        let found = self.integrations.verb(verb).into_iter().find(|(name, _)| *name == channel.integration);
        let (name, info) =
            found.ok_or_else(|| format!("`{}` has no action for {verb}", channel.integration))?;
        let mut input = info.message(&channel.to, &intent.subject, &intent.text);
        if channel.medium == Medium::Webhook {
            input["type"] = json!("stanch.needed");
        }
        Ok((name, info, input))
    }
}

impl Post for Platforms {
    fn send<'a>(&'a self, intent: &'a Intent, attempt: u32) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let (integration, info, input) = match self.route(intent) {
                Ok(route) => route,
                Err(why) => {
                    return Outcome::Refused {
                        kind: stanch_integrations::ErrorKind::Unknown,
                        status: None,
                        message: why,
                    };
                }
            };
            let call = Call {
                integration,
                action: info.name.clone(),
                input,
                target: None,
                key: intent.idempotency(),
                attempt,
                deadline: ATTEMPT,
                permit: None,
            };
            self.integrations.call(call).await
        })
    }

    fn look<'a>(&'a self, intent: &'a Intent) -> BoxFuture<'a, Seen> {
        Box::pin(async move {
            match self.route(intent) {
                Ok((integration, info, input)) => {
                    let look = Look {
                        integration: &integration,
                        action: &info.name,
                        target: None,
                        input: &input,
                        since: Some(intent.at),
                        key: Some(&intent.idempotency()),
                    };
                    self.integrations.look(look).await
                }
                Err(why) => Seen::CannotTell { why, again_ms: None },
            }
        })
    }

    fn repeats(&self, intent: &Intent) -> bool {
        self.route(intent).is_ok_and(|(_, info, _)| info.in_doubt == InDoubt::Repeat)
    }
}
