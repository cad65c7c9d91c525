//! What lies over a screen and takes the keys: the card, a line to be written, a text, the palette, the help page.
//!
//! Each is a little machine of its own: keys in, at most one wish out.

mod card;
pub(crate) mod card_facts;
mod draw_card;
mod draw_sheet;
mod field;
mod form;
mod help;
mod palette;
mod prompt;
pub(crate) mod sheet;
mod text;
mod written;

pub use card::{Button, CardBox, Does, Stage};
pub use field::Field;
pub(crate) use field::Kind;
pub use form::Form;
pub use palette::Palette;
pub use prompt::{Observation, Prompt, Purpose};
pub use sheet::{Deed, Progress, Sheet};
pub use text::TextBox;

use ratatui::{buffer::Buffer, layout::Rect};

use crate::{app::App, ask::Order, command::Command, event::Key};

/// What lies over a screen.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// An approval or a question.
    Card(Box<CardBox>),
    /// A line that a person writes.
    Prompt(Prompt),
    /// An entry of a plot that is changed.
    Form(Form),
    /// What would happen, and what it needs.
    Sheet(Box<Sheet>),
    /// A text to be read.
    Text(TextBox),
    /// All commands.
    Palette(Palette),
    /// All keys, scrolled so far.
    Help(usize),
}

/// What an overlay wants after a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing more.
    Nothing,
    /// The key means nothing here: the command table says what it does.
    Pass,
    /// To be closed.
    Close,
    /// To be closed, and this to be done.
    Do(Command),
    /// This to be ordered.
    Order(Order),
    /// To be closed, and this to be ordered.
    CloseAndOrder(Order),
    /// To be closed, and the list to be narrowed to this.
    Search(String),
}

impl Overlay {
    /// Takes a key. `commands` are those that the palette offers.
    pub fn key(&mut self, key: &Key, app: &App) -> Wish {
        match self {
            Self::Card(card) => card.key(key),
            Self::Prompt(prompt) => prompt.key(key),
            Self::Form(form) => form.key(key),
            Self::Sheet(sheet) => sheet.key(key, app),
            Self::Text(text) => text.key(key, rows(app)),
            Self::Palette(palette) => palette.key(key, app),
            Self::Help(scroll) => match key.name() {
                "ctrl-c" => Wish::Do(Command::Quit),
                name => scrolled(scroll, name, crate::command::now(app).count(), rows(app)),
            },
        }
    }

    /// What its keys do, where they are its own: those of the screen behind it mean nothing meanwhile.
    pub fn keys(&self) -> Option<&'static str> {
        match self {
            Self::Card(_) => None,
            Self::Prompt(_) | Self::Form(_) => Some("Enter send  Esc leave it"),
            Self::Sheet(sheet) => Some(sheet.keys()),
            Self::Palette(_) => Some("Up Down choose  Enter do it  Esc close"),
            Self::Text(_) | Self::Help(_) => Some("Up Down PgUp PgDn  Esc close"),
        }
    }

    /// Draws it over the body.
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        match self {
            Self::Card(card) => draw_card::draw(card, app, area, buf),
            Self::Prompt(prompt) => prompt.draw(app, area, buf),
            Self::Form(form) => form.draw(app, area, buf),
            Self::Sheet(sheet) => draw_sheet::draw(sheet, app, area, buf),
            Self::Text(text) => text.draw(app, area, buf),
            Self::Palette(palette) => palette.draw(app, area, buf),
            Self::Help(scroll) => help::draw(*scroll, app, area, buf),
        }
    }
}

/// Rows of a box that fills the body.
fn rows(app: &App) -> usize {
    usize::from(app.size.1.saturating_sub(7)).max(1)
}

/// Scrolls a box with so many lines, of which so many are in sight; any other key closes it.
fn scrolled(scroll: &mut usize, key: &str, lines: usize, rows: usize) -> Wish {
    let page = isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1);
    let by = match key {
        "down" | "j" => 1,
        "up" | "k" => -1,
        "pagedown" | "space" => page,
        "pageup" => -page,
        "home" | "g" => isize::MIN / 2,
        "end" | "G" => isize::MAX / 2,
        _ => return Wish::Close,
    };
    let farthest = lines.saturating_sub(rows);
    *scroll = scroll.saturating_add_signed(by).min(farthest);
    Wish::Nothing
}

/// Writes a key into a line. True if it was a letter, or took one away.
fn write(text: &mut String, key: &Key) -> bool {
    const LONGEST: usize = 2_000;
    match key.name() {
        "backspace" => {
            text.pop();
            true
        }
        "ctrl-u" => {
            text.clear();
            true
        }
        _ => match key.character() {
            Some(c) if text.len() < LONGEST => {
                text.push(c);
                true
            }
            _ => false,
        },
    }
}
