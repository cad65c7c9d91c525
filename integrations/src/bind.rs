//! Arguments and target of a call, made to fit the action before anything is built.

use serde_json::{Map, Value};
use stanch_model::{Target, catalog::InputKind, diagnostic::did_you_mean, value};

use crate::{
    call::ErrorKind,
    scope::Vars,
    spec::{ActionSpec, InputSpec, ItemKind, TargetShape},
};

/// A definite no before anything was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }
}

/// A call whose arguments are complete and typed.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) inputs: Map<String, Value>,
    pub(crate) target: Option<Target>,
    /// It was asked to act even on the identity that we use ourselves.
    pub(crate) forced: bool,
}

impl Bound {
    /// A call without arguments.
    pub(crate) fn nothing() -> Self {
        Self { inputs: Map::new(), target: None, forced: false }
    }
}

/// The argument that every action has whose target could be ourselves.
pub(crate) const FORCE: &str = "force";

/// Completes the arguments from the target and the target from the arguments.
pub(crate) fn bind(
    integration: &str,
    name: &str,
    action: &ActionSpec,
    target: Option<&Target>,
    input: &Value,
) -> Result<Bound, Refusal> {
    let mut inputs = match input {
        Value::Object(map) => map.clone(),
        Value::Null => Map::new(),
        _ => return Err(Refusal::invalid(format!("`{name}` takes a map of arguments"))),
    };
    inputs.retain(|_, value| !value.is_null());
    let forced = match if action.guarded { inputs.remove(FORCE) } else { None } {
        None => false,
        Some(Value::Bool(forced)) => forced,
        Some(_) => return Err(Refusal::invalid(format!("`{FORCE}` of `{name}` must be true or false"))),
    };
    if let Some(unknown) = inputs.keys().find(|key| !action.input.contains_key(*key)) {
        let near = did_you_mean(unknown, action.input.keys().map(String::as_str));
        let hint = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
        return Err(Refusal::invalid(format!("`{name}` takes no `{unknown}`{hint}")));
    }
    if let (Some(target), Some(shape)) = (target, &action.target) {
        from_target(integration, name, shape, action, target, &mut inputs)?;
    }
    for (key, spec) in &action.input {
        if let Some(given) = inputs.remove(key) {
            inputs.insert(key.clone(), typed(name, key, spec, given)?);
        } else if let Some(default) = &spec.default {
            inputs.insert(key.clone(), default.clone());
        } else if !spec.optional {
            return Err(Refusal::invalid(format!("`{name}` needs `{key}`")));
        }
    }
    let target = match (target, &action.target) {
        (Some(target), _) => Some(target.clone()),
        (None, Some(shape)) => Some(to_target(integration, shape, &inputs)?),
        (None, None) => None,
    };
    Ok(Bound { inputs, target, forced })
}

/// Reads the inputs out of the target that the action is called on.
fn from_target(
    integration: &str,
    name: &str,
    shape: &TargetShape,
    action: &ActionSpec,
    target: &Target,
    inputs: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    if target.kind != shape.kind {
        return Err(Refusal::invalid(format!(
            "`{name}` is for targets of kind `{}`, not `{}`",
            shape.kind, target.kind
        )));
    }
    if target.integration != integration {
        let message = format!("{} belongs to `{}`, not to `{integration}`", target.key(), target.integration);
        return Err(Refusal::invalid(message));
    }
    let mut found = Map::new();
    for (attr, template) in &shape.attrs {
        if let (Some(input), Some(value)) = (template.single(), target.attrs.get(attr)) {
            found.insert(input.to_owned(), value.clone());
        }
    }
    let parts = shape
        .id
        .read_back(&target.id)
        .ok_or_else(|| Refusal::invalid(format!("`{}` is no id of a {} here", target.id, shape.kind)))?;
    for (input, text) in parts {
        let secret = action.input.get(&input).is_some_and(|input| input.kind == InputKind::Secret);
        let value = if secret { value::of_secret(&text) } else { Value::String(text) };
        found.entry(input).or_insert(value);
    }
    for (input, value) in found {
        match inputs.get(&input) {
            Some(given) if text_of(given) != text_of(&value) => {
                return Err(Refusal::invalid(format!("`{input}` is not the one of {}", target.key())));
            }
            _ => {
                inputs.insert(input, value);
            }
        }
    }
    Ok(())
}

/// The target that the inputs name.
fn to_target(integration: &str, shape: &TargetShape, inputs: &Map<String, Value>) -> Result<Target, Refusal> {
    let plain: Map<String, Value> = inputs
        .iter()
        .map(|(key, value)| {
            let handle = value::as_secret(value).map(|handle| Value::String(handle.to_owned()));
            (key.clone(), handle.unwrap_or_else(|| value.clone()))
        })
        .collect();
    let settings = std::collections::BTreeMap::new();
    let vars = |inputs| Vars::new(inputs, &settings);
    let id = shape.id.text(&vars(&plain)).map_err(|error| Refusal::invalid(error.to_string()))?;
    let label = shape.label.as_ref().and_then(|label| label.text(&vars(&plain)).ok()).unwrap_or_default();
    let attrs = shape
        .attrs
        .iter()
        .filter_map(|(attr, template)| Some((attr.clone(), inputs.get(template.single()?)?.clone())))
        .collect();
    Ok(Target { integration: integration.to_owned(), kind: shape.kind.clone(), id, label, attrs })
}

fn typed(name: &str, key: &str, spec: &InputSpec, given: Value) -> Result<Value, Refusal> {
    let wrong = |wanted: &str| Err(Refusal::invalid(format!("`{key}` of `{name}` must be {wanted}")));
    let value = match (spec.kind, given) {
        (InputKind::Any, value) => value,
        (InputKind::Secret, value) if value::as_secret(&value).is_some() => value,
        (InputKind::Secret, _) => return wrong("a secret handle; plain text would be written down"),
        (_, value) if value::as_secret(&value).is_some() => return wrong("plain, not a secret"),
        (InputKind::String, value) => match text_of(&value) {
            Some(text) => Value::String(text),
            None => return wrong("text"),
        },
        (InputKind::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => number.into(),
        (InputKind::Integer, Value::String(text)) => match text.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => return wrong("a whole number"),
        },
        (InputKind::Integer, _) => return wrong("a whole number"),
        (InputKind::Boolean, value @ Value::Bool(_)) => value,
        (InputKind::Boolean, _) => return wrong("true or false"),
        (InputKind::List, Value::Array(items)) if spec.of == Some(ItemKind::Secret) => {
            let handles: Option<Vec<Value>> = items.iter().map(secret_of).collect();
            match handles {
                Some(handles) => Value::Array(handles),
                None => return wrong("a list of secret handles; plain text would be written down"),
            }
        }
        (InputKind::List, value @ Value::Array(_)) => value,
        (InputKind::List, _) => return wrong("a list"),
        (InputKind::Map, value @ Value::Object(_)) => value,
        (InputKind::Map, _) => return wrong("a map"),
    };
    if spec.kind == InputKind::String && value.as_str() == Some("") {
        return wrong("non-empty");
    }
    let allowed = spec.one_of.is_empty()
        || value.as_str().is_some_and(|text| spec.one_of.iter().any(|one| one == text));
    if allowed { Ok(value) } else { wrong(&format!("one of {}", spec.one_of.join(", "))) }
}

/// A secret handle, or a target that is named by one.
fn secret_of(value: &Value) -> Option<Value> {
    let handle = value::as_secret(value).map(str::to_owned);
    handle.or_else(|| value::as_target(value).map(|target| target.id)).map(|handle| value::of_secret(&handle))
}

/// Scalars as text, targets by id.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        other => value::as_target(other)
            .map(|target| target.id)
            .or_else(|| value::as_secret(other).map(str::to_owned)),
    }
}
