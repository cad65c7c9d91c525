//! What the next contact and our own people read.

use jiff::Timestamp;
use stanch_model::shortened::short;

use super::book::Notice;

fn hour(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The rungs that were written to, for people.
fn written(notice: &Notice) -> String {
    let tried = notice.rungs.iter().filter_map(|rung| {
        let at = rung.at?;
        let who = if rung.step.name.is_empty() { &rung.step.mail } else { &rung.step.name };
        Some(format!("{who} on {}", hour(at)))
    });
    tried.collect::<Vec<_>>().join(", ")
}

/// The notice for somebody further up the ladder: the same words, and why they get them.
pub(super) fn further(notice: &Notice) -> String {
    format!(
        "{}\n\nThis went to {} first. Nobody answered there, so it comes to you.",
        notice.opened.text.trim_end(),
        written(notice)
    )
}

/// The handle by which people speak of it.
pub(super) fn handle(notice: &Notice) -> String {
    let (run, nth) = notice.opened.notice.rsplit_once(':').unwrap_or((&notice.opened.notice, ""));
    format!("{}:{nth}", short(run))
}

fn ask(notice: &Notice) -> String {
    format!(
        "run {}; once somebody answers: stanch vendors acknowledged {} --reason \"who, how\"",
        notice.opened.run,
        handle(notice)
    )
}

/// For our own people: the ladder is climbed.
pub(super) fn climbs(notice: &Notice, to: &[String]) -> String {
    format!(
        "{} has not answered \"{}\": written to {}. Now to {}.\n{}",
        notice.opened.name,
        notice.opened.subject,
        written(notice),
        to.join(", "),
        ask(notice)
    )
}

/// For our own people: nobody is left.
pub(super) fn silent(notice: &Notice, phones: &[String]) -> String {
    let call = match phones {
        [] => "the register has no number to call".to_owned(),
        some => format!("call {}", some.join(", or ")),
    };
    format!(
        "{} is silent on \"{}\": written to {}, nobody is left to write to. {call}\n{}",
        notice.opened.name,
        notice.opened.subject,
        written(notice),
        ask(notice)
    )
}
