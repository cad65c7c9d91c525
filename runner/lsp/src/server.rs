//! The conversation with an editor: who may ask what and when, in which order it is answered, how it ends.

use std::{
    collections::VecDeque,
    io::{self, BufReader, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, RecvError, sync_channel},
};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    desk::Desk,
    ground::Grounds,
    protocol::{AboutFile, AboutPlace, AboutSpan, Changed, Opened, Refusal, Watched, answer, refuse},
    wire::{self, Incoming},
};

/// How many messages wait in memory; more wait in the pipe.
const WAITING: usize = 256;

/// How the conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `shutdown`, then `exit`.
    Orderly,
    /// The editor left without a word, or with half of it.
    Abrupt,
}

/// Speaks with one editor until it leaves. `input` is read on a thread of its own, which ends with the stream.
///
/// # Errors
/// When nothing can be written any more.
pub fn serve(
    input: impl Read + Send + 'static,
    output: &mut dyn Write,
    grounds: &mut dyn Grounds,
) -> io::Result<End> {
    let (send, receive) = sync_channel(WAITING);
    std::thread::Builder::new().name("lsp-reader".to_owned()).spawn(move || {
        let mut input = BufReader::new(input);
        while let Ok(Some(message)) = wire::read(&mut input) {
            if send.send(message).is_err() {
                return;
            }
        }
    })?;
    let mut talk = Talk { desk: Desk::new(grounds), stage: Stage::New, queue: VecDeque::new(), output };
    talk.run(&receive)
}

/// How far the conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody said who they are.
    New,
    /// Questions are answered.
    Open,
    /// Nothing is answered any more.
    Shut,
}

struct Talk<'a> {
    desk: Desk<'a>,
    stage: Stage,
    queue: VecDeque<Incoming>,
    output: &'a mut dyn Write,
}

/// What to do after a message.
enum Next {
    Go,
    Stop(End),
}

impl Talk<'_> {
    fn run(&mut self, receive: &Receiver<Incoming>) -> io::Result<End> {
        loop {
            while let Ok(message) = receive.try_recv() {
                self.take(message)?;
            }
            if self.queue.is_empty() {
                // Whoever types on is not told about the state in between.
                for news in self.guarded(|desk| desk.news()).unwrap_or_default() {
                    self.write(&news)?;
                }
                match receive.recv() {
                    Ok(message) => self.take(message)?,
                    Err(RecvError) => return Ok(End::Abrupt),
                }
                continue;
            }
            if let Some(message) = self.queue.pop_front()
                && let Next::Stop(end) = self.message(message)?
            {
                return Ok(end);
            }
        }
    }

    /// Puts a message into the queue; a cancellation takes one out.
    fn take(&mut self, message: Incoming) -> io::Result<()> {
        let cancelled = match &message {
            Incoming::Message(value) if value["method"] == "$/cancelRequest" => {
                value["params"].get("id").cloned()
            }
            _ => None,
        };
        let Some(id) = cancelled else {
            self.queue.push_back(message);
            return Ok(());
        };
        let is_it = |waiting: &Incoming| matches!(waiting, Incoming::Message(value) if value.get("id") == Some(&id) && value.get("method").is_some());
        if let Some(at) = self.queue.iter().position(is_it) {
            self.queue.remove(at);
            self.write(&refuse(&id, Refusal::Cancelled, "cancelled"))?;
        }
        Ok(())
    }

    fn write(&mut self, message: &Value) -> io::Result<()> {
        wire::write(&mut self.output, message)
    }

    fn message(&mut self, message: Incoming) -> io::Result<Next> {
        let value = match message {
            Incoming::Message(value) => value,
            Incoming::Malformed(why) => {
                self.write(&refuse(&Value::Null, Refusal::Parse, &why))?;
                return Ok(Next::Go);
            }
        };
        let params = value.get("params").cloned().unwrap_or(Value::Null);
        match (value["method"].as_str(), value.get("id")) {
            (Some("exit"), None) => {
                return Ok(Next::Stop(if self.stage == Stage::Shut { End::Orderly } else { End::Abrupt }));
            }
            (Some(method), Some(id)) => {
                let reply = match self.request(method, params) {
                    Ok(result) => answer(id, &result),
                    Err((refusal, why)) => refuse(id, refusal, &why),
                };
                self.write(&reply)?;
            }
            (Some(method), None) => self.notification(method, params)?,
            // An answer to a question that we never ask.
            (None, Some(_)) if value.get("result").is_some() || value.get("error").is_some() => {}
            (None, id) => {
                let id = id.cloned().unwrap_or(Value::Null);
                self.write(&refuse(&id, Refusal::InvalidRequest, "a message without a method"))?;
            }
        }
        Ok(Next::Go)
    }

    fn request(&mut self, method: &str, params: Value) -> Result<Value, (Refusal, String)> {
        match (self.stage, method) {
            (Stage::New, "initialize") => {
                self.stage = Stage::Open;
                let capabilities = &params["capabilities"]["textDocument"]["completion"]["completionItem"];
                self.desk.snippets = capabilities["snippetSupport"] == true;
                return Ok(who_we_are());
            }
            (Stage::New, _) => return Err((Refusal::NotInitialized, "first comes `initialize`".to_owned())),
            (Stage::Shut, _) => {
                return Err((Refusal::InvalidRequest, "after `shutdown` comes `exit`".to_owned()));
            }
            (Stage::Open, "initialize") => {
                return Err((Refusal::InvalidRequest, "`initialize` came before".to_owned()));
            }
            (Stage::Open, "shutdown") => {
                self.stage = Stage::Shut;
                return Ok(Value::Null);
            }
            (Stage::Open, _) => {}
        }
        let done = match method {
            "textDocument/completion" => {
                let about: AboutPlace = read(params)?;
                self.guarded(|desk| json!(desk.complete(&about.text_document.uri, about.position)))
            }
            "textDocument/hover" => {
                let about: AboutPlace = read(params)?;
                self.guarded(|desk| json!(desk.hover(&about.text_document.uri, about.position)))
            }
            "textDocument/definition" => {
                let about: AboutPlace = read(params)?;
                self.guarded(|desk| json!(desk.define(&about.text_document.uri, about.position)))
            }
            "textDocument/documentSymbol" => {
                let about: AboutFile = read(params)?;
                self.guarded(|desk| json!(desk.outline(&about.text_document.uri)))
            }
            "textDocument/codeAction" => {
                let about: AboutSpan = read(params)?;
                self.guarded(|desk| json!(desk.mend(&about.text_document.uri, about.range)))
            }
            _ => return Err((Refusal::MethodNotFound, format!("`{method}` is not known here"))),
        };
        done.ok_or_else(|| (Refusal::Internal, format!("`{method}` failed; standard error says where")))
    }

    fn notification(&mut self, method: &str, params: Value) -> io::Result<()> {
        if self.stage != Stage::Open {
            return Ok(());
        }
        match method {
            "textDocument/didOpen" => {
                if let Ok(opened) = read::<Opened>(params) {
                    self.guarded(|desk| desk.open(opened.text_document));
                }
            }
            "textDocument/didChange" => {
                if let Ok(changed) = read::<Changed>(params) {
                    let file = changed.text_document;
                    self.guarded(|desk| desk.change(&file.uri, file.version, changed.content_changes));
                }
            }
            "textDocument/didClose" => {
                if let Ok(closed) = read::<AboutFile>(params) {
                    let uri = closed.text_document.uri;
                    let taken_back = self.guarded(|desk| {
                        desk.close(&uri);
                        desk.forget_told(&uri)
                    });
                    if let Some(message) = taken_back.flatten() {
                        self.write(&message)?;
                    }
                }
            }
            "textDocument/didSave" => {
                if let Ok(saved) = read::<AboutFile>(params) {
                    self.guarded(|desk| desk.saved(&[saved.text_document.uri]));
                }
            }
            "workspace/didChangeWatchedFiles" => {
                if let Ok(watched) = read::<Watched>(params) {
                    let uris: Vec<String> = watched.changes.into_iter().map(|file| file.uri).collect();
                    self.guarded(|desk| desk.saved(&uris));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A mistake of ours in one answer must not close the editor's session: it is none, and the next one is given.
    fn guarded<T>(&mut self, answer: impl FnOnce(&mut Desk<'_>) -> T) -> Option<T> {
        let desk = &mut self.desk;
        catch_unwind(AssertUnwindSafe(|| answer(desk))).ok()
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, (Refusal, String)> {
    serde_json::from_value(params).map_err(|error| (Refusal::InvalidParams, error.to_string()))
}

fn who_we_are() -> Value {
    json!({
        "capabilities": {
            "positionEncoding": "utf-16",
            "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
            "completionProvider": { "triggerCharacters": [".", "\"", "{", " ", "[", "/"] },
            "hoverProvider": true,
            "definitionProvider": true,
            "documentSymbolProvider": true,
            "codeActionProvider": { "codeActionKinds": ["quickfix"] },
        },
        "serverInfo": { "name": "stanch", "version": env!("CARGO_PKG_VERSION") },
    })
}
