//! What an action takes and what it gives, for people: the kinds of targets, arguments and fields, as a script meets them.

use serde::Serialize;
use stanch_model::{
    Effect,
    catalog::{ActionInfo, InputKind},
};

use super::Platform;
use crate::template::Shape;

/// An argument that a script may have to write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Takes {
    /// Its name.
    pub name: String,
    /// What it is: `text`, `list`, ….
    pub kind: &'static str,
    /// A call without it is refused.
    pub required: bool,
    /// A verb's target brings it along.
    pub from_target: bool,
    /// Allowed values, where they are fixed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub help: String,
}

/// What a script gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// A list of targets of this kind, each with these fields besides `integration, kind, id, label`.
    Targets {
        /// Their kind.
        kind: String,
        /// The fields; `holder (a user)` is a target of its own.
        fields: Vec<String>,
    },
    /// A list of maps.
    Rows {
        /// The fields of each.
        fields: Vec<String>,
    },
    /// A map.
    Map {
        /// Its fields.
        fields: Vec<String>,
    },
    /// The target that was cut, with its state.
    Target {
        /// Its kind.
        kind: String,
    },
    /// The platform's answer as it comes.
    Answer,
}

impl std::fmt::Display for Gives {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let with = |fields: &[String]| match fields {
            [] => String::new(),
            fields => format!(" with {}", fields.join(", ")),
        };
        match self {
            Self::Targets { kind, fields } => write!(f, "a list of targets of kind {kind}{}", with(fields)),
            Self::Rows { fields } => write!(f, "a list of maps{}", with(fields)),
            Self::Map { fields } => write!(f, "a map{}", with(fields)),
            Self::Target { kind } => write!(f, "the {kind} as a target, with its state"),
            Self::Answer => f.write_str("the platform's answer"),
        }
    }
}

impl std::fmt::Display for Takes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let optional = if self.required { "" } else { ", may be left out" };
        let one_of = if self.one_of.is_empty() {
            String::new()
        } else {
            format!(", one of {}", self.one_of.join(" "))
        };
        let help = if self.help.is_empty() { String::new() } else { format!(": {}", self.help) };
        write!(f, "`{}` ({}{one_of}{optional}){help}", self.name, self.kind)
    }
}

impl Platform {
    /// The arguments of an action.
    pub fn takes(&self, action: &ActionInfo) -> Vec<Takes> {
        let target = self.action_spec(&action.name).and_then(|spec| spec.target.as_ref());
        let of_target: Vec<&str> = target.map_or_else(Vec::new, |target| {
            let attrs = target.attrs.values().flat_map(|attr| attr.variables());
            target.id.variables().chain(attrs).collect()
        });
        let takes = action.inputs.iter().map(|(name, input)| Takes {
            name: name.clone(),
            kind: word(input.kind),
            required: input.required,
            from_target: of_target.contains(&name.as_str()),
            one_of: input.one_of.clone(),
            help: input.help.clone(),
        });
        takes.collect()
    }

    /// What an action gives.
    pub fn gives(&self, action: &ActionInfo) -> Gives {
        let spec = self.action_spec(&action.name);
        let yields = spec.and_then(|spec| spec.yields.as_ref());
        if let Some(yields) = yields {
            let fields = yields.attrs.iter().map(|(name, shape)| field(name, shape)).collect();
            return match &yields.kind {
                Some(kind) => Gives::Targets { kind: kind.clone(), fields },
                None => Gives::Rows { fields },
            };
        }
        if let (Some(kind), true) = (&action.target_kind, action.effect != Effect::Read)
            && spec.and_then(|spec| spec.output.as_ref()).is_none()
        {
            return Gives::Target { kind: kind.clone() };
        }
        match spec.and_then(|spec| spec.output.as_ref()) {
            Some(Shape::Map(entries)) => {
                let sealed = spec.map_or(&[] as &[String], |spec| spec.secret.as_slice());
                let field =
                    |(name, shape): &(String, Shape)| match sealed.iter().any(|key| ends_in(shape, key)) {
                        true => format!("{name} (sealed)"),
                        false => field(name, shape),
                    };
                Gives::Map { fields: entries.iter().map(field).collect() }
            }
            _ => Gives::Answer,
        }
    }
}

/// A field, and what target it is, if it is one.
fn field(name: &str, shape: &Shape) -> String {
    let kind = match shape {
        Shape::Map(entries) => entries.iter().find(|(key, _)| key == "kind").map(|(_, kind)| kind),
        _ => None,
    };
    match kind {
        Some(Shape::Text(kind)) => format!("{name} (a target of kind {})", kind.source()),
        _ => name.to_owned(),
    }
}

/// Whether a path leads to this key.
fn ends_in(shape: &Shape, key: &str) -> bool {
    matches!(shape, Shape::Text(path) if path.source().trim_end_matches('}').rsplit(['.', '{']).next() == Some(key))
}

fn word(kind: InputKind) -> &'static str {
    match kind {
        InputKind::String => "text",
        InputKind::Integer => "whole number",
        InputKind::Boolean => "true or false",
        InputKind::List => "list",
        InputKind::Map => "map",
        InputKind::Secret => "secret",
        InputKind::Any => "data",
    }
}
