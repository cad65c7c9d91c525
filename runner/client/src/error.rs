//! Why there is no answer, or the answer is no.

use stanch_model::api::ProblemBody;

/// Why there is no answer, or the answer is no.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    /// The address of the server makes no sense.
    #[error("{0}")]
    Location(String),
    /// Nobody answers there. Whether a request arrived is unknown.
    #[error("no answer from {at}: {why}")]
    Unreachable {
        /// Where.
        at: String,
        /// Why.
        why: String,
    },
    /// The server said no.
    #[error("{}", .problem.message)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its words.
        problem: Box<ProblemBody>,
    },
    /// The answer is not what this API gives: another program, or another version.
    #[error("{at} does not answer like a stanch server: {why}")]
    Garbled {
        /// Where.
        at: String,
        /// What is wrong with it.
        why: String,
    },
}

impl ClientError {
    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The one field or input that is wrong, where the server named one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Refused { problem, .. } => problem.field.as_deref(),
            _ => None,
        }
    }

    /// The way out, where the server named one.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Refused { problem, .. } => problem.help.as_deref(),
            _ => None,
        }
    }
}
