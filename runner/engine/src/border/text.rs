//! The border without a tree of values in between: script to canonical JSON and back.
//!
//! What is written here is byte for byte what `to_value(..).to_string()` would be, and what is read is what `to_dynamic`
//! would make of it: replaying compares hashes of the one and hands out the other.

use std::{fmt, rc::Rc};

use rhai::{Array, Dynamic, Identifier, Map};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value, value::RawValue};
use stanch_model::{
    Target,
    run::{
        StepError,
        lean::{push_number, push_text},
    },
    value::{self, SECRET_KEY, TARGET_KEY},
};

use super::{Secret, too_deep, unfit};

/// A value as it lies in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Json(Option<Rc<str>>);

impl Json {
    /// A value given as JSON.
    pub(crate) fn new(text: &str) -> Self {
        Self((text != "null").then(|| text.into()))
    }

    pub(crate) fn of(value: &Value) -> Self {
        if value.is_null() { Self(None) } else { Self::new(&value.to_string()) }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or("null")
    }

    pub(crate) fn value(&self) -> Value {
        self.0.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Every target in it, without attributes.
    pub(crate) fn bare_targets(&self) -> Vec<Target> {
        self.0.as_deref().map(value::bare_targets_in_json).unwrap_or_default()
    }

    /// Every target in it.
    pub(crate) fn targets(&self) -> Vec<Target> {
        self.0.as_deref().map(value::targets_in_json).unwrap_or_default()
    }

    /// As a script sees it.
    pub(crate) fn dynamic(&self) -> Dynamic {
        let Some(text) = self.0.as_deref() else { return Dynamic::UNIT };
        let mut reader = serde_json::Deserializer::from_str(text);
        // What nests too deep for this reader does for the other one, too: a script gets nothing either way.
        ToDynamic.deserialize(&mut reader).unwrap_or_default()
    }
}

/// Script to journal.
pub(crate) fn to_json(dynamic: &Dynamic) -> Result<Json, StepError> {
    let mut text = String::new();
    write(dynamic, &mut text, 0)?;
    Ok(Json::new(&text))
}

/// Script to journal.
pub(crate) fn write_map(map: &Map, out: &mut String) -> Result<(), StepError> {
    write_pairs(map, out, 0)
}

fn write(dynamic: &Dynamic, out: &mut String, depth: usize) -> Result<(), StepError> {
    too_deep(depth)?;
    if dynamic.is_shared() {
        return write(&dynamic.flatten_clone(), out, depth);
    }
    if let Ok(number) = dynamic.as_int() {
        push_number(out, number);
    } else if let Ok(text) = dynamic.as_immutable_string_ref() {
        push_text(out, &text);
    } else if dynamic.is_unit() {
        out.push_str("null");
    } else if let Ok(flag) = dynamic.as_bool() {
        out.push_str(if flag { "true" } else { "false" });
    } else if let Ok(map) = dynamic.as_map_ref() {
        write_pairs(&map, out, depth)?;
    } else if let Ok(items) = dynamic.as_array_ref() {
        write_items(&items, out, depth)?;
    } else if let Ok(number) = dynamic.as_float() {
        let number = Number::from_f64(number).ok_or_else(|| unfit(dynamic))?;
        push(out, format_args!("{number}"));
    } else if let Ok(letter) = dynamic.as_char() {
        push_text(out, letter.encode_utf8(&mut [0; 4]));
    } else if let Some(target) = dynamic.read_lock::<Target>() {
        value::push_target(out, &target);
    } else if let Some(secret) = dynamic.read_lock::<Secret>() {
        push(out, format_args!("{}", value::of_secret(&secret.0)));
    } else {
        return Err(unfit(dynamic));
    }
    Ok(())
}

fn write_pairs(map: &Map, out: &mut String, depth: usize) -> Result<(), StepError> {
    out.push('{');
    // A script's map is sorted like ours.
    for (nth, (key, item)) in map.iter().enumerate() {
        if nth > 0 {
            out.push(',');
        }
        push_text(out, key);
        out.push(':');
        write(item, out, depth + 1)?;
    }
    out.push('}');
    Ok(())
}

fn write_items(items: &Array, out: &mut String, depth: usize) -> Result<(), StepError> {
    out.push('[');
    for (nth, item) in items.iter().enumerate() {
        if nth > 0 {
            out.push(',');
        }
        write(item, out, depth + 1)?;
    }
    out.push(']');
    Ok(())
}

fn push(out: &mut String, what: fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = fmt::Write::write_fmt(out, what);
}

/// Journal to script.
#[derive(Clone, Copy)]
struct ToDynamic;

impl<'de> DeserializeSeed<'de> for ToDynamic {
    type Value = Dynamic;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Dynamic, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ToDynamic {
    type Value = Dynamic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Dynamic, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Dynamic, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Dynamic, E> {
        Ok(i64::try_from(number).map_or_else(|_| number.to_string().into(), Dynamic::from))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Dynamic, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Dynamic, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Dynamic, A::Error> {
        let mut array = Array::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Dynamic::from_array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Dynamic, A::Error> {
        let mut map = Map::new();
        while let Some(key) = pairs.next_key_seed(Key)? {
            if map.is_empty() && (key == TARGET_KEY || key == SECRET_KEY) {
                // Something of ours, if it stands alone.
                let inner: &RawValue = pairs.next_value()?;
                let Some(next) = pairs.next_key_seed(Key)? else { return Ok(special(key, inner.get())) };
                map.insert(key, Json::new(inner.get()).dynamic());
                map.insert(next, pairs.next_value_seed(self)?);
                continue;
            }
            map.insert(key, pairs.next_value_seed(self)?);
        }
        // `into()` would build the map a second time.
        Ok(Dynamic::from_map(map))
    }
}

fn special(key: Identifier, inner: &str) -> Dynamic {
    if key == TARGET_KEY {
        if let Ok(target) = serde_json::from_str::<Target>(inner) {
            return Dynamic::from(target);
        }
    } else if let Ok(handle) = serde_json::from_str::<String>(inner) {
        return Dynamic::from(Secret(handle.into()));
    }
    Dynamic::from_map(Map::from_iter([(key, Json::new(inner).dynamic())]))
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Identifier;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Identifier, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Identifier;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<Identifier, E> {
        Ok(text.into())
    }
}
