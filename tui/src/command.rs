//! The one table of what can be done: it drives the keys, the footer, the help page and the palette.
//!
//! A key that is not here does nothing, and a hint that is not here is not shown.

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
    /// Pin it to what is there now.
    RepinRun,
    /// Write a note.
    Note,
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
                | Self::Fault
                | Self::NoteDown
                | Self::Page
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

use Context::{Card, Opened, Screen as On};

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// What.
    pub command: Command,
    /// By which keys; the first is shown.
    pub keys: &'static [&'static str],
    /// For the footer; empty where it would only be noise.
    pub word: &'static str,
    /// For help and palette.
    pub help: &'static str,
    /// Where; everywhere outside of cards if empty.
    pub on: &'static [Context],
    /// The same on the command line, where it does something.
    pub cli: &'static str,
}

const fn row(command: Command, keys: &'static [&'static str], word: &'static str, help: &'static str) -> Row {
    Row { command, keys, word, help, on: &[], cli: "" }
}

impl Row {
    const fn on(mut self, on: &'static [Context]) -> Self {
        self.on = on;
        self
    }

    const fn cli(mut self, cli: &'static str) -> Self {
        self.cli = cli;
        self
    }

    /// True where this applies now.
    pub fn applies(&self, app: &App) -> bool {
        let context = app.context();
        let here = if self.on.is_empty() { context != Card } else { self.on.contains(&context) };
        here && app.may(self.command)
    }
}

const LISTS: &[Context] = &[
    On(Screen::Runs),
    On(Screen::Approvals),
    On(Screen::Alerts),
    On(Screen::Incidents),
    On(Screen::Vendors),
    On(Screen::Journal),
    On(Screen::Playbooks),
    On(Screen::Integrations),
    On(Screen::Inbox),
    On(Screen::Facilitator),
    On(Screen::Debrief),
    Opened(Screen::Runs),
    Opened(Screen::Alerts),
    Opened(Screen::Incidents),
    Opened(Screen::Journal),
    Opened(Screen::Playbooks),
];
const DIRECTS: &[Context] = &[On(Screen::Facilitator)];
const RUN: &[Context] = &[Opened(Screen::Runs)];
const OPENED: &[Context] = &[
    Opened(Screen::Runs),
    Opened(Screen::Alerts),
    Opened(Screen::Incidents),
    Opened(Screen::Journal),
    Opened(Screen::Playbooks),
    Card,
];
const OPENS: &[Context] = &[
    On(Screen::Now),
    On(Screen::Runs),
    On(Screen::Approvals),
    On(Screen::Alerts),
    On(Screen::Incidents),
    On(Screen::Journal),
    On(Screen::Playbooks),
];
const SCOPES: &[Context] = &[On(Screen::Playbooks), On(Screen::Integrations)];
const INCIDENT: &[Context] = &[On(Screen::Now), On(Screen::Incidents), Opened(Screen::Incidents)];

/// All of it, in the order of the footer.
pub const TABLE: &[Row] = &[
    row(Command::Open, &["enter"], "open", "open what is chosen").on(OPENS).cli("show"),
    row(Command::Open, &["enter"], "unfold", "unfold the chosen fan-out, or fold it").on(RUN).cli("show"),
    row(Command::Open, &["enter"], "choose", "press the chosen button").on(&[Card]),
    row(Command::Fire, &["enter"], "fire", "what is chosen happens now").on(DIRECTS).cli("drill"),
    row(Command::Skip, &["x"], "skip", "what is chosen never happens, or fails no more")
        .on(DIRECTS)
        .cli("drill"),
    row(Command::ClockStands, &["p"], "pause", "the drill's clock stands").on(DIRECTS).cli("drill"),
    row(Command::ClockRuns, &["p"], "run", "the drill's clock runs again").on(DIRECTS).cli("drill"),
    row(Command::ClockStep, &["s"], "step", "to the next moment at which something comes")
        .on(DIRECTS)
        .cli("drill"),
    row(Command::Faster, &[">", "."], "faster", "the clock runs faster, up to 600x").on(DIRECTS).cli("drill"),
    row(Command::Slower, &["<", ","], "", "the clock runs slower").on(DIRECTS).cli("drill"),
    row(Command::Jump, &["t"], "jump", "the clock goes so far ahead").on(DIRECTS).cli("drill"),
    row(Command::Fault, &["f"], "fault", "something fails").on(DIRECTS).cli("drill"),
    row(Command::NoteDown, &["n"], "note", "a note in the drill's journal").on(DIRECTS).cli("drill"),
    row(Command::Page, &["e"], "page", "the facilitator's page of the scenario").on(DIRECTS).cli("drill"),
    row(Command::NextField, &["tab", "right"], "move", "to the next button or field").on(&[Card]),
    row(Command::PrevField, &["backtab", "left"], "", "to the button or field before").on(&[Card]),
    row(Command::CardTargets, &["l"], "list", "what the card covers, one by one").on(&[Card]).cli("show"),
    row(Command::ByHand, &["b"], "by hand", "do it on the simulated platform, or look there")
        .on(&[Card])
        .cli("drill"),
    row(Command::Back, &["esc"], "back", "close what is open").on(OPENED),
    row(Command::NextScreen, &["tab"], "screen", "to the next screen"),
    row(Command::Targets, &["t"], "targets", "the targets of the run, or its steps again")
        .on(&[On(Screen::Now), Opened(Screen::Runs)])
        .cli("show"),
    row(Command::RunOf, &["r"], "run", "the run itself, step by step")
        .on(&[On(Screen::Now), On(Screen::Approvals), Opened(Screen::Incidents)])
        .cli("show"),
    row(Command::JournalOf, &["j"], "journal", "the journal of the run").on(&[On(Screen::Now)]).cli("watch"),
    row(Command::Go(Screen::Inbox), &["I"], "", "what reached you: mail, chat, calls").cli("drill"),
    row(Command::Go(Screen::Facilitator), &["F"], "", "the clock, the plot, the hidden truth").cli("drill"),
    row(Command::Go(Screen::Debrief), &["D"], "debrief", "how the drill came out").cli("drill"),
    row(Command::Observe, &["o"], "observe", "write down a strength or a gap").cli("drill"),
    row(Command::Hint, &["h"], "hint", "a hint, at its price").cli("drill"),
    row(Command::Briefing, &["B"], "", "what everybody reads before the drill").cli("drill"),
    row(Command::Seats, &["S"], "", "who sits where in the drill, and how to join").cli("drill"),
    row(Command::StopWord, &["!"], "", "the stop word: something real happens, the drill ends").cli("drill"),
    row(Command::NextIncident, &["i"], "next incident", "another open incident")
        .on(&[On(Screen::Now)])
        .cli("incidents"),
    row(Command::Script, &["s"], "script", "the script, with the place in it, or the details again")
        .on(RUN)
        .cli("show"),
    row(Command::Follow, &["f"], "follow", "keep at the newest step").on(RUN).cli("watch"),
    row(Command::Earlier, &["left"], "earlier", "the run as it was one entry earlier").on(RUN),
    row(Command::Later, &["right"], "", "one entry on").on(RUN),
    row(Command::FarEarlier, &["<", ","], "", "a tenth of the run back").on(RUN),
    row(Command::FarLater, &[">", "."], "", "a tenth of the run on").on(RUN),
    row(Command::PauseRun, &["p"], "pause", "hold the run back").on(RUN).cli("pause"),
    row(Command::ResumeRun, &["p"], "resume", "let the run go on").on(RUN).cli("resume"),
    row(Command::RepinRun, &["R"], "repin", "pin the diverged run to what is there now").on(RUN).cli("repin"),
    row(Command::CancelRun, &["X"], "cancel", "end the run at its next step, for good").on(RUN).cli("cancel"),
    row(Command::UndoRun, &["U"], "undo", "take back what the run cut and still holds").on(RUN).cli("undo"),
    row(Command::Note, &["n"], "note", "write a note on the incident").on(INCIDENT).cli("note"),
    row(Command::Sent, &["d"], "sent", "the notice of this clock was sent")
        .on(&[On(Screen::Vendors)])
        .cli("deadlines"),
    row(Command::Waive, &["w"], "waive", "this clock owes nobody anything")
        .on(&[On(Screen::Vendors)])
        .cli("deadlines"),
    row(Command::PauseScope, &["p"], "pause", "hold the playbook or integration back")
        .on(SCOPES)
        .cli("pause"),
    row(Command::ResumeScope, &["p"], "resume", "let the playbook or integration go on")
        .on(SCOPES)
        .cli("resume"),
    row(Command::Search, &["/"], "search", "look for words")
        .on(&[On(Screen::Journal), On(Screen::Runs), On(Screen::Alerts)])
        .cli("journal"),
    row(Command::Up, &["up", "k"], "", "one line up").on(LISTS),
    row(Command::Down, &["down", "j"], "", "one line down").on(LISTS),
    row(Command::PageUp, &["pageup"], "", "a page up").on(LISTS),
    row(Command::PageDown, &["pagedown"], "", "a page down").on(LISTS),
    row(Command::First, &["home", "g"], "", "to the first line").on(LISTS),
    row(Command::Last, &["end", "G"], "", "to the last line").on(LISTS),
    row(Command::PrevScreen, &["backtab"], "", "to the screen before"),
    row(Command::Go(Screen::Now), &["1"], "", "what is it, what do I do next").cli("status"),
    row(Command::Go(Screen::Runs), &["2"], "", "the runs").cli("runs"),
    row(Command::Go(Screen::Approvals), &["3"], "", "approvals and questions").cli("status"),
    row(Command::Go(Screen::Alerts), &["4"], "", "the alerts").cli("alert"),
    row(Command::Go(Screen::Incidents), &["5"], "", "the incidents").cli("incidents"),
    row(Command::Go(Screen::Vendors), &["6"], "", "vendors and notification clocks").cli("deadlines"),
    row(Command::Go(Screen::Journal), &["7"], "", "the journal as it grows").cli("journal"),
    row(Command::Go(Screen::Playbooks), &["8"], "", "the playbooks").cli("playbooks"),
    row(Command::Go(Screen::Integrations), &["9"], "", "the integrations").cli("integrations"),
    row(Command::Freeze, &["space"], "freeze", "stop the picture while the world goes on"),
    row(Command::Privacy, &["P"], "", "hide names and ids, for whoever looks over the shoulder"),
    row(Command::Clock, &["z"], "", "UTC, or the clock of this place"),
    row(Command::PauseAll, &["ctrl-p"], "", "hold everything back").cli("pause"),
    row(Command::ResumeAll, &["ctrl-r"], "", "let everything go on").cli("resume"),
    row(Command::Palette, &[":"], "command", "all commands, by name"),
    row(Command::Help, &["?"], "help", "all keys"),
    row(Command::Quit, &["q", "ctrl-c"], "", "leave; runs go on without you"),
];

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
        other => other.replace("ctrl-", "Ctrl-"),
    }
}

/// The commands whose words hold all of these words, best first.
pub fn search(text: &str, app: &App) -> Vec<&'static Row> {
    let wanted: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let fits = |row: &&Row| {
        let words = format!("{} {} {}", row.word, row.help, row.cli).to_lowercase();
        !row.help.is_empty() && wanted.iter().all(|word| words.contains(word.as_str()))
    };
    let mut found: Vec<&Row> = now(app).filter(fits).collect();
    let begins = |row: &Row| wanted.first().is_some_and(|word| row.word.starts_with(word.as_str()));
    found.sort_by_key(|row| !begins(row));
    found
}
