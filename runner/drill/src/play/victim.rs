//! Killing at a call: a platform has done what it was asked, and the server dies before it can hear so.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use stanch_integrations::twin::{Fate, RequestRecord, TwinHost};

use super::{Call, Kill, Play};
use crate::child::signal;

/// The server that dies at the call, if one shall. Nobody dies twice.
pub(super) struct Victim(Arc<AtomicU32>);

impl Victim {
    /// Twins tell of a request after its effect and before its answer: that moment is meant. What the run does has its
    /// intent in the journal by then. People are told through the same actions, perhaps in the same moment: a message is
    /// the run's own when it carries the key of such an intent.
    pub(super) fn of(play: &Play<'_>, twins: &TwinHost) -> Self {
        let victim = Arc::new(AtomicU32::new(0));
        if let Kill::AtCall(call) = &play.kill {
            let (call, pid) = (call.clone(), Arc::clone(&victim));
            let (data, intends) = (play.folders.data.clone(), play.intends);
            let spent = AtomicBool::new(false);
            twins.on_request(Arc::new(move |request, body| {
                let own = |key: &String| !call.carries_key || carries(body, key.as_bytes());
                let meant = is(request, &call) && intends(&data, &call.action).iter().any(own);
                if meant && !spent.swap(true, Ordering::SeqCst) {
                    signal(pid.load(Ordering::SeqCst), rustix::process::Signal::KILL);
                }
            }));
        }
        Self(victim)
    }

    /// The server that lives now.
    pub(super) fn is(&self, pid: u32) {
        self.0.store(pid, Ordering::SeqCst);
    }
}

/// An intent without a key is carried by nothing.
fn carries(body: &[u8], key: &[u8]) -> bool {
    !key.is_empty() && body.windows(key.len()).any(|part| part == key)
}

fn is(request: &RequestRecord, call: &Call) -> bool {
    let name = call.action.split_once('.');
    let called = name.is_some_and(|(on, what)| on == request.integration && what == request.action);
    called && request.fate != Fate::Stopped
}

#[cfg(test)]
mod tests {
    use super::carries;

    #[test]
    fn a_key_is_found_wherever_it_stands_and_none_is_found_nowhere() {
        assert!(carries(b"Message-Id: <k1@acme>", b"k1"));
        assert!(!carries(b"Message-Id: <k1@acme>", b"k2") && !carries(b"k", b"k1"));
        assert!(!carries(b"any", b"") && !carries(b"", b""));
    }
}
