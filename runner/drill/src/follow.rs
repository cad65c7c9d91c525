//! What the journal says, heard through the API's event stream, over the server's deaths.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use stanch_client::{Client, Events, News};
use stanch_model::{
    Address, StreamId,
    api::EntryView,
    run::{RunView, body, kind},
};

/// The view of the run, and what else its entries say that the view does not keep.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) run: RunView,
    /// The call of each step, as of its latest attempt.
    calls: HashMap<Address, body::CallIntent>,
    /// Its latest version, so that what comes twice is heard once.
    version: u64,
}

impl Heard {
    /// Takes an entry; false when it is none of this run, or was heard before.
    pub(crate) fn take(&mut self, entry: &EntryView) -> bool {
        if !entry.stream.starts_with("run/") || entry.version <= self.version {
            return false;
        }
        if self.run.id.is_none() && entry.kind != kind::CREATED {
            return false;
        }
        let ours = self.run.id.as_ref().map(|run| StreamId::run(run).to_string());
        if ours.is_some_and(|ours| ours != entry.stream) {
            return false;
        }
        self.version = entry.version;
        if let Some(intent) = decode::<body::Intent>(entry, kind::INTENT)
            && let Some(call) = intent.call
        {
            self.calls.insert(intent.address, call);
        }
        self.run.apply(&entry.to_entry());
        true
    }

    /// The call of this step.
    pub(crate) fn call(&self, address: &Address) -> Option<&body::CallIntent> {
        self.calls.get(address)
    }
}

/// The body of an entry of this kind.
pub(crate) fn decode<T: DeserializeOwned>(entry: &EntryView, kind: &str) -> Option<T> {
    if entry.kind != kind {
        return None;
    }
    serde_json::from_value(entry.body.clone()).ok()
}

/// The event stream of one life of the server. The next life's begins where this one ended.
pub(crate) struct Ear {
    events: Events,
}

impl Ear {
    pub(crate) fn new(client: &Client, run: &str, cursor: Option<String>) -> Self {
        Self { events: client.run_events(run, cursor) }
    }

    /// Where the next life's ear begins.
    pub(crate) fn cursor(&self) -> Option<String> {
        self.events.cursor().map(str::to_owned)
    }

    /// The next entry. A broken line is tried again by the client until the server is known to be dead. Cancelling loses
    /// nothing.
    pub(crate) async fn next(&mut self) -> Result<EntryView, stanch_client::ClientError> {
        loop {
            if let News::Entry(event) = self.events.next().await? {
                return Ok(event.entry);
            }
        }
    }
}
