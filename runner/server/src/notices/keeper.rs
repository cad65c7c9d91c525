//! Goes on with notices: opens one when a run writes to a vendor, climbs the ladder when nobody answers in time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use stanch_engine::{Clock, Engine};
use stanch_journal::{Cursor, Journal, JournalError};
use stanch_model::{
    Entry,
    catalog::ActionIndex,
    config::Current,
    run::{
        Mode,
        body::{BranchDone, Intent, Local},
        kind, way_of,
    },
};
use stanch_response::{Register, notice::Tlp, vendor::Vendor};
use tokio::sync::watch;

use super::{
    Notices,
    book::{Notice, OPENED, Opened, RUNG, Rung, RungEntry, RungState, SILENT, Step, TELL, TOLD, Told},
    mailed::{MAILED, Mailed},
    words,
};
use crate::{
    clock,
    desk::message,
    metrics::Metrics,
    tell::{
        book::Intent as Letter,
        courier::Courier,
        post::{Delivery, How, Platforms},
    },
};

/// Messages on their way at one time.
const AT_ONCE: usize = 4;

/// Looks at the clock at least so often: a drill's clock may jump.
const LOOK: Duration = Duration::from_secs(1);

/// No sleep is shorter.
const MOMENT: Duration = Duration::from_millis(1);

/// The place is journaled at least after so many entries that wrote to nobody.
const MARK_EVERY: u64 = 20_000;

/// Under which keys of `tell:` our own people hear of a vendor that is silent, the first that is there.
const HEARD: [&str; 3] = ["vendor", "stuck", "approval"];

/// Who goes on.
pub(crate) struct Keeper {
    parts: Parts,
    courier: Courier,
    /// When the next contact is written to, Unix ms: a clock that jumps must not pass it.
    due_ms: Arc<AtomicI64>,
}

/// Nothing is due.
const NEVER: i64 = i64::MAX;

/// What a [`Keeper`] is made of.
pub(crate) struct Parts {
    pub(crate) engine: Engine,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) config: Current,
    pub(crate) register: Register,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) mode: Mode,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) notices: Arc<Notices>,
}

impl Keeper {
    pub(crate) fn new(parts: Parts) -> Self {
        let post = Arc::new(Platforms::new(parts.engine.integrations().clone(), parts.config.clone(), None));
        let courier = Courier::new(post, parts.clock.clone(), parts.metrics.clone(), AT_ONCE);
        let due_ms = Arc::new(AtomicI64::new(NEVER));
        if parts.mode == Mode::Drill {
            let (due_ms, journal, notices) = (due_ms.clone(), parts.journal.clone(), parts.notices.clone());
            parts.engine.go_beside(Arc::new(move |now_ms| {
                let is_behind = *notices.read.borrow() < journal.durable();
                let next = if is_behind { now_ms } else { due_ms.load(Ordering::SeqCst) };
                if next <= now_ms {
                    notices.changed.notify_one();
                }
                (next != NEVER).then_some(next)
            }));
        }
        Self { parts, courier, due_ms }
    }

    /// Works until the server stops; then waits for what is on its way.
    pub(crate) async fn work(mut self, mut stopping: watch::Receiver<bool>) {
        let ended = tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => Ok(()),
            ended = self.follow() => ended,
        };
        if let Err(error) = ended {
            tracing::error!(%error, "vendors that do not answer are not written to again");
        }
        self.courier.finish().await;
    }

    async fn follow(&mut self) -> Result<(), JournalError> {
        self.take_up();
        let notices = self.parts.notices.clone();
        let place = notices.book.lock().place.unwrap_or(Cursor::START);
        // a clock that jumps waits until all was read, and so all has to be
        let prefix = if self.parts.mode == Mode::Drill { "" } else { "run/" };
        let mut follower = self.parts.journal.follow(prefix, place);
        let clock = self.parts.clock.clone();
        loop {
            self.walk().await?;
            let due_ms = self.due_ms();
            self.due_ms.store(due_ms, Ordering::SeqCst);
            notices.has_read(follower.cursor());
            // A clock that stands is looked at again; one that jumps rings, since it waits for what is due.
            let wait = if due_ms > clock.now_ms() { clock.until(due_ms).clamp(MOMENT, LOOK) } else { LOOK };
            let entry = tokio::select! {
                entry = follower.next_async() => Some(entry?),
                () = notices.changed.notified() => None,
                () = tokio::time::sleep(wait) => None,
            };
            if let Some(entry) = entry {
                self.read(&entry, follower.cursor()).await?;
            }
        }
    }

    /// When the next contact is written to; never where that is held.
    fn due_ms(&self) -> i64 {
        let due = {
            let book = self.parts.notices.book.lock();
            book.notices.iter().filter_map(Notice::due).min()
        };
        due.filter(|_| !self.is_held()).map_or(NEVER, jiff::Timestamp::as_millisecond)
    }

    /// What was about to be sent when the server stopped.
    fn take_up(&mut self) {
        let (mut rungs, mut told) = (Vec::new(), Vec::new());
        {
            let book = self.parts.notices.book.lock();
            for notice in &book.notices {
                let own = |rung: &Rung| rung.state == RungState::Written && !rung.step.by_run;
                let at = (0..notice.rungs.len()).filter(|at| own(&notice.rungs[*at]));
                rungs.extend(at.map(|at| (notice.opened.notice.clone(), at, letter(notice, at))));
            }
            told.extend(book.telling.values().flatten().cloned());
        }
        rungs.into_iter().for_each(|(notice, at, intent)| self.send(notice, at, intent, Delivery::Doubtful));
        told.into_iter().for_each(|intent| self.tell(intent, Delivery::Doubtful));
    }

    fn now(&self) -> jiff::Timestamp {
        clock::now(&self.parts.clock)
    }

    /// Takes one entry of a run's stream.
    async fn read(&mut self, entry: &Entry, place: Cursor) -> Result<(), JournalError> {
        let body = entry.body.as_deref().unwrap_or_default();
        let entries = match entry.header.kind.as_str() {
            kind::LOCAL if body.contains("\"notify\"") => self.opened(entry),
            kind::INTENT if body.contains(r#""effect":"tell""#) => match self.leaves(entry) {
                rung if rung.is_empty() => self.mails(entry),
                rung => rung,
            },
            kind::BRANCH if body.contains(".notify[") => self.receipt(entry),
            _ => Vec::new(),
        };
        let known = self.parts.notices.book.lock().place.map_or(0, Cursor::position);
        if entries.is_empty() && place.position().saturating_sub(known) <= MARK_EVERY {
            return Ok(());
        }
        self.parts.notices.append(entries, self.now(), Some(place)).await
    }

    /// A run composed a notice: those of its messages that go to a vendor open one.
    fn opened(&self, entry: &Entry) -> Vec<(&'static str, Value)> {
        let Some(run) = entry.header.stream.as_run() else { return Vec::new() };
        let Ok(body) = entry.decode::<Local>() else { return Vec::new() };
        let drafts = body.value.as_array().filter(|_| body.op == "notify").cloned().unwrap_or_default();
        let Ok(view) = self.parts.engine.view(&run) else { return Vec::new() };
        if view.mode == Some(Mode::Plan) {
            return Vec::new();
        }
        let address = |draft: &Value| draft["channel"].as_str()?.strip_prefix("mail:").map(str::to_owned);
        let written: Vec<String> = drafts.iter().filter_map(address).collect();
        let Some(first) = drafts.first() else { return Vec::new() };
        let book = self.parts.notices.book.lock();
        let mut nth = book.notices.iter().filter(|notice| notice.opened.run == run.0).count();
        let mut entries = Vec::new();
        for (slug, vendor) in self.parts.register.vendors() {
            let rungs = ladder(vendor, &written);
            if !rungs.iter().any(|step| step.by_run) {
                continue;
            }
            nth += 1;
            let opened = Opened {
                notice: format!("{run}:N{nth}"),
                run: run.0.clone(),
                incident: view.incident.clone(),
                vendor: slug.clone(),
                name: vendor.called(slug).to_owned(),
                subject: first["subject"].as_str().unwrap_or_default().to_owned(),
                text: first["text"].as_str().unwrap_or_default().to_owned(),
                at: self.now(),
                rungs,
            };
            entries.push((OPENED, json!(opened)));
        }
        entries
    }

    /// The run's own mail is about to leave: its Message-ID begins with the key of this attempt, so that a report finds it
    /// even where it comes before the run knows that the mail was taken.
    fn leaves(&self, entry: &Entry) -> Vec<(&'static str, Value)> {
        let Some(run) = entry.header.stream.as_run() else { return Vec::new() };
        let Ok(Intent { address, call: Some(call), .. }) = entry.decode::<Intent>() else {
            return Vec::new();
        };
        let Some(way) = way_of(&address).filter(|_| address.as_str().contains(".notify[")) else {
            return Vec::new();
        };
        let Some((notice, rung)) = self.written(&run.0, &way, |rung| rung.receipt.is_empty()) else {
            return Vec::new();
        };
        let (at, receipt, state) = (self.now(), call.key, RungState::Written);
        let (why, by) = (String::new(), String::new());
        vec![(RUNG, json!(RungEntry { notice, rung, state, at, receipt, why, by }))]
    }

    /// The run is about to send another mail: a page, a notice to somebody who is no vendor, or one of its script's own.
    fn mails(&self, entry: &Entry) -> Vec<(&'static str, Value)> {
        let Some(run) = entry.header.stream.as_run() else { return Vec::new() };
        let Ok(intent) = entry.decode::<Intent>() else { return Vec::new() };
        let Some(call) = &intent.call else { return Vec::new() };
        let mut ways = self.parts.engine.integrations().verb("mail.send").into_iter();
        let is_mail = ways.any(|(name, info)| name == call.integration && info.name == call.action);
        let mailed = Mailed::of(&run, &intent, call).filter(|_| is_mail);
        // every attempt at the same mail has the same key
        let known = |one: &Mailed| self.parts.notices.book.lock().knows(&one.key);
        let fresh = mailed.filter(|one| !known(one));
        fresh.iter().map(|one| (MAILED, json!(one))).collect()
    }

    /// The rung that a run writes to through this way, and of which it is not known yet what became of it.
    fn written(&self, run: &str, way: &str, more: impl Fn(&Rung) -> bool) -> Option<(String, usize)> {
        let mail = way.strip_prefix("mail:").unwrap_or(way);
        let book = self.parts.notices.book.lock();
        let mut of_run = book.notices.iter().rev().filter(|notice| notice.opened.run == run);
        let waits = |rung: &Rung| rung.step.mail == mail && rung.state == RungState::Written && more(rung);
        of_run.find_map(|notice| {
            notice.rungs.iter().position(waits).map(|rung| (notice.opened.notice.clone(), rung))
        })
    }

    /// The run's own mail was taken, or refused.
    fn receipt(&self, entry: &Entry) -> Vec<(&'static str, Value)> {
        let Some(run) = entry.header.stream.as_run() else { return Vec::new() };
        let Ok(body) = entry.decode::<BranchDone>() else { return Vec::new() };
        let Some(way) = way_of(&body.address).filter(|_| body.address.as_str().ends_with(']')) else {
            return Vec::new();
        };
        let Some((notice, rung)) = self.written(&run.0, &way, |_| true) else { return Vec::new() };
        let (state, why) = match &body.error {
            Some(error) => (RungState::Refused, error.message.clone()),
            None => (RungState::Sent, String::new()),
        };
        let id = |name: &str| body.value[name].as_str().map(str::to_owned);
        let receipt = id("id").or_else(|| id("message_id")).unwrap_or_default();
        let at = self.now();
        vec![(RUNG, json!(RungEntry { notice, rung, state, at, receipt, why, by: String::new() }))]
    }

    /// Goes on with every notice whose time is up.
    async fn walk(&mut self) -> Result<(), JournalError> {
        let now = self.now();
        let due: Vec<Notice> = {
            let book = self.parts.notices.book.lock();
            book.notices.iter().filter(|notice| notice.due().is_some_and(|due| due <= now)).cloned().collect()
        };
        if due.is_empty() || self.is_held() {
            return Ok(());
        }
        for notice in due {
            self.climb(&notice, now).await?;
        }
        Ok(())
    }

    /// Everything, or what sends mail, is paused: nothing goes out until it is resumed.
    fn is_held(&self) -> bool {
        let mail: Vec<String> =
            self.parts.engine.integrations().verb("mail.send").into_iter().map(|(name, _)| name).collect();
        self.parts.engine.paused_scopes().iter().any(|scope| {
            scope == "all"
                || scope.strip_prefix("integration:").is_some_and(|name| mail.iter().any(|own| own == name))
        })
    }

    /// Writes to the next rung; at the end of the ladder our own people hear that nobody answers.
    async fn climb(&mut self, notice: &Notice, now: jiff::Timestamp) -> Result<(), JournalError> {
        let id = notice.opened.notice.clone();
        let red = Tlp::of(&notice.opened.text).is_ok_and(|mark| mark == Some(Tlp::Red));
        let next = notice.next();
        let mut entries = Vec::new();
        let mut letters = Vec::new();
        for rung in next.clone() {
            let left_out = red && notice.rungs[rung].step.list;
            let (state, why) = match left_out {
                true => (RungState::LeftOut, "nothing marked TLP:RED goes to a list".to_owned()),
                false => (RungState::Written, String::new()),
            };
            if !left_out {
                letters.push((rung, letter(notice, rung)));
            }
            let entry = RungEntry {
                notice: id.clone(),
                rung,
                state,
                at: now,
                receipt: String::new(),
                why,
                by: String::new(),
            };
            entries.push((RUNG, json!(entry)));
        }
        let text = if next.is_empty() {
            entries.push((SILENT, json!({ "notice": id })));
            words::silent(notice, &self.phones(&notice.opened.vendor))
        } else {
            let to: Vec<String> = next.clone().map(|rung| notice.rungs[rung].step.mail.clone()).collect();
            words::climbs(notice, &to)
        };
        let told = self.intents(
            &format!("notice/{id}/{}", next.start.min(notice.rungs.len())),
            &text,
            next.is_empty(),
        );
        entries.extend(told.iter().map(|intent| (TELL, json!(intent))));
        self.parts.notices.append(entries, now, None).await?;
        letters.into_iter().for_each(|(rung, letter)| self.send(id.clone(), rung, letter, Delivery::Fresh));
        told.into_iter().for_each(|intent| self.tell(intent, Delivery::Fresh));
        Ok(())
    }

    fn phones(&self, vendor: &str) -> Vec<String> {
        let vendor = self.parts.register.vendors().get(vendor);
        let contacts = vendor.into_iter().flat_map(|vendor| &vendor.contacts);
        let call = contacts.filter_map(|contact| {
            let name = if contact.name.is_empty() { "a contact" } else { &contact.name };
            contact.phone.as_ref().map(|phone| format!("{name} {phone}"))
        });
        call.collect()
    }

    fn intents(&self, key: &str, text: &str, silent: bool) -> Vec<Letter> {
        let config = &self.parts.config;
        let ways = HEARD.iter().find_map(|event| config.tell.get(*event).filter(|ways| !ways.is_empty()));
        if ways.is_none() {
            tracing::warn!(text, "a vendor does not answer, and `tell:` names nobody");
        }
        let key = format!("{key}/{}", if silent { "silent" } else { "next" });
        let one = |way: &String| {
            let message = message(way, text, self.parts.mode, config);
            let (key, way, at) = (key.clone(), way.clone(), self.now());
            Letter { key, way, subject: message.subject, text: message.text, offer: None, who: None, at }
        };
        ways.into_iter().flatten().map(one).collect()
    }

    /// A mail to one rung; what became of it is journaled.
    fn send(&mut self, notice: String, rung: usize, intent: Letter, delivery: Delivery) {
        let notices = self.parts.notices.clone();
        let clock = self.parts.clock.clone();
        self.courier.send(intent, delivery, move |intent, end| async move {
            let (state, receipt) = match end.how {
                How::Sent => (RungState::Sent, intent.idempotency()),
                How::Failed => (RungState::Refused, String::new()),
                How::InDoubt => (RungState::InDoubt, String::new()),
            };
            let at = clock::now(&clock);
            let entry = RungEntry { notice, rung, state, at, receipt, why: end.why, by: String::new() };
            notices.append(vec![(RUNG, json!(entry))], at, None).await
        });
    }

    /// A message to our own people; what became of it is journaled.
    fn tell(&mut self, intent: Letter, delivery: Delivery) {
        let notices = self.parts.notices.clone();
        let clock = self.parts.clock.clone();
        self.courier.send(intent, delivery, move |intent, end| async move {
            let told = Told { key: intent.key, way: intent.way, end };
            notices.append(vec![(TOLD, json!(told))], clock::now(&clock), None).await
        });
    }
}

/// The ladder of a vendor, with those whom the run wrote to.
fn ladder(vendor: &Vendor, written: &[String]) -> Vec<Step> {
    let step = |contact: &stanch_response::vendor::Contact| {
        let mail = contact.mail.clone()?;
        let within =
            contact.within.as_deref().and_then(|text| text.parse::<stanch_response::deadline::Span>().ok());
        Some(Step {
            name: contact.name.clone(),
            by_run: written.iter().any(|to| to.eq_ignore_ascii_case(&mail)),
            within_ms: within.and_then(stanch_response::deadline::Span::milliseconds),
            list: contact.list,
            mail,
        })
    };
    vendor.contacts.iter().filter_map(step).collect()
}

/// The mail to one rung, the same however often it is tried.
pub(super) fn letter(notice: &Notice, rung: usize) -> Letter {
    let step = &notice.rungs[rung].step;
    // only those before this group: of the group itself a restart knows more than the first try did
    let mut start = 0;
    while notice.group(start).end <= rung {
        start = notice.group(start).end;
    }
    let before = Notice { rungs: notice.rungs[..start].to_vec(), ..notice.clone() };
    Letter {
        key: format!("notice/{}/{rung}", notice.opened.notice),
        way: format!("mail:{}", step.mail),
        subject: notice.opened.subject.clone(),
        text: words::further(&before),
        offer: None,
        who: None,
        at: notice.rungs[rung].at.unwrap_or(notice.opened.at),
    }
}
