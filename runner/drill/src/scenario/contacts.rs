//! A vendor's contacts, as the register of the drill's company names them, and how they answer. Nothing here sends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stanch_integrations::twin::Answer;

use super::{FaultSpec, Scenario, Span, check::Case};

/// One of a vendor's contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactSpec {
    /// Person or desk. The address follows from it: `account-manager@drift.example`.
    pub name: String,
    /// How long we wait for an answer before the next contact is written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// How long they take to answer a notice. Where absent, nobody there ever does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Span>,
    /// What they answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub says: String,
}

impl ContactSpec {
    /// The one that a vendor has where the scenario names none. Nobody there answers.
    pub(crate) fn usual() -> Self {
        Self { name: "Security".to_owned(), within: Some(Span::hours(4)), answers: None, says: String::new() }
    }

    /// The address at this vendor.
    pub(crate) fn mail(&self, vendor: &str) -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        format!("{}@{vendor}.example", self.name.chars().map(letter).collect::<String>())
    }
}

impl Case<'_> {
    pub(super) fn contacts(&mut self) {
        let scenario = self.scenario;
        for (vendor, contacts) in &scenario.contacts {
            if !vendors(scenario).any(|known| known == vendor) {
                self.unknown(&["contacts", vendor], "vendor", vendor, vendors(scenario));
            }
            for (nth, contact) in contacts.iter().enumerate() {
                let path = ["contacts", vendor, &nth.to_string()];
                if contact.answers.is_some() == contact.says.is_empty() {
                    let message = "`answers` and `says` go together".to_owned();
                    let help = "{ name: Security, within: 4h, answers: 40m, says: \"We look into it.\" }";
                    self.wrong("DR0006", &path, message, help.to_owned());
                }
                if contacts[..nth].iter().any(|other| other.mail(vendor) == contact.mail(vendor)) {
                    let message = format!("{} stands here twice", contact.mail(vendor));
                    self.wrong("DR0006", &path, message, "each contact has a name of its own".to_owned());
                }
            }
        }
    }

    /// A fault of people: it has a vendor and nothing that is of calls, and somebody there answers otherwise.
    pub(super) fn silence(&mut self, fault: &FaultSpec, nth: &str) {
        let scenario = self.scenario;
        let path = ["plot", nth, "fault"];
        if let Err(message) = fault.is_of_one_sort() {
            let help = "fault: { vendor: drift, answer: vendor_silent, lasts: 2h }".to_owned();
            return self.wrong("DR0006", &path, message, help);
        }
        let path = ["plot", nth, "fault", "vendor"];
        match &fault.vendor {
            Some(vendor) if !vendors(scenario).any(|known| known == vendor) => {
                self.unknown(&path, "vendor", vendor, vendors(scenario));
            }
            Some(vendor) if !answers(scenario, vendor) => {
                let help = format!(
                    "let somebody answer: contacts: {{ {vendor}: [{{ name: Security, answers: 40m, says: \"…\" }}] }}"
                );
                self.wrong("DR0008", &path, format!("nobody at {vendor} answers anyway"), help);
            }
            _ => {}
        }
    }
}

fn vendors(scenario: &Scenario) -> impl Iterator<Item = &str> {
    scenario.world.apps.iter().map(|app| app.vendor.as_str()).filter(|vendor| !vendor.is_empty())
}

/// Whether anybody at this vendor answers.
fn answers(scenario: &Scenario, vendor: &str) -> bool {
    scenario.contacts.get(vendor).is_some_and(|all| all.iter().any(|one| one.answers.is_some()))
}

impl Scenario {
    /// The vendors at which somebody answers.
    pub(crate) fn answering(&self) -> Vec<&str> {
        let all = self.contacts.keys().map(String::as_str);
        all.filter(|vendor| answers(self, vendor)).collect()
    }
}

impl FaultSpec {
    /// Whether it is one of people, at a vendor, or one of platforms.
    ///
    /// # Errors
    /// What does not go together.
    pub(crate) fn is_of_one_sort(&self) -> Result<(), String> {
        let is_silence = self.answer == Some(Answer::VendorSilent);
        if self.vendor.is_some() && !is_silence {
            return Err("a `vendor` can only be `vendor_silent`".to_owned());
        }
        let of_calls = self.platform.is_some()
            || self.action.is_some()
            || self.call.or(self.count).is_some()
            || self.delay.is_some()
            || self.grants.is_some()
            || self.effect.is_some();
        match is_silence && of_calls {
            true => {
                Err("`vendor_silent` is of people: it has a `vendor` and `lasts`, and nothing else"
                    .to_owned())
            }
            false => Ok(()),
        }
    }
}
