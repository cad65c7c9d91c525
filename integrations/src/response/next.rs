//! Where a list goes on.

use http::{HeaderMap, header};
use serde_json::Value;
use url::Url;

use crate::{path, request::HttpRequest, spec::Paging};

/// What comes after a page.
#[derive(Debug)]
pub(crate) enum Next {
    /// Nothing: this was the last.
    End,
    /// This URL, which the caller checks.
    Url(Url),
    /// The same request with its parameter changed.
    Request(Box<HttpRequest>),
    /// The platform says that there is more, in words that make no sense.
    Garbled(String),
}

/// Reads it.
pub(crate) fn next(paging: &Paging, request: &HttpRequest, headers: &HeaderMap, body: &Value) -> Next {
    match paging {
        Paging::None => Next::End,
        Paging::Link => link(headers).map_or(Next::End, |to| joined(&request.url, to)),
        Paging::NextUrl { from } => match path::get(body, from) {
            Some(Value::String(to)) if !to.is_empty() => joined(&request.url, to),
            _ => Next::End,
        },
        Paging::Cursor { from, into } => match path::get(body, from) {
            Some(Value::String(cursor)) if !cursor.is_empty() => with_cursor(request, into, cursor),
            Some(Value::Number(cursor)) => with_cursor(request, into, &cursor.to_string()),
            _ => Next::End,
        },
    }
}

fn joined(from: &Url, to: &str) -> Next {
    match from.join(to) {
        Ok(url) => Next::Url(url),
        Err(_) => Next::Garbled("the link to the next page is no URL".to_owned()),
    }
}

/// The target of `rel="next"` (RFC 8288), over all Link headers.
fn link(headers: &HeaderMap) -> Option<&str> {
    headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok()).find_map(|line| {
        // A comma may stand inside <…>, so links are told apart by their opening bracket.
        line.split('<').skip(1).find_map(|link| {
            let (url, params) = link.split_once('>')?;
            let next = params.split(';').any(|param| {
                let (name, value) = param.split_once('=').unwrap_or((param, ""));
                let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
                name.trim().eq_ignore_ascii_case("rel")
                    && value.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("next"))
            });
            next.then_some(url)
        })
    })
}

fn with_cursor(request: &HttpRequest, into: &str, cursor: &str) -> Next {
    let mut again = request.clone();
    let form = request
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|media| media.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if form {
        let kept = url::form_urlencoded::parse(&request.body).filter(|(name, _)| name != into);
        let pairs: Vec<_> = kept.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        again.body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .append_pair(into, cursor)
            .finish()
            .into();
    } else {
        let kept: Vec<_> = request.url.query_pairs().filter(|(name, _)| name != into).collect();
        again.url.query_pairs_mut().clear().extend_pairs(kept).append_pair(into, cursor);
    }
    Next::Request(Box::new(again))
}
