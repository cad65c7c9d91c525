//! A scripted editor.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};

/// Longer than any machine needs for one answer: only a server that says nothing meets it.
const PATIENCE: Duration = Duration::from_secs(120);

/// An editor with a folder of files and a server.
pub(crate) struct Editor {
    pub(crate) folder: tempfile::TempDir,
    server: Child,
    input: Option<ChildStdin>,
    output: Receiver<Value>,
    next: i64,
    /// What was told while an answer was waited for.
    told: Vec<Value>,
}

impl Editor {
    /// Starts the server and says hello.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let mut editor = Self::silent(files);
        let hello = json!({
            "processId": null, "rootUri": null,
            "capabilities": { "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } },
        });
        let answer = editor.ask("initialize", hello);
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        editor.tell("initialized", json!({}));
        editor
    }

    /// Starts the server.
    pub(crate) fn silent(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let program = std::env::var_os("STANCH_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_stanch").into());
        let mut server = Command::new(program)
            .arg("lsp")
            .current_dir(folder.path())
            .env_remove("STANCH_CONFIG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, output) = channel();
        let mut from = BufReader::new(server.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(message) = read(&mut from) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        let input = server.stdin.take();
        Self { folder, server, input, output, next: 1, told: Vec::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// Bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Asks, and waits for the answer; a refusal is given whole.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.next;
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.answer(&json!(id))
    }

    /// Waits for the answer to this id.
    pub(crate) fn answer(&mut self, id: &Value) -> Value {
        loop {
            let message = self.message();
            if message.get("id") == Some(id) && message.get("method").is_none() {
                return message.get("result").cloned().unwrap_or(message);
            }
            self.told.push(message);
        }
    }

    pub(crate) fn message(&mut self) -> Value {
        self.output.recv_timeout(PATIENCE).expect("the server says nothing")
    }

    pub(crate) fn open(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        let file = json!({ "uri": uri, "languageId": "x", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": file }));
    }

    /// Replaces the whole text.
    pub(crate) fn write(&mut self, name: &str, version: i64, text: &str) {
        let uri = self.uri(name);
        let params = json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [{ "text": text }] });
        self.tell("textDocument/didChange", params);
    }

    /// The next mistakes that are told of this file: `line:character code message`.
    pub(crate) fn mistakes(&mut self, name: &str) -> Vec<String> {
        let uri = self.uri(name);
        loop {
            let at = self.told.iter().position(|message| message["params"]["uri"] == uri.as_str());
            let message = match at {
                Some(at) => self.told.remove(at),
                None => self.message(),
            };
            if message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri.as_str()
            {
                let all = message["params"]["diagnostics"].as_array().unwrap();
                return all.iter().map(mistake).collect();
            }
        }
    }

    /// Asks about the place that `█` marks in a text, which is opened or changed to without the mark.
    pub(crate) fn ask_at(&mut self, method: &str, name: &str, marked: &str) -> Value {
        let (text, position) = marked_place(marked);
        self.open(name, &text);
        let uri = self.uri(name);
        self.ask(method, json!({ "textDocument": { "uri": uri }, "position": position }))
    }

    /// What may stand at the mark, best first.
    pub(crate) fn completions(&mut self, name: &str, marked: &str) -> Vec<Value> {
        let found = self.ask_at("textDocument/completion", name, marked);
        let mut all = found.as_array().unwrap_or_else(|| panic!("{found}")).clone();
        all.sort_by_key(|one| one["sortText"].as_str().unwrap().to_owned());
        all
    }

    /// Leaves, orderly, and gives the exit code.
    pub(crate) fn leave(&mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        self.gone()
    }

    /// Closes the server's input and gives the exit code.
    pub(crate) fn gone(&mut self) -> Option<i32> {
        self.input = None;
        self.server.wait().unwrap().code()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _gone = self.server.kill();
        let _gone = self.server.wait();
    }
}

/// The labels, in order.
pub(crate) fn labels(found: &[Value]) -> Vec<&str> {
    found.iter().map(|one| one["label"].as_str().unwrap()).collect()
}

/// The text without its mark, and where the mark was: counted in UTF-16.
pub(crate) fn marked_place(marked: &str) -> (String, Value) {
    let at = marked.find('█').expect("a mark");
    let before = &marked[..at];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let place =
        json!({ "line": before.matches('\n').count(), "character": before[start..].encode_utf16().count() });
    (marked.replacen('█', "", 1), place)
}

fn mistake(one: &Value) -> String {
    let start = &one["range"]["start"];
    let message = one["message"].as_str().unwrap().replace('\n', "; ");
    format!("{}:{} {} {message}", start["line"], start["character"], one["code"].as_str().unwrap())
}

fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => length = line.strip_prefix("Content-Length: ")?.parse().ok()?,
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// A playbook that has nothing wrong, with Okta connected.
pub(crate) const MANIFEST: &str = "\
playbook: cut
title: Cut
owner: ir
reviewed: 2026-11-01
input: { app: { type: app } }
uses:
  read: [find_app, app.grants]
  reversible: [app.quarantine]
  permanent: [grant.revoke]
approvals:
  cut-app: { ask: incident-lead, within: 15m, unanswered: [deny] }
";

pub(crate) const SCRIPT: &str = "\
phase(\"scope\");
let apps = find_app(input.app);
let grants = flat(each(apps, |app| attempt(|| app.grants()).value ?? []));
evidence(\"before\", #{ apps: apps, grants: grants });

phase(\"contain\");
approve(\"cut-app\", `Cut ${input.app} off`, [apps, grants]);
for app in apps { app.quarantine(); }
each(grants, |grant| grant.revoke());
settle();
";

pub(crate) const CONFIG: &str = "\
people:
  groups: { incident-lead: [ben] }
integrations:
  okta: { platform: okta, url: \"https://acme.okta.com\" }
tell:
  team: [\"slack:#incidents\"]
playbooks: [.]
";

/// A company with that playbook.
pub(crate) fn company() -> Editor {
    Editor::new(&[("stanch.yaml", CONFIG), ("cut/playbook.yaml", MANIFEST), ("cut/main.rhai", SCRIPT)])
}

/// The path that an address leads to.
pub(crate) fn named(location: &Value) -> String {
    let uri = location["uri"].as_str().unwrap_or_else(|| panic!("{location}"));
    let path = Path::new(uri.strip_prefix("file://").unwrap());
    let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy().into_owned()).collect();
    let start = &location["range"]["start"];
    format!("{}/{} {}:{}", parts[1], parts[0], start["line"], start["character"])
}
