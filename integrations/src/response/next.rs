//! Where a list goes on.

use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    path,
    request::HttpRequest,
    spec::{CursorPaging, Method, Numbering, Paging, PartitionPaging},
};

/// What comes after a page.
#[derive(Debug)]
pub(crate) enum Next {
    /// Nothing: this was the last.
    End,
    /// This URL, which the caller checks.
    Url(Url),
    /// The same request with its parameter changed.
    Request(Box<HttpRequest>),
    /// The same with another path, whose template the caller fills in.
    Elsewhere(Box<HttpRequest>),
    /// The platform says that there is more, in words that make no sense.
    Garbled(String),
}

/// A page, as far as the next one depends on it.
pub(crate) struct Page<'a> {
    pub(crate) request: &'a HttpRequest,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Value,
    /// Rows on it.
    pub(crate) rows: usize,
    /// Rows up to here, those on it included.
    pub(crate) all: usize,
    /// Parts that the first answer told, and the number of the next one.
    pub(crate) parts: (usize, usize),
}

/// How many parts there are, if the first answer tells.
pub(crate) fn first_parts(paging: &Paging, body: &Value) -> usize {
    match paging {
        Paging::Partitions(PartitionPaging { list, .. }) => {
            path::get(body, list).and_then(Value::as_array).map_or(1, Vec::len)
        }
        _ => 1,
    }
}

/// Reads it.
pub(crate) fn next(paging: &Paging, page: &Page<'_>) -> Next {
    let Page { request, headers, body, .. } = *page;
    match paging {
        Paging::None => Next::End,
        Paging::Link => link(headers).map_or(Next::End, |to| joined(&request.url, to)),
        Paging::NextUrl { from } => match path::get(body, from) {
            Some(Value::String(to)) if !to.is_empty() => joined(&request.url, to),
            _ => Next::End,
        },
        Paging::Cursor(cursor) => next_cursor(cursor, page),
        Paging::Page(numbering) => numbered(numbering, 1, 1, page),
        Paging::Offset(numbering) => numbered(numbering, 0, page.rows as u64, page),
        Paging::Partitions(PartitionPaging { into, .. }) => match page.parts {
            (all, number) if number < all => {
                let mut url = request.url.clone();
                url.set_query(None);
                let asked = HttpRequest { method: Method::Get, url, body: Bytes::new(), ..request.clone() };
                match with(&asked, into, number.into()) {
                    Some(asked) => Next::Elsewhere(Box::new(asked)),
                    None => Next::Garbled("the part's number has no place in the request".to_owned()),
                }
            }
            _ => Next::End,
        },
    }
}

fn next_cursor(paging: &CursorPaging, page: &Page<'_>) -> Next {
    if paging.more.as_ref().is_some_and(|more| !is_true(page.body, more)) {
        return Next::End;
    }
    let cursor = match path::get(page.body, &paging.from) {
        Some(Value::String(cursor)) if !cursor.is_empty() => Value::from(cursor.as_str()),
        Some(Value::Number(cursor)) => cursor.clone().into(),
        _ if paging.more.is_some() => {
            return Next::Garbled("the list goes on, and the answer does not say where".to_owned());
        }
        _ => return Next::End,
    };
    let request = match paging.path {
        Some(_) => HttpRequest { body: emptied(page.request), ..page.request.clone() },
        None => page.request.clone(),
    };
    match (with(&request, &paging.into, cursor), &paging.path) {
        (Some(request), None) => Next::Request(Box::new(request)),
        (Some(request), Some(_)) => Next::Elsewhere(Box::new(request)),
        (None, _) => Next::Garbled("the cursor has no place in the request".to_owned()),
    }
}

/// The same kind of body with nothing in it.
fn emptied(request: &HttpRequest) -> Bytes {
    match place_of(request) {
        Place::Json(_) => "{}".into(),
        Place::Form | Place::Query => Bytes::new(),
    }
}

/// The page or row with the next number. `first` unless declared, `step` further than this one.
fn numbered(numbering: &Numbering, first: u64, step: u64, page: &Page<'_>) -> Next {
    let told = |path: &Option<String>| path.as_ref().and_then(|path| path::get(page.body, path));
    let whole = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let sent = |name: &str| sent(page.request, name);
    let full = numbering.size.as_deref().and_then(sent).is_none_or(|size| page.rows as u64 >= size);
    let more = match (&numbering.more, told(&numbering.total).and_then(whole)) {
        (Some(more), _) => is_true(page.body, more),
        (None, Some(total)) => (page.all as u64) < total,
        (None, None) => full,
    };
    if !more || page.rows == 0 {
        return Next::End;
    }
    let at = sent(&numbering.into).or(numbering.first).unwrap_or(first);
    match with(page.request, &numbering.into, at.saturating_add(step).into()) {
        Some(request) => Next::Request(Box::new(request)),
        None => Next::Garbled("the page's number has no place in the request".to_owned()),
    }
}

/// True, also as text: XML knows no other.
fn is_true(body: &Value, at: &str) -> bool {
    match path::get(body, at) {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::String(text)) => text == "true",
        _ => false,
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

/// Where a request has its parameters.
enum Place {
    Form,
    Json(Value),
    Query,
}

fn place_of(request: &HttpRequest) -> Place {
    let media = crate::response::text(&request.headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    if media.starts_with("application/x-www-form-urlencoded") {
        return Place::Form;
    }
    match serde_json::from_slice::<Map<String, Value>>(&request.body) {
        Ok(body) if request.method != Method::Get => Place::Json(body.into()),
        _ => Place::Query,
    }
}

/// A number that the request says of itself.
fn sent(request: &HttpRequest, name: &str) -> Option<u64> {
    match place_of(request) {
        Place::Form => {
            let mut pairs = url::form_urlencoded::parse(&request.body);
            pairs.find(|(known, _)| known == name)?.1.parse().ok()
        }
        Place::Json(body) => path::get(&body, name)?.as_u64(),
        Place::Query => request.url.query_pairs().find(|(known, _)| known == name)?.1.parse().ok(),
    }
}

/// The request with one parameter set; nothing where it has no place.
fn with(request: &HttpRequest, name: &str, value: Value) -> Option<HttpRequest> {
    let mut again = request.clone();
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match place_of(request) {
        Place::Form => {
            let kept = url::form_urlencoded::parse(&request.body).filter(|(known, _)| known != name);
            let pairs: Vec<_> = kept.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            again.body = form.extend_pairs(pairs).append_pair(name, &text).finish().into();
        }
        Place::Json(mut body) => {
            if !path::set(&mut body, name, value) {
                return None;
            }
            again.body = body.to_string().into();
        }
        Place::Query => {
            let kept: Vec<_> = request.url.query_pairs().filter(|(known, _)| known != name).collect();
            again.url.query_pairs_mut().clear().extend_pairs(kept).append_pair(name, &text);
        }
    }
    Some(again)
}
