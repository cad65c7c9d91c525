//! Links by which one person answers one card, from a phone: whom it is for, which card and until when stand in the link, signed.
//!
//! Nothing of a link is stored, so nothing of it can leak from the journal: what the teller journals names the person and the
//! card, and the link is made when the message leaves. It opens its own card alone, and the answer of its person spends it.

mod sheet;
mod slack;

pub(crate) use sheet::{Foot, Sheet, hidden, percent, style_hash};
pub(crate) use slack::{NoPress, Offer, Press};

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::random;

/// How long a link opens its card; a reminder brings a new one.
pub(crate) const LASTS: Duration = Duration::from_secs(24 * 3600);

/// Where the cards of links lie on the server.
pub(crate) const PATH: &str = "/a/";

/// Whom a link is for, and what it opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// `<run>:<wait>`.
    pub(crate) card: String,
    /// The person's name, as in `people.groups`.
    pub(crate) who: String,
    /// Seconds since 1970.
    until: i64,
}

/// Why a link opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shut {
    /// It was not made here, or was changed on its way.
    Foreign,
    /// Its time is over.
    Over,
}

/// Makes links and reads them.
pub(crate) struct Links {
    key: hmac::Key,
    /// Where people reach this server, without a slash at the end; where nobody does, links are none.
    public: Option<String>,
}

impl Links {
    /// With the key of this data folder, which is made when there is none; without a folder for this process alone.
    ///
    /// # Errors
    /// When the key cannot be read or made.
    pub(crate) fn open(data: Option<&Path>, public: Option<&str>) -> Result<Self, String> {
        let bytes = match data {
            Some(data) => kept(&data.join("links.key"))?,
            None => random::bytes::<32>()?.to_vec(),
        };
        let public = public.map(|url| url.trim_end_matches('/').to_owned());
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &bytes), public })
    }

    /// The address under which this person answers this card; none where the configuration has no `server.public`.
    pub(crate) fn to(&self, card: &str, who: &str, from: Timestamp) -> Option<String> {
        let public = self.public.as_deref()?;
        let until = from.as_second().saturating_add(i64::try_from(LASTS.as_secs()).ok()?);
        let pass = Pass { card: card.to_owned(), who: who.to_owned(), until };
        let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&pass).ok()?);
        let mark = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, text.as_bytes()));
        Some(format!("{public}{PATH}{text}.{mark}"))
    }

    /// What a link says, if it is ours and its time is not over.
    pub(crate) fn read(&self, link: &str, now: Timestamp) -> Result<Pass, Shut> {
        let (text, mark) = link.split_once('.').ok_or(Shut::Foreign)?;
        let mark = URL_SAFE_NO_PAD.decode(mark).map_err(|_| Shut::Foreign)?;
        hmac::verify(&self.key, text.as_bytes(), &mark).map_err(|_| Shut::Foreign)?;
        let pass = URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice(&json).ok());
        let pass: Pass = pass.ok_or(Shut::Foreign)?;
        if pass.until < now.as_second() { Err(Shut::Over) } else { Ok(pass) }
    }
}

/// The key in this file. Whoever reads it can answer for anybody, so it is ours alone.
fn kept(path: &Path) -> Result<Vec<u8>, String> {
    let said = |what: &str, why: std::io::Error| format!("{}: {what}: {why}", path.display());
    match std::fs::read(path) {
        Ok(text) => {
            let bytes = URL_SAFE_NO_PAD.decode(text.trim_ascii_end()).ok().filter(|bytes| bytes.len() == 32);
            bytes.ok_or_else(|| {
                format!("{} is not a key of links: remove it, and links that were sent end", path.display())
            })
        }
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            let bytes = random::bytes::<32>()?.to_vec();
            write(path, &bytes).map_err(|why| said("cannot be written", why))?;
            Ok(bytes)
        }
        Err(why) => Err(said("cannot be read", why)),
    }
}

/// In one step: a crash leaves the whole key or none.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let next: PathBuf = path.with_extension("key.new");
    let _ = std::fs::remove_file(&next);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
    writeln!(file, "{}", URL_SAFE_NO_PAD.encode(bytes))?;
    file.sync_all()?;
    std::fs::rename(&next, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(data: &Path) -> Links {
        Links::open(Some(data), Some("https://stanch.acme.example/")).unwrap()
    }

    fn token(url: &str) -> &str {
        url.strip_prefix("https://stanch.acme.example/a/").unwrap()
    }

    #[test]
    fn a_link_outlives_the_server_and_says_whom_it_is_for() {
        let data = tempfile::tempdir().unwrap();
        let now = Timestamp::now();
        let url = links(data.path()).to("01RUN:A1", "ben", now).unwrap();
        let pass = links(data.path()).read(token(&url), now).unwrap();
        assert_eq!((pass.card.as_str(), pass.who.as_str()), ("01RUN:A1", "ben"));
        assert!(url.len() < 220, "fits in a line of mail: {}", url.len());
        let later = now + jiff::SignedDuration::from_hours(25);
        assert_eq!(links(data.path()).read(token(&url), later), Err(Shut::Over));
    }

    #[test]
    fn a_link_that_was_changed_or_made_elsewhere_opens_nothing() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let now = Timestamp::now();
        let links = links(here.path());
        let url = links.to("01RUN:A1", "ben", now).unwrap();
        let (text, mark) = token(&url).split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD
            .encode(String::from_utf8(URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap().replace("ben", "eve"));
        let shorter = &mark[..mark.len() - 2];
        for wrong in [format!("{other}.{mark}"), format!("{text}.{shorter}"), text.to_owned(), String::new()]
        {
            assert_eq!(links.read(&wrong, now), Err(Shut::Foreign), "{wrong}");
        }
        assert_eq!(self::links(there.path()).read(token(&url), now), Err(Shut::Foreign));
    }

    #[test]
    fn a_broken_key_is_refused_with_the_way_out() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("links.key"), "?").unwrap();
        let why = Links::open(Some(data.path()), None).err().unwrap();
        assert!(why.contains("links.key is not a key of links: remove it"), "{why}");
    }
}
