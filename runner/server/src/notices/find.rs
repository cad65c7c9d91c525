//! Which notice people mean.

use stanch_model::{api::NoticeView, shortened::short};

/// Why none is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// Nothing fits; these wait.
    None(Vec<String>),
    /// Several fit.
    Several(Vec<String>),
}

/// The one that fits; those that wait before those that are over.
pub(super) fn the_one(text: &str, notices: &[NoticeView]) -> Result<NoticeView, NotFound> {
    let text = text.trim();
    let fits = |notice: &&NoticeView| {
        let own =
            [&notice.id, &notice.vendor, &notice.name].into_iter().any(|own| own.eq_ignore_ascii_case(text));
        let (run, nth) = notice.id.rsplit_once(':').unwrap_or((&notice.id, ""));
        let of_run = |part: &str, wanted: &str| {
            let part = part.to_ascii_uppercase();
            part.len() >= 4
                && (run.starts_with(&part) || run.ends_with(&part))
                && nth.eq_ignore_ascii_case(wanted)
        };
        own || text.rsplit_once(':').is_some_and(|(part, wanted)| of_run(part, wanted))
    };
    let mut found: Vec<&NoticeView> = notices.iter().filter(fits).collect();
    if found.len() > 1 && found.iter().any(|notice| notice.state != "acknowledged") {
        found.retain(|notice| notice.state != "acknowledged");
    }
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let waiting = notices.iter().filter(|notice| notice.state != "acknowledged");
            Err(NotFound::None(waiting.map(shown).collect()))
        }
        several => Err(NotFound::Several(several.iter().map(|notice| shown(notice)).collect())),
    }
}

/// `MCHKKA37:N1`
fn shown(notice: &NoticeView) -> String {
    let (run, nth) = notice.id.rsplit_once(':').unwrap_or((&notice.id, ""));
    format!("{}:{nth}", short(run))
}
