//! Mail to our own people that came back: whom it was meant for, and what it said. It sends nothing and journals nothing.
//!
//! Every mail of the teller has a Message-ID that follows from what it says and through which way, so a report about it finds
//! it, also in a later life.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use stanch_model::api::MailBack;
use stanch_response::returned::{Action, Recipient, Returned};

use super::book::{Intent, message_key};

/// So long after it came back a mail is news: it is told in another way, and stands in the status.
const NEWS: SignedDuration = SignedDuration::from_hours(24);

/// Characters that are kept of what a mail said.
const KEPT: usize = 200;

/// `tell.returned`: a mail to one of our own people came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Back {
    /// The need that it told of.
    pub(crate) key: String,
    /// As in `tell:`.
    pub(crate) way: String,
    /// The mail server's words.
    pub(crate) said: String,
    /// Who handed the report in.
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    /// What the mail was about, where it was none of the teller's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) about: String,
}

impl Back {
    /// Whether it is still to be told to somebody else.
    pub(super) fn is_news(&self, now: Timestamp) -> bool {
        self.at.saturating_add(NEWS).is_ok_and(|until| until > now)
    }
}

/// A mail that was about to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) key: String,
    pub(crate) way: String,
    /// The one person it is for, if it is for one.
    pub(crate) who: Option<String>,
    /// The card that it is about, if it is about one.
    pub(crate) card: Option<String>,
    /// The run whose own mail it is, if it is one's.
    pub(crate) run: Option<String>,
    /// The beginning of what it said.
    pub(crate) about: String,
}

/// What a report says of one mail.
pub(crate) struct Spoken {
    pub(crate) sent: Sent,
    pub(crate) action: Action,
    pub(crate) said: String,
    /// It came back, and nobody knew it yet.
    pub(crate) came_back: bool,
}

/// The mails, by the first part of their Message-ID; and those that came back, oldest first.
#[derive(Default)]
pub(super) struct Mails {
    sent: std::collections::HashMap<String, Sent>,
    back: Vec<Back>,
}

impl Sent {
    /// Whom it was meant for, in words.
    pub(crate) fn whom(&self) -> String {
        self.who.as_ref().map_or_else(|| self.way.clone(), |who| format!("{who} ({})", self.way))
    }

    /// The address that it went to.
    pub(crate) fn address(&self) -> &str {
        self.way.split_once(':').map_or(&self.way, |(_, address)| address.trim())
    }
}

impl Mails {
    /// Only a way with an address leads to a mailbox.
    pub(super) fn intended(&mut self, intent: &Intent, card: Option<String>) {
        if !intent.way.contains('@') {
            return;
        }
        let first = intent.text.lines().next().unwrap_or_default();
        let sent = Sent {
            key: intent.key.clone(),
            way: intent.way.clone(),
            who: intent.who.clone(),
            card,
            run: None,
            about: first.chars().take(KEPT).collect(),
        };
        self.sent.insert(intent.idempotency(), sent);
    }

    pub(super) fn returned(&mut self, back: Back) {
        self.back.push(back);
    }

    /// Whether it is known that this mail came back.
    pub(super) fn is_back(&self, key: &str, way: &str) -> bool {
        self.back.iter().any(|back| back.key == key && back.way == way)
    }

    /// The mail that a report speaks of; `other` are those that the teller did not send.
    pub(super) fn spoken_of(
        &self,
        report: &Returned,
        other: impl FnOnce() -> Option<Sent>,
    ) -> Option<Spoken> {
        let known = |id: &String| self.sent.get(id.split_once('@').map_or(id.as_str(), |(key, _)| key));
        let sent = report.mails.iter().find_map(known).cloned().or_else(other)?;
        let is_to =
            |one: &Recipient| one.addresses.iter().any(|own| own.eq_ignore_ascii_case(sent.address()));
        let meant = report.recipients.iter().min_by_key(|one| (!is_to(one), one.action != Action::Failed))?;
        // an address of `tell:` may be a list, which lives on when one of its readers is gone
        let own = sent.who.is_some() || is_to(meant);
        let known = self.is_back(&sent.key, &sent.way);
        let came_back = meant.action == Action::Failed && own && !known;
        Some(Spoken { action: meant.action, said: meant.said.clone(), came_back, sent })
    }

    /// What came back a moment ago and may not have been told in another way yet, with what it said.
    pub(super) fn news(&self, now: Timestamp) -> Vec<(Back, Option<Sent>)> {
        let fresh = self.back.iter().filter(|back| back.is_news(now));
        let sent = |back: &Back| self.sent.get(&message_key(&back.key, &back.way));
        fresh.map(|back| (back.clone(), sent(back).cloned())).collect()
    }

    /// The same for people: the last of each way.
    pub(super) fn shown(&self, now: Timestamp) -> Vec<MailBack> {
        let mut shown: Vec<MailBack> = Vec::new();
        for (back, sent) in self.news(now) {
            shown.retain(|one| one.way != back.way);
            let (who, card) = sent.map_or((None, None), |sent| (sent.who, sent.card));
            shown.push(MailBack { way: back.way, who, card, at: back.at.to_string(), said: back.said });
        }
        shown
    }
}
