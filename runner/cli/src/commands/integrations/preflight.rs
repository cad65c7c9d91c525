//! `stanch integrations preflight`: is this account ready? Only reads.

use serde_json::json;
use stanch_integrations::State;
use stanch_model::diagnostic::did_you_mean;

use crate::{
    commands::reads, exit::Exit, ground::GroundArgs, out::Out, place::Place, said::Said, setup::Setup,
};

/// Looks; 3 when something will not do.
///
/// # Errors
/// When there is no such name in the configuration.
pub(super) async fn run(
    setup: &Setup,
    place: &Place,
    ground: &GroundArgs,
    name: &str,
    out: Out,
) -> anyhow::Result<Exit> {
    let Some(found) = reads::open(setup, place, ground, out)?.preflight(name).await else {
        let help = match did_you_mean(name, setup.config.integrations.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "give a name from `integrations` in stanch.yaml".to_owned(),
        };
        return Err(Said::new(format!("no integration `{name}` is configured")).help(help).into());
    };
    let wrong = found.iter().filter(|finding| finding.state == State::Wrong).count();
    for finding in &found {
        let mark = match finding.state {
            State::Fine => "ok",
            State::Soon => "soon",
            State::Unknown => "note",
            State::Wrong => "WRONG",
        };
        out.text(&format!("{mark:<6} {:<14} {}", finding.what, finding.words));
        out.line(&json!({ "check": finding.what, "found": mark, "words": finding.words }));
    }
    out.text(&if wrong == 0 { "ready".to_owned() } else { format!("{wrong} wrong") });
    out.line(&json!({ "integration": name, "ok": wrong == 0, "wrong": wrong }));
    Ok(if wrong == 0 { Exit::Yes } else { Exit::No })
}
