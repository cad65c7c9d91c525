//! What a seat of a drill may order, and what comes back.
//!
//! One order is one word and what it needs. It is durable in the drill's journal when it is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SeatKind;
use crate::target::words;

words! {
    /// What somebody writes down during a drill.
    Remark {
        /// Something that went well.
        Strength = "strength",
        /// Something that did not.
        Gap = "gap",
        /// Anything else.
        Note = "note",
    }
}

words! {
    /// What an expectation counts as, where the facilitator saw more than the journal and the twins did.
    Grade {
        /// All of its points.
        Met = "met",
        /// Half of them.
        Late = "late",
        /// None.
        Missed = "missed",
    }
}

/// What a seat orders. Durable in the drill's journal when it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum DrillOrder {
    /// The facilitator's: the clock stands.
    Pause,
    /// The facilitator's: the clock runs as before.
    Resume,
    /// The facilitator's: to the next moment at which the plot or an empty seat does something.
    Step,
    /// The facilitator's: so many seconds of the scenario for one of the wall.
    Speed {
        /// 1 to 600.
        rate: u32,
    },
    /// The facilitator's: so far ahead.
    Jump {
        /// Seconds from now.
        by_s: i64,
    },
    /// The facilitator's: an entry of the plot happens now.
    Fire {
        /// Its name, or its place in the plot.
        entry: String,
    },
    /// The facilitator's: an entry of the plot never happens.
    Skip {
        /// Its name, or its place in the plot.
        entry: String,
    },
    /// The facilitator's: an entry of the plot comes otherwise than the file says. What is not given stays.
    Edit {
        /// Its name, or its place in the plot.
        entry: String,
        /// What somebody says, where somebody says something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Who says it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// When it comes, seconds since the start, where it comes by the clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_s: Option<i64>,
    },
    /// The facilitator's, after the end too: an expectation counts as something else than was computed.
    Grade {
        /// Its place in the file.
        expectation: usize,
        /// As what; as computed again where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        came: Option<Grade>,
        /// Why: it stands in the report beside what was computed.
        why: String,
    },
    /// The facilitator's: a fault goes on. As in a scenario's file.
    Fault {
        /// `{ platform: okta, answer: 429, lasts: 5m }`, `{ kill_runner: true }`.
        fault: serde_json::Value,
    },
    /// The facilitator's: faults go off.
    FaultOff {
        /// Which; all of them unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Everybody's: something is written down.
    Remark {
        /// What kind.
        sort: Remark,
        /// What.
        text: String,
        /// About which goal, if about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        goal: Option<String>,
    },
    /// The players': the next hint, at its price.
    Hint,
    /// The players': to do by hand what a card asks, or to look at what it asks about, on the simulated platforms.
    ByHand {
        /// The card: `<run>:<wait>`, or the wait alone.
        card: String,
    },
    /// Everybody's: something real happens. Everything stops, for good.
    Stop {
        /// What.
        why: String,
    },
}

impl DrillOrder {
    /// A fault in words: `okta 429 5m`, `okta.revoke_app_token revoke_does_nothing`, `drift vendor_silent 2h`, `kill_runner`;
    /// `off` and `off 3` end faults.
    pub fn fault(words: &str) -> Option<Self> {
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut fault = serde_json::Map::new();
        match words.as_slice() {
            ["off"] => return Some(Self::FaultOff { id: None }),
            ["off", id] => return Some(Self::FaultOff { id: Some(id.parse().ok()?) }),
            ["kill_runner"] => _ = fault.insert("kill_runner".to_owned(), true.into()),
            [place, answer, rest @ ..] if rest.len() < 2 => {
                let key = match *answer {
                    "vendor_silent" => "vendor",
                    _ if place.contains('.') => "action",
                    _ => "platform",
                };
                fault.insert(key.to_owned(), (*place).into());
                let status = answer.parse::<u16>().map(serde_json::Value::from);
                fault.insert("answer".to_owned(), status.unwrap_or_else(|_| (*answer).into()));
                if let [lasts] = rest {
                    fault.insert("lasts".to_owned(), (*lasts).into());
                }
            }
            _ => return None,
        }
        Some(Self::Fault { fault: fault.into() })
    }

    /// Whether this seat may.
    pub fn is_of(&self, seat: SeatKind) -> bool {
        match self {
            Self::Remark { .. } | Self::Stop { .. } => true,
            Self::Hint | Self::ByHand { .. } => seat.is_played(),
            _ => seat == SeatKind::Facilitator,
        }
    }
}

/// The answer to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DrillDone {
    /// In a line.
    pub said: String,
    /// By whom, as recorded.
    pub by: String,
    /// The time of the drill, seconds.
    pub at_s: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_may_write_and_stop_and_only_the_facilitator_holds_the_clock() {
        let remark = DrillOrder::Remark { sort: Remark::Gap, text: String::new(), goal: None };
        let stop = DrillOrder::Stop { why: String::new() };
        for seat in SeatKind::ALL {
            assert!(remark.is_of(*seat) && stop.is_of(*seat));
            assert_eq!(DrillOrder::Pause.is_of(*seat), *seat == SeatKind::Facilitator);
            assert_eq!(DrillOrder::Hint.is_of(*seat), seat.is_played());
        }
    }

    #[test]
    fn a_fault_is_told_in_words() {
        let said =
            |words| DrillOrder::fault(words).map(|order| serde_json::to_value(order).unwrap_or_default());
        let want = serde_json::json!({ "order": "fault", "fault": { "platform": "okta", "answer": 429, "lasts": "5m" } });
        assert_eq!(said("okta 429 5m"), Some(want));
        assert_eq!(DrillOrder::fault("off 3"), Some(DrillOrder::FaultOff { id: Some(3) }));
        assert!(["", "okta", "off x", "okta 429 5m more"].iter().all(|words| said(words).is_none()));
    }

    #[test]
    fn an_order_is_one_word_and_what_it_needs() {
        let said = serde_json::json!({ "order": "speed", "rate": 60 });
        assert_eq!(serde_json::from_value::<DrillOrder>(said).ok(), Some(DrillOrder::Speed { rate: 60 }));
        let wrong = serde_json::json!({ "order": "speed", "rte": 60 });
        assert!(serde_json::from_value::<DrillOrder>(wrong).is_err());
        let edit = DrillOrder::Edit { entry: "1".to_owned(), text: None, from: None, at_s: Some(480) };
        let said = serde_json::json!({ "order": "edit", "entry": "1", "at_s": 480 });
        assert_eq!(serde_json::to_value(&edit).ok(), Some(said));
        let back = serde_json::json!({ "order": "grade", "expectation": 2, "why": "a slip" });
        let back = serde_json::from_value::<DrillOrder>(back).ok();
        assert!(matches!(back, Some(DrillOrder::Grade { expectation: 2, came: None, .. })), "{back:?}");
        for seat in SeatKind::ALL {
            assert_eq!(edit.is_of(*seat), *seat == SeatKind::Facilitator);
        }
    }
}
