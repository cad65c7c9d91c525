//! Targets in JSON text, without a tree of values in between: lists of ten thousand cross the border several times.
//!
//! What is written and found here is what [`of_target`](super::of_target) and [`targets_in`](super::targets_in) make of the
//! same value; the tests hold that.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::TARGET_KEY;
use crate::{run::lean::push_text, target::Target};

/// Appends the one encoding of a target, wrapped for the journal.
pub fn push_target(out: &mut String, target: &Target) {
    out.push_str("{\"$target\":{");
    if !target.attrs.is_empty() {
        out.push_str("\"attrs\":");
        // A map whose keys are text and whose values are JSON already.
        out.push_str(&serde_json::to_string(&target.attrs).unwrap_or_else(|_| "{}".to_owned()));
        out.push(',');
    }
    let label = (!target.label.is_empty()).then_some(("label", &target.label));
    let named = [("id", &target.id), ("integration", &target.integration), ("kind", &target.kind)];
    for (nth, (name, text)) in named.into_iter().chain(label).enumerate() {
        if nth > 0 {
            out.push(',');
        }
        push_text(out, name);
        out.push(':');
        push_text(out, text);
    }
    out.push_str("}}");
}

/// Every target in a value given as JSON, nested lists and maps included, in the order of the text. Nothing in what is no
/// JSON.
pub fn targets_in_json(text: &str) -> Vec<Target> {
    found_in(text, |one| serde_json::from_str(one).ok())
}

/// The same without their attributes: enough to name them.
pub fn bare_targets_in_json(text: &str) -> Vec<Target> {
    found_in(text, |one| {
        let Bare { integration, kind, id, label, attrs: Attrs } = serde_json::from_str(one).ok()?;
        Some(Target { integration, kind, id, label, attrs: BTreeMap::new() })
    })
}

/// How one is read.
type Read = fn(&str) -> Option<Target>;

fn found_in(text: &str, read: Read) -> Vec<Target> {
    let mut found = Vec::new();
    let targets = Targets { found: &mut found, read };
    let whole = targets.deserialize(&mut serde_json::Deserializer::from_str(text));
    if whole.is_ok() { found } else { Vec::new() }
}

/// A target whose attributes are there, but not read.
#[derive(Deserialize)]
struct Bare {
    integration: String,
    kind: String,
    id: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    attrs: Attrs,
}

#[derive(Default)]
struct Attrs;

impl<'de> Deserialize<'de> for Attrs {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for Attrs {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Self, A::Error> {
        while pairs.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}

struct Targets<'a> {
    found: &'a mut Vec<Target>,
    read: Read,
}

impl Targets<'_> {
    fn again(&mut self) -> Targets<'_> {
        Targets { found: self.found, read: self.read }
    }
}

impl<'de> DeserializeSeed<'de> for Targets<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Targets<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.again())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut pairs: A) -> Result<(), A::Error> {
        let Some(is_target) = pairs.next_key_seed(IsTarget)? else { return Ok(()) };
        if !is_target {
            pairs.next_value_seed(self.again())?;
        } else {
            let inner: &RawValue = pairs.next_value()?;
            let next = pairs.next_key_seed(IsTarget)?;
            // It stands for a target only if it stands alone and is one.
            match (self.read)(inner.get()).filter(|_| next.is_none()) {
                Some(target) => self.found.push(target),
                None => self.found.extend(found_in(inner.get(), self.read)),
            }
            if next.is_none() {
                return Ok(());
            }
            pairs.next_value_seed(self.again())?;
        }
        while pairs.next_key::<IgnoredAny>()?.is_some() {
            pairs.next_value_seed(self.again())?;
        }
        Ok(())
    }
}

/// Whether a key is [`TARGET_KEY`].
struct IsTarget;

impl<'de> DeserializeSeed<'de> for IsTarget {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for IsTarget {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        Ok(text == TARGET_KEY)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::value::{of_target, targets_in};

    fn target(id: &str, label: &str, attrs: &Value) -> Target {
        let text = |text: &str| text.to_owned();
        let attrs = attrs.as_object().cloned().unwrap_or_default().into_iter().collect();
        Target { integration: text("okta"), kind: text("grant"), id: text(id), label: text(label), attrs }
    }

    fn bare(target: &Target) -> Target {
        Target { attrs: BTreeMap::new(), ..target.clone() }
    }

    fn whole(targets: &[Target]) -> Vec<String> {
        targets.iter().map(|target| of_target(target).to_string()).collect()
    }

    #[test]
    fn a_target_is_written_as_its_tree_would_be() {
        for (label, attrs) in [
            ("", json!({})),
            ("a \"b\"\n", json!({})),
            ("é", json!({ "z": 1, "holder": { "$target": { "id": "x" } }, "n": [1.5, null] })),
        ] {
            let target = target("g\\1", label, &attrs);
            let mut text = String::new();
            push_target(&mut text, &target);
            assert_eq!(text, of_target(&target).to_string());
        }
    }

    #[test]
    fn targets_are_found_in_text_as_in_its_tree() {
        let holder = target("u", "", &json!({}));
        let first = of_target(&target("a", "A", &json!({ "holder": of_target(&holder), "n": 1 })));
        let second = of_target(&target("b", "", &json!({})));
        for value in [
            json!([first, [second, { "x": [first], "y": { "z": second } }], 1, -1, 1.5, true, null, "$target"]),
            json!({ "$target": { "not": [first] } }),
            json!({ "$target": first, "and": second, "then": [second] }),
            json!({ "$target": 7 }),
            json!({ "$target": { "integration": "okta", "kind": "app", "id": "a", "attrs": [first] } }),
            json!({ "a": first, "$target": second }),
            first,
            json!({}),
            json!("text"),
        ] {
            let (text, tree) = (value.to_string(), targets_in(&value));
            assert_eq!(whole(&targets_in_json(&text)), whole(&tree), "{value}");
            assert_eq!(
                whole(&bare_targets_in_json(&text)),
                whole(&tree.iter().map(bare).collect::<Vec<_>>())
            );
        }
        assert!(targets_in_json(&format!("[{second},")).is_empty(), "half a value is none");
    }
}
