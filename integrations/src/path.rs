//! Dotted paths into a JSON answer: `response_metadata.next_cursor`, `records.0.Id`.
//!
//! A key that is the whole rest of a path wins over its parts, so that `@odata.nextLink` needs no escape.

use serde_json::Value;

/// The value at this path; the value itself for an empty path; `None` where nothing (or null) stands.
pub(crate) fn get<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let (mut at, mut rest) = (value, path);
    while !rest.is_empty() {
        if let Value::Object(map) = at
            && let Some(found) = map.get(rest)
        {
            at = found;
            break;
        }
        let (part, after) = rest.split_once('.').unwrap_or((rest, ""));
        at = match at {
            Value::Object(map) => map.get(part)?,
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
        rest = after;
    }
    (!at.is_null()).then_some(at)
}

/// Sets the value at this path, with maps on the way where nothing stands. False where something else stands.
pub(crate) fn set(value: &mut Value, path: &str, to: Value) -> bool {
    if value.is_null() {
        *value = Value::Object(serde_json::Map::new());
    }
    let Value::Object(map) = value else { return false };
    match path.split_once('.') {
        Some((part, rest)) => set(map.entry(part).or_insert(Value::Null), rest, to),
        None => {
            map.insert(path.to_owned(), to);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_through_maps_and_lists() {
        let value = json!({ "a": [{ "b": 1 }, { "b": null }] });
        assert_eq!(get(&value, "a.0.b"), Some(&json!(1)));
        assert_eq!(get(&value, ""), Some(&value));
        for nowhere in ["a.1.b", "a.2.b", "a.x", "b", "a.0.b.c"] {
            assert_eq!(get(&value, nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn a_key_with_dots_is_found_whole() {
        let value = json!({ "@odata.nextLink": "x", "a": { "@odata.type": "y" } });
        assert_eq!(get(&value, "@odata.nextLink"), Some(&json!("x")));
        assert_eq!(get(&value, "a.@odata.type"), Some(&json!("y")));
    }

    #[test]
    fn a_value_is_set_where_there_is_room() {
        let mut value = json!({ "page": { "limit": 5 }, "text": "x" });
        assert!(set(&mut value, "page.cursor", json!("c")) && set(&mut value, "new.deep", json!(1)));
        assert_eq!(
            value,
            json!({ "page": { "limit": 5, "cursor": "c" }, "text": "x", "new": { "deep": 1 } })
        );
        assert!(!set(&mut value, "text.inner", json!(1)));
    }
}
