//! Notices to vendors: who was written to, who answered, who is next.

use std::path::Path;

use serde_json::json;
use stanch_client::Client;
use stanch_model::{
    api::{NoticeRung, NoticeView, Recorded},
    shortened::short,
};

use super::super::{alert, show};
use crate::{
    exit::Exit,
    out::Out,
    reach::{self, answer},
    table::Table,
    when,
};

#[derive(Debug, clap::Args)]
pub(super) struct NoticeArgs {
    /// The notice as the list names it, `MCHKKA37:N1`; its vendor if only one waits there
    #[arg(value_name = "NOTICE", value_parser = reach::id)]
    pub(super) notice: String,
}

/// Lists them, newest first.
///
/// # Errors
/// When the server cannot be asked.
pub(super) async fn list(client: &Client, out: Out) -> anyhow::Result<Exit> {
    let notices = client.notices().await.map_err(answer)?.items;
    let now = show::now(client).await;
    let mut table = Table::new(&["notice", "vendor", "stands", "written to", "subject"]);
    for notice in &notices {
        let next = notice
            .next
            .as_ref()
            .map_or_else(String::new, |due| format!(", next contact {}", when::due(due, now)));
        let stands = match &notice.acknowledged {
            Some(said) => format!("acknowledged {} by {}: {}", when::at(&said.at), said.by, said.text),
            None => format!("{}{next}", notice.state),
        };
        let written: Vec<String> =
            notice.rungs.iter().filter(|rung| rung.state != "not_yet").map(rung).collect();
        table.row([name(notice), notice.vendor.clone(), stands, written.join(", "), notice.subject.clone()]);
        out.line(notice);
    }
    out.text(&if table.is_empty() { "no notices".to_owned() } else { table.render(out.columns()) });
    let of = |state: &str| notices.iter().filter(|notice| notice.state == state).count();
    out.line(&json!({ "notices": notices.len(), "waiting": of("waiting"), "silent": of("silent") }));
    Ok(if of("silent") == 0 { Exit::Yes } else { Exit::No })
}

fn rung(rung: &NoticeRung) -> String {
    let why = if rung.why.is_empty() { String::new() } else { format!(": {}", rung.why) };
    format!("{} ({}{why})", rung.mail, rung.state.replace('_', " "))
}

/// `MCHKKA37:N1`
fn name(notice: &NoticeView) -> String {
    let (run, nth) = notice.id.rsplit_once(':').unwrap_or((&notice.id, ""));
    format!("{}:{nth}", short(run))
}

/// Says that it is recorded.
pub(super) fn recorded(done: &Recorded, what: &str, out: Out) -> Exit {
    let again = if done.new { "" } else { " (you had said so before)" };
    out.text(&format!("{what}, recorded as {}{again}", done.by));
    out.line(done);
    Exit::Yes
}

/// Hands a delivery report in.
///
/// # Errors
/// When it cannot be read, or the server knows no notice that it speaks of.
pub(super) async fn returned(file: &Path, client: &Client, out: Out) -> anyhow::Result<Exit> {
    let mail = alert::bytes(file)?;
    let done = client.mail_returned(mail.into()).await.map_err(|error| alert::of_file(file, error))?;
    let follows = match (done.action.as_str(), done.new) {
        ("failed", true) if done.way.is_some() => {
            format!("recorded as {}: it is told in another way, and stands in `stanch status`", done.by)
        }
        ("failed", true) => format!("recorded as {}: the next contact is written to", done.by),
        ("failed", false) => {
            "nothing changes: it was known to have come back, or another reader of a list got it".to_owned()
        }
        _ => "nothing changes: it has not come back".to_owned(),
    };
    let said = if done.said.is_empty() { String::new() } else { format!(" ({})", done.said) };
    let what = if done.way.is_some() { "mail" } else { "notice" };
    out.text(&format!("the {what} to {} at {}: {}{said}, {follows}", done.name, done.to, done.action));
    out.line(&done);
    Ok(Exit::Yes)
}
