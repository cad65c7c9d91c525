//! One table: rows in order of creation, found by id, by index or one after the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One row.
pub(crate) type Row = serde_json::Map<String, Value>;

/// Fields of this prefix are the twin's own.
pub(crate) const OWN: &str = "twin_";

/// One table.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Table {
    key: String,
    rows: BTreeMap<u64, Arc<Row>>,
    /// Also of rows that are gone: a cursor may point at one.
    places: BTreeMap<String, u64>,
    next: u64,
    #[serde(skip)]
    indexes: BTreeMap<String, BTreeMap<String, BTreeSet<u64>>>,
}

/// A page of a list, ready for an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Page {
    /// The rows, without the twin's own fields.
    pub(crate) rows: Vec<Value>,
    /// The id to go on after, if there is more.
    pub(crate) next: Option<String>,
}

impl Table {
    /// Names the key and the indexed fields, and indexes what is there.
    pub(super) fn declare(&mut self, key: &str, indexed: &[String]) {
        self.key = key.to_owned();
        self.indexes = indexed.iter().map(|field| (field.clone(), BTreeMap::new())).collect();
        for (place, row) in self.rows.clone() {
            self.index(place, &row);
        }
    }

    /// Takes over what was kept of this table.
    pub(super) fn restore(&mut self, kept: Self) {
        let indexed: Vec<String> = self.indexes.keys().cloned().collect();
        let key = std::mem::take(&mut self.key);
        *self = kept;
        self.declare(&key, &indexed);
    }

    /// The field that holds a row's id.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The place that this id has or had.
    pub(super) fn place(&self, id: &str) -> Option<u64> {
        self.places.get(id).copied()
    }

    /// The row in a place.
    pub(super) fn row(&self, place: u64) -> Option<&Arc<Row>> {
        self.rows.get(&place)
    }

    /// Every row, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.rows.values()
    }

    pub(super) fn count(&self, filter: &Row) -> usize {
        if filter.is_empty() { self.rows.len() } else { self.select(filter, 0).count() }
    }

    /// The id and the place of a row that is to be put; a row without an id is numbered.
    pub(super) fn admit(&mut self, row: &mut Row) -> (String, u64) {
        let id = match row.get(&self.key) {
            Some(Value::Null) | None => (self.next + 1).to_string(),
            Some(id) => word(id),
        };
        row.entry(self.key.clone()).or_insert_with(|| Value::String(id.clone()));
        let place = self.places.get(&id).copied().unwrap_or_else(|| {
            self.next += 1;
            self.places.insert(id.clone(), self.next);
            self.next
        });
        (id, place)
    }

    /// Puts a row in a place, or empties it. Gives what stood there, or nothing when that is the same.
    pub(super) fn replace(&mut self, place: u64, row: Option<Arc<Row>>) -> Option<Option<Arc<Row>>> {
        let before = self.rows.get(&place).cloned();
        if before == row {
            return None;
        }
        if let Some(before) = &before {
            self.unindex(place, before);
        }
        match row {
            Some(row) => {
                self.index(place, &row);
                self.rows.insert(place, row);
            }
            None => {
                self.rows.remove(&place);
            }
        }
        Some(before)
    }

    /// Puts back what stood in a place when it was kept.
    pub(super) fn keep(&mut self, place: u64, row: Option<Arc<Row>>) {
        if let Some(id) = row.as_ref().and_then(|row| row.get(&self.key)).map(word) {
            self.places.insert(id, place);
        }
        self.next = self.next.max(place);
        self.replace(place, row);
    }

    fn index(&mut self, place: u64, row: &Row) {
        for (field, index) in &mut self.indexes {
            if let Some(value) = row.get(field) {
                index.entry(word(value)).or_default().insert(place);
            }
        }
    }

    fn unindex(&mut self, place: u64, row: &Row) {
        for (field, index) in &mut self.indexes {
            let Some(value) = row.get(field).map(word) else { continue };
            if let Some(places) = index.get_mut(&value) {
                places.remove(&place);
                if places.is_empty() {
                    index.remove(&value);
                }
            }
        }
    }

    /// The place behind this id; a list that goes on after a foreign id is empty.
    pub(super) fn after(&self, id: Option<&str>) -> u64 {
        id.map_or(0, |id| self.places.get(id).map_or(u64::MAX, |place| place + 1))
    }

    /// The first of these rows as a page.
    pub(super) fn cut<'a>(&self, mut rows: impl Iterator<Item = (u64, &'a Arc<Row>)>, limit: usize) -> Page {
        let mut page = Page::default();
        for (_, row) in rows.by_ref().take(limit) {
            page.next = Some(self.id_of(row));
            page.rows.push(shown(row));
        }
        if rows.next().is_none() {
            page.next = None;
        }
        page
    }

    pub(super) fn id_of(&self, row: &Row) -> String {
        row.get(&self.key).map(word).unwrap_or_default()
    }

    /// The rows with these values from this place on: by the index that leaves the fewest, where fields have one.
    pub(super) fn select<'a>(
        &'a self,
        filter: &'a Row,
        from: u64,
    ) -> Box<dyn Iterator<Item = (u64, &'a Arc<Row>)> + 'a> {
        let fits = move |row: &Row| {
            filter.iter().all(|(field, value)| row.get(field).is_some_and(|own| is_same(own, value)))
        };
        let nothing = || Box::new(std::iter::empty());
        let mut fewest: Option<&BTreeSet<u64>> = None;
        for (field, value) in filter {
            let Some(index) = self.indexes.get(field) else { continue };
            let Some(places) = index.get(&word(value)) else { return nothing() };
            if fewest.is_none_or(|fewest| places.len() < fewest.len()) {
                fewest = Some(places);
            }
        }
        match fewest {
            Some(places) => {
                let rows =
                    places.range(from..).filter_map(|place| self.rows.get(place).map(|row| (*place, row)));
                Box::new(rows.filter(move |(_, row)| fits(row)))
            }
            None => {
                let rows = self.rows.range(from..).map(|(place, row)| (*place, row));
                Box::new(rows.filter(move |(_, row)| fits(row)))
            }
        }
    }
}

/// Ids are numbers in some tables, and text in every path.
fn is_same(own: &Value, wanted: &Value) -> bool {
    own == wanted || (own.is_number() != wanted.is_number() && !own.is_null() && word(own) == word(wanted))
}

/// A value as the text by which it is indexed.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A row without the twin's own fields.
fn shown(row: &Row) -> Value {
    let fields = row.iter().filter(|(field, _)| !field.starts_with(OWN));
    Value::Object(fields.map(|(field, value)| (field.clone(), value.clone())).collect())
}
