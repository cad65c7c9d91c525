//! What the configured platforms hold of vendors: their apps and the grants of these. Only reads.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Value, json};
use stanch_integrations::{Call, Integrations, Outcome};
use stanch_model::{
    Target,
    catalog::ActionIndex,
    secret::{SecretBox, SecretError},
    value,
};
use stanch_response::vendor::{Vendor, review::Held};

use crate::{ground::GroundArgs, out::Out, place::Place, setup::Setup};

use super::super::reads;

/// How long one read may take, with all its pages.
const PATIENCE: Duration = Duration::from_secs(60);

/// Secrets that answers hold are dropped: nothing here needs one.
struct Dropped;

impl SecretBox for Dropped {
    fn seal(&self, _value: &str) -> Result<String, SecretError> {
        Ok("not kept".to_owned())
    }

    fn open(&self, handle: &str) -> Result<String, SecretError> {
        Err(SecretError::Unknown(handle.to_owned()))
    }
}

/// Whoever reads.
pub(super) struct Reader {
    integrations: Integrations,
    /// Those that can find apps, and those among them that could not be asked, with the reason.
    able: Vec<String>,
    pub(super) unread: BTreeMap<String, String>,
}

impl Reader {
    /// Of the configured integrations, those that can find apps.
    ///
    /// # Errors
    /// When the configuration has a mistake or TLS cannot be set up.
    pub(super) fn open(setup: &Setup, place: &Place, ground: &GroundArgs, out: Out) -> anyhow::Result<Self> {
        let integrations = reads::open_with(setup, place, ground, Arc::new(Dropped), out)?.for_reading();
        let mut able: Vec<String> = integrations.verb("find_app").into_iter().map(|(name, _)| name).collect();
        able.dedup();
        Ok(Self { integrations, able, unread: BTreeMap::new() })
    }

    /// Those that were asked and answered.
    pub(super) fn answered(&self) -> Vec<&str> {
        self.able.iter().map(String::as_str).filter(|name| !self.unread.contains_key(*name)).collect()
    }

    /// What all of them hold of one vendor. An integration that failed once is not asked again.
    pub(super) async fn held(&mut self, slug: &str, vendor: &Vendor) -> Vec<Held> {
        let mut held = Vec::new();
        for integration in self.able.clone() {
            let mut apps: Vec<Target> = Vec::new();
            for name in names(slug, vendor, &integration) {
                for app in self.find(&integration, &name).await {
                    if !apps.iter().any(|known| known.id == app.id) {
                        apps.push(app);
                    }
                }
            }
            for app in apps {
                let grants = self.grants(&integration, &app).await;
                held.push(Held { integration: integration.clone(), app, grants });
            }
        }
        held
    }

    async fn find(&mut self, integration: &str, name: &str) -> Vec<Target> {
        let reads = self.integrations.find("find_app", name);
        let mut found = Vec::new();
        for read in reads.into_iter().filter(|read| read.integration == integration) {
            found.extend(self.targets(integration, read.action, read.input, None).await.unwrap_or_default());
        }
        found
    }

    /// `None` where the platform lists none for an app, or did not answer.
    async fn grants(&mut self, integration: &str, app: &Target) -> Option<Vec<Target>> {
        let lists = self.integrations.verb("app.grants");
        let (_, info) = lists.into_iter().find(|(name, _)| name == integration)?;
        let action = info.name.clone();
        self.targets(integration, action, json!({}), Some(app.clone())).await
    }

    async fn targets(
        &mut self,
        integration: &str,
        action: String,
        input: Value,
        target: Option<Target>,
    ) -> Option<Vec<Target>> {
        if self.unread.contains_key(integration) {
            return None;
        }
        let asked = action.clone();
        let call = Call {
            integration: integration.to_owned(),
            action,
            input,
            target,
            key: String::new(),
            attempt: 1,
            deadline: PATIENCE,
            permit: None,
        };
        let why = match self.integrations.call(call).await {
            Outcome::Done { value, .. } => return Some(value::targets_in(&value)),
            Outcome::Refused { message, .. } => message,
            Outcome::NotSent { why } | Outcome::Limited { why, .. } | Outcome::InDoubt { why } => why,
        };
        self.unread.insert(integration.to_owned(), format!("{asked}: {why}"));
        None
    }
}

/// Under which names a vendor may be known there: what the register says for this integration first.
fn names(slug: &str, vendor: &Vendor, integration: &str) -> Vec<String> {
    let there = vendor.access.iter().filter(|access| access.integration == integration);
    let mut names: Vec<String> = there.filter_map(|access| access.app.clone()).collect();
    for name in vendor.apps.iter().chain([&vendor.name]).map(String::as_str).chain([slug]) {
        if !name.is_empty() && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.to_owned());
        }
    }
    names
}
