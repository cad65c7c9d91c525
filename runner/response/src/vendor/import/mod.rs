//! A register out of somebody's spreadsheet: rows become entries, and what the register says already stays as it is.
//!
//! The whole file is read before anything is merged: a row with a mistake keeps all of them out. It writes nothing itself.

mod columns;
mod merge;

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value, json};
use stanch_model::{Diagnostic, diagnostic::did_you_mean};

use super::Register;
use columns::{Cell, Column, Place};

/// What is wrong with a spreadsheet, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The line in the file, from 1; the head is the first.
    pub line: u64,
    /// The column as the head names it; empty where it is about the row.
    pub column: String,
    /// What is wrong.
    pub why: String,
    /// The way out.
    pub help: Option<String>,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.column.is_empty() {
            write!(f, ", column `{}`", self.column)?;
        }
        write!(f, ": {}", self.why)?;
        self.help.iter().try_for_each(|help| write!(f, " ({help})"))
    }
}

/// Why nothing is merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Rows with mistakes.
    Rows(Vec<RowError>),
    /// The register as it stands, or as it would stand, has mistakes.
    Register(Vec<Diagnostic>),
    /// This entry is written in a way that cannot be added to without touching what is there.
    Entry(String),
}

/// A field that the spreadsheet says otherwise than the register.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Kept {
    /// The vendor's name in the register.
    pub vendor: String,
    /// The field.
    pub field: String,
    /// What stands in the register, and stays.
    pub here: Value,
    /// What the spreadsheet says.
    pub there: Value,
}

/// The register with the spreadsheet's rows in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The file's new text; comments and layout are those that it had.
    pub text: String,
    /// Entries that are new.
    pub added: Vec<String>,
    /// Entries that say more than before.
    pub extended: Vec<String>,
    /// What the register goes on to say.
    pub kept: Vec<Kept>,
}

/// Merges a spreadsheet (comma, semicolon or tab) into a register. `columns` gives columns with other heads their field:
/// `("Sec. Mail", "contact_mail")`, and `("Colour", "-")` leaves one out.
///
/// # Errors
/// Every mistake of the spreadsheet, or what is wrong with the register before or after.
pub fn merge(file: &str, register: &str, csv: &str, columns: &[(String, String)]) -> Result<Merged, Refused> {
    let known = Register::load(file, register).map_err(Refused::Register)?;
    let wanted = read(csv, columns, &known)?;
    let merged = merge::into(file, register, &wanted)?;
    Register::load(file, &merged.text).map_err(Refused::Register)?;
    Ok(merged)
}

/// What the rows say, entry by entry.
fn read(
    csv: &str,
    columns: &[(String, String)],
    known: &Register,
) -> Result<BTreeMap<String, Map<String, Value>>, Refused> {
    let csv = csv.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(csv.lines().next().unwrap_or_default()))
        .trim(csv::Trim::All)
        .from_reader(csv.as_bytes());
    let broken = |why: &csv::Error| {
        let line = why.position().map_or(1, csv::Position::line);
        let why = match why.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("the row has {len} cells and the head {expected_len}")
            }
            _ => why.to_string(),
        };
        RowError { line, column: String::new(), why, help: None }
    };
    let head = reader.headers().map_err(|why| Refused::Rows(vec![broken(&why)]))?.clone();
    let heads = heads(&head, columns)?;
    let (mut wanted, mut wrong) = (BTreeMap::new(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) if record.iter().all(str::is_empty) => {}
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                row(line, &record, &heads, known, &mut wanted, &mut wrong);
            }
            Err(why) => wrong.push(broken(&why)),
        }
    }
    for (slug, (line, entry)) in &wanted {
        let writable = |entry: &Map<String, Value>| {
            let contacts = entry.get("contacts").and_then(Value::as_array);
            contacts.into_iter().flatten().any(|contact| contact.get("mail").is_some())
        };
        if !known.vendors().contains_key(slug) && !writable(entry) {
            let why = format!("`{slug}` is new, and no row of it has a mail address to write to");
            let help = Some("give it a column `contact_mail`".to_owned());
            wrong.push(RowError { line: *line, column: String::new(), why, help });
        }
    }
    wrong.sort_by_key(|error| error.line);
    if wrong.is_empty() {
        Ok(wanted.into_iter().map(|(slug, (_, entry))| (slug, entry)).collect())
    } else {
        Err(Refused::Rows(wrong))
    }
}

/// What separates the cells: whichever the head has most of.
fn delimiter(head: &str) -> u8 {
    let count = |of: u8| head.bytes().filter(|byte| *byte == of).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|of| (count(*of), *of == b',')).unwrap_or(b',')
}

/// A column of the file with its field; `None` for one that is left out.
type Heads = Vec<(String, Option<&'static Column>)>;

fn heads(head: &csv::StringRecord, columns: &[(String, String)]) -> Result<Heads, Refused> {
    let mut wrong = Vec::new();
    let mut found = Heads::new();
    for name in head {
        let renamed =
            columns.iter().find(|(from, _)| from.eq_ignore_ascii_case(name)).map(|(_, to)| to.as_str());
        let column = columns::named(renamed.unwrap_or(name));
        if column.is_none() && renamed != Some("-") {
            let why = format!("no field is called `{}`", renamed.unwrap_or(name));
            let near = did_you_mean(&columns::plain(name), columns::all().map(|column| column.name));
            let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
            let help = Some(format!("{near}--column \"{name}=FIELD\" names it, \"{name}=-\" leaves it out"));
            wrong.push(RowError { line: 1, column: name.to_owned(), why, help });
        }
        if let Some(one) = column
            && found.iter().any(|(_, known)| known.is_some_and(|known| known.name == one.name))
        {
            let why = format!("a second column for `{}`", one.name);
            wrong.push(RowError { line: 1, column: name.to_owned(), why, help: None });
        }
        found.push((name.to_owned(), column));
    }
    let named = |field: &str| found.iter().any(|(_, column)| column.is_some_and(|one| one.name == field));
    if !named("vendor") && !named("name") {
        let why = "no column says which vendor a row is about".to_owned();
        let help = Some("name one `vendor` or `name`".to_owned());
        wrong.push(RowError { line: 1, column: String::new(), why, help });
    }
    if wrong.is_empty() { Ok(found) } else { Err(Refused::Rows(wrong)) }
}

type Wanted = BTreeMap<String, (u64, Map<String, Value>)>;

fn row(
    line: u64,
    record: &csv::StringRecord,
    heads: &[(String, Option<&'static Column>)],
    known: &Register,
    wanted: &mut Wanted,
    wrong: &mut Vec<RowError>,
) {
    let mut cells: Vec<(&'static Column, Value)> = Vec::new();
    for ((head, column), text) in heads.iter().zip(record) {
        let Some(column) = column.filter(|_| !text.is_empty()) else { continue };
        match column.cell.read(text) {
            Ok(value) => cells.push((column, value)),
            Err((why, help)) => wrong.push(RowError { line, column: head.clone(), why, help }),
        }
    }
    let said = |field: &str| {
        let cell = cells.iter().find(|(column, _)| column.name == field);
        cell.and_then(|(_, value)| value.as_str()).unwrap_or_default().to_owned()
    };
    let (slug, name) = (said("vendor"), said("name"));
    let called = if slug.is_empty() { &name } else { &slug };
    let slug = known.find(called).map_or_else(|| columns::slug(called), |(slug, _)| slug.to_owned());
    if slug.is_empty() {
        let why = "the row names no vendor".to_owned();
        return wrong.push(RowError { line, column: String::new(), why, help: None });
    }
    let is_new = !known.vendors().contains_key(&slug);
    let (_, entry) = wanted.entry(slug.clone()).or_insert_with(|| (line, Map::new()));
    if is_new && called != &slug && name.is_empty() {
        put(entry, &["name"], json!(called), &Cell::Text);
    }
    let (mut contact, mut access) = (Map::new(), Map::new());
    for (column, value) in cells {
        match column.place {
            Place::Slug => {}
            Place::Field(path) => put(entry, path, value, &column.cell),
            Place::Contact(field) => _ = contact.insert(field.to_owned(), value),
            Place::Access(field) => _ = access.insert(field.to_owned(), value),
        }
    }
    for (list, item) in [("contacts", contact), ("access", access)] {
        let items = entry.entry(list).or_insert_with(|| json!([]));
        if let Some(items) = items.as_array_mut()
            && !item.is_empty()
            && !items.contains(&Value::Object(item.clone()))
        {
            items.push(Value::Object(item));
        }
    }
    entry.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
}

/// Puts a value at its place; rows of one vendor add to its lists, and the first word about anything else stands.
fn put(entry: &mut Map<String, Value>, path: &[&str], value: Value, cell: &Cell) {
    let Some((last, above)) = path.split_last() else { return };
    let mut map = entry;
    for step in above {
        let inner = map.entry(*step).or_insert_with(|| json!({}));
        let Some(inner) = inner.as_object_mut() else { return };
        map = inner;
    }
    match (map.get_mut(*last), cell, value) {
        (Some(Value::Array(known)), Cell::List, Value::Array(more)) => {
            more.into_iter().for_each(|one| {
                if !known.contains(&one) {
                    known.push(one);
                }
            });
        }
        (Some(_), ..) => {}
        (None, _, value) => _ = map.insert((*last).to_owned(), value),
    }
}

#[cfg(test)]
mod tests;
