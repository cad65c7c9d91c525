//! Whether a list can be whole: its witness is asked after it.

use serde_json::Value;
use tokio::time::Instant;

use super::Exchange;
use crate::{
    bind::bind,
    call::{ErrorKind, Outcome},
    label::UNLABELLED,
    spec::WitnessSpec,
    witness::Sight,
};

impl Exchange<'_> {
    /// The list with what its witness says of it. A witness that cannot be asked now makes the list one that cannot be read
    /// now: both are asked again together.
    pub(super) async fn witnessed(&self, mut outcome: Outcome) -> Outcome {
        let Some(name) = &self.action.witness else { return outcome };
        let Outcome::Done { more, .. } = &mut outcome else { return outcome };
        let listed = Instant::now();
        let sight = match self.sight(name, listed).await {
            Ok(sight) => sight,
            Err(not_now) => return *not_now,
        };
        if let (Sight::Partial(why), None) = (sight, &more.incomplete) {
            more.incomplete = Some(why);
        }
        outcome
    }

    /// What this credential sees, asked after this moment.
    pub(crate) async fn sight(&self, name: &str, listed: Instant) -> Result<Sight, Box<Outcome>> {
        let Some(spec) = self.member.platform.spec.witnesses.get(name) else {
            return Ok(Sight::Partial(format!("there is no witness `{name}`")));
        };
        match self.patience.across(self.member.witnesses.after(name, listed, self.testify(spec))).await {
            Some(sight) => sight,
            None => {
                let message = "the platform did not say in time what this credential may see".to_owned();
                let (kind, status) = (ErrorKind::Unavailable, None);
                Err(Box::new(Outcome::Refused { kind, status, message }))
            }
        }
    }

    /// Makes the witness's reads until it holds.
    async fn testify(&self, spec: &WitnessSpec) -> Result<Sight, Box<Outcome>> {
        let (mut rows, mut why) = (Vec::new(), spec.lacks.clone());
        for name in &spec.reads {
            let Some(action) = self.member.action(name) else { continue };
            let bound = match bind(&self.member.name, name, action, None, &Value::Null) {
                Ok(bound) => bound,
                Err(refusal) => return Ok(Sight::Partial(refusal.message)),
            };
            let read = Exchange { name, action, bound: &bound, labels: &UNLABELLED, ..*self };
            if let Err(at) = read.pace().slot(self.patience.stand()).await {
                return Err(Box::new(self.not_before(at)));
            }
            match Box::pin(read.run()).await {
                Outcome::Done { value: Value::Array(more), .. } => rows.extend(more),
                Outcome::Done { value, .. } => rows.push(value),
                Outcome::Refused { kind, message, .. } if is_told(kind) => {
                    why = format!("{}; what it may see could not be read: {message}", spec.lacks);
                }
                not_now => return Err(Box::new(not_now)),
            }
            let out = Value::Array(rows);
            if spec.holds.holds(&[("out", &out)]) {
                return Ok(Sight::Whole);
            }
            rows = match out {
                Value::Array(rows) => rows,
                _ => Vec::new(),
            };
        }
        Ok(Sight::Partial(why))
    }
}

/// The platform says that this credential may not ask. Whatever else went wrong says nothing of what it sees.
fn is_told(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Auth | ErrorKind::Forbidden | ErrorKind::NotFound)
}
