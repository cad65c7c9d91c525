//! `stanch vendors`: the register, what is stale in it, what the platforms say otherwise, and rows of a spreadsheet for it.

mod check;
mod import;
mod notices;
mod page;
mod read;

use std::path::PathBuf;

use serde_json::json;
use stanch_client::ClientError;
use stanch_model::api::{VendorPage, VendorView};
use stanch_response::vendor;

use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
    setup,
    table::Table,
};

/// The vendor register: whom to call, how soon, what is stale
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the vendors
    List {
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Show one vendor in full, with the incidents and runs that concern it where a server is there
    Show {
        /// Its name in the register, its own name, or one of its apps
        vendor: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Say what is overdue, whom nobody checked, and what the platforms say otherwise
    Check(check::Args),
    /// Take rows of a spreadsheet into the register
    Import(import::Args),
    /// List the notices to vendors: who was written to, who answered, who is next
    Notices {
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Record that a vendor answered a notice: nobody else is written to
    Acknowledged {
        #[command(flatten)]
        notice: notices::NoticeArgs,
        /// Who answered, how, and what was said
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Record that a mail came back: the next contact is written to at once
    Bounced {
        #[command(flatten)]
        notice: notices::NoticeArgs,
        /// The address; all that were written to last unless given
        #[arg(long, value_name = "MAIL")]
        to: Option<String>,
        /// What the mail server said
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Take a delivery report as it came by mail: what failed goes to the next contact, or to others of your own people
    Returned {
        /// The whole mail, headers and all; `-` for standard input
        #[arg(value_name = "FILE", default_value = "-")]
        file: PathBuf,
        #[command(flatten)]
        reach: ReachArgs,
    },
}

/// Does what was asked.
///
/// # Errors
/// When the server cannot be reached or refuses, a file has a mistake, or there is no such vendor.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    match args.what {
        What::List { reach } => {
            let vendors = reach.client()?.vendors().await.map_err(answer)?.items;
            list(&vendors, out);
            Ok(Exit::Yes)
        }
        What::Show { vendor, reach } => show(&vendor, &reach, out).await,
        What::Check(args) => check::run(args, out).await,
        What::Import(args) => import::run(&args, out),
        What::Notices { reach } => notices::list(&reach.client()?, out).await,
        What::Acknowledged { notice, reason, reach } => {
            let done = reach.client()?.notice_acknowledged(&notice.notice, &reason).await.map_err(answer)?;
            Ok(notices::recorded(&done, "acknowledged: nobody else is written to", out))
        }
        What::Bounced { notice, to, reason, reach } => {
            let client = reach.client()?;
            let done = client.notice_bounced(&notice.notice, to.as_deref(), &reason).await.map_err(answer)?;
            Ok(notices::recorded(&done, "came back: the next contact is written to", out))
        }
        What::Returned { file, reach } => notices::returned(&file, &reach.client()?, out).await,
    }
}

fn list(vendors: &[VendorView], out: Out) {
    let mut table = Table::new(&["vendor", "notice within", "call first", "apps"]);
    for vendor in vendors {
        table.row([
            vendor.slug.clone(),
            vendor.notify_within.clone().unwrap_or_else(|| "-".to_owned()),
            vendor.contacts.first().cloned().unwrap_or_else(|| "nobody".to_owned()),
            vendor.apps.join(", "),
        ]);
        out.line(vendor);
    }
    out.text(&if table.is_empty() { "no vendors".to_owned() } else { table.render(out.columns()) });
    out.line(&json!({ "vendors": vendors.len() }));
}

/// By the server where there is one, else out of the file.
async fn show(name: &str, reach: &ReachArgs, out: Out) -> anyhow::Result<Exit> {
    let at_server = reach.url.is_some() || reach.client().is_ok();
    let (found, happened) =
        if at_server { by_server(name, reach).await? } else { by_file(name, reach, out)? };
    out.text(&page::words(&found, happened, out.columns()));
    out.line(&found.vendor);
    out.line(&json!({ "vendor": found.vendor.slug, "incidents": found.incidents, "runs": found.runs }));
    Ok(Exit::Yes)
}

/// Whether anybody could tell what happened around a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happened {
    Told,
    NotAsked,
}

async fn by_server(name: &str, reach: &ReachArgs) -> anyhow::Result<(VendorPage, Happened)> {
    match reach.client()?.vendor(name).await {
        Ok(found) => Ok((found, Happened::Told)),
        Err(ClientError::Refused { status: 404, problem }) => {
            let said = Said::new(format!("the register has no vendor `{name}`"));
            let help = problem.help.unwrap_or_else(|| LISTS.to_owned());
            Err(said.help(help).exit(Exit::No).into())
        }
        Err(error) => Err(answer(error)),
    }
}

const LISTS: &str = "`stanch vendors list` lists them";

fn by_file(name: &str, reach: &ReachArgs, out: Out) -> anyhow::Result<(VendorPage, Happened)> {
    let setup = setup::load_or_refuse(&reach.place.place()?.config, out)?;
    let Some((slug, found)) = setup.register.find(name) else {
        let known = setup.register.vendors().keys().map(String::as_str);
        let help = stanch_model::diagnostic::did_you_mean(name, known)
            .map_or_else(|| LISTS.to_owned(), |near| format!("did you mean `{near}`?"));
        let said = Said::new(format!("the register has no vendor `{name}`"));
        return Err(said.help(help).exit(Exit::No).into());
    };
    let page = VendorPage { vendor: vendor::view(slug, found), ..VendorPage::default() };
    Ok((page, Happened::NotAsked))
}
