//! The mail server: as much SMTP as a client needs (RFC 5321), a mailbox that keeps every mail by its Message-ID.
//!
//! Nothing is sent on. A mail is in the ledger and in the mailbox before its 250 leaves.

use std::{convert::Infallible, sync::Arc, time::Duration};

use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{
    Answer, Fate, Fault, Mail, RequestRecord, Sort,
    fault::Call,
    shared::{Left, Shared},
};

/// The operation's name in the catalogue.
const ACTION: &str = "send";
/// Longer lines end the connection (RFC 5321 allows 1000).
const LINE_MAX: u64 = 64 * 1024;
/// Larger mails are refused.
const MAIL_MAX: usize = 16 * 1024 * 1024;

/// Serves mail clients until the task is aborted.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    let mut sessions = JoinSet::new();
    loop {
        while sessions.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let (visit, shared) = (shared.traffic.visit(), shared.clone());
                sessions.spawn(async move {
                    let _visit = visit;
                    // an error is a client that went away
                    Session::new(stream, shared).run().await.is_ok()
                });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

struct Session {
    stream: BufReader<TcpStream>,
    shared: Arc<Shared>,
    from: Option<String>,
    to: Vec<String>,
    fault: Option<Fault>,
}

/// Whether the session goes on.
enum Next {
    Listen,
    End,
}

impl Session {
    fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        Self { stream: BufReader::new(stream), shared, from: None, to: Vec::new(), fault: None }
    }

    async fn run(mut self) -> std::io::Result<()> {
        self.say("220 mail.acme.example ESMTP twin").await?;
        loop {
            let mut line = Vec::new();
            let read = (&mut self.stream).take(LINE_MAX).read_until(b'\n', &mut line).await?;
            if read == 0 || line.last() != Some(&b'\n') {
                return Ok(());
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if matches!(self.command(&line).await?, Next::End) {
                return Ok(());
            }
        }
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    async fn command(&mut self, line: &str) -> std::io::Result<Next> {
        let verb: String = line.chars().take_while(char::is_ascii_alphabetic).collect();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.say("250-mail.acme.example\r\n250-8BITMIME\r\n250 SMTPUTF8").await?,
            "HELO" => self.say("250 mail.acme.example").await?,
            "MAIL" => self.mail(line).await?,
            "RCPT" => return self.recipient(line).await,
            "DATA" => return self.data().await,
            "RSET" => {
                self.reset();
                self.say("250 2.0.0 ok").await?;
            }
            "NOOP" => self.say("250 2.0.0 ok").await?,
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                return Ok(Next::End);
            }
            _ => self.say("502 5.5.1 command not implemented").await?,
        }
        Ok(Next::Listen)
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
        self.fault = None;
    }

    async fn mail(&mut self, line: &str) -> std::io::Result<()> {
        let Some(address) = address(line) else { return self.say("501 5.5.4 MAIL FROM:<address>").await };
        self.reset();
        self.from = Some(address);
        let now = self.shared.clock.now();
        let integration = &self.shared.mail_name;
        let call = Call { integration, platform: "smtp", action: ACTION, write: true, now };
        self.fault = self.shared.faults.lock().meet(call);
        self.say("250 2.1.0 ok").await
    }

    async fn recipient(&mut self, line: &str) -> std::io::Result<Next> {
        let Some(address) = address(line).filter(|_| self.from.is_some()) else {
            self.say("503 5.5.1 MAIL first, then RCPT TO:<address>").await?;
            return Ok(Next::Listen);
        };
        self.to.push(address);
        let refusal = match self.fault.as_ref().filter(|fault| !fault.happens()).map(|fault| fault.answer) {
            Some(Answer::MailBounce) => Some("550 5.1.1 no such user here".to_owned()),
            Some(Answer::Status(status)) => Some(format!("{status} 4.3.0 try again later")),
            Some(Answer::IdpDown) => Some("421 4.3.2 service not available".to_owned()),
            _ => None,
        };
        match refusal {
            Some(refusal) => {
                let status = refusal.split(' ').next().and_then(|status| status.parse().ok()).unwrap_or(550);
                let target = self.to.join(",");
                self.note(&target, "", status, Fate::Stopped, None);
                self.to.pop();
                self.say(&refusal).await?;
            }
            None => self.say("250 2.1.5 ok").await?,
        }
        Ok(Next::Listen)
    }

    async fn data(&mut self) -> std::io::Result<Next> {
        if self.to.is_empty() {
            self.say("503 5.5.1 no recipients").await?;
            return Ok(Next::Listen);
        }
        self.say("354 end with <CRLF>.<CRLF>").await?;
        let Some(text) = self.text().await? else { return Ok(Next::End) };
        if text.len() > MAIL_MAX {
            self.say("552 5.3.4 too big").await?;
            return Ok(Next::Listen);
        }
        let fault = self.fault.clone();
        let answer = fault.as_ref().map(|fault| fault.answer);
        let wait = fault.as_ref().map(Fault::delay_or_default).unwrap_or_default();
        if fault.as_ref().is_none_or(Fault::happens) || answer == Some(Answer::MailSilent) {
            self.deliver(&text, answer);
        } else {
            let id = header(&text, "message-id").unwrap_or_default();
            self.note(id.trim_matches(['<', '>']), &text, 451, Fate::Stopped, None);
        }
        self.reset();
        match answer {
            Some(Answer::TimeoutBeforeEffect | Answer::TimeoutAfterEffect) => {
                self.shared.traffic.hold(wait).await;
                return Ok(Next::End);
            }
            Some(Answer::Reset) => {
                // without it the client sees an orderly end
                let _unsupported = self.stream.get_ref().set_zero_linger();
                return Ok(Next::End);
            }
            Some(Answer::Status(status)) => self.say(&format!("{status} 4.3.0 try again later")).await?,
            Some(Answer::Garbage | Answer::Html | Answer::HalfJson) => self.say("<html>?</html>").await?,
            Some(Answer::Empty) => return Ok(Next::End),
            Some(Answer::Slow) => {
                self.shared.traffic.hold(wait).await;
                self.say("250 2.0.0 accepted").await?;
            }
            _ => self.say("250 2.0.0 accepted").await?,
        }
        Ok(Next::Listen)
    }

    /// The mail up to the lonely dot; nothing when the client went away before it: then there is no mail.
    async fn text(&mut self) -> std::io::Result<Option<String>> {
        let mut text = Vec::new();
        loop {
            let mut line = Vec::new();
            let read = (&mut self.stream).take(LINE_MAX).read_until(b'\n', &mut line).await?;
            if read == 0 {
                return Ok(None);
            }
            if line == b".\r\n" || line == b".\n" {
                return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            if text.len() <= MAIL_MAX {
                text.extend_from_slice(line);
            }
        }
    }

    fn deliver(&self, text: &str, answer: Option<Answer>) {
        let id = header(text, "message-id").unwrap_or_default().trim_matches(['<', '>']).to_owned();
        let target = if id.is_empty() { digest(text) } else { id.clone() };
        if answer == Some(Answer::MailSilent) {
            self.note(&target, text, 250, Fate::Unchanged, None);
            return;
        }
        let mail = Mail {
            message_id: id,
            from: self.from.clone().unwrap_or_default(),
            to: self.to.clone(),
            subject: header(text, "subject").unwrap_or_default(),
            text: text.to_owned(),
            at: self.shared.clock.now(),
            copies: 1,
        };
        let mail = self.shared.delivered(mail);
        self.note(&target, text, 250, Fate::Changed, Some(mail));
    }

    fn note(&self, target: &str, text: &str, status: u16, fate: Fate, mail: Option<Mail>) {
        let record = RequestRecord {
            seq: 0,
            integration: self.shared.mail_name.clone(),
            method: "MAIL".to_owned(),
            path: self.to.join(","),
            action: ACTION.to_owned(),
            meets: None,
            target: target.to_owned(),
            status,
            key: None,
            at: self.shared.clock.now(),
            sort: Sort::Write,
            fate,
            request_id: self.shared.request_id(),
            fault: self.fault.as_ref().map(|fault| fault.answer.to_string()),
            apps: Vec::new(),
        };
        self.shared.note(record, text.as_bytes(), fate != Fate::Stopped, Left { step: None, mail });
    }
}

/// What stands between the angle brackets.
fn address(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('<')?;
    rest.split_once('>').map(|(address, _)| address.to_owned())
}

/// A header of a mail, unfolded.
fn header(text: &str, name: &str) -> Option<String> {
    let head = text.split("\r\n\r\n").next().unwrap_or(text).replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
