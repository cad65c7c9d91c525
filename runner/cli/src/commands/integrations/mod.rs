//! `stanch integrations`: the catalogue, its pages, and whether it fits the platforms' own descriptions and the accounts here.

mod conform;
mod draft;
mod list;
mod preflight;
mod show;
mod verbs;

use stanch_integrations::{Catalog, Platform};
use stanch_model::diagnostic::did_you_mean;

use crate::{exit::Exit, ground::GroundArgs, out::Out, place::PlaceArgs, said::Said, setup};

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
    /// Show one platform's page: how to set it up, what it can do, what that rests on
    Show {
        /// A platform (`okta`) or a configured name (`okta_emea`)
        platform: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// List the verbs: what each takes and gives, its effect, and the platforms that have it
    Verbs {
        /// A verb (`grant.revoke`), or a kind of target (`grant`)
        verb: Option<String>,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Compare a platform's actions with its own description of its API; 3 where they differ
    Conform(conform::Args),
    /// Look whether a configured integration is ready: address, clock, credential, scopes. Only reads
    Preflight {
        /// The name in the configuration
        name: String,
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        ground: GroundArgs,
    },
    /// Begin an integration of your own from a platform's description of its API
    New(draft::Args),
    /// Print the page that tells how to write an integration
    Guide,
    /// Print the JSON Schema of `integration.yaml` or `alerts.yaml`, for editors
    Schema {
        /// Which of the two files
        #[arg(value_enum, default_value = "integration")]
        file: SchemaOf,
    },
}

/// A file of an integration's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SchemaOf {
    Integration,
    Alerts,
}

/// Does what was asked.
///
/// # Errors
/// When a configured file has a mistake, there is no such platform or name, or a file cannot be read or written.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    match args.what {
        What::List(place) => {
            let config = place.place()?.config;
            let own = setup::own_twins(&setup::own_catalogs(&config, &crate::place::beside(&config)));
            list::run(&setup::load_or_refuse(&config, out)?, &own, out);
            Ok(Exit::Yes)
        }
        What::Show { platform, place } => {
            show::run(&setup::load_or_refuse(&place.place()?.config, out)?, &platform, out)
        }
        What::Verbs { verb, place } => {
            verbs::run(&setup::load_or_refuse(&place.place()?.config, out)?, verb.as_deref(), out)
        }
        What::Conform(args) => conform::run(&args, out),
        What::Preflight { name, place, ground } => {
            let place = place.place()?;
            preflight::run(&setup::load_or_refuse(&place.config, out)?, &place, &ground, &name, out).await
        }
        What::New(args) => draft::run(&args, out),
        What::Guide => {
            out.text(stanch_integrations::AUTHORING.trim_end());
            out.line(&serde_json::json!({ "page": stanch_integrations::AUTHORING }));
            Ok(Exit::Yes)
        }
        What::Schema { file } => {
            let schema = match file {
                SchemaOf::Integration => stanch_integrations::schema(),
                SchemaOf::Alerts => stanch_integrations::alerts_schema(),
            };
            out.text(&serde_json::to_string_pretty(&schema)?);
            out.line(&schema);
            Ok(Exit::Yes)
        }
    }
}

/// The platform of this slug, or what it could have meant.
fn platform<'a>(catalog: &'a Catalog, slug: &str, also: &[&str]) -> anyhow::Result<&'a Platform> {
    if let Some(platform) = catalog.platform(slug) {
        return Ok(platform);
    }
    let known = catalog.slugs().chain(also.iter().copied());
    let help = match did_you_mean(slug, known.collect::<Vec<_>>()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`stanch integrations list` shows all of them".to_owned(),
    };
    Err(Said::new(format!("there is no platform `{slug}`")).help(help).exit(Exit::No).into())
}
