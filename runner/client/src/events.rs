//! Following the event stream: over broken lines, from where it was left off.

use std::{collections::VecDeque, time::Duration};

use futures_util::StreamExt;
use http::{HeaderValue, Method};
use stanch_model::api::Event;

use crate::{
    Client, ClientError,
    sse::Parser,
    transport::{Reply, Request},
};

/// The server gives a sign of life every ten seconds; a line that is silent longer is dead.
const SILENCE: Duration = Duration::from_secs(30);

const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(5);

/// What a follower learns.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The line holds (again). Entries follow without a gap.
    Online,
    /// A sign of life.
    Beat,
    /// An entry became durable. After a broken line the last one may come twice.
    Entry(Box<Event>),
    /// The line broke; it is tried again after this time.
    Lost {
        /// Why.
        why: String,
        /// When.
        again_in: Duration,
    },
}

/// An event stream that reconnects by itself.
#[derive(Debug)]
pub struct Events {
    client: Client,
    path: Vec<String>,
    prefix: String,
    /// Without a cursor: begin so many entries back.
    last: usize,
    cursor: Option<String>,
    line: Line,
    /// With the cursor after each.
    ready: VecDeque<(Option<String>, News)>,
}

enum Line {
    Down { wait: Duration },
    Up { reply: Reply, parser: Parser },
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Down { .. } => "down",
            Self::Up { .. } => "up",
        })
    }
}

impl Client {
    /// Follows all streams whose names begin with `prefix` (empty for all), after `cursor`; without one only what comes
    /// from now on.
    pub fn events(&self, prefix: &str, cursor: Option<String>) -> Events {
        self.follow(vec!["v1".to_owned(), "events".to_owned()], prefix, cursor)
    }

    /// The same, beginning with so many of the last entries.
    pub fn last_events(&self, last: usize) -> Events {
        Events { last, ..self.events("", None) }
    }

    /// Follows one run: from its first entry unless there is a cursor.
    pub fn run_events(&self, run: &str, cursor: Option<String>) -> Events {
        let path = ["v1", "runs", run, "events"];
        self.follow(path.map(str::to_owned).to_vec(), "", cursor)
    }

    fn follow(&self, path: Vec<String>, prefix: &str, cursor: Option<String>) -> Events {
        Events {
            client: self.clone(),
            path,
            prefix: prefix.to_owned(),
            last: 0,
            cursor,
            line: Line::Down { wait: Duration::ZERO },
            ready: VecDeque::new(),
        }
    }
}

impl Events {
    /// Where to resume: after the last entry that was given.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The next news; waits for it. Cancelling loses nothing.
    ///
    /// # Errors
    /// When trying again is of no use: the server refuses (no right, a cursor of another journal), or it is none.
    pub async fn next(&mut self) -> Result<News, ClientError> {
        loop {
            if let Some(news) = self.ready.pop_front() {
                let (cursor, news) = news;
                self.cursor = cursor.or(self.cursor.take());
                return Ok(news);
            }
            match &mut self.line {
                Line::Down { wait } => {
                    let wait = *wait;
                    tokio::time::sleep(wait).await;
                    // not held while waiting: the line itself cannot be shared between threads
                    let (request, transport) = (self.request(), self.client.transport.clone());
                    match transport.send(request).await {
                        Ok(reply) => {
                            self.line = Line::Up { reply, parser: Parser::default() };
                            return Ok(News::Online);
                        }
                        Err(error) if is_final(&error) => return Err(error),
                        Err(error) => return Ok(self.lost(error.to_string(), wait)),
                    }
                }
                Line::Up { reply, parser } => {
                    let chunk = tokio::time::timeout(SILENCE, reply.body.next()).await;
                    let events = match chunk {
                        Ok(Some(Ok(bytes))) => {
                            parser.feed(&bytes).map_err(|_| "a line without an end".to_owned())
                        }
                        Ok(Some(Err(_))) => Err("the connection broke".to_owned()),
                        Ok(None) => Err("the server ended the stream".to_owned()),
                        Err(_) => Err("no sign of life".to_owned()),
                    };
                    match events {
                        Ok(events) => {
                            for event in events {
                                let news = read(&event.data, &self.client)?;
                                self.ready.push_back((event.id, news));
                            }
                        }
                        Err(why) => return Ok(self.lost(why, Duration::ZERO)),
                    }
                }
            }
        }
    }

    fn lost(&mut self, why: String, waited: Duration) -> News {
        let again_in = (waited * 2).clamp(SHORTEST, LONGEST);
        self.line = Line::Down { wait: again_in };
        News::Lost { why, again_in }
    }

    fn request(&self) -> Request {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let last = self.last.to_string();
        let mut query: Vec<(&str, &str)> = Vec::new();
        if !self.prefix.is_empty() {
            query.push(("stream", &self.prefix));
        }
        if self.last > 0 {
            query.push(("last", &last));
        }
        let mut request = self.client.transport.request(Method::GET, &path, &query);
        if let Some(cursor) = self.cursor.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            request.headers.insert("last-event-id", cursor);
        }
        request
    }
}

fn read(data: &str, client: &Client) -> Result<News, ClientError> {
    if data.is_empty() {
        return Ok(News::Beat);
    }
    let garbled =
        |why: serde_json::Error| ClientError::Garbled { at: client.transport.at(), why: why.to_string() };
    serde_json::from_str(data).map(|event| News::Entry(Box::new(event))).map_err(garbled)
}

/// A busy or stopping server comes back; one that says no will say it again.
fn is_final(error: &ClientError) -> bool {
    match error {
        ClientError::Refused { status, .. } => !matches!(status, 408 | 429 | 500..=599),
        ClientError::Garbled { .. } | ClientError::Location(_) => true,
        ClientError::Unreachable { .. } => false,
    }
}
