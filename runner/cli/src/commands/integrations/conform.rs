//! `stanch integrations conform`: a platform's actions against its own description of its API.

use std::path::{Path, PathBuf};

use serde_json::json;
use stanch_integrations::{
    Catalog,
    conform::{Conformance, Description, Line},
};

use crate::{diagnose, exit::Exit, out::Out, said::Said, setup::Mistakes, table::Table};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A platform of the catalogue
    platform: String,
    /// The platform's description: OpenAPI 2 or 3 in JSON or YAML, or a Google discovery document. Several count together
    #[arg(long, value_name = "FILE", required = true)]
    openapi: Vec<PathBuf>,
    /// A folder with integrations of your own: FOLDER/PLATFORM/integration.yaml
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Compares; 3 where something differs that is not declared.
///
/// # Errors
/// When there is no such platform, or a file is no description.
pub(super) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let catalog = catalog(args.folder.as_deref())?;
    let platform = super::platform(&catalog, &args.platform, &[])?;
    let descriptions = args.openapi.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let found = Conformance::of(platform, &descriptions);
    let mut table = Table::new(&["action", "request", "found"]);
    for line in &found.lines {
        table.row([line.action.clone(), line.request.clone(), words(line)]);
        out.line(&json!({
            "action": line.action, "request": line.request, "covered": line.covered, "problems": line.problems,
            "differs": line.differs.iter().map(|(at, why)| json!({ "at": at, "because": why })).collect::<Vec<_>>(),
        }));
    }
    out.text(&table.render(None));
    let problems = found.problems();
    for problem in &problems {
        out.text(&format!("{}: {}: {}", problem.action, problem.at, problem.message));
    }
    if let Some(folder) = &args.folder {
        let mut open = Mistakes::default();
        open.of_folder(Path::new(""), catalog.look_over(folder));
        open.show(out);
    }
    let (actions, matched, not_covered) = (found.lines.len(), found.matched(), found.not_covered());
    let count = problems.len();
    out.text(&format!("{actions} actions: {matched} matched, {not_covered} not covered, {count} problems"));
    out.line(&json!({
        "platform": platform.slug(), "actions": actions, "matched": matched, "not_covered": not_covered,
        "problems": problems,
    }));
    Ok(if problems.is_empty() { Exit::Yes } else { Exit::No })
}

fn words(line: &Line) -> String {
    let places: Vec<_> = line.problems.iter().map(|problem| problem.at.as_str()).collect();
    match (line.covered, places.is_empty(), line.differs.len()) {
        (false, ..) => "not covered".to_owned(),
        (true, false, _) => format!("PROBLEM: {}", places.join(", ")),
        (true, true, 0) => "matched".to_owned(),
        (true, true, count) => format!("matched, {count} declared differences"),
    }
}

/// The catalogue, with a folder of one's own over it.
pub(super) fn catalog(folder: Option<&Path>) -> anyhow::Result<Catalog> {
    let Some(folder) = folder else { return Ok(Catalog::embedded()) };
    Catalog::embedded().with_folder(folder).map_err(|found| {
        let shown = diagnose::render(&found, &diagnose::Sources::new(), Out::colour_on_stderr());
        Said::new(format!("the integrations cannot be used\n{shown}")).exit(Exit::No).into()
    })
}

/// One description.
pub(super) fn read(path: &Path) -> anyhow::Result<Description> {
    let name = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|error| Said::new(format!("cannot read {name}: {error}")))?;
    let help =
        "give the file that the platform publishes, or `stanch integrations show` tells where its docs are";
    Description::read(&text).map_err(|error| Said::new(format!("{name}: {error}")).help(help).into())
}
