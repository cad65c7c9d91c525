//! JSON written by hand, piece by piece: the little that bodies of steps need.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

use crate::ids::Hash;

/// An object under construction.
pub(super) struct Object {
    out: String,
    /// The next member is the first.
    first: bool,
}

impl Object {
    pub(super) fn new(room: usize) -> Self {
        let mut object = Self { out: String::with_capacity(room), first: true };
        object.open();
        object
    }

    pub(super) fn open(&mut self) {
        self.out.push('{');
        self.first = true;
    }

    pub(super) fn close(&mut self) {
        self.out.push('}');
        self.first = false;
    }

    pub(super) fn end(mut self) -> String {
        self.close();
        self.out
    }

    /// Our own member names need no escape.
    pub(super) fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    pub(super) fn plain(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name);
        self.out.push_str(json);
        self
    }

    pub(super) fn raw(&mut self, name: &str, json: std::fmt::Arguments<'_>) -> &mut Self {
        self.name(name);
        // Writing to a string does not fail.
        let _ = self.out.write_fmt(json);
        self
    }

    pub(super) fn number(&mut self, name: &str, number: i64) -> &mut Self {
        self.name(name);
        push_number(&mut self.out, number);
        self
    }

    pub(super) fn pair(&mut self, name: &str, (first, second): (u32, u32)) -> &mut Self {
        self.name(name);
        self.out.push('[');
        push_number(&mut self.out, first.into());
        self.out.push(',');
        push_number(&mut self.out, second.into());
        self.out.push(']');
        self
    }

    pub(super) fn hash(&mut self, name: &str, hash: &Hash) -> &mut Self {
        self.text(name, std::str::from_utf8(&hash.digits()).unwrap_or_default())
    }

    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.name(name);
        push_text(&mut self.out, text);
        self
    }

    pub(super) fn json(&mut self, name: &str, value: &impl Serialize) -> &mut Self {
        // Our own shapes hold no map whose keys are not text.
        let json = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
        self.plain(name, &json)
    }
}

/// Appends a JSON number. Formatting by way of `fmt` costs several times as much.
pub fn push_number(out: &mut String, number: i64) {
    let mut digits = [0; 20];
    let (mut at, mut left) = (digits.len(), number.unsigned_abs());
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        out.push('-');
    }
    out.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

/// Appends a JSON string. Most need no escape.
pub fn push_text(out: &mut String, text: &str) {
    // Without a way out of the loop it is done for many bytes at a time.
    let is_special = |byte: &u8| u8::from(*byte < 0x20) | u8::from(*byte == b'"') | u8::from(*byte == b'\\');
    if text.as_bytes().iter().fold(0, |found, byte| found | is_special(byte)) != 0 {
        out.push_str(&Value::from(text).to_string());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_serde_writes_them() {
        for number in [0, 7, -7, 10, 1_234_567_890, i64::MAX, i64::MIN] {
            let mut text = String::new();
            push_number(&mut text, number);
            assert_eq!(text, number.to_string());
        }
    }
}
