//! `stanch new`: a playbook to begin with, which passes `stanch check` and `stanch test` as it is.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::json;
use stanch_model::{config::Config, diagnostic::did_you_mean};

use crate::{exit::Exit, out::Out, place::PlaceArgs, said::Said, setup};

const FILES: [(&str, &str); 8] = [
    ("playbook.yaml", include_str!("playbook.yaml")),
    ("main.rhai", include_str!("main.rhai")),
    ("README.md", include_str!("README.md")),
    ("cases/happy-path.yaml", include_str!("cases/happy-path.yaml")),
    ("cases/denied.yaml", include_str!("cases/denied.yaml")),
    ("cases/refused.yaml", include_str!("cases/refused.yaml")),
    ("cases/unreadable.yaml", include_str!("cases/unreadable.yaml")),
    ("cases/cut-short.yaml", include_str!("cases/cut-short.yaml")),
];

/// Begin a playbook: a folder that passes check and test
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its name: small letters, digits and dashes; the folder is made here
    #[arg(value_parser = slug)]
    slug: String,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Writes it.
///
/// # Errors
/// When the folder is there already, or cannot be written.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let folder = PathBuf::from(&args.slug);
    if folder.exists() {
        let said = Said::new(format!("{} is there already", folder.display()));
        return Err(said.help("choose another name; nothing was written").exit(Exit::Usage).into());
    }
    let config = args.place.place()?.config;
    let known = config.exists().then(|| setup::load_or_refuse(&config, out)).transpose()?;
    let voice = Voice::of(known.as_ref().map(|setup| &*setup.config));
    for (name, text) in FILES {
        let text = voice.fill(text, &args.slug);
        write(&folder.join(name), &text)
            .map_err(|why| Said::new(format!("cannot write {}: {why}", folder.join(name).display())))?;
    }
    let slug = &args.slug;
    let listed =
        match known.is_some_and(|setup| !setup.config.playbooks.iter().any(|named| covers(named, slug))) {
            true => format!("\nthen list it in {}: playbooks: [{slug}]", config.display()),
            false => String::new(),
        };
    let files: Vec<String> = FILES.iter().map(|(name, _)| format!("{slug}/{name}")).collect();
    out.text(&format!("{}\n\nstanch check {slug}\nstanch test {slug}{listed}", files.join("\n")));
    out.line(&json!({ "playbook": slug, "files": files }));
    Ok(Exit::Yes)
}

/// Whether a folder that the configuration names is, or holds, this one.
fn covers(named: &str, slug: &str) -> bool {
    let named = named.trim_start_matches("./").trim_end_matches('/');
    named == slug || named == "." || named.is_empty()
}

/// Whom the new playbook asks and tells: people that the configuration knows.
struct Voice {
    ask: String,
    channel: Option<String>,
}

impl Voice {
    fn of(config: Option<&Config>) -> Self {
        let Some(config) = config else {
            return Self { ask: "incident-lead".to_owned(), channel: Some("team".to_owned()) };
        };
        let groups = &config.people.groups;
        let lead = did_you_mean("incident-lead", groups.keys().map(String::as_str)).map(str::to_owned);
        let heard: Vec<&String> =
            config.tell.iter().filter(|(_, ways)| !ways.is_empty()).map(|(channel, _)| channel).collect();
        let team = heard.iter().find(|channel| **channel == "team").or(heard.first());
        Self {
            ask: lead.or_else(|| groups.keys().next().cloned()).unwrap_or_else(|| "incident-lead".to_owned()),
            channel: team.map(|channel| (*channel).clone()),
        }
    }

    fn fill(&self, text: &str, slug: &str) -> String {
        let today = jiff::Zoned::now().date().to_string();
        let closing = "`${input.app} is cut off; ${left.failed.len()} targets are not, ${left.found.len()} were found and not cut. ` +\n     \
                       `Lists that could not be read: ${left.unread.len()}`";
        let (tell, say, told) = match &self.channel {
            Some(channel) => (
                "  tell:       [page]\n".to_owned(),
                format!("page(\"{channel}\", {closing});"),
                format!(
                    "  steps: [find_app, approve, app.quarantine, grant.revoke, settle, page]\n{}",
                    told(channel)
                ),
            ),
            None => (
                String::new(),
                format!("note({closing});"),
                "  steps: [find_app, approve, app.quarantine, grant.revoke, settle, note]".to_owned(),
            ),
        };
        text.replace("@slug@", slug)
            .replace("@today@", &today)
            .replace("@ask@", &self.asked())
            .replace("@tell@\n", &format!("{tell}\n"))
            .replace("@say@", &say)
            .replace("@told@", &told)
    }

    /// With a remark at the same column, whatever the group is called.
    fn asked(&self) -> String {
        format!("{:<23}# a group in stanch.yaml; never who started the run", format!("{} ", self.ask))
    }
}

/// What a case hopes that they hear. The company of a case has a team and a desk for vendors.
fn told(channel: &str) -> String {
    match channel {
        "team" | "vendor-desk" => {
            format!("  told: {{ {channel}: \"drift is cut off; 0 targets are not, 0 were found\" }}")
        }
        _ => String::new(),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    io::Write::write_all(
        &mut fs::OpenOptions::new().write(true).create_new(true).open(path)?,
        text.as_bytes(),
    )
}

/// A playbook's name is its folder's.
fn slug(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && !text.ends_with('-') && text.len() <= 64 && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    let kept: String = text.to_lowercase().chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let near = kept.trim_matches(|c: char| c == '-' || c.is_ascii_digit());
    Err(match near.is_empty() {
        true => "write small letters, digits and dashes, beginning with a letter".to_owned(),
        false => format!("write small letters, digits and dashes, beginning with a letter: `{near}`"),
    })
}
