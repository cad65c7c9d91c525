//! Those who answer for what an approval would cut: they hear that it is about to stop, though nothing is asked of them.

use stanch_model::{
    Entry,
    config::Config,
    run::{Mode, RunView, WaitKind, body::WaitOpened, kind},
};
use stanch_response::Register;

use super::Letter;
use crate::owners;

/// What they hear when this entry opens a card. A way through which the card itself is told hears nothing twice.
pub(super) fn letters(
    entry: &Entry,
    view: &RunView,
    register: &Register,
    config: &Config,
    told: &[Letter],
) -> Vec<Letter> {
    let opened = (entry.header.kind == kind::WAIT && view.mode != Some(Mode::Plan))
        .then(|| entry.decode::<WaitOpened>().ok())
        .flatten();
    let wait = opened.and_then(|opened| view.open_waits().find(|wait| wait.id == opened.wait));
    let Some((wait, run)) = wait.filter(|wait| wait.kind == WaitKind::Approval).zip(view.id.as_ref()) else {
        return Vec::new();
    };
    let of_run = view.input["app"].as_str().or_else(|| view.alert["app"].as_str());
    let mut letters = Vec::new();
    for (slug, vendor) in owners::vendors(register, &wait.targets, of_run) {
        let Some(owner) = &vendor.owner else { continue };
        let name = if vendor.name.is_empty() { slug } else { &vendor.name };
        let stops = vendor.purpose.as_ref().map_or_else(String::new, |what| format!(" What stops: {what}."));
        let text = format!(
            "{name} may be cut off soon, and {owner} answers for it.{stops}\n{}\nNothing is asked of you here. {}: stanch show {run}",
            wait.text, view.playbook
        );
        let fresh = owners::ways(owner, config).into_iter();
        letters.extend(fresh.filter(|way| told.iter().all(|one| one.way != *way)).map(|way| Letter {
            key: format!("wait/{run}/{}/owner/{slug}", wait.id),
            way,
            text: text.clone(),
            offer: None,
            who: None,
        }));
    }
    letters
}
