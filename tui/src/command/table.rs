//! The table itself: what, by which keys, where, and the same on the command line.

use super::{
    Command,
    Context::{self, Card, Opened, Screen as On},
};
use crate::app::{App, Screen};

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
    /// The same on the command line, as it is typed after `stanch`; several parted by commas. Empty for what only moves about.
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

    /// True when its words hold all of these.
    pub(super) fn has(&self, wanted: &[String]) -> bool {
        let words = format!("{} {} {}", self.word, self.help, self.cli).to_lowercase();
        !self.help.is_empty() && wanted.iter().all(|word| words.contains(word.as_str()))
    }

    /// True where this applies now.
    pub fn applies(&self, app: &App) -> bool {
        let context = app.context();
        // all keys are shown over a card, too: the rarer ones have no room at its foot
        let everywhere = context != Card || self.command == Command::Help;
        let here = if self.on.is_empty() { everywhere } else { self.on.contains(&context) };
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
    Opened(Screen::Vendors),
    Opened(Screen::Journal),
    Opened(Screen::Playbooks),
];
const DIRECTS: &[Context] = &[On(Screen::Facilitator)];
const RUN: &[Context] = &[Opened(Screen::Runs)];
const OPENED: &[Context] = &[
    Opened(Screen::Runs),
    Opened(Screen::Alerts),
    Opened(Screen::Incidents),
    Opened(Screen::Vendors),
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
    On(Screen::Vendors),
    On(Screen::Journal),
    On(Screen::Playbooks),
];
const SCOPES: &[Context] = &[On(Screen::Playbooks), On(Screen::Integrations)];
const VENDORS: &[Context] = &[On(Screen::Vendors), Opened(Screen::Vendors)];
const INCIDENTS: &[Context] = &[On(Screen::Incidents), Opened(Screen::Incidents)];
const ASKED: &[Context] = &[On(Screen::Now), On(Screen::Approvals), Card];

/// All of it, in the order of the footer.
pub const TABLE: &[Row] = &[
    row(Command::Open, &["enter"], "open", "open what is chosen").on(OPENS).cli("show"),
    row(Command::Open, &["enter"], "unfold", "unfold the chosen fan-out, or fold it").on(RUN).cli("show"),
    row(Command::Open, &["enter"], "choose", "press the chosen button")
        .on(&[Card])
        .cli("approve, deny, answer, resolve"),
    row(Command::Fire, &["enter"], "fire", "what is chosen happens now").on(DIRECTS).cli("drill fire"),
    row(Command::Grade, &["enter"], "grade", "what is chosen counts as something else")
        .on(DIRECTS)
        .cli("drill grade"),
    row(Command::Skip, &["x"], "skip", "it never happens, or fails no more")
        .on(DIRECTS)
        .cli("drill skip, drill fault"),
    row(Command::Edit, &["e"], "edit", "what is chosen says something else, or later")
        .on(DIRECTS)
        .cli("drill edit"),
    row(Command::ClockStands, &["p"], "pause", "the drill's clock stands").on(DIRECTS).cli("drill pause"),
    row(Command::ClockRuns, &["p"], "run", "the drill's clock runs again").on(DIRECTS).cli("drill resume"),
    row(Command::NextPart, &["right", "l"], "part", "to the next part: plot, hopes, what was written")
        .on(DIRECTS),
    row(Command::PrevPart, &["left"], "", "to the part before").on(DIRECTS),
    row(Command::ReadWhole, &["v"], "read", "what is chosen, in full").on(DIRECTS).cli("drill status"),
    row(Command::ClockStep, &["s"], "step", "to the next moment at which something comes")
        .on(DIRECTS)
        .cli("drill step"),
    row(Command::Faster, &[">", "."], "faster", "the clock runs faster, up to 600x")
        .on(DIRECTS)
        .cli("drill speed"),
    row(Command::Slower, &["<", ","], "", "the clock runs slower").on(DIRECTS).cli("drill speed"),
    row(Command::Jump, &["t"], "jump", "the clock goes so far ahead").on(DIRECTS).cli("drill jump"),
    row(Command::Fault, &["f"], "fault", "something fails").on(DIRECTS).cli("drill fault"),
    row(Command::NoteDown, &["n"], "note", "a note in the drill's journal").on(DIRECTS).cli("drill observe"),
    row(Command::Page, &["b"], "page", "the facilitator's page of the scenario")
        .on(DIRECTS)
        .cli("drill status"),
    row(Command::NextField, &["tab", "right"], "move", "to the next button or field").on(&[Card]),
    row(Command::PrevField, &["backtab", "left"], "", "to the button or field before").on(&[Card]),
    row(Command::CardTargets, &["l"], "list", "what the card covers, one by one").on(&[Card]).cli("show"),
    row(Command::CardRequests, &["r"], "requests", "what a yes would send").on(&[Card]).cli("status --json"),
    row(Command::CardScript, &["s"], "script", "the script, where it asks").on(&[Card]).cli("show"),
    row(Command::ByHand, &["b"], "by hand", "do it on the simulated platform, or look there")
        .on(&[Card])
        .cli("drill by-hand"),
    row(Command::Back, &["esc"], "back", "close what is open").on(OPENED),
    row(Command::Remind, &["n"], "remind", "who is asked hears of it once more").on(ASKED).cli("remind"),
    row(Command::AskNext, &["e"], "ask next", "whoever is asked next is asked now")
        .on(ASKED)
        .cli("ask-someone"),
    row(Command::BreakGlass, &["g"], "glass", "let it go alone; everybody is told")
        .on(&[Card])
        .cli("break-glass"),
    row(Command::NextScreen, &["tab"], "screen", "to the next screen"),
    row(Command::Targets, &["t"], "targets", "the targets of the run, or its steps again")
        .on(&[On(Screen::Now), Opened(Screen::Runs)])
        .cli("show"),
    row(Command::RunOf, &["r"], "run", "the run itself, step by step")
        .on(&[On(Screen::Now), On(Screen::Approvals), Opened(Screen::Incidents)])
        .cli("show"),
    row(Command::JournalOf, &["j"], "journal", "the journal of the run").on(&[On(Screen::Now)]).cli("watch"),
    row(Command::Go(Screen::Inbox), &["I"], "", "what reached you: mail, chat, calls").cli("drill status"),
    row(Command::Go(Screen::Facilitator), &["F"], "", "the clock, the plot, the hidden truth")
        .cli("drill status"),
    row(Command::Go(Screen::Debrief), &["D"], "debrief", "how the drill came out").cli("report"),
    row(Command::Observe, &["o"], "observe", "write down a strength or a gap").cli("drill observe"),
    row(Command::Hint, &["h"], "hint", "a hint, at its price").cli("drill hint"),
    row(Command::Briefing, &["B"], "", "what everybody reads before the drill").cli("drill status"),
    row(Command::Seats, &["S"], "", "who sits where in the drill, and how to join").cli("drill status"),
    row(Command::StopWord, &["!"], "", "the stop word: it is real, the drill ends").cli("drill stop"),
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
    row(Command::ExtendRun, &["E"], "extend", "cuts that end by themselves last longer")
        .on(RUN)
        .cli("extend"),
    row(Command::Note, &["n", "N"], "note", "write a note on the incident").on(INCIDENTS).cli("note"),
    row(Command::Note, &["N"], "note", "write a note on the incident").on(&[On(Screen::Now)]).cli("note"),
    row(Command::CloseIncident, &["c"], "close", "say that the incident is over")
        .on(INCIDENTS)
        .cli("incidents close"),
    row(Command::ReopenIncident, &["c"], "reopen", "say that the incident is not over after all")
        .on(INCIDENTS)
        .cli("incidents reopen"),
    row(Command::Sent, &["d"], "sent", "the notice of this clock was sent").on(VENDORS).cli("deadlines sent"),
    row(Command::Waive, &["w"], "waive", "this clock owes nobody anything")
        .on(VENDORS)
        .cli("deadlines waive"),
    row(Command::Acknowledge, &["a"], "answered", "the vendor answered the notice")
        .on(VENDORS)
        .cli("vendors acknowledged"),
    row(Command::Bounce, &["b"], "came back", "the notice came back: on to the next")
        .on(VENDORS)
        .cli("vendors bounced"),
    row(Command::StartRun, &["s"], "start", "start the playbook by hand")
        .on(&[On(Screen::Playbooks), Opened(Screen::Playbooks)])
        .cli("run"),
    row(Command::PauseScope, &["p"], "pause", "hold the playbook or integration back")
        .on(SCOPES)
        .cli("pause"),
    row(Command::ResumeScope, &["p"], "resume", "let the playbook or integration go on")
        .on(SCOPES)
        .cli("resume"),
    row(Command::Search, &["/"], "search", "look for words")
        .on(&[On(Screen::Journal), On(Screen::Runs), On(Screen::Alerts)])
        .cli("journal tail"),
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
    row(Command::Go(Screen::Alerts), &["4"], "", "the alerts").cli("alerts"),
    row(Command::Go(Screen::Incidents), &["5"], "", "the incidents").cli("incidents"),
    row(Command::Go(Screen::Vendors), &["6"], "", "vendors and notification clocks")
        .cli("vendors list, deadlines"),
    row(Command::Go(Screen::Journal), &["7"], "", "the journal as it grows").cli("journal tail"),
    row(Command::Go(Screen::Playbooks), &["8"], "", "the playbooks").cli("playbooks list"),
    row(Command::Go(Screen::Integrations), &["9"], "", "the integrations").cli("integrations list"),
    row(Command::Freeze, &["space"], "freeze", "stop the picture while the world goes on"),
    row(Command::Privacy, &["P"], "", "hide names and ids, for whoever looks over the shoulder"),
    row(Command::Clock, &["z"], "", "UTC, or the clock of this place"),
    row(Command::PauseAll, &["ctrl-p"], "", "hold everything back").cli("pause --all"),
    row(Command::ResumeAll, &["ctrl-r"], "", "let everything go on").cli("resume --all"),
    row(Command::Palette, &[":"], "command", "all commands, by name"),
    row(Command::Help, &["?"], "help", "all keys"),
    row(Command::Quit, &["q", "ctrl-c"], "", "leave; runs go on without you"),
];
