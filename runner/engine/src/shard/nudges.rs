//! Reminders, and cards that are brought before others, as they are folded into a run.

use std::{cell::RefCell, rc::Rc};

use stanch_model::run::{
    WaitView,
    body::{Escalated, Reminded, kind},
};

use super::Shard;
use crate::{
    live::Live,
    nudge::{self, AskSomeone, Before},
};

type Shared = Rc<RefCell<Live>>;

impl Shard {
    /// Those who are asked are told once more. A card that is answered meanwhile needs nobody.
    pub(super) fn remind(&self, live: &Shared, body: &str) {
        let Ok(reminded) = serde_json::from_str::<Reminded>(body) else { return };
        if open(live, &reminded.wait).is_some() {
            live.borrow_mut().record(kind::REMINDED, reminded, self.env.now_ms());
        }
    }

    /// Somebody is asked now. What is not so any more when it comes here changes nothing.
    pub(super) fn ask_someone(&self, live: &Shared, body: &str) {
        let Ok(asked) = serde_json::from_str::<AskSomeone>(body) else { return };
        let Some(wait) = open(live, &asked.wait) else { return };
        let (now, AskSomeone { wait: id, name, who, channel }) = (self.env.now_ms(), asked);
        let before = nudge::before(&self.env, &live.borrow().view, &wait, &name);
        let escalated = |ask, ladder, due_ms| {
            let (wait, by, channel) = (id.clone(), who.clone(), channel.clone());
            Escalated { wait, ask, ladder, due_ms, by, channel }
        };
        let entry = match before {
            Ok(Before::Rung(ask, ladder)) => {
                escalated(ask, ladder, Some(now.saturating_add(wait.within_ms.max(1))))
            }
            Ok(Before::Asked(ask)) => escalated(ask, wait.ladder, wait.due_ms),
            Ok(Before::Told) => {
                let (wait, who, channel) = (id.clone(), who.clone(), channel.clone());
                let reminded = Reminded { wait, who, channel, to: name, at_ms: now };
                return live.borrow_mut().record(kind::REMINDED, reminded, now);
            }
            Err(_) => return,
        };
        live.borrow_mut().record(kind::ESCALATED, entry, now);
    }
}

fn open(live: &Shared, wait: &str) -> Option<WaitView> {
    live.borrow().view.open_waits().find(|known| known.id == wait).cloned()
}
