//! An open file, and places in it: bytes for us, lines and UTF-16 units from 0 for the editor.

use std::ops::Range;

use crate::protocol::{Change, Position, Span};

/// The text of an open file, as the editor has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(String);

impl Text {
    /// A text.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// All of it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Does what the editor says was done; a change without a range is the whole text.
    pub(crate) fn change(&mut self, change: Change) {
        match change.range {
            None => self.0 = change.text,
            Some(range) => {
                let range = self.bytes(range);
                self.0.replace_range(range, &change.text);
            }
        }
    }

    /// The bytes of a place; beyond a line is its end, beyond the text is the text's.
    pub(crate) fn bytes(&self, span: Span) -> Range<usize> {
        let (start, end) = (offset(&self.0, span.start), offset(&self.0, span.end));
        start.min(end)..start.max(end)
    }
}

/// The byte of a position: at the start of a character, where it points into one.
pub(crate) fn offset(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text[start..].find('\n') {
            Some(at) => start += at + 1,
            None => return text.len(),
        }
    }
    let line = &text[start..];
    let line = &line[..line.find('\n').unwrap_or(line.len())];
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut units = 0;
    for (at, c) in line.char_indices() {
        let next = units + c.len_utf16() as u32;
        if next > position.character {
            return start + at;
        }
        units = next;
    }
    start + line.len()
}

/// The position of a byte.
pub(crate) fn position(text: &str, at: usize) -> Position {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position {
        line: count(before.bytes().filter(|byte| *byte == b'\n').count()),
        character: count(before[start..].encode_utf16().count()),
    }
}

/// The place of some bytes.
pub(crate) fn span(text: &str, bytes: &Range<usize>) -> Span {
    Span { start: position(text, bytes.start), end: position(text, bytes.end.max(bytes.start)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn characters_count_as_the_protocol_counts_them() {
        let text = "aé😀b\r\nlet 漢 = 1;\n";
        for (byte, place) in
            [(0, at(0, 0)), (1, at(0, 1)), (3, at(0, 2)), (7, at(0, 4)), (10, at(1, 0)), (17, at(1, 5))]
        {
            assert_eq!(position(text, byte), place, "byte {byte}");
            assert_eq!(offset(text, place), byte, "{place:?}");
        }
    }

    #[test]
    fn places_that_are_none_are_the_nearest() {
        let text = "aé😀\r\nb";
        assert_eq!(offset(text, at(0, 3)), 3, "inside the pair of a surrogate");
        assert_eq!(offset(text, at(0, 99)), 7, "beyond the line, before its end");
        assert_eq!(offset(text, at(9, 0)), text.len());
        assert_eq!(position(text, 4), at(0, 2), "inside a character");
        assert_eq!(position(text, 999), at(1, 1));
    }

    #[test]
    fn changes_add_up_to_what_the_editor_shows() {
        let mut text = Text::new("let a = \"😀\";\n".to_owned());
        let change = |range: Option<(Position, Position)>, text: &str| Change {
            range: range.map(|(start, end)| Span { start, end }),
            text: text.to_owned(),
        };
        text.change(change(Some((at(0, 9), at(0, 11))), "é"));
        assert_eq!(text.as_str(), "let a = \"é\";\n");
        text.change(change(Some((at(1, 0), at(7, 7))), "note(a);"));
        assert_eq!(text.as_str(), "let a = \"é\";\nnote(a);");
        text.change(change(Some((at(1, 2), at(0, 4))), ""));
        assert_eq!(text.as_str(), "let te(a);", "a range that is written backwards");
        text.change(change(None, ""));
        assert_eq!(text.as_str(), "");
    }
}
