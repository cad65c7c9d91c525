//! The part of SOQL that response work needs: SELECT, FROM, WHERE with AND, OR, NOT, comparisons, LIKE and IN, ORDER BY, LIMIT, OFFSET.
//!
//! An object is a table of the same name. Errors carry Salesforce's own codes.
//! Source: <https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/>

mod parse;
mod words;

use std::{cmp::Ordering, sync::Arc};

use serde_json::{Value, json};

use super::store::{Row, Store};
use parse::{Condition, Query, Test};

/// Why a query is refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SoqlError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// True for `SELECT COUNT() FROM …`: the answer is a number, not rows.
pub(crate) fn counts(query: &str) -> bool {
    parse::query(query).is_ok_and(|query| query.count)
}

/// Which rows a caller sees.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sight<'a> {
    /// All of them.
    All,
    /// Those that bear this value in this field.
    Own { field: &'a str, value: &'a str },
    /// None.
    Nothing,
}

/// The records of a query, at most this many.
///
/// # Errors
/// `MALFORMED_QUERY`, `INVALID_TYPE` and `INVALID_FIELD`, as Salesforce has them.
pub(crate) fn run(
    query: &str,
    store: &Store,
    most: usize,
    sight: Sight<'_>,
) -> Result<Vec<Value>, SoqlError> {
    let query = parse::query(query)?;
    if !store.has_table(&query.object) {
        let message = format!("sObject type '{}' is not supported.", query.object);
        return Err(SoqlError { code: "INVALID_TYPE", message });
    }
    let rows = store.all(&query.object, &narrowed(&query));
    if let Some(row) = store.first(&query.object, &Row::new()) {
        known_fields(&query, &row)?;
    }
    let seen = |row: &Arc<Row>| match sight {
        Sight::All => true,
        Sight::Own { field, value } => row.get(field).and_then(Value::as_str) == Some(value),
        Sight::Nothing => false,
    };
    let mut rows: Vec<Arc<Row>> = rows
        .into_iter()
        .filter(seen)
        .filter(|row| query.filter.as_ref().is_none_or(|filter| holds(filter, row)))
        .collect();
    rows.sort_by(|a, b| ordered(&query, a, b));
    let limit = query.limit.unwrap_or(usize::MAX).min(most);
    Ok(rows.iter().skip(query.offset).take(limit).map(|row| record(&query, row)).collect())
}

/// Equalities that every row must meet and that an index can answer: ids are compared exactly, other text is not.
fn narrowed(query: &Query) -> Row {
    let mut row = Row::new();
    let mut left: Vec<&Condition> = query.filter.iter().collect();
    while let Some(condition) = left.pop() {
        match condition {
            Condition::All(parts) => left.extend(parts),
            Condition::Field(field, Test::Equal(value)) if field.ends_with("Id") && value.is_string() => {
                row.insert(field.clone(), value.clone());
            }
            _ => {}
        }
    }
    row
}

fn known_fields(query: &Query, row: &Row) -> Result<(), SoqlError> {
    let mut used: Vec<&String> =
        query.fields.iter().chain(query.order.iter().map(|(field, _)| field)).collect();
    if let Some(filter) = &query.filter {
        filter.fields(&mut used);
    }
    match used.iter().find(|field| !row.contains_key(field.split('.').next().unwrap_or_default())) {
        Some(field) => {
            let message = format!("No such column '{field}' on entity '{}'.", query.object);
            Err(SoqlError { code: "INVALID_FIELD", message })
        }
        None => Ok(()),
    }
}

fn value_at<'a>(row: &'a Row, field: &str) -> &'a Value {
    let mut parts = field.split('.');
    let first = parts.next().and_then(|part| row.get(part)).unwrap_or(&Value::Null);
    parts.fold(first, |value, part| value.get(part).unwrap_or(&Value::Null))
}

fn holds(condition: &Condition, row: &Row) -> bool {
    match condition {
        Condition::All(parts) => parts.iter().all(|part| holds(part, row)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, row)),
        Condition::Not(part) => !holds(part, row),
        Condition::Field(field, test) => {
            let value = value_at(row, field);
            match test {
                Test::Equal(wanted) => compare(value, wanted) == Some(Ordering::Equal),
                Test::Unequal(wanted) => compare(value, wanted) != Some(Ordering::Equal),
                Test::Ordered(orders, wanted) => {
                    compare(value, wanted).is_some_and(|order| orders.contains(&order))
                }
                Test::Like(pattern) => value.as_str().is_some_and(|text| like(text, pattern)),
                Test::In(wanted) => {
                    wanted.iter().any(|wanted| compare(value, wanted) == Some(Ordering::Equal))
                }
            }
        }
    }
}

fn compare(value: &Value, wanted: &Value) -> Option<Ordering> {
    match (value, wanted) {
        (Value::String(a), Value::String(b)) => Some(match (instant(a), instant(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.to_lowercase().cmp(&b.to_lowercase()),
        }),
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        _ => None,
    }
}

/// Salesforce writes `+0000` where a query may say `Z`.
fn instant(text: &str) -> Option<jiff::Timestamp> {
    if text.len() < 20 || !text.as_bytes()[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    text.replace("+0000", "Z").parse().ok()
}

/// `%` is anything, `_` one character; case does not matter.
fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.to_lowercase().chars().collect(), pattern.to_lowercase().chars().collect());
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for letter in pattern {
        let mut next = vec![false; text.len() + 1];
        match letter {
            '%' => {
                let from = reach.iter().position(|reached| *reached).unwrap_or(next.len());
                next.iter_mut().skip(from).for_each(|reached| *reached = true);
            }
            letter => {
                for at in 0..text.len() {
                    next[at + 1] = reach[at] && (letter == '_' || letter == text[at]);
                }
            }
        }
        reach = next;
    }
    reach.last().copied().unwrap_or(false)
}

fn ordered(query: &Query, a: &Row, b: &Row) -> Ordering {
    query
        .order
        .iter()
        .map(|(field, descending)| {
            let order = compare(value_at(a, field), value_at(b, field)).unwrap_or(Ordering::Equal);
            if *descending { order.reverse() } else { order }
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// A record as Salesforce shows it: `attributes`, then the selected fields, those of related objects nested.
fn record(query: &Query, row: &Row) -> Value {
    let id = row.get("Id").and_then(Value::as_str).unwrap_or("000000000000000AAA");
    let mut record = Row::new();
    let url = format!("/services/data/v62.0/sobjects/{}/{id}", query.object);
    record.insert("attributes".to_owned(), json!({ "type": query.object, "url": url }));
    for field in &query.fields {
        match field.split_once('.') {
            Some((object, inner)) => {
                let nested = record.entry(object.to_owned()).or_insert_with(|| json!({}));
                nested[inner] = value_at(row, field).clone();
            }
            None => {
                record.insert(field.clone(), value_at(row, field).clone());
            }
        }
    }
    Value::Object(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        let mut store = Store::default();
        store.declare("User", "Id", &[]);
        for (id, name, active, seen) in [
            ("005A", "Ana", true, "2026-03-01T00:00:00.000+0000"),
            ("005B", "Ben", false, "2026-03-02T00:00:00.000+0000"),
            ("005C", "O'Neil", true, "2026-03-03T00:00:00.000+0000"),
        ] {
            let row = json!({ "Id": id, "Name": name, "IsActive": active, "Seen": seen, "Profile": { "Name": "Std" } });
            store.put("User", row.as_object().cloned().expect("map"));
        }
        store
    }

    fn ids(query: &str) -> Vec<String> {
        let rows = run(query, &store(), 2000, Sight::All).expect(query);
        rows.iter().filter_map(|row| row["Id"].as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn conditions_combine() {
        assert_eq!(ids("SELECT Id FROM User"), ["005A", "005B", "005C"]);
        assert_eq!(ids("select Id from User where IsActive = true and Name != 'Ana'"), ["005C"]);
        assert_eq!(ids(r"SELECT Id FROM User WHERE Name = 'O\'Neil' OR Name LIKE 'b%'"), ["005B", "005C"]);
        assert_eq!(ids("SELECT Id FROM User WHERE (NOT Name IN ('ana', 'ben'))"), ["005C"]);
        assert_eq!(ids("SELECT Id FROM User WHERE Name NOT IN ('Ana') ORDER BY Name DESC LIMIT 1"), ["005C"]);
        assert_eq!(ids("SELECT Id FROM User WHERE Seen >= 2026-03-02T00:00:00Z"), ["005B", "005C"]);
        assert_eq!(ids("SELECT Id FROM User WHERE Id = '005B' AND IsActive = false"), ["005B"]);
        assert_eq!(ids("SELECT Id FROM User ORDER BY Id LIMIT 1 OFFSET 1"), ["005B"]);
    }

    #[test]
    fn related_fields_are_nested() {
        let rows = run("SELECT Id, Profile.Name FROM User LIMIT 1", &store(), 9, Sight::All).expect("rows");
        assert_eq!(rows[0]["Profile"]["Name"], "Std");
        assert_eq!(rows[0]["attributes"]["type"], "User");
    }

    #[test]
    fn who_may_see_less_gets_fewer_rows_and_no_error() {
        let seen = |sight| run("SELECT Name FROM User", &store(), 9, sight).expect("rows").len();
        assert_eq!((seen(Sight::All), seen(Sight::Nothing)), (3, 0));
        assert_eq!(seen(Sight::Own { field: "Id", value: "005B" }), 1);
    }

    #[test]
    fn mistakes_have_salesforces_codes() {
        let code = |query: &str| run(query, &store(), 9, Sight::All).expect_err(query).code;
        assert_eq!(code("SELECT Id FROM Nothing"), "INVALID_TYPE");
        assert_eq!(code("SELECT Nope FROM User"), "INVALID_FIELD");
        assert_eq!(code("SELECT Id FROM User WHERE Nope = 1"), "INVALID_FIELD");
        for broken in [
            "",
            "SELECT FROM User",
            "SELECT Id User",
            "SELECT Id FROM User WHERE Name = 'x",
            "SELECT Id FROM User WHERE",
            "SELECT Id FROM User LIMIT x",
            "SELECT Id FROM User nonsense",
        ] {
            assert_eq!(code(broken), "MALFORMED_QUERY", "{broken}");
        }
        assert!(counts("SELECT COUNT() FROM User") && !counts("SELECT Id FROM User"));
    }
}
