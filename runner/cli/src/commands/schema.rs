//! `stanch schema`: the JSON Schemas of the files that people write, for editors.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;
use stanch_lsp::schema::{SCHEMAS, Schema, named};
use stanch_model::diagnostic::did_you_mean;

use crate::{exit::Exit, out::Out, said::Said, table::Table};

/// Print the JSON Schemas of the files that people write; without a name, list them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which: playbook, drill, stanch, …
    name: Option<String>,
    /// Write it, or all of them, into this folder as NAME.schema.json
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Lists, prints or writes.
///
/// # Errors
/// When there is no such schema, or the folder cannot be written.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let one = args.name.as_deref().map(find).transpose()?;
    match (&args.out, one) {
        (Some(folder), Some(one)) => write(folder, &[one], out)?,
        (Some(folder), None) => write(folder, &SCHEMAS.iter().collect::<Vec<_>>(), out)?,
        (None, Some(one)) => {
            out.text(&serde_json::to_string_pretty(one.value())?);
            out.line(one.value());
        }
        (None, None) => list(out),
    }
    Ok(Exit::Yes)
}

fn find(name: &str) -> anyhow::Result<&'static Schema> {
    named(name).ok_or_else(|| {
        let known = SCHEMAS.iter().map(|schema| schema.name);
        let help = match did_you_mean(name, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
        };
        Said::new(format!("there is no schema `{name}`")).help(help).exit(Exit::No).into()
    })
}

fn list(out: Out) {
    let mut table = Table::new(&["schema", "files", "what they are"]);
    for schema in &SCHEMAS {
        let files = schema.files.join(", ");
        table.row([schema.name, files.as_str(), schema.about]);
        out.line(&json!({ "schema": schema.name, "files": schema.files, "about": schema.about }));
    }
    out.text(&table.render(out.columns()));
}

fn write(folder: &Path, schemas: &[&Schema], out: Out) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for schema in schemas {
        let path = folder.join(schema.file());
        let text = format!("{}\n", serde_json::to_string_pretty(schema.value())?);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        out.text(&path.display().to_string());
        out.line(&json!({ "schema": schema.name, "files": schema.files, "written": path }));
    }
    Ok(())
}
