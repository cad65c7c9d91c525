//! Sheets: what is asked before something is started, let go, taken back or recorded, and what becomes of it.

use stanch_model::{
    api::{NoticeView, PlaybookSummary, UndoHow, UndoItem, UndoPlan},
    run::{HoldView, WaitKind},
    shortened::short,
};

use super::{App, Screen};
use crate::{
    ask::{Ask, Begun, Intent, Trouble},
    command::Command,
    overlays::{
        Deed, Field, Kind, Overlay, Progress, Sheet, Stage,
        sheet::{INCIDENT, LONGER, TARGET, TO, WHY},
    },
    words::{self, time},
};

/// The server takes no shorter reason for going alone.
const REASON: usize = 10;

impl App {
    /// Opens the sheet of a command.
    pub(super) fn asks_first(&mut self, command: Command) -> Option<Intent> {
        let sheet = match command {
            Command::StartRun => self.start_sheet()?,
            Command::BreakGlass => self.glass_sheet()?,
            Command::Acknowledge => self.answered_sheet(self.meant_notice()?),
            Command::Bounce => self.bounced_sheet(self.meant_notice()?),
            Command::ExtendRun => self.extend_sheet()?,
            Command::UndoRun => self.undo_sheet()?,
            Command::CloseIncident | Command::ReopenIncident => self.over_sheet(command)?,
            _ => return None,
        };
        let asks = match &sheet.deed {
            Deed::Undo(run) => Some(Intent::Ask(Ask::UndoPlan(run.clone()))),
            _ => None,
        };
        self.overlays.push(Overlay::Sheet(Box::new(sheet)));
        asks
    }

    fn sheet_mut(&mut self) -> Option<&mut Sheet> {
        self.overlays.iter_mut().rev().find_map(|overlay| match overlay {
            Overlay::Sheet(sheet) => Some(&mut **sheet),
            _ => None,
        })
    }

    /// `LIVE` or `DRILL`, and what that means here.
    fn mode(&self) -> (&'static str, String) {
        match self.world().status.as_ref().map(|status| status.mode.as_str()) {
            Some("drill") => {
                ("DRILL", "It runs as a DRILL: simulated, nothing leaves this machine.".to_owned())
            }
            _ => ("LIVE", format!("It runs LIVE on {}: actions are real.", self.options.place)),
        }
    }

    /// The playbook that is open or chosen.
    pub(super) fn meant_playbook(&self) -> Option<&PlaybookSummary> {
        if self.screen != Screen::Playbooks {
            return None;
        }
        let slug = self.at().opened.clone().or_else(|| self.chosen())?;
        self.world().playbooks.iter().find(|playbook| playbook.slug == slug)
    }

    fn start_sheet(&self) -> Option<Sheet> {
        let playbook = self.meant_playbook()?;
        let (mode, says) = self.mode();
        let yes = format!("start {} {mode}", playbook.slug);
        let mut sheet =
            Sheet::new(Deed::Start(playbook.slug.clone()), format!("Start {}", playbook.slug), &yes);
        mode.clone_into(&mut sheet.aside);
        sheet.loud = says;
        sheet.facts.push(format!("{}. It asks for a yes where its manifest says so.", playbook.title));
        sheet.fields = playbook.input.iter().map(Field::of_input).collect();
        // what must be written comes first
        sheet.fields.sort_by_key(|field| !field.is_needed());
        let help = "the id of an open incident that the run belongs to; a new one unless given";
        sheet.fields.push(Field::free(INCIDENT, Kind::Text(4), help));
        Some(sheet)
    }

    /// True for a card that waits and that somebody may let go alone.
    pub(super) fn may_break(&self) -> bool {
        self.card().is_some_and(|card| {
            let is_of_it = matches!(card.card.wait.kind, WaitKind::Approval | WaitKind::Guard);
            is_of_it && card.card.wait.closed.is_none() && card.stage == Stage::Choosing
        })
    }

    fn glass_sheet(&self) -> Option<Sheet> {
        let open = self.card()?;
        let card = &open.card;
        let wait = &card.wait;
        let me = self.world().me.as_ref().map_or("you", |me| me.name.as_str());
        let title = format!("Break-glass: let {} go alone", wait.id);
        let yes = format!("let {} go, alone, as {me}", wait.id);
        let mut sheet = Sheet::new(Deed::BreakGlass(card.id.clone()), title, &yes);
        sheet.aside = self.mode().0.to_owned();
        sheet.loud = if wait.text.is_empty() { wait.name.clone() } else { wait.text.clone() };
        let asked = words::list(&card.asked, "or", 4);
        sheet.facts.push(match asked.as_str() {
            "" => "Nobody else's answer is waited for.".to_owned(),
            asked => format!("It is asked of {asked}; their answer is not waited for any more."),
        });
        sheet.facts.push(
            "Everybody whom `tell:` names hears at once that you did it, and why. It is flagged BREAK-GLASS on the \
             card and in the report, which quotes your reason."
                .to_owned(),
        );
        sheet.fields.push(Field::needed(
            WHY,
            Kind::Text(REASON),
            "in your own words, at least ten letters: why nobody else's yes can be waited for",
        ));
        if let Some(name) = open.needs() {
            sheet.facts.push("What it lets happen is PERMANENT: nothing takes it back.".to_owned());
            let help = format!("the name of what it is about, {name}: what it lets happen is permanent");
            sheet.fields.push(Field::needed("type", Kind::Word(name.to_owned()), &help));
        }
        Some(sheet)
    }

    fn answered_sheet(&self, notice: &NoticeView) -> Sheet {
        let title = format!("{} answered", notice.name);
        let mut sheet = Sheet::new(Deed::Acknowledged(notice.id.clone()), title, "record that they answered");
        sheet.loud = notice.subject.clone();
        sheet.facts.push(
            "Nobody else at the vendor is written to, and a script that waits for them goes on.".to_owned(),
        );
        let help = "who answered, how, and what was said: Kim by phone, they look into it";
        sheet.fields.push(Field::needed(WHY, Kind::Text(1), help));
        sheet
    }

    fn bounced_sheet(&self, notice: &NoticeView) -> Sheet {
        let title = format!("A mail to {} came back", notice.name);
        let mut sheet =
            Sheet::new(Deed::Bounced(notice.id.clone()), title, "record it, and write to the next");
        sheet.loud = notice.subject.clone();
        let next = notice.rungs.iter().find(|rung| rung.state == "not_yet");
        sheet.facts.push(match next {
            Some(rung) => format!("{}, {}, is written to at once.", rung.name, rung.mail),
            None => {
                "Nobody is left to write to: the notice becomes silent, and a person must call.".to_owned()
            }
        });
        let written: Vec<&str> =
            notice.rungs.iter().filter(|rung| rung.at.is_some()).map(|rung| &*rung.mail).collect();
        let help = format!("the address; all that were written to last unless given: {}", written.join(", "));
        let last = written.last().copied().unwrap_or_default();
        sheet.fields.push(Field::free(TO, Kind::Text(1), &help).with(last));
        sheet.fields.push(Field::needed(WHY, Kind::Text(1), "what the mail server said: 550 no such user"));
        sheet
    }

    /// The cuts of the run that is open that end by themselves.
    pub(super) fn timed(&self) -> Vec<&HoldView> {
        let Some(run) = self.opened_run().and_then(|id| self.world().run(id)) else { return Vec::new() };
        let now = self.server_ms();
        let holds = HoldView::latest(&run.view.holds).into_iter();
        holds.filter(|hold| hold.back.is_some() && !hold.is_over(now)).collect()
    }

    fn extend_sheet(&self) -> Option<Sheet> {
        let run = self.opened_run()?;
        let (timed, now) = (self.timed(), self.server_ms());
        let title = format!("Let cuts of run {} last longer", short(run));
        let mut sheet = Sheet::new(Deed::Extend(run.to_owned()), title, "let them last longer");
        for hold in &timed {
            let due = hold.back.as_ref().map_or(0, |back| back.at_ms);
            let (at, left) = (self.zone().near(due, now), time::length(due - now));
            sheet.facts.push(format!("{} {} is given back at {at}, in {left}.", hold.property, hold.label));
        }
        let target = match timed.as_slice() {
            [one] => one.label.clone(),
            _ => "all".to_owned(),
        };
        let what = Field::needed(TARGET, Kind::Text(1), "its name or key as it stands above, or all");
        sheet.fields.push(what.with(&target));
        sheet.fields.push(Field::needed(LONGER, Kind::Length, "how much longer than now: 30m, 2h"));
        sheet.fields.push(Field::free(WHY, Kind::Text(1), "for the record"));
        sheet.focus = 1;
        Some(sheet)
    }

    fn undo_sheet(&self) -> Option<Sheet> {
        let run = self.opened_run()?;
        let title = format!("Take back what run {} cut", short(run));
        let mut sheet = Sheet::new(Deed::Undo(run.to_owned()), title, "take it back");
        sheet.aside = self.mode().0.to_owned();
        sheet.fields.push(Field::needed(WHY, Kind::Text(1), "for the record"));
        sheet.progress = Progress::Reading;
        Some(sheet)
    }

    /// What an undo would come to is known.
    pub(super) fn undo_planned(&mut self, plan: &UndoPlan) {
        let Some(sheet) = self.sheet_mut() else { return };
        if sheet.deed != Deed::Undo(plan.run.clone()) || sheet.progress != Progress::Reading {
            return;
        }
        sheet.loud = tally(plan);
        sheet.facts = plan.items.iter().map(becomes).collect();
        sheet.facts.extend(plan.needs.iter().map(|needs| {
            let people =
                if needs.of == 1 { "one".to_owned() } else { format!("{} different people", needs.of) };
            format!("It asks {people} of {} first: {}.", words::list(&needs.ask, "or", 4), needs.why)
        }));
        sheet.progress = match &plan.refused {
            None => Progress::Writing,
            Some(why) => Progress::Shut(format!("it cannot be undone now: {why}")),
        };
    }

    /// What an undo would come to is not to be known.
    pub(super) fn undo_untold(&mut self, ask: &Ask, trouble: Trouble) {
        if let Some(sheet) = self.sheet_mut()
            && let (Deed::Undo(run), Ask::UndoPlan(of)) = (&sheet.deed, ask)
            && run == of
        {
            sheet.progress = Progress::Shut(trouble.why);
        }
    }

    /// The run that an order began: one goes there.
    pub(super) fn begun(&mut self, number: u64, begun: Result<Begun, Trouble>) {
        match begun {
            Ok(begun) => {
                self.overlays.clear();
                self.say(format!("run {} began", short(&begun.run)), false);
                self.stale.insert(Ask::Runs);
                self.open_run(begun.run);
            }
            Err(trouble) => self.sheet_refused(number, trouble),
        }
    }

    /// The server said no to the sheet that gave this order; at the foot of the screen if it is closed.
    pub(super) fn sheet_refused(&mut self, number: u64, trouble: Trouble) {
        match self.sheet_mut().filter(|sheet| sheet.progress == Progress::Sending(number)) {
            Some(sheet) => sheet.refused(trouble),
            None => {
                let help = trouble.help.map_or_else(String::new, |help| format!("; {help}"));
                self.say(format!("not recorded: {}{help}", trouble.why), true);
            }
        }
    }

    /// Takes the sheet away that gave this order; gives it back.
    pub(super) fn sheet_done(&mut self, number: u64) -> Option<Sheet> {
        let at = self.overlays.iter().position(
            |overlay| matches!(overlay, Overlay::Sheet(sheet) if sheet.progress == Progress::Sending(number)),
        )?;
        match self.overlays.remove(at) {
            Overlay::Sheet(sheet) => Some(*sheet),
            _ => None,
        }
    }
}

/// `gives back 31, by hand 8, stays cut 2`
fn tally(plan: &UndoPlan) -> String {
    let count = |how: UndoHow| plan.items.iter().filter(|item| item.how == how).count();
    let counts: Vec<String> = UndoHow::ALL
        .iter()
        .map(|how| (word(*how), count(*how)))
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{word} {count}"))
        .collect();
    if counts.is_empty() { "It holds nothing.".to_owned() } else { words::sentence(&counts.join(", ")) }
}

fn word(how: UndoHow) -> &'static str {
    match how {
        UndoHow::GivesBack => "gives back",
        UndoHow::ByHand => "by hand",
        UndoHow::Asks => "asks first",
        UndoHow::Stays => "stays cut",
        UndoHow::WasSo => "was so",
        UndoHow::NoWay => "no way",
    }
}

/// `gives back  app.quarantine Drift by okta.activate_app`
fn becomes(item: &UndoItem) -> String {
    let by = if item.by.is_empty() { String::new() } else { format!(" by {}", item.by) };
    let why = if item.why.is_empty() { String::new() } else { format!(": {}", item.why) };
    format!("{}: {} {}{by}{why}", word(item.how), item.property, item.label)
}
