//! One mail: built with a fixed Message-ID, handed over in a dialogue whose point of no return is known.
//!
//! Until the last line of the message is sent nothing can have happened; after it only the server's 250 tells.

use std::{fmt, time::Duration};

use lettre::{
    Message,
    address::Envelope,
    message::{Mailbox, header::ContentType, header::HeaderName, header::HeaderValue},
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail as MailFrom, Rcpt},
        extension::ClientId,
    },
};

use tokio::net::TcpStream;

use crate::{bind::Refusal, transport::MailRoute};

/// A mail that is ready to go.
pub(crate) struct Mail {
    envelope: Envelope,
    bytes: Vec<u8>,
    domain: String,
    id: String,
}

/// How handing it over ended.
#[derive(Debug)]
pub(crate) enum Handed {
    /// The server took it: accepted, not delivered.
    Accepted,
    /// A definite no for good.
    Refused(String),
    /// A definite no for now.
    Later(String),
    /// It never got as far as the message.
    NotSent(String),
    /// The message went out, the answer did not come.
    InDoubt(String),
}

impl Mail {
    /// Builds it. The Message-ID is made of the key, so that one effect has one id however often it is tried.
    pub(crate) fn new(
        from: &str,
        to: Vec<String>,
        subject: &str,
        text: String,
        key: &str,
    ) -> Result<Self, Refusal> {
        let mailbox = |address: &str| {
            address
                .parse::<Mailbox>()
                .map_err(|_| Refusal::invalid(format!("`{address}` is no mail address")))
        };
        if subject.chars().any(char::is_control) {
            return Err(Refusal::invalid("a mail's subject is one line"));
        }
        let from = mailbox(from)?;
        let domain = from.email.domain().to_owned();
        let id = message_id(key, &domain)?;
        let automatic =
            HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let mut message = Message::builder()
            .from(from)
            .subject(subject)
            .message_id(Some(format!("<{id}>")))
            .header(ContentType::TEXT_PLAIN)
            .raw_header(automatic);
        if to.is_empty() {
            return Err(Refusal::invalid("the mail has no recipient"));
        }
        for address in &to {
            message = message.to(mailbox(address)?);
        }
        let message = message.body(text).map_err(|error| Refusal::invalid(format!("the mail: {error}")))?;
        Ok(Self { envelope: message.envelope().clone(), bytes: message.formatted(), domain, id })
    }

    /// Its Message-ID, without brackets.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// It as it will go out.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Hands it over.
    pub(crate) async fn send(&self, route: &MailRoute, deadline: Duration) -> Handed {
        let started = tokio::time::Instant::now();
        let opened = match tokio::time::timeout(deadline, self.open(route)).await {
            Ok(opened) => opened,
            Err(_) => return Handed::NotSent("the mail server did not answer in time".to_owned()),
        };
        let mut connection = match opened {
            Ok(connection) => connection,
            Err(ended) => return ended,
        };
        let left = deadline.saturating_sub(started.elapsed());
        match tokio::time::timeout(left, connection.message(&self.bytes)).await {
            Ok(Ok(_)) => {
                connection.abort().await;
                Handed::Accepted
            }
            Ok(Err(error)) => match definite(&error) {
                Some(ended) => ended,
                None => Handed::InDoubt(format!("the mail server's answer was lost: {error}")),
            },
            Err(_) => Handed::InDoubt("the mail server did not confirm the message in time".to_owned()),
        }
    }

    /// Everything up to `DATA`: nothing has happened yet, whatever fails here.
    async fn open(&self, route: &MailRoute) -> Result<AsyncSmtpConnection, Handed> {
        let failed = |error: lettre::transport::smtp::Error| {
            definite(&error).unwrap_or_else(|| Handed::NotSent(format!("the mail server: {error}")))
        };
        let hello = ClientId::Domain(self.domain.clone());
        let tls = |host: &str| TlsParameters::new(host.to_owned()).map_err(failed);
        let server = (route.host(), route.port());
        let mut connection = if route.implicit_tls() {
            let wrap = Some(tls(route.host())?);
            AsyncSmtpConnection::connect_tokio1(server, None, &hello, wrap, None).await.map_err(failed)?
        } else {
            let stream =
                plain(server).await.map_err(|error| Handed::NotSent(format!("the mail server: {error}")))?;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await.map_err(failed)?
        };
        if route.start_tls() {
            if !connection.can_starttls() {
                let why = "the mail server offers no TLS: nothing is sent in the clear";
                return Err(Handed::Refused(why.to_owned()));
            }
            connection.starttls(tls(route.host())?, &hello).await.map_err(failed)?;
        }
        if let Some((user, password)) = route.login() {
            let login = Credentials::new(user.to_owned(), password.to_owned());
            connection.auth(DEFAULT_MECHANISMS, &login).await.map_err(failed)?;
        }
        let from = self.envelope.from().cloned();
        connection.command(MailFrom::new(from, Vec::new())).await.map_err(failed)?;
        for address in self.envelope.to() {
            connection.command(Rcpt::new(address.clone(), Vec::new())).await.map_err(failed)?;
        }
        connection.command(Data).await.map_err(failed)?;
        Ok(connection)
    }
}

/// A connection that sends at once. A mail's text and the line that ends it are two writes: without this the second waits
/// for the first to be acknowledged, and the server acknowledges late (40 ms on Linux) because it has nothing to say yet.
async fn plain(server: (&str, u16)) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What the server itself said, if it was the server that failed us.
fn definite(error: &lettre::transport::smtp::Error) -> Option<Handed> {
    if error.is_permanent() {
        return Some(Handed::Refused(format!("the mail server refused: {error}")));
    }
    error.is_transient().then(|| Handed::Later(format!("the mail server asks to try later: {error}")))
}

/// `key@domain`, without brackets; the key is made of characters that need no quoting.
fn message_id(key: &str, domain: &str) -> Result<String, Refusal> {
    let plain =
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if plain {
        Ok(format!("{key}@{domain}"))
    } else {
        Err(Refusal::invalid("this key cannot be a Message-ID"))
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mail to {} addresses ({} bytes)", self.envelope.to().len(), self.bytes.len())
    }
}
