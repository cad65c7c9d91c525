//! What faults do to an answer on its way out.

use super::{
    Answer, Fault,
    script::{Body, Reply},
    wire::Outgoing,
};

/// The page that proxies love to answer with.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n\
                    <body><h1>Bad Gateway</h1><p>The proxy server received an invalid response.</p></body></html>\n";

/// A 5xx (or any other status) as a load balancer gives it.
pub(crate) fn broken(status: u16) -> Reply {
    let mut reply = Reply::text(status, "text/plain", "upstream connect error or disconnect\n");
    if status == 503 {
        reply.headers.push(("retry-after".to_owned(), "1".to_owned()));
    }
    reply
}

/// The answer as it leaves, with what a fault does to it.
pub(crate) fn outgoing(reply: Reply, fault: Option<&Fault>) -> Outgoing {
    let Some(fault) = fault else { return Outgoing::Answer(reply) };
    let wait = fault.delay_or_default();
    match fault.answer {
        Answer::TimeoutBeforeEffect | Answer::TimeoutAfterEffect => Outgoing::Silence(wait),
        Answer::Reset => Outgoing::Reset,
        Answer::Slow => Outgoing::Late(wait, reply),
        Answer::Status(status) if fault.happens() => Outgoing::Answer(broken(status)),
        Answer::IdpDown if fault.happens() => Outgoing::Answer(broken(503)),
        Answer::Html => Outgoing::Answer(Reply::text(200, "text/html", PAGE)),
        Answer::Redirect => {
            let mut reply = Reply::empty(302);
            reply.headers.push(("location".to_owned(), "https://login.attacker.example/".to_owned()));
            Outgoing::Answer(reply)
        }
        Answer::Empty => Outgoing::Answer(Reply { body: Body::Empty, ..reply }),
        Answer::Garbage => Outgoing::Answer(json_text(reply, "\u{1}\u{2}not json at all\u{fffd}")),
        Answer::HalfJson => {
            let whole = match &reply.body {
                Body::Json(value) => value.to_string(),
                Body::Text(_, text) => text.clone(),
                Body::Empty => "{\"id\":\"00".to_owned(),
            };
            let half: String = whole.chars().take(whole.chars().count().div_ceil(2)).collect();
            Outgoing::Answer(json_text(reply, &half))
        }
        _ => Outgoing::Answer(reply),
    }
}

fn json_text(reply: Reply, text: &str) -> Reply {
    Reply { body: Body::Text("application/json".to_owned(), text.to_owned()), ..reply }
}
