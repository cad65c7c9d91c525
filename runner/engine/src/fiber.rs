//! A script's own stack: it stops in the middle of a host call and goes on later, without holding a thread.
//!
//! This is the one module of stanch with `unsafe` in it. It must never know what a script does.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use corosensei::{Coroutine, CoroutineResult, Yielder, stack::DefaultStack};

/// Rhai needs up to 200 KiB per level of script calls in a debug build (measured), 30 KiB in a release build, and we
/// allow 32 levels. The pages are mapped lazily: a script that does not recurse touches about 60 KiB.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 32 << 20 } else { 8 << 20 };

/// Stacks kept for the next script. More would only hold touched pages.
const POOL: usize = 64;

thread_local! {
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
    static YIELDER: Cell<*const Yielder<Wake, Pause>> = const { Cell::new(std::ptr::null()) };
}

/// Why a fiber goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Something may have changed: look again.
    Go,
    /// Leave: every host call fails from now on, until the script is out.
    Unwind,
}

/// Why a fiber stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// It cannot go on before something changes.
    Blocked,
    /// It used up its slice.
    Preempted,
}

/// A script in the middle of its work.
pub(crate) struct Fiber<T: 'static> {
    coroutine: Coroutine<Wake, Pause, T, DefaultStack>,
    yielder: Rc<Cell<*const Yielder<Wake, Pause>>>,
}

/// What came of running it a little.
pub(crate) enum Ran<T: 'static> {
    Paused(Pause, Fiber<T>),
    Finished(T),
}

impl<T: 'static> Fiber<T> {
    /// A fiber that will run `body`. Nothing runs yet.
    pub(crate) fn new(body: impl FnOnce() -> T + 'static) -> std::io::Result<Self> {
        let stack = match STACKS.with_borrow_mut(Vec::pop) {
            Some(stack) => stack,
            None => DefaultStack::new(STACK_BYTES)?,
        };
        let yielder = Rc::new(Cell::new(std::ptr::null()));
        let slot = Rc::clone(&yielder);
        let coroutine = Coroutine::with_stack(stack, move |own: &Yielder<Wake, Pause>, _: Wake| {
            slot.set(std::ptr::from_ref(own));
            YIELDER.set(std::ptr::from_ref(own));
            body()
        });
        Ok(Self { coroutine, yielder })
    }

    /// Runs it until it stops or ends.
    pub(crate) fn resume(mut self, wake: Wake) -> Ran<T> {
        let outer = YIELDER.replace(self.yielder.get());
        let result = self.coroutine.resume(wake);
        YIELDER.set(outer);
        match result {
            CoroutineResult::Yield(pause) => Ran::Paused(pause, self),
            CoroutineResult::Return(value) => {
                let stack = self.coroutine.into_stack();
                STACKS.with_borrow_mut(|pool| {
                    if pool.len() < POOL {
                        pool.push(stack);
                    }
                });
                Ran::Finished(value)
            }
        }
    }
}

/// Stops the fiber that is running on this thread until it is resumed. Outside a fiber there is nothing to stop: `Go`.
#[expect(
    unsafe_code,
    reason = "corosensei lends its yielder by reference; a thread-local cannot carry the lifetime"
)]
pub(crate) fn pause(why: Pause) -> Wake {
    let yielder = YIELDER.get();
    if yielder.is_null() {
        return Wake::Go;
    }
    // SAFETY: `resume` sets YIELDER to the running coroutine's own yielder (or `new`'s closure did, on its first run) and
    // puts the outer one back as soon as control returns. The yielder lives on the coroutine's stack as long as the
    // coroutine runs, and we are on that stack now.
    unsafe { (*yielder).suspend(why) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fiber_stops_and_goes_on() {
        let fiber = Fiber::new(|| {
            let first = pause(Pause::Blocked);
            let second = pause(Pause::Preempted);
            (first, second)
        })
        .unwrap();
        let Ran::Paused(Pause::Blocked, fiber) = fiber.resume(Wake::Go) else { panic!("should block") };
        let Ran::Paused(Pause::Preempted, fiber) = fiber.resume(Wake::Go) else {
            panic!("should be preempted")
        };
        let Ran::Finished(words) = fiber.resume(Wake::Unwind) else { panic!("should end") };
        assert_eq!(words, (Wake::Go, Wake::Unwind));
    }

    #[test]
    fn fibers_interleave_on_one_thread() {
        let make = |n: u32| {
            Fiber::new(move || {
                pause(Pause::Blocked);
                n
            })
            .unwrap()
        };
        let paused: Vec<_> = (0..100).map(|n| make(n).resume(Wake::Go)).collect();
        let sum: u32 = paused
            .into_iter()
            .rev()
            .map(|ran| match ran {
                Ran::Paused(_, fiber) => match fiber.resume(Wake::Go) {
                    Ran::Finished(n) => n,
                    Ran::Paused(..) => panic!("should end"),
                },
                Ran::Finished(_) => panic!("should block"),
            })
            .sum();
        assert_eq!(sum, 4950);
    }
}
