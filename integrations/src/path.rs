//! Dotted paths into a JSON answer: `response_metadata.next_cursor`, `records.0.Id`.

use serde_json::Value;

/// The value at this path; the value itself for an empty path; `None` where nothing (or null) stands.
pub(crate) fn get<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut at = value;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        at = match at {
            Value::Object(map) => map.get(part)?,
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    (!at.is_null()).then_some(at)
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
}
