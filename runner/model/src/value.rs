//! What crosses the border between a script and the world, as JSON.
//!
//! Only unit, bool, i64, finite f64, string, array, map, targets and secret handles exist here. `serde_json`'s map is
//! sorted, so a value has exactly one encoding, and equal values have equal hashes.

mod targets;

pub use targets::{bare_targets_in_json, push_target, targets_in_json};

use serde::Deserialize;
use serde_json::Value;

use crate::{ids::Hash, target::Target};

/// Key of a map that stands for a [`Target`]: `{"$target": {...}}`.
pub const TARGET_KEY: &str = "$target";
/// Key of a map that stands for a secret: `{"$secret": "<hmac handle>"}`. The value itself lies in the vault.
pub const SECRET_KEY: &str = "$secret";

/// The one encoding of this value.
pub fn canonical(value: &Value) -> String {
    value.to_string()
}

/// The hash of the one encoding of this value.
pub fn hash_of(value: &Value) -> Hash {
    Hash::of(canonical(value).as_bytes())
}

/// Wraps a target for the journal.
pub fn of_target(target: &Target) -> Value {
    serde_json::json!({ TARGET_KEY: target })
}

/// The target that this value stands for, if it stands for one.
pub fn as_target(value: &Value) -> Option<Target> {
    let inner = value.as_object().filter(|map| map.len() == 1)?.get(TARGET_KEY)?;
    Target::deserialize(inner).ok()
}

/// Wraps a vault handle.
pub fn of_secret(handle: &str) -> Value {
    serde_json::json!({ SECRET_KEY: handle })
}

/// The vault handle that this value stands for, if it stands for one.
pub fn as_secret(value: &Value) -> Option<&str> {
    value.as_object().filter(|map| map.len() == 1)?.get(SECRET_KEY)?.as_str()
}

/// Every target in a value, nested lists and maps included, in order.
pub fn targets_in(value: &Value) -> Vec<Target> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Target>) {
    if let Some(target) = as_target(value) {
        found.push(target);
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => map.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}
