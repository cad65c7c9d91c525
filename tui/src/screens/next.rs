//! What the person at the screen does next: the card that waits, for whom, and the way to it; or why there is nothing to do.

use ratatui::text::Line;
use stanch_model::{
    api::{Card, Role, RunSummary},
    run::WaitKind,
};

use super::now::{LABEL, ends, labelled};
use crate::{
    app::App,
    command::Command,
    widgets::{self, cut},
    words::{self, target, time},
    world::millis,
};

/// What to do next, with the way to it.
pub(super) fn lines(app: &App, run: Option<&RunSummary>, width: usize) -> Vec<Line<'static>> {
    let indent = " ".repeat(LABEL);
    let room = width.saturating_sub(LABEL);
    if let Some(card) = app.next_card() {
        return next_card(app, card, room, width);
    }
    let (text, way) = match run {
        None if app.all_held() => ("Everything is held back.".to_owned(), "Ctrl-R lets it go on"),
        None if app.world().status.is_none() => ("What waits for you is being asked.".to_owned(), ""),
        None => ("Nothing for you.".to_owned(), "8  the playbooks, where s starts one by hand"),
        Some(run) => stands(app, run),
    };
    let mut rows = widgets::wrap(&text, room).into_iter().take(3);
    let mut lines = vec![labelled("NEXT", rows.next().unwrap_or_default(), app)];
    lines.extend(rows.map(|row| Line::raw(format!("{indent}{row}"))));
    if !way.is_empty() {
        lines.push(Line::styled(format!("{indent}{way}"), app.look().faint()));
    }
    lines
}

/// What to do of a run where no card says it.
fn stands(app: &App, run: &RunSummary) -> (String, &'static str) {
    if app.all_held() {
        return ("Everything is held back.".to_owned(), "Ctrl-R lets it go on");
    }
    let waits = run.waits.iter().find(|waiting| waiting.person).or_else(|| run.waits.first());
    match (run.state.as_str(), waits) {
        ("paused" | "limited" | "suspect", Some(waiting)) => {
            (format!("Look at the run: {}.", waiting.what), "r  the run, where p lets it go on and X ends it")
        }
        ("diverged", Some(waiting)) => (
            format!("The script differs from this run: {}.", waiting.what),
            "r  the run, where R pins it anew",
        ),
        (_, Some(waiting)) => {
            let now = app.server_ms();
            let until = waiting.until_ms.filter(|until| *until > now);
            let until =
                until.map_or_else(String::new, |until| format!(" until {}", app.zone().near(until, now)));
            (format!("Nothing for you. The run waits for {}{until}.", waiting.what), "")
        }
        (state, None) if matches!(state, "finished" | "failed" | "cancelled") => {
            let open = !matches!(run.containment.as_deref(), Some("contained" | "nothing_to_contain"));
            let ago = time::about(app.server_ms() - millis(&run.since));
            let text = format!("Nothing for you. The run {state} {ago} ago.");
            (text, if open { "t  look at what is not proven" } else { "" })
        }
        _ => (format!("Nothing for you. {}", at_work(app, run)), ""),
    }
}

/// What a run does that waits for nobody: calls that a platform put off are named.
fn at_work(app: &App, run: &RunSummary) -> String {
    let now = app.server_ms();
    let view = app.world().run(&run.id).map(|run| &run.view);
    match view.and_then(|view| target::put_off(view, now)) {
        None => "The run is at work.".to_owned(),
        Some((integration, at)) => {
            let platform = words::sentence(integration);
            format!("{platform} asks to wait; its next call goes out in {}.", time::about(at - now + 999))
        }
    }
}

fn next_card(app: &App, card: &Card, room: usize, width: usize) -> Vec<Line<'static>> {
    let (wait, now) = (&card.wait, app.server_ms());
    let who = whose(app, card);
    let what = match wait.kind {
        WaitKind::Approval => "must say yes or no",
        WaitKind::Manual => "must do it by hand",
        WaitKind::InDoubt => "must look what became of it",
        WaitKind::Guard => "must say whether it goes on",
        _ => "must answer",
    };
    let text = if wait.text.is_empty() { &wait.name } else { &wait.text };
    let left = wait.due_ms.map_or_else(String::new, |due| match due - now {
        left if left > 0 => format!(", {} left", time::about(left)),
        _ => ", time is up".to_owned(),
    });
    let end = format!("asked {} ago{left}", time::about(now - millis(&wait.since)));
    let mut rows = widgets::wrap(&format!("{who} {what}: {text}"), room.saturating_sub(end.len() + 2));
    if rows.len() > 3 {
        rows.truncate(3);
        rows[2].push_str(app.look().glyph("…", "~"));
    }
    let mut rows = rows.into_iter();
    let first = labelled("NEXT", rows.next().unwrap_or_default(), app);
    let indent = " ".repeat(LABEL);
    let mut lines = vec![ends(first, &end, width, app)];
    lines.extend(rows.map(|row| Line::raw(format!("{indent}{row}"))));
    lines.extend(why(card).map(|why| Line::raw(format!("{indent}{}", cut(&why, room, app.look())))));
    lines.push(ways(app, room));
    lines
}

/// Who is to answer a card, as whoever looks at it should read that.
fn whose(app: &App, card: &Card) -> String {
    let me = app.world().me.as_ref();
    let name = me.map_or("", |me| me.name.as_str());
    let asked = if card.asked.is_empty() { &card.wait.ask } else { &card.asked };
    let run = app.world().run(&card.run).map(|run| &run.view);
    let began = run.is_some_and(|run| run.started_by == name || run.handed_by.iter().any(|one| one == name));
    // who started a run says yes to nothing of it
    let barred = began && matches!(card.wait.kind, WaitKind::Approval | WaitKind::Guard);
    let others: Vec<String> = asked.iter().filter(|one| !barred || *one != name).cloned().collect();
    match () {
        () if barred && others.is_empty() => "Somebody else".to_owned(),
        () if !barred && card.asked.iter().any(|one| one == name) => "You".to_owned(),
        () if !card.asked.is_empty() || barred => words::sentence(&words::list(&others, "or", 3)),
        // anybody may who does more than look on
        () if me.is_none_or(|me| me.role < Role::Responder) => "Somebody".to_owned(),
        () => "You".to_owned(),
    }
}

/// Why a card came besides the one that stands in the script.
fn why(card: &Card) -> Option<String> {
    let is_more = card.wait.card && card.wait.kind == WaitKind::Approval;
    is_more.then(|| "Why: found later; no earlier yes covers it.".to_owned())
}

/// What can be done about the card that waits: `Enter  read the card     n  remind them    e  ask Dora now`.
fn ways(app: &App, room: usize) -> Line<'static> {
    let mut ways = "Enter  read the card".to_owned();
    if app.may(Command::Remind) {
        ways += "     n  remind them";
    }
    if let Some(name) = app.asked_next().filter(|_| app.may(Command::AskNext)) {
        ways += &format!("    e  ask {} now", words::sentence(name));
    }
    let others = app.world().cards().count().saturating_sub(1);
    if others > 0 {
        ways += &format!("    {others} more: 3");
    }
    let indent = " ".repeat(LABEL);
    Line::styled(format!("{indent}{}", cut(&ways, room, app.look())), app.look().faint())
}
