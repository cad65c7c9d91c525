//! `stanch deadlines draft`: what a notice begins with. It sends nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stanch_client::Client;
use stanch_model::{
    api::{DeadlineView, IncidentView},
    target::TargetState,
};
use stanch_playbooks::Template;

use super::{super::show, name, the_clock};
use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
    setup, when,
};

/// Fills the draft of a clock in and prints it. The table is that of the configuration here; the built-in one without.
///
/// # Errors
/// When there is no such clock, its rule has no draft, or the server cannot be asked.
pub(super) async fn run(text: &str, reach: &ReachArgs, out: Out) -> anyhow::Result<Exit> {
    let table = setup::load_or_refuse(&reach.place.place()?.config, out)?.deadlines;
    let client = reach.client()?;
    let clock = the_clock(text, client.deadlines().await.map_err(answer)?.items)?;
    let Some(draft) = table.draft(&clock.rule) else {
        let said = Said::new(format!("the rule `{}` has no draft", clock.rule));
        return Err(said
            .help("give it one in the file under `deadlines:`, `draft:` and `drafts:`")
            .exit(Exit::No)
            .into());
    };
    let source = table.rules().get(&clock.rule).map_or("", |rule| rule.source.as_str());
    let data = facts(&client, &clock, source).await?;
    let template = Template { subject: draft.subject.clone(), body: draft.text.clone() };
    let filled = template.fill(&data).map_err(|why| Said::new(why.to_string()).exit(Exit::No))?;
    out.text(&format!("Subject: {}\n\n{}", filled.subject, filled.body.trim_end()));
    let open = filled.body.matches('[').count();
    out.aside(&format!(
        "\n{}, due {}: a draft, not legal advice; {open} places in brackets are yours.\nwhen it is sent: stanch deadlines sent {} --reason \"where its proof lies\"",
        clock.title,
        when::due(&clock.due, show::now(&client).await),
        name(&clock),
    ));
    out.line(&json!({ "clock": clock, "subject": filled.subject, "text": filled.body, "open": open }));
    Ok(Exit::Yes)
}

/// What is known of the incident.
async fn facts(client: &Client, clock: &DeadlineView, source: &str) -> anyhow::Result<Value> {
    let incident = client.incident(&clock.incident).await.map_err(answer)?;
    let (containment, measures) = done(client, &incident).await?;
    let to = clock.id.strip_prefix(&format!("{}:", clock.rule)).unwrap_or("[whom it is owed to]");
    Ok(json!({
        "incident": incident.summary.id, "title": incident.summary.title, "severity": incident.summary.severity,
        "rule": clock.title, "source": source, "to": to, "anchor": when::at(&clock.anchor), "due": when::at(&clock.due),
        "opened": when::at(&incident.summary.opened), "lead": incident.lead.as_deref().unwrap_or("[nobody leads it yet]"),
        "containment": containment, "measures": measures,
    }))
}

/// What the runs have proven and cut, counted: names of people and tokens stay in the house.
async fn done(client: &Client, incident: &IncidentView) -> anyhow::Result<(String, String)> {
    let (mut words, mut cut) = (Vec::new(), BTreeMap::<(String, &str), usize>::new());
    for run in &incident.summary.runs {
        let view = client.run(run).await.map_err(answer)?;
        if let Some(word) = view.containment {
            words.push(word.as_str().replace('_', " "));
        }
        for known in view.targets.values().filter(|known| known.released.is_none()) {
            let state = match known.state {
                TargetState::Verified => "proven",
                TargetState::Residual | TargetState::Attested | TargetState::Accepted => "done",
                _ => continue,
            };
            *cut.entry((format!("{} on {}", known.verb, known.target.integration), state)).or_default() += 1;
        }
    }
    words.dedup();
    let measures = cut.iter().map(|((what, state), count)| format!("{what}: {count} {state}"));
    let measures = measures.collect::<Vec<_>>().join("; ");
    Ok((
        if words.is_empty() { "[not known yet]".to_owned() } else { words.join("; ") },
        if measures.is_empty() { "[not known yet]".to_owned() } else { measures },
    ))
}
