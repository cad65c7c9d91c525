//! Rhai's functions on lists that only read and do not say so: said here, so that they work on what must not be changed.
//!
//! They give what Rhai's own give.

use std::ops::{Range, RangeInclusive};

use rhai::{Array, Dynamic, Engine, EvalAltResult, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("get", |list: &mut Array, at: i64| {
        let at = place(list.len(), at);
        list.get(at).cloned().unwrap_or(Dynamic::UNIT)
    });
    engine.register_fn("extract", |list: &mut Array, from: i64| part(list, from, i64::MAX));
    engine.register_fn("extract", |list: &mut Array, from: i64, count: i64| part(list, from, count));
    engine.register_fn("extract", |list: &mut Array, range: Range<i64>| {
        let from = range.start.max(0);
        part(list, from, range.end.saturating_sub(from))
    });
    engine.register_fn("extract", |list: &mut Array, range: RangeInclusive<i64>| {
        let from = (*range.start()).max(0);
        let end = (*range.end()).max(from);
        part(list, from, (end - from).saturating_add(1))
    });
    for (name, in_place) in [("order", "sort"), ("order_desc", "sort_desc")] {
        engine.register_fn(name, move |ctx: NativeCallContext<'_>, list: &mut Array| {
            sorted(&ctx, in_place, list)
        });
    }
}

/// Negative places count from the end; one past the end is none.
fn place(len: usize, at: i64) -> usize {
    let from_end = |back: u64| len.saturating_sub(usize::try_from(back).unwrap_or(usize::MAX));
    if at < 0 { from_end(at.unsigned_abs()) } else { usize::try_from(at).unwrap_or(usize::MAX) }
}

fn part(list: &Array, from: i64, count: i64) -> Array {
    let count = usize::try_from(count).unwrap_or(0);
    list.iter().skip(place(list.len(), from)).take(count).cloned().collect()
}

fn sorted(ctx: &NativeCallContext<'_>, in_place: &str, list: &Array) -> Result<Dynamic, Box<EvalAltResult>> {
    let mut own = Dynamic::from(list.clone());
    let _ = ctx.call_native_fn_raw(in_place, true, &mut [&mut own])?;
    Ok(own)
}

#[cfg(test)]
mod tests {
    use crate::dialect::engine;

    /// What a script says of a list that it may change and of one that it may not.
    fn both(call: &str) -> [String; 2] {
        let of = |kind: &str| format!("{kind} LIST = [3, 1, 2, 5, 4]; `${{LIST.{call}}}`");
        ["let", "const"].map(|kind| engine().eval::<String>(&of(kind)).unwrap())
    }

    #[test]
    fn what_only_reads_reads_constants_too_and_says_what_rhai_says() {
        let plain = rhai::Engine::new();
        for call in [
            "get(0)",
            "get(-1)",
            "get(-9)",
            "get(9)",
            "extract(2)",
            "extract(-2)",
            "extract(9)",
            "extract(1, 2)",
            "extract(-9, 2)",
            "extract(1, 0)",
            "extract(1, -3)",
            "extract(1, 99)",
            "extract(1..3)",
            "extract(3..1)",
            "extract(-2..2)",
            "extract(1..=3)",
            "extract(3..=1)",
            "extract(0..=0)",
            "order()",
            "order_desc()",
        ] {
            let rhai =
                plain.eval::<String>(&format!("let list = [3, 1, 2, 5, 4]; `${{list.{call}}}`")).unwrap();
            assert_eq!(both(call), [rhai.clone(), rhai], "{call}");
        }
    }

    #[test]
    fn what_changes_a_list_does_not_change_a_constant() {
        for call in ["push(1)", "pop()", "sort()", "clear()", "split(1)", "retain(|x| x > 1)"] {
            let script = format!("const LIST = [2, 1]; LIST.{call};");
            assert!(engine().run(&script).is_err(), "{call}");
        }
    }
}
