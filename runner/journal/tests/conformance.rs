//! One suite that every backend passes, with two owners where owners matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use stanch_journal::{
    Blob, Cursor, Difference, Epoch, Filter, Journal, JournalError, KeySource, LocalJournal, MemoryJournal,
    Options, Row, StreamAppend, With, inbox_of,
};
use stanch_model::{Entry, Hash, NewEntry, StreamId};

/// A backend that can be opened again by another owner.
enum World {
    Memory(MemoryJournal),
    Local { journal: Option<LocalJournal>, folder: tempfile::TempDir },
}

impl World {
    fn memory() -> Self {
        Self::Memory(MemoryJournal::new())
    }

    fn local() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::Local { journal: Some(LocalJournal::open(folder.path(), options()).unwrap()), folder }
    }

    fn journal(&self) -> &dyn Journal {
        match self {
            Self::Memory(journal) => journal,
            Self::Local { journal, .. } => journal.as_ref().unwrap(),
        }
    }

    /// The next owner opens the journal.
    fn reopen(&mut self) {
        match self {
            Self::Memory(journal) => *journal = journal.reopen(),
            Self::Local { journal, folder } => {
                drop(journal.take());
                *journal = Some(LocalJournal::open(folder.path(), options()).unwrap());
            }
        }
    }

    /// The process dies: what is not durable is gone.
    fn crash(&mut self) {
        match self {
            Self::Memory(journal) => *journal = journal.crash(),
            Self::Local { journal, folder } => {
                journal.take().unwrap().crash();
                *journal = Some(LocalJournal::open(folder.path(), options()).unwrap());
            }
        }
    }
}

fn options() -> Options {
    let mut options = Options::new(KeySource::Bytes([7; 32]));
    options.segment_bytes = 16 << 10;
    options.reserve_bytes = 4 << 10;
    options.checkpoint_every = None;
    options
}

fn id(name: &str) -> StreamId {
    StreamId::from_stored(name)
}

fn entry(n: u64) -> NewEntry {
    NewEntry::new("test.entry", &serde_json::json!({ "n": n, "text": "x".repeat(n as usize % 300) }))
}

fn on(journal: &dyn Journal, name: &str, entries: u64) -> StreamAppend {
    StreamAppend::new(id(name), journal.epoch(), (0..entries).map(entry).collect())
}

fn put(journal: &dyn Journal, append: StreamAppend) -> Result<Vec<u64>, JournalError> {
    let ticket = journal.append(vec![append], With::default())?;
    journal.wait(&ticket)?;
    Ok(ticket.versions)
}

fn numbers(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.decode::<serde_json::Value>().unwrap()["n"].as_u64().unwrap()).collect()
}

macro_rules! suite {
    ($($name:ident),+ $(,)?) => {
        mod memory { $(#[test] fn $name() { super::$name(super::World::memory()); })+ }
        mod local { $(#[test] fn $name() { super::$name(super::World::local()); })+ }
    };
}

suite!(
    what_is_appended_is_read_back,
    nothing_is_visible_before_it_is_durable,
    a_group_is_all_or_nothing,
    expectations_are_checked,
    a_zombie_is_fenced,
    a_stale_claim_is_fenced,
    one_of_two_wins_a_unique_key,
    a_duplicate_says_what_to_wait_for,
    posts_wait_until_they_are_folded,
    an_expiry_does_not_overtake_an_answer,
    a_fold_that_was_lost_gives_the_post_back,
    follow_is_gap_free_while_writing,
    follow_goes_on_from_a_cursor,
    rows_are_found,
    what_makes_no_sense_is_refused,
    payloads_are_kept,
    hooks_hear_of_batches_and_posts,
    many_threads_wait_and_all_return,
);

fn what_is_appended_is_read_back(mut world: World) {
    let journal = world.journal();
    for n in 0..60 {
        assert_eq!(put(journal, on(journal, "run/a", 3)).unwrap(), [3 * n + 3]);
        put(journal, on(journal, "run/b", 1)).unwrap();
    }
    world.reopen();
    let all = world.journal().read(&id("run/a"), 1, usize::MAX).unwrap();
    assert_eq!(all.len(), 180);
    assert!(all.windows(2).all(|pair| pair[1].header.prev == pair[0].hash));
    assert!(all.windows(2).all(|pair| pair[0].position < pair[1].position));
    assert_eq!(all[0].header.prev, Hash::ZERO);
    let some = world.journal().read(&id("run/a"), 100, 7).unwrap();
    assert_eq!(some, all[99..106]);
    let info = world.journal().stream(&id("run/a")).unwrap().unwrap();
    assert_eq!((info.version, info.head), (180, all[179].hash));
    assert_eq!(world.journal().read(&id("run/a"), 181, 7).unwrap(), []);
    assert_eq!(world.journal().read(&id("run/none"), 1, 7).unwrap(), []);
}

fn nothing_is_visible_before_it_is_durable(mut world: World) {
    let journal = world.journal();
    let before = journal.durable();
    let mut append = on(journal, "run/a", 2);
    append.row = Some(Row { state: "waiting".into(), wait: None, due_ms: Some(1) });
    let ticket = journal.append(vec![append], With::default()).unwrap();
    assert_eq!(journal.durable(), before);
    assert_eq!(journal.read(&id("run/a"), 1, 9).unwrap(), []);
    assert_eq!(journal.due(5, 9).unwrap(), []);
    assert_eq!(
        journal.query(&Filter { prefix: "run/".into(), ..Filter::default() }, Cursor::START).unwrap().streams,
        []
    );
    assert_eq!(journal.follow("run/", Cursor::START).next(Duration::ZERO).unwrap(), None);
    assert_eq!(journal.stream(&id("run/a")).unwrap().unwrap().version, 2);
    assert_eq!(journal.stats().queued, 2);
    world.crash();
    assert_eq!(world.journal().stream(&id("run/a")).unwrap(), None);
    assert!(ticket.position > before);
}

fn a_group_is_all_or_nothing(mut world: World) {
    let journal = world.journal();
    put(journal, on(journal, "run/b", 1)).unwrap();
    let mut second = on(journal, "run/b", 1);
    second.create = true;
    let refused = journal.append(vec![on(journal, "run/a", 1), second], With::default());
    assert!(matches!(refused, Err(JournalError::Conflict { why: Difference::Exists, version: 1, .. })));
    assert_eq!(journal.stream(&id("run/a")).unwrap(), None);
    let group = vec![on(journal, "alert/1", 1), on(journal, "run/c", 2), on(journal, "incident/1", 1)];
    let ticket = journal.append(group, With::default()).unwrap();
    assert_eq!(ticket.versions, [1, 2, 1]);
    journal.wait(&ticket).unwrap();
    assert!(journal.durable() >= ticket.position);
    world.crash();
    for (name, version) in [("alert/1", 1), ("run/c", 2), ("incident/1", 1)] {
        assert_eq!(world.journal().stream(&id(name)).unwrap().unwrap().version, version);
    }
}

fn expectations_are_checked(world: World) {
    let journal = world.journal();
    put(journal, on(journal, "run/a", 2)).unwrap();
    let with = |expect| StreamAppend { expect: Some(expect), ..on(journal, "run/a", 1) };
    let refused = put(journal, with(1)).unwrap_err();
    assert!(matches!(
        refused,
        JournalError::Conflict { why: Difference::Version { expected: 1 }, version: 2, .. }
    ));
    assert_eq!(put(journal, with(2)).unwrap(), [3]);
    // The lost acknowledgement: the second try sees that the first one counted.
    assert!(matches!(put(journal, with(2)), Err(JournalError::Conflict { version: 3, .. })));
    assert_eq!(journal.read(&id("run/a"), 3, 9).unwrap().len(), 1);
}

fn a_zombie_is_fenced(mut world: World) {
    let zombie = world.journal().epoch();
    put(world.journal(), on(world.journal(), "run/a", 1)).unwrap();
    world.reopen();
    let journal = world.journal();
    assert!(journal.epoch() > zombie);
    let append = StreamAppend::new(id("run/a"), zombie, vec![entry(1)]);
    assert!(matches!(put(journal, append), Err(JournalError::Fenced { .. })));
    let future = StreamAppend::new(id("run/a"), Epoch(journal.epoch().0 + 9), vec![entry(1)]);
    assert!(matches!(put(journal, future), Err(JournalError::Fenced { .. })));
    put(journal, on(journal, "run/a", 1)).unwrap();
    let epochs: Vec<u64> =
        journal.read(&id("run/a"), 1, 9).unwrap().iter().map(|entry| entry.header.epoch).collect();
    assert_eq!(epochs, [zombie.0, journal.epoch().0]);
}

fn a_stale_claim_is_fenced(mut world: World) {
    let journal = world.journal();
    let row = Row { state: "waiting".into(), wait: None, due_ms: Some(10) };
    put(journal, StreamAppend { row: Some(row.clone()), ..on(journal, "run/a", 1) }).unwrap();
    let (hour, now) = (Duration::from_secs(3600), Duration::ZERO);
    assert_eq!(journal.claim("one", 9, 5, hour).unwrap(), []);
    let first = journal.claim("one", 10, 5, now).unwrap().remove(0);
    assert_eq!((&first.stream, &first.row), (&id("run/a"), &row));
    put(journal, StreamAppend::new(id("run/a"), first.epoch, vec![entry(1)])).unwrap();
    let second = journal.claim("two", 10, 5, hour).unwrap().remove(0);
    assert!(second.epoch > first.epoch);
    let zombie = StreamAppend::new(id("run/a"), first.epoch, vec![entry(2)]);
    assert!(matches!(put(journal, zombie), Err(JournalError::Fenced { .. })));
    assert!(matches!(journal.renew("one", &id("run/a"), hour), Err(JournalError::Fenced { .. })));
    assert_eq!(journal.claim("one", 10, 5, hour).unwrap(), []);
    journal.renew("two", &id("run/a"), hour).unwrap();
    put(journal, StreamAppend::new(id("run/a"), second.epoch, vec![entry(3)])).unwrap();
    journal.release("two", &id("run/a"));
    let third = journal.claim("one", 10, 5, hour).unwrap().remove(0);
    assert!(third.epoch > second.epoch);
    world.crash();
    assert!(world.journal().epoch() > third.epoch, "a restart fences every claim");
}

fn one_of_two_wins_a_unique_key(mut world: World) {
    let journal = world.journal();
    let won = AtomicU64::new(0);
    thread::scope(|scope| {
        for n in 0..8 {
            let won = &won;
            scope.spawn(move || {
                let with = With { unique: vec!["delivery/1".into()], ..With::default() };
                match journal.append(vec![on(journal, &format!("alert/{n}"), 1)], with) {
                    Ok(ticket) => {
                        journal.wait(&ticket).unwrap();
                        won.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(JournalError::Duplicate { key, .. }) => assert_eq!(key, "delivery/1"),
                    Err(other) => panic!("{other}"),
                }
            });
        }
    });
    assert_eq!(won.into_inner(), 1);
    let winner = journal.unique("delivery/1").unwrap().unwrap();
    assert_eq!(journal.stream(&winner).unwrap().unwrap().version, 1);
    world.reopen();
    assert_eq!(world.journal().unique("delivery/1").unwrap(), Some(winner));
    assert_eq!(world.journal().unique("delivery/2").unwrap(), None);
}

fn a_duplicate_says_what_to_wait_for(world: World) {
    let journal = world.journal();
    let with = || With { unique: vec!["k".into()], ..With::default() };
    let ticket = journal.append(vec![on(journal, "alert/1", 1)], with()).unwrap();
    let Err(JournalError::Duplicate { stream, position, .. }) =
        journal.append(vec![on(journal, "alert/2", 1)], with())
    else {
        panic!("the key is taken before it is durable")
    };
    assert_eq!((stream, position), (id("alert/1"), ticket.position));
    assert!(journal.durable() < position, "acknowledging now would be too early");
}

fn posts_wait_until_they_are_folded(mut world: World) {
    let run = id("run/a");
    put(world.journal(), on(world.journal(), "run/a", 1)).unwrap();
    for (key, new) in [("yes", true), ("no", true), ("yes", false)] {
        let posted = world.journal().post(&run, key, "answer", format!("{{\"key\":\"{key}\"}}")).unwrap();
        assert_eq!(posted.new, new, "{key}");
    }
    world.reopen();
    let journal = world.journal();
    let keys: Vec<String> = journal.inbox(&run).unwrap().into_iter().map(|post| post.key).collect();
    assert_eq!(keys, ["yes", "no"]);
    assert_eq!(journal.posted().unwrap(), std::slice::from_ref(&run));
    assert_eq!(journal.inbox(&run).unwrap()[1].body, "{\"key\":\"no\"}");
    put(journal, StreamAppend { folds: vec!["yes".into(), "unknown".into()], ..on(journal, "run/a", 1) })
        .unwrap();
    assert_eq!(journal.inbox(&run).unwrap().len(), 1);
    world.crash();
    let journal = world.journal();
    assert_eq!(journal.inbox(&run).unwrap()[0].key, "no");
    assert!(!journal.post(&run, "yes", "answer", "{}".into()).unwrap().new, "a folded key stays taken");
    assert_eq!(journal.inbox(&run).unwrap().len(), 1);
    assert_eq!(journal.read(&inbox_of(&run), 1, 9).unwrap().len(), 2);
    put(journal, StreamAppend { folds: vec!["no".into()], ..on(journal, "run/a", 2) }).unwrap();
    assert_eq!(journal.posted().unwrap(), []);
}

fn an_expiry_does_not_overtake_an_answer(world: World) {
    let (journal, run) = (world.journal(), id("run/a"));
    put(journal, on(journal, "run/a", 1)).unwrap();
    let expiry = |folds: &[&str]| StreamAppend {
        folds: folds.iter().map(|key| (*key).to_owned()).collect(),
        folds_all: true,
        ..on(journal, "run/a", 1)
    };
    assert_eq!(journal.inbox(&run).unwrap(), []);
    journal.post(&run, "late-yes", "answer", "{}".into()).unwrap();
    let refused = put(journal, expiry(&[])).unwrap_err();
    let JournalError::Conflict { why: Difference::Unfolded { key }, .. } = refused else {
        panic!("{refused}")
    };
    assert_eq!(key, "late-yes");
    put(journal, expiry(&["late-yes"])).unwrap();
    put(journal, expiry(&[])).unwrap();
}

fn a_fold_that_was_lost_gives_the_post_back(mut world: World) {
    let run = id("run/a");
    let journal = world.journal();
    put(journal, on(journal, "run/a", 1)).unwrap();
    journal.post(&run, "yes", "answer", "{}".into()).unwrap();
    let fold = StreamAppend { folds: vec!["yes".into()], ..on(journal, "run/a", 1) };
    journal.append(vec![fold], With::default()).unwrap();
    assert_eq!(journal.inbox(&run).unwrap(), []);
    world.crash();
    assert_eq!(world.journal().inbox(&run).unwrap().len(), 1);
}

fn follow_is_gap_free_while_writing(world: World) {
    let journal = world.journal();
    let mut follower = journal.follow("run/", Cursor::START);
    thread::scope(|scope| {
        for writer in 0..3 {
            scope.spawn(move || {
                for n in 0..100 {
                    let append =
                        StreamAppend::new(id(&format!("run/{writer}")), journal.epoch(), vec![entry(n)]);
                    let ticket = journal
                        .append(vec![append, on(journal, &format!("other/{writer}"), 1)], With::default())
                        .unwrap();
                    if n % 7 == 0 {
                        journal.wait(&ticket).unwrap();
                    }
                }
                journal.kick();
            });
        }
        let mut seen = [0; 3];
        let mut position = 0;
        for _ in 0..300 {
            let entry = follower.next(Duration::from_secs(120)).unwrap().expect("an entry is missing");
            assert!(entry.position > position && entry.position <= journal.durable());
            position = entry.position;
            let writer: usize = entry.header.stream.as_str()[4..].parse().unwrap();
            seen[writer] += 1;
            assert_eq!(entry.header.version, seen[writer]);
        }
        assert_eq!(seen, [100; 3]);
    });
    assert_eq!(follower.next(Duration::from_millis(1)).unwrap(), None);
}

fn follow_goes_on_from_a_cursor(mut world: World) {
    let journal = world.journal();
    for n in 0..200 {
        put(journal, StreamAppend::new(id("run/a"), journal.epoch(), vec![entry(n), entry(n + 1000)]))
            .unwrap();
    }
    let mut follower = journal.follow("run/", Cursor::START);
    let mut first = Vec::new();
    while first.len() < 151 {
        first.push(follower.next(Duration::ZERO).unwrap().unwrap());
    }
    let text = follower.cursor().to_string();
    world.reopen();
    let mut follower = world.journal().follow("run/", text.parse().unwrap());
    let mut rest = Vec::new();
    while let Some(entry) = follower.next(Duration::ZERO).unwrap() {
        rest.push(entry);
    }
    let all: Vec<u64> = (0..200).flat_map(|n| [n, n + 1000]).collect();
    assert_eq!([numbers(&first), numbers(&rest)].concat(), all);
}

fn rows_are_found(mut world: World) {
    let journal = world.journal();
    for n in 0..20i64 {
        let state = if n % 2 == 0 { "waiting" } else { "finished" };
        let row = Row {
            state: state.into(),
            wait: (n % 2 == 0).then(|| format!("token-{n}")),
            due_ms: (n % 2 == 0).then_some(100 - n),
        };
        put(journal, StreamAppend { row: Some(row), ..on(journal, &format!("run/{n:02}"), 1) }).unwrap();
    }
    put(journal, on(journal, "run/04", 1)).unwrap();
    let row = Row { state: "finished".into(), wait: None, due_ms: None };
    put(journal, StreamAppend { row: Some(row), ..on(journal, "run/18", 1) }).unwrap();
    for _ in 0..2 {
        let journal = world.journal();
        let due: Vec<String> = journal.due(90, 3).unwrap().iter().map(|(id, _)| id.to_string()).collect();
        assert_eq!(due, ["run/16", "run/14", "run/12"]);
        let page = |after, limit| {
            let filter = Filter {
                prefix: "run/".into(),
                states: vec!["waiting".into()],
                after,
                limit,
                ..Filter::default()
            };
            journal.query(&filter, Cursor::START).unwrap()
        };
        let first = page(None, 5);
        let second = page(first.next.clone(), 5);
        assert_eq!((first.streams.len(), second.streams.len(), second.next), (5, 4, None));
        assert_eq!(second.streams[3].0, id("run/16"));
        assert_eq!(page(None, 0).streams.len(), 9);
        assert_eq!(first.streams[2].1.version, 2, "an append without a row leaves the row");
        let by_token = Filter { wait: Some("token-6".into()), ..Filter::default() };
        assert_eq!(journal.query(&by_token, Cursor::START).unwrap().streams[0].0, id("run/06"));
        let gone = Filter { wait: Some("token-18".into()), ..Filter::default() };
        assert_eq!(journal.query(&gone, Cursor::START).unwrap().streams, []);
        world.reopen();
    }
    let journal = world.journal();
    let ticket = journal.append(vec![on(journal, "run/99", 1)], With::default()).unwrap();
    let page = journal
        .query(&Filter { prefix: "run/9".into(), ..Filter::default() }, Cursor::after(ticket.position))
        .unwrap();
    assert_eq!(page.streams.len(), 1, "a query honours the cursor of a write before it");
}

fn what_makes_no_sense_is_refused(world: World) {
    let journal = world.journal();
    let refused = |group| matches!(journal.append(group, With::default()), Err(JournalError::Invalid(_)));
    assert!(refused(vec![]));
    assert!(refused(vec![on(journal, "run/a", 0)]));
    assert!(refused(vec![on(journal, "run/a", 1), on(journal, "run/a", 1)]));
    assert!(refused(vec![on(journal, "run/\0", 1)]));
    let two_lines = NewEntry { kind: "x".into(), body: "{\n}".into() };
    assert!(refused(vec![StreamAppend::new(id("run/a"), journal.epoch(), vec![two_lines])]));
    assert!("nonsense".parse::<Cursor>().is_err());
}

fn payloads_are_kept(mut world: World) {
    let journal = world.journal();
    let blob = Blob::new(vec![9; 100_000]);
    let with = With { blobs: vec![blob.clone()], ..With::default() };
    let large = NewEntry::new("large", &"y".repeat(200_000));
    let append = StreamAppend::new(id("run/a"), journal.epoch(), vec![entry(1), large.clone(), entry(2)]);
    let ticket = journal.append(vec![append], with).unwrap();
    journal.wait(&ticket).unwrap();
    world.crash();
    let journal = world.journal();
    assert_eq!(journal.blob(&blob.hash()).unwrap(), blob.bytes());
    assert!(matches!(journal.blob(&Hash::ZERO), Err(JournalError::Io { .. })));
    let read = journal.read(&id("run/a"), 1, 9).unwrap();
    assert_eq!(read[1].body.as_deref(), Some(large.body.as_str()));
    let mut follower = journal.follow("run/a", Cursor::START);
    let followed: Vec<Entry> = (0..3).map(|_| follower.next(Duration::ZERO).unwrap().unwrap()).collect();
    assert_eq!(followed, read);
}

fn hooks_hear_of_batches_and_posts(world: World) {
    let journal = world.journal();
    let (durable, posted) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (seen, heard) = (durable.clone(), posted.clone());
    journal.on_durable(Arc::new(move |position| seen.store(position, Ordering::Relaxed)));
    journal.on_post(Arc::new(move |stream| heard.lock().unwrap().push(stream.clone())));
    put(journal, on(journal, "run/a", 3)).unwrap();
    assert_eq!(durable.load(Ordering::Relaxed), journal.durable());
    journal.post(&id("run/a"), "k", "cancel", "{}".into()).unwrap();
    journal.post(&id("run/a"), "k", "cancel", "{}".into()).unwrap();
    assert_eq!(*posted.lock().unwrap(), [id("run/a")]);
}

fn many_threads_wait_and_all_return(world: World) {
    let journal = world.journal();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    thread::scope(|scope| {
        for writer in 0..4 {
            scope.spawn(move || {
                for _ in 0..50 {
                    put(journal, on(journal, &format!("run/{writer}"), 1)).unwrap();
                }
            });
        }
        runtime.block_on(async {
            for _ in 0..50 {
                let ticket = journal.append(vec![on(journal, "run/async", 1)], With::default()).unwrap();
                journal.durable_at(ticket.position).await.unwrap();
                assert!(journal.durable() >= ticket.position);
            }
        });
    });
    for name in ["run/0", "run/3", "run/async"] {
        assert_eq!(journal.stream(&id(name)).unwrap().unwrap().version, 50);
    }
}

#[test]
fn a_lost_acknowledgement_is_unknown_and_settled_by_version() {
    let journal = MemoryJournal::new();
    put(&journal, on(&journal, "run/a", 1)).unwrap();
    journal.lose_next_answer();
    let append = || StreamAppend { expect: Some(1), ..on(&journal, "run/a", 1) };
    assert!(matches!(journal.append(vec![append()], With::default()), Err(JournalError::Unknown(_))));
    assert!(matches!(
        journal.append(vec![append()], With::default()),
        Err(JournalError::Conflict { version: 2, .. })
    ));
    journal.kick();
    assert_eq!(journal.read(&id("run/a"), 2, 1).unwrap().len(), 1);
}
