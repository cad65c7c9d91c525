//! What asks for a person, in words.

use stanch_model::{
    Entry, RunId,
    run::{
        Mode, RunState, RunView, Untold, WaitKind, WaitView,
        body::{Contained, Decision, Escalated, Reminded, StateEntry, WaitOpened, Warned},
        kind,
    },
};

use super::{
    back::{Back, Sent},
    run_of,
};
use crate::link::Offer;

/// A person is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// The same need has the same key, so it is told once.
    pub(super) key: String,
    /// The key of `tell:`.
    pub(super) event: &'static str,
    /// The key where that one is missing.
    pub(super) instead: &'static str,
    /// One or two lines.
    pub(super) text: String,
    /// What can be said at once, if anything can.
    pub(super) offer: Option<Offer>,
    /// The people and groups who are asked.
    pub(super) ask: Vec<String>,
}

/// The run, if an entry of this kind can ask for a person at all.
pub(super) fn may_ask(entry: &Entry) -> Option<RunId> {
    match entry.header.kind.as_str() {
        // One entry of very many: only the branches of a page are looked at.
        kind::BRANCH if entry.body.as_deref().is_some_and(|body| body.contains(".page[")) => run_of(entry),
        kind::WAIT | kind::ESCALATED | kind::REMINDED | kind::STATE | kind::WARNED | kind::CONTAINED => {
            run_of(entry)
        }
        kind::DECISION if entry.body.as_deref().is_some_and(|body| body.contains("\"break_glass\":true")) => {
            run_of(entry)
        }
        _ => None,
    }
}

/// What the entry asks, if the run still asks it.
pub(super) fn of(entry: &Entry, view: &RunView) -> Option<Need> {
    if view.mode == Some(Mode::Plan) {
        // Whoever asked for a plan waits for it.
        return None;
    }
    match entry.header.kind.as_str() {
        kind::WAIT => open(&entry.decode::<WaitOpened>().ok()?.wait, view),
        kind::ESCALATED => asked(entry, view),
        kind::REMINDED => reminded(entry, view),
        kind::DECISION => glass(entry, view),
        kind::STATE => stuck(entry, view),
        kind::WARNED => long(entry, view),
        kind::CONTAINED => worse(entry, view),
        kind::BRANCH => untold(entry, view),
        _ => None,
    }
}

/// Others are asked: because nobody answered, or because somebody did not want to wait.
fn asked(entry: &Entry, view: &RunView) -> Option<Need> {
    let Escalated { wait, by, .. } = entry.decode().ok()?;
    let need = open(&wait, view)?;
    if by.is_empty() {
        return Some(need);
    }
    let key = format!("asked/{}/{}", view.id.as_ref()?, entry.header.version);
    Some(Need { key, text: format!("{by} does not want to wait. {}", need.text), ..need })
}

/// Those who are asked are told once more.
fn reminded(entry: &Entry, view: &RunView) -> Option<Need> {
    let Reminded { wait, who, to, .. } = entry.decode().ok()?;
    let need = open(&wait, view)?;
    let key = format!("reminded/{}/{}", view.id.as_ref()?, entry.header.version);
    let to = if to.is_empty() { "A".to_owned() } else { format!("{to}: a") };
    Some(Need { key, text: format!("{to} reminder by {who}. {}", need.text), ..need })
}

/// A mail to one of our own people came back: whoever can still be reached hears it, and what it was about.
pub(super) fn came_back(back: &Back, sent: Option<&Sent>, waits: Option<Need>) -> Need {
    let address = back.way.strip_prefix("mail:").unwrap_or(&back.way);
    let whom = sent.map_or_else(|| address.to_owned(), Sent::whom);
    let about = match (&waits, sent) {
        (Some(need), _) => format!("\nIt still waits. {}", need.text),
        (None, Some(sent)) => format!("\nIt said: {}", sent.about),
        (None, None) if back.about.is_empty() => String::new(),
        (None, None) => format!("\nIt said: {}", back.about),
    };
    let said = if back.said.is_empty() { String::new() } else { format!(": {}", back.said) };
    Need {
        key: format!("returned/{}/{}", back.way, back.key),
        event: "stuck",
        instead: "approval",
        text: format!("NOT TOLD: the mail to {whom} came back{said}{about}"),
        offer: waits.and_then(|need| need.offer),
        ask: Vec::new(),
    }
}

/// Somebody let a card go alone: those who were asked hear of it, and whoever hears of everything.
fn glass(entry: &Entry, view: &RunView) -> Option<Need> {
    let said: Decision = entry.decode().ok().filter(|said: &Decision| said.break_glass)?;
    let wait = view.waits.iter().find(|known| known.id == said.wait)?;
    let run = view.id.as_ref()?;
    let Decision { who, channel, reason, .. } = &said;
    Some(Need {
        key: format!("glass/{run}/{}", entry.header.version),
        event: "break_glass",
        instead: "approval",
        text: format!(
            "BREAK-GLASS: {who} let {} go alone, through {channel}: {reason}\n{}{}\n{}: stanch show {run}",
            wait.id,
            wait.text,
            whom(wait),
            view.playbook
        ),
        offer: None,
        ask: Vec::new(),
    })
}

pub(super) fn open(wait: &str, view: &RunView) -> Option<Need> {
    let wait = view.open_waits().find(|known| known.id == wait)?;
    let (event, instead, what) = match wait.kind {
        WaitKind::Approval => ("approval", "approval", "must be approved"),
        WaitKind::Question => ("question", "approval", "must be answered"),
        WaitKind::Manual => ("question", "approval", "must be done by hand"),
        WaitKind::InDoubt => ("stuck", "approval", "may have happened: somebody must look"),
        WaitKind::Guard => ("stuck", "approval", "needs a person"),
        WaitKind::Timer | WaitKind::Signal | WaitKind::Child => return None,
    };
    let run = view.id.as_ref()?;
    // each rung of the ladder is a need of its own: other people are asked then
    let key = format!("wait/{run}/{}/{}", wait.id, wait.ladder.len());
    let text = format!("{what}: {}{}{}\n{}", wait.text, whom(wait), until(wait), how(wait, view));
    Some(Need {
        key,
        event,
        instead,
        text: capital(&text),
        offer: Offer::of(&format!("{run}:{}", wait.id), wait),
        ask: wait.ask.clone(),
    })
}

fn whom(wait: &WaitView) -> String {
    if wait.ask.is_empty() { String::new() } else { format!(" (asked: {})", wait.ask.join(", ")) }
}

fn until(wait: &WaitView) -> String {
    let due = wait.due_ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    due.map_or_else(String::new, |due| format!(", until {}", due.strftime("%Y-%m-%d %H:%M UTC")))
}

fn how(wait: &WaitView, view: &RunView) -> String {
    let run = view.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let card = format!("{run}:{}", wait.id);
    match wait.kind {
        WaitKind::Approval => format!("{}: stanch approve {card}, or stanch deny {card}", view.playbook),
        WaitKind::InDoubt => {
            format!("{}: stanch resolve {run} '{}' done|retry|skip|abort", view.playbook, wait.address)
        }
        _ => format!("{}: stanch answer {card} {}", view.playbook, wait.options.join("|")),
    }
}

fn stuck(entry: &Entry, view: &RunView) -> Option<Need> {
    let said: StateEntry = entry.decode().ok()?;
    let what = match said.state {
        RunState::Diverged => "its script differs from its history",
        RunState::Limited => "a limit is reached",
        RunState::Suspect => "it was running at two unclean stops",
        RunState::Running | RunState::Waiting | RunState::Paused | RunState::Ended => return None,
    };
    if view.state != said.state {
        return None;
    }
    let run = view.id.as_ref()?;
    let why = if said.why.is_empty() { String::new() } else { format!(" ({})", said.why) };
    Some(Need {
        key: format!("state/{run}/{}", entry.header.version),
        event: "stuck",
        instead: "approval",
        text: format!("{} stands still: {what}{why}\nstanch show {run}", view.playbook),
        offer: None,
        ask: Vec::new(),
    })
}

/// A run that is on its way and has grown long.
fn long(entry: &Entry, view: &RunView) -> Option<Need> {
    let Warned { entries, most } = entry.decode().ok()?;
    let run = view.id.as_ref().filter(|_| view.ended.is_none())?;
    Some(Need {
        key: format!("warned/{run}"),
        event: "stuck",
        instead: "approval",
        text: format!(
            "{} has grown to {entries} entries and stops at {most}: does a loop in it never end?\nstanch show {run}, stanch cancel {run}",
            view.playbook
        ),
        offer: None,
        ask: Vec::new(),
    })
}

/// What was said to be contained turned out not to be.
fn worse(entry: &Entry, view: &RunView) -> Option<Need> {
    let Contained { before, containment, because } = entry.decode().ok()?;
    let run = view.id.as_ref().filter(|_| before.is_whole() && !containment.is_whole())?;
    let (was, is) = (before.as_str().replace('_', " "), containment.as_str().replace('_', " "));
    Some(Need {
        key: format!("contained/{run}/{}", entry.header.version),
        event: "stuck",
        instead: "approval",
        text: format!(
            "{} had ended {was} and is {is} now: {}\nstanch show {run}",
            view.playbook,
            because.join(", ")
        ),
        offer: None,
        ask: Vec::new(),
    })
}

/// A page did not reach whom it was meant for; another way may.
fn untold(entry: &Entry, view: &RunView) -> Option<Need> {
    let untold = Untold::of_branch(&entry.decode().ok()?, "")?;
    let run = view.id.as_ref()?;
    Some(Need {
        key: format!("untold/{run}/{}", entry.header.version),
        event: "stuck",
        instead: "approval",
        text: format!("{} could not reach {}: {}\nstanch show {run}", view.playbook, untold.to, untold.why),
        offer: None,
        ask: Vec::new(),
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use stanch_model::{Hash, Header, StreamId};

    use super::*;

    fn stands(state: RunState) -> Entry {
        let said = StateEntry {
            state,
            why: "50000 entries".to_owned(),
            due_ms: None,
            who: String::new(),
            channel: String::new(),
        };
        entry(kind::STATE, serde_json::to_string(&said).unwrap())
    }

    fn entry(kind: &str, body: String) -> Entry {
        let header = Header {
            stream: StreamId::run(&RunId("R1".to_owned())),
            version: 7,
            epoch: 1,
            time: String::new(),
            kind: kind.to_owned(),
            body_hash: Hash::ZERO,
            prev: Hash::ZERO,
        };
        Entry { header, hash: Hash::ZERO, body: Some(body.into()), position: 7 }
    }

    fn view(state: RunState) -> RunView {
        RunView { id: Some(RunId("R1".to_owned())), playbook: "cut".to_owned(), state, ..RunView::default() }
    }

    #[test]
    fn a_run_that_grows_long_is_told_of_while_it_is_on_its_way() {
        let warned = entry(kind::WARNED, r#"{"entries":10000,"most":50000}"#.to_owned());
        let need = of(&warned, &view(RunState::Running)).unwrap();
        assert_eq!((need.key.as_str(), need.event), ("warned/R1", "stuck"));
        assert!(need.text.starts_with("cut has grown to 10000 entries and stops at 50000"), "{}", need.text);
        assert!(may_ask(&warned).is_some());
        let ended = RunView { ended: Some(stanch_model::Ended::Finished), ..view(RunState::Ended) };
        assert_eq!(of(&warned, &ended), None);
    }

    #[test]
    fn people_hear_when_a_residual_outlives_its_time() {
        let contained = |before: &str, now: &str| {
            let body = format!(r#"{{"before":"{before}","containment":"{now}","because":["1 failed"]}}"#);
            of(&entry(kind::CONTAINED, body), &view(RunState::Ended))
        };
        let need = contained("contained_with_residual", "partly_contained").unwrap();
        assert_eq!(need.event, "stuck");
        let told = "cut had ended contained with residual and is partly contained now: 1 failed\n";
        assert!(need.text.starts_with(told), "{}", need.text);
        assert_eq!(contained("contained_with_residual", "contained"), None);
        assert_eq!(contained("partly_contained", "partly_contained"), None, "whoever settles it knows");
    }

    #[test]
    fn a_page_that_was_not_taken_is_told_in_another_way() {
        let branch = |address: &str, error: &str| {
            let body = format!(r#"{{"address":"{address}"{error}}}"#);
            let entry = entry(kind::BRANCH, body);
            may_ask(&entry).and_then(|_| of(&entry, &view(RunState::Running)))
        };
        let error = r#","error":{"kind":"refused","message":"channel_not_found"}"#;
        let need = branch("7.page[slack:#in%2Ecidents]", error).unwrap();
        assert!(
            need.text.starts_with("cut could not reach slack:#in.cidents: channel_not_found"),
            "{}",
            need.text
        );
        assert_eq!(branch("7.page[slack:#incidents]", ""), None);
        assert_eq!(branch("7.each[a]", error), None);
    }

    #[test]
    fn a_run_that_stands_still_needs_somebody_as_long_as_it_stands() {
        for state in [RunState::Limited, RunState::Diverged, RunState::Suspect] {
            let need = of(&stands(state), &view(state)).unwrap();
            assert_eq!((need.key.as_str(), need.event), ("state/R1/7", "stuck"));
            assert!(need.text.starts_with("cut stands still: ") && need.text.contains("50000 entries"));
            assert_eq!(of(&stands(state), &view(RunState::Running)), None);
        }
        for state in [RunState::Running, RunState::Waiting, RunState::Paused, RunState::Ended] {
            assert_eq!(of(&stands(state), &view(state)), None);
        }
    }
}
