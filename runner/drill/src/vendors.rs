//! What vendors' contacts answer to the mail that they got, and when; and what an empty seat makes of it. Nobody answers while
//! the fault `vendor_silent` is on: what lay there is answered when it ends.

use std::collections::BTreeSet;

use stanch_client::{Client, ClientError};
use stanch_integrations::twin::{ActiveFault, Answer};
use stanch_model::api::NoticeView;

use crate::{facts::Facts, record::Line, scenario::Scenario, seats::recorded};

/// A mail that somebody at a vendor got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The address.
    pub to: String,
    /// Its Message-ID.
    pub id: String,
    /// When, Unix ms.
    pub at_ms: i64,
}

/// An answer of a contact to a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) vendor: String,
    /// Whose: the address that the mail went to.
    pub(crate) from: String,
    pub(crate) says: String,
    /// The mail that it answers.
    pub(crate) mail: String,
    /// When it comes; nothing while it is not known how long they are silent.
    pub(crate) due_ms: Option<i64>,
}

/// What will be answered to the mail of these facts, as far as it was not.
pub(crate) fn replies(
    scenario: &Scenario,
    facts: &Facts,
    faults: &[ActiveFault],
    answered: &BTreeSet<(String, String)>,
) -> Vec<Reply> {
    let open = facts.received().iter().filter(|mail| !answered.contains(&(mail.id.clone(), mail.to.clone())));
    let reply = |mail: &Received| {
        let (vendor, contact) = scenario.contacts.iter().find_map(|(vendor, all)| {
            Some((vendor, all.iter().find(|one| one.mail(vendor).eq_ignore_ascii_case(&mail.to))?))
        })?;
        let reads = mail.at_ms.saturating_add(contact.answers?.ms());
        Some(Reply {
            vendor: vendor.clone(),
            from: mail.to.clone(),
            says: contact.says.clone(),
            mail: mail.id.clone(),
            due_ms: speaks(vendor, reads, facts.now_ms, faults),
        })
    };
    open.filter_map(reply).collect()
}

/// When somebody who would speak at this time does.
fn speaks(vendor: &str, due_ms: i64, now_ms: i64, faults: &[ActiveFault]) -> Option<i64> {
    let mut at_ms = due_ms;
    for fault in faults.iter().filter(|one| one.fault.answer == Answer::VendorSilent) {
        if fault.fault.vendor.as_deref().is_some_and(|own| own != vendor) {
            continue;
        }
        match fault.until.map(jiff::Timestamp::as_millisecond) {
            Some(until) => at_ms = at_ms.max(until),
            // somebody may end it before they would have spoken
            None if due_ms > now_ms => {}
            None => return None,
        }
    }
    Some(at_ms)
}

impl Reply {
    /// As it stands in the record.
    pub(crate) fn line(&self, at_ms: i64) -> Line {
        Line::Replied {
            vendor: self.vendor.clone(),
            from: self.from.clone(),
            text: self.says.clone(),
            mail: self.mail.clone(),
            at_ms,
        }
    }
}

/// What became of writing an answer down.
pub(crate) enum Noted {
    /// It stands with this notice.
    At(String),
    /// What was answered is no notice.
    Nowhere,
    /// The server died before it said that it has it.
    Unheard,
}

/// Whoever is not played writes down that somebody answered.
pub(crate) async fn acknowledge(client: &Client, reply: &Reply) -> Result<Noted, ClientError> {
    let notices = match client.notices().await {
        Ok(page) => page.items,
        Err(error) => return recorded(Err(error)).map(|_| Noted::Unheard),
    };
    let Some(notice) = meant(&notices, reply) else { return Ok(Noted::Nowhere) };
    if notice.acknowledged.is_some() {
        return Ok(Noted::At(notice.id.clone()));
    }
    let reason = format!("{} answered: {}", reply.from, reply.says);
    let given = recorded(client.notice_acknowledged(&notice.id, &reason).await.map(drop))?;
    Ok(if given { Noted::At(notice.id.clone()) } else { Noted::Unheard })
}

/// The notice whose mail was answered.
fn meant<'a>(notices: &'a [NoticeView], reply: &Reply) -> Option<&'a NoticeView> {
    let is_it = |rung: &&stanch_model::api::NoticeRung| {
        rung.mail.eq_ignore_ascii_case(&reply.from) && rung.state != "not_yet"
    };
    let own = |notice: &&NoticeView| notice.rungs.iter().any(|rung| is_it(&rung));
    let by_mail = |notice: &&NoticeView| {
        let mut rungs = notice.rungs.iter().filter(is_it);
        rungs.any(|rung| !rung.receipt.is_empty() && reply.mail.starts_with(&rung.receipt))
    };
    let mut all = notices.iter().filter(|notice| notice.vendor == reply.vendor);
    let mut same = all.clone();
    same.find(by_mail).or_else(|| all.find(own))
}

#[cfg(test)]
mod tests {
    use stanch_integrations::twin::Fault;

    use super::*;

    const MINUTE: i64 = 60_000;

    fn silent(vendor: Option<&str>, until_ms: Option<i64>) -> ActiveFault {
        let vendor = vendor.map(str::to_owned);
        let until = until_ms.map(|ms| jiff::Timestamp::from_millisecond(ms).unwrap());
        ActiveFault {
            id: 1,
            fault: Fault { vendor, ..Fault::always(Answer::VendorSilent) },
            until,
            seen: 0,
            fired: 0,
        }
    }

    #[test]
    fn who_is_silent_speaks_when_it_ends() {
        let due = 20 * MINUTE;
        let speaks = |now, faults: &[ActiveFault]| speaks("drift", due, now, faults);
        assert_eq!(speaks(0, &[]), Some(due));
        assert_eq!(speaks(0, &[silent(Some("zendesk"), None)]), Some(due), "others are not meant");
        assert_eq!(speaks(due, &[silent(Some("drift"), Some(45 * MINUTE))]), Some(45 * MINUTE));
        assert_eq!(speaks(due, &[silent(None, Some(10 * MINUTE))]), Some(due), "it ended before");
        // nobody knows for how long: it is looked again when they would speak
        let for_ever = [silent(Some("drift"), None)];
        assert_eq!((speaks(0, &for_ever), speaks(due, &for_ever)), (Some(due), None));
    }
}
