//! A notice climbs a vendor's ladder of contacts, end to end: the program, a server, simulated platforms and mail.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use stanch_integrations::twin::{TwinHost, TwinOptions};
use stanch_model::api::NoticeView;

use crate::support::{Served, client, empty, stanch, transcript};

const CONFIG: &str = "integrations:
  slack: { platform: slack }
  smtp: { platform: smtp, url: \"smtps://mail.acme.example\", settings: { sender: stanch@acme.example } }
tell:
  vendor: [\"slack:#vendors\"]
playbooks: [shout]
";

const VENDORS: &str = "drift:
  name: Drift
  contacts:
    - { name: Security, mail: security@drift.example, phone: \"+1 555 0100\", within: 4h }
    - { name: Kim, mail: kim@drift.example, within: 4h }
";

const MANIFEST: &str = "playbook: shout
title: Tell the vendor
owner: me
reviewed: 2026-11-01
uses:
  tell: [notify]
";

async fn company(folder: &Path) -> TwinHost {
    for (name, text) in [
        ("stanch.yaml", CONFIG),
        ("vendors.yaml", VENDORS),
        ("shout/playbook.yaml", MANIFEST),
        ("shout/main.rhai", "let sent = notify(vendor_of(\"drift\"), \"cut\");\nnote(`${sent.to}`);\n"),
        ("shout/README.md", "# Shout\n"),
        ("shout/templates/cut.md", "---\nsubject: You are cut off\n---\nTLP:AMBER\n\nIt is so.\n"),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let integrations = ["slack", "smtp"].map(|name| (name.to_owned(), name.to_owned())).into();
    TwinHost::start(TwinOptions { integrations, ..TwinOptions::default() }).await.unwrap()
}

/// The newest notice once this is so.
async fn notice(folder: &Path, what: impl Fn(&NoticeView) -> bool) -> NoticeView {
    let client = client(folder);
    for _ in 0..6_000 {
        let notices = client.notices().await.unwrap().items;
        if let Some(notice) = notices.into_iter().next().filter(&what) {
            return notice;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came to that: {:#?}", client.notices().await);
}

fn states(notice: &NoticeView) -> Vec<&str> {
    notice.rungs.iter().map(|rung| rung.state.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_comes_back_goes_to_the_next_contact_and_silence_is_told() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let server = Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string());
    let run = stanch(folder, &["run", "shout", "--json"]);
    assert!(run.status.code().is_some(), "{run:?}");
    let first = notice(folder, |notice| notice.rungs[0].state == "sent").await;
    assert_eq!((first.state.as_str(), states(&first)), ("waiting", vec!["sent", "not_yet"]));
    assert!(first.next.is_some() && !first.rungs[0].receipt.is_empty(), "{first:#?}");
    let wrong = transcript(folder, &["vendors", "bounced", "drift", "--to", "kim@drift.example"]);
    assert!(wrong.contains("it went to security@drift.example") && wrong.ends_with("exit 3\n"), "{wrong}");

    let said = transcript(folder, &["vendors", "bounced", "drift", "--reason", "550 no such user"]);
    assert!(said.contains("came back: the next contact is written to"), "{said}");
    let second = notice(folder, |notice| notice.rungs[1].state == "sent").await;
    assert_eq!(states(&second), ["bounced", "sent"]);
    let mails = twins.mails();
    let last = serde_json::to_value(mails.last().unwrap()).unwrap().to_string();
    assert!(
        mails.len() == 2 && last.contains("kim@drift.example") && last.contains("it comes to you"),
        "{last}"
    );

    drop(server);
    let server = Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string());
    transcript(folder, &["vendors", "bounced", &second.id]);
    notice(folder, |notice| notice.state == "silent").await;
    let list = transcript(folder, &["vendors", "notices"]);
    assert!(list.contains("silent") && list.ends_with("exit 3\n"), "{list}");
    let told = twins.state("slack").unwrap().to_string();
    assert!(told.contains("Drift is silent") && told.contains("call Security +1 555 0100"), "{told}");
    assert_eq!(twins.mails().len(), 2, "nobody was written to twice");
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_recorded_once_and_stands_in_the_incident() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let server = Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string());
    stanch(folder, &["run", "shout", "--json"]);
    let waiting = notice(folder, |notice| notice.rungs[0].state == "sent").await;
    let nobody = transcript(folder, &["vendors", "acknowledged", "zendesk", "--reason", "x"]);
    assert!(nobody.contains("these wait: ") && nobody.ends_with("exit 3\n"), "{nobody}");
    let args = ["vendors", "acknowledged", "drift", "--reason", "Kim called back", "--json"];
    let recorded =
        |output: std::process::Output| -> Value { serde_json::from_slice(&output.stdout).unwrap() };
    assert_eq!(recorded(stanch(folder, &args))["new"], true);
    assert_eq!(
        recorded(stanch(
            folder,
            &["vendors", "acknowledged", &waiting.id, "--reason", "Kim called back", "--json"]
        ))["new"],
        false
    );
    let over = notice(folder, |notice| notice.state == "acknowledged").await;
    assert_eq!((over.next, over.acknowledged.unwrap().text), (None, "Kim called back".to_owned()));
    if let Some(incident) = over.incident {
        let notes = client(folder).incident(&incident).await.unwrap().notes;
        assert!(notes.iter().any(|note| note.text.contains("Kim called back")), "{notes:?}");
    }
    assert_eq!(twins.mails().len(), 1);
    drop(server);
}
