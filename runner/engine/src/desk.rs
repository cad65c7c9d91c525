//! What the engine asks the response desk: vendors, deadlines, messages. Every answer is journaled as a step's value, so
//! the desk's files may change under a run.

use serde_json::Value;
use stanch_model::{
    Target,
    run::{Mode, body::DeadlineStarted},
};

/// The desk. Implemented over the vendor register, the deadlines table and the `tell:` part of the configuration.
pub trait Desk: Send + Sync {
    /// The register's entry for apps (targets), an app's name or client id, or a vendor's name: the map that `vendor_of`
    /// gives to scripts, a stand-in with `known: false` when the register has none.
    fn vendor_of(&self, what: &Value) -> Value;

    /// Other names under which the register knows this app: client ids, names. The query itself comes first.
    fn aliases(&self, app: &str) -> Vec<String>;

    /// The tags that the register gives this app.
    fn tags(&self, app: &Target) -> Vec<String>;

    /// Starts a deadline of `kind` about `about` (a vendor map, or unit), counted from `aware` (RFC 3339). `None` where
    /// there is nothing to count.
    ///
    /// # Errors
    /// When there is no such deadline or the instant is none; one line for the author.
    fn deadline(&self, kind: &str, about: &Value, aware: &str) -> Result<Option<DeadlineStarted>, String>;

    /// The clocks that begin when the notice of `rule` to `to` is sent, counted from then.
    fn followers(&self, rule: &str, to: &str, sent: &str) -> Vec<DeadlineStarted> {
        let _none = (rule, to, sent);
        Vec::new()
    }

    /// True where the clock counts what the vendor owes us.
    fn is_owed_to_us(&self, rule: &str) -> bool {
        let _ours = rule;
        false
    }

    /// The messages of `notify(to, template, data)`.
    ///
    /// # Errors
    /// `no_contact` or `misuse` with one line for the author.
    fn notice(
        &self,
        to: &Value,
        template: &Template<'_>,
        data: &Value,
        mode: Mode,
    ) -> Result<Vec<Message>, DeskError>;

    /// The messages of `page(channel, text)`: one for every way under that key of `tell:`; where there is no such key, for
    /// those who hear that a run is stuck.
    ///
    /// # Errors
    /// `no_contact` when the configuration names nobody at all.
    fn page(&self, channel: &str, text: &str, mode: Mode) -> Result<Vec<Message>, DeskError>;
}

/// A notice's text, before it is filled in.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// Its name.
    pub name: &'a str,
    /// Subject line with placeholders.
    pub subject: &'a str,
    /// Body with placeholders.
    pub body: &'a str,
}

/// Why there is nothing to send.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    /// Nobody to write to.
    #[error("{0}")]
    NoContact(String),
    /// The script asked for something that cannot be.
    #[error("{0}")]
    Misuse(String),
}

/// One message to one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `slack:#incidents`, `mail:soc@acme.example`, `webhook:soc`.
    pub channel: String,
    /// Empty where the channel has none.
    pub subject: String,
    /// Plain text, marked EXERCISE in a drill.
    pub text: String,
}
