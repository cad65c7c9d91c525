//! The mail server over a real socket, spoken to line by line and by a real client.

use std::time::Duration;

use lettre::{Message, SmtpTransport, Transport as _};
use stanch_integrations::twin::{Answer, Fault, World};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::support::Twins;

struct Session(BufReader<TcpStream>);

impl Session {
    async fn open(twins: &Twins) -> Self {
        let mut session =
            Self(BufReader::new(TcpStream::connect(twins.host.mail_addr()).await.expect("connects")));
        assert!(session.answer().await.starts_with("220 "));
        session
    }

    /// The last line of an answer; empty when the server hung up.
    async fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(Duration::from_secs(60), self.0.read_line(&mut line))
                .await
                .expect("in time");
            if read.unwrap_or(0) == 0 || line.as_bytes().get(3) == Some(&b' ') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.expect("written");
        self.answer().await
    }

    /// Sends one mail; what the server said to its recipient and to its text.
    async fn send(&mut self, id: &str) -> (String, String) {
        self.say("EHLO test").await;
        self.say("MAIL FROM:<stanch@acme.example> SIZE=10").await;
        let recipient = self.say("RCPT TO:<security@drift.example>").await;
        if !recipient.starts_with("250") {
            return (recipient, String::new());
        }
        assert!(self.say("DATA").await.starts_with("354"));
        let text = format!("Message-ID: <{id}>\r\nSubject: Cut\r\n off\r\n\r\nhello\r\n..dot\r\n.");
        (recipient, self.say(&text).await)
    }
}

async fn twins() -> Twins {
    Twins::start(&[("post", "smtp")], World::default()).await
}

#[tokio::test]
async fn mail_is_kept_by_its_id_and_duplicates_are_counted() {
    let twins = twins().await;
    let mut session = Session::open(&twins).await;
    for _ in 0..2 {
        assert!(session.send("run-1@stanch").await.1.starts_with("250"));
    }
    assert!(session.send("run-2@stanch").await.1.starts_with("250"));
    let mails =
        twins.control("GET", "mail?message_id=%3Crun-1@stanch%3E", serde_json::Value::Null).await.body;
    assert_eq!(mails.as_array().map(Vec::len), Some(2));
    assert_eq!((&mails[1]["copies"], &mails[0]["subject"]), (&2.into(), &"Cut off".into()));
    assert!(mails[0]["text"].as_str().is_some_and(|text| text.ends_with("hello\r\n.dot\r\n")));
    let summary = twins.host.summary();
    assert_eq!((summary.duplicate_effects, summary.writes["post.send"]), (1, 3));
    assert_eq!(twins.host.mails()[2].to, ["security@drift.example"]);
}

#[tokio::test]
async fn the_order_of_commands_matters() {
    let twins = twins().await;
    let mut session = Session::open(&twins).await;
    for (line, code) in [
        ("HELO test", "250"),
        ("NOOP", "250"),
        ("RCPT TO:<a@b>", "503"),
        ("DATA", "503"),
        ("MAIL nobody", "501"),
        ("MAIL FROM:<>", "250"),
        ("RSET", "250"),
        ("RCPT TO:<a@b>", "503"),
        ("VRFY x", "502"),
        ("quit", "221"),
    ] {
        let answer = session.say(line).await;
        assert!(answer.starts_with(code), "{line}: {answer}");
    }
    assert_eq!(session.answer().await, "", "the server hung up");
    assert!(twins.host.mails().is_empty());
}

#[tokio::test]
async fn half_a_mail_is_no_mail() {
    let twins = twins().await;
    let mut session = Session::open(&twins).await;
    session.say("MAIL FROM:<a@b>").await;
    session.say("RCPT TO:<c@d>").await;
    session.say("DATA").await;
    session.0.get_mut().write_all(b"Subject: half\r\n").await.expect("written");
    drop(session);
    assert!(Session::open(&twins).await.send("whole@stanch").await.1.starts_with("250"));
    assert_eq!(twins.host.mails().len(), 1);
}

#[tokio::test]
async fn mail_fails_in_every_way() {
    let twins = twins().await;
    let once = |answer, delay| Fault {
        count: Some(1),
        delay,
        platform: Some("smtp".to_owned()),
        ..Fault::always(answer)
    };
    let short = Some(Duration::from_millis(20));
    for (answer, recipient, text, delivered) in [
        (Answer::MailBounce, "550", "", 0),
        (Answer::Status(451), "451", "", 0),
        (Answer::IdpDown, "421", "", 0),
        (Answer::MailSilent, "250", "250", 0),
        (Answer::TimeoutBeforeEffect, "250", "", 0),
        (Answer::TimeoutAfterEffect, "250", "", 1),
        (Answer::Reset, "250", "", 0),
        (Answer::Empty, "250", "", 1),
        (Answer::Garbage, "250", "<", 1),
        (Answer::Slow, "250", "250", 1),
    ] {
        let before = twins.host.mails().len();
        twins.host.add_fault(once(answer, short));
        let (said, then) = tokio::time::timeout(Duration::from_secs(60), async {
            let mut session = Session::open(&twins).await;
            match answer {
                // the last line has no code
                Answer::Garbage => (session.garbled().await, "<".to_owned()),
                _ => session.send(&format!("{answer}@stanch")).await,
            }
        })
        .await
        .expect("in time");
        assert!(said.starts_with(recipient), "{answer}: {said}");
        assert!(then.starts_with(text) && (!text.is_empty() || then.is_empty()), "{answer}: {then}");
        assert_eq!(twins.host.mails().len() - before, delivered, "{answer}");
        assert_eq!(
            twins.host.requests().last().and_then(|request| request.fault.clone()),
            Some(answer.to_string())
        );
    }
}

impl Session {
    async fn garbled(&mut self) -> String {
        self.say("MAIL FROM:<a@b>").await;
        let recipient = self.say("RCPT TO:<c@d>").await;
        self.say("DATA").await;
        self.0.get_mut().write_all(b"Message-ID: <g@stanch>\r\n\r\n.\r\n").await.expect("written");
        let mut line = String::new();
        self.0.read_line(&mut line).await.expect("a line");
        assert!(line.starts_with("<html>"));
        recipient
    }
}

#[tokio::test]
async fn a_real_client_gets_its_mail_through() {
    let twins = twins().await;
    let mail = Message::builder()
        .from("stanch@acme.example".parse().expect("address"))
        .to("security@drift.example".parse().expect("address"))
        .message_id(Some("<real@stanch>".to_owned()))
        .subject("Integration cut")
        .body("We cut the integration.\n.\n".to_owned())
        .expect("a mail");
    let addr = twins.host.mail_addr();
    let sent = tokio::task::spawn_blocking(move || {
        SmtpTransport::builder_dangerous("127.0.0.1").port(addr.port()).build().send(&mail)
    });
    sent.await.expect("joined").expect("accepted");
    let mails = twins.host.mails();
    assert_eq!((mails[0].message_id.as_str(), mails[0].subject.as_str()), ("real@stanch", "Integration cut"));
}
