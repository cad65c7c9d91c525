//! The configured integrations: the catalogue bound to names, tenants, credentials and one way out.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::Value;
use stanch_model::{
    Diagnostic, Target,
    catalog::{ActionIndex, ActionInfo},
    config::IntegrationConfig,
    secret::SecretBox,
};

use crate::{
    Admission, Call, Catalog, ErrorKind, Identity, Limits, Outcome, Read, Seen, Transport, UndoCall,
};

/// The configured integrations. Cheap to clone; all clones share pace, tokens and connections.
#[derive(Clone, Debug)]
pub struct Integrations {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    catalog: Arc<Catalog>,
}

impl Integrations {
    /// Binds the catalogue to a configuration.
    ///
    /// # Errors
    /// Every mistake in the configuration: unknown platform, missing setting, a name that is no Rhai name.
    pub fn new(
        catalog: Arc<Catalog>,
        _configured: &BTreeMap<String, IntegrationConfig>,
        _transport: Transport,
        _secrets: Arc<dyn SecretBox>,
    ) -> Result<Self, Vec<Diagnostic>> {
        Ok(Self { shared: Arc::new(Shared { catalog }) })
    }

    /// The catalogue behind it.
    pub fn catalog(&self) -> &Catalog {
        &self.shared.catalog
    }

    /// Which tenant of which platform this name means.
    pub fn identity(&self, _integration: &str) -> Option<Identity> {
        None
    }

    /// The bounds of this integration.
    pub fn limits(&self, _integration: &str) -> Option<Limits> {
        None
    }

    /// Waits for a turn, at most `patience`. A turn that cannot come in time is not taken.
    pub async fn admit(&self, _integration: &str, _action: &str, _patience: Duration) -> Admission {
        Admission::NotBefore(i64::MAX)
    }

    /// One attempt of one action; for reads with all their pages. A token that the platform refuses is renewed once.
    pub async fn call(&self, call: Call) -> Outcome {
        Outcome::Refused {
            kind: ErrorKind::Unknown,
            status: None,
            message: format!("no integration `{}`", call.integration),
        }
    }

    /// Makes the read that proves this action and asks its predicate, once.
    pub async fn verify(
        &self,
        _integration: &str,
        _action: &str,
        _target: Option<&Target>,
        _input: &Value,
    ) -> Seen {
        Seen::CannotTell { why: "no read proves this action".to_owned(), again_ms: None }
    }

    /// The read whose result is this action's `before`, if it declares one.
    pub fn capture(
        &self,
        _integration: &str,
        _action: &str,
        _target: Option<&Target>,
        _input: &Value,
    ) -> Option<Read> {
        None
    }

    /// Whether what `capture` read shows the action's end state already: then the effect is somebody else's.
    pub fn held_before(
        &self,
        _integration: &str,
        _action: &str,
        _target: Option<&Target>,
        _input: &Value,
        _before: &Value,
    ) -> Option<bool> {
        None
    }

    /// The call that takes this effect back, with everything filled in.
    pub fn undo_of(
        &self,
        _integration: &str,
        _action: &str,
        _target: Option<&Target>,
        _input: &Value,
        _before: &Value,
    ) -> Option<UndoCall> {
        None
    }

    /// The target of this call: the one it is called on, or the one that its arguments name.
    pub fn target_of(
        &self,
        _integration: &str,
        _action: &str,
        target: Option<&Target>,
        _input: &Value,
    ) -> Option<Target> {
        target.cloned()
    }

    /// What a person is asked to do where the platform has no API (`manual`), filled in.
    pub fn manual_text(
        &self,
        _integration: &str,
        _action: &str,
        _target: Option<&Target>,
        _input: &Value,
    ) -> Option<String> {
        None
    }

    /// The reads that `find_app` and `find_user` become: one per configured integration that has the verb.
    pub fn find(&self, _finder: &str, _query: &str) -> Vec<Read> {
        Vec::new()
    }
}

impl ActionIndex for Integrations {
    fn integrations(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn actions(&self, _platform: &str) -> Vec<&ActionInfo> {
        Vec::new()
    }

    fn action(&self, _integration: &str, _action: &str) -> Option<&ActionInfo> {
        None
    }

    fn verb(&self, _verb: &str) -> Vec<(String, &ActionInfo)> {
        Vec::new()
    }

    fn verbs(&self) -> Vec<String> {
        Vec::new()
    }
}
