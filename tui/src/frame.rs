//! The stable frame: the mode in words and colour, the tabs, the body, what the keys do. Only the body changes.
//!
//! ```text
//!  DRILL  simulated, nothing leaves this machine                        02:54:11Z
//!  Now  Runs  Approvals 1  Alerts  Vendors  Journal        | ana, responder | online
//! --------------------------------------------------------------------------------
//! ...
//! --------------------------------------------------------------------------------
//!  Tab screen  t targets  j journal  Space freeze  : command  ? help
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Color,
    text::{Line, Span},
};
use stanch_model::api::DrillView;

use crate::{
    app::{App, Screen},
    command::{self, Command},
    overlays::Overlay,
    privacy, screens, tame, widgets,
    words::time,
    world::Line as Link,
};

/// Smaller than this nothing whole can be shown.
const LEAST: (u16, u16) = (40, 10);

/// A line that has been silent for longer is late: the server gives a sign of life every ten seconds.
const LATE_MS: i64 = 15_000;

/// Draws everything.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return too_small(area, buf);
    }
    let row = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    let body = Rect { y: area.y + 3, height: area.height - 5, ..area };
    let card = matches!(app.overlays.first(), Some(Overlay::Card(_)));
    if card {
        // a decision needs the whole place: the screen behind it is gone
        let whole = Rect { y: area.y + 1, height: area.height - 2, ..area };
        // what is asked before the glass is broken stands alone: pieces of the card around it would only distract
        let over = app.overlays.iter().rposition(|overlay| matches!(overlay, Overlay::Sheet(_))).unwrap_or(0);
        app.overlays[over..].iter().for_each(|overlay| overlay.draw(app, whole, buf));
    } else {
        widgets::lines(&[tabs(app, usize::from(area.width))], row(1), buf);
        widgets::rule(row(2), app.look(), buf);
        screens::draw(app, body, buf);
        widgets::rule(row(area.height - 2), app.look(), buf);
        app.overlays.iter().for_each(|overlay| overlay.draw(app, body, buf));
    }
    widgets::lines(&[foot(app, usize::from(area.width))], row(area.height - 1), buf);
    if app.privacy {
        privacy::mask(app, area, buf);
    }
    widgets::lines(&[band(app, usize::from(area.width))], row(0), buf);
    tame::tame(area, buf);
}

fn too_small(area: Rect, buf: &mut Buffer) {
    let text = format!(
        "stanch needs {} columns and {} rows; this terminal has {} and {}. q leaves.",
        LEAST.0, LEAST.1, area.width, area.height
    );
    let rows = widgets::wrap(&text, usize::from(area.width));
    let lines: Vec<Line<'_>> = rows.into_iter().map(Line::raw).collect();
    widgets::lines(&lines, area, buf);
}

/// The mode, in words and colour; at the right the clock.
fn band(app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let mode = app.world().status.as_ref().map(|status| status.mode.as_str());
    let (word, colour, says) = match (&app.options.recording, mode) {
        (Some(name), _) => ("RECORDING", Color::Magenta, format!("{name}, nothing here is alive")),
        (None, Some("drill")) => ("DRILL", Color::Cyan, "simulated, nothing leaves this machine".to_owned()),
        (None, Some(_)) => ("LIVE", Color::Red, format!("{}, actions are real", app.options.place)),
        (None, None) => ("JOINING", Color::Yellow, app.options.place.clone()),
    };
    let mut right = match app.drill() {
        Some(drill) => drill_clock(app, drill),
        None => app.zone().marked(app.server_ms()),
    };
    if let Some((frozen, since)) = &app.frozen {
        let behind = app.live.heard - frozen.heard;
        let ago = time::about(app.now_ms - since);
        right = format!("FROZEN {ago}, {behind} lines behind");
    }
    if app.all_held() {
        right = format!("PAUSED  {right}");
    }
    let used = word.len() + 4;
    let says = widgets::cut(&says, width.saturating_sub(used + right.len() + 2), look);
    let gap = width.saturating_sub(used + Span::raw(says.as_str()).width() + right.len() + 1);
    Line::from(vec![
        Span::styled(format!(" {word} "), look.band(colour)),
        Span::raw(format!("  {says}{}", " ".repeat(gap))),
        Span::styled(right, look.strong()),
    ])
}

/// `T+14:20 of 45m   speed 1x`.
fn drill_clock(app: &App, drill: &DrillView) -> String {
    let at = time::since_start(app.drill_s().min(drill.length_s.max(0)));
    let of = time::length(drill.length_s * 1000);
    let runs = match drill.clock.rate {
        _ if drill.debrief.is_some() => "over".to_owned(),
        0.0 => "clock stands".to_owned(),
        rate => format!("speed {rate}x"),
    };
    format!("{at} of {of}   {runs}")
}

/// The tabs that fit, around the one that is open; at the right who one is and how the line is.
fn tabs(app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let world = app.world();
    let (badge, bad) = badge(app);
    let who = match (app.drill(), &world.me) {
        (Some(drill), _) => format!("{}, {}", drill.name, drill.seat),
        (None, Some(me)) => format!("{}, {}", me.name, me.role),
        (None, None) => String::new(),
    };
    let mut right = if who.is_empty() { String::new() } else { format!("| {who} ") };
    let room = width.saturating_sub(badge.len() + 4);
    if right.len() > room / 2 {
        right.clear();
    }
    let room = room.saturating_sub(right.len());
    let screens = app.screens();
    let words: Vec<String> = screens.iter().map(|screen| tab(*screen, app)).collect();
    let here = screens.iter().position(|screen| *screen == app.screen).unwrap_or(0);
    let long = |from: usize, to: usize| words[from..to].iter().map(|word| word.len() + 2).sum::<usize>() + 2;
    let mut from = 0;
    while from < here && long(from, here + 1) > room {
        from += 1;
    }
    let mut to = here + 1;
    while to < words.len() && long(from, to + 1) + usize::from(to + 1 < words.len()) <= room {
        to += 1;
    }
    let mut spans = vec![Span::styled(if from > 0 { "<" } else { " " }, look.faint())];
    let mut used = 1;
    for (index, word) in words.iter().enumerate().take(to).skip(from) {
        let style = if index == here {
            look.chosen().add_modifier(ratatui::style::Modifier::BOLD)
        } else {
            look.faint()
        };
        spans.push(Span::styled(word.clone(), style));
        spans.push(Span::raw("  "));
        used += word.len() + 2;
    }
    if to < words.len() {
        spans.push(Span::styled(">", look.faint()));
        used += 1;
    }
    let end = format!("{right}| ");
    spans.push(Span::raw(" ".repeat(width.saturating_sub(used + end.len() + badge.len() + 1))));
    spans.push(Span::styled(end, look.faint()));
    spans.push(widgets::word(badge, bad, look));
    Line::from(spans)
}

fn tab(screen: Screen, app: &App) -> String {
    let world = app.world();
    let count = match screen {
        Screen::Approvals => world.cards().count(),
        Screen::Incidents => app.open_incidents().count(),
        Screen::Inbox => app.drill().map_or(0, |drill| drill.inbox.len().saturating_sub(app.letters)),
        Screen::Vendors => world.deadlines.iter().filter(|clock| clock.state == "late").count(),
        _ => 0,
    };
    if count == 0 { screen.word().to_owned() } else { format!("{} {count}", screen.word()) }
}

fn is_over(app: &App) -> bool {
    app.drill().is_some_and(|drill| drill.debrief.is_some())
}

/// How the line to the server is. The word live is kept for the mode.
fn badge(app: &App) -> (String, bool) {
    let silent = app.now_ms - app.live.heard_ms;
    match &app.live.line {
        _ if app.options.recording.is_some() => ("recorded".to_owned(), false),
        Link::Joining => ("joining".to_owned(), false),
        Link::Online if silent > LATE_MS => (format!("late {}", time::about(silent)), false),
        Link::Online => ("online".to_owned(), false),
        // a drill that was stopped takes its server along
        Link::Lost(..) if is_over(app) => ("over".to_owned(), false),
        Link::Lost(since, _) => (format!("lost {}", time::about(app.now_ms - since)), true),
        Link::Refused(_) => ("refused".to_owned(), true),
    }
}

/// What the keys do now, as far as it fits; or a remark.
fn foot(app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    if let Some(toast) = &app.toast {
        return Line::from(widgets::word(
            format!(" {}", widgets::cut(&toast.text, width - 2, look)),
            toast.bad,
            look,
        ));
    }
    if let Link::Refused(why) = &app.live.line {
        return Line::from(widgets::word(format!(" {}", widgets::cut(why, width - 2, look)), true, look));
    }
    if let Link::Lost(_, why) = &app.live.line
        && !is_over(app)
    {
        let text = format!(" What you see may be old, the line is tried again ({why})");
        return Line::styled(widgets::cut(&text, width - 1, look), look.strong());
    }
    if let Some(keys) = app.overlays.last().and_then(Overlay::keys) {
        return Line::raw(format!(" {keys}"));
    }
    let always = |row: &&command::Row| matches!(row.command, Command::Palette | Command::Help);
    let hint = |row: &command::Row| (command::shown(row.keys[0]), row.word);
    let last: Vec<(String, &str)> = command::now(app).filter(always).map(hint).collect();
    let long = |(key, word): &(String, &str)| key.len() + word.len() + 3;
    let mut room = width.saturating_sub(1 + last.iter().map(long).sum::<usize>());
    let mut hints = Vec::new();
    for row in command::now(app).filter(|row| !row.word.is_empty()).filter(|row| !always(row)) {
        let hint = hint(row);
        if long(&hint) > room {
            break;
        }
        room -= long(&hint);
        hints.push(hint);
    }
    let mut spans = vec![Span::raw(" ")];
    for (key, word) in hints.into_iter().chain(last) {
        spans.push(Span::styled(key, look.strong()));
        spans.push(Span::raw(format!(" {word}  ")));
    }
    Line::from(spans)
}
