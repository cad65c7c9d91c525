//! A platform's own description of its API, whatever its form: operations, and what is known of each.

use std::sync::Arc;

use serde_json::Value;

use super::{discovery, openapi};

/// Far above the largest description that a platform publishes (some 10 MB).
const LARGEST: usize = 64 * 1024 * 1024;

/// A platform's operations.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// In the description's order.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Host names, `{…}` for what a tenant chooses; empty where the description names none.
    pub hosts: Vec<String>,
    /// What the description calls it (`operationId`), if anything.
    pub id: Option<String>,
    /// In upper case.
    pub method: String,
    /// The whole path, `{…}` for parameters.
    pub path: String,
    /// A field of the body with the value that tells this operation from others at the same address.
    pub only: Option<(String, String)>,
    pub(super) source: Source,
}

/// Where the rest of an operation is read, when it is asked for.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Given(Box<Details>),
    OpenApi { root: Arc<Value>, path: String, method: String },
    Discovery { root: Arc<Value>, method: Value },
}

/// What is known of an operation. What a description does not tell is `None` or empty, and not compared.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// Parameters in the URL.
    pub query: Option<Vec<Field>>,
    /// The body.
    pub body: Option<Body>,
    /// Statuses that are answered, as written: `204`, `2XX`.
    pub statuses: Vec<String>,
    /// Sets of scopes, one of which is needed whole.
    pub scopes: Vec<Vec<String>>,
    /// What is answered where it went well.
    pub answer: Option<Schema>,
}

/// A body.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Media types; empty where any will do.
    pub media: Vec<String>,
    /// Must be sent.
    pub required: bool,
    /// What it is; `None`: there is no body.
    pub schema: Option<Schema>,
}

/// A parameter, or a field of a body.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Must be sent.
    pub required: bool,
    /// What it is.
    pub schema: Schema,
}

/// What a value is.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// `string`, `integer`, `number`, `boolean`, `array`, `object`; empty where any will do.
    pub kinds: Vec<String>,
    /// Allowed values.
    pub one_of: Vec<Value>,
    /// The fields of an object; empty where they are not told.
    pub fields: Vec<Field>,
    /// It may have further fields.
    pub open: bool,
    /// What a list holds.
    pub items: Option<Box<Schema>>,
}

/// Why a description could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescribeError {
    /// Neither JSON nor YAML.
    #[error("neither JSON nor YAML: {0}")]
    Syntax(String),
    /// Neither of the forms that are known.
    #[error(
        "neither OpenAPI 2 or 3 (`openapi:` or `swagger:`) nor a Google discovery document (`discoveryVersion`)"
    )]
    Form,
    /// Beyond reason.
    #[error("{0} bytes; {LARGEST} is the most")]
    TooLarge(usize),
}

impl Description {
    /// Reads OpenAPI 2 or 3, in JSON or YAML, or a Google discovery document.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn read(text: &str) -> Result<Self, DescribeError> {
        if text.len() > LARGEST {
            return Err(DescribeError::TooLarge(text.len()));
        }
        let root = Arc::new(parse(text)?);
        if root.get("openapi").is_some() || root.get("swagger").is_some() {
            return Ok(Self { operations: openapi::operations(&root) });
        }
        if root.get("discoveryVersion").is_some() {
            return Ok(Self { operations: discovery::operations(&root) });
        }
        Err(DescribeError::Form)
    }
}

fn parse(text: &str) -> Result<Value, DescribeError> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| DescribeError::Syntax(error.to_string()));
    }
    let mut budget = serde_yaml::Budget::default();
    budget.max_events = 20_000_000;
    budget.max_nodes = 10_000_000;
    budget.max_depth = 200;
    budget.max_total_scalar_bytes = LARGEST;
    let mut options = serde_yaml::Options::default();
    options.budget = Some(budget);
    serde_yaml::from_str_with_options(text, options)
        .map_err(|error| DescribeError::Syntax(error.without_snippet().to_string()))
}

impl Operation {
    /// One whose details are known already.
    pub fn given(hosts: Vec<String>, method: &str, path: &str, details: Details) -> Self {
        let source = Source::Given(Box::new(details));
        Self { hosts, id: None, method: method.to_uppercase(), path: path.to_owned(), only: None, source }
    }

    /// What is known of it.
    pub fn details(&self) -> Details {
        match &self.source {
            Source::Given(details) => (**details).clone(),
            Source::OpenApi { root, path, method } => openapi::details(root, path, method),
            Source::Discovery { root, method } => discovery::details(root, method),
        }
    }
}
