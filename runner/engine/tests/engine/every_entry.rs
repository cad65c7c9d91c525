//! For every host call: a crash after every append leaves a run that ends as if nothing had happened.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};
use stanch_journal::{Journal, MemoryJournal};
use stanch_model::{RunId, StreamId, run::body::kind};
use tokio::task::JoinSet;

use crate::common::{Facts, Setup, Streams, World, finish};

/// Plays the script once without a crash, then once for every cut of that run's journal.
async fn survives_every_crash(name: &'static str, setup: impl Fn() -> Setup) {
    // The clock leaps while a life is slow to begin: that makes no effect stale here.
    let setup = || {
        let mut setup = setup();
        setup.patience.stale = std::time::Duration::from_secs(100 * 365 * 24 * 3600);
        setup
    };
    let world = setup().world();
    let run = world.start(json!({})).await;
    let facts = Facts::of(&finish(&world, &run).await);
    let effects: BTreeSet<String> = world.effects_now().iter().map(Value::to_string).collect();
    assert!(facts.end.contains("Finished"), "{name}: {facts:#?}");
    let whole = Arc::new(Whole { name, run, facts, effects });
    let mut lives = JoinSet::new();
    for cut in world.journal.cuts() {
        let journal = world.journal.crash_at(cut);
        if journal.stream(&StreamId::run(&whole.run)).unwrap().is_some() {
            let outcomes = settled(&journal);
            let again = World::over(setup(), journal, world.clock.twin());
            lives.spawn(ends_the_same(Arc::clone(&whole), again, cut, outcomes));
        }
    }
    assert!(lives.len() > 2, "{name}: too few cuts to show anything");
    lives.join_all().await;
}

/// What a run came to without a crash.
struct Whole {
    name: &'static str,
    run: RunId,
    facts: Facts,
    effects: BTreeSet<String>,
}

async fn ends_the_same(whole: Arc<Whole>, again: World, cut: usize, outcomes: BTreeSet<String>) {
    let name = whole.name;
    let view = finish(&again, &whole.run).await;
    assert_eq!(Facts::of(&view), whole.facts, "{name}: cut after {cut} entries");
    assert_eq!(view.unknown_entries, 0);
    let effects: Vec<String> = again.effects_now().iter().map(Value::to_string).collect();
    let distinct: BTreeSet<String> = effects.iter().cloned().collect();
    assert_eq!(distinct.len(), effects.len(), "{name}: an effect twice in one life, cut {cut}: {effects:?}");
    let repeated: Vec<&String> = distinct.intersection(&outcomes).collect();
    assert!(repeated.is_empty(), "{name}: done again after its outcome was durable, cut {cut}: {repeated:?}");
    let all: BTreeSet<String> = distinct.union(&outcomes).cloned().collect();
    assert_eq!(all, whole.effects, "{name}: cut {cut}");
}

/// The inputs of all effects of the run and its children whose outcomes are in this journal.
fn settled(journal: &MemoryJournal) -> BTreeSet<String> {
    let mut inputs = BTreeSet::new();
    for stream in journal.streams_of_runs() {
        let entries = journal.read(&stream, 1, usize::MAX).unwrap();
        let mut intents = std::collections::HashMap::new();
        for entry in entries {
            let body: Value = entry.decode().unwrap();
            match entry.header.kind.as_str() {
                kind::INTENT if !body["call"].is_null() => {
                    intents.insert(body["address"].to_string(), body["call"]["input"].to_string());
                }
                kind::OUTCOME => inputs.extend(intents.get(&body["address"].to_string()).cloned()),
                _ => {}
            }
        }
    }
    inputs
}

macro_rules! survives {
    ($name:ident, $script:expr) => {
        survives!($name, $script, |setup: Setup| setup);
    };
    ($name:ident, $script:expr, $more:expr) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            survives_every_crash(stringify!($name), || ($more)(Setup::new($script))).await;
        }
    };
}

survives!(
    record,
    r#"
    phase("one");
    evidence("before", #{ a: [1, 2], b: "x" });
    let began = now();
    let id = uuid();
    own.step(#{ n: 1 });
    if now() < began { fail("time went back"); }
    let about = incident(#{ title: "Drift", severity: CRITICAL });
    let vendor = vendor_of("drift");
    let due = deadline("contract", vendor);
    phase("two");
    note(`${about.title} ${vendor.name} ${due.due} ${id.len()}`);
    own.step(#{ n: 2 });
    "#
);

survives!(
    errors_of_local_calls_are_journaled,
    r#"
    let none = page("team", "x");
    note(`${none.sent} ${none.error}`);
    own.step(#{ n: 1 });
    try { deadline("gdpr-33"); } catch (e) { note(e.kind); }
    own.step(#{ n: 2 });
    let unsent = page("nowhere", "x");
    note(`${unsent.sent} ${unsent.error}`);
    "#
);

survives!(
    people,
    r#"
    let colour = ask("colour", "Which?", ["red", "blue"]);
    own.step(#{ n: 1 });
    let yes = approve("cut", "Cut it", []);
    note(`${colour} ${yes.targets} ${yes.pre_approved}`);
    own.step(#{ n: 2 });
    let free = ask("why", "Why?");
    note(free);
    "#,
    |setup: Setup| setup.manifest("approvals:\n  cut: { ask: lead, within: 15m, unanswered: [deny] }\n")
);

survives!(
    timers,
    r#"
    own.step(#{ n: 1 });
    wait("10m");
    own.step(#{ n: 2 });
    let reply = wait_for("vendor.replied", #{ within: "1s" });
    note(`${reply == ()}`);
    own.step(#{ n: 3 });
    "#
);

survives!(
    polls,
    r#"
    let got = wait_until(|| uuid().len(), |n| n > 100, #{ every: "1s", within: "3s" });
    note(`${got == ()}`);
    let got = wait_until(|| 7, |n| n == 7);
    note(`${got}`);
    "#
);

survives!(
    each_with_waits_inside,
    r#"
    let got = each(["a", "b", "c"], |item| {
        let first = own.step(#{ item: item }).item;
        if item != "b" { ask(`go-${item}`, "Go on?", ["yes"]); }
        own.step(#{ item: first + first }).item
    });
    note(`${got}`);
    "#
);

survives!(
    each_in_each,
    r#"
    let got = each(["a", "b"], |outer| {
        own.step(#{ at: outer });
        let inner = each([1, 2], |n| {
            own.step(#{ at: `${outer}${n}` });
            own.step(#{ at: `${outer}${n}!` }).at
        });
        own.step(#{ at: `${outer} after` });
        inner
    });
    note(`${got}`);
    "#
);

survives!(
    three_deep,
    r#"
    let got = each(["a", "b"], |x| together(#{
        left: || each([1, 2], |y| own.step(#{ at: `${x}l${y}` }).at),
        right: || attempt(|| each([3, 4], |y| { ask(`${x}${y}`, "?", ["yes"]); own.step(#{ at: `${x}r${y}` }).at })).value,
    }));
    note(`${got}`);
    "#
);

survives!(
    attempt_around_and_inside,
    r#"
    let all = attempt(|| each(["a", "b"], |item| {
        own.step(#{ item: item });
        if item == "b" { fail("no b"); }
        ask("a", "?", ["yes"])
    }));
    note(`${all.ok} ${all.error.kind} ${all.error.message} ${all.error.errors.keys()}`);
    let some = each(["c", "d"], |item| attempt(|| {
        own.step(#{ item: item });
        if item == "d" { throw "bad"; }
        item
    }));
    note(`${some[0].value} ${some[1].ok} ${some[1].error.kind}`);
    "#
);

survives!(
    child_runs,
    r#"
    own.step(#{ n: 1 });
    let child = run_playbook("child", #{ word: "hello" });
    note(`${child.ended} ${child.value} ${child.containment}`);
    let both = each(["x", "y"], |word| run_playbook("child", #{ word: word }).value);
    note(`${both}`);
    let lost = attempt(|| run_playbook("nobody"));
    note(lost.error.kind);
    own.step(#{ n: 2 });
    "#,
    |setup: Setup| setup.other(
        "child",
        "input:\n  word: { type: string }\n",
        r#"own.step(#{ of: input.word }); own.step(#{ of: input.word + "!" }); input.word + "?""#,
    )
);

survives!(
    values_cross_whole,
    r#"
    let value = own.step(#{
        none: (), yes: true, whole: -9007199254740993, half: 0.1, text: "é\"\\\n", list: [1, [2.5, ()]], map: #{ "a b": 'c' },
    });
    note(`${value}`);
    "#
);
