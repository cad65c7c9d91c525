//! The state of one simulated tenant: tables of rows, indexed, with every change remembered so that it can be taken back.
//!
//! A row is kept as the platform shows it; fields that begin with `twin_` are the twin's own and never leave it. Lists go
//! in order of creation, and a cursor stays good when its row is gone. Nothing here knows HTTP or Rhai.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One row.
pub(crate) type Row = serde_json::Map<String, Value>;

/// Fields of this prefix are the twin's own.
pub(crate) const OWN: &str = "twin_";

/// How many changes can be taken back: enough for any stale read, small beside the rows themselves.
const UNDO_MAX: usize = 100_000;

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

/// A change that can be taken back: what stood there before.
#[derive(Debug)]
struct Undo {
    at: Timestamp,
    table: String,
    place: u64,
    before: Option<Arc<Row>>,
}

/// A page of a list, ready for an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Page {
    /// The rows, without the twin's own fields.
    pub(crate) rows: Vec<Value>,
    /// The id to go on after, if there is more.
    pub(crate) next: Option<String>,
}

/// A point in the history of a store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

/// What was rolled back for a look at the past.
#[derive(Debug)]
pub(crate) struct Rewound(Vec<Undo>);

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

    /// Adds a table, or the indexes to one that was restored.
    pub(crate) fn declare(&mut self, name: &str, key: &str, indexed: &[String]) {
        let table = self.tables.entry(name.to_owned()).or_default();
        table.key = key.to_owned();
        table.indexes = indexed.iter().map(|field| (field.clone(), BTreeMap::new())).collect();
        for (place, row) in table.rows.clone() {
            table.index(place, &row);
        }
    }

    pub(crate) fn has_table(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    pub(crate) fn get(&self, table: &str, id: &str) -> Option<Arc<Row>> {
        let table = self.tables.get(table)?;
        table.rows.get(table.places.get(id)?).cloned()
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
        let at = self.tables.get_mut(table)?;
        let id = match row.get(&at.key) {
            Some(Value::Null) | None => (at.next + 1).to_string(),
            Some(id) => word(id),
        };
        row.entry(at.key.clone()).or_insert_with(|| Value::String(id.clone()));
        let place = at.places.get(&id).copied().unwrap_or_else(|| {
            at.next += 1;
            at.places.insert(id.clone(), at.next);
            at.next
        });
        self.write(table, place, Some(Arc::new(row)));
        Some(id)
    }

    /// Sets fields of a row. False when there is no such row.
    pub(crate) fn set(&mut self, table: &str, id: &str, fields: Row) -> bool {
        let Some(place) = self.tables.get(table).and_then(|at| at.places.get(id)).copied() else {
            return false;
        };
        let Some(row) = self.get(table, id) else { return false };
        let mut row = (*row).clone();
        row.extend(fields);
        self.write(table, place, Some(Arc::new(row)));
        true
    }

    /// Removes a row. False when there is no such row.
    pub(crate) fn remove(&mut self, table: &str, id: &str) -> bool {
        let Some(place) = self.tables.get(table).and_then(|at| at.places.get(id)).copied() else {
            return false;
        };
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
        self.tables.get(table).map(|at| at.select(filter, 0).count()).unwrap_or_default()
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
            let now = self.tables.get(&undo.table).and_then(|at| at.rows.get(&undo.place));
            undo.before.iter().chain(now)
        });
        rows.filter_map(|row| row.get(field).and_then(Value::as_str).map(str::to_owned)).collect()
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
        Rewound(back)
    }

    /// Comes back from a look at the past. What was written there is lost.
    pub(crate) fn forward(&mut self, rewound: Rewound) {
        for redo in rewound.0.into_iter().rev() {
            let undo = self.apply(redo);
            self.undo.extend(undo);
        }
    }

    /// Puts back what stood there; gives the change that reverses this one.
    fn apply(&mut self, undo: Undo) -> Option<Undo> {
        let before = self.tables.get_mut(&undo.table)?.replace(undo.place, undo.before)?;
        Some(Undo { before, ..Undo { at: undo.at, table: undo.table, place: undo.place, before: None } })
    }

    /// Forgets how the state came about: after seeding.
    pub(crate) fn settle(&mut self) {
        self.forgotten += self.undo.len() as u64;
        self.undo.clear();
    }

    /// Every table as a list of rows, the twin's own fields included.
    pub(crate) fn dump(&self) -> Value {
        let tables = self.tables.iter().map(|(name, table)| {
            let rows = table.rows.values().map(|row| Value::Object((**row).clone())).collect();
            (name.clone(), Value::Array(rows))
        });
        Value::Object(tables.collect())
    }

    pub(crate) fn tables(&self) -> &BTreeMap<String, Table> {
        &self.tables
    }

    /// Takes over tables that were kept; their indexes come with [`Store::declare`].
    pub(crate) fn restore(&mut self, tables: BTreeMap<String, Table>) {
        for (name, mut kept) in tables {
            if let Some(table) = self.tables.get_mut(&name) {
                std::mem::swap(&mut kept.indexes, &mut table.indexes);
                table.rows.clear();
                *table = kept;
                let fields: Vec<String> = table.indexes.keys().cloned().collect();
                let key = table.key.clone();
                self.declare(&name, &key, &fields);
            }
        }
    }
}

impl Table {
    /// Puts a row in a place, or empties it. Gives what stood there, or nothing when that is the same.
    fn replace(&mut self, place: u64, row: Option<Arc<Row>>) -> Option<Option<Arc<Row>>> {
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
    fn after(&self, id: Option<&str>) -> u64 {
        id.map_or(0, |id| self.places.get(id).map_or(u64::MAX, |place| place + 1))
    }

    /// The first of these rows as a page.
    fn cut<'a>(&self, mut rows: impl Iterator<Item = (u64, &'a Arc<Row>)>, limit: usize) -> Page {
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

    fn id_of(&self, row: &Row) -> String {
        row.get(&self.key).map(word).unwrap_or_default()
    }

    /// The rows with these values from this place on: by an index where a field has one.
    fn select<'a>(
        &'a self,
        filter: &'a Row,
        from: u64,
    ) -> Box<dyn Iterator<Item = (u64, &'a Arc<Row>)> + 'a> {
        let fits = move |row: &Row| filter.iter().all(|(field, value)| row.get(field) == Some(value));
        let indexed = filter.iter().find_map(|(field, value)| Some((self.indexes.get(field)?, word(value))));
        match indexed {
            Some((index, value)) => match index.get(&value) {
                Some(places) => Box::new(
                    places
                        .range(from..)
                        .filter_map(|place| self.rows.get(place).map(|row| (*place, row)))
                        .filter(move |(_, row)| fits(row)),
                ),
                None => Box::new(std::iter::empty()),
            },
            None => Box::new(
                self.rows.range(from..).map(|(place, row)| (*place, row)).filter(move |(_, row)| fits(row)),
            ),
        }
    }
}

/// A value as the text by which it is indexed.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A row without the twin's own fields.
pub(crate) fn shown(row: &Row) -> Value {
    let fields = row.iter().filter(|(field, _)| !field.starts_with(OWN));
    Value::Object(fields.map(|(field, value)| (field.clone(), value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn store() -> Store {
        let mut store = Store::default();
        store.declare("tokens", "id", &["app".to_owned()]);
        for n in 0..5 {
            store.put(
                "tokens",
                row(json!({ "id": format!("t{n}"), "app": if n == 3 { "b" } else { "a" }, "twin_x": 1 })),
            );
        }
        store.settle();
        store
    }

    fn row(value: Value) -> Row {
        value.as_object().cloned().expect("a map")
    }

    fn ids(page: &Page) -> Vec<&str> {
        page.rows.iter().filter_map(|row| row["id"].as_str()).collect()
    }

    #[test]
    fn a_cursor_outlives_its_row_and_own_fields_stay_inside() {
        let mut store = store();
        let first = store.page("tokens", &row(json!({ "app": "a" })), None, 0, 2);
        assert_eq!((ids(&first), first.next.as_deref()), (vec!["t0", "t1"], Some("t1")));
        assert!(first.rows[0].get("twin_x").is_none());
        assert!(store.remove("tokens", "t1"));
        let second = store.page("tokens", &row(json!({ "app": "a" })), Some("t1"), 0, 2);
        assert_eq!((ids(&second), second.next.as_deref()), (vec!["t2", "t4"], None));
    }

    #[test]
    fn only_real_changes_count_and_all_of_them_can_be_taken_back() {
        let mut store = store();
        let mark = store.mark();
        assert!(!store.remove("tokens", "nobody"));
        assert!(store.set("tokens", "t0", row(json!({ "app": "a" }))));
        assert!(!store.changed(mark), "setting what is there changes nothing");
        assert_eq!(store.remove_all("tokens", &row(json!({ "app": "a" }))), 4);
        assert!(store.changed(mark));
        store.roll_back(mark);
        assert!(!store.changed(mark));
        assert_eq!(store.count("tokens", &row(json!({ "app": "a" }))), 4);
    }

    #[test]
    fn the_past_can_be_looked_at() {
        let mut store = store();
        store.set_now(Timestamp::from_second(100).expect("time"));
        store.remove("tokens", "t0");
        store.set_now(Timestamp::from_second(200).expect("time"));
        store.remove("tokens", "t1");
        let past = store.rewind(Timestamp::from_second(150).expect("time"));
        assert!(store.get("tokens", "t0").is_none() && store.get("tokens", "t1").is_some());
        store.forward(past);
        assert!(store.get("tokens", "t1").is_none());
        let past = store.rewind(Timestamp::from_second(0).expect("time"));
        assert_eq!(store.count("tokens", &Row::new()), 5);
        store.forward(past);
        assert_eq!(store.count("tokens", &Row::new()), 3);
    }
}
