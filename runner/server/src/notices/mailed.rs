//! Mails of runs that open no notice: pages, notices to people who are no vendor, and what a script sends by itself. Each
//! is known by its Message-ID from its intent on, so that a report finds whom it did not reach. It sends nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_model::{
    RunId,
    run::body::{CallIntent, Intent},
};
use stanch_response::returned::{Action, Returned};

use crate::tell::back::Sent;

pub(super) const MAILED: &str = "notice.mailed";

/// Characters that are kept of what a mail is about.
const KEPT: usize = 200;

/// `notice.mailed`: a run is about to send a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mailed {
    /// Its Message-ID begins with this, however often it is tried.
    pub(super) key: String,
    pub(super) run: String,
    /// The step that sends it.
    pub(super) address: String,
    pub(super) to: Vec<String>,
    pub(super) about: String,
}

/// Under which key it is journaled that the mail of this step came back.
pub(crate) fn mail_key(run: &str, step: &str) -> String {
    format!("mail/{run}/{step}")
}

impl Mailed {
    /// The mail that this call sends.
    pub(super) fn of(run: &RunId, intent: &Intent, call: &CallIntent) -> Option<Self> {
        let to = match &call.input["to"] {
            Value::String(one) => vec![one.clone()],
            several => serde_json::from_value(several.clone()).ok()?,
        };
        let text = |name: &str| call.input[name].as_str().filter(|text| !text.is_empty());
        let about = text("subject").or_else(|| text("text")?.lines().next()).unwrap_or_default();
        let about = about.chars().take(KEPT).collect();
        let address = intent.address.as_str().to_owned();
        Some(Self { key: call.key.clone(), run: run.0.clone(), address, to, about })
    }

    /// The same as a mail that came back, to whom of its readers the report is about.
    pub(super) fn sent(&self, report: &Returned) -> Option<Sent> {
        let is_told = |to: &str, only_of_failures: bool| {
            let mut told = report.recipients.iter();
            told.any(|one| {
                (!only_of_failures || one.action == Action::Failed)
                    && one.addresses.iter().any(|own| own.eq_ignore_ascii_case(to))
            })
        };
        let of = |only_of_failures| self.to.iter().find(|to| is_told(to, only_of_failures));
        let to = of(true).or_else(|| of(false)).or_else(|| self.to.first())?;
        Some(Sent {
            key: mail_key(&self.run, &self.address),
            way: format!("mail:{to}"),
            who: None,
            card: None,
            run: Some(self.run.clone()),
            about: self.about.clone(),
        })
    }
}
