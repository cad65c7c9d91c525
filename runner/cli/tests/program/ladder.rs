//! A notice climbs a vendor's ladder of contacts, end to end: the program, a server, simulated platforms and mail.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use stanch_integrations::twin::{TwinHost, TwinOptions};
use stanch_model::api::{DeadlineView, NoticeView};

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

pub(crate) async fn company(folder: &Path) -> TwinHost {
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
pub(crate) async fn notice(folder: &Path, what: impl Fn(&NoticeView) -> bool) -> NoticeView {
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

pub(crate) fn states(notice: &NoticeView) -> Vec<&str> {
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

/// The clock of a rule.
fn clock<'a>(clocks: &'a [DeadlineView], rule: &str) -> &'a DeadlineView {
    clocks.iter().find(|clock| clock.rule == rule).unwrap_or_else(|| panic!("no {rule}: {clocks:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_says_that_the_vendor_was_written_to_and_runs_until_a_person_says_that_this_was_the_notice() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let clauses =
        "  breach: { notify_within: 24h, clause: DPA 7.2, they_notify_within: 48h, their_clause: DPA 7.3 }\n";
    fs::write(folder.join("vendors.yaml"), format!("{VENDORS}{clauses}")).unwrap();
    let script = "let it = vendor_of(\"drift\");\nlet at = now();\ndeadline(\"contract\", it, #{ aware: at });\n\
                  deadline(\"contract-from-vendor\", it, #{ aware: at });\ndeadline(\"gdpr-33\", (), #{ aware: at });\n\
                  let sent = notify(it, \"cut\");\nnote(`${sent.to}`);\n";
    fs::write(folder.join("shout/main.rhai"), script).unwrap();
    let server = Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string());
    let run = stanch(folder, &["run", "shout", "--json"]);
    let sent = notice(folder, |notice| notice.rungs[0].state == "sent").await;

    let clocks = client(folder).deadlines().await.unwrap().items;
    let [ours, theirs, law] =
        ["contract", "contract-from-vendor", "gdpr-33"].map(|rule| clock(&clocks, rule));
    let mail = ours.written.as_ref().unwrap_or_else(|| panic!("{ours:#?} {run:?}"));
    assert_eq!((ours.state.as_str(), ours.owed_to_us), ("open", false), "a mail stops no clock");
    assert_eq!((&mail.by, &mail.at), (&sent.id, sent.rungs[0].at.as_ref().unwrap()));
    assert!(
        mail.text.contains("You are cut off") && mail.text.contains("to security@drift.example"),
        "{mail:?}"
    );
    assert!(
        theirs.owed_to_us && theirs.written.is_none(),
        "what they owe us is not ours to write: {theirs:#?}"
    );
    assert_eq!((law.owed_to_us, &law.written), (false, &None), "the vendor is no authority: {law:#?}");
    let list = transcript(folder, &["deadlines"]);
    assert!(list.contains(", written ") && list.contains("no word of theirs"), "{list}");

    transcript(folder, &["deadlines", "sent", "contract", "--reason", "the mail to their security desk"]);
    let clocks = client(folder).deadlines().await.unwrap().items;
    assert_eq!(clock(&clocks, "contract").state, "sent");
    drop(server);
}

/// A report of a mail server on this mail.
pub(crate) fn report(action: &str, receipt: &str, to: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mail.acme.example\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
         Content-Type: text/plain\n\nCaf\u{e9}\n\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mail.acme.example\n\nFinal-Recipient: rfc822; {to}\nAction: {action}\nStatus: 5.1.1\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b\nContent-Type: message/rfc822\n\n\
         Message-ID: <{receipt}>\nSubject: You are cut off\n\nIt is so.\n\n--b--\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_report_moves_the_ladder_on_once_and_a_delay_does_not() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let server = Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string());
    stanch(folder, &["run", "shout", "--json"]);
    notice(folder, |notice| notice.rungs[0].state == "sent").await;
    let hand_in = |text: String| {
        fs::write(folder.join("report.eml"), text).unwrap();
        transcript(folder, &["vendors", "returned", "report.eml"])
    };
    let first = twins.mails()[0].message_id.clone();
    let delayed = hand_in(report("delayed", &first, "security@drift.example"));
    assert!(delayed.contains("nothing changes: it has not come back"), "{delayed}");
    assert_eq!(states(&notice(folder, |_| true).await), ["sent", "not_yet"]);
    let foreign = hand_in(report("failed", "k@other.example", "security@drift.example"));
    assert!(foreign.contains("no mail of ours") && foreign.ends_with("exit 3\n"), "{foreign}");
    let answer = hand_in(format!("In-Reply-To: <{first}>\nSubject: Re: You are cut off\n\nWe look.\n"));
    assert!(answer.contains("no delivery report") && answer.ends_with("exit 3\n"), "{answer}");

    let failed = hand_in(report("failed", &first, "security@drift.example"));
    assert!(failed.contains("the next contact is written to") && failed.ends_with("exit 0\n"), "{failed}");
    let second = notice(folder, |notice| notice.rungs[1].state == "sent").await;
    assert_eq!(
        (states(&second), second.rungs[0].why.as_str()),
        (vec!["bounced", "sent"], "550 5.1.1 no such user")
    );
    let again = hand_in(report("failed", &first, "security@drift.example"));
    assert!(again.contains("nothing changes"), "{again}");

    // the one that the server itself wrote, after a restart, and from behind an alias of the vendor's
    drop(server);
    let server = Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string());
    let last = twins.mails()[1].message_id.clone();
    assert_ne!(first, last);
    hand_in(report("failed", &last, "k.imura@mailbox.example"));
    let silent = notice(folder, |notice| notice.state == "silent").await;
    assert_eq!(states(&silent), ["bounced", "bounced"]);
    assert_eq!(twins.mails().len(), 2, "nobody was written to twice");
    drop(server);
}
