//! The checks of `journal:`, `retention:` and `siem:`.

use std::{path::Path, time::Duration};

use stanch_model::{
    Diagnostic,
    config::{Config, SiemConfig, SiemWay},
    duration,
};

use super::{Marker, check::reference, only_warn};

/// Less than this would drop what a report is still to be written from.
const SHORTEST: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn all(config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(key) = &config.journal.sign {
        reference(key, &["journal", "sign"], mark, found);
    }
    if let Some(text) = &config.retention.bodies {
        let path = ["retention", "bodies"];
        match duration::parse(text) {
            Ok(kept) if kept >= SHORTEST => {}
            Ok(_) => {
                let message = "bodies are kept for a day at least";
                found.push(mark.value("CF0040", &path, message).help("write `bodies: 400d`"));
            }
            Err(why) => found.push(mark.value("CF0040", &path, why.to_string()).help("write `bodies: 400d`")),
        }
    }
    for (name, siem) in &config.siem {
        self::siem(name, siem, mark, found);
    }
}

fn siem(name: &str, siem: &SiemConfig, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    let path = |last| ["siem", name, last];
    let word = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-".contains(letter);
    if name.is_empty() || !name.chars().all(word) {
        let message = format!("`{name}` cannot name a copy: it is a label of the metrics");
        found.push(mark.key("CF0041", &["siem", name], message).help("small letters, digits, `_` and `-`"));
    }
    for (key, text) in [("token", &siem.token), ("ca", &siem.ca)] {
        text.iter().for_each(|text| reference(text, &path(key), mark, found));
    }
    let mut wrong = |key, message: &str, help: &str| {
        found.push(mark.value("CF0041", &path(key), message).help(help));
    };
    let url = siem.url.as_deref().map(url::Url::parse);
    match (siem.to, url) {
        (SiemWay::File, _) => {
            if !siem.path.as_deref().is_some_and(|file| Path::new(file).is_absolute()) {
                wrong(
                    "path",
                    "a copy in a file needs an absolute path",
                    "`path: /var/log/stanch/ocsf.jsonl`",
                );
            }
        }
        (SiemWay::Http, Some(Ok(url))) => match url.scheme() {
            "https" => {}
            "http" if is_here(&url) => {}
            "http" => wrong("url", "plain text to another machine: the journal could be read", "`https://…`"),
            _ => wrong(
                "url",
                "this is no address for HTTP",
                "`url: https://splunk.acme.example:8088/services/collector/event`",
            ),
        },
        (SiemWay::Syslog, Some(Ok(url))) => match url.scheme() {
            _ if url.host_str().is_none_or(str::is_empty) || url.port().is_none() => {
                wrong(
                    "url",
                    "an address for syslog names a host and a port",
                    "`url: tls://logs.acme.example:6514`",
                );
            }
            "tls" => {}
            "tcp" | "udp" if is_here(&url) => {}
            "tcp" | "udp" => {
                let message = "syslog in the clear: whoever is on the way can read and change it";
                found.push(only_warn(mark.value("CF0041", &path("url"), message).help("`tls://…`")));
            }
            _ => wrong(
                "url",
                "this is no address for syslog",
                "`tls://host:6514`, `tcp://host:514` or `udp://host:514`",
            ),
        },
        (_, Some(Err(why))) => wrong("url", &format!("not a URL: {why}"), "`url: https://…`"),
        (_, None) => wrong("url", "this copy says not where it goes", "add `url:`"),
    }
}

fn is_here(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        // schemes that the URL standard does not know keep their hosts as text
        Some(url::Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}
