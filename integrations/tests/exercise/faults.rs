//! What every action does when something goes wrong: the outcome that its policy promises, and no second effect.

use std::{collections::BTreeSet, time::Duration};

use stanch_integrations::{
    ErrorKind, Outcome, Seen,
    twin::{Answer, Fault, FaultEffect, Sort},
};
use stanch_model::{Effect, InDoubt, value};

use crate::{
    Found,
    company::{Company, Ready, Stage},
    ensure,
    plain::{again, holds, holds_not},
};

/// Only the call of this number, and at once.
fn once(call: u64, answer: Answer) -> Fault {
    Fault { call: Some(call), delay: Some(Duration::ZERO), ..Fault::always(answer) }
}

/// The faults that keep an answer from coming, or make it unreadable.
const BROKEN: [Answer; 8] = [
    Answer::Status(429),
    Answer::Status(503),
    Answer::TimeoutBeforeEffect,
    Answer::Reset,
    Answer::Html,
    Answer::HalfJson,
    Answer::Garbage,
    Answer::Redirect,
];

/// A read that fails is refused in a way that says why, or gives what it gives otherwise.
pub(crate) async fn read(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    let seen = company.seen();
    let (whole, _) = company.done(&ready).await?;
    let requests = company.requests_since(seen);
    let is_label = |request| company.is_label(request, action);
    let last = requests.iter().rposition(|request| !is_label(request)).map_or(0, |at| at as u64 + 1);
    if let Some(label) = requests.iter().position(is_label) {
        unlabelled(&company, &ready, label as u64 + 1).await?;
    }
    for answer in BROKEN.into_iter().filter(|_| last > 0) {
        company.fault(once(last, answer));
        let outcome = company.attempt(&ready, 1).await;
        company.calm();
        let kind = match &outcome {
            Outcome::Refused { kind, .. } => Some(*kind),
            _ => None,
        };
        let right = match answer {
            // In the middle of a list what was read already is kept, and the platform's pause is waited for.
            Answer::Status(429) => match &outcome {
                Outcome::Done { value, .. } => last > 1 && *value == whole,
                outcome => matches!(outcome, Outcome::Limited { .. }),
            },
            Answer::Redirect => kind == Some(ErrorKind::Redirect),
            Answer::Html => kind == Some(ErrorKind::Garbled),
            Answer::HalfJson | Answer::Garbage => {
                let same = matches!(&outcome, Outcome::Done { value, .. } if *value == whole);
                same || kind == Some(ErrorKind::Garbled)
            }
            Answer::Status(503) if waits(stage) => matches!(outcome, Outcome::Limited { .. }),
            _ => kind == Some(ErrorKind::Unavailable),
        };
        ensure!(right, "{answer}: {outcome:?}");
    }
    ensure!(company.done(&ready).await?.0 == whole, "it is another one afterwards");
    Ok(())
}

/// A read that only asks whom ids mean may fail in any way: the list holds the same, and is as whole as ever.
async fn unlabelled(company: &Company<'_>, ready: &Ready, call: u64) -> Found {
    let told = |outcome: &Outcome| match outcome {
        Outcome::Done { value, more, .. } => {
            let keys: Vec<String> = value::targets_in(value).into_iter().map(|target| target.key()).collect();
            Some((keys, more.incomplete.clone()))
        }
        _ => None,
    };
    let whole = told(&company.attempt(ready, 1).await);
    for answer in BROKEN {
        company.fault(once(call, answer));
        let outcome = company.attempt(ready, 1).await;
        company.calm();
        ensure!(told(&outcome) == whole, "{answer} when whom its ids mean is asked: {outcome:?}");
    }
    Ok(())
}

/// The platform means "wait" when it answers 503 with a time.
fn waits(stage: &Stage) -> bool {
    stage.file["limits"]["refused"].as_str().is_some_and(|refused| refused.contains("503"))
}

/// What an action does when nothing goes wrong.
struct Calm {
    /// The number of its first write among its requests.
    write: u64,
    /// How many changes it makes.
    changes: usize,
}

async fn calm(stage: &Stage, action: &str) -> Result<Calm, String> {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    let seen = company.seen();
    company.done(&ready).await?;
    let requests = company.requests_since(seen);
    let first = requests.iter().position(|request| request.sort == Sort::Write);
    let write = first.map(|at| at as u64 + 1).ok_or("it writes nothing")?;
    Ok(Calm { write, changes: company.changes_since(seen).len() })
}

/// Faults before the effect: refused, limited or in doubt, nothing changed, and then it can be done.
pub(crate) async fn without_effect(stage: &Stage, action: &str) -> Found {
    if is_mail(stage, action) {
        return Ok(());
    }
    let calm = calm(stage, action).await?;
    let harmless = |answer: &Answer| !once(calm.write, *answer).happens();
    for answer in BROKEN.into_iter().filter(harmless) {
        let company = Company::start(stage).await?;
        let ready = company.ready(action, "k-1").await?;
        let seen = company.seen();
        company.fault(once(calm.write, answer));
        let outcome = company.attempt(&ready, 1).await;
        company.calm();
        let right = match (answer, &outcome) {
            (Answer::Status(429), Outcome::Limited { .. }) => true,
            (Answer::Redirect, Outcome::Refused { kind: ErrorKind::Redirect, .. }) => true,
            (Answer::Status(503), Outcome::Limited { .. }) => {
                waits(stage) && ready.info.in_doubt != InDoubt::Ask
            }
            (Answer::Html, Outcome::Done { .. }) => stage.written(action)["reply"] == "ignored",
            (Answer::Status(429) | Answer::Redirect, _) => false,
            (_, outcome) => matches!(outcome, Outcome::InDoubt { .. }),
        };
        ensure!(right, "{answer}: {outcome:?}");
        ensure!(company.changes_since(seen).is_empty(), "{answer}: it changed something");
        if !matches!(outcome, Outcome::Done { .. }) {
            holds_not(&company, &ready).await?;
            settle(&company, &ready, seen).await.map_err(|why| format!("{answer}: {why}"))?;
            once_only(&company, seen, &calm).map_err(|why| format!("{answer}: {why}"))?;
        }
    }
    Ok(())
}

/// The effect happens and its answer is lost: in doubt, and settled without a second effect.
pub(crate) async fn lost_answer(stage: &Stage, action: &str) -> Found {
    if is_mail(stage, action) {
        return Ok(());
    }
    let calm = calm(stage, action).await?;
    let broken = Fault { effect: Some(FaultEffect::Happens), ..once(calm.write, Answer::Status(503)) };
    let lost = [Answer::TimeoutAfterEffect, Answer::HalfJson, Answer::Garbage]
        .map(|answer| once(calm.write, answer));
    for fault in lost.into_iter().chain([broken]) {
        let answer = fault.answer;
        let company = Company::start(stage).await?;
        let ready = company.ready(action, "k-1").await?;
        let seen = company.seen();
        company.fault(fault);
        let outcome = company.attempt(&ready, 1).await;
        company.calm();
        // An answer without a body, or whose body nobody reads, cannot be cut short.
        let readable = matches!(answer, Answer::HalfJson | Answer::Garbage);
        let right = match &outcome {
            Outcome::InDoubt { .. } => true,
            // What is limited the engine sends again by itself.
            Outcome::Limited { .. } => waits(stage) && ready.info.in_doubt != InDoubt::Ask,
            Outcome::Done { .. } => readable,
            _ => false,
        };
        ensure!(right, "{answer}: {outcome:?}");
        if !matches!(outcome, Outcome::Done { .. }) {
            settle(&company, &ready, seen).await.map_err(|why| format!("{answer}: {why}"))?;
        }
        once_only(&company, seen, &calm).map_err(|why| format!("{answer}: {why}"))?;
        holds(&company, &ready).await.map_err(|why| format!("{answer}: {why}"))?;
    }
    Ok(())
}

/// Settles an unknown outcome as the action's policy says, the way a run does.
async fn settle(company: &Company<'_>, ready: &Ready, seen: usize) -> Found {
    match ready.info.in_doubt {
        InDoubt::Ask => by_a_person(company, ready, seen).await,
        InDoubt::Repeat => done_again(company, ready).await,
        InDoubt::Probe => match company.look_late(ready).await {
            Seen::Holds | Seen::Residual { .. } => Ok(()),
            Seen::HoldsNot { .. } => done_again(company, ready).await,
            Seen::CannotTell { why, .. } => Err(format!("its probe cannot tell: {why}")),
        },
    }
}

/// Until a person has looked at the platform it was sent once. Who finds nothing says `retry`, anybody else `done`.
async fn by_a_person(company: &Company<'_>, ready: &Ready, seen: usize) -> Found {
    let sent = company.requests_since(seen).into_iter().filter(|request| request.sort == Sort::Write).count();
    ensure!(sent == 1, "it was sent {sent} times before anybody was asked");
    if company.changes_since(seen).is_empty() { done_again(company, ready).await } else { Ok(()) }
}

async fn done_again(company: &Company<'_>, ready: &Ready) -> Found {
    let outcome = company.attempt(ready, 2).await;
    ensure!(matches!(outcome, Outcome::Done { .. }), "the second attempt: {outcome:?}");
    holds(company, ready).await
}

/// Every change happened once, and as many as when nothing goes wrong.
fn once_only(company: &Company<'_>, seen: usize, calm: &Calm) -> Found {
    let changes = company.changes_since(seen);
    let different: BTreeSet<_> = changes.iter().collect();
    ensure!(different.len() == changes.len(), "it was done twice: {changes:?}");
    ensure!(
        changes.len() == calm.changes,
        "{} changes instead of {}: {changes:?}",
        changes.len(),
        calm.changes
    );
    Ok(())
}

/// Platforms that say yes and do nothing, show what was, or were there before.
pub(crate) async fn lies(stage: &Stage, action: &str) -> Found {
    if is_mail(stage, action) {
        return Ok(());
    }
    nothing_done(stage, action).await.map_err(|why| format!("revoke_does_nothing: {why}"))?;
    lingering(stage, action).await.map_err(|why| format!("lingering_access: {why}"))?;
    stale(stage, action).await.map_err(|why| format!("stale_read: {why}"))?;
    let info = stage.info(action)?;
    if info.effect != Effect::Tell && info.in_doubt != InDoubt::Ask {
        somebody_else(stage, action).await.map_err(|why| format!("already_revoked: {why}"))?;
    }
    Ok(())
}

async fn nothing_done(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    if !company.provable(&ready) {
        return Ok(());
    }
    let seen = company.seen();
    company.fault(Fault::always(Answer::RevokeDoesNothing));
    company.done(&ready).await?;
    let look = company.look_late(&ready).await;
    ensure!(matches!(look, Seen::HoldsNot { .. }), "it is seen as {look:?}");
    ensure!(company.changes_since(seen).is_empty(), "it changed something");
    Ok(())
}

async fn lingering(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    company.fault(Fault::always(Answer::LingeringAccess));
    company.done(&ready).await?;
    // What lingers is proven dead once it is, where the proof can see it.
    company.wait(Duration::from_secs(3600));
    holds(&company, &ready).await
}

async fn stale(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    // Whether a credential works is never told late.
    let proof = stage.written(action)["verify"]["action"].as_str().unwrap_or_default();
    if !company.provable(&ready) || !stage.written(proof)["auth"].is_null() {
        return Ok(());
    }
    holds_not(&company, &ready).await?;
    company.done(&ready).await?;
    company.fault(Fault { delay: Some(Duration::from_secs(600)), ..Fault::always(Answer::StaleRead) });
    let look = company.look(&ready).await;
    ensure!(!matches!(look, Seen::Holds | Seen::Residual { .. }), "it is seen as {look:?}");
    company.calm();
    holds(&company, &ready).await
}

async fn somebody_else(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    let seen = company.seen();
    company.fault(once(1, Answer::AlreadyRevoked));
    again(&company, &ready).await?;
    // Between a read and the write that is made of it somebody else can always come.
    let written = stage.written(action);
    let several = !written["each"].is_null() || !written["read"].is_null();
    let changes = company.changes_since(seen);
    ensure!(several || changes.is_empty(), "it changed {changes:?}");
    holds(&company, &ready).await
}

/// Mail has its own faults and its own tests.
fn is_mail(stage: &Stage, action: &str) -> bool {
    !stage.written(action)["request"]["mail"].is_null()
}
