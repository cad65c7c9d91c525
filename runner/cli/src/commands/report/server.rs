//! What a report is made of, through the API of a server.

use std::collections::{BTreeMap, BTreeSet};

use stanch_client::Client;
use stanch_model::{Entry, api::EntryView};
use stanch_response::report::{About, Book, Head, Material};

use super::{Found, book, folder::CHECKPOINT};
use crate::{commands::show, exit::Exit, reach::answer, said::Said};

/// The newest runs among which children are looked for.
const RUNS: usize = 1000;

/// The last checkpoint lies among so many entries of its stream.
const BACK: u64 = 200;

/// The run or incident of this id, with all that belongs to it.
pub(super) async fn find(client: &Client, id: &str) -> anyhow::Result<Found> {
    let now = show::now(client).await;
    let (about, id, incident, runs) = match client.run(id).await {
        Ok(run) => {
            let id = run.id.map(|id| id.0).unwrap_or_default();
            (About::Run, id.clone(), run.incident, BTreeSet::from([id]))
        }
        Err(error) if error.status() == Some(404) => match client.incident(id).await {
            Ok(view) => {
                let runs = view.summary.runs.iter().cloned().collect();
                (About::Incident, view.summary.id.clone(), Some(view.summary.id), runs)
            }
            Err(error) if error.status() == Some(404) => {
                let said = Said::new(format!("there is no run or incident {id}"));
                return Err(said
                    .help("`stanch runs` and `stanch incidents` list them")
                    .exit(Exit::No)
                    .into());
            }
            Err(error) => return Err(answer(error)),
        },
        Err(error) => return Err(answer(error)),
    };
    let material = material(client, incident.as_deref(), runs).await?;
    Ok(Found { about, id, material, now })
}

async fn material(
    client: &Client,
    incident: Option<&str>,
    mut runs: BTreeSet<String>,
) -> anyhow::Result<Material> {
    let mut material = Material::default();
    if let Some(id) = incident {
        material.incident = stream(client, &format!("incident/{id}")).await?;
        for alert in client.incident(id).await.map_err(answer)?.alerts {
            material.alerts.push(stream(client, &format!("alert/{alert}")).await?);
        }
    }
    children(client, incident, &mut runs).await?;
    let mut books: BTreeMap<String, Book> = BTreeMap::new();
    for run in &runs {
        material.runs.push(stream(client, &format!("run/{run}")).await?);
        let source = client.run_playbook(run).await.map_err(answer)?;
        books.extend(book(&source.slug, source.files).map(|book| (source.slug, book)));
    }
    material.books = books.into_values().collect();
    material.checkpoint = checkpoint(client).await?;
    Ok(material)
}

/// Runs of the same incident that a run of it began.
async fn children(
    client: &Client,
    incident: Option<&str>,
    runs: &mut BTreeSet<String>,
) -> anyhow::Result<()> {
    let newest = client.runs(false, RUNS).await.map_err(answer)?.items;
    let theirs =
        newest.iter().rev().filter(|run| run.incident.as_deref() == incident && !runs.contains(&run.id));
    let ids: Vec<String> = theirs.map(|run| run.id.clone()).collect();
    for id in ids {
        let view = client.run(&id).await.map_err(answer)?;
        if view.parent.is_some_and(|parent| runs.contains(&parent.0)) {
            runs.insert(id);
        }
    }
    Ok(())
}

async fn stream(client: &Client, name: &str) -> anyhow::Result<Vec<Entry>> {
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let page = client.stream(name, after).await.map_err(answer)?;
        entries.extend(page.items.iter().map(EntryView::to_entry));
        match page.next.and_then(|next| next.parse().ok()) {
            Some(next) => after = next,
            None => return Ok(entries),
        }
    }
}

async fn checkpoint(client: &Client) -> anyhow::Result<Option<Head>> {
    let found = match client.stream_end("system", BACK).await {
        Ok(page) => page.items,
        Err(error) if error.status() == Some(404) => return Ok(None),
        Err(error) => return Err(answer(error)),
    };
    let last = found.iter().rev().find(|entry| entry.kind == CHECKPOINT).map(EntryView::to_entry);
    Ok(last.and_then(|entry| Head::of(&[entry])))
}
