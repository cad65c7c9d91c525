//! Killing at a call: a platform has done what it was asked, and the server dies before it can hear so.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use stanch_integrations::twin::{Fate, RequestRecord, TwinHost};

use super::{Kill, Play};
use crate::child::signal;

/// The server that dies at the call, if one shall. Nobody dies twice.
pub(super) struct Victim(Arc<AtomicU32>);

impl Victim {
    /// Twins tell of a request after its effect and before its answer: that moment is meant. People are told through the
    /// same actions; what the run does has its intent in the journal by then.
    pub(super) fn of(play: &Play<'_>, twins: &TwinHost) -> Self {
        let victim = Arc::new(AtomicU32::new(0));
        if let Kill::AtCall(action) = &play.kill {
            let (action, pid) = (action.clone(), Arc::clone(&victim));
            let (data, intends) = (play.folders.data.clone(), play.intends);
            let spent = AtomicBool::new(false);
            twins.on_request(Arc::new(move |request| {
                let meant = is(request, &action) && intends(&data, &action);
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

fn is(request: &RequestRecord, action: &str) -> bool {
    let name = action.split_once('.');
    let called = name.is_some_and(|(on, what)| on == request.integration && what == request.action);
    called && request.fate != Fate::Stopped
}
