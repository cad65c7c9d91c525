//! Which mail of which notice a delivery report speaks of. It changes nothing.

use stanch_model::api::NoticeView;
use stanch_response::returned::{Action, Recipient, Returned};

use crate::tell::{back::Sent, book::message_key};

use super::{
    Notices,
    book::{Notice, Rung, RungState},
    keeper::letter,
};

/// What a report says of one rung.
pub(crate) struct Spoken {
    pub(crate) notice: NoticeView,
    pub(crate) rung: usize,
    pub(crate) action: Action,
    pub(crate) said: String,
    /// The rung's mail came back, and nobody knew it yet.
    pub(crate) came_back: bool,
}

impl Notices {
    /// The rung whose mail a report speaks of: each mail has its own Message-ID.
    pub(crate) fn spoken_of(&self, report: &Returned) -> Option<Spoken> {
        let book = self.book.lock();
        let find = |id: &String| {
            let of = |notice: &&Notice| position(notice, id).is_some();
            let notice = book.notices.iter().rev().find(of)?;
            Some((notice, position(notice, id)?))
        };
        let (notice, at) = report.mails.iter().find_map(find)?;
        let rung = &notice.rungs[at];
        let meant = meant(rung, &report.recipients)?;
        // a list lives on when one of its readers is gone
        let own = !rung.step.list || is_to(rung, meant);
        let came_back = meant.action == Action::Failed && own && rung.state != RungState::Bounced;
        let (action, said) = (meant.action, meant.said.clone());
        Some(Spoken { notice: notice.view(), rung: at, action, said, came_back })
    }
}

impl Notices {
    /// The message to our own people about a vendor, or the mail of a run that opened no notice, that a report speaks of.
    pub(crate) fn told_of(&self, report: &Returned) -> Option<Sent> {
        let book = self.book.lock();
        let is_it = |key: &str, way: &str| {
            let id = message_key(key, way);
            report.mails.iter().any(|mail| own_part(mail) == id)
        };
        if let Some(mailed) = report.mails.iter().find_map(|mail| book.mailed.get(own_part(mail))) {
            return mailed.sent(report);
        }
        let (key, way) = book.telling.keys().find(|(key, way)| is_it(key, way))?;
        let about = "a vendor does not answer: stanch vendors notices".to_owned();
        Some(Sent { key: key.clone(), way: way.clone(), who: None, card: None, run: None, about })
    }
}

/// What of a Message-ID says which mail it is: what follows names the sender's domain.
fn own_part(id: &str) -> &str {
    id.split_once('@').map_or(id, |(own, _)| own)
}

/// The rung that this Message-ID was made for.
fn position(notice: &Notice, id: &str) -> Option<usize> {
    (0..notice.rungs.len()).filter(|at| notice.rungs[*at].state != RungState::NotYet).find(|at| {
        let rung = &notice.rungs[*at];
        // what runs sent is known by its receipt; our own mails have one even when their receipt was lost
        let key = if rung.step.by_run { rung.receipt.clone() } else { letter(notice, *at).idempotency() };
        let rest = Some(key.as_str()).filter(|key| !key.is_empty()).and_then(|key| id.strip_prefix(key));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    })
}

fn is_to(rung: &Rung, recipient: &Recipient) -> bool {
    recipient.addresses.iter().any(|own| own.eq_ignore_ascii_case(&rung.step.mail))
}

/// Of several recipients the one that it was written to, and a failure before anything else.
fn meant<'a>(rung: &Rung, recipients: &'a [Recipient]) -> Option<&'a Recipient> {
    recipients.iter().min_by_key(|one| (!is_to(rung, one), one.action != Action::Failed))
}
