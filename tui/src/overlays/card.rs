//! A card as a machine: buttons, of which the first is the safe one; a field for what must be typed; what became of it.

use stanch_model::{
    api::{Card, Say, Verdict},
    run::WaitKind,
};

use super::{Wish, write};
use crate::{
    ask::{Order, Recorded, Trouble},
    command::Command,
    event::Key,
};

/// No card has more facts than so many.
const FACTS: usize = 24;

/// What a button does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// Leaves everything as it is.
    Leave,
    /// Says no, with a reason that must be written.
    Deny,
    /// Says yes; what is permanent needs this name to be typed.
    Approve(Option<String>),
    /// Gives this answer.
    Answer(String),
    /// Gives an answer that must be written.
    Write,
    /// Says what became of a step.
    Resolve(Verdict),
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What it does.
    pub does: Does,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A button is to be chosen.
    Choosing,
    /// The chosen button's text is being written.
    Writing,
    /// Sent, under this number; nothing came back yet.
    Sending(u64),
    /// It is durable.
    Recorded {
        /// When the answer came, Unix ms on the server's clock.
        at_ms: i64,
        /// As recorded.
        recorded: Recorded,
        /// Why it went alone, where it did.
        glass: Option<String>,
    },
    /// The server said no, or nobody knows.
    Refused(Trouble),
}

/// A card that is open.
#[derive(Clone, Debug)]
pub struct CardBox {
    /// What is asked.
    pub card: Card,
    /// The first is the safe one.
    pub buttons: Vec<Button>,
    /// The chosen one.
    pub focus: usize,
    /// What was written.
    pub typed: String,
    /// How far it is.
    pub stage: Stage,
    /// True while the targets are shown one by one.
    pub listed: bool,
    /// Lines of them that are scrolled away.
    pub scroll: usize,
}

impl CardBox {
    /// Opens a card. `name` is what must be typed before something permanent.
    pub fn open(card: Card, name: &str) -> Self {
        let mut buttons = vec![Button { label: "Not now".to_owned(), does: Does::Leave }];
        buttons.extend(choices(&card, name));
        Self {
            card,
            buttons,
            focus: 0,
            typed: String::new(),
            stage: Stage::Choosing,
            listed: false,
            scroll: 0,
        }
    }

    /// The chosen button.
    pub fn chosen(&self) -> &Does {
        self.buttons.get(self.focus).map_or(&Does::Leave, |button| &button.does)
    }

    /// The name that a yes needs.
    pub fn needs(&self) -> Option<&str> {
        self.buttons.iter().find_map(|button| match &button.does {
            Does::Approve(name) => name.as_deref(),
            _ => None,
        })
    }

    /// True once what the chosen button needs is written.
    pub fn is_written(&self) -> bool {
        match self.chosen() {
            Does::Approve(Some(name)) => self.typed.trim().eq_ignore_ascii_case(name),
            Does::Deny | Does::Write => !self.typed.trim().is_empty(),
            _ => true,
        }
    }

    pub(super) fn key(&mut self, key: &Key) -> Wish {
        match (&self.stage, key.name()) {
            (_, "ctrl-c") => Wish::Do(Command::Quit),
            (Stage::Writing, "esc") => self.stage(Stage::Choosing),
            (Stage::Writing, "enter") if self.is_written() => self.order(),
            (Stage::Writing, "tab") => self.step(1),
            (Stage::Writing, "backtab") => self.step(-1),
            (Stage::Writing, _) => {
                write(&mut self.typed, key);
                Wish::Nothing
            }
            // a decision may be on its way: the card stays until its answer is there, unless a person gives up on it
            (Stage::Sending(_), "esc") => Wish::Close,
            (Stage::Sending(_), _) => Wish::Nothing,
            (Stage::Recorded { .. }, "enter" | "esc" | "q") => Wish::Close,
            (Stage::Refused(_), "enter") => self.stage(Stage::Choosing),
            (_, "up" | "k") => self.scrolls(-1),
            (_, "down" | "j") => self.scrolls(1),
            (_, "esc") if self.listed => {
                self.listed = false;
                Wish::Nothing
            }
            _ => Wish::Pass,
        }
    }

    fn scrolls(&mut self, by: isize) -> Wish {
        let last = if self.listed { self.card.wait.targets.len() } else { FACTS };
        self.scroll = self.scroll.saturating_add_signed(by).min(last);
        Wish::Nothing
    }

    /// What the server knows of the card now; nothing if it does not wait any more, for this reason.
    pub(crate) fn now(&mut self, known: Result<Card, Trouble>) {
        if !matches!(self.stage, Stage::Choosing | Stage::Writing) {
            return;
        }
        match known {
            Ok(card) => self.card = card,
            Err(why) => self.stage = Stage::Refused(why),
        }
    }

    /// Presses the chosen button.
    pub fn press(&mut self) -> Wish {
        match self.chosen() {
            Does::Leave => Wish::Close,
            Does::Deny | Does::Write | Does::Approve(Some(_)) => self.stage(Stage::Writing),
            Does::Approve(None) | Does::Answer(_) | Does::Resolve(_) => self.order(),
        }
    }

    /// Moves to another button. Where something must be written, the next key writes it.
    pub fn step(&mut self, by: isize) -> Wish {
        let count = self.buttons.len().max(1) as isize;
        self.focus = (self.focus as isize + by).rem_euclid(count) as usize;
        self.typed.clear();
        self.stage(match self.chosen() {
            Does::Deny | Does::Write | Does::Approve(Some(_)) => Stage::Writing,
            Does::Leave | Does::Approve(None) | Does::Answer(_) | Does::Resolve(_) => Stage::Choosing,
        })
    }

    fn stage(&mut self, stage: Stage) -> Wish {
        self.stage = stage;
        Wish::Nothing
    }

    fn order(&self) -> Wish {
        let (id, typed) = (self.card.id.clone(), self.typed.trim().to_owned());
        Wish::Order(match self.chosen() {
            Does::Leave => return Wish::Close,
            Does::Deny => Order::Decide(id, Say::Deny, Some(typed)),
            Does::Approve(_) => Order::Decide(id, Say::Approve, None),
            Does::Answer(answer) => Order::Answer(id, answer.clone()),
            Does::Write => Order::Answer(id, typed),
            Does::Resolve(verdict) => {
                Order::Resolve(self.card.run.clone(), self.card.wait.id.clone(), *verdict)
            }
        })
    }
}

/// What can be said, the mildest first.
fn choices(card: &Card, name: &str) -> Vec<Button> {
    let button = |label: &str, does| Button { label: label.to_owned(), does };
    let wait = &card.wait;
    match wait.kind {
        WaitKind::Approval => {
            let needs = card.is_permanent().then(|| name.to_owned());
            vec![button("No, because ...", Does::Deny), button("Yes", Does::Approve(needs))]
        }
        WaitKind::InDoubt => {
            let words = if wait.options.is_empty() {
                Verdict::ALL.to_vec()
            } else {
                wait.options.iter().filter_map(|word| Verdict::parse(word)).collect()
            };
            words.into_iter().map(|word| button(word.as_str(), Does::Resolve(word))).collect()
        }
        WaitKind::Manual if wait.options.is_empty() => {
            ["done", "failed"].map(|word| button(word, Does::Answer(word.to_owned()))).to_vec()
        }
        _ if wait.options.is_empty() => vec![button("Answer ...", Does::Write)],
        _ => wait.options.iter().map(|word| button(word, Does::Answer(word.clone()))).collect(),
    }
}
