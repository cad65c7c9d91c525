//! Tasks that wait until a position is durable: each is woken once, when its own position is reached.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    task::{Poll, Waker},
};

use parking_lot::Mutex;

use crate::error::JournalError;

/// The wakers by position.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    durable: AtomicU64,
    stopped: AtomicBool,
    wakers: Mutex<BTreeMap<(u64, u64), Waker>>,
    next: AtomicU64,
}

impl Waiters {
    /// Everything up to here is durable.
    pub(crate) fn reached(&self, durable: u64) {
        self.durable.store(durable, Ordering::Release);
        let ready = {
            let mut wakers = self.wakers.lock();
            let later = wakers.split_off(&(durable + 1, 0));
            std::mem::replace(&mut *wakers, later)
        };
        ready.into_values().for_each(Waker::wake);
    }

    /// Nothing more will become durable.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let all = std::mem::take(&mut *self.wakers.lock());
        all.into_values().for_each(Waker::wake);
    }

    /// Resolves when the position is durable, or when it never will be.
    pub(crate) async fn wait(&self, position: u64) -> Result<(), JournalError> {
        let key = (position, self.next.fetch_add(1, Ordering::Relaxed));
        let _forget = Forget { waiters: self, key };
        poll_fn(|context| {
            if let Some(done) = self.look(position) {
                return Poll::Ready(done);
            }
            self.wakers.lock().insert(key, context.waker().clone());
            // Again after registering: it may have been reached in between.
            self.look(position).map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn look(&self, position: u64) -> Option<Result<(), JournalError>> {
        if self.durable.load(Ordering::Acquire) >= position {
            return Some(Ok(()));
        }
        let stopped = self.stopped.load(Ordering::Acquire);
        stopped.then(|| Err(JournalError::Unknown("the journal stopped first".to_owned())))
    }
}

/// Takes the waker out again when the task is gone.
struct Forget<'a> {
    waiters: &'a Waiters,
    key: (u64, u64),
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.waiters.wakers.lock().remove(&self.key);
    }
}
