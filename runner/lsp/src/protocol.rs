//! The few shapes of the Language Server Protocol 3.17 that we speak, as types. What is not here is not understood, and is
//! answered so.
//!
//! Ours because `lsp-server` ends a session at the first malformed message and makes room for whatever length is announced,
//! and because the crates of protocol types bring thousands of lines for the thirty that are used.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A place: lines and UTF-16 units from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Position {
    /// From 0.
    pub(crate) line: u32,
    /// From 0, in UTF-16 units.
    pub(crate) character: u32,
}

/// From a place up to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    /// The first place.
    pub(crate) start: Position,
    /// The first place that is none of it.
    pub(crate) end: Position,
}

/// What `textDocument/didChange` says was done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Change {
    /// What was replaced; everything unless given.
    #[serde(default)]
    pub(crate) range: Option<Span>,
    /// By what.
    pub(crate) text: String,
}

/// A file that is opened.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Opened {
    pub(crate) text_document: OpenedFile,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenedFile {
    pub(crate) uri: String,
    #[serde(default)]
    pub(crate) version: Option<i64>,
    pub(crate) text: String,
}

/// A file that is changed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changed {
    pub(crate) text_document: FileVersion,
    pub(crate) content_changes: Vec<Change>,
}

/// A file and which of its states.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FileVersion {
    pub(crate) uri: String,
    #[serde(default)]
    pub(crate) version: Option<i64>,
}

/// Any message about one file: closed, saved, its outline.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AboutFile {
    pub(crate) text_document: FileVersion,
}

/// Any question about a place in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AboutPlace {
    pub(crate) text_document: FileVersion,
    pub(crate) position: Position,
}

/// What can be mended in a part of a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AboutSpan {
    pub(crate) text_document: FileVersion,
    pub(crate) range: Span,
}

/// Files that changed on disk.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Watched {
    pub(crate) changes: Vec<FileVersion>,
}

/// A mistake as the editor shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Mistake {
    pub(crate) range: Span,
    pub(crate) severity: u8,
    pub(crate) code: String,
    pub(crate) source: &'static str,
    pub(crate) message: String,
}

/// Of [`Mistake::severity`].
pub(crate) const ERROR: u8 = 1;
/// Of [`Mistake::severity`].
pub(crate) const WARNING: u8 = 2;

/// Something that may be written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompletionItem {
    pub(crate) label: String,
    pub(crate) kind: u8,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) documentation: Option<Markdown>,
    pub(crate) sort_text: String,
    /// 1 plain, 2 with `$0` where the cursor goes.
    pub(crate) insert_text_format: u8,
    pub(crate) text_edit: Edit,
}

/// Text with marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Markdown {
    kind: &'static str,
    value: String,
}

impl Markdown {
    pub(crate) fn new(value: String) -> Self {
        Self { kind: "markdown", value }
    }
}

/// A change of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Edit {
    pub(crate) range: Span,
    pub(crate) new_text: String,
}

/// A change that mends a mistake.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CodeAction {
    pub(crate) title: String,
    pub(crate) kind: &'static str,
    pub(crate) is_preferred: bool,
    pub(crate) diagnostics: Vec<Mistake>,
    pub(crate) edit: WorkspaceEdit,
}

/// Changes by the addresses of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WorkspaceEdit {
    pub(crate) changes: BTreeMap<String, Vec<Edit>>,
}

/// What is said of the word under the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Hover {
    pub(crate) contents: Markdown,
    pub(crate) range: Span,
}

/// A place in some file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Location {
    pub(crate) uri: String,
    pub(crate) range: Span,
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentSymbol {
    pub(crate) name: String,
    pub(crate) kind: u8,
    pub(crate) range: Span,
    pub(crate) selection_range: Span,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) children: Vec<DocumentSymbol>,
}

/// JSON-RPC's and the protocol's numbers for what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Parse = -32700,
    InvalidRequest = -32600,
    MethodNotFound = -32601,
    InvalidParams = -32602,
    Internal = -32603,
    NotInitialized = -32002,
    Cancelled = -32800,
}

/// The answer to a question.
pub(crate) fn answer(id: &Value, result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

/// The refusal of a question; of bytes that name none, the id is null.
pub(crate) fn refuse(id: &Value, refusal: Refusal, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": refusal as i32, "message": message } })
}

/// Something that the editor is told.
pub(crate) fn tell(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}
