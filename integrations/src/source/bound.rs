//! A configured source: its part of the catalogue bound to its name, settings and secret.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde_json::Value;
use stanch_model::config::AlertSourceConfig;

use super::{
    proof::{BadSecret, Proof},
    refusal::Refusal,
    spec::{AlertShape, AnswerBody, ErrorStyle, SourceSpec},
    take::{SeverityTake, Take},
};
use crate::template::{Lookup, Template};

/// A configured source with its secret, ready to judge deliveries.
pub struct Source {
    /// Its name under `alerts:`.
    pub name: String,
    /// Its configuration.
    pub config: AlertSourceConfig,
    pub(super) spec: Arc<SourceSpec>,
    /// The catalogue's shape under the configuration's `map`.
    pub(super) shape: AlertShape,
    pub(super) settings: BTreeMap<String, String>,
    /// None where alerts are fetched.
    pub(super) proof: Option<Proof>,
    /// One fetches; the others wait and look again.
    pub(super) fetching: tokio::sync::Mutex<()>,
}

/// Why a source cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSource {
    /// The catalogue has none of this name.
    #[error("`{0}` is not an alert format")]
    Format(String),
    /// The secret is not what the format needs.
    #[error(transparent)]
    Secret(#[from] BadSecret),
    /// The format has a shared secret and none is configured.
    #[error("it needs a `secret`")]
    NoSecret,
    /// A setting without which it can prove nothing.
    #[error("it needs the setting `{0}`")]
    Missing(String),
    /// A setting has an impossible value.
    #[error("its setting `{0}` must be {1}")]
    Setting(&'static str, &'static str),
    /// Keys are fetched by https only.
    #[error("`{0}` is no https address")]
    Address(String),
    /// A text in the catalogue that cannot be read.
    #[error("{0}")]
    Template(String),
    /// `map` names no place.
    #[error("`map.{0}`: {1}")]
    Map(String, String),
}

impl Source {
    pub(crate) fn bind(
        name: &str,
        config: AlertSourceConfig,
        spec: Arc<SourceSpec>,
        secret: Option<&str>,
    ) -> Result<Self, BadSource> {
        let mut settings: BTreeMap<String, String> = spec
            .settings
            .iter()
            .filter_map(|(name, spec)| Some((name.clone(), spec.default.clone()?)))
            .collect();
        settings.extend(config.all_settings());
        if let Some((missing, _)) =
            spec.settings.iter().find(|(name, spec)| !spec.optional && !settings.contains_key(*name))
        {
            return Err(BadSource::Missing(missing.clone()));
        }
        let proof = match &spec.proof {
            Some(proof) => Some(Proof::bind(proof, &Settings(&settings), secret)?),
            None => None,
        };
        let shape = mapped(spec.alert.clone(), &config.map)?;
        let fetching = tokio::sync::Mutex::default();
        Ok(Self { name: name.to_owned(), config, spec, shape, settings, proof, fetching })
    }

    /// The status and body of a yes, as the sender expects them.
    pub fn yes(&self) -> (u16, AnswerBody) {
        (self.spec.answer.status, self.spec.answer.body)
    }

    /// A no in the sender's own standard, to be sent with 400; `None` where it is written as everywhere else.
    pub fn no(&self, refusal: &Refusal) -> Option<Value> {
        match self.spec.answer.errors {
            ErrorStyle::Rfc8935 => refusal.rfc8935(),
            ErrorStyle::Ours => None,
        }
    }

    /// True when its address ends in the secret.
    pub fn secret_in_path(&self) -> bool {
        matches!(self.proof, Some(Proof::Path(_)))
    }
}

/// The shape with the fields that the configuration maps otherwise.
fn mapped(mut shape: AlertShape, map: &BTreeMap<String, String>) -> Result<AlertShape, BadSource> {
    for (field, place) in map {
        let wrong = |why: String| BadSource::Map(field.clone(), why);
        let place = Value::String(place.clone());
        if field == "severity" {
            shape.severity = Some(SeverityTake::try_from(place).map_err(wrong)?);
            continue;
        }
        let take = Take::try_from(place).map_err(wrong)?;
        let slot = shape.field_mut(field).ok_or_else(|| wrong("an alert has no such field".to_owned()))?;
        *slot = Some(take);
    }
    Ok(shape)
}

impl AlertShape {
    fn field_mut(&mut self, name: &str) -> Option<&mut Option<Take>> {
        Some(match name {
            "id" => &mut self.id,
            "kind" => &mut self.kind,
            "title" => &mut self.title,
            "time" => &mut self.time,
            "user" => &mut self.user,
            "app" => &mut self.app,
            "ip" => &mut self.ip,
            "delivery" => &mut self.delivery,
            "fold" => &mut self.fold,
            _ => return None,
        })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.config.format)
    }
}

/// The settings as the variables of a template.
pub(crate) struct Settings<'a>(pub(crate) &'a BTreeMap<String, String>);

impl Settings<'_> {
    /// A text in which every setting is given.
    pub(crate) fn need(&self, template: &Template) -> Result<String, BadSource> {
        let missing =
            |variable: &str| BadSource::Missing(variable.trim_start_matches("settings.").to_owned());
        if let Some(variable) = template.variables().find(|variable| self.lookup(variable).is_none()) {
            return Err(missing(variable));
        }
        template.text(self).map_err(|error| BadSource::Template(error.to_string()))
    }

    /// The same, or nothing where a setting is not given.
    pub(crate) fn maybe(&self, template: Option<&Template>) -> Option<String> {
        self.need(template?).ok()
    }
}

impl Lookup for Settings<'_> {
    fn lookup(&self, path: &str) -> Option<Value> {
        self.0.get(path.strip_prefix("settings.")?).cloned().map(Value::String)
    }
}
