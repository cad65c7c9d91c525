//! One request for every row of a read: all sessions of a person, all their logins.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use stanch_model::value;

use super::{Exchange, refused};
use crate::{
    bind::{Refusal, bind},
    call::{By, ErrorKind, More, Outcome},
    configured::arguments,
    label::UNLABELLED,
    scope::Vars,
    spec::EachSpec,
    template::Shape,
};

impl Exchange<'_> {
    /// Makes the request for every row of a read. The first that is not done ends it: all of it is safe to begin again,
    /// because what is done is no row any more, or says `already`.
    pub(super) async fn each(&self, rows: &EachSpec, vars: &Vars<'_>) -> Outcome {
        let listed = match self.rows(&rows.action, &rows.with, vars).await {
            Ok(Outcome::Done { value: Value::Array(listed), more, .. }) if more.incomplete.is_none() => {
                listed
            }
            // Nothing of the effect was sent: a list that failed is not in doubt.
            Ok(Outcome::Done { more, .. }) => {
                let why = more.incomplete.unwrap_or_default();
                let message = format!("the list to act on is not complete: {why}");
                return refused(Refusal::new(ErrorKind::Garbled, message));
            }
            Ok(Outcome::Refused { kind: ErrorKind::Unavailable, message, .. }) if !self.is_read() => {
                return Outcome::NotSent { why: message };
            }
            Ok(other) => return other,
            Err(refusal) => return refused(refusal),
        };
        let (mut by, mut status, mut more) = (By::Other, 200, More::default());
        let mut gathered = Vec::new();
        let mut known = HashSet::new();
        let input = Value::Object(vars.inputs.clone());
        let settings = serde_json::json!(vars.settings);
        for row in &listed {
            let target = value::as_target(row);
            self.learn(target.as_ref());
            let row =
                target.and_then(|target| serde_json::to_value(target).ok()).unwrap_or_else(|| row.clone());
            if rows.only.as_ref().is_some_and(|only| {
                !only.holds(&[("item", &row), ("input", &input), ("settings", &settings)])
            }) {
                continue;
            }
            if let Err(at) = self.pace().slot(self.patience.stand()).await {
                return self.not_before(at);
            }
            let outcome = self.one(vars.with_item(&row)).await;
            let Outcome::Done { value, by: each, status: answered, more: also } = outcome else {
                return outcome;
            };
            if by != By::Us {
                by = each;
            }
            status = answered;
            more.requests += also.requests;
            more.incomplete = more.incomplete.or(also.incomplete);
            match value {
                // One app of many people is one app.
                Value::Array(rows) => gathered.extend(
                    rows.into_iter()
                        .filter(|row| value::as_target(row).is_none_or(|target| known.insert(target.key()))),
                ),
                other => gathered.push(other),
            }
        }
        let value = if self.is_read() { Value::Array(gathered) } else { Value::Null };
        Outcome::Done { value, by, status, more }
    }

    pub(super) async fn rows(
        &self,
        action_name: &str,
        with: &BTreeMap<String, Shape>,
        vars: &Vars<'_>,
    ) -> Result<Outcome, Refusal> {
        let input = arguments(with, vars).map_err(|error| Refusal::invalid(error.to_string()))?;
        let action = self.member.action(action_name).ok_or_else(|| {
            Refusal::new(ErrorKind::Unknown, format!("there is no action `{}`", action_name))
        })?;
        let bound = bind(&self.member.name, action_name, action, None, &input)?;
        let read = Exchange { name: action_name, action, bound: &bound, labels: &UNLABELLED, ..*self };
        Ok(Box::pin(read.run()).await)
    }
}
