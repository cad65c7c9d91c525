//! The one table of what can be done: it drives the keys, the footer, the help page and the palette.
//!
//! A key that is not here does nothing, and a hint that is not here is not shown.

mod table;

pub use table::{Row, TABLE};

use crate::app::{App, Screen};

/// Something that a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// To a screen.
    Go(Screen),
    /// To the next screen.
    NextScreen,
    /// To the one before.
    PrevScreen,
    /// Open what is chosen.
    Open,
    /// Close what is open.
    Back,
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// Look for words.
    Search,
    /// The targets of the run.
    Targets,
    /// The journal of the run.
    JournalOf,
    /// The run itself.
    RunOf,
    /// Another incident.
    NextIncident,
    /// Keep at the newest step.
    Follow,
    /// One entry back.
    Earlier,
    /// One entry on.
    Later,
    /// A tenth back.
    FarEarlier,
    /// A tenth on.
    FarLater,
    /// The script, with the place in it.
    Script,
    /// Hold the run back.
    PauseRun,
    /// Let it go on.
    ResumeRun,
    /// End it.
    CancelRun,
    /// Take back what it cut.
    UndoRun,
    /// Cuts that end by themselves last longer.
    ExtendRun,
    /// Start a playbook by hand.
    StartRun,
    /// Pin it to what is there now.
    RepinRun,
    /// Write a note.
    Note,
    /// The incident is over.
    CloseIncident,
    /// It is not over after all.
    ReopenIncident,
    /// The notice was sent.
    Sent,
    /// No notice is owed.
    Waive,
    /// Hold a playbook or an integration back.
    PauseScope,
    /// Let it go on.
    ResumeScope,
    /// Hold everything back.
    PauseAll,
    /// Let everything go on.
    ResumeAll,
    /// To the next field.
    NextField,
    /// To the field before.
    PrevField,
    /// What the card covers, one by one.
    CardTargets,
    /// What a yes would send.
    CardRequests,
    /// The script, where the card asks.
    CardScript,
    /// Who is asked hears of it once more.
    Remind,
    /// Whoever is asked next is asked now.
    AskNext,
    /// The card goes alone.
    BreakGlass,
    /// The vendor answered a notice.
    Acknowledge,
    /// A mail of a notice came back.
    Bounce,
    /// To the next part of the screen.
    NextPart,
    /// To the part before.
    PrevPart,
    /// Drill: write down a strength or a gap.
    Observe,
    /// Drill: the next hint.
    Hint,
    /// Drill: do by hand what the card asks for, or look at what it asks about.
    ByHand,
    /// Drill: what everybody read before it began.
    Briefing,
    /// Drill: who sits where.
    Seats,
    /// Drill: something real happens.
    StopWord,
    /// Facilitator: the clock stands.
    ClockStands,
    /// Facilitator: the clock runs again.
    ClockRuns,
    /// Facilitator: to the next moment at which something comes.
    ClockStep,
    /// Facilitator: the clock runs faster.
    Faster,
    /// Facilitator: the clock runs slower.
    Slower,
    /// Facilitator: the clock goes so far ahead.
    Jump,
    /// Facilitator: what is chosen happens now.
    Fire,
    /// Facilitator: what is chosen never happens, or fails no more.
    Skip,
    /// Facilitator: what is chosen says something else, or comes at another time.
    Edit,
    /// Facilitator: what is chosen counts as something else than was computed.
    Grade,
    /// Facilitator: what is chosen in full.
    ReadWhole,
    /// Facilitator: something fails.
    Fault,
    /// Facilitator: a note.
    NoteDown,
    /// Facilitator: their page.
    Page,
    /// Stop the picture while the world goes on.
    Freeze,
    /// Hide names and ids.
    Privacy,
    /// UTC or the clock of this place.
    Clock,
    /// All commands.
    Palette,
    /// All keys.
    Help,
    /// Leave.
    Quit,
}

impl Command {
    /// True for what only a seat of a drill does.
    pub fn is_of_drill(self) -> bool {
        matches!(
            self,
            Self::Observe
                | Self::Hint
                | Self::ByHand
                | Self::Briefing
                | Self::Seats
                | Self::StopWord
                | Self::ClockStands
                | Self::ClockRuns
                | Self::ClockStep
                | Self::Faster
                | Self::Slower
                | Self::Jump
                | Self::Fire
                | Self::Skip
                | Self::Edit
                | Self::Grade
                | Self::ReadWhole
                | Self::Fault
                | Self::NoteDown
                | Self::Page
        )
    }

    /// True for what changes something outside of this terminal: each exists on the command line, too. Whatever is not
    /// known only to look or to move about is an order.
    pub fn is_order(self) -> bool {
        !matches!(
            self,
            Self::Go(_)
                | Self::NextScreen
                | Self::PrevScreen
                | Self::Open
                | Self::Back
                | Self::Up
                | Self::Down
                | Self::PageUp
                | Self::PageDown
                | Self::First
                | Self::Last
                | Self::Search
                | Self::Targets
                | Self::JournalOf
                | Self::RunOf
                | Self::NextIncident
                | Self::Follow
                | Self::Earlier
                | Self::Later
                | Self::FarEarlier
                | Self::FarLater
                | Self::Script
                | Self::NextField
                | Self::PrevField
                | Self::CardTargets
                | Self::CardRequests
                | Self::CardScript
                | Self::NextPart
                | Self::PrevPart
                | Self::ReadWhole
                | Self::Briefing
                | Self::Seats
                | Self::Page
                | Self::Freeze
                | Self::Privacy
                | Self::Clock
                | Self::Palette
                | Self::Help
                | Self::Quit
        )
    }
}

/// Where the keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A screen with its list, or with its text.
    Screen(Screen),
    /// What was opened on a screen.
    Opened(Screen),
    /// An approval's card, or a question's.
    Card,
}

impl Context {
    /// As people say it.
    fn words(self) -> String {
        let opened = match self {
            Self::Card => "on a card",
            Self::Opened(Screen::Runs) => "in a run",
            Self::Opened(Screen::Alerts) => "in an alert",
            Self::Opened(Screen::Incidents) => "in an incident",
            Self::Opened(Screen::Vendors) => "in a vendor",
            Self::Opened(Screen::Journal) => "in an entry",
            Self::Opened(Screen::Playbooks) => "in a playbook",
            Self::Screen(screen) | Self::Opened(screen) => return format!("on {}", screen.word()),
        };
        opened.to_owned()
    }
}

/// What a key means now.
pub fn of(key: &str, app: &App) -> Option<Command> {
    TABLE.iter().find(|row| row.keys.contains(&key) && row.applies(app)).map(|row| row.command)
}

/// What can be done now, in order.
pub fn now(app: &App) -> impl Iterator<Item = &'static Row> + '_ {
    TABLE.iter().filter(|row| row.applies(app))
}

/// A key as people read it.
pub fn shown(key: &str) -> String {
    match key {
        "space" | "enter" | "esc" | "tab" | "up" | "down" | "home" | "end" => crate::words::sentence(key),
        "pageup" => "PgUp".to_owned(),
        "pagedown" => "PgDn".to_owned(),
        "backtab" => "Shift-Tab".to_owned(),
        "left" => "Left".to_owned(),
        "right" => "Right".to_owned(),
        other => match other.strip_prefix("ctrl-") {
            Some(letter) => format!("Ctrl-{}", letter.to_uppercase()),
            None => other.to_owned(),
        },
    }
}

/// The commands whose words hold all of these words, best first.
pub fn search(text: &str, app: &App) -> Vec<&'static Row> {
    let wanted = wanted(text);
    let mut found: Vec<&Row> = now(app).filter(|row| row.has(&wanted)).collect();
    let begins = |row: &Row| wanted.first().is_some_and(|word| row.word.starts_with(word.as_str()));
    found.sort_by_key(|row| !begins(row));
    found
}

/// Those that nothing can be done with here, each with where it can.
pub fn elsewhere(text: &str, app: &App) -> Vec<(&'static Row, String)> {
    let (wanted, here) = (wanted(text), app.context());
    let in_drill = app.world().drill.is_some();
    let mut found: Vec<(&Row, String)> = Vec::new();
    for row in TABLE.iter().filter(|row| !wanted.is_empty() && row.has(&wanted)) {
        let known = found.iter().any(|(other, _)| other.command == row.command);
        let is_here =
            row.on.is_empty() || row.on.contains(&here) || now(app).any(|one| one.command == row.command);
        if let Some(place) =
            row.on.first().filter(|_| !known && !is_here && (in_drill || !row.command.is_of_drill()))
        {
            found.push((row, place.words()));
        }
    }
    found
}

fn wanted(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_lowercase).collect()
}
