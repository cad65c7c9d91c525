//! What is wrong with a fault: what never fails, since nothing there is ever called. One judgement for files and for the
//! facilitator, who lets things fail by hand. It says what is certain and leaves the rest to the play.

use stanch_integrations::twin::Answer;

use super::{
    FaultSpec,
    check::{Case, Known},
};
use crate::words::{self, Names};

/// A fault that never happens: where that stands, why, and the way out.
#[derive(Debug)]
pub(crate) struct Never {
    code: &'static str,
    part: &'static str,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Never {
    fn new(code: &'static str, part: &'static str, message: String, help: impl Into<String>) -> Self {
        Self { code, part, message, help: help.into() }
    }
}

impl Case<'_> {
    pub(super) fn fault(&mut self, fault: &FaultSpec, nth: &str) {
        if fault.kill_runner == fault.answer.is_some() {
            let message = "a fault has an `answer`, or kills the runner".to_owned();
            let help = "fault: { platform: salesforce, answer: 429, lasts: 2m }".to_owned();
            self.wrong("DR0006", &["plot", nth, "fault"], message, help);
        }
        if let Err(never) = self.known.may_happen(fault) {
            self.wrong(never.code, &["plot", nth, "fault", never.part], never.message, never.help);
        }
        self.silence(fault, nth);
    }
}

impl Known {
    /// Whether this fault may happen at all.
    ///
    /// # Errors
    /// Why it certainly never does.
    pub(crate) fn may_happen(&self, fault: &FaultSpec) -> Result<(), Never> {
        if fault.kill_runner || fault.answer == Some(Answer::VendorSilent) {
            return Ok(());
        }
        for (part, number) in [("call", fault.call), ("count", fault.count)] {
            if number == Some(0) {
                let message = format!("there is no {part} 0");
                return Err(Never::new("DR0008", part, message, "the first one is 1"));
            }
        }
        if fault.lasts.is_some_and(|lasts| lasts.ms() == 0) {
            let message = "this is over before it begins".to_owned();
            return Err(Never::new(
                "DR0008",
                "lasts",
                message,
                "write a length, `lasts: 2m`, or leave it out",
            ));
        }
        if let Some(platform) = &fault.platform {
            self.takes_part("platform", platform)?;
        }
        fault.action.as_ref().map_or(Ok(()), |action| self.is_called(action, fault.platform.as_deref()))
    }

    /// A platform that the scenario connects to nothing is never called.
    fn takes_part(&self, part: &'static str, name: &str) -> Result<(), Never> {
        if !self.platforms.iter().any(|known| known == name) {
            let known: Vec<&str> = self.platforms.iter().map(String::as_str).collect();
            let message = format!("there is no platform `{name}`");
            return Err(Never::new("DR0005", part, message, words::near(name, &known)));
        }
        let taking_part = self.names().get(Names::Platform.what()).map(Vec::as_slice).unwrap_or_default();
        if taking_part.iter().any(|known| known == name) {
            return Ok(());
        }
        let message = format!("`{name}` takes no part in this drill, so nothing there is ever called");
        let help =
            format!("let one fail that takes part: {}; or give an app grants there", taking_part.join(", "));
        Err(Never::new("DR0008", part, message, help))
    }

    /// `on` is what the fault says under `platform`.
    fn is_called(&self, action: &str, on: Option<&str>) -> Result<(), Never> {
        let (place, name) = match action.split_once('.') {
            Some((place, name)) => (Some(place.replace('-', "_")), name),
            None => (on.map(str::to_owned), action),
        };
        if let Some(place) = &place {
            self.takes_part("action", place)?;
        }
        if let (Some(on), Some(place)) = (on, place.as_deref().filter(|place| Some(*place) != on)) {
            let message = format!("no call is one of `{on}` and one of `{place}`");
            return Err(Never::new("DR0008", "action", message, "leave `platform` out: the action names it"));
        }
        let known = self.actions.iter().filter_map(|known| known.split_once('.'));
        let known: Vec<(&str, &str)> =
            known.filter(|(of, _)| place.as_deref().is_none_or(|place| place == *of)).collect();
        if known.iter().any(|(_, known)| *known == name) {
            return Ok(());
        }
        let near: Vec<String> = match action.contains('.') {
            true => known.iter().map(|(of, known)| format!("{of}.{known}")).collect(),
            false => known.iter().map(|(_, known)| (*known).to_owned()).collect(),
        };
        let near: Vec<&str> = near.iter().map(String::as_str).collect();
        let message = format!("there is no action `{action}`");
        Err(Never::new("DR0005", "action", message, words::near(action, &near)))
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::check_world::tests::of;

    /// What is wrong with this in the plot of the drill on the chat widget: code, place, words, way out.
    fn mistakes(entry: &str) -> Vec<String> {
        of("\nplot:\n", &format!("\nplot:\n  - at: 1m\n    {entry}\n"))
    }

    #[test]
    fn what_can_fail_is_let_fail() {
        for fine in [
            "fault: { answer: 503, count: 1 }",
            "fault: { platform: google_workspace, answer: 429, call: 2 }",
            "fault: { action: google_workspace.revoke_grant, answer: revoke_does_nothing }",
            "fault: { action: google-workspace.revoke_grant, answer: revoke_does_nothing }",
            "fault: { platform: salesforce, action: revoke_token, answer: 503, lasts: 1m }",
            "fault: { action: revoke_token, answer: 503 }",
            "fault: { action: smtp.send, answer: mail_bounce }",
            "consent: { app: drift, grants: { github: 2 } }",
        ] {
            assert_eq!(mistakes(fine), Vec::<String>::new(), "{fine}");
        }
    }

    #[test]
    fn what_never_fails_is_named_in_its_place_with_the_way_out() {
        for (entry, said) in [
            (
                "fault: { platform: github, answer: 503 }",
                "DR0008 `github` `github` takes no part in this drill, so nothing there is ever called; let one fail \
                 that takes part: google_workspace, okta, salesforce",
            ),
            (
                "fault: { platform: salesfroce, answer: 503 }",
                "DR0005 `salesfroce` there is no platform `salesfroce`; did you mean `salesforce`?",
            ),
            (
                "fault: { action: github.delete_key, answer: 503 }",
                "DR0008 `github.delete_key` `github` takes no part",
            ),
            (
                "fault: { action: salesforce.revoke_tokn, answer: 503 }",
                "DR0005 `salesforce.revoke_tokn` there is no action `salesforce.revoke_tokn`; did you mean \
                 `salesforce.revoke_token`?",
            ),
            (
                "fault: { action: revoke_tokn, answer: 503 }",
                "DR0005 `revoke_tokn` there is no action `revoke_tokn`; did you mean `revoke_token`?",
            ),
            (
                "fault: { platform: okta, action: salesforce.revoke_token, answer: 503 }",
                "DR0008 `salesforce.revoke_token` no call is one of `okta` and one of `salesforce`",
            ),
            ("fault: { platform: okta, answer: 503, call: 0 }", "DR0008 `0` there is no call 0"),
            ("fault: { platform: okta, answer: 503, count: 0 }", "DR0008 `0` there is no count 0"),
            (
                "fault: { platform: okta, answer: 503, lasts: 0s }",
                "DR0008 `0s` this is over before it begins",
            ),
            (
                "consent: { app: drift, grants: { otka: 2 } }",
                "DR0005 `otka` there is no platform `otka`; did you mean `okta`?",
            ),
        ] {
            let found = mistakes(entry);
            assert!(found.len() == 1 && found[0].starts_with(said), "{entry}: {found:?}");
        }
    }
}
