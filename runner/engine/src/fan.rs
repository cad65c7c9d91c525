//! Fan-outs: branches with addresses of their own, entered again only where something happened.
//!
//! On the main line the fan-out keeps its stack and waits for any of its branches. Inside another branch it unwinds with
//! that branch: only what is journaled survives, and only branches that something happened in are entered again.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rhai::{Dynamic, NativeCallContext};
use serde_json::json;
use stanch_model::{Address, ids::Hash, run::StepError};

use crate::{
    border::{self, Json},
    current::{Current, Hosted, terminated},
    live::{Done, Frame, Leave},
    step::{Enter, Mark, misuse},
};

/// What a branch does.
pub(crate) type Body<'a> = Box<dyn Fn() -> Hosted<Json> + 'a>;

/// More branches than this are refused before the first starts.
const MAX_BRANCHES: usize = 20_000;

/// Values that a branch captures may be nested so deep.
const DEEPEST: usize = 64;

/// Numbered places where something happened.
type Dirty = Vec<(u64, Address)>;

/// What every branch came to, by key in the order given.
pub(crate) type Results = Vec<(String, Done)>;

impl Current {
    /// Runs the branches to their ends. `args`, as canonical JSON, identify the fan-out on replay.
    pub(crate) fn fan(
        &self,
        at: (u32, u32),
        op: &'static str,
        name: &str,
        args: &str,
        bodies: Vec<(String, Body<'_>)>,
    ) -> Hosted<Results> {
        let keys = check_keys(op, &bodies)?;
        let named = serde_json::to_string(&keys).unwrap_or_default();
        let mark = Mark { op, name, args: Hash::of(format!("[{named},{args}]").as_bytes()), at };
        let address = match self.enter(mark)? {
            Enter::Done(_) => {
                let address =
                    self.live(|live| live.frames.last().map(|frame| frame.address.step(frame.ordinal)));
                return Ok(self.results(&address.unwrap_or_default(), op, &keys));
            }
            Enter::Pending(address) => address,
            Enter::Fresh(address) => {
                self.intend(mark, &address, Some(&keys));
                address
            }
        };
        let places: Vec<Address> = keys.iter().map(|key| address.branch(op, key)).collect();
        self.run_branches(&address, &places, &bodies)?;
        // The values lie in the branches' own entries; the outcome only says that the join is over.
        let _ = self.conclude(&address, Ok(json!({ "joined": keys.len() })));
        Ok(self.results(&address, op, &keys))
    }

    fn run_branches(
        &self,
        address: &Address,
        places: &[Address],
        bodies: &[(String, Body<'_>)],
    ) -> Hosted<()> {
        let index: BTreeMap<&str, usize> =
            places.iter().enumerate().map(|(n, place)| (place.as_str(), n)).collect();
        let mut open: BTreeSet<usize> = self
            .live(|live| (0..places.len()).filter(|n| !live.branches.contains_key(&places[*n])).collect());
        let mut dirty = self.take_dirty(address, &index);
        let mut next: Vec<usize> = self.live(|live| {
            let open = open.iter().copied();
            open.filter(|n| !live.entered.contains(&places[*n]) || dirty.contains_key(n)).collect()
        });
        loop {
            for n in next {
                let own = dirty.remove(&n).unwrap_or_default();
                if open.contains(&n) && self.enter_branch(&places[n], &bodies[n].1, own)? {
                    open.remove(&n);
                }
            }
            if open.is_empty() {
                return Ok(());
            }
            loop {
                dirty = self.take_dirty(address, &index);
                if !dirty.is_empty() {
                    break;
                }
                self.block()?;
            }
            next = dirty.keys().copied().collect();
        }
    }

    /// Takes what happened under `address`, by branch. On the main line nothing else can be waiting for the rest.
    fn take_dirty(&self, address: &Address, index: &BTreeMap<&str, usize>) -> BTreeMap<usize, Dirty> {
        let (within, rest) = self.live(|live| {
            let all = std::mem::take(&mut live.dirty);
            let (within, rest): (Dirty, Dirty) =
                all.into_iter().partition(|(_, place)| place.is_within(address));
            (within, if live.fans == 0 { Dirty::new() } else { rest })
        });
        if !rest.is_empty() {
            self.live(|live| live.dirty = rest);
        }
        let mut by_branch: BTreeMap<usize, Dirty> = BTreeMap::new();
        for (number, place) in within {
            if let Some(n) = branch_of(&place, address, index) {
                by_branch.entry(n).or_default().push((number, place));
            }
        }
        by_branch
    }

    /// True when the branch ended. `own` is what happened in it, for the fan-outs inside.
    fn enter_branch(&self, place: &Address, body: &Body<'_>, own: Dirty) -> Hosted<bool> {
        let known = self.live(|live| {
            live.frames.push(Frame { address: place.clone(), ordinal: 0 });
            live.fans += 1;
            live.dirty.extend(own);
            live.dirt
        });
        let result = body();
        let (frame, leaving) = self.live(|live| {
            live.fans -= 1;
            // What came while the branch was at work, it may not have seen.
            live.dirty.retain(|(number, dirty)| *number > known || !dirty.is_within(place));
            (live.frames.pop(), live.leaving.clone())
        });
        match leaving {
            // Whatever the script made of the error on its way out does not count.
            Some(Leave::Branch) => {
                self.live(|live| {
                    live.leaving = None;
                    live.entered.insert(place.clone());
                });
                Ok(false)
            }
            Some(_) => Err(terminated()),
            None => {
                self.check_left_over(frame)?;
                let done = result.map_err(|error| border::caught(&error));
                self.live(|live| live.record_branch(place.clone(), done));
                Ok(true)
            }
        }
    }

    /// A branch or script that ends before its history does is another script.
    pub(crate) fn check_left_over(&self, frame: Option<Frame>) -> Hosted<()> {
        let Some(frame) = frame else { return Ok(()) };
        let left = self.live(|live| {
            let step = live.left_over(&frame)?;
            let address = frame.address.step(frame.ordinal + 1);
            Some(format!(
                "this run did step {address} `{}` (line {}); the script now ends before it",
                step.op, step.at.0
            ))
        });
        match left {
            Some(left) => self.leave(Leave::Diverged(left)),
            None => Ok(()),
        }
    }

    fn results(&self, address: &Address, op: &str, keys: &[String]) -> Results {
        let missing = || Err(StepError::new("misuse", "this branch has no result in the journal"));
        self.live(|live| {
            let result =
                |key: &String| live.branches.get(&address.branch(op, key)).cloned().unwrap_or_else(missing);
            keys.iter().map(|key| (key.clone(), result(key))).collect()
        })
    }
}

/// The branch under `address` in which this place lies.
fn branch_of(place: &Address, address: &Address, index: &BTreeMap<&str, usize>) -> Option<usize> {
    let depth = address.as_str().len();
    let end = place.as_str().get(depth..)?.find(']')?;
    index.get(&place.as_str()[..=depth + end]).copied()
}

fn check_keys(op: &str, bodies: &[(String, Body<'_>)]) -> Hosted<Vec<String>> {
    if bodies.len() > MAX_BRANCHES {
        let error = StepError::new(
            "limit",
            format!("`{op}` over {} items; at most {MAX_BRANCHES} are taken", bodies.len()),
        );
        return Err(border::throw(&error));
    }
    let mut seen = HashSet::with_capacity(bodies.len());
    for (key, _) in bodies {
        if key.is_empty() {
            return misuse(format!("an item of `{op}` has an empty key"));
        }
        if !seen.insert(key.as_str()) {
            return misuse(format!("two items of `{op}` have the key {key:?}; keys must be unique"));
        }
    }
    Ok(bodies.iter().map(|(key, _)| key.clone()).collect())
}

/// The values in order; or, if any branch threw, the error of the first that did with all of them attached.
pub(crate) fn join(results: Results) -> Hosted<Vec<(String, Json)>> {
    let errors: BTreeMap<String, StepError> = results
        .iter()
        .filter_map(|(key, result)| Some((key.clone(), result.as_ref().err()?.clone())))
        .collect();
    let first = results.iter().find_map(|(_, result)| result.as_ref().err());
    if let Some(first) = first {
        let mut error = first.clone();
        error.errors = errors;
        return Err(border::throw(&error));
    }
    Ok(results.into_iter().filter_map(|(key, result)| Some((key, result.ok()?))).collect())
}

/// A closure of the script as a branch's body. Its arguments are its own; what it captured it can only read.
pub(crate) fn scripted<'a>(
    ctx: &'a NativeCallContext<'a>,
    closure: &rhai::FnPtr,
    args: Vec<Dynamic>,
) -> Body<'a> {
    let closure = closure.clone();
    Box::new(move || {
        let value = call(ctx, &closure, args.iter().map(Dynamic::flatten_clone).collect())?;
        border::to_json(&value).map_err(|error| border::throw(&error))
    })
}

/// Calls a closure with copies of what it captured, which it can only read: what it assigned to them would be lost.
pub(crate) fn call(
    ctx: &NativeCallContext<'_>,
    closure: &rhai::FnPtr,
    args: Vec<Dynamic>,
) -> Hosted<Dynamic> {
    lent_closure(closure, 0)?.call_raw(ctx, None, args)
}

/// A closure with copies of what it captured.
pub(crate) fn lent_closure(closure: &rhai::FnPtr, depth: usize) -> Hosted<rhai::FnPtr> {
    let mut own = closure.clone();
    let captured = closure.curry().iter().map(|value| {
        let mut copy = value.flatten_clone();
        lend_closures(&mut copy, depth + 1)?;
        Ok(copy.into_read_only().into_shared())
    });
    own.set_curry(captured.collect::<Hosted<Vec<Dynamic>>>()?);
    Ok(own)
}

/// Closures in a copied value lose their hands on what lies outside the branch, too.
fn lend_closures(value: &mut Dynamic, depth: usize) -> Hosted<()> {
    if depth > DEEPEST {
        return misuse(format!(
            "a branch captures a value nested deeper than {DEEPEST} levels, or a closure that captures itself"
        ));
    }
    if let Ok(mut items) = value.as_array_mut() {
        return items.iter_mut().try_for_each(|item| lend_closures(item, depth + 1));
    }
    if let Ok(mut map) = value.as_map_mut() {
        return map.values_mut().try_for_each(|item| lend_closures(item, depth + 1));
    }
    let lent = match value.read_lock::<rhai::FnPtr>() {
        Some(closure) => lent_closure(&closure, depth)?,
        None => return Ok(()),
    };
    *value = lent.into();
    Ok(())
}
