//! What an audience hears of a drill, one thing at a time. Serialised as it is for `--json`.

use serde::Serialize;
use stanch_model::{
    Containment, Ended, TargetState,
    run::{WaitKind, body::DeadlineStarted},
};

use crate::verdict::KilledAt;

/// A beat and its moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct At {
    /// Milliseconds since the drill began.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub beat: Beat,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "beat", rename_all = "snake_case")]
pub enum Beat {
    /// The simulated platforms are up.
    Twins {
        /// Their names.
        platforms: Vec<String>,
        /// Where.
        addr: String,
        /// The app at stake, for people.
        app: String,
        /// Its grants on all platforms; 0 where the story is about something else.
        grants: u64,
    },
    /// The server takes alerts.
    Serving {
        /// 1, or more after a kill.
        life: u32,
        /// Where.
        url: String,
        /// Its process.
        pid: u32,
    },
    /// An alert was sent as its source sends it.
    Alert {
        /// The source.
        source: String,
        /// What it says.
        title: String,
        /// True when it was sent before and the answer never came.
        again: bool,
    },
    /// The server said that it has the alert.
    Acknowledged {
        /// True when it had it already, and says what the first delivery started.
        duplicate: bool,
        /// The incident.
        incident: Option<String>,
        /// The run.
        run: String,
    },
    /// The run of the playbook began.
    Run {
        /// Its id.
        run: String,
        /// The playbook's title.
        title: String,
    },
    /// The script entered a phase.
    Phase {
        /// Its name.
        name: String,
    },
    /// A person is needed.
    Asked {
        /// The wait, `A1`.
        wait: String,
        /// What kind of answer.
        kind: WaitKind,
        /// The sentence that they read.
        text: String,
        /// Who may answer.
        ask: Vec<String>,
        /// How many targets it covers, by integration and kind.
        covers: Vec<Cover>,
    },
    /// A person did something outside, with their own hands.
    ByHand {
        /// Who.
        who: String,
        /// What.
        text: String,
    },
    /// A person answered.
    Answered {
        /// The wait.
        wait: String,
        /// What kind of answer.
        kind: WaitKind,
        /// Who.
        who: String,
        /// What they said.
        say: String,
        /// How they know.
        why: String,
    },
    /// A target changed its state.
    Target {
        /// Its integration.
        integration: String,
        /// Its kind.
        kind: String,
        /// Its immutable id.
        id: String,
        /// Its name for people.
        label: String,
        /// By which verb.
        verb: String,
        /// The state.
        state: TargetState,
        /// Reason, proof or person.
        why: String,
    },
    /// A message went out.
    Told {
        /// `smtp.send`, `slack.post_message`, …
        action: String,
    },
    /// A deadline began to run.
    Deadline(DeadlineStarted),
    /// The server was killed with SIGKILL.
    Killed(KilledAt),
    /// Why the same kill cannot happen any more.
    NotKilled {
        /// The reason.
        why: String,
    },
    /// A step did not go through and will be tried again.
    Deferred {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// The run is over.
    Ended {
        /// The first word.
        ended: Ended,
        /// The second word.
        containment: Containment,
        /// Why it is not better.
        because: Vec<String>,
    },
    /// The server has stopped cleanly.
    Stopped,
}

/// How many targets of one kind on one platform an approval covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cover {
    /// The integration.
    pub integration: String,
    /// The kind.
    pub kind: String,
    /// How many.
    pub count: usize,
}
