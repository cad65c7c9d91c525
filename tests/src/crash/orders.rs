//! What a child is told: its command line, written and read in one place.

use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf};

use super::Marker;

/// How a child kills itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnKill {
    /// As soon as the N-th entry of the whole journal is durable.
    AtEntry(u64),
    /// Before its N-th append or post is handed to the journal.
    AtAppend(u64),
}

/// A life's orders.
#[derive(Clone, Debug)]
pub struct Orders {
    /// The data folder.
    pub data: PathBuf,
    /// The vault's key, outside of it.
    pub key: PathBuf,
    /// The twins.
    pub twins: SocketAddr,
    /// The twins' mail server.
    pub mail: SocketAddr,
    /// Whether mail can be looked up by its Message-ID.
    pub marker: Marker,
    /// How far the world's time is ahead of the wall clock.
    pub ahead_ms: i64,
    /// Hand in the alert.
    pub alert: bool,
    /// Waits that a person answered in an earlier life and was thanked for: nobody says it twice.
    pub said: BTreeSet<String>,
    /// Kill yourself.
    pub kill: Option<OwnKill>,
    /// Log everything that any part of the program would ever log.
    pub chatty: bool,
}

impl Orders {
    /// As arguments.
    pub fn to_args(&self) -> Vec<String> {
        let mut args = vec![
            format!("--data={}", self.data.display()),
            format!("--key={}", self.key.display()),
            format!("--twins={}", self.twins),
            format!("--mail={}", self.mail),
            format!("--ahead-ms={}", self.ahead_ms),
        ];
        args.extend((self.marker == Marker::Lost).then(|| "--no-archive".to_owned()));
        args.extend(self.alert.then(|| "--alert".to_owned()));
        args.extend(self.said.iter().map(|wait| format!("--said={wait}")));
        args.extend(self.chatty.then(|| "--chatty".to_owned()));
        args.extend(self.kill.map(|kill| match kill {
            OwnKill::AtEntry(n) => format!("--kill-at-entry={n}"),
            OwnKill::AtAppend(n) => format!("--kill-at-append={n}"),
        }));
        args
    }

    /// From arguments.
    ///
    /// # Errors
    /// The first argument that is missing or makes no sense.
    pub fn parse(args: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut data, mut key, mut twins, mut mail) = (None, None, None, None);
        let mut orders = Self::blank();
        for arg in args {
            let (name, value) = arg.split_once('=').unwrap_or((&arg, ""));
            let number = || value.parse::<u64>().map_err(|error| format!("{arg}: {error}"));
            match name {
                "--data" => data = Some(PathBuf::from(value)),
                "--key" => key = Some(PathBuf::from(value)),
                "--twins" => twins = value.parse().ok(),
                "--mail" => mail = value.parse().ok(),
                "--ahead-ms" => {
                    orders.ahead_ms = number()?.try_into().map_err(|_| format!("{arg}: too far"))?
                }
                "--no-archive" => orders.marker = Marker::Lost,
                "--alert" => orders.alert = true,
                "--chatty" => orders.chatty = true,
                "--said" => {
                    orders.said.insert(value.to_owned());
                }
                "--kill-at-entry" => orders.kill = Some(OwnKill::AtEntry(number()?)),
                "--kill-at-append" => orders.kill = Some(OwnKill::AtAppend(number()?)),
                _ => return Err(format!("unknown argument {arg}")),
            }
        }
        let missing = |name: &str| format!("{name}=… is missing");
        Ok(Self {
            data: data.ok_or_else(|| missing("--data"))?,
            key: key.ok_or_else(|| missing("--key"))?,
            twins: twins.ok_or_else(|| missing("--twins"))?,
            mail: mail.ok_or_else(|| missing("--mail"))?,
            ..orders
        })
    }

    fn blank() -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            data: PathBuf::new(),
            key: PathBuf::new(),
            twins: nowhere,
            mail: nowhere,
            marker: Marker::Readable,
            ahead_ms: 0,
            alert: false,
            said: BTreeSet::new(),
            kill: None,
            chatty: false,
        }
    }
}
