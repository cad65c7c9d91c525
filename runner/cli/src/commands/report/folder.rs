//! What a report is made of, from a data folder: read without a lock, also beside the server that owns it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::Timestamp;
use stanch_model::{
    Entry, Hash,
    run::{body, kind},
    shortened::{self, NotOne},
};
use stanch_response::{
    incident::Incident,
    report::{About, Book, Head, Material},
};

use super::{Found, book};
use crate::{commands::journal::broken, exit::Exit, said::Said};

/// The kind of the entries that say where all streams stood.
pub(super) const CHECKPOINT: &str = "journal.checkpoint";

/// The streams of a journal that reports are made of.
#[derive(Default)]
struct Streams {
    by_name: BTreeMap<String, Vec<Entry>>,
    checkpoint: Option<Head>,
}

/// Everything in a data folder, as one response: what a drill was.
pub(super) fn whole(data: &Path) -> anyhow::Result<Material> {
    let streams = read(data)?;
    let (runs, incidents) = (streams.ids("run/"), streams.ids("incident/"));
    Ok(streams.material(incidents.first().map(String::as_str), &runs.into_iter().collect()))
}

/// The run or incident of this id, with all that belongs to it.
pub(super) fn find(data: &Path, id: &str) -> anyhow::Result<Found> {
    if !data.join("journal").exists() {
        let said = Said::new(format!("{} is no data folder", data.display()));
        return Err(said.help("name it with --data, or a server with --url").exit(Exit::Usage).into());
    }
    let streams = read(data)?;
    let said = |error: NotOne| {
        let exit = if matches!(error, NotOne::Several { .. } | NotOne::TooShort { .. }) {
            Exit::Usage
        } else {
            Exit::No
        };
        let help = "`stanch runs` and `stanch incidents` list them; a drill is named by its data folder";
        anyhow::Error::from(Said::new(error.to_string()).help(help).exit(exit))
    };
    let now = Timestamp::now();
    match shortened::the_one("run", id, streams.ids("run/")) {
        Ok(run) => {
            let incident = streams.created(&run).and_then(|created| created.incident);
            let family = streams.family(BTreeSet::from([run.clone()]));
            let material = streams.material(incident.as_deref(), &family);
            Ok(Found { about: About::Run, id: run, material, now })
        }
        Err(NotOne::None { .. }) => {
            let one = shortened::the_one("run or incident", id, streams.ids("incident/")).map_err(said)?;
            let entries = streams.of("incident/", &one);
            let runs = Incident::of(&entries).map(|incident| incident.runs).unwrap_or_default();
            let material = streams.material(Some(&one), &streams.family(runs.into_iter().collect()));
            Ok(Found { about: About::Incident, id: one, material, now })
        }
        Err(error) => Err(said(error)),
    }
}

fn read(data: &Path) -> anyhow::Result<Streams> {
    let entries = stanch_journal::tail(data, usize::MAX).and_then(|mut log| log.rest()).map_err(broken)?;
    let mut streams = Streams::default();
    for entry in entries {
        let name = entry.header.stream.to_string();
        if entry.header.kind == CHECKPOINT {
            streams.checkpoint = Head::of(std::slice::from_ref(&entry));
        }
        if ["run/", "incident/", "alert/", "playbook/"].iter().any(|prefix| name.starts_with(prefix)) {
            streams.by_name.entry(name).or_default().push(entry);
        }
    }
    Ok(streams)
}

impl Streams {
    /// Ids of a kind, oldest first: they begin with their time.
    fn ids(&self, prefix: &str) -> Vec<String> {
        self.by_name.keys().filter_map(|name| name.strip_prefix(prefix)).map(str::to_owned).collect()
    }

    fn of(&self, prefix: &str, id: &str) -> Vec<Entry> {
        self.by_name.get(&format!("{prefix}{id}")).cloned().unwrap_or_default()
    }

    fn created(&self, run: &str) -> Option<body::Created> {
        self.by_name.get(&format!("run/{run}"))?.first()?.decode().ok()
    }

    /// These runs and their children.
    fn family(&self, mut runs: BTreeSet<String>) -> BTreeSet<String> {
        for id in self.ids("run/") {
            let parent = self.created(&id).and_then(|created| created.parent);
            if parent.is_some_and(|(parent, _)| runs.contains(&parent.0)) {
                runs.insert(id);
            }
        }
        runs
    }

    fn material(&self, incident: Option<&str>, runs: &BTreeSet<String>) -> Material {
        let incident = incident.map(|id| self.of("incident/", id)).unwrap_or_default();
        let alerts = Incident::of(&incident).map(|incident| incident.alerts).unwrap_or_default();
        Material {
            incident,
            alerts: alerts
                .iter()
                .map(|id| self.of("alert/", id))
                .filter(|entries| !entries.is_empty())
                .collect(),
            runs: runs.iter().map(|id| self.of("run/", id)).filter(|entries| !entries.is_empty()).collect(),
            books: self.books(runs),
            checkpoint: self.checkpoint.clone(),
            improvements: Vec::new(),
        }
    }

    /// The playbooks that these runs follow, each once.
    fn books(&self, runs: &BTreeSet<String>) -> Vec<Book> {
        let mut books: BTreeMap<String, Book> = BTreeMap::new();
        for run in runs {
            let Some(created) = self.created(run) else { continue };
            let found = self.pinned(run, &created).and_then(|hash| self.sources(&created.playbook, hash));
            if let Some(found) = found {
                books.insert(created.playbook, found);
            }
        }
        books.into_values().collect()
    }

    fn pinned(&self, run: &str, created: &body::Created) -> Option<Hash> {
        let entries = self.by_name.get(&format!("run/{run}"))?.iter().rev();
        let mut repinned = entries.filter(|entry| entry.header.kind == kind::REPINNED);
        let last = repinned.find_map(|entry| entry.decode::<body::Repinned>().ok()?.pins.playbook);
        last.or(created.pins.playbook)
    }

    fn sources(&self, slug: &str, hash: Hash) -> Option<Book> {
        let kept = self.by_name.get(&format!("playbook/{hash}"))?;
        book(slug, kept.first()?.decode().ok()?)
    }
}
