//! `stanch vendors`: the register as the server reads it.

use serde_json::json;
use stanch_model::api::VendorView;

use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
    table::Table,
};

/// The vendor register: whom to call, how soon
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
    /// Show one vendor in full
    Show {
        /// Its name in the register, its own name, or one of its apps
        vendor: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
}

/// Lists them, or shows one.
///
/// # Errors
/// When the server cannot be reached or refuses, or there is no such vendor.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    match args.what {
        What::List { reach } => {
            let vendors = reach.client()?.vendors().await.map_err(answer)?.items;
            list(&vendors, out);
        }
        What::Show { vendor, reach } => {
            let vendors = reach.client()?.vendors().await.map_err(answer)?.items;
            let Some(found) = vendors.iter().find(|one| is_called(one, &vendor)) else {
                let said = Said::new(format!("the register has no vendor `{vendor}`"));
                return Err(said.help("`stanch vendors list` lists them").exit(Exit::No).into());
            };
            out.text(&page(found));
            out.line(found);
        }
    }
    Ok(Exit::Yes)
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

fn is_called(one: &VendorView, name: &str) -> bool {
    let names = [&one.slug, &one.name].into_iter().chain(&one.apps);
    names.into_iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn page(vendor: &VendorView) -> String {
    let mut text = format!("{}, {}", vendor.slug, vendor.name);
    let mut fact = |label: &str, said: &str| {
        if !said.is_empty() {
            text.push_str(&format!("\n{label:<9}{said}"));
        }
    };
    let some = |said: &Option<String>| said.clone().unwrap_or_default();
    fact("for", &some(&vendor.purpose));
    vendor.contacts.iter().enumerate().for_each(|(nth, contact)| {
        fact(if nth == 0 { "call" } else { "then" }, contact);
    });
    fact("notice", &some(&vendor.notify_within));
    fact("apps", &vendor.apps.join(", "));
    fact("holds", &vendor.data.join(", "));
    fact("owner", &some(&vendor.owner));
    fact("tier", &vendor.tier.map_or_else(String::new, |tier| tier.to_string()));
    fact("notes", &some(&vendor.notes));
    text
}
