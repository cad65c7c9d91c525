//! `stanch vendors check`: what is stale in the register, and what the platforms say otherwise.

use serde_json::json;
use stanch_model::diagnostic::did_you_mean;
use stanch_response::vendor::{
    Vendor,
    review::{self, Finding, Weight},
};

use super::read::Reader;
use crate::{
    exit::Exit,
    ground::GroundArgs,
    out::Out,
    place::PlaceArgs,
    said::Said,
    setup::{self, Setup},
    table::Table,
};

/// Say what is overdue, whom nobody checked, and what the platforms say otherwise
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The register alone shows what is overdue, missing or not checked. Each configured integration that can find apps is then
read, and only read: for apps and grants of vendors that are over, and for more scopes or grants than the register allows.
Exit code: 0 nothing is wrong, 3 something is, 1 nothing that was read is wrong, but something could not be read")]
pub(super) struct Args {
    /// Only these, by name in the register, own name or app
    vendors: Vec<String>,
    /// Ask no platform anything: no credential is needed
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    ground: GroundArgs,
}

/// Looks, and says what it found.
///
/// # Errors
/// When a file has a mistake, or there is no such vendor.
pub(super) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let place = args.place.place()?;
    let setup = setup::load_or_refuse(&place.config, out)?;
    let vendors = chosen(&setup, &args.vendors)?;
    let today = jiff::Zoned::now().date();
    let mut found: Vec<Finding> =
        vendors.iter().flat_map(|(slug, vendor)| review::of_vendor(slug, vendor, today)).collect();
    let mut reader = match args.offline || setup.config.integrations.is_empty() {
        true => None,
        false => Some(Reader::open(&setup, &place, &args.ground, out)?),
    };
    if let Some(reader) = &mut reader {
        for (slug, vendor) in &vendors {
            let held = reader.held(slug, vendor).await;
            found.extend(review::of_platforms(slug, vendor, &held, today));
        }
    }
    found.sort();
    tell(&found, vendors.len(), out);
    Ok(sum(&found, vendors.len(), args.offline, reader.as_ref(), out))
}

fn chosen<'a>(setup: &'a Setup, names: &[String]) -> anyhow::Result<Vec<(&'a str, &'a Vendor)>> {
    let register = &setup.register;
    if names.is_empty() {
        return Ok(register.vendors().iter().map(|(slug, vendor)| (slug.as_str(), vendor)).collect());
    }
    let one = |name: &String| {
        register.find(name).ok_or_else(|| {
            let near = did_you_mean(name, register.vendors().keys().map(String::as_str));
            let help = near.map_or_else(|| super::LISTS.to_owned(), |near| format!("did you mean `{near}`?"));
            Said::new(format!("the register has no vendor `{name}`")).help(help).exit(Exit::No).into()
        })
    };
    names.iter().map(one).collect()
}

fn tell(found: &[Finding], vendors: usize, out: Out) {
    let mut table = Table::new(&["", "vendor", "about", "what"]);
    for finding in found {
        let mark = match finding.weight {
            Weight::Wrong => "WRONG",
            Weight::Soon => "note",
        };
        table.row([mark, finding.vendor.as_str(), finding.about.as_str(), finding.words.as_str()]);
        out.line(finding);
    }
    match (vendors, found) {
        (0, _) => out.text("the register is empty"),
        (_, []) => out.text("nothing is stale"),
        _ => out.text(&table.render(out.columns())),
    }
}

/// The last line: what was read and what was not, so that silence is never taken for a yes.
fn sum(found: &[Finding], vendors: usize, offline: bool, reader: Option<&Reader>, out: Out) -> Exit {
    let wrong = found.iter().filter(|one| one.weight == Weight::Wrong).count();
    let (answered, unread) =
        reader.map_or_else(Default::default, |reader| (reader.answered(), reader.unread.clone()));
    for (integration, why) in &unread {
        out.text(&format!("not read: {integration}, {why}"));
    }
    match (offline, reader) {
        (true, _) => out.text("no platform was read: grants of ended vendors and wider scopes are not known"),
        (false, None) => out.text("no integration is configured: no platform was read"),
        (false, Some(_)) if answered.is_empty() => out.text("no platform was read"),
        (false, Some(_)) => out.text(&format!("read: {}", answered.join(", "))),
    }
    out.line(&json!({
        "vendors": vendors, "wrong": wrong, "notes": found.len() - wrong, "read": answered, "not_read": unread,
    }));
    match (wrong, unread.is_empty()) {
        (0, true) => Exit::Yes,
        (0, false) => Exit::Other,
        _ => Exit::No,
    }
}
