//! `stanch explain`: what a diagnostic code means, and the way out.

use serde_json::json;
use stanch_model::diagnostic::CodePage;

use crate::{exit::Exit, out::Out, said::Said};

/// Say what a diagnostic code means
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The code, as in `error[PB0012]`
    code: String,
}

/// Prints the code's page.
///
/// # Errors
/// When there is no such code.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let code = args.code.trim().to_ascii_uppercase();
    let Some(page) = page(&code) else {
        let help = "codes stand in brackets: PB of playbooks, CF of stanch.yaml, IN of integrations, VN of vendors.yaml, DL of deadlines, AL of alerts, DR of drills, TC of cases";
        return Err(Said::new(format!("there is no page for {code}")).help(help).exit(Exit::No).into());
    };
    out.text(page.trim_end());
    out.line(&json!({ "code": code, "page": page }));
    Ok(Exit::Yes)
}

/// The code's page in Markdown.
pub(crate) fn page(code: &str) -> Option<String> {
    let page = stanch_playbooks::codes::explain(code).or_else(|| stanch_integrations::codes::explain(code));
    page.map(str::to_owned).or_else(|| {
        let page = stanch_response::codes::explain(code);
        let page = page.or_else(|| stanch_drill::scenario::codes::explain(code));
        page.or_else(|| stanch_drill::case::codes::explain(code)).map(CodePage::markdown)
    })
}
