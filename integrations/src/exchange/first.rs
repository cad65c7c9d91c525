//! What comes before a request, in the same attempt: the read that it is made of, and the look whether it would hit us.

use serde_json::{Map, Value, json};

use super::{Exchange, refused};
use crate::{
    bind::Refusal,
    call::{By, ErrorKind, More, Outcome},
    scope::Vars,
    spec::{CallSpec, ReadSpec},
};

/// What was read, and what `let` made of it. While it lives, nobody else reads the same in order to write it.
pub(super) struct Prepared {
    pub(super) read: Option<Value>,
    pub(super) made: Map<String, Value>,
    _alone: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Exchange<'_> {
    /// Reads what the request is made of. An outcome where that already ends the attempt; nothing of the effect was sent.
    pub(super) async fn prepare(&self, vars: &Vars<'_>) -> Result<Option<Prepared>, Outcome> {
        if self.action.read.is_none() && self.action.made.is_empty() {
            return Ok(None);
        }
        let (read, alone) = match &self.action.read {
            Some(spec) => self.read_first(spec, vars).await?,
            None => (None, None),
        };
        let mut made = Map::new();
        for (name, expression) in &self.action.made {
            let value = expression.value(&self.values(vars, read.as_ref()).each_ref().map(|(n, v)| (*n, v)));
            let value = value.map_err(|why| {
                refused(Refusal::new(ErrorKind::Garbled, format!("`{name}` cannot be made: {why}")))
            })?;
            made.insert(name.clone(), value);
        }
        Ok(Some(Prepared { read, made, _alone: alone }))
    }

    async fn read_first(
        &self,
        spec: &ReadSpec,
        vars: &Vars<'_>,
    ) -> Result<(Option<Value>, Option<tokio::sync::OwnedMutexGuard<()>>), Outcome> {
        let call = CallSpec { action: spec.action.clone(), with: spec.with.clone() };
        let alone = match self.is_read() {
            true => None,
            false => Some(self.member.alone(&call, vars).await),
        };
        let read = match self.rows(&call.action, &call.with, vars).await {
            Ok(Outcome::Done { value, more, .. }) if more.incomplete.is_none() => value,
            Ok(Outcome::Done { .. }) => {
                let why = "what is to be changed could not be read whole, and would be cut short";
                return Err(refused(Refusal::new(ErrorKind::Garbled, why)));
            }
            // Nothing of the effect was sent: a read that failed is not in doubt.
            Ok(Outcome::Refused { kind: ErrorKind::Unavailable, message, .. }) => {
                return Err(Outcome::NotSent { why: message });
            }
            Ok(other) => return Err(other),
            Err(refusal) => return Err(refused(refusal)),
        };
        let values = self.values(vars, Some(&read));
        let values = values.each_ref().map(|(name, value)| (*name, value));
        if spec.already.as_ref().is_some_and(|already| already.holds(&values)) {
            let by = if self.attempt > 1 { By::Unknown } else { By::Other };
            let more = More { requests: 1, ..More::default() };
            return Err(Outcome::Done { value: Value::Null, by, status: 200, more });
        }
        Ok((Some(read), alone))
    }

    /// What the expressions of a request see.
    fn values(&self, vars: &Vars<'_>, read: Option<&Value>) -> [(&'static str, Value); 5] {
        let target = self.bound.target.as_ref().map_or(Value::Null, stanch_model::value::of_target);
        [
            ("read", read.cloned().unwrap_or_default()),
            ("input", Value::Object(vars.inputs.clone())),
            ("target", target),
            ("item", vars.item.cloned().unwrap_or_default()),
            ("settings", json!(vars.settings)),
        ]
    }

    /// Refuses what would hit the identity that we use ourselves.
    pub(super) async fn not_ourselves(&self) -> Result<(), Outcome> {
        let Some(target) = self.bound.target.as_ref().filter(|_| !self.forced) else { return Ok(()) };
        if !self.member.guards(self.action, target) {
            return Ok(());
        }
        let known = match (self.member.own_read(&target.kind), self.member.own.get()) {
            (None, _) => self.who_we_are(None).await?,
            (Some(_), Some(known)) => known,
            (Some(read), None) => {
                let known = self.who_we_are(Some(read)).await?;
                self.member.own.set(known.clone());
                known
            }
        };
        let ours = known.get(&target.kind).into_iter().flatten();
        if ours.into_iter().any(|id| id.eq_ignore_ascii_case(&target.id)) {
            let why = format!(
                "{} is what stanch itself uses on `{}`: the run would lock itself out. To do it all the same give \
                 `force: true`, or set `acts_on_itself: true` for the integration",
                target.key(),
                self.member.name
            );
            return Err(refused(Refusal::new(ErrorKind::Lockout, why)));
        }
        Ok(())
    }

    async fn who_we_are(&self, read: Option<&str>) -> Result<crate::member::Own, Outcome> {
        let nothing = std::collections::BTreeMap::new();
        let out = match read {
            None => None,
            Some(action) => {
                let call = CallSpec { action: action.to_owned(), with: nothing };
                let bound = crate::bind::Bound::nothing();
                let vars = self.member.vars(&bound, "");
                match self.rows(&call.action, &call.with, &vars).await {
                    Ok(Outcome::Done { value, .. }) => Some(value),
                    Ok(Outcome::Refused { kind: ErrorKind::Unavailable, message, .. }) => {
                        return Err(Outcome::NotSent { why: message });
                    }
                    Ok(Outcome::Refused { kind, status, message }) => {
                        let message = format!(
                            "cannot tell whether this is what stanch itself uses on `{}` ({message}); `force: true` \
                             acts all the same",
                            self.member.name
                        );
                        return Err(Outcome::Refused { kind, status, message });
                    }
                    Ok(other) => return Err(other),
                    Err(refusal) => return Err(refused(refusal)),
                }
            }
        };
        self.member.own_of(out.as_ref()).map_err(|why| refused(Refusal::new(ErrorKind::Garbled, why)))
    }
}
