//! What is sent, and which answers mean what.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    expr::Expr,
    template::{Shape, Template},
};

/// HTTP methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    /// Reads.
    Get,
    /// Acts or creates.
    Post,
    /// Sets.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The word on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What is sent. A part whose template is one variable that was not given is left out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestSpec {
    /// The method; mail has none.
    #[serde(default)]
    pub(crate) method: Option<Method>,
    /// Another base URL than the platform's.
    #[serde(default)]
    pub(crate) url: Option<Template>,
    /// The path below the base URL.
    #[serde(default)]
    pub(crate) path: Option<Template>,
    /// Parameters in the URL.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Shape>,
    /// Further headers.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Template>,
    /// A body as `application/x-www-form-urlencoded`.
    #[serde(default)]
    pub(crate) form: Option<BTreeMap<String, Shape>>,
    /// A body as JSON.
    #[serde(default)]
    pub(crate) json: Option<Shape>,
    /// A body as it is, with `content_type`: a signed token, XML.
    #[serde(default)]
    pub(crate) text: Option<Template>,
    /// The media type of a `text`, or another one for the JSON body.
    #[serde(default)]
    pub(crate) content_type: Option<String>,
    /// A mail.
    #[serde(default)]
    pub(crate) mail: Option<MailSpec>,
}

/// A mail.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailSpec {
    /// Who sends.
    pub(crate) from: Template,
    /// Who receives: one address, or a list.
    pub(crate) to: Shape,
    /// One line.
    pub(crate) subject: Template,
    /// Plain text.
    pub(crate) text: Template,
}

/// Answers with one of these statuses, if the predicate holds too (over `status`, `body`, `headers`).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Match {
    /// Statuses.
    #[serde(default = "ok")]
    pub(crate) status: Vec<u16>,
    /// Predicate.
    #[serde(default)]
    pub(crate) when: Option<Expr>,
}

fn ok() -> Vec<u16> {
    vec![200]
}

impl Default for Match {
    fn default() -> Self {
        Self { status: ok(), when: None }
    }
}

/// What the body of an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// JSON, or nothing at all.
    #[default]
    Json,
    /// XML, or nothing at all. What stands in the root element is the body: see `reply` in AUTHORING.
    Xml,
    /// Never looked at.
    Ignored,
}
