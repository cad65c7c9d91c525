//! What the facilitator changes with a pen: an entry of the plot before it comes, what an expectation counts as.

use std::time::Duration;

use http::StatusCode;
use stanch_model::{api::Grade, text::clean};

use super::{
    Floor,
    api::No,
    orders::{LONGEST, Said, conflict, unfit},
};
use crate::{
    record::Line,
    scenario::{Deed, Edit, PlotEntry, Span},
};

impl Floor {
    /// An entry comes otherwise from now on. It stands in the record before it can come.
    pub(super) fn edit(
        &self,
        by: &str,
        name: &str,
        text: Option<&str>,
        from: Option<&str>,
        at_s: Option<i64>,
    ) -> Said {
        let (nth, now) = (self.entry(name)?, self.clock.now_ms());
        let edit = Edit { text: written(text)?, from: written(from)?, at: at_s.map(span).transpose()? };
        let mut board = self.stage.board.lock();
        if !board.waits(nth) {
            return Err(conflict(format!("`{name}` has happened, or was called off")));
        }
        let entry = self.stage.entry(nth);
        let edit = changes(&entry, edit)?;
        let at_ms = edit.at.map(|at| board.start_ms().saturating_add(at.ms()));
        if let Some(at_ms) = at_ms.filter(|at_ms| *at_ms <= now || *at_ms > board.end_ms()) {
            let (now, end) = (self.stage.seconds(now), self.stage.seconds(board.end_ms()));
            let why = format!("{}s is no time to come at", self.stage.seconds(at_ms));
            return Err(unfit(why).help(format!("it is {now}s since the start, and it ends at {end}s")));
        }
        self.stage.edit(nth, &edit, &mut board);
        let words = edit.words();
        self.stage.record.write(Line::Edited { entry: nth, edit, by: by.to_owned(), at_ms: now });
        Ok(format!("changed: {}: {words}", entry.words()))
    }

    /// An expectation counts as something else than was computed, or as computed again.
    pub(super) fn grade(&self, by: &str, expectation: usize, came: Option<Grade>, why: &str) -> Said {
        let expect = &self.stage.scenario.expect;
        let Some(one) = expect.get(expectation) else {
            let why = format!("there is no expectation {expectation}");
            let help = format!("they are numbered from 0 to {}", expect.len().saturating_sub(1));
            return Err(No::new(StatusCode::NOT_FOUND, "not_found", why).help(help));
        };
        let why = written(Some(why))?.unwrap_or_default();
        let by = by.to_owned();
        self.stage.record.write(Line::Graded { expectation, came, by, why, at_ms: self.clock.now_ms() });
        self.count_anew();
        let came = came.map_or("computed", Grade::as_str);
        Ok(format!("counts as {came}: {}", one.words()))
    }
}

/// What somebody wrote, if they wrote something.
fn written(text: Option<&str>) -> Result<Option<String>, No> {
    let Some(text) = text else { return Ok(None) };
    let text = clean(text).trim().to_owned();
    match text.chars().count() {
        1..=LONGEST => Ok(Some(text)),
        _ => Err(unfit(format!("write what: 1 to {LONGEST} characters"))),
    }
}

fn span(at_s: i64) -> Result<Span, No> {
    let at = u64::try_from(at_s).map_err(|_| unfit("nothing comes before the start"))?;
    Ok(Span(Duration::from_secs(at)))
}

/// What of an edit is new, if the entry can be changed so.
fn changes(entry: &PlotEntry, edit: Edit) -> Result<Edit, No> {
    let is_letter = matches!(entry.deed(), Some(Deed::Letter(..)));
    if !is_letter && (edit.text.is_some() || edit.from.is_some()) {
        let help =
            "words are changed where somebody says something: mail, chat, phone, press, regulator, executive";
        return Err(unfit(format!("nobody says anything in this entry: {}", entry.words())).help(help));
    }
    if !entry.is_timed() && edit.at.is_some() {
        let help = "let it happen now, or call it off";
        return Err(unfit("this entry does not come by the clock").help(help));
    }
    let mut after = entry.clone();
    edit.apply(&mut after);
    if after == *entry {
        return Err(conflict("it stands so already"));
    }
    Ok(edit)
}
