//! The thread that runs scripts: one loop over everything that happened.
//!
//! It alone changes runs. It evaluates a script until it waits, appends what that left behind, starts the effects whose
//! intents are durable, and sleeps only when nothing is left to do; then it commits on its own thread, so that a run that
//! runs alone pays for its sync and for no hand-off.

mod acts;
mod after;
mod answers;
mod doubt;
mod guards;
mod holds;
mod life;
mod load;
mod lobby;
mod marks;
mod nudges;
mod outcomes;
mod parking;
mod plans;
mod proofs;
mod resting;
mod undoing;

use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::{BinaryHeap, HashSet, VecDeque},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering, fence},
    },
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender};
use foldhash::{HashMap, HashMapExt};
use rhai::{AST, Engine as Rhai};
use stanch_integrations::Seen;
use stanch_journal::{JournalError, StreamAppend, With};
use stanch_model::{
    Address, RunId,
    ids::Hash,
    run::{Reading, StepError},
};

use crate::{
    act::Event,
    current::{Current, during},
    env::Env,
    fiber::{Fiber, Pause, Ran, Wake},
    guard::read::Told,
    intake::dedupe,
    live::Live,
};

pub(crate) use resting::Resting;

/// Something happened.
pub(crate) enum Message {
    /// A run exists, or something was posted to it: look at it.
    Wake(RunId),
    /// A run that this process just created, with its first entry.
    Created(Box<stanch_model::Entry>),
    /// A call came on.
    Act(RunId, Address, u32, Event),
    /// A guard's read came back.
    Told(RunId, Reading, Told),
    /// A look at a target came back.
    Proof(RunId, String, Box<Seen>),
    /// Something became durable.
    Durable,
    /// The clock or the pauses changed.
    Look,
    /// Answers when everything in flight is settled.
    Drain(Sender<()>),
    /// Answers when there is nothing to do before something else happens.
    Rest(Sender<Resting>),
    /// The engine is gone.
    Stop,
}

/// The way to a shard.
#[derive(Clone)]
pub(crate) struct Inbox {
    sender: Sender<Message>,
    woken: Arc<AtomicBool>,
    /// The position that the shard sleeps for; nothing wakes it before, and nothing at all while it is awake.
    awaited: Arc<AtomicU64>,
}

/// No position.
const NONE: u64 = u64::MAX;

impl Inbox {
    pub(crate) fn new() -> (Self, Receiver<Message>) {
        let (sender, receiver) = crossbeam_channel::unbounded();
        let awaited = Arc::new(AtomicU64::new(NONE));
        (Self { sender, woken: Arc::default(), awaited }, receiver)
    }

    pub(crate) fn send(&self, message: Message) {
        // A shard that is gone has stopped for good; its runs are on disk.
        let _ = self.sender.send(message);
    }

    /// Says that everything up to here is durable; at most one such message is on its way.
    pub(crate) fn durable(&self, position: u64) {
        // Pairs with the one in `sleep_for`: either the shard sees the position, or this sees the shard asleep.
        fence(Ordering::SeqCst);
        let awaits = position >= self.awaited.load(Ordering::Relaxed);
        if awaits && !self.woken.swap(true, Ordering::AcqRel) {
            self.send(Message::Durable);
        }
    }

    fn sleep_for(&self, position: u64) {
        self.awaited.store(position, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }
}

/// What a script comes to.
pub(crate) type Finish = Result<rhai::Dynamic, StepError>;

type Shared = Rc<RefCell<Live>>;

/// A run that this shard holds.
struct Slot {
    live: Shared,
    fiber: Option<Fiber<Finish>>,
    queued: bool,
    /// The script is out; what is on the wire is not back yet.
    finish: Option<Finish>,
}

/// What a shard owns.
pub(crate) struct Shard {
    env: Arc<Env>,
    own: Inbox,
    inbox: Receiver<Message>,
    host: Arc<Rhai>,
    asts: HashMap<Hash, Arc<AST>>,
    slots: HashMap<RunId, Slot>,
    ready: VecDeque<Shared>,
    /// Runs that used up their slice.
    slow: VecDeque<Shared>,
    timers: BinaryHeap<Reverse<(i64, RunId)>>,
    /// Calls whose intents are queued, in the order of the journal.
    intended: VecDeque<(u64, Shared, Address)>,
    /// Runs that come in when others have left.
    lobby: lobby::Lobby,
    /// Runs that cannot be read: named once, left alone.
    broken: HashSet<RunId>,
    uncommitted: bool,
    draining: Vec<Sender<()>>,
    stopped: bool,
    /// Position of the last append.
    appended: u64,
    /// Who wants to know when it rests, and how many messages it heard.
    asking: Vec<Sender<Resting>>,
    heard: u64,
}

/// A shard looks at the journal's due times at least this often: a drill's clock may jump.
const TICK: Duration = Duration::from_millis(200);

/// Messages heard in one turn: those who talk fastest may not keep the scripts from running.
const HEARD: usize = 1_024;

/// A run whose entry was refused is read anew after this time.
const TRY_AGAIN: Duration = Duration::from_millis(500);

impl Shard {
    /// The loop. Ends when the engine is gone.
    pub(crate) fn run(env: Arc<Env>, own: Inbox, inbox: Receiver<Message>) {
        let mut shard = Self::new(env, own, inbox);
        while shard.turn() && !shard.stopped {}
    }

    /// Compares runs' scripts with their histories on the caller's own thread; nothing acts. Gives the number of steps.
    pub(crate) fn replay(env: &Arc<Env>, runs: &[RunId]) -> Result<u64, (RunId, String)> {
        let (own, inbox) = Inbox::new();
        let mut shard = Self::new(Arc::clone(env), own, inbox);
        let steps = runs.iter().map(|run| shard.rehearse(run, None).map_err(|why| (run.clone(), why)));
        steps.sum()
    }

    fn new(env: Arc<Env>, own: Inbox, inbox: Receiver<Message>) -> Self {
        Self {
            host: Arc::new(crate::host::engine(&env)),
            env,
            own,
            inbox,
            asts: HashMap::new(),
            slots: HashMap::new(),
            ready: VecDeque::new(),
            slow: VecDeque::new(),
            timers: BinaryHeap::new(),
            intended: VecDeque::new(),
            lobby: lobby::Lobby::default(),
            broken: HashSet::new(),
            uncommitted: false,
            draining: Vec::new(),
            stopped: false,
            appended: 0,
            asking: Vec::new(),
            heard: 0,
        }
    }

    /// One turn: everything that happened, everything that is ready, everything that became durable; then sleep.
    fn turn(&mut self) -> bool {
        for _ in 0..HEARD {
            match self.inbox.try_recv() {
                Ok(message) => self.hear(message),
                Err(crossbeam_channel::TryRecvError::Empty) => break,
                Err(crossbeam_channel::TryRecvError::Disconnected) => return false,
            }
        }
        self.fire_timers();
        while let Some(live) = self.ready.pop_front() {
            self.evaluate(&live);
        }
        // One slice of what computes for long: the others, and the journal, get their turn between two of them.
        if let Some(live) = self.slow.pop_front() {
            self.evaluate(&live);
        }
        self.start_durable();
        self.let_in();
        if !self.ready.is_empty() {
            return true;
        }
        if self.uncommitted {
            self.uncommitted = false;
            if self.env.journal.commit_here() {
                self.start_durable();
                return true;
            }
            self.env.journal.kick();
        }
        if !self.slow.is_empty() {
            return true;
        }
        self.answer_drain();
        self.rest()
    }

    /// Sleeps until something happens.
    fn rest(&mut self) -> bool {
        let first = self.intended.front().map_or(NONE, |(position, ..)| *position);
        let first = if self.asking.is_empty() { first } else { first.min(self.awaited()) };
        self.own.sleep_for(first);
        if first <= self.env.journal.durable() {
            self.own.sleep_for(NONE);
            return true;
        }
        if self.appended <= self.env.journal.durable() {
            self.answer_resting();
        }
        let heard = self.inbox.recv_timeout(self.sleep());
        self.own.sleep_for(NONE);
        match heard {
            Ok(message) => self.hear(message),
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => return false,
        }
        true
    }

    fn sleep(&self) -> Duration {
        match self.timers.peek() {
            Some(Reverse((due, _))) => self.env.clock.until(*due).clamp(Duration::from_millis(1), TICK),
            None => Duration::from_secs(1),
        }
    }

    fn hear(&mut self, message: Message) {
        self.heard += u64::from(!matches!(message, Message::Rest(_) | Message::Durable | Message::Look));
        match message {
            Message::Rest(asking) => self.asking.push(asking),
            Message::Wake(run) => self.wake(&run),
            Message::Created(entry) => self.created(&entry),
            Message::Act(run, address, attempt, event) => self.with(&run, |shard, live| {
                shard.advance(live, &address, attempt, event);
            }),
            Message::Told(run, reading, told) => {
                self.with(&run, |shard, live| shard.told(live, reading, told));
            }
            Message::Proof(run, key, seen) => self.with(&run, |shard, live| shard.proven(live, &key, *seen)),
            Message::Durable => self.own.woken.store(false, Ordering::Release),
            Message::Look => {
                let held: Vec<Shared> = self.slots.values().map(|slot| Rc::clone(&slot.live)).collect();
                held.iter().for_each(|live| self.queue(live));
            }
            Message::Drain(done) => {
                self.draining.push(done);
                self.hear(Message::Look);
            }
            Message::Stop => self.stopped = true,
        }
    }

    fn with(&mut self, run: &RunId, work: impl FnOnce(&mut Self, &Shared)) {
        if let Some(slot) = self.slots.get(run) {
            let live = Rc::clone(&slot.live);
            self.with_live(&live, work);
        }
    }

    /// Works on a run that is here; afterwards appends what that left and lets the script look again if it should.
    fn with_live(&mut self, live: &Shared, work: impl FnOnce(&mut Self, &Shared)) {
        work(self, live);
        if self.looks_again(live) {
            // At once: what the script makes of it goes down in the same append.
            return;
        }
        let run = live.borrow().id.clone();
        self.row_of_ended(live);
        self.flush(live);
        self.leave_ended(&run, live);
        let back = !live.borrow().acts.values().any(crate::act::Act::is_out);
        if back && let Some(finish) = self.slots.get_mut(&run).and_then(|slot| slot.finish.take()) {
            return self.finished(&run, live, finish);
        }
        if !live.borrow().stirred {
            self.consider_parking(&run);
        }
    }

    /// Queues the script if something stirred that it waits for.
    fn looks_again(&mut self, live: &Shared) -> bool {
        let stirred = live.borrow().stirred;
        stirred && self.slot(live).is_some_and(|slot| slot.fiber.is_some()) && {
            self.queue(live);
            true
        }
    }

    /// The slot of this run, unless the run left memory since.
    fn slot(&mut self, live: &Shared) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(&live.borrow().id)?;
        Rc::ptr_eq(&slot.live, live).then_some(slot)
    }

    fn queue(&mut self, live: &Shared) {
        if let Some(slot) = self.slot(live)
            && !slot.queued
        {
            slot.queued = true;
            self.ready.push_back(Rc::clone(live));
        }
    }

    fn fire_timers(&mut self) {
        let now = self.env.now_ms();
        while self.timers.peek().is_some_and(|Reverse((due, _))| *due <= now) {
            let Some(Reverse((_, run))) = self.timers.pop() else { break };
            if self.slots.contains_key(&run) {
                self.with(&run, Shard::on_time);
            }
        }
    }

    /// Sets an alarm for a run.
    fn alarm(&mut self, run: &RunId, due_ms: i64) {
        self.timers.push(Reverse((due_ms, run.clone())));
    }

    /// Runs the script until it waits or ends.
    fn evaluate(&mut self, live: &Shared) {
        let Some(slot) = self.slot(live) else { return };
        slot.queued = false;
        let Some(fiber) = slot.fiber.take() else { return };
        let current = Current { live: Rc::clone(live), env: Arc::clone(&self.env) };
        {
            let mut live = live.borrow_mut();
            live.operations_slice = 0;
            live.stirred = false;
        }
        match during(current, || fiber.resume(Wake::Go)) {
            Ran::Paused(why, fiber) => {
                if let Some(slot) = self.slot(live) {
                    slot.fiber = Some(fiber);
                }
                self.take_up(live);
                self.flush(live);
                match why {
                    Pause::Preempted => {
                        if let Some(slot) = self.slot(live) {
                            slot.queued = true;
                            self.slow.push_back(Rc::clone(live));
                        }
                    }
                    Pause::Blocked if live.borrow().stirred => self.queue(live),
                    Pause::Blocked if parking::is_at_work(&live.borrow()) => {}
                    Pause::Blocked => {
                        let run = live.borrow().id.clone();
                        self.consider_parking(&run);
                    }
                }
            }
            Ran::Finished(finish) => {
                let run = live.borrow().id.clone();
                self.finished(&run, live, finish);
            }
        }
    }

    /// Appends what is queued in the run.
    fn flush(&mut self, live: &Shared) {
        let mut guard = live.borrow_mut();
        let Some(out) = guard.take_out() else { return };
        let mut append = StreamAppend::new(guard.stream.clone(), self.env.journal.epoch(), out.entries);
        append.expect = Some(guard.version - append.entries.len() as u64);
        append.row = out.row;
        append.folds = out.folds;
        let mut group = vec![append];
        group.extend(self.env.incident_change(guard.created.incident.as_deref(), &guard.id, &out.incident));
        group.extend(self.env.claimed(&out.claims));
        group.extend(out.births.iter().flat_map(|birth| birth.appends.clone()));
        dedupe(&mut group);
        let reserve = !guard.view.targets.is_empty();
        match self.env.journal.append(group, With { blobs: out.blobs, reserve, ..With::default() }) {
            Ok(ticket) => {
                self.uncommitted = true;
                self.appended = ticket.position;
                out.births.into_iter().for_each(|birth| self.env.announce(birth));
                for address in guard.take_intended() {
                    if let Some(act) = guard.acts.get_mut(&address) {
                        act.set_position(ticket.position);
                    }
                    self.intended.push_back((ticket.position, Rc::clone(live), address));
                }
            }
            Err(error) => {
                drop(guard);
                self.lost(live, &error);
            }
        }
    }

    /// The journal did not take it: this process no longer owns the run, or the disk is full. What is in memory is void.
    fn lost(&mut self, live: &Shared, error: &JournalError) {
        let run = live.borrow().id.clone();
        tracing::error!(%run, %error, "the journal refused an entry: the run leaves memory as it was on disk");
        self.unwind(&run);
        if !matches!(error, JournalError::Fenced { .. } | JournalError::Fatal(_)) {
            let own = self.own.clone();
            let under_way = self.env.clock.work();
            self.env.runtime.spawn(async move {
                tokio::time::sleep(TRY_AGAIN).await;
                own.send(Message::Wake(run));
                drop(under_way);
            });
        }
    }

    /// Starts the effects whose intents are durable now.
    fn start_durable(&mut self) {
        let durable = self.env.journal.durable();
        while self.intended.front().is_some_and(|(position, ..)| *position <= durable) {
            let Some((_, live, address)) = self.intended.pop_front() else { break };
            if self.slot(&live).is_some() {
                self.with_live(&live, |shard, live| shard.send(live, &address));
            }
        }
    }

    /// Everything that was on the wire is back and journaled: what is left parks for the next program.
    fn answer_drain(&mut self) {
        if self.draining.is_empty() {
            return;
        }
        let busy = self.slots.values().any(|slot| slot.live.borrow().acts.values().any(|act| act.is_out()));
        if busy || !self.intended.is_empty() {
            return;
        }
        let held: Vec<(RunId, Shared)> =
            self.slots.iter().map(|(run, slot)| (run.clone(), Rc::clone(&slot.live))).collect();
        for (run, live) in held {
            let ended = live.borrow().view.ended.is_some();
            if ended {
                self.slots.remove(&run);
            } else {
                self.park_for_next_life(&run, &live);
            }
        }
        let last = stanch_journal::Ticket { position: self.appended, versions: Vec::new() };
        if let Err(error) = self.env.journal.wait(&last) {
            tracing::error!(%error, "the last entries may not be durable");
        }
        self.draining.drain(..).for_each(|done| {
            let _ = done.send(());
        });
    }
}
