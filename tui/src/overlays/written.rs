//! A text that a person writes, with the place in it at which they write.

use crate::{event::Key, widgets};

/// Nothing longer is written here.
const LONGEST: usize = 4_000;

/// A text with a place in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    text: Vec<char>,
    at: usize,
}

impl Written {
    /// This text; one goes on at its end.
    pub(super) fn new(text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        Self { at: text.len(), text }
    }

    /// What is written, without the spaces around it.
    pub(super) fn now(&self) -> String {
        self.text.iter().collect::<String>().trim().to_owned()
    }

    pub(super) fn key(&mut self, key: &Key) {
        match key.name() {
            "left" => self.at = self.at.saturating_sub(1),
            "right" => self.at = (self.at + 1).min(self.text.len()),
            "home" => self.at = 0,
            "end" => self.at = self.text.len(),
            "ctrl-u" => {
                self.text.drain(..self.at);
                self.at = 0;
            }
            "backspace" if self.at > 0 => {
                self.at -= 1;
                self.text.remove(self.at);
            }
            _ => {
                if let Some(c) = key.character().filter(|_| self.text.len() < LONGEST) {
                    self.text.insert(self.at, c);
                    self.at += 1;
                }
            }
        }
    }

    /// Its rows, those around the place at which one writes.
    pub(super) fn rows(&self, width: usize, is_here: bool, most: usize) -> Vec<String> {
        // no key writes this character
        const HERE: char = '\u{1}';
        let mut text: String = self.text[..self.at].iter().collect();
        text.extend(is_here.then_some(HERE));
        text.extend(&self.text[self.at..]);
        let rows = widgets::wrap(&text, width);
        let here = rows.iter().position(|row| row.contains(HERE)).unwrap_or(0);
        let range = widgets::window(rows.len(), here, most);
        rows.into_iter().skip(range.start).take(range.len()).map(|row| row.replace(HERE, "_")).collect()
    }
}
