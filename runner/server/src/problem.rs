//! Refusals: every answer that is not 2xx is `{"error":{"code","message","help"}}`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use stanch_engine::{AnswerError, EngineError};
use stanch_integrations::source::Refusal;
use stanch_journal::JournalError;
use stanch_model::{api::Problem, shortened::NotOne};

/// A refusal on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    status: StatusCode,
    problem: Problem,
    retry_after: Option<u32>,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, problem: Problem::new(code, message), retry_after: None }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { problem: self.problem.help(help), ..self }
    }

    /// Names the one field or input that is wrong.
    fn field(mut self, name: String) -> Self {
        self.problem.error.field = Some(name);
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, in a sentence without its full stop.
    pub(crate) fn message(&self) -> &str {
        &self.problem.error.message
    }

    /// The way out, where there is one.
    pub(crate) fn way_out(&self) -> Option<&str> {
        self.problem.error.help.as_deref()
    }

    /// Seconds after which the same request may succeed.
    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(crate) fn too_large(most: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("the body is larger than {most} bytes"))
    }

    pub(crate) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server is about to stop").retry_after(5)
    }

    /// After how long the caller's pace allows another request.
    pub(crate) fn too_fast(wait: std::time::Duration) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole seconds, small")]
        let seconds = wait.as_secs_f64().ceil() as u32;
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_fast", "too many requests").retry_after(seconds.max(1))
    }

    fn full() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "full",
            "the disk of the journal is full: nothing new is taken",
        )
        .help("free space; running containments go on meanwhile")
        .retry_after(30)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.problem)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut refused = Self::new(status, refusal.code, refusal.message);
        if let Some(help) = refusal.help {
            refused = refused.help(help);
        }
        match refusal.retry_after {
            Some(seconds) => refused.retry_after(seconds),
            None => refused,
        }
    }
}

impl From<JournalError> for Refused {
    fn from(error: JournalError) -> Self {
        if matches!(error, JournalError::Full) {
            return Self::full();
        }
        tracing::error!(%error, "the journal refused");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "journal", "the journal could not take it").retry_after(5)
    }
}

impl From<EngineError> for Refused {
    fn from(error: EngineError) -> Self {
        let message = error.to_string();
        match error {
            EngineError::NoPlaybook { .. } => Self::new(StatusCode::NOT_FOUND, "no_playbook", message),
            EngineError::NoRun(_) => Self::not_found(message),
            EngineError::NoPlan(_) => Self::new(StatusCode::NOT_FOUND, "no_plan", message)
                .help("`stanch plan` makes one and says its hash"),
            EngineError::PlanChanged { .. } => Self::new(StatusCode::CONFLICT, "plan_changed", message)
                .help("plan anew and read what is other now: `stanch plan`"),
            EngineError::NotOne(error) => error.into(),
            EngineError::Broken { diagnostics, .. } => {
                let lines: Vec<String> = diagnostics.iter().map(stanch_model::Diagnostic::one_line).collect();
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "broken_playbook", message).help(lines.join("\n"))
            }
            EngineError::Input { name, .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "input", message).field(name)
            }
            EngineError::Judge { .. } => Self::new(StatusCode::CONFLICT, "judge", message)
                .help("a second person promotes what one has reviewed; alone, say why (--alone)"),
            EngineError::State { .. } => Self::new(StatusCode::CONFLICT, "state", message),
            EngineError::Journal(error) => error.into(),
            EngineError::Thread(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "thread", message),
        }
    }
}

impl From<NotOne> for Refused {
    fn from(error: NotOne) -> Self {
        let message = error.to_string();
        match error {
            NotOne::None { .. } => Self::not_found(message),
            NotOne::TooShort { .. } => Self::new(StatusCode::BAD_REQUEST, "ambiguous", message),
            NotOne::Several { .. } => {
                Self::new(StatusCode::BAD_REQUEST, "ambiguous", message).help("write more of the id")
            }
        }
    }
}

impl From<AnswerError> for Refused {
    fn from(error: AnswerError) -> Self {
        let message = error.to_string();
        match error {
            AnswerError::NoRun(_) | AnswerError::NoWait { .. } => Self::not_found(message),
            AnswerError::Closed { .. } => Self::new(StatusCode::CONFLICT, "closed", message),
            AnswerError::Over { .. } => Self::new(StatusCode::CONFLICT, "over", message),
            AnswerError::NotYou { .. } => Self::new(StatusCode::FORBIDDEN, "not_you", message),
            AnswerError::NotNow { .. } => Self::new(StatusCode::CONFLICT, "not_now", message),
            AnswerError::NotThem { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_them", message),
            AnswerError::NotAnOption { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_an_option", message)
            }
            AnswerError::Journal(error) => error.into(),
        }
    }
}
