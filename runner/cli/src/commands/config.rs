//! `stanch config`: is the configuration right, and have a server take it up.

use serde_json::json;
use stanch_model::{api::Reloaded, diagnostic::Level};

use crate::{
    diagnose,
    exit::Exit,
    ground::GroundArgs,
    out::Out,
    place::PlaceArgs,
    reach::{ReachArgs, answer},
    setup,
};

/// Check the configuration, or have the server read it anew
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Find every mistake in stanch.yaml and the files that it names; `stanch check` looks at playbooks too
    Check {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        ground: GroundArgs,
    },
    /// Have the server read stanch.yaml anew; as SIGHUP does. With mistakes in it the old one stays in force
    Reload {
        #[command(flatten)]
        reach: ReachArgs,
    },
}

/// Does it.
///
/// # Errors
/// When there are mistakes, or the server refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    match args.what {
        What::Check { place, ground } => check(&place, &ground, out),
        What::Reload { reach } => {
            let reloaded = reach.client()?.reload().await.map_err(answer)?;
            out.text(&words(&reloaded));
            out.line(&reloaded);
            Ok(Exit::Yes)
        }
    }
}

fn check(place: &PlaceArgs, ground: &GroundArgs, out: Out) -> anyhow::Result<Exit> {
    let config = place.place()?.config;
    let (setup, mistakes) = setup::load(&config);
    mistakes.show(out);
    let (mut found, mut lines) = (mistakes.found.clone(), mistakes.lines());
    if let Some(setup) = &setup {
        let more = setup.review(&config, &ground.transport(None)?);
        more.show(out);
        lines.extend(more.lines());
        found.extend(more.found);
    }
    let count = diagnose::count(&found);
    let words = if count.is_empty() { "nothing wrong".to_owned() } else { count };
    let ok = setup.is_some() && found.iter().all(|one| one.level != Level::Error);
    out.text(&format!("{}: {words}", config.display()));
    out.line(&json!({ "ok": ok, "config": config, "mistakes": lines }));
    Ok(if ok { Exit::Yes } else { Exit::No })
}

/// What became of reading it anew.
pub(super) fn words(reloaded: &Reloaded) -> String {
    let Reloaded { by, hash, changed, restart } = reloaded;
    let taken = match changed.as_slice() {
        [] => "nothing that can change while the server runs has changed".to_owned(),
        changed => format!("{} in force, by {by}", changed.join(", ")),
    };
    let short = hash.get(..8).unwrap_or(hash);
    match restart.as_slice() {
        [] => format!("configuration {short}: {taken}"),
        later => format!("configuration {short}: {taken}; restart the server for {}", later.join(", ")),
    }
}
