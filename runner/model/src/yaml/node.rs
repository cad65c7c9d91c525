//! A YAML file as a tree that knows where everything stands.

use std::{fmt, ops::Range};

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Spanned, token_end};

/// One value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub shape: Shape,
    /// Its bytes. Of a list or map in block style, only where it begins.
    pub span: Range<usize>,
}

/// A key with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key; numbers and the like as they are written.
    pub text: String,
    /// Its bytes.
    pub span: Range<usize>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Nothing.
    Null,
    /// true or false.
    Bool(bool),
    /// A whole number of 64 bits.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the file's order.
    Map(Vec<(Key, Node)>),
}

impl Node {
    pub(super) fn of(from: Spanned<Plain>, source: &str) -> Self {
        let span = range_of(&from, source);
        let shape = match from.value {
            Plain::Null => Shape::Null,
            Plain::Bool(value) => Shape::Bool(value),
            Plain::Integer(value) => Shape::Integer(value),
            Plain::Float(value) => Shape::Float(value),
            Plain::Text(value) => Shape::Text(value),
            Plain::List(items) => Shape::List(items.into_iter().map(|item| Node::of(item, source)).collect()),
            Plain::Map(entries) => Shape::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        let span = range_of(&key, source);
                        (Key { text: key.value, span }, Node::of(value, source))
                    })
                    .collect(),
            ),
        };
        Self { shape, span }
    }

    /// The entries, if it is a map.
    pub fn entries(&self) -> Option<&[(Key, Node)]> {
        match &self.shape {
            Shape::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry of this key, if it is a map that has one.
    pub fn get(&self, key: &str) -> Option<&(Key, Node)> {
        self.entries()?.iter().find(|(k, _)| k.text == key)
    }

    /// The value at the end of a path of keys and list positions.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, step| match &node.shape {
            Shape::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => node.get(step).map(|(_, value)| value),
        })
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, in a word for messages.
    pub fn word(&self) -> &'static str {
        match self.shape {
            Shape::Null => "nothing",
            Shape::Bool(_) => "true or false",
            Shape::Integer(_) | Shape::Float(_) => "a number",
            Shape::Text(_) => "text",
            Shape::List(_) => "a list",
            Shape::Map(_) => "a map",
        }
    }

    /// The value without its places.
    pub fn to_json(&self) -> Value {
        match &self.shape {
            Shape::Null => Value::Null,
            Shape::Bool(value) => (*value).into(),
            Shape::Integer(value) => (*value).into(),
            Shape::Float(value) => (*value).into(),
            Shape::Text(value) => value.as_str().into(),
            Shape::List(items) => items.iter().map(Node::to_json).collect(),
            Shape::Map(entries) => {
                entries.iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect()
            }
        }
    }
}

/// The bytes of a value; of one without a length (block style), the word at its start.
fn range_of<T>(value: &Spanned<T>, source: &str) -> Range<usize> {
    let span = value.referenced.span();
    let read = |number: Option<u64>| number.and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
    let (start, length) = (read(span.byte_offset()), read(span.byte_len()));
    let end = if length == 0 { token_end(source, start) } else { start + length };
    start.min(source.len())..end.min(source.len())
}

/// What serde sees, before places are counted in bytes.
pub(super) enum Plain {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Plain>>),
    Map(Vec<(Spanned<String>, Spanned<Plain>)>),
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Plain;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Plain, E> {
        Ok(Plain::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Plain, E> {
        Ok(Plain::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Plain, E> {
        Ok(i64::try_from(value).map_or_else(|_| Plain::Text(value.to_string()), Plain::Integer))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Plain, E> {
        Ok(Plain::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Plain, E> {
        Ok(Plain::Text(value.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Plain, E> {
        Ok(Plain::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Plain, E> {
        Ok(Plain::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Plain, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Plain::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plain, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Plain::Map(entries))
    }
}
