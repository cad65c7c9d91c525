//! Mail that comes back: to one of our own people, from a run's own script, and faster than the run that wrote it knows that
//! it went out.

use std::{fs, path::Path, time::Duration};

use stanch_integrations::twin::{Answer, Fault, TwinHost, TwinOptions};
use stanch_model::api::ToldHow;

use crate::{
    ladder::{company, notice, report, states},
    support::{Served, book, client, empty, stanch, transcript, view},
};

const CONFIG: &str = "integrations:
  slack: { platform: slack }
  smtp: { platform: smtp, url: \"smtps://mail.acme.example\", settings: { sender: stanch@acme.example } }
people:
  groups: { lead: [ben] }
  known: { ben: { tell: [\"mail:ben@acme.example\"] } }
tell:
  approval: [\"slack:#incidents\", \"mail:soc@acme.example\"]
playbooks: [asks]
";

const MANIFEST: &str = "title: Ask people
owner: ir
reviewed: 2026-11-01
uses: {}
input:
  what: { type: list }
approvals:
  go: { ask: lead, within: 1h, unanswered: [deny] }
";

const TARGET: &str = r#"what=[{"$target":{"integration":"okta","kind":"app","id":"0oa1","label":"Drift"}}]"#;

fn served(folder: &Path, twins: &TwinHost) -> Served {
    Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string())
}

async fn soon(what: impl Fn() -> bool, why: &str) {
    soon_in(|| (what(), String::new()), why).await;
}

/// Until it is so; at the end it shows what there was instead.
async fn soon_in(what: impl Fn() -> (bool, String), why: &str) {
    for _ in 0..6_000 {
        if what().0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came to that: {why}\n{}", what().1);
}

fn hand_in(folder: &Path, text: &str) -> String {
    fs::write(folder.join("report.eml"), text).unwrap();
    transcript(folder, &["vendors", "returned", "report.eml"])
}

#[tokio::test(flavor = "multi_thread")]
async fn who_of_us_did_not_get_the_mail_is_named_and_others_hear_what_still_waits() {
    let home = empty();
    let folder = home.path();
    book(folder, "asks", MANIFEST, "approve(\"go\", \"Shall we cut it?\", input.what);\n");
    fs::write(folder.join("stanch.yaml"), CONFIG).unwrap();
    let integrations = ["slack", "smtp"].map(|name| (name.to_owned(), name.to_owned())).into();
    let twins = TwinHost::start(TwinOptions { integrations, ..TwinOptions::default() }).await.unwrap();
    let server = served(folder, &twins);
    let begun = stanch(folder, &["run", "asks", "--input", TARGET, "--json"]);
    let text = String::from_utf8(begun.stdout).unwrap();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let run = last["run"].as_str().unwrap().to_owned();
    view(folder, &run, |view| view.open_waits().count() == 1).await;
    soon(|| twins.mails().len() == 2, "both mails").await;
    let id = |to: &str| {
        let mails = twins.mails();
        mails.iter().find(|mail| mail.to.contains(&to.to_owned())).unwrap().message_id.clone()
    };
    let (ben, soc) = (id("ben@acme.example"), id("soc@acme.example"));
    let told = || twins.state("slack").unwrap()["messages"].to_string().matches("NOT TOLD").count();

    let late = hand_in(folder, &report("delayed", &ben, "ben@acme.example"));
    assert!(
        late.contains("the mail to ben at ben@acme.example: delayed") && late.contains("nothing changes"),
        "{late}"
    );
    let reader = hand_in(folder, &report("failed", &soc, "left-the-company@acme.example"));
    assert!(reader.contains("another reader of a list"), "{reader}");
    let failed = hand_in(folder, &report("failed", &ben, "ben@acme.example"));
    assert!(failed.contains("it is told in another way") && failed.ends_with("exit 0\n"), "{failed}");
    soon(|| told() == 1, "others hear it").await;
    let messages = twins.state("slack").unwrap()["messages"].to_string();
    for words in [
        "the mail to ben (mail:ben@acme.example) came back: 550 5.1.1 no such user",
        "It still waits. Must be approved: Shall we cut it?",
    ] {
        assert!(messages.contains(words), "`{words}` is missing in {messages}");
    }
    let card = client(folder).card(&format!("{run}:A1")).await.unwrap();
    let of_ben = card.told.iter().find(|one| one.who.as_deref() == Some("ben")).unwrap();
    assert_eq!((of_ben.how, of_ben.why.as_str()), (ToldHow::Failed, "it came back: 550 5.1.1 no such user"));

    let again = hand_in(folder, &report("failed", &ben, "ben@acme.example"));
    assert!(again.contains("it was known to have come back"), "{again}");
    drop(server);
    let server = served(folder, &twins);
    let status = transcript(folder, &["status"]);
    let said = "NOT TOLD   ben by mail:ben@acme.example: the mail came back at ";
    assert!(status.contains(said) && status.contains("550 5.1.1 no such user"), "{status}");
    // the next mail that goes to nobody is told through what is left
    hand_in(folder, &report("failed", &soc, "soc@acme.example"));
    soon(|| told() == 2, "others hear that too").await;
    let mails = twins.mails();
    assert_eq!(mails.iter().filter(|mail| mail.to.contains(&"ben@acme.example".to_owned())).count(), 1);
    assert!(stanch(folder, &["journal", "verify"]).status.success());
    drop(server);
}

const SAYS: &str = r##"page("team", "Drift is cut off");
smtp.send(#{ to: ["leo@acme.example", "fay@acme.example"], subject: "New keys", text: "Make new ones." });
notify("pia@acme.example", "cut", #{});
"##;

const SAYS_MANIFEST: &str = "title: Tell people
owner: ir
reviewed: 2026-11-01
uses:
  tell: [page, notify, smtp.send]
";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_script_itself_sent_is_known_when_it_comes_back() {
    let home = empty();
    let folder = home.path();
    book(folder, "asks", SAYS_MANIFEST, SAYS);
    fs::create_dir_all(folder.join("asks/templates")).unwrap();
    fs::write(folder.join("asks/templates/cut.md"), "---\nsubject: Your app\n---\nIt is cut off.\n").unwrap();
    fs::write(folder.join("stanch.yaml"), CONFIG.replace("tell:\n", TEAM)).unwrap();
    let integrations = ["slack", "smtp"].map(|name| (name.to_owned(), name.to_owned())).into();
    let twins = TwinHost::start(TwinOptions { integrations, ..TwinOptions::default() }).await.unwrap();
    let server = served(folder, &twins);
    let run = stanch(folder, &["run", "asks", "--json"]);
    assert!(run.status.success(), "{run:?}");
    let client = client(folder);
    let run = client.runs(false, 1).await.unwrap().items.remove(0).id;
    let incident = view(folder, &run, |view| view.ended.is_some()).await.incident.unwrap();
    let id = |to: &str| {
        let mails = twins.mails();
        mails.iter().find(|mail| mail.to.contains(&to.to_owned())).unwrap().message_id.clone()
    };
    let told = |words: &str| {
        let messages = twins.state("slack").unwrap()["messages"].to_string();
        (messages.contains(words), messages)
    };
    for (to, about) in [
        ("team@acme.example", "Drift is cut off"),
        ("fay@acme.example", "New keys"),
        ("leo@acme.example", "New keys"),
        ("pia@acme.example", "Your app"),
    ] {
        let late = hand_in(folder, &report("delayed", &id(to), to));
        assert!(late.contains("nothing changes: it has not come back"), "{late}");
        let failed = hand_in(folder, &report("failed", &id(to), to));
        assert!(failed.contains("it is told in another way") && failed.ends_with("exit 0\n"), "{failed}");
        let again = hand_in(folder, &report("failed", &id(to), to));
        assert!(again.contains("it was known to have come back"), "{again}");
        let words = format!(
            "NOT TOLD: the mail to {to} came back: 550 5.1.1 no such user\\nIt said: EXERCISE: {about}"
        );
        soon_in(|| told(&words), &words).await;
    }
    let shown = transcript(folder, &["show", &incident]);
    let noted = "The mail \"EXERCISE: New keys\" to fay@acme.example came back: 550 5.1.1 no such user";
    assert!(shown.contains(noted), "{shown}");
    // all of it is known in the next life
    drop(server);
    let server = served(folder, &twins);
    let again = hand_in(folder, &report("failed", &id("team@acme.example"), "team@acme.example"));
    assert!(again.contains("it was known to have come back"), "{again}");
    let status = transcript(folder, &["status"]);
    assert_eq!(status.matches("NOT TOLD").count(), 4, "{status}");
    assert_eq!(twins.mails().len(), 3, "nobody is written to again");
    drop(server);
}

const TEAM: &str = "tell:
  team: [\"mail:team@acme.example\"]
  stuck: [\"slack:#incidents\"]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_faster_than_the_receipt_finds_its_notice() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let server = served(folder, &twins);
    // the mail server takes the mail and says so to nobody
    let delay = Some(Duration::from_secs(5));
    let fault = Fault { delay, ..Fault::always(Answer::TimeoutAfterEffect) };
    let fault = twins.add_fault(Fault { action: Some("smtp.send".to_owned()), ..fault });
    let run = std::thread::spawn({
        let folder = folder.to_owned();
        move || stanch(&folder, &["run", "shout", "--json"])
    });
    soon(|| !twins.mails().is_empty(), "the mail is out").await;
    let first = twins.mails()[0].message_id.clone();
    let written = notice(folder, |_| true).await;
    assert_ne!(written.rungs[0].state, "sent", "nobody said so");
    twins.remove_fault(Some(fault));
    let failed = hand_in(folder, &report("failed", &first, "security@drift.example"));
    assert!(failed.contains("the next contact is written to") && failed.ends_with("exit 0\n"), "{failed}");
    let second = notice(folder, |notice| notice.rungs[1].state == "sent").await;
    assert_eq!(states(&second), ["bounced", "sent"]);
    // what the run hears later of its own mail makes it no other
    run.join().unwrap();
    assert_eq!(states(&notice(folder, |_| true).await)[0], "bounced");
    assert!(twins.mails()[1].to.contains(&"kim@drift.example".to_owned()));
    drop(server);
}
