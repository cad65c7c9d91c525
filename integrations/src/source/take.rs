//! How a field of an alert is read: a path in the event, a template, or several of which the first that gives something
//! counts. `{ when: …, is: … }` is a template under a condition.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;
use stanch_model::Severity;

use super::{field, glob::Glob, path::Path, scene::Scene};
use crate::{
    expr::Expr,
    template::{Template, as_text},
};

/// The ways to read one field, in order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct Take(Vec<Way>);

#[derive(Clone, Debug)]
pub(crate) enum Way {
    Path(Path),
    Text(Template),
    When { when: Expr, is: Template },
}

impl Take {
    pub(crate) fn ways(&self) -> &[Way] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first value that a way leads to and `read` can make something of.
    pub(crate) fn find<T>(&self, scene: &Scene<'_>, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|way| way.value(scene).as_deref().and_then(&read))
    }

    /// As text: cleaned, bounded, never one of the texts by which the sender means nothing.
    pub(crate) fn text(&self, scene: &Scene<'_>) -> Option<String> {
        self.find(scene, |value| field::text(value).filter(|text| !scene.means_nothing(text)))
    }
}

impl Way {
    /// As written, for messages.
    pub(crate) fn source(&self) -> &str {
        match self {
            Self::Path(path) => path.source(),
            Self::Text(text) | Self::When { is: text, .. } => text.source(),
        }
    }

    fn value<'a>(&self, scene: &Scene<'a>) -> Option<Cow<'a, Value>> {
        match self {
            Self::Path(path) => path.get(scene.event).map(Cow::Borrowed),
            Self::Text(template) => filled(template, scene),
            Self::When { when, is } => scene.holds(when).then(|| filled(is, scene))?,
        }
    }
}

/// A template is text only when every variable in it gives some that means something.
fn filled<'a>(template: &Template, scene: &Scene<'a>) -> Option<Cow<'a, Value>> {
    if let Some(variable) = template.single() {
        return crate::template::Lookup::lookup(scene, variable).map(Cow::Owned);
    }
    let meant = |path: &str, value: &Value| {
        let text = as_text(path, value)?;
        if scene.means_nothing(&text) {
            Err(crate::template::FillError::Missing(path.to_owned()))
        } else {
            Ok(text)
        }
    };
    template.fill(scene, meant).ok().map(|text| Cow::Owned(Value::String(text)))
}

impl TryFrom<Value> for Take {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Array(items) => items.into_iter().map(Way::try_from).collect::<Result<_, _>>().map(Self),
            one => Way::try_from(one).map(|way| Self(vec![way])),
        }
    }
}

impl TryFrom<Value> for Way {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) if text.contains(['{', '}']) => Template::try_from(text).map(Self::Text),
            Value::String(text) => Path::parse(&text).map(Self::Path),
            Value::Object(map) => conditional(map),
            other => Err(format!("`{other}` is neither a path nor a template")),
        }
    }
}

fn conditional(mut map: serde_json::Map<String, Value>) -> Result<Way, String> {
    let mut text = |key: &str| match map.remove(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err("a condition is written `{ when: PREDICATE, is: TEXT }`".to_owned()),
    };
    let (when, is) = (Expr::try_from(text("when")?)?, Template::try_from(text("is")?)?);
    match map.keys().next() {
        Some(unknown) => Err(format!("a condition has no `{unknown}`: only `when` and `is`")),
        None => Ok(Way::When { when, is }),
    }
}

impl JsonSchema for Take {
    fn schema_name() -> Cow<'static, str> {
        "Take".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = json_schema!({
            "anyOf": [
                { "type": "string", "description": "a path in the event, or a template with {variables}" },
                {
                    "type": "object", "additionalProperties": false, "required": ["when", "is"],
                    "properties": {
                        "when": { "type": "string", "description": "a predicate over the event" },
                        "is": { "type": "string", "description": "a template with {variables}" },
                    },
                },
            ],
        });
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// How bad the source finds it: usual words and OCSF's numbers are understood; others are translated.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct SeverityTake {
    pub(crate) from: Take,
    words: BTreeMap<String, Severity>,
    steps: BTreeMap<Severity, f64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Translated {
    /// Where it stands.
    from: Take,
    /// The source's own words.
    #[serde(default)]
    words: BTreeMap<String, Severity>,
    /// For numbers: from where on it is that bad.
    #[serde(default)]
    steps: BTreeMap<Severity, f64>,
}

impl SeverityTake {
    pub(crate) fn read(&self, scene: &Scene<'_>) -> Option<Severity> {
        self.from.find(scene, |value| self.translate(value))
    }

    fn translate(&self, value: &Value) -> Option<Severity> {
        if !self.steps.is_empty()
            && let Some(number) = value.as_f64().or_else(|| value.as_str()?.parse().ok())
        {
            return self.steps.iter().rev().find(|(_, from)| number >= **from).map(|(severity, _)| *severity);
        }
        if let Some(text) = value.as_str()
            && let Some((_, severity)) = self.words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text))
        {
            return Some(*severity);
        }
        field::severity(value)
    }
}

impl TryFrom<Value> for SeverityTake {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value.get("from").is_none() {
            return Ok(Self { from: Take::try_from(value)?, ..Self::default() });
        }
        let Translated { from, words, steps } =
            serde_json::from_value(value).map_err(|error| error.to_string())?;
        Ok(Self { from, words, steps })
    }
}

impl JsonSchema for SeverityTake {
    fn schema_name() -> Cow<'static, str> {
        "SeverityTake".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (plain, translated) = (Take::json_schema(generator), Translated::json_schema(generator));
        json_schema!({ "anyOf": [plain, translated] })
    }
}

/// One word or several, each with `*` for any letters.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct Words(Vec<Glob>);

impl Words {
    pub(crate) fn fit(&self, text: &str) -> bool {
        self.0.iter().any(|word| word.fits(text))
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Glob::source)
    }
}

impl TryFrom<Value> for Words {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let word = |value: &Value| match value {
            Value::String(text) if !text.is_empty() => Ok(Glob::new(text)),
            other => Err(format!("`{other}` is no type of event")),
        };
        match &value {
            Value::Array(items) if items.is_empty() => Err("an empty list fits no event".to_owned()),
            Value::Array(items) => items.iter().map(word).collect::<Result<_, _>>().map(Self),
            one => word(one).map(|word| Self(vec![word])),
        }
    }
}

impl JsonSchema for Words {
    fn schema_name() -> Cow<'static, str> {
        "Words".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}
