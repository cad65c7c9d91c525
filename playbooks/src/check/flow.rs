//! The order of things: evidence before what cannot be taken back, a settle before the word is out, nothing dropped,
//! nothing unreachable.

use stanch_model::Effect;

use super::case::Case;
use crate::survey::{Survey, What};

pub(super) fn check(case: &mut Case<'_>) {
    let survey = std::mem::take(&mut case.survey.seen);
    let mut order = Order::default();
    for seen in &survey {
        let effects = Survey::effects(&seen.what, case.world);
        let is = |effect| effects.contains(&effect);
        match &seen.what {
            What::Unreachable => case.doubt(
                "PB0050",
                seen.at,
                "this is never reached".to_owned(),
                "remove it, or the way out above it",
            ),
            What::Host { call, .. } => {
                order.host(seen.at, call.name);
                if !seen.place.used && dropped(call.name) {
                    let help = if call.name == "attempt" {
                        "look at `.ok`, or call it without `attempt`"
                    } else {
                        "use it, or leave it out"
                    };
                    case.doubt("PB0049", seen.at, format!("what `{}` gives is dropped", call.name), help);
                }
            }
            What::Verb { .. } | What::Action { .. } if is(Effect::Permanent) || is(Effect::Reversible) => {
                order.cut(case, seen.at, is(Effect::Permanent));
            }
            What::Verb { .. } | What::Action { .. } if is(Effect::Read) && !seen.place.used => {
                case.doubt(
                    "PB0049",
                    seen.at,
                    "what this reads is dropped".to_owned(),
                    "use it, or leave it out",
                );
            }
            _ => {}
        }
    }
    order.end(case);
    case.survey.seen = survey;
}

/// Host calls whose only point is what they give.
fn dropped(name: &str) -> bool {
    ["attempt", "ask", "find_app", "find_user", "now", "uuid", "vendor_of", "flat", "holders"].contains(&name)
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
}

impl Order {
    fn host(&mut self, at: usize, name: &str) {
        match name {
            "evidence" => self.evidence = true,
            "settle" => {
                self.settled = true;
                self.open = None;
                self.told = None;
            }
            "notify" | "page" if self.open.is_some() => {
                self.told.get_or_insert(at);
            }
            _ => {}
        }
    }

    fn cut(&mut self, case: &mut Case<'_>, at: usize, permanent: bool) {
        self.open = Some(at);
        self.first_cut.get_or_insert(at);
        if permanent && !self.evidence && !std::mem::replace(&mut self.warned, true) {
            let help = "keep what is there first, `evidence(\"before\", …)`: afterwards nothing can list it";
            case.doubt("PB0045", at, "something permanent before any evidence".to_owned(), help);
        }
    }

    fn end(&self, case: &mut Case<'_>) {
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
            _ => {}
        }
    }
}
