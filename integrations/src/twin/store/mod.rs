//! The state of one simulated tenant: tables of rows, indexed, with every change remembered so that it can be taken back.
//!
//! A row is kept as the platform shows it; fields that begin with `twin_` are the twin's own and never leave it. Lists go
//! in order of creation, and a cursor stays good when its row is gone. Nothing here knows HTTP or Rhai.

mod table;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::Value;

pub(crate) use table::{OWN, Page, Row, Table};

/// How many changes can be taken back: enough for any stale read, small beside the rows themselves.
const UNDO_MAX: usize = 100_000;

/// A change that can be taken back: what stood there before.
#[derive(Debug)]
struct Undo {
    at: Timestamp,
    table: String,
    place: u64,
    before: Option<Arc<Row>>,
}

/// A row that works on although it is gone: table, id, what it was, until when.
pub(crate) type Lingers = (String, String, Arc<Row>, Timestamp);

/// A point in the history of a store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

/// What was rolled back for a look at the past.
#[derive(Debug)]
pub(crate) struct Rewound {
    redo: Vec<Undo>,
    then: Mark,
}

/// All tables of one tenant.
#[derive(Debug, Default)]
pub(crate) struct Store {
    tables: BTreeMap<String, Table>,
    undo: VecDeque<Undo>,
    forgotten: u64,
    now: Timestamp,
    /// Rows that are gone from every list but whose access still works: (table, id) to (row, until).
    lingering: BTreeMap<(String, String), (Arc<Row>, Timestamp)>,
}

impl Store {
    /// The time that further changes bear.
    pub(crate) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Adds a table.
    pub(crate) fn declare(&mut self, name: &str, key: &str, indexed: &[String]) {
        self.tables.entry(name.to_owned()).or_default().declare(key, indexed);
    }

    pub(crate) fn has_table(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    pub(crate) fn get(&self, table: &str, id: &str) -> Option<Arc<Row>> {
        let table = self.tables.get(table)?;
        table.row(table.place(id)?).cloned()
    }

    /// As `get`, but also what lingers.
    pub(crate) fn alive(&self, table: &str, id: &str) -> Option<Arc<Row>> {
        let lingering = self.lingering.get(&(table.to_owned(), id.to_owned()));
        match lingering.filter(|(_, until)| self.now < *until) {
            Some((row, _)) => Some(row.clone()),
            None => self.get(table, id),
        }
    }

    /// As `first`, but also what lingers.
    pub(crate) fn alive_by(&self, table: &str, field: &str, value: &str) -> Option<Arc<Row>> {
        let holds = |row: &Row| row.get(field).and_then(Value::as_str) == Some(value);
        let lingering = self
            .lingering
            .iter()
            .find(|((name, _), (row, until))| name == table && self.now < *until && holds(row));
        let filter = || Row::from_iter([(field.to_owned(), Value::from(value))]);
        lingering.map(|(_, (row, _))| row.clone()).or_else(|| self.first(table, &filter()))
    }

    /// Adds a row, or replaces the one with its id. A row without an id is numbered. Gives the id.
    pub(crate) fn put(&mut self, table: &str, mut row: Row) -> Option<String> {
        let (id, place) = self.tables.get_mut(table)?.admit(&mut row);
        self.write(table, place, Some(Arc::new(row)));
        Some(id)
    }

    /// Adds a row under this id.
    pub(crate) fn put_as(&mut self, table: &str, id: &str, mut row: Row) {
        if let Some(at) = self.tables.get(table) {
            row.insert(at.key().to_owned(), id.into());
        }
        self.put(table, row);
    }

    /// Sets fields of a row. False when there is no such row.
    pub(crate) fn set(&mut self, table: &str, id: &str, fields: Row) -> bool {
        let Some(place) = self.tables.get(table).and_then(|at| at.place(id)) else { return false };
        let Some(row) = self.get(table, id) else { return false };
        let mut row = (*row).clone();
        row.extend(fields);
        self.write(table, place, Some(Arc::new(row)));
        true
    }

    /// Removes a row. False when there is no such row.
    pub(crate) fn remove(&mut self, table: &str, id: &str) -> bool {
        let Some(place) = self.tables.get(table).and_then(|at| at.place(id)) else { return false };
        self.write(table, place, None)
    }

    /// Removes all rows with these values. Gives how many.
    pub(crate) fn remove_all(&mut self, table: &str, filter: &Row) -> usize {
        let places: Vec<u64> = self
            .tables
            .get(table)
            .map(|at| at.select(filter, 0).map(|(place, _)| place).collect())
            .unwrap_or_default();
        places.into_iter().filter(|place| self.write(table, *place, None)).count()
    }

    /// The rows with these values, whole, in order.
    pub(crate) fn all(&self, table: &str, filter: &Row) -> Vec<Arc<Row>> {
        self.tables
            .get(table)
            .map(|at| at.select(filter, 0).map(|(_, row)| row.clone()).collect())
            .unwrap_or_default()
    }

    /// The first row with these values.
    pub(crate) fn first(&self, table: &str, filter: &Row) -> Option<Arc<Row>> {
        self.tables.get(table)?.select(filter, 0).next().map(|(_, row)| row.clone())
    }

    pub(crate) fn count(&self, table: &str, filter: &Row) -> usize {
        self.tables.get(table).map(|at| at.count(filter)).unwrap_or_default()
    }

    /// One page of the rows with these values, after the row with this id, without the first `skip`.
    pub(crate) fn page(
        &self,
        table: &str,
        filter: &Row,
        after: Option<&str>,
        skip: usize,
        limit: usize,
    ) -> Page {
        let Some(table) = self.tables.get(table) else { return Page::default() };
        table.cut(table.select(filter, table.after(after)).skip(skip), limit)
    }

    /// As `page`, of those rows that also pass a test.
    pub(crate) fn matching(
        &self,
        table: &str,
        filter: &Row,
        test: &dyn Fn(&Row) -> bool,
        after: Option<&str>,
        limit: usize,
    ) -> Page {
        let Some(table) = self.tables.get(table) else { return Page::default() };
        table.cut(table.select(filter, table.after(after)).filter(|(_, row)| test(row)), limit)
    }

    fn write(&mut self, table: &str, place: u64, row: Option<Arc<Row>>) -> bool {
        let Some(at) = self.tables.get_mut(table) else { return false };
        let Some(before) = at.replace(place, row) else { return false };
        self.undo.push_back(Undo { at: self.now, table: table.to_owned(), place, before });
        if self.undo.len() > UNDO_MAX {
            self.undo.pop_front();
            self.forgotten += 1;
        }
        true
    }

    /// Here and now, to come back to.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.forgotten + self.undo.len() as u64)
    }

    fn since(&self, mark: Mark) -> impl Iterator<Item = &Undo> {
        let from = usize::try_from(mark.0.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        self.undo.iter().skip(from)
    }

    /// Whether a row differs from what it was then. Rows of `log_` tables do not count: they only tell what happened.
    pub(crate) fn changed(&self, mark: Mark) -> bool {
        self.since(mark).any(|undo| !undo.table.starts_with("log_"))
    }

    /// What the rows that changed since then say in this field, before or after the change.
    pub(crate) fn touched(&self, mark: Mark, field: &str) -> BTreeSet<String> {
        let rows = self.since(mark).flat_map(|undo| {
            let now = self.tables.get(&undo.table).and_then(|at| at.row(undo.place));
            undo.before.iter().chain(now)
        });
        rows.filter_map(|row| row.get(field).and_then(Value::as_str).map(str::to_owned)).collect()
    }

    /// The rows that changed since then, as they stand now, each once; without a point in history all that is remembered.
    pub(crate) fn changes(&self, mark: Option<Mark>) -> Vec<(String, u64, Option<Arc<Row>>)> {
        let places: BTreeSet<(&str, u64)> =
            self.since(mark.unwrap_or(Mark(0))).map(|undo| (undo.table.as_str(), undo.place)).collect();
        let row = |(table, place): (&str, u64)| {
            let row = self.tables.get(table).and_then(|at| at.row(place)).cloned();
            (table.to_owned(), place, row)
        };
        places.into_iter().map(row).collect()
    }

    /// What lingers: table, id, row, until.
    pub(crate) fn lingering(&self) -> Vec<Lingers> {
        let kept = self.lingering.iter();
        kept.map(|((table, id), (row, until))| (table.clone(), id.clone(), row.clone(), *until)).collect()
    }

    /// Puts back what lingered.
    pub(crate) fn linger_again(&mut self, kept: Vec<Lingers>) {
        self.lingering =
            kept.into_iter().map(|(table, id, row, until)| ((table, id), (row, until))).collect();
    }

    /// Puts back rows as they were kept.
    pub(crate) fn keep(&mut self, rows: Vec<(String, u64, Option<Arc<Row>>)>) {
        for (table, place, row) in rows {
            if let Some(table) = self.tables.get_mut(&table) {
                table.keep(place, row);
            }
        }
    }

    /// Whether a row with this field lingers.
    pub(crate) fn lingers(&self, field: &str, value: &str) -> bool {
        let is = |row: &Row| row.get(field).and_then(Value::as_str) == Some(value);
        self.lingering.values().any(|(row, until)| self.now < *until && is(row))
    }

    /// What changed since then keeps working until this time, though no list shows it.
    pub(crate) fn linger(&mut self, mark: Mark, until: Timestamp) {
        let rows: Vec<_> = self
            .since(mark)
            .filter_map(|undo| {
                let row = undo.before.clone()?;
                let id = self.tables.get(&undo.table)?.id_of(&row);
                Some(((undo.table.clone(), id), (row, until)))
            })
            .collect();
        self.lingering.extend(rows);
    }

    /// Takes back everything since then, for good.
    pub(crate) fn roll_back(&mut self, mark: Mark) {
        while self.forgotten + (self.undo.len() as u64) > mark.0 {
            let Some(undo) = self.undo.pop_back() else { return };
            self.apply(undo);
        }
    }

    /// Goes back to the state at this time, until [`Store::forward`].
    pub(crate) fn rewind(&mut self, to: Timestamp) -> Rewound {
        let mut back = Vec::new();
        while self.undo.back().is_some_and(|undo| undo.at > to) {
            let Some(undo) = self.undo.pop_back() else { break };
            back.extend(self.apply(undo));
        }
        Rewound { redo: back, then: self.mark() }
    }

    /// Comes back from a look at the past. What was written there is lost.
    pub(crate) fn forward(&mut self, rewound: Rewound) {
        self.roll_back(rewound.then);
        for redo in rewound.redo.into_iter().rev() {
            let undo = self.apply(redo);
            self.undo.extend(undo);
        }
    }

    /// Puts back what stood there; gives the change that reverses this one.
    fn apply(&mut self, undo: Undo) -> Option<Undo> {
        let Undo { at, table, place, before } = undo;
        let before = self.tables.get_mut(&table)?.replace(place, before)?;
        Some(Undo { at, table, place, before })
    }

    /// Forgets how the state came about: after seeding.
    pub(crate) fn settle(&mut self) {
        self.forgotten += self.undo.len() as u64;
        self.undo.clear();
    }

    /// Every table as a list of rows, the twin's own fields included.
    pub(crate) fn dump(&self) -> Value {
        let tables = self.tables.iter().map(|(name, table)| {
            let rows = table.rows().map(|row| Value::Object((**row).clone())).collect();
            (name.clone(), Value::Array(rows))
        });
        Value::Object(tables.collect())
    }

    pub(crate) fn tables(&self) -> &BTreeMap<String, Table> {
        &self.tables
    }

    /// Takes over tables that were kept. What the script no longer declares is dropped.
    pub(crate) fn restore(&mut self, tables: BTreeMap<String, Table>) {
        for (name, kept) in tables {
            if let Some(table) = self.tables.get_mut(&name) {
                table.restore(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests;
