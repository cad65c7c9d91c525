//! A mail that came back: what a delivery report (RFC 3464) says, of which mail and of whom.
//!
//! It reads a report and decides nothing. A mail that only answers another is no report and never taken for one: who
//! writes back has not bounced.

use mail_parser::{HeaderValue, Message, MessageParser, MessagePart, MimeHeaders};
use stanch_model::text::clean;

/// Longer words of mail servers are cut.
const LONGEST: usize = 500;

/// A delivery report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The Message-IDs that it may speak of, without brackets, the surest first.
    pub mails: Vec<String>,
    /// Whom the mail went to, and what became of it there.
    pub recipients: Vec<Recipient>,
}

/// One address in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address as it was written to, where the report knows it, and the one that it came to.
    pub addresses: Vec<String>,
    /// What became of it.
    pub action: Action,
    /// The mail server's words.
    pub said: String,
}

/// What became of a mail, in the words of RFC 3464.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It will not be delivered: the only word that means that a mail came back.
    Failed,
    /// Somebody still tries.
    Delayed,
    /// It lies in the mailbox.
    Delivered,
    /// It went on to a server that reports nothing.
    Relayed,
    /// A list passed it on to its members.
    Expanded,
}

impl Action {
    /// The word of the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }

    fn of(text: &str) -> Option<Self> {
        let all = [Self::Failed, Self::Delayed, Self::Delivered, Self::Relayed, Self::Expanded];
        // some servers write a comment behind the word
        let word = text.split_whitespace().next()?;
        all.into_iter().find(|action| action.as_str().eq_ignore_ascii_case(word))
    }
}

/// Why a text is no delivery report that anybody can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReturned {
    /// No mail at all.
    #[error("this is no mail: it has no headers")]
    NoMail,
    /// A mail, but no report.
    #[error("this mail is no delivery report: it has no part `message/delivery-status`")]
    NoReport,
    /// A report that says of nobody what became of the mail.
    #[error("this delivery report names no address with what became of it")]
    NoRecipient,
    /// A report that does not say of which mail it speaks.
    #[error("this delivery report does not say which mail it speaks of: no Message-ID in it")]
    NoMailId,
}

impl Returned {
    /// Reads a mail as it lies in a mailbox or comes through a pipe.
    ///
    /// # Errors
    /// When it is no mail, no report, or a report that names neither mail nor address.
    pub fn read(raw: &[u8]) -> Result<Self, NotReturned> {
        let mail = MessageParser::default().parse(raw).filter(|mail| !mail.headers().is_empty());
        let mail = mail.ok_or(NotReturned::NoMail)?;
        let status = mail
            .parts
            .iter()
            .find(|part| is(part, "message", &["delivery-status", "global-delivery-status"]));
        let status = status.ok_or(NotReturned::NoReport)?;
        let recipients = recipients(&String::from_utf8_lossy(status.contents()));
        if recipients.is_empty() {
            return Err(NotReturned::NoRecipient);
        }
        let mut mails: Vec<String> = mail.parts.iter().filter_map(original).collect();
        mails.extend([mail.in_reply_to(), mail.references()].into_iter().flat_map(ids));
        if mails.is_empty() {
            return Err(NotReturned::NoMailId);
        }
        Ok(Self { mails, recipients })
    }
}

fn is(part: &MessagePart<'_>, kind: &str, subs: &[&str]) -> bool {
    part.content_type().is_some_and(|of| {
        let sub = of.subtype().unwrap_or_default();
        of.ctype().eq_ignore_ascii_case(kind) && subs.iter().any(|own| own.eq_ignore_ascii_case(sub))
    })
}

/// The Message-ID of the mail that a report returns, whole or by its headers.
fn original(part: &MessagePart<'_>) -> Option<String> {
    let id = |mail: &Message<'_>| mail.message_id().map(str::to_owned);
    if let Some(mail) = part.message() {
        return id(mail);
    }
    let of_mail = is(part, "message", &["rfc822", "global"]);
    let of_headers = is(part, "text", &["rfc822-headers"]) || is(part, "message", &["global-headers"]);
    (of_mail || of_headers).then(|| MessageParser::default().parse(part.contents()))?.as_ref().and_then(id)
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value.as_text_list() {
        Some(several) => several.iter().map(ToString::to_string).collect(),
        None => value.as_text().map(str::to_owned).into_iter().collect(),
    }
}

/// The groups of fields behind the first, which speaks of the report itself.
fn recipients(status: &str) -> Vec<Recipient> {
    let status = status.replace("\r\n", "\n");
    status.split("\n\n").filter_map(recipient).collect()
}

fn recipient(group: &str) -> Option<Recipient> {
    let text = format!("{}\n\n", group.trim_start_matches('\n'));
    let fields = MessageParser::default().parse(text.as_bytes())?;
    let field = |name: &'static str| {
        let raw = fields.header_raw(name)?;
        Some(raw.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
    };
    let action = Action::of(&field("Action")?)?;
    let addresses: Vec<String> = ["Original-Recipient", "Final-Recipient"]
        .into_iter()
        .filter_map(|name| field(name).map(address))
        .collect();
    if addresses.is_empty() {
        return None;
    }
    let words = field("Diagnostic-Code").map(|code| behind(&code).to_owned());
    let said = words.or_else(|| field("Status")).unwrap_or_default();
    Some(Recipient { addresses, action, said: clean(&said).chars().take(LONGEST).collect() })
}

/// What stands behind the name of a scheme: `rfc822; kim@drift.example`.
fn behind(text: &str) -> &str {
    text.split_once(';').map_or(text, |(_, rest)| rest).trim()
}

fn address(text: String) -> String {
    behind(&text).trim_matches(['<', '>']).to_owned()
}

#[cfg(test)]
mod tests;
