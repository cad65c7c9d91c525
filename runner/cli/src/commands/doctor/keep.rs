//! What is kept and copied: the key that signs the journal, copies for a SIEM, the age of backups, room to write.

use std::{path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};
use stanch_model::config::{SiemConfig, SiemWay};
use tokio::net::TcpStream;
use url::Url;

use super::{Doctor, Found};
use crate::{
    commands::{journal::copies, serve},
    setup::Setup,
    when,
};

/// A backup that is older is worth a word.
const OLD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A collector that does not answer within this time is not there.
const PATIENCE: Duration = Duration::from_secs(3);

/// The age of the last backup, and whether the folder is one that came back.
pub(super) fn backups(data: &Path, doctor: &mut Doctor) {
    if let Some(restored) = copies::restored(data) {
        let words = format!(
            "restored from {}; it knows nothing of what happened after {}. The next server comes up paused",
            restored.from,
            when::at(&restored.until)
        );
        doctor.say(Found::Note, "restored", words);
    }
    match copies::last(data) {
        None => doctor.say(
            Found::Note,
            "backup",
            "none was ever taken with `stanch journal backup DIR`; copies made otherwise are not known here",
        ),
        Some(last) => {
            let age = Timestamp::now().duration_since(last.time);
            let found = if age > OLD { Found::Note } else { Found::Fine };
            let at = when::at(&last.time.to_string());
            doctor.say(found, "backup", format!("{at} to {}, {} entries", last.to, last.entries));
        }
    }
}

/// Whether this user may write there.
pub(super) fn writable(data: &Path, doctor: &mut Doctor) {
    if let Err(error) = rustix::fs::access(data, rustix::fs::Access::WRITE_OK) {
        doctor.say(Found::Wrong, "data folder", format!("{} cannot be written: {error}", data.display()));
    }
}

/// The key that signs, where one is configured.
pub(super) fn signing(setup: &Setup, doctor: &mut Doctor) {
    match serve::signer(setup) {
        Ok(Some(signer)) => doctor.say(Found::Fine, "signing", signer.public()),
        Ok(None) => {}
        Err(error) => {
            doctor.say(Found::Wrong, "signing", error.to_string());
            doctor.help("`stanch journal key FILE` makes a key");
        }
    }
}

/// Whether somebody listens where copies go.
pub(super) async fn copies(setup: &Setup, doctor: &mut Doctor) {
    for (name, siem) in &setup.config.siem {
        match reach(siem).await {
            Ok(what) => doctor.say(Found::Fine, "siem", format!("{name}: {what}")),
            Err(why) => doctor.say(Found::Wrong, "siem", format!("{name}: {why}")),
        }
    }
}

async fn reach(siem: &SiemConfig) -> Result<String, String> {
    if siem.to == SiemWay::File {
        let path = Path::new(siem.path.as_deref().unwrap_or_default());
        let folder = path.parent().unwrap_or(path);
        let may = rustix::fs::access(folder, rustix::fs::Access::WRITE_OK);
        return may
            .map(|()| path.display().to_string())
            .map_err(|why| format!("{}: {why}", folder.display()));
    }
    let url = Url::parse(siem.url.as_deref().unwrap_or_default()).map_err(|why| why.to_string())?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(6514);
    if url.scheme() == "udp" {
        return Ok(format!("{host}:{port}, which never answers"));
    }
    match tokio::time::timeout(PATIENCE, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(format!("{host}:{port} takes connections")),
        Ok(Err(why)) => Err(format!("{host}:{port}: {why}")),
        Err(_) => Err(format!("{host}:{port} does not answer")),
    }
}
