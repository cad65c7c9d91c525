//! Judging a delivery: a question is answered, a proof is asked for, bounds are kept, and events become alerts.
//!
//! Pure but for what a proof wants fetched: no clock, no journal. Nothing of an unproven body is kept or repeated.

use http::Method;
use jiff::Timestamp;
use serde_json::Value;
use stanch_model::Alert;

use super::{
    Accepted, RawRequest, Trust,
    bound::Source,
    challenge,
    document::{self, Document, Events},
    fetch::Fetcher,
    field,
    proof::{NotProven, Proof, Want},
    reading::Read,
    refusal::Refusal,
    scene::Scene,
};

/// What to do next about a delivery.
pub(super) enum Step {
    Done(Accepted),
    /// Proven, and asks us to visit this address.
    Visit(url::Url),
}

/// A delivery may want an issuer's keys, and once more when they have just changed.
const MOST_FETCHES: usize = 3;

impl Source {
    /// Judges a delivery.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub async fn accept(
        &self,
        request: RawRequest<'_>,
        trust: Trust,
        now: Timestamp,
        fetcher: &dyn Fetcher,
    ) -> Result<Accepted, Refusal> {
        for _ in 0..MOST_FETCHES {
            match self.judge(request, trust, now) {
                Ok(Step::Done(accepted)) => return Ok(accepted),
                Ok(Step::Visit(url)) => return visit(&url, fetcher).await,
                Err(NotProven::No(refusal)) => return Err(refusal),
                Err(NotProven::Wants(want)) => self.fetch(&want, request, trust, now, fetcher).await,
            }
        }
        Err(Refusal::unproven("it names more keys than one delivery needs"))
    }

    /// Fetches what a proof wants, unless somebody else just did.
    async fn fetch(
        &self,
        want: &Want,
        request: RawRequest<'_>,
        trust: Trust,
        now: Timestamp,
        fetcher: &dyn Fetcher,
    ) {
        let _one = self.fetching.lock().await;
        match self.judge(request, trust, now) {
            Err(NotProven::Wants(still)) if still == *want => {}
            _ => return,
        }
        let answer = fetcher.get(want.url()).await;
        if let Err(why) = &answer {
            tracing::warn!(source = self.name, url = %want.url(), why, "keys could not be fetched");
        }
        if let Some(proof) = &self.proof {
            proof.learn(want, answer.as_ref().map(AsRef::as_ref).map_err(Clone::clone), now);
        }
    }

    fn judge(&self, request: RawRequest<'_>, trust: Trust, now: Timestamp) -> Result<Step, NotProven> {
        let Some(proof) = &self.proof else { return self.by_hand(request, trust, now).map_err(Into::into) };
        if let Some(reply) = challenge::unproven(&self.spec, request)? {
            return Ok(Step::Done(Accepted::Challenge(reply)));
        }
        if request.method != Method::POST {
            return Err(Refusal::new(405, "method", "this source takes deliveries by POST only").into());
        }
        let most = self.spec.bounds.kib * 1024;
        if request.body.len() > most {
            let message = format!("the body is larger than {most} bytes");
            return Err(Refusal::new(413, "too_large", message).into());
        }
        if trust == Trust::Source {
            proof.of_request(request, now)?;
        }
        let body = self.document(proof, request, trust, now)?;
        if trust == Trust::Source {
            proof.of_document(&body, now)?;
            if let Some(step) = challenge::proven(&self.spec, &self.settings, request, &body)? {
                return Ok(step);
            }
        }
        let document = document::events(&self.spec, body)?;
        self.alerts(Some(proof), document, request, trust, now).map(Step::Done).map_err(Into::into)
    }

    /// Nobody sends to a source that we fetch from, but a person may hand in what its log says.
    fn by_hand(&self, request: RawRequest<'_>, trust: Trust, now: Timestamp) -> Result<Step, Refusal> {
        if trust == Trust::Source {
            return Err(Refusal::new(
                405,
                "fetched",
                "this source is a log and takes no deliveries; hand its rows in with `stanch alert`",
            ));
        }
        let document = document::events(&self.spec, document::json(request.body)?)?;
        self.alerts(None, document, request, trust, now).map(Step::Done)
    }

    fn document(
        &self,
        proof: &Proof,
        request: RawRequest<'_>,
        trust: Trust,
        now: Timestamp,
    ) -> Result<Value, NotProven> {
        let Some(token) = proof.token() else {
            return document::read(&self.spec.body, request.headers, request.body).map_err(Into::into);
        };
        match trust {
            Trust::Source => {
                let text = std::str::from_utf8(request.body)
                    .map_err(|_| Refusal::new(400, "not_a_token", "no token: it is not text"))?;
                token.prove(text, now).map(Value::Object)
            }
            // A person has the claims in a file, not a token that is still valid.
            Trust::Person => document::json(request.body).map_err(Into::into),
        }
    }

    fn alerts(
        &self,
        proof: Option<&Proof>,
        document: Document,
        request: RawRequest<'_>,
        trust: Trust,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        let Document { mut body, events } = document;
        let (mut alerts, mut ignored) = (Vec::new(), None);
        let mut keep = |read: Read, raw: Value| match read {
            Read::Alert(alert) => alerts.push(Alert { raw, ..*alert }),
            Read::Nothing(why) => _ = ignored.get_or_insert(why),
        };
        match events {
            Events::Whole => {
                self.prepare(proof, &mut body, trust)?;
                let mut scene = Scene::new(&self.spec, &self.settings, request.headers, &body, &body);
                let read = self.read(&mut scene, &|| field::hash_id(request.body), now)?;
                drop(scene);
                keep(read, body);
            }
            Events::Listed(events) => {
                for (key, mut event) in events {
                    self.prepare(proof, &mut event, trust)?;
                    let mut scene = Scene::new(&self.spec, &self.settings, request.headers, &body, &event);
                    scene.key = key.as_deref();
                    let read =
                        self.read(&mut scene, &|| field::hash_id(event.to_string().as_bytes()), now)?;
                    drop(scene);
                    keep(read, event);
                }
            }
        }
        if alerts.is_empty() {
            return Ok(Accepted::Ignored(ignored.unwrap_or_else(|| "it holds no event".to_owned())));
        }
        Ok(Accepted::Alerts(alerts))
    }

    /// Proves an event for itself, and takes out what is never kept.
    fn prepare(&self, proof: Option<&Proof>, event: &mut Value, trust: Trust) -> Result<(), Refusal> {
        let proven = proof.map_or(Ok(()), |proof| proof.of_event(event));
        if trust == Trust::Source {
            proven?;
        }
        for path in &self.spec.forget {
            path.take(event);
        }
        Ok(())
    }
}

async fn visit(url: &url::Url, fetcher: &dyn Fetcher) -> Result<Accepted, Refusal> {
    match fetcher.get(url).await {
        Ok(_) => Ok(Accepted::Ignored("confirmed".to_owned())),
        Err(why) => {
            let host = url.host_str().unwrap_or_default();
            let message = format!("{host} could not be told that we are here: {why}");
            Err(Refusal::new(503, "not_confirmed", message).retry_after(60))
        }
    }
}
