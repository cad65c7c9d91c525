//! How a list goes on after a page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::template::Template;

/// How a list goes on. A parameter goes where the request has its others: into the form, the JSON body, or the URL.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Paging {
    /// It does not.
    None,
    /// `Link: <…>; rel="next"` (RFC 8288).
    Link,
    /// A URL or path in the body.
    NextUrl {
        /// Path in the body.
        from: String,
    },
    /// A cursor in the body goes into the next request.
    Cursor(CursorPaging),
    /// A page's number, one more each time.
    Page(Numbering),
    /// How many rows to skip, or the number of the first row.
    Offset(Numbering),
    /// The first answer tells how many parts there are, and each is asked for by its number (Snowflake).
    Partitions(PartitionPaging),
}

/// A cursor.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CursorPaging {
    /// Path in the body.
    pub(crate) from: String,
    /// The parameter; a path (`page.cursor`) where it stands deeper in a JSON body.
    pub(crate) into: String,
    /// Path to a flag in the body without which there is no next page, whatever the cursor.
    #[serde(default)]
    pub(crate) more: Option<String>,
    /// Where the list goes on, if elsewhere: that request holds nothing but the cursor.
    #[serde(default)]
    pub(crate) path: Option<Template>,
}

/// Pages or rows by their numbers. The list ends with a page without rows, and earlier where one of these tells.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbering {
    /// The parameter.
    pub(crate) into: String,
    /// What the first request means when it does not say: 1 for `page`, 0 for `offset` unless set.
    #[serde(default)]
    pub(crate) first: Option<u64>,
    /// The parameter with the size of a page: a page that has fewer rows is the last.
    #[serde(default)]
    pub(crate) size: Option<String>,
    /// Path to the number of all rows.
    #[serde(default)]
    pub(crate) total: Option<String>,
    /// Path to a flag: there is another page.
    #[serde(default)]
    pub(crate) more: Option<String>,
}

/// Parts by their numbers.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartitionPaging {
    /// Path to the list of parts; the answer that has it is the first of them.
    pub(crate) list: String,
    /// Where the others are; `{body.…}` is the first answer.
    pub(crate) path: Template,
    /// The parameter with the part's number.
    pub(crate) into: String,
}
