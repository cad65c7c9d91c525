//! `stanch twins`: the simulated platforms alone, and a stanch.yaml that speaks to them.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde_json::json;
use stanch_integrations::{
    Catalog, Platform,
    twin::{self, TwinHost, TwinOptions, World, WorldApp},
};

use crate::{exit::Exit, out::Out, said::Said, setup};

/// Run the simulated platforms alone
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where they listen; loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
    /// Where the simulated mail server listens; loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7425")]
    mail: SocketAddr,
    /// Only this platform; can be given several times
    #[arg(long = "platform", value_name = "PLATFORM")]
    platforms: Vec<String>,
    /// A folder with integrations of your own, each with its `twin.rhai`; can be given several times
    #[arg(long, value_name = "FOLDER")]
    catalog: Vec<PathBuf>,
    /// What they hold at the start, as under `world:` in a scenario
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Keep their state in this file between lives
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// Runs them until interrupted.
///
/// # Errors
/// When an address is taken or not on loopback, or there is no such platform.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let scripts = setup::own_twins(&args.catalog);
    let mut platforms = args.platforms;
    if platforms.is_empty() {
        platforms = twin::catalog::platforms().into_iter().chain(scripts.keys().cloned()).collect();
        platforms.sort();
        platforms.dedup();
    }
    let options = TwinOptions {
        listen: args.listen,
        mail_listen: args.mail,
        integrations: platforms.iter().map(|slug| (slug.replace('-', "_"), slug.clone())).collect(),
        world: args.world.map_or_else(|| Ok(usual()), |path| world(&path))?,
        state_file: args.state,
        scripts,
        ..TwinOptions::default()
    };
    let host = TwinHost::start(options).await?;
    let (addr, mail) = (host.addr(), host.mail_addr());
    out.aside(&format!("simulated platforms on http://{addr}, mail on {mail}; nothing leaves this machine"));
    out.aside(&format!(
        "control: http://{addr}/_twin/ (effects, requests, faults, world); interrupt to stop"
    ));
    out.text(&configuration(&platforms, &args.catalog, addr, mail)?);
    out.line(&json!({ "twins": addr.to_string(), "mail": mail.to_string(), "platforms": platforms }));
    stopped().await?;
    host.stop().await?;
    Ok(Exit::Yes)
}

/// Until SIGINT or SIGTERM.
pub(crate) async fn stopped() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    Ok(())
}

fn usual() -> World {
    let grants = |counts: &[(&str, u32)]| counts.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    let drift = WorldApp {
        id: "drift".to_owned(),
        name: "Drift".to_owned(),
        vendor: "drift".to_owned(),
        grants: grants(&[("okta", 12), ("salesforce", 28)]),
        ..WorldApp::default()
    };
    let zendesk =
        WorldApp { id: "zendesk".to_owned(), grants: grants(&[("okta", 20)]), ..WorldApp::default() };
    World { people: 60, apps: vec![drift, zendesk], ..World::default() }
}

fn world(path: &Path) -> anyhow::Result<World> {
    let name = path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|error| Said::new(format!("cannot read {name}: {error}")))?;
    stanch_model::yaml::read(&name, &text, "DR0001").map_err(|mistake| {
        let sources = [(name.clone(), text.clone())].into();
        let shown = crate::diagnose::render(&[*mistake], &sources, Out::colour_on_stderr());
        Said::new(format!("{name} is no world\n{shown}")).exit(Exit::No).into()
    })
}

/// A stanch.yaml for these twins.
fn configuration(
    platforms: &[String],
    own: &[PathBuf],
    addr: SocketAddr,
    mail: SocketAddr,
) -> anyhow::Result<String> {
    let refused = |found: Vec<stanch_model::Diagnostic>| {
        let lines: Vec<String> = found.iter().map(stanch_model::Diagnostic::one_line).collect();
        Said::new(lines.join("\n")).exit(Exit::No)
    };
    let mut catalog = Catalog::embedded();
    for folder in own {
        catalog = catalog.with_folder(folder).map_err(refused)?;
    }
    let mut text = format!(
        "# A stanch.yaml for the simulated platforms at http://{addr}. Where it is used, first\n\
         #   export STANCH_TWINS={addr} STANCH_TWINS_MAIL={mail}\n\
         # Then nothing of this can reach a real platform.\n\n"
    );
    if !own.is_empty() {
        let folders: Vec<String> = own.iter().map(|folder| folder.display().to_string()).collect();
        text.push_str(&format!("catalog: [{}]\n\n", folders.join(", ")));
    }
    text.push_str("integrations:\n");
    for slug in platforms {
        let name = slug.replace('-', "_");
        let platform = catalog.platform(slug);
        let below = platform.map_or("", Platform::begins_at);
        let url = if slug == "smtp" { format!("smtp://{mail}") } else { format!("http://{addr}{below}") };
        let settings: Vec<String> = platform
            .into_iter()
            .flat_map(Platform::simulated_settings)
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let settings = match settings.is_empty() {
            true => String::new(),
            false => format!(", settings: {{ {} }}", settings.join(", ")),
        };
        text.push_str(&format!("  {name}: {{ platform: {slug}, url: \"{url}\"{settings} }}\n"));
    }
    Ok(text.trim_end().to_owned())
}
