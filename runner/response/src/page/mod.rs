//! A page for people: sections of text, lists, tables and pictures. Every writer writes this, so that all of them carry the
//! same facts; a picture shows nothing that no text says.
//!
//! What a page says is its maker's. Nothing here fetches, runs or reads anything; text becomes HTML and Markdown at one
//! place each.

mod html;
mod markdown;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use html::{escape, tone};

/// The whole.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it is about.
    pub title: String,
    /// What kind of thing this is, in a line.
    pub kind: String,
    /// What must not be missed, at the very top.
    pub band: Option<Band>,
    /// The answer in a sentence, where there is one.
    pub verdict: Option<(Tone, String)>,
    /// Figures that stand at the top: a name and a value.
    pub heads: Vec<(String, String, Tone)>,
    /// The rest, in order.
    pub sections: Vec<Section>,
}

/// The band at the very top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// It was a drill.
    Exercise,
    /// It was real.
    Live,
}

/// A part of a page under a title.
#[derive(Clone, Debug)]
pub struct Section {
    /// The title.
    pub title: &'static str,
    /// True where it begins on a page of its own when it is printed.
    pub apart: bool,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug)]
pub enum Block {
    /// A paragraph.
    Text(Cell),
    /// A title within a section.
    Heading(Cell),
    /// A name, and what is said of it.
    Facts(Vec<(String, Cell)>),
    /// Points.
    List(Vec<Cell>),
    /// Rows under a head.
    Table(Table),
    /// Text as it is, in lines.
    Lines(String),
    /// What a person does and ticks off.
    Checks(Vec<Check>),
    /// A picture.
    Picture(Picture),
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The names of the columns.
    pub head: &'static [&'static str],
    /// As many cells a row as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// One thing to do by hand, with boxes for who did it and when.
#[derive(Clone, Debug)]
pub struct Check {
    /// What to do.
    pub what: Cell,
    /// What to type or to send, as it is.
    pub lines: Option<String>,
    /// What else is to be known, each in a line.
    pub notes: Vec<Cell>,
}

/// A picture and what stands in its place where none can be drawn.
#[derive(Clone, Debug)]
pub struct Picture {
    /// SVG that nobody else's words got into without [`escape`].
    pub svg: String,
    /// What it shows, in a line.
    pub shows: String,
    /// In Markdown.
    pub instead: Instead,
}

/// What Markdown has for a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Nothing: every figure of it stands in a table.
    Nothing,
    /// The same as lines of text.
    Lines(String),
    /// A file beside the page.
    File(String),
}

/// What stands in a line, a cell, an item.
pub type Cell = Vec<Inline>;

/// A piece of a line.
#[derive(Clone, Debug)]
pub enum Inline {
    /// Text.
    Text(String),
    /// Text of less weight.
    Faint(String),
    /// As it is typed.
    Code(String),
    /// A word with a colour, which is never all that says it.
    Word(Tone, String),
    /// An address on the web; shown as it is.
    Link(String),
}

/// How good something is: never told by colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Neither.
    #[default]
    Plain,
    /// As hoped for.
    Good,
    /// Partly.
    Warn,
    /// Not.
    Bad,
}

/// A line of plain text.
pub fn text(text: impl Into<String>) -> Cell {
    vec![Inline::Text(text.into())]
}

/// A line as it is typed.
pub fn code(text: impl Into<String>) -> Cell {
    vec![Inline::Code(text.into())]
}

/// Text of less weight.
pub fn faint(text: impl Into<String>) -> Inline {
    Inline::Faint(text.into())
}

/// A word with a colour.
pub fn word(tone: Tone, text: impl Into<String>) -> Inline {
    Inline::Word(tone, text.into())
}

impl Section {
    /// A section.
    pub fn new(title: &'static str, blocks: Vec<Block>) -> Self {
        Self { title, apart: false, blocks }
    }
}

impl Document {
    /// As Markdown.
    pub fn markdown(&self) -> String {
        markdown::write(self)
    }

    /// As one HTML file that needs nothing else: no script, nothing fetched.
    pub fn html(&self) -> String {
        html::write(self)
    }
}
