//! The adversary at work: moves that the director let come are made at the twins, and told.
//!
//! A move works only while access is really there: a grant stands, or its token lives on, and the app is not blocked. It
//! is made outside of any request, so that the platforms can be asked.

use stanch_integrations::twin::{Change, TwinHost};

use crate::{
    board::Next,
    record::Line,
    scenario::{Consent, Ploy, Scenario},
    stagehand::Stage,
};

/// What came of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// It worked: a read, or so many grants.
    Got(u32),
    /// Access was cut.
    Cut(String),
}

impl Stage {
    /// Makes the moves that are due. True when one was.
    pub(crate) fn make_moves(&self, twins: &TwinHost) -> bool {
        let mut any = false;
        while let Some(number) = self.next_move() {
            any = true;
            let Some(one) = self.scenario.adversary.get(number).cloned() else { continue };
            let Some(ploy) = one.ploy() else { continue };
            let at_ms = self.now_ms();
            let times = self.times(number) + 1;
            let came = self.play(ploy, number, twins);
            let next = match (&came, one.every) {
                (Came::Got(_), Some(every)) => Next::At(at_ms.saturating_add(every.ms())),
                _ => Next::Never,
            };
            let after_cut = self.facts.read().first_cut_ms().is_some();
            let (got, failed) = match came {
                Came::Got(got) => (got, String::new()),
                Came::Cut(why) => (0, why),
            };
            self.facts.write().moved(ploy.grants().is_none().then(|| ploy.app()), got, after_cut);
            self.record.write(Line::Moved { number, times, got, failed, after_cut, at_ms });
            self.board.lock().moved(number, next);
        }
        any
    }

    /// Moves of an earlier supervisor: what it got, and what of it a platform has lost with it.
    pub(crate) fn take_up_moves(&self, twins: &TwinHost) {
        for line in self.record.lines() {
            let Line::Moved { number, got, after_cut, at_ms, .. } = line else { continue };
            let Some(one) = self.scenario.adversary.get(number) else { continue };
            let Some(ploy) = one.ploy() else { continue };
            self.facts.write().moved(ploy.grants().is_none().then(|| ploy.app()), got, after_cut);
            let next = match one.every.filter(|_| got > 0) {
                Some(every) => Next::At(at_ms.saturating_add(every.ms())),
                None => Next::Never,
            };
            self.board.lock().moved(number, next);
            if let (Ploy::Consent(new) | Ploy::Token(new) | Ploy::Hide(new), true) = (ploy, got > 0) {
                self.grow(new, number, twins);
            }
        }
    }

    fn times(&self, number: usize) -> u32 {
        let lines = self.record.lines();
        let times =
            lines.iter().filter(|line| matches!(line, Line::Moved { number: known, .. } if *known == number));
        u32::try_from(times.count()).unwrap_or(u32::MAX)
    }

    fn play(&self, ploy: Ploy<'_>, number: usize, twins: &TwinHost) -> Came {
        match ploy {
            Ploy::Read(loot) => match self.shut(&loot.app, &loot.platform, twins) {
                None => Came::Got(1),
                Some(why) => Came::Cut(why),
            },
            Ploy::Consent(new) => self.grow(new, number, twins),
            Ploy::Token(new) => {
                let shut = new.grants.keys().find_map(|platform| self.shut(&new.app, platform, twins));
                shut.map_or_else(|| self.grow(new, number, twins), Came::Cut)
            }
            Ploy::Hide(new) => {
                let anywhere = crate::company::integrations(&self.scenario);
                let is_in = anywhere.keys().any(|platform| self.shut(&new.app, platform, twins).is_none());
                match is_in {
                    true => self.grow(new, number, twins),
                    false => Came::Cut(format!(
                        "nothing of {} is alive any more",
                        self.scenario.app_title(&new.app)
                    )),
                }
            }
        }
    }

    /// Why an app has no access to a platform; nothing where it has.
    fn shut(&self, app: &str, platform: &str, twins: &TwinHost) -> Option<String> {
        let title = self.scenario.app_title(app);
        let lingers = twins.lingers(platform, app);
        let facts = self.facts.read();
        if facts.blocked_on(app, platform) {
            return Some(format!("{title} is blocked on {platform}"));
        }
        let stands = facts.live_on(app, platform) > 0 || lingers;
        (!stands).then(|| format!("no grant of {title} stands on {platform}"))
    }

    /// New grants, as far as the platforms give them.
    fn grow(&self, new: &Consent, number: usize, twins: &TwinHost) -> Came {
        let mut made = 0;
        for (platform, count) in &new.grants {
            let before = twins.given(platform, &new.app);
            let (integration, app) = (platform.clone(), new.app.clone());
            let change = Change::Grant { integration, app, count: *count };
            match twins.change_once(&format!("move/{number}/{platform}"), &change) {
                Ok(true) => made += twins.given(platform, &new.app).saturating_sub(before),
                // made before a death of ours that came before its line
                Ok(false) => made += count,
                // there is no such platform: it takes no part
                Err(_) => {}
            }
        }
        match made {
            0 => Came::Cut(format!("{} is blocked", self.scenario.app_title(&new.app))),
            made => Came::Got(made),
        }
    }
}

/// How a move stands, by what the record says of it.
pub(crate) fn told(lines: &[Line], number: usize) -> Option<(&Line, u32)> {
    let of =
        lines.iter().filter(|line| matches!(line, Line::Moved { number: known, .. } if *known == number));
    let (mut last, mut all) = (None, 0);
    for line in of {
        if let Line::Moved { got, .. } = line {
            (last, all) = (Some(line), all + got);
        }
    }
    last.map(|line| (line, all))
}

/// A move in a line, as it came out; nothing for one more of many reads.
pub(crate) fn words(scenario: &Scenario, number: usize, times: u32, failed: &str) -> Option<String> {
    let one = scenario.adversary.get(number)?.words(scenario);
    match (failed, times) {
        ("", 1) => Some(format!("the adversary {one}")),
        ("", _) => None,
        (why, _) => Some(format!("the adversary fails: {one}, because {why}")),
    }
}
