//! The same by hand: a checklist for a person, in the canonical order, for when stanch itself is down.

use std::collections::BTreeSet;

use stanch_model::{Effect, catalog::ActionInfo, duration};
use stanch_response::page::{Block, Cell, Check, Inline, code, faint, text};

use super::{book::Book, messages, stage::Stage, words};

pub(super) fn fallback(book: &Book<'_>) -> Vec<Block> {
    let mut list = List { book, blocks: intro(book), stages: 0 };
    list.declare();
    list.find();
    list.decide();
    for stage in Stage::CUTS {
        list.cut(stage);
    }
    list.prove();
    list.tell();
    list.afterwards();
    list.blocks
}

fn intro(book: &Book<'_>) -> Vec<Block> {
    let slug = &book.playbook.slug;
    let inputs: Vec<&str> = book.playbook.manifest.input.keys().map(String::as_str).collect();
    let lead = "Print this and keep it where you find it without any of our systems. Go from top to bottom; a box is \
                ticked by who did it, with the time in UTC. Words in ${CAPITALS} are for you to fill in; credentials of \
                your own, with the scopes above, and never in a chat.";
    let version = super::head::version(book);
    let line = ".".repeat(40);
    let blanks = ["Incident", "Led by"].into_iter().chain(inputs);
    let blanks = blanks.map(|name| (name.to_owned(), text(line.clone())));
    let head = format!("Playbook {slug}, version {version}, reviewed {}.", book.playbook.manifest.reviewed);
    vec![Block::Text(text(head)), Block::Text(text(lead)), Block::Facts(blanks.collect())]
}

/// The checklist as far as it is written.
struct List<'b, 'a> {
    book: &'b Book<'a>,
    blocks: Vec<Block>,
    stages: usize,
}

impl<'a> List<'_, 'a> {
    fn heading(&mut self, title: &str) {
        self.stages += 1;
        self.blocks.push(Block::Heading(text(format!("{}. {title}", self.stages))));
    }

    fn stage(&mut self, title: &str, checks: Vec<Check>) {
        if !checks.is_empty() {
            self.heading(title);
            self.blocks.push(Block::Checks(checks));
        }
    }

    fn declare(&mut self) {
        let mut checks = vec![
            plain("Write down the time at which we became aware: every clock counts from here"),
            plain("Name one person who leads, and one who writes down what is done"),
        ];
        for kind in names(self.book, "deadline") {
            let clock = messages::clock(self.book, &kind);
            checks.push(plain(format!("Start the clock {kind}. {clock}. Write down when it is due")));
        }
        for step in self.book.calls("ask") {
            let (name, says) =
                (step.name.as_deref().unwrap_or("it"), step.says.as_deref().unwrap_or_default());
            checks.push(plain(format!("Decide {name}: {says}")));
        }
        self.stage("Declare it, and start the clocks", checks);
    }

    fn find(&mut self) {
        let reads = self.actions(|info| Stage::of(info) == Some(Stage::Find));
        let mut checks: Vec<Check> = reads.iter().map(|(on, info)| self.check(on, info)).collect();
        let kept = names(self.book, "evidence").into_iter().collect::<Vec<_>>().join(", ");
        let what = if kept.is_empty() { String::new() } else { format!(" ({kept})") };
        checks.push(Check {
            what: text(format!("Keep every answer as evidence{what}, unchanged, before anything is cut")),
            lines: Some("sha256sum ANSWER.json | tee -a evidence.txt && date -u | tee -a evidence.txt".to_owned()),
            notes: vec![text("Write the list of targets by hand too: what is approved, cut and proven is ticked off on it.")],
        });
        self.stage(Stage::Find.title(), checks);
    }

    fn decide(&mut self) {
        let asked = |(name, spec): (&String, &stanch_playbooks::manifest::ApprovalSpec)| {
            let pre = spec.pre_approved.as_ref().map(|when| {
                vec![
                    Inline::Text("Agreed beforehand, so that nobody need be asked, if ".to_owned()),
                    Inline::Code(when.clone()),
                ]
            });
            let mut notes = vec![
                text(format!("Ask {}; that is what silence means.", words::ladder(spec))),
                text(
                    "By phone, on a number that was known before; not who leads. Their name, the time and their words:",
                ),
            ];
            notes.extend(pre);
            let what = format!(
                "Get a yes for {name} from {}, for exactly the targets on the list",
                self.book.people(&spec.ask)
            );
            Check { what: text(what), lines: None, notes }
        };
        let checks = self.book.playbook.manifest.approvals.iter().map(asked).collect();
        self.stage("Ask for the yes", checks);
    }

    fn cut(&mut self, stage: Stage) {
        let cuts = self.actions(|info| Stage::of(info) == Some(stage));
        let checks = cuts.iter().map(|(on, info)| self.check(on, info)).collect();
        self.stage(stage.title(), checks);
    }

    /// The actions of the script for which this holds, each once.
    fn actions(&self, fits: impl Fn(&ActionInfo) -> bool) -> Vec<(String, &'a ActionInfo)> {
        let mut found: Vec<(String, &ActionInfo)> = Vec::new();
        for (integration, info) in self.book.uses().into_iter().flat_map(|one| one.actions) {
            if fits(info) && !found.iter().any(|(on, known)| *on == integration && known.name == info.name) {
                found.push((integration, info));
            }
        }
        found
    }

    /// One action by hand.
    fn check(&self, integration: &str, info: &ActionInfo) -> Check {
        let hand = self.book.by_hand(integration, info);
        let mut what = vec![Inline::Text(format!("{}: {} ", self.book.title(integration, info), info.title))];
        what.push(Inline::Code(info.name.clone()));
        if info.effect == Effect::Permanent {
            what.push(Inline::Text(" for good".to_owned()));
        }
        let mut notes: Vec<Cell> = hand.click.iter().map(|click| text(one_line(click))).collect();
        notes.extend(hand.first.iter().map(|read| {
            let title = self.book.action(integration, read).map_or(read.as_str(), |read| read.title.as_str());
            let mut note = text(format!("First, and once for each row where it lists some: {title} "));
            note.push(Inline::Code(self.request(integration, read)));
            note
        }));
        notes.extend(hand.words.iter().map(|words| code(one_line(words))));
        if hand.pages {
            notes.push(text("The answer may be one page of several: take them all"));
        }
        if !hand.answers.is_empty() && info.effect != Effect::Read {
            let answers: Vec<String> = hand.answers.iter().map(u16::to_string).collect();
            notes.push(text(format!("Taken on with {}. That is no proof.", answers.join(" or "))));
        }
        if let Some(undo) = info.undo.as_deref().filter(|_| info.effect != Effect::Read) {
            let mut note = text("Taken back by ");
            note.push(Inline::Code(format!("{undo} {}", self.request(integration, undo))));
            notes.push(note);
        }
        if !info.scopes.is_empty() {
            notes.push(text(format!("Needs {}", info.scopes.join(", "))));
        }
        notes.push(vec![Inline::Text("The platform's page: ".to_owned()), Inline::Link(info.docs.clone())]);
        Check { what, lines: hand.curl, notes }
    }

    /// Method and path of an action.
    fn request(&self, integration: &str, name: &str) -> String {
        let platform = self.book.action(integration, name).and_then(|info| self.book.platform(info));
        let line = platform.and_then(|platform| platform.request_line(name));
        line.map_or_else(String::new, |(method, path)| format!("{method} {path}"))
    }

    fn prove(&mut self) {
        let cuts = self.book.cuts();
        let mut checks: Vec<Check> = cuts.iter().map(|(on, info)| self.proof(on, info)).collect();
        if checks.is_empty() {
            return;
        }
        checks.push(plain(
            "Look again: make every list of step 2 anew. Whatever is on it and not proven dead is new: ask for it, cut it, prove it",
        ));
        checks.push(plain("Count: targets found, cut, proven, left. What is left has a name and a reason"));
        self.stage("Prove every cut: an answer that it was taken on is no proof", checks);
    }

    fn proof(&self, integration: &str, info: &ActionInfo) -> Check {
        let title = self.book.title(integration, info);
        let mut notes = Vec::new();
        let lines = match &info.verify {
            Some(verify) => {
                notes.push(vec![
                    Inline::Text("Proven when ".to_owned()),
                    Inline::Code(verify.until.clone()),
                    faint(format!(", within {}", duration::format(verify.within))),
                ]);
                let read = self.book.action(integration, &verify.action);
                read.and_then(|read| self.book.by_hand(integration, read).curl)
            }
            None => {
                let why = self.book.unproven(info).map(one_line);
                let why = why.unwrap_or_else(|| "The platform has no read for it".to_owned());
                notes.push(text(format!(
                    "{why}. Look at it on the platform's own screen and say so: attested, not proven"
                )));
                None
            }
        };
        if let Some(lasts) = info.residual {
            let lasts = duration::format(lasts);
            notes.push(text(format!(
                "Access issued before lives on for up to {lasts}: read again then, and write down when"
            )));
        }
        let mut what = vec![Inline::Text(format!("{title}: is it so? {} ", info.title))];
        what.push(Inline::Code(
            info.verify.as_ref().map_or_else(|| info.name.clone(), |verify| verify.action.clone()),
        ));
        Check { what, lines, notes }
    }

    fn tell(&mut self) {
        let mut checks = Vec::new();
        for name in names(self.book, "notify") {
            let known = self.book.playbook.templates.get(&name);
            let says =
                known.map(|notice| format!("Subject: {}\n\n{}", notice.subject, notice.body.trim_end()));
            let what = format!(
                "Send the notice {name}; what stands in braces you fill in. To whom stands in the vendor register"
            );
            checks.push(Check { what: text(what), lines: says, notes: Vec::new() });
        }
        for channel in names(self.book, "page") {
            let ways = self.book.config().tell.get(&channel).map(|ways| ways.join(", "));
            let ways =
                ways.filter(|ways| !ways.is_empty()).map(|ways| format!(" ({ways})")).unwrap_or_default();
            checks.push(plain(format!("Tell {channel}{ways} what is cut, what is proven, and what is left")));
        }
        self.stage("Tell", checks);
    }

    fn afterwards(&mut self) {
        let slug = &self.book.playbook.slug;
        let checks = vec![
            Check {
                what: text(
                    "Start the playbook with the same input: it finds what is cut already, proves it, and cuts the rest",
                ),
                lines: Some(format!("stanch run {slug}")),
                notes: Vec::new(),
            },
            Check {
                what: text("Put this sheet and the evidence on record"),
                lines: Some(
                    "stanch note INCIDENT \"done by hand while stanch was down: see the sheet\"".to_owned(),
                ),
                notes: Vec::new(),
            },
        ];
        self.stage("When stanch is back", checks);
    }
}

/// The names that this call is given, each once, in the order of the script.
fn names(book: &Book<'_>, call: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = book.calls(call).into_iter().filter_map(|step| step.name.clone());
    all.filter(|name| seen.insert(name.clone())).collect()
}

fn plain(what: impl Into<String>) -> Check {
    Check { what: text(what), lines: None, notes: Vec::new() }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}
