//! A kill at a moment.

use std::time::Duration;

use crate::child::signal;

/// Kills a process after a time, unless dropped before.
pub(super) struct Timer(tokio::task::JoinHandle<()>);

impl Timer {
    pub(super) fn start(pid: u32, after: Duration) -> Self {
        Self(tokio::spawn(async move {
            tokio::time::sleep(after).await;
            signal(pid, rustix::process::Signal::KILL);
        }))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}
