//! The screens over a real server: an approval by keys alone, and the server gone and back while they are open.

use std::{path::Path, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;
use stanch_client::{Client, Location};
use stanch_model::api::StartBody;
use stanch_tui::{
    App, Look, Options,
    command::{Command, TABLE},
    event::{Event, Key, Moment},
    link::Performer,
    overlays::{Overlay, Stage},
    world::Line,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::{Served, asking, book, client, empty, stanch};

/// The screens, without a terminal.
struct Screens {
    app: App,
    performer: Performer,
    inbox: UnboundedReceiver<Event>,
}

impl Screens {
    fn open(folder: &Path) -> Self {
        let options = Options {
            look: Look::PLAIN,
            place: "here".to_owned(),
            zone: TimeZone::UTC,
            recording: None,
            drill: false,
        };
        let (events, inbox) = unbounded_channel();
        Self { app: App::new(options), performer: Performer::start(client(folder), None, events), inbox }
    }

    fn feed(&mut self, event: Event) {
        let moment = Moment { at_ms: Timestamp::now().as_millisecond(), event };
        self.app.on(moment).into_iter().for_each(|intent| self.performer.perform(intent));
    }

    fn keys(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.feed(Event::Key(Key((*name).to_owned()))));
    }

    /// Lives until it is so.
    async fn until(&mut self, what: &str, so: impl Fn(&App) -> bool) {
        for _ in 0..2_000 {
            if so(&self.app) {
                return;
            }
            match tokio::time::timeout(Duration::from_millis(20), self.inbox.recv()).await {
                Ok(Some(event)) => self.feed(event),
                Ok(None) => break,
                Err(_) => self.feed(Event::Tick),
            }
        }
        panic!("never {what}: {:?}", self.app.world());
    }
}

fn stage(app: &App) -> Option<&Stage> {
    match app.overlays.last() {
        Some(Overlay::Card(card)) => Some(&card.stage),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_is_given_by_keys_and_the_server_may_go_and_come_back() {
    let home = empty();
    let folder = home.path();
    book(
        folder,
        "asker",
        &asking("within: 15m"),
        "approve(\"go\", \"Shall we go?\", input.what);\nnote(\"gone\");\nsettle();\n",
    );
    let user = user();
    let groups = format!("people: {{ groups: {{ leads: [{user}] }} }}\nplaybooks: [.]\n");
    std::fs::write(folder.join("stanch.yaml"), groups).unwrap();
    let server = Served::start(folder);
    let made = stanch(folder, &["tokens", "new", "somebody-else", "--role", "responder", "--json"]);
    let token: serde_json::Value = serde_json::from_slice(made.stdout.trim_ascii()).unwrap();
    let token = token["token"].as_str().map(str::to_owned);
    let somebody = Client::connect(Location::Url { url: server.url(), token }).unwrap();
    let app = json!({ "$target": { "integration": "okta", "kind": "app", "id": "0oa1", "label": "Drift" } });
    let input = json!({ "what": [app] }).as_object().cloned().unwrap();
    let start = StartBody { playbook: "asker".to_owned(), input, ..StartBody::default() };
    somebody.start(&start).await.unwrap();

    let mut screens = Screens::open(folder);
    screens.until("a card", |app| app.next_card().is_some_and(|card| !card.asked.is_empty())).await;
    screens.keys(&["enter", "enter"]);
    assert!(screens.app.overlays.is_empty(), "the safe answer leaves it as it is");
    screens.keys(&["enter", "tab", "tab", "enter", "d", "r", "i", "f", "enter"]);
    assert_eq!(stage(&screens.app), Some(&Stage::Writing), "the name is not whole");
    screens.keys(&["t", "enter"]);
    screens.until("an answer", |app| matches!(stage(app), Some(Stage::Recorded { .. }))).await;
    screens.keys(&["esc", "2"]);
    screens.until("the end", |app| app.world().runs.iter().any(|run| run.state == "finished")).await;

    server.terminate();
    screens.until("lost", |app| matches!(app.world().line, Line::Lost(..))).await;
    assert_eq!(server.gone().0, Some(0));
    let again = Served::start(folder);
    screens.until("back", |app| app.world().line == Line::Online).await;
    drop(again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_playbook_is_started_from_its_form_and_a_card_is_let_go_alone() {
    let home = empty();
    let folder = home.path();
    let typed = "nth: { type: integer }\n  what: { type: string, default: it }";
    let manifest = asking("within: 15m").replace("what: { type: list }", typed);
    book(folder, "adder", &manifest, "note(`Shall ${input.what} go, ${input.nth + 1}?`);\n");
    book(
        folder,
        "asker",
        &asking("within: 15m"),
        "approve(\"go\", \"Shall we go?\", input.what);\nnote(\"gone\");\n",
    );
    let config = "people: { groups: { leads: [ben] } }\nplaybooks: [.]\nbreak_glass: { after: 0s }\n";
    std::fs::write(folder.join("stanch.yaml"), config).unwrap();
    let _server = Served::start(folder);
    let mut screens = Screens::open(folder);
    screens.until("playbooks", |app| app.world().playbooks.iter().any(|one| !one.input.is_empty())).await;
    screens.keys(&["8", "home"]);
    assert_eq!(screens.app.chosen().as_deref(), Some("adder"));
    screens.until("who may start it", |app| app.may(Command::StartRun)).await;
    screens.keys(&["s", "4", "1", "enter", "y"]);
    let noted = |app: &App| {
        let run = app.opened_run().and_then(|run| app.world().run(run));
        run.is_some_and(|run| run.view.notes.iter().any(|(_, note)| note == "Shall it go, 42?"))
    };
    screens.until("its run with what it was given", noted).await;

    let app = json!({ "$target": { "integration": "okta", "kind": "app", "id": "0oa1", "label": "Drift" } });
    let input = json!({ "what": [app] }).as_object().cloned().unwrap();
    let start = StartBody { playbook: "asker".to_owned(), input, ..StartBody::default() };
    let run = client(folder).start(&start).await.unwrap().run;
    screens.until("a card", |app| app.next_card().is_some_and(|card| !card.asked.is_empty())).await;
    screens.keys(&["3", "enter", "g"]);
    screens.keys(&["n", "o", "b", "o", "d", "y", "space", "a", "n", "s", "w", "e", "r", "s", "tab"]);
    screens.keys(&["d", "r", "i", "f", "t", "enter", "y"]);
    screens.until("an end", |app| matches!(stage(app), Some(Stage::Recorded { glass: Some(_), .. }))).await;
    let over = |app: &App| app.world().runs.iter().all(|run| run.state == "finished");
    screens.until("gone", over).await;
    let shown = stanch(folder, &["show", &run]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("BREAK-GLASS A1: ") && shown.contains("nobody answers"), "{shown}");
}

/// The name under which the server hears whoever uses its socket here.
fn user() -> String {
    let id = std::process::Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim().to_owned()
}

#[test]
fn whatever_the_screens_do_is_a_command_too() {
    let program = stanch_cli::command();
    for row in TABLE {
        assert!(!(row.command.is_order() && row.cli.is_empty()), "{row:?} has no command");
        for typed in row.cli.split(", ").filter(|typed| !typed.is_empty()) {
            let mut at = &program;
            for word in typed.split(' ') {
                match word.strip_prefix("--") {
                    Some(option) => {
                        let is_known = |arg: &clap::Arg| arg.get_long() == Some(option);
                        let known = at.get_arguments().chain(program.get_arguments()).any(is_known);
                        assert!(known, "`stanch {typed}`: {word} is no option");
                    }
                    None => {
                        let next = at.get_subcommands().find(|verb| verb.get_name() == word);
                        at = next.unwrap_or_else(|| panic!("`stanch {typed}`: {word} is no command"));
                    }
                }
            }
        }
    }
}
