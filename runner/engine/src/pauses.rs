//! Pauses of everything, of a playbook, of an integration: journaled, so that a restart keeps them. And the configuration in
//! force, which people change while runs go on, as they do pauses.

use stanch_journal::{Cursor, Filter};
use stanch_model::config::Current;

use crate::{
    handle::Engine,
    shard::Message,
    terms::{By, EngineError, Receipt},
};

impl Engine {
    /// The configuration that is in force; whoever adopts another one changes it for the engine.
    pub fn config(&self) -> &Current {
        &self.env.config
    }

    /// Pauses or resumes `all`, `playbook:<slug>` or `integration:<name>`: journaled, survives restarts.
    ///
    /// # Errors
    /// When there is no such scope or the journal refuses.
    pub async fn pause_scope(
        &self,
        scope: &str,
        paused: bool,
        by: impl Into<By<'_>>,
    ) -> Result<Receipt, EngineError> {
        self.known_scope(scope)?;
        if !paused {
            // First, so that every run which still saw the pause has said so before the entry below.
            self.env.paused.write().remove(scope);
        }
        let ticket = self.env.journal_pause(scope, paused, by.into())?;
        self.env.journal.durable_at(ticket.position).await?;
        if paused {
            self.env.paused.write().insert(scope.to_owned());
        } else {
            self.wake_held(scope)?;
        }
        self.env.shards.read().iter().for_each(|shard| shard.send(Message::Look));
        Ok(Receipt { position: ticket.position, new: true })
    }

    /// The scopes paused now.
    pub fn paused_scopes(&self) -> Vec<String> {
        self.env.paused.read().iter().cloned().collect()
    }

    pub(crate) fn known_scope(&self, scope: &str) -> Result<(), EngineError> {
        let unknown = |what: &str| EngineError::State {
            run: scope.to_owned(),
            state: "unknown".to_owned(),
            why: format!("there is no such {what}"),
        };
        match scope.split_once(':') {
            None if scope == "all" => Ok(()),
            Some(("playbook", slug)) if self.env.library.get(slug).is_some() => Ok(()),
            Some(("playbook", _)) => Err(unknown("playbook")),
            Some(("integration", name)) if self.env.integrations.identity(name).is_some() => Ok(()),
            Some(("integration", _)) => Err(unknown("integration")),
            _ => Err(unknown("scope: say all, playbook:SLUG or integration:NAME")),
        }
    }

    /// Runs that a scope's pause parked go on.
    pub(crate) fn wake_held(&self, scope: &str) -> Result<(), EngineError> {
        let filter =
            Filter { prefix: "run/".to_owned(), states: vec!["paused".to_owned()], ..Filter::default() };
        let why = format!("{scope} is paused");
        for (stream, _) in self.env.journal.query(&filter, Cursor::START)?.streams {
            let Some(run) = stream.as_run() else { continue };
            if self.view(&run).is_ok_and(|view| view.why == why) {
                self.env.post(
                    &run,
                    &format!("resume {}", ulid::Ulid::generate()),
                    "resume",
                    &serde_json::json!({ "who": "" }),
                );
            }
        }
        Ok(())
    }

    pub(crate) fn recall_pauses(&self, paused: bool) -> Result<(), EngineError> {
        let mut scopes = self.env.journaled_pauses()?;
        if paused {
            scopes.insert("all".to_owned());
        }
        *self.env.paused.write() = scopes;
        Ok(())
    }
}
