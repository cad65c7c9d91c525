//! `stanch vendors import`: rows of a spreadsheet for the register.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;
use stanch_response::vendor::import::{self, Merged, Refused};

use crate::{
    commands::check::fix::replace,
    diagnose,
    exit::Exit,
    out::Out,
    place::{PlaceArgs, beside},
    said::Said,
    setup::{self, shown},
};

/// Take rows of a spreadsheet into the register
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Columns: vendor or name, legal entity, apps, status, tier, owner, deputy, purpose, data, volume, residency, retention, role,
sub processors, contact name/mail/phone/within/checked, notify within, clause, they notify within, their clause, dpa,
caiq, sig, soc2 type/from/to, iso27001, pen test, insurance, review due, secrets given/taken, integration, scopes, grants,
tags, notes. Lists stand between semicolons; a vendor with several contacts has several rows.
What the register says already stays, comments too; where a row says otherwise, that is told. One wrong cell, and nothing
is written.")]
pub(super) struct Args {
    /// The spreadsheet, saved as CSV: comma, semicolon or tab
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// What a column with another head means: `"Sec. Mail=contact_mail"`; `"Colour=-"` leaves one out
    #[arg(long = "column", value_name = "HEAD=FIELD", value_parser = pair)]
    columns: Vec<(String, String)>,
    /// Print the register as it would be, and write nothing
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((head, field)) if !head.trim().is_empty() && !field.trim().is_empty() => {
            Ok((head.trim().to_owned(), field.trim().to_owned()))
        }
        _ => Err("write HEAD=FIELD".to_owned()),
    }
}

/// Merges, and writes or prints.
///
/// # Errors
/// When a file has a mistake or cannot be read or written; nothing has changed then.
pub(super) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let config = args.place.place()?.config;
    let setup = setup::load_or_refuse(&config, out)?;
    let register = beside(&config).join(setup.config.vendors.as_deref().unwrap_or("vendors.yaml"));
    let csv = std::fs::read(&args.file)
        .with_context(|| Said::new(format!("cannot read {}", args.file.display())))?;
    let csv = String::from_utf8(csv).map_err(|_| {
        let said = Said::new(format!("{} is not UTF-8", args.file.display()));
        said.help("save it as \"CSV UTF-8\"").exit(Exit::No)
    })?;
    let before = read(&register)?;
    let name = shown(&register);
    let merged = import::merge(&name, &before, &csv, &args.columns)
        .map_err(|refused| why(refused, &args.file, &name, out))?;
    if args.print {
        out.text(merged.text.trim_end());
    } else if merged.text != before {
        write(&register, &before, &merged.text)?;
    }
    tell(&merged, &name, args.print, out);
    Ok(Exit::Yes)
}

/// The register; nothing where there is none yet.
fn read(path: &Path) -> anyhow::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| Said::new(format!("cannot read {}", path.display()))),
    }
}

fn write(path: &Path, before: &str, text: &str) -> anyhow::Result<()> {
    let failed = || Said::new(format!("cannot write {}: it is as it was", path.display()));
    if !path.exists() {
        // an empty file to stand in for: the new one takes its place whole
        std::fs::File::create_new(path).with_context(failed)?;
    } else if read(path)? != before {
        let said = Said::new(format!("{} was changed meanwhile", path.display()));
        return Err(said.help("import again: nothing was written").into());
    }
    replace(path, text).with_context(failed)
}

fn why(refused: Refused, csv: &Path, register: &str, out: Out) -> anyhow::Error {
    match refused {
        Refused::Rows(rows) => {
            for row in &rows {
                out.aside(&format!("{}: {row}", csv.display()));
                out.line(
                    &json!({ "line": row.line, "column": row.column, "why": row.why, "help": row.help }),
                );
            }
            let mistakes =
                if rows.len() == 1 { "a mistake".to_owned() } else { format!("{} mistakes", rows.len()) };
            let said = Said::new(format!("{}: {mistakes}; nothing was imported", csv.display()));
            said.exit(Exit::No).into()
        }
        Refused::Register(found) => {
            let lines: Vec<String> = found.iter().map(|one| one.message.clone()).collect();
            let said = Said::new(format!("{register} would not hold: {}", lines.join("; ")));
            said.help(format!("nothing was imported; {}", diagnose::count(&found))).exit(Exit::No).into()
        }
        Refused::Entry(slug) => {
            let said = Said::new(format!(
                "`{slug}` is written in a way that cannot be added to without touching it"
            ));
            said.help("write the entry one key a line; nothing was imported").exit(Exit::No).into()
        }
    }
}

fn tell(merged: &Merged, name: &str, print: bool, out: Out) {
    let list =
        |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")));
    let mut lines: Vec<String> =
        [list("new", &merged.added), list("extended", &merged.extended)].into_iter().flatten().collect();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    lines.extend(merged.kept.iter().map(|kept| {
        format!(
            "kept: {} {} stays `{}`, the row says `{}`",
            kept.vendor,
            kept.field,
            text(&kept.here),
            text(&kept.there)
        )
    }));
    if merged.added.is_empty() && merged.extended.is_empty() {
        lines.push(format!("{name} says all of it already"));
    } else if !print {
        lines.push(format!("written: {name}"));
    }
    if print {
        out.aside(&lines.join("\n"))
    } else {
        out.text(&lines.join("\n"))
    }
    out.line(&json!({
        "register": name, "added": merged.added, "extended": merged.extended, "kept": merged.kept, "written": !print,
        "text": print.then_some(&merged.text),
    }));
}
