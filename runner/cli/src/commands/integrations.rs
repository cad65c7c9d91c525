//! `stanch integrations`: the catalogue, from its own files.

use std::collections::BTreeMap;

use serde_json::json;
use stanch_integrations::Platform;
use stanch_model::{catalog::ActionInfo, diagnostic::did_you_mean};

use crate::{
    exit::Exit,
    out::Out,
    place::PlaceArgs,
    said::Said,
    setup::{self, Setup},
    table::Table,
};

/// The platforms that are known, and what they can do
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the catalogue, and the names under which its platforms are configured
    List(PlaceArgs),
    /// Show what one platform can do: effects, proofs, scopes
    Show {
        /// A platform (`okta`) or a configured name (`okta_emea`)
        platform: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

/// Lists or shows.
///
/// # Errors
/// When a configured file has a mistake, or there is no such platform.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    match &args.what {
        What::List(place) => list(&setup::load_or_refuse(&place.place()?.config, out)?, out),
        What::Show { platform, place } => {
            show(&setup::load_or_refuse(&place.place()?.config, out)?, platform, out)?;
        }
    }
    Ok(Exit::Yes)
}

fn list(setup: &Setup, out: Out) {
    let mut table = Table::new(&["platform", "actions", "twin", "configured as", "title"]);
    let twins = stanch_integrations::twin::catalog::platforms();
    let mut count = 0;
    for platform in setup.catalog.platforms() {
        let names: Vec<&str> = setup
            .config
            .integrations
            .iter()
            .filter(|(_, config)| config.platform == platform.slug())
            .map(|(name, _)| name.as_str())
            .collect();
        let actions = platform.actions().count();
        let twin = twins.iter().any(|slug| slug == platform.slug());
        table.row([
            platform.slug(),
            &actions.to_string(),
            if twin { "yes" } else { "no" },
            &if names.is_empty() { "-".to_owned() } else { names.join(", ") },
            platform.title(),
        ]);
        out.line(&json!({
            "platform": platform.slug(), "title": platform.title(), "actions": actions, "twin": twin,
            "configured_as": names,
        }));
        count += 1;
    }
    out.text(&table.render());
    out.line(&json!({ "platforms": count }));
}

fn show(setup: &Setup, name: &str, out: Out) -> anyhow::Result<()> {
    let slug = setup.config.integrations.get(name).map_or(name, |config| config.platform.as_str());
    let Some(platform) = setup.catalog.platform(slug) else {
        let known = setup.catalog.platforms().map(Platform::slug);
        let names = setup.config.integrations.keys().map(String::as_str);
        let help = match did_you_mean(name, known.chain(names)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`stanch integrations list` shows all of them".to_owned(),
        };
        return Err(Said::new(format!("there is no platform `{name}`")).help(help).exit(Exit::No).into());
    };
    out.text(&format!("{} ({})", platform.title(), platform.slug()));
    let mut table = Table::new(&["action", "effect", "verb", "proof", "undo", "in doubt", "scopes"]);
    for action in platform.actions() {
        table.row(row(action));
        out.line(action);
    }
    out.text(&table.render());
    for (lacks, lists) in shortened(platform) {
        out.text(&format!("{}: perhaps not whole, {lacks}", lists.join(", ")));
    }
    out.line(&json!({ "platform": platform.slug(), "actions": platform.actions().count() }));
    Ok(())
}

/// The lists that come back shorter to who may see less, by what they then lack.
fn shortened(platform: &Platform) -> BTreeMap<&str, Vec<&str>> {
    let mut lists: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for action in platform.actions() {
        if let Some(lacks) = platform.lacks(&action.name) {
            lists.entry(lacks).or_default().push(&action.name);
        }
    }
    lists
}

fn row(action: &ActionInfo) -> [String; 7] {
    let none = || "-".to_owned();
    let proof = match (&action.verify, action.manual) {
        (_, true) => "a person".to_owned(),
        (Some(verify), _) => verify.action.clone(),
        (None, _) => none(),
    };
    [
        action.name.clone(),
        action.effect.to_string(),
        action.verb.clone().unwrap_or_else(none),
        proof,
        action.undo.clone().unwrap_or_else(none),
        action.in_doubt.to_string(),
        if action.scopes.is_empty() { none() } else { action.scopes.join(" ") },
    ]
}
