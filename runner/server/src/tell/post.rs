//! Sending one message through one way, until it is known what became of it.

use std::{sync::Arc, time::Duration};

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
use crate::link::Links;

/// One attempt, on the wall clock.
const ATTEMPT: Duration = Duration::from_secs(20);

/// Attempts that did not leave this machine, or were asked to wait, until it is given up.
const ATTEMPTS: u32 = 8;

/// Never waits longer between two of them.
const LONGEST_MS: i64 = 120_000;

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) how: How,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
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

    pub(crate) fn sent(&self) -> bool {
        self.how == How::Sent
    }
}

/// Whether an earlier life may have sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// No.
    Fresh,
    /// It may have.
    Doubtful,
}

/// The way out; tests bring their own.
pub(crate) trait Post: Send + Sync {
    /// One attempt.
    fn send<'a>(&'a self, intent: &'a Intent, attempt: u32) -> BoxFuture<'a, Outcome>;
    /// Whether it went out already, by the platform's word.
    fn look<'a>(&'a self, intent: &'a Intent) -> BoxFuture<'a, Seen>;
    /// True if the platform takes the same message once, however often it is sent.
    fn repeats(&self, intent: &Intent) -> bool;
}

/// Sends until it is known what became of it.
pub(crate) async fn deliver(post: &dyn Post, clock: &dyn Clock, intent: &Intent, delivery: Delivery) -> End {
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
pub(crate) struct Platforms {
    integrations: Integrations,
    config: Current,
    links: Option<Arc<Links>>,
}

impl Platforms {
    /// With links where messages may carry them.
    pub(crate) fn new(integrations: Integrations, config: Current, links: Option<Arc<Links>>) -> Self {
        Self { integrations, config, links }
    }

    /// Which action of which integration sends this, and with what.
    fn route(&self, intent: &Intent) -> Result<(String, &ActionInfo, Value), String> {
        let channel = Channel::parse(&intent.way, &self.config).map_err(|why| why.to_string())?;
        let verb = channel.medium.verb();
        let found = self.integrations.verb(verb).into_iter().find(|(name, _)| *name == channel.integration);
        let (name, info) =
            found.ok_or_else(|| format!("`{}` has no action for {verb}", channel.integration))?;
        let text = self.with_link(intent);
        let mut input = info.message(&channel.to, &intent.subject, &text);
        // Buttons work only where their presses come back to us.
        let answers = self.config.server.slack.as_ref();
        if channel.medium == Medium::Chat
            && answers.is_some_and(|slack| slack.integration == channel.integration)
            && let Some(blocks) = intent.offer.as_ref().and_then(|offer| offer.blocks(&text))
        {
            input["blocks"] = json!(blocks.to_string());
        }
        if channel.medium == Medium::Webhook {
            input["type"] = json!("stanch.needed");
        }
        Ok((name, info, input))
    }
}

impl Platforms {
    /// The text, with the link by which its one person answers: made anew each time, the same each time, and never kept.
    fn with_link(&self, intent: &Intent) -> String {
        let offer = intent.offer.as_ref().zip(intent.who.as_deref());
        let links = self.links.as_ref();
        match links.zip(offer).and_then(|(links, (offer, who))| links.to(&offer.card, who, intent.at)) {
            Some(url) => format!(
                "{}\n\nRead and answer, for {} alone:\n{url}",
                intent.text,
                intent.who.as_deref().unwrap_or_default()
            ),
            None => intent.text.clone(),
        }
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
