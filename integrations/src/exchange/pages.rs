//! What a page adds to a list, and where the list goes on.

use serde_json::Value;

use super::{Exchange, Gathered};
use crate::{
    bind::Refusal,
    call::ErrorKind,
    request::{Builder, HttpRequest},
    response::{self, Answer, Next, Page},
    scope::Vars,
    spec::{CursorPaging, Paging, PartitionPaging, YieldSpec},
    transport::Transport,
};

/// Longest chain of pages that is followed.
const MOST_PAGES: u32 = 1_000;
/// Most rows that one list may give.
const MOST_ROWS: usize = 200_000;

impl Exchange<'_> {
    /// Keeps the rows of a page. Gives the request for the next one, or the status when this was the last.
    pub(super) async fn gather(
        &self,
        builder: &Builder<'_>,
        request: &HttpRequest,
        answer: Answer,
        vars: &Vars<'_>,
        gathered: &mut Gathered,
    ) -> Result<Result<HttpRequest, u16>, Refusal> {
        let Some(yields) = &self.action.yields else { return Ok(Err(answer.status)) };
        let garbled = |why: String| Refusal::new(ErrorKind::Garbled, why);
        let status = answer.status;
        let mut body = answer.body.unwrap_or_default();
        response::seal(&mut body, &self.action.secret, self.secrets)
            .map_err(|error| Refusal::new(ErrorKind::Secret, error.to_string()))?;
        let on_page = self.keep(yields, &body, vars, gathered).await?;
        let paging = self.action.paging.as_ref().or(self.member.platform.spec.paging.as_ref());
        let paging = paging.unwrap_or(&Paging::None);
        if gathered.parts.0 == 0 {
            gathered.parts = (response::first_parts(paging, &body), 0);
        }
        gathered.parts.1 += 1;
        let page = Page {
            request,
            headers: &answer.headers,
            body: &body,
            rows: on_page,
            all: gathered.raw_rows,
            parts: gathered.parts,
        };
        let following = match response::next(paging, &page) {
            Next::End => return Ok(Err(status)),
            Next::Garbled(why) => return Err(garbled(why)),
            Next::Url(url) => HttpRequest { url: self.same_host(request, url)?, ..request.clone() },
            Next::Request(again) => *again,
            Next::Elsewhere(again) => {
                let vars = Vars { body: Some(gathered.first.as_ref().unwrap_or(&body)), ..*vars };
                elsewhere(builder, paging, *again, &vars)?
            }
        };
        if matches!(paging, Paging::Page(_) | Paging::Offset(_)) {
            if gathered.last.as_ref() == Some(&body) {
                let why = "the same page came twice: the platform does not heed the number of the page";
                return Err(garbled(why.to_owned()));
            }
            gathered.last = Some(body.clone());
        }
        gathered.first.get_or_insert(body);
        let place = format!("{} {}", following.url, String::from_utf8_lossy(&following.body));
        if !gathered.places.insert(place) {
            return Err(garbled("the pages of the list go in a circle".to_owned()));
        }
        if gathered.more.requests >= MOST_PAGES {
            return Err(Refusal::new(
                ErrorKind::TooLarge,
                format!("the list has more than {MOST_PAGES} pages"),
            ));
        }
        Ok(Ok(following))
    }

    /// Keeps the rows of a page, and says how many stood there.
    async fn keep(
        &self,
        yields: &YieldSpec,
        body: &Value,
        vars: &Vars<'_>,
        gathered: &mut Gathered,
    ) -> Result<usize, Refusal> {
        let garbled = |why: String| Refusal::new(ErrorKind::Garbled, why);
        let on_page = crate::path::get(body, &yields.each).and_then(Value::as_array).map_or(0, Vec::len);
        gathered.raw_rows += on_page;
        if let Some(at) = yields.columns.as_ref().filter(|_| gathered.columns.is_none()) {
            gathered.columns = Some(response::columns(at, body).map_err(garbled)?);
        }
        let columns = gathered.columns.as_deref();
        let items = response::items(yields, body, columns, vars).map_err(garbled)?;
        self.label(yields, &items, vars).await;
        let rows = self
            .labels
            .with(|known| response::rows(&self.member.name, yields, &items, vars, known, &mut gathered.seen));
        gathered.rows.extend(rows.map_err(garbled)?);
        if gathered.raw_rows > MOST_ROWS {
            return Err(Refusal::new(
                ErrorKind::TooLarge,
                format!("the list has more than {MOST_ROWS} rows"),
            ));
        }
        if yields.ceiling.is_some_and(|ceiling| gathered.raw_rows >= ceiling) {
            let why = format!(
                "the platform gives {} rows at most and does not say when there are more",
                gathered.raw_rows
            );
            gathered.more.incomplete = Some(why);
        }
        Ok(on_page)
    }

    /// A link to the next page stays where the list is. Twins name their own address, which is where we are anyway.
    pub(super) fn same_host(&self, request: &HttpRequest, url: url::Url) -> Result<url::Url, Refusal> {
        let at_twin = matches!(self.transport, Transport::Twin(twin) if twin.is_at(&url));
        if at_twin {
            let mut stays = request.url.clone();
            stays.set_path(url.path());
            stays.set_query(url.query());
            return Ok(stays);
        }
        let same = |url: &url::Url| {
            (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default())
        };
        if same(&url) != same(&request.url) || !url.username().is_empty() {
            let host = url.host_str().unwrap_or("nowhere");
            return Err(Refusal::new(
                ErrorKind::Host,
                format!("the link to the next page leads to {host}: not followed"),
            ));
        }
        Ok(url)
    }
}

/// The path under which a list goes on.
fn elsewhere(
    builder: &Builder<'_>,
    paging: &Paging,
    request: HttpRequest,
    vars: &Vars<'_>,
) -> Result<HttpRequest, Refusal> {
    match paging {
        Paging::Cursor(CursorPaging { path: Some(path), .. })
        | Paging::Partitions(PartitionPaging { path, .. }) => builder.elsewhere(request, path, vars),
        _ => Ok(request),
    }
}
