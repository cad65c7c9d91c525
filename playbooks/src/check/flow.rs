//! The order of things: evidence before what cannot be taken back, a settle before the word is out, nothing dropped,
//! nothing unreachable.

use stanch_model::Effect;

use super::case::Case;
use crate::survey::{Seen, Survey, What, for_its_result};

pub(super) fn check(case: &mut Case<'_>) {
    let survey = std::mem::take(&mut case.survey.seen);
    let mut order = Order::default();
    for seen in &survey {
        let effects = Survey::effects(&seen.what, case.world);
        let is = |effect| effects.contains(&effect);
        match &seen.what {
            What::Unreachable => {
                let help = "remove it, or the way out above it";
                case.doubt("PB0050", seen.at, "this is never reached".to_owned(), help);
            }
            What::Uncalled { name } => {
                let help = "call it, or remove it";
                case.doubt("PB0050", seen.at, format!("nothing calls `{name}`"), help);
            }
            What::Unused { .. } | What::Blind | What::TryValue => dropped(case, seen),
            What::Host { call, cuts, .. } => {
                order.host(seen, call.name);
                // Of a cut in a fan-out nothing is lost: its target comes back in `settle()`.
                let kept = *cuts && seen.place.branches > 0;
                if !seen.place.used && for_its_result(call.name) && !kept {
                    dropped(case, seen);
                }
            }
            What::Verb { .. } | What::Action { .. } if is(Effect::Permanent) || is(Effect::Reversible) => {
                order.cut(case, seen.at, is(Effect::Permanent));
            }
            What::Verb { .. } | What::Action { .. } if is(Effect::Read) && !seen.place.used => {
                dropped(case, seen);
            }
            _ => {}
        }
    }
    order.end(case);
    case.survey.seen = survey;
}

/// A result that is there to be used, and nobody does.
fn dropped(case: &mut Case<'_>, seen: &Seen<'_>) {
    let (code, message, help) = match &seen.what {
        What::Unused { name } => {
            ("PB0049", format!("nobody looks at `{name}`"), "use it, or leave the call out")
        }
        What::Blind => (
            "PB0049",
            "nobody looks at whether this worked".to_owned(),
            "look at `.ok` and say what failed, `if !x.ok { note(x.error.message); }`; what stands for a value that did not come \
             is `.value ?? []`",
        ),
        What::TryValue => (
            "PB0012",
            "what the `catch` gives is dropped: `try` gives no value then".to_owned(),
            "write `attempt(|| …)`: it gives `#{ ok, value, error }`",
        ),
        What::Host { call, .. } => (
            "PB0049",
            format!("what `{}` gives is dropped", call.name),
            match call.name {
                "attempt" => "look at `.ok`, or call it without `attempt`",
                _ => "use it, or leave it out",
            },
        ),
        _ => ("PB0049", "what this reads is dropped".to_owned(), "use it, or leave it out"),
    };
    case.doubt(code, seen.at, message, help);
}

#[derive(Default)]
struct Order {
    evidence: bool,
    warned: bool,
    settled: bool,
    /// A cut that nothing has settled yet.
    open: Option<usize>,
    /// The first cut, and the first word to people after an unsettled one.
    first_cut: Option<usize>,
    told: Option<usize>,
    /// The first word that goes out in every case while cuts are open, although they are settled later.
    early: Option<usize>,
}

impl Order {
    fn host(&mut self, seen: &Seen<'_>, name: &str) {
        match name {
            "evidence" => self.evidence = true,
            "settle" => {
                self.settled = true;
                self.open = None;
                self.told = None;
            }
            "notify" | "page" if self.open.is_some() => {
                self.told.get_or_insert(seen.at);
                if !seen.place.perhaps && !seen.place.closure {
                    self.early.get_or_insert(seen.at);
                }
            }
            _ => {}
        }
    }

    fn cut(&mut self, case: &mut Case<'_>, at: usize, permanent: bool) {
        self.open = Some(at);
        self.first_cut.get_or_insert(at);
        let evidence = self.evidence || case.lost().may_hold("evidence");
        if permanent && !evidence && !std::mem::replace(&mut self.warned, true) {
            let help = "keep what is there first, `evidence(\"before\", …)`: afterwards nothing can list it";
            case.doubt("PB0045", at, "something permanent before any evidence".to_owned(), help);
        }
    }

    fn end(&self, case: &mut Case<'_>) {
        if case.lost().may_hold("settle") {
            return;
        }
        let help = "call `settle()` after the last cut: it waits until every cut was read back, and gives what is left";
        match (self.settled, self.first_cut, self.told) {
            (false, Some(_), Some(told)) => {
                case.script("PB0044", told, "people are told before the cuts are settled".to_owned(), help);
            }
            (false, Some(cut), None) => {
                case.doubt("PB0044", cut, "the script never settles what it cuts".to_owned(), help)
            }
            (true, _, Some(told)) => {
                case.doubt(
                    "PB0044",
                    told,
                    "people are told, and the cuts after the last `settle` are open".to_owned(),
                    help,
                );
            }
            (true, _, None) => {
                if let Some(early) = self.early {
                    let help = "call `settle()` before: what people hear then was read back";
                    let message =
                        "people are told, and the cuts before are settled only afterwards".to_owned();
                    case.doubt("PB0044", early, message, help);
                }
            }
            _ => {}
        }
    }
}
