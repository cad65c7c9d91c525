//! Who a list means by its ids: asked behind each page. What cannot be learned stays an id, and the list stays what it is.

use std::time::Duration;

use serde_json::{Map, Value, json};
use stanch_model::{Target, value};
use tokio::time::Instant;

use super::Exchange;
use crate::{
    bind::bind,
    call::Outcome,
    configured::arguments,
    label::{Labels, UNLABELLED},
    response::{self, Items},
    scope::Vars,
    spec::{LabelSpec, YieldSpec},
    time::Patience,
};

/// How long a call may spend on labels: a list is worth more than what its people are called.
const PATIENCE: Duration = Duration::from_secs(10);

/// For a call whose value is shown. What it is called on bears its label already.
pub(crate) fn wanted(exchange: &Exchange<'_>) -> Labels {
    let labels = Labels::asked_until(Instant::now() + PATIENCE);
    Exchange { labels: &labels, ..*exchange }.learn(exchange.bound.target.as_ref());
    labels
}

impl Exchange<'_> {
    /// Learns what the ids in these rows stand for, as far as the platform tells.
    pub(super) async fn label(&self, yields: &YieldSpec, items: &Items<'_>, vars: &Vars<'_>) {
        let Some(until) = self.labels.until() else { return };
        let patience = self.patience.at_most(until, PATIENCE);
        for (kind, spec) in &self.member.platform.spec.labels {
            let ids = self.labels.unknown(kind, response::bare_ids(yields, kind, items, vars));
            for ids in ids.chunks(spec.at_once.max(1)) {
                match patience.across(self.told(spec, ids, patience)).await {
                    Some(Ok(told)) => self.labels.keep(kind, ids, told),
                    Some(Err(why)) => {
                        tracing::debug!(integration = %self.member.name, kind, %why, "ids stay without labels");
                        self.labels.give_up(kind);
                        break;
                    }
                    None => {
                        self.labels.give_up(kind);
                        break;
                    }
                }
            }
        }
    }

    /// Somebody's label is known without asking.
    pub(super) fn learn(&self, target: Option<&Target>) {
        let Some(target) = target.filter(|target| !target.label.is_empty()) else { return };
        let platform = &self.member.platform;
        let Some(spec) = platform.spec.labels.get(&target.kind) else { return };
        let yields = platform.action_spec(&spec.action).and_then(|read| read.yields.as_ref());
        let mut known = target.clone();
        known.attrs.retain(|name, _| yields.is_some_and(|yields| yields.attrs.contains_key(name)));
        self.labels.keep(&target.kind, &[], vec![known]);
    }

    /// What the platform says of these ids.
    async fn told(
        &self,
        spec: &LabelSpec,
        ids: &[String],
        patience: Patience<'_>,
    ) -> Result<Vec<Target>, String> {
        let name = spec.action.as_str();
        let action = self.member.action(name).ok_or("the read does not exist with this configuration")?;
        let input = given(spec, ids, self.member.vars(self.bound, self.key))?;
        let bound = bind(&self.member.name, name, action, None, &input).map_err(|refusal| refusal.message)?;
        let read = Exchange { name, action, bound: &bound, patience, labels: &UNLABELLED, ..*self };
        read.pace().slot(patience.stand()).await.map_err(|_| "the platform's pace leaves no room")?;
        match Box::pin(read.run()).await {
            Outcome::Done { value, .. } => Ok(value::targets_in(&value)),
            Outcome::Refused { message, .. } => Err(message),
            Outcome::NotSent { why } | Outcome::InDoubt { why } | Outcome::Limited { why, .. } => Err(why),
        }
    }
}

/// The arguments of a read that labels these ids.
pub(crate) fn given(spec: &LabelSpec, ids: &[String], vars: Vars<'_>) -> Result<Value, String> {
    let made = Map::from_iter([("ids".to_owned(), json!(ids))]);
    arguments(&spec.with, &Vars { made: Some(&made), ..vars }).map_err(|error| error.to_string())
}
