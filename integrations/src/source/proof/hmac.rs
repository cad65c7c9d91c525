//! Bodies that are signed with the shared secret, by HMAC-SHA256.

use jiff::{SignedDuration, Timestamp};

use super::{
    key::{Encoding, Key},
    spec::{HmacSpec, KeyForm},
};
use crate::{
    source::{
        RawRequest,
        bound::{BadSource, Settings},
        refusal::Refusal,
        scene::header,
    },
    template::{Part, Template},
};

/// What is signed and where the signature stands, with settings filled in.
#[derive(Debug)]
pub(crate) struct Hmac {
    key: Key,
    header: String,
    prefix: Option<String>,
    encoding: Encoding,
    between: Option<String>,
    signs: Option<Template>,
    time: Option<(String, SignedDuration)>,
}

impl Hmac {
    pub(crate) fn bind(spec: &HmacSpec, settings: &Settings<'_>, secret: &str) -> Result<Self, BadSource> {
        let key = match spec.key {
            KeyForm::Text => Key::plain(secret)?,
            KeyForm::Whsec => Key::whsec(secret)?,
        };
        let encoding = settings.maybe(spec.encoding.as_ref());
        let encoding = match encoding.as_deref() {
            None | Some("hex") => Encoding::Hex,
            Some("base64") => Encoding::Base64,
            Some(_) => return Err(BadSource::Setting("encoding", "hex or base64")),
        };
        let within =
            |span: crate::spec::Span| SignedDuration::try_from(span.0).unwrap_or(SignedDuration::MAX);
        Ok(Self {
            key,
            header: settings.need(&spec.header)?.to_ascii_lowercase(),
            prefix: settings.maybe(spec.prefix.as_ref()),
            encoding,
            between: spec.between.clone(),
            signs: spec.signs.clone(),
            time: spec.time.as_ref().map(|time| (time.header.to_ascii_lowercase(), within(time.within))),
        })
    }

    pub(crate) fn prove(&self, request: RawRequest<'_>, now: Timestamp) -> Result<(), Refusal> {
        let given = need(request, &self.header)?;
        let signed = self.signed(request)?;
        let parts: Vec<&[u8]> = signed.iter().map(AsRef::as_ref).collect();
        let fits = |one: &str| {
            self.bare(one.trim()).is_some_and(|signature| self.key.signed(&parts, signature, self.encoding))
        };
        let proven = match &self.between {
            Some(between) => given.split(between.as_str()).take(MOST_SIGNATURES).any(fits),
            None => fits(given),
        };
        if !proven {
            return Err(Refusal::unproven(match (&self.between, &self.signs) {
                (None, None) => "the signature does not fit the body",
                (None, Some(_)) => "the signature does not fit the body and its headers",
                (Some(_), _) => "no signature fits",
            }));
        }
        match &self.time {
            Some((name, within)) => in_time(name, need(request, name)?, *within, now),
            None => Ok(()),
        }
    }

    fn bare<'a>(&self, signature: &'a str) -> Option<&'a str> {
        match &self.prefix {
            Some(prefix) => signature.strip_prefix(prefix.as_str()),
            None => Some(signature.strip_prefix("sha256=").unwrap_or(signature)),
        }
    }

    fn signed<'a>(&'a self, request: RawRequest<'a>) -> Result<Vec<&'a [u8]>, Refusal> {
        let Some(signs) = &self.signs else { return Ok(vec![request.body]) };
        let part = |part: &'a Part| match part {
            Part::Text(text) => Ok(text.as_bytes()),
            Part::Variable { path, .. } => match path.strip_prefix("headers.") {
                Some(name) => need(request, name).map(str::as_bytes),
                None => Ok(request.body),
            },
        };
        signs.parts().iter().map(part).collect()
    }
}

/// A sender that changes its secret signs twice; more are noise.
const MOST_SIGNATURES: usize = 8;

fn need<'a>(request: RawRequest<'a>, name: &str) -> Result<&'a str, Refusal> {
    header(request.headers, name).ok_or_else(|| Refusal::unproven(format!("there is no header `{name}`")))
}

fn in_time(name: &str, given: &str, within: SignedDuration, now: Timestamp) -> Result<(), Refusal> {
    let sent: i64 =
        given.parse().map_err(|_| Refusal::unproven(format!("`{name}` is not a number of seconds")))?;
    let off = now.as_second().saturating_sub(sent);
    let within = within.as_secs();
    if off.saturating_abs() <= within {
        return Ok(());
    }
    let side = if off > 0 { "ago" } else { "ahead of our clock" };
    let message = format!("signed {} s {side}: only {within} s are accepted", off.saturating_abs());
    Err(Refusal::new(401, "stale", message).help("send it again with a new timestamp; compare the clocks"))
}
