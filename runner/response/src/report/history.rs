//! From the entries of a run to lines of a timeline. What happens to many targets alike is one line with a count.

use std::collections::HashMap;

use serde_json::Value;
use stanch_model::{
    Address, Effect, Entry, TargetState,
    run::{
        Hold, RunState, body, kind,
        wait::{manner, through},
    },
};

use super::{
    clock::Zero,
    shape::{Lane, Moment, Place, Tone},
};

/// The timeline of a run, oldest first.
pub(super) fn of_run(entries: &[Entry], zero: Zero) -> Vec<Moment> {
    let mut history = History { zero, moments: Vec::new(), groups: Vec::new(), tells: HashMap::new() };
    entries.iter().for_each(|entry| history.take(entry));
    history.close();
    history.moments
}

struct History {
    zero: Zero,
    moments: Vec<Moment>,
    groups: Vec<Group>,
    /// Messages under way.
    tells: HashMap<Address, String>,
}

/// Things that happen alike.
struct Group {
    key: String,
    /// One of them, and several of them, without the count.
    text: (String, String),
    count: u64,
    moment: Moment,
}

/// A line without its time and place.
struct Said(Lane, &'static str, String, Tone);

impl History {
    fn take(&mut self, entry: &Entry) {
        match entry.header.kind.as_str() {
            kind::TARGET => {
                if let Ok(target) = entry.decode::<body::TargetEntry>() {
                    self.target(entry, target);
                }
            }
            kind::DEFERRED => {
                if let Ok(deferred) = entry.decode::<body::Deferred>() {
                    let why = deferred.why;
                    let text = (format!("a call waits: {why}"), format!("calls wait: {why}"));
                    self.alike(entry, why, text, Said(Lane::Response, "later", String::new(), Tone::Warn));
                }
            }
            kind::INTENT => {
                if let Ok(intent) = entry.decode::<body::Intent>()
                    && intent.call.as_ref().is_some_and(|call| call.effect == Effect::Tell)
                {
                    let input = intent.call.map(|call| call.input).unwrap_or_default();
                    let to = ["to", "channel"].iter().find_map(|name| input.get(*name)?.as_str());
                    let to = to.map_or_else(String::new, |to| format!(" to {to}"));
                    self.tells.insert(intent.address, format!("{}{to}", intent.name));
                }
            }
            _ => {
                if let Some(Said(lane, mark, text, tone)) = self.said(entry) {
                    self.close();
                    self.moments.push(self.moment(entry, lane, mark, text, tone));
                }
            }
        }
    }

    fn moment(&self, entry: &Entry, lane: Lane, mark: &str, text: String, tone: Tone) -> Moment {
        Moment {
            planned: String::new(),
            planned_s: None,
            at_s: self.zero.at(&entry.header.time),
            until_s: None,
            lane,
            mark: mark.to_owned(),
            text,
            tone,
            places: vec![Place::of(entry)],
        }
    }

    fn target(&mut self, entry: &Entry, body: body::TargetEntry) {
        let (mark, tone) = match body.state {
            TargetState::Requested => return,
            TargetState::Accepted => ("cut", Tone::Plain),
            TargetState::Verified => ("proven", Tone::Good),
            TargetState::Residual => ("residual", Tone::Warn),
            TargetState::Attested => ("attested", Tone::Warn),
            TargetState::Failed => ("failed", Tone::Bad),
            TargetState::InDoubt => ("in doubt", Tone::Bad),
            TargetState::Skipped => ("skipped", Tone::Warn),
        };
        let state = body.state.as_str().replace('_', " ");
        let what = format!("{} {}", body.target.integration, body.verb);
        let why = match body.state {
            TargetState::Failed | TargetState::InDoubt | TargetState::Attested | TargetState::Skipped
                if !body.why.is_empty() =>
            {
                format!(" ({})", body.why)
            }
            _ => String::new(),
        };
        let one = format!("{what} {} {}: {state}{why}", body.target.kind, body.target.name());
        let said = Said(Lane::Targets, mark, String::new(), tone);
        self.alike(entry, format!("{what} {state} {why}"), (one, format!("{what}: {state}{why}")), said);
    }

    fn alike(&mut self, entry: &Entry, key: String, text: (String, String), said: Said) {
        if let Some(group) = self.groups.iter_mut().find(|group| group.key == key) {
            group.count += 1;
            group.moment.until_s = self.zero.at(&entry.header.time);
            if let Some(place) = group.moment.places.first_mut() {
                place.through = Some(entry.header.version);
            }
            return;
        }
        let Said(lane, mark, _, tone) = said;
        let moment = self.moment(entry, lane, mark, String::new(), tone);
        self.groups.push(Group { key, text, count: 1, moment });
    }

    /// What comes now is something else: the counts so far stand.
    fn close(&mut self) {
        for Group { text, count, mut moment, .. } in self.groups.drain(..) {
            moment.text = if count == 1 { text.0 } else { format!("{count} \u{d7} {}", text.1) };
            self.moments.push(moment);
        }
    }

    fn said(&mut self, entry: &Entry) -> Option<Said> {
        match entry.header.kind.as_str() {
            kind::LOCAL => local(&entry.decode().ok()?),
            kind::OUTCOME => self.outcome(&entry.decode().ok()?),
            kind::STATE => stands(entry.decode().ok()?),
            _ => of_people(entry).or_else(|| of_run_itself(entry)),
        }
    }

    fn outcome(&mut self, outcome: &body::Outcome) -> Option<Said> {
        let told = self.tells.remove(&outcome.address);
        match (&outcome.error, told) {
            (None, Some(told)) => Some(Said(Lane::Response, "told", told, Tone::Good)),
            (Some(error), Some(told)) => {
                Some(Said(Lane::Response, "not told", format!("{told}: {}", error.message), Tone::Bad))
            }
            // A cut that failed is told by its target.
            (Some(error), None) if error.target.is_none() => {
                Some(Said(Lane::Response, "error", error.message.clone(), Tone::Bad))
            }
            _ => None,
        }
    }
}

/// What people are asked, and what they say.
fn of_people(entry: &Entry) -> Option<Said> {
    let say = |mark, text: String, tone| Some(Said(Lane::People, mark, text, tone));
    match entry.header.kind.as_str() {
        kind::WAIT => {
            let wait: body::WaitOpened = entry.decode().ok()?;
            if !wait.wait_kind.needs_person() {
                return None;
            }
            let ask = if wait.ask.is_empty() { "any responder".to_owned() } else { wait.ask.join(", ") };
            let text = if wait.text.is_empty() { wait.name } else { wait.text };
            say("asks", format!("{} asks {ask}: {text}", wait.wait), Tone::Plain)
        }
        kind::ESCALATED => {
            let next: body::Escalated = entry.decode().ok()?;
            let why = match next.by.as_str() {
                "" => format!("nobody answered {}", next.wait),
                by => format!("{by} does not wait for {}{}", next.wait, through(&next.channel)),
            };
            let are = if next.ask.len() == 1 { "is" } else { "are" };
            say("asks", format!("{why}: {} {are} asked now", next.ask.join(", ")), Tone::Warn)
        }
        kind::REMINDED => {
            let body::Reminded { wait, who, channel, to, .. } = entry.decode().ok()?;
            let whom = if to.is_empty() { "those who are asked" } else { &to };
            say("asks", format!("{who} reminds {whom} of {wait}{}", through(&channel)), Tone::Plain)
        }
        kind::DECISION => {
            let said: body::Decision = entry.decode().ok()?;
            let why = if said.reason.is_empty() { String::new() } else { format!(" ({})", said.reason) };
            let how = manner(&said.channel, said.early);
            match said.break_glass {
                true => {
                    let text = format!("{} lets {} go alone{how}{why}", said.who, said.wait);
                    say("break-glass", text, Tone::Bad)
                }
                false => {
                    let text = format!("{} says {} to {}{how}{why}", said.who, said.say, said.wait);
                    say("answer", text, Tone::Plain)
                }
            }
        }
        kind::CLOSED => {
            let closed: body::WaitClosed = entry.decode().ok()?;
            let what = format!("{}: {}", closed.wait, closed.say);
            match closed.by.as_str() {
                "expired" => say("silence", format!("{what}, because nobody answered in time"), Tone::Bad),
                "pre_approved" => {
                    say("answer", format!("{what}, approved beforehand by the manifest"), Tone::Plain)
                }
                _ => None,
            }
        }
        kind::CANCEL => {
            let body::Cancelled { who, channel, reason } = entry.decode().ok()?;
            let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
            say("cancel", format!("{who} cancels the run{}{why}", through(&channel)), Tone::Bad)
        }
        _ => of_orders(entry),
    }
}

/// What people order: the run is taken back, its cuts last longer, it follows other sources.
fn of_orders(entry: &Entry) -> Option<Said> {
    let say = |mark, text: String| Some(Said(Lane::People, mark, text, Tone::Warn));
    let why = |reason: &str| if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    match entry.header.kind.as_str() {
        kind::UNDO => {
            let undo: body::Undo = entry.decode().ok()?;
            if undo.ended.is_some() {
                return None;
            }
            let (how, why) = (through(&undo.channel), why(&undo.reason));
            say("undo", format!("{} takes back what it cut{how}{why}", undo.who))
        }
        kind::HOLD => {
            let hold: Hold = entry.decode().ok()?;
            if hold.who.is_empty() || hold.back.is_none() {
                return None;
            }
            let (how, why) = (through(&hold.channel), why(&hold.reason));
            say("longer", format!("{} keeps {} cut for longer{how}{why}", hold.who, hold.label))
        }
        kind::REPINNED => {
            let body::Repinned { who, channel, .. } = entry.decode().ok()?;
            say("repin", format!("{who} pins the run to what is there now{}", through(&channel)))
        }
        _ => None,
    }
}

/// How the run goes.
fn of_run_itself(entry: &Entry) -> Option<Said> {
    let say = |mark, text: String, tone| Some(Said(Lane::Response, mark, text, tone));
    match entry.header.kind.as_str() {
        kind::CREATED => {
            let created: body::Created = entry.decode().ok()?;
            let (by, how) = (&created.started_by, through(&created.channel));
            let text = format!("{} begins: {}, by {by}{how}", created.playbook, created.title);
            say("run", text, Tone::Plain)
        }
        kind::DEADLINE => {
            let clock: body::DeadlineStarted = entry.decode().ok()?;
            let text = format!("a clock runs: {}, due {}", clock.title, super::clock::written(&clock.due));
            say("clock", text, Tone::Plain)
        }
        kind::REVIVED => {
            let text = "the server came back after it had died; the run goes on where it stood";
            say("back", text.to_owned(), Tone::Warn)
        }
        kind::CONTAINED => {
            let now: body::Contained = entry.decode().ok()?;
            let text = format!("known better now: {}", now.containment.as_str().replace('_', " "));
            say("later", text, Tone::Plain)
        }
        kind::ENDED => {
            let over: body::RunEnded = entry.decode().ok()?;
            let tone = if over.containment.is_whole() { Tone::Good } else { Tone::Bad };
            let text = format!("{}, {}", over.ended, over.containment.as_str().replace('_', " "));
            say("ended", text, tone)
        }
        _ => None,
    }
}

fn local(body: &body::Local) -> Option<Said> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match body.op.as_str() {
        "phase" => Some(Said(Lane::Phases, "phase", text(&body.value), Tone::Plain)),
        "note" => Some(Said(Lane::Response, "note", text(&body.value), Tone::Plain)),
        "evidence" => {
            let name = body.value.get("name").map(text).unwrap_or_default();
            Some(Said(Lane::Response, "evidence", format!("written down: {name}"), Tone::Good))
        }
        _ => None,
    }
}

fn stands(body: body::StateEntry) -> Option<Said> {
    let how = through(&body.channel);
    if body.state == RunState::Running && !body.who.is_empty() {
        let text = format!("{} lets it go on{how}", body.who);
        return Some(Said(Lane::People, "resumed", text, Tone::Plain));
    }
    let tone = match body.state {
        RunState::Running | RunState::Waiting | RunState::Ended => return None,
        RunState::Paused => Tone::Warn,
        RunState::Limited | RunState::Diverged | RunState::Suspect => Tone::Bad,
    };
    let lane = if body.who.is_empty() { Lane::Response } else { Lane::People };
    let why = if body.why.is_empty() { body.state.as_str().to_owned() } else { body.why };
    Some(Said(lane, body.state.as_str(), format!("{why}{how}"), tone))
}
