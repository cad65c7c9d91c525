//! JSON with templates for its texts.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{FillError, Lookup, Template};

/// A JSON body, an argument list, an output mapping: any JSON whose texts are templates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) enum Shape {
    /// A text. One that is a single variable stands for the variable's value with its type.
    Text(Template),
    /// A number, true, false, null.
    Plain(Value),
    /// A list.
    List(Vec<Shape>),
    /// A map, in the file's order of keys (sorted).
    Map(Vec<(String, Shape)>),
}

impl Shape {
    /// The variables in it.
    pub(crate) fn variables(&self) -> Vec<&str> {
        match self {
            Self::Text(template) => template.variables().collect(),
            Self::Plain(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::variables).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(_, shape)| shape.variables()).collect(),
        }
    }

    /// All the texts in it.
    pub(crate) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Text(template) => vec![template],
            Self::Plain(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(_, shape)| shape.templates()).collect(),
        }
    }

    /// Fills it in. `None` when it is one variable that was not given: whatever holds it leaves it out.
    ///
    /// `place` turns values into what goes there: it sees every variable's value once.
    pub(crate) fn fill(
        &self,
        from: &dyn Lookup,
        place: &dyn Fn(&str, Value) -> Result<Value, FillError>,
    ) -> Result<Option<Value>, FillError> {
        Ok(match self {
            Self::Plain(value) => Some(value.clone()),
            Self::Text(template) => match template.single() {
                Some(path) => from.lookup(path).map(|value| place(path, value)).transpose()?,
                None => Some(Value::String(
                    template.fill(from, |path, value| super::as_text(path, &place(path, value.clone())?))?,
                )),
            },
            Self::List(items) => {
                let items: Vec<_> =
                    items.iter().map(|item| item.fill(from, place)).collect::<Result<_, _>>()?;
                Some(Value::Array(items.into_iter().flatten().collect()))
            }
            Self::Map(entries) => {
                let mut map = Map::new();
                for (key, shape) in entries {
                    if let Some(value) = shape.fill(from, place)? {
                        map.insert(key.clone(), value);
                    }
                }
                Some(Value::Object(map))
            }
        })
    }

    /// Fills it in, values as they are.
    pub(crate) fn value(&self, from: &dyn Lookup) -> Result<Option<Value>, FillError> {
        self.fill(from, &|_, value| Ok(value))
    }
}

impl TryFrom<Value> for Shape {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => Self::Text(Template::try_from(text)?),
            Value::Array(items) => {
                Self::List(items.into_iter().map(Self::try_from).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => Self::Map(
                map.into_iter()
                    .map(|(key, value)| Self::try_from(value).map(|shape| (key, shape)))
                    .collect::<Result<_, _>>()?,
            ),
            plain => Self::Plain(plain),
        })
    }
}

impl JsonSchema for Shape {
    fn schema_name() -> Cow<'static, str> {
        "Shape".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "Any JSON whose texts may hold {variables}." })
    }
}

impl From<Shape> for Value {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Text(template) => Value::String(template.into()),
            Shape::Plain(value) => value,
            Shape::List(items) => Value::Array(items.into_iter().map(Value::from).collect()),
            Shape::Map(entries) => {
                Value::Object(entries.into_iter().map(|(key, shape)| (key, Value::from(shape))).collect())
            }
        }
    }
}
