//! Every action of every platform over the platform's twin: done twice, taken back twice, refused, in pages, and under
//! every fault. What runs stands in `catalog/<platform>/examples`; an action without an example fails.
//!
//! `EXERCISE=okta` runs one platform only, `EXERCISE=okta.suspend_user` one action.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod company;
mod errors;
mod faults;
#[path = "../support/measured.rs"]
mod measured;
mod plain;
#[path = "../support/mod.rs"]
mod support;

use std::{collections::BTreeSet, pin::Pin};

use company::{CATALOG, Stage};

/// Ends a check with what is wrong.
macro_rules! ensure {
    ($right:expr, $($words:tt)*) => {
        if !$right {
            return Err(format!($($words)*));
        }
    };
}
pub(crate) use ensure;

/// What a check found wrong.
type Found = Result<(), String>;
/// One check of one action.
type Check = for<'a> fn(&'a Stage, &'a str) -> Pin<Box<dyn Future<Output = Found> + Send + 'a>>;

/// The platform as its examples configure it, and otherwise where they say so.
fn stages(platform: &str) -> Result<Vec<Stage>, String> {
    Ok([Some(Stage::of(platform)?), Stage::elsewhere(platform)?].into_iter().flatten().collect())
}

/// Runs a check on every action that this is one for, platform beside platform.
async fn exercise(check: Check, wanted: fn(&Stage, &str) -> bool) {
    let only = std::env::var("EXERCISE").unwrap_or_default();
    let (only, action) = only.split_once('.').unwrap_or((&only, ""));
    let mut tasks = Vec::new();
    for platform in CATALOG.platforms().map(|platform| platform.slug().to_owned()) {
        if !only.is_empty() && only != platform {
            continue;
        }
        let action = action.to_owned();
        tasks.push(tokio::spawn(async move {
            let stages = match stages(&platform) {
                Ok(stages) => stages,
                Err(why) => return vec![format!("{platform}: {why}")],
            };
            let mut wrong = Vec::new();
            for stage in &stages {
                for name in stage.calls.keys().filter(|name| action.is_empty() || **name == action) {
                    if stage.info(name).is_err() {
                        wrong.push(format!("{platform}: the examples name `{name}`, which is no action"));
                    } else if wanted(stage, name)
                        && let Err(why) = check(stage, name).await
                    {
                        wrong.push(format!("{platform}.{name}: {why}"));
                    }
                }
            }
            wrong
        }));
    }
    let mut wrong = Vec::new();
    for task in tasks {
        wrong.extend(task.await.expect("a check does not panic"));
    }
    assert!(wrong.is_empty(), "{} checks fail:\n{}", wrong.len(), wrong.join("\n"));
}

fn is_read(stage: &Stage, action: &str) -> bool {
    stage.info(action).is_ok_and(|info| info.effect == stanch_model::Effect::Read)
}

fn is_write(stage: &Stage, action: &str) -> bool {
    stage.info(action).is_ok_and(|info| info.effect != stanch_model::Effect::Read && !info.manual)
}

#[test]
fn every_action_has_an_example() {
    let mut lack = Vec::new();
    for platform in CATALOG.platforms() {
        match stages(platform.slug()) {
            Ok(stages) => {
                let named: BTreeSet<&String> = stages.iter().flat_map(|stage| stage.calls.keys()).collect();
                let actions = platform.actions().filter(|action| !named.contains(&action.name));
                lack.extend(actions.map(|action| format!("{}.{}", platform.slug(), action.name)));
                let tested =
                    platform.actions().filter(|action| !action.manual && named.contains(&action.name));
                measured::keep(platform.slug(), "twin_tested", tested.count());
            }
            Err(why) => lack.push(why),
        }
    }
    assert!(lack.is_empty(), "no example for: {}", lack.join(", "));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_give_the_same_twice_and_in_pages() {
    exercise(|stage, action| Box::pin(plain::read(stage, action)), is_read).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_twice_is_done_once_and_taken_back_once() {
    exercise(|stage, action| Box::pin(plain::write(stage, action)), is_write).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_api_is_a_persons_work() {
    let manual = |stage: &Stage, action: &str| stage.info(action).is_ok_and(|info| info.manual);
    exercise(|stage, action| Box::pin(plain::manual(stage, action)), manual).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_refused_and_so_is_who_lacks_a_permission() {
    exercise(|stage, action| Box::pin(errors::credential(stage, action)), |_, _| true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_is_not_found() {
    exercise(|stage, action| Box::pin(errors::unknown(stage, action)), |_, _| true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_says_so_and_never_gives_half() {
    exercise(|stage, action| Box::pin(faults::read(stage, action)), is_read).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_has_no_effect_or_is_in_doubt() {
    exercise(|stage, action| Box::pin(faults::without_effect(stage, action)), is_write).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_as_the_action_promises() {
    exercise(|stage, action| Box::pin(faults::lost_answer(stage, action)), is_write).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_lies_is_found_out() {
    exercise(|stage, action| Box::pin(faults::lies(stage, action)), is_write).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn populations_are_counted_and_groups_have_members() {
    let mut wrong = Vec::new();
    for platform in CATALOG.platforms() {
        let stage = Stage::of(platform.slug()).unwrap();
        if let Err(why) = plain::crowds(&stage).await {
            wrong.push(format!("{}: {why}", platform.slug()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
