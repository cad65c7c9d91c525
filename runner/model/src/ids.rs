//! Names of things: streams, runs, step addresses, hashes.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::Digest;

/// A stream of the journal: `system`, `run/<ulid>`, `alert/<ulid>`, `incident/<ulid>`.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct StreamId(Arc<str>);

impl StreamId {
    /// The stream of checkpoints, configuration changes and people.
    pub fn system() -> Self {
        Self("system".into())
    }

    /// The stream of one run.
    pub fn run(id: &RunId) -> Self {
        Self(format!("run/{id}").into())
    }

    /// The stream of one alert.
    pub fn alert(id: &str) -> Self {
        Self(format!("alert/{id}").into())
    }

    /// The stream of one incident.
    pub fn incident(id: &str) -> Self {
        Self(format!("incident/{id}").into())
    }

    /// A stream from its stored name. Any name is accepted: an older or newer journal may know kinds that we do not.
    pub fn from_stored(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name as stored, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The name as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The run whose stream this is, if it is one.
    pub fn as_run(&self) -> Option<RunId> {
        self.0.strip_prefix("run/").map(|id| RunId(id.to_owned()))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A run: a ULID when started from outside, a hash of (parent, address) for a child run.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct RunId(pub String);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A step's place in its run's tree of branches, such as `2.each[alice].1`: the same on every replay.
///
/// Keys inside brackets are escaped (see [`Address::branch`]), so that splitting at `.`, `[` and `]` is unambiguous.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Address(Arc<str>);

impl Address {
    /// The main line, before its first step.
    pub fn root() -> Self {
        Self::default()
    }

    /// An address as stored in an entry.
    pub fn from_stored(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The `ordinal`-th step of this branch (counted from 1).
    #[must_use]
    pub fn step(&self, ordinal: u32) -> Self {
        let mut text = String::with_capacity(self.0.len() + 11);
        self.write_step(ordinal, &mut text);
        Self(text.into())
    }

    /// The text of [`Self::step`], in a buffer that is used again: a replay looks every step up by it.
    pub fn write_step(&self, ordinal: u32, text: &mut String) {
        text.clear();
        text.push_str(&self.0);
        if !self.0.is_empty() {
            text.push('.');
        }
        let mut digits = [0_u8; 10];
        let (mut at, mut left) = (digits.len(), ordinal);
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        digits[at..].iter().for_each(|digit| text.push(char::from(*digit)));
    }

    /// The branch `key` of the fan-out `op` (`each`, `together`, `attempt`) that stands at this step.
    #[must_use]
    pub fn branch(&self, op: &str, key: &str) -> Self {
        let mut text = String::with_capacity(self.0.len() + op.len() + key.len() + 3);
        text.push_str(&self.0);
        text.push('.');
        text.push_str(op);
        text.push('[');
        for c in key.chars() {
            match c {
                '%' => text.push_str("%25"),
                '.' => text.push_str("%2E"),
                '[' => text.push_str("%5B"),
                ']' => text.push_str("%5D"),
                c if c.is_control() => text.push_str(&format!("%{:02X}", c as u32)),
                c => text.push(c),
            }
        }
        text.push(']');
        Self(text.into())
    }

    /// True if `self` lies inside the branch or step `outer`.
    pub fn is_within(&self, outer: &Address) -> bool {
        outer.0.is_empty()
            || self.0.strip_prefix(&*outer.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// True on the main line: no branch in the path.
    pub fn is_main_line(&self) -> bool {
        Self::is_on_main_line(&self.0)
    }

    /// The same of an address that is text still.
    pub fn is_on_main_line(text: &str) -> bool {
        !text.as_bytes().contains(&b'[')
    }

    /// The line that this place lies on: a branch of a fan-out, or the main line, which is empty. What an `attempt`, a
    /// poll or a settling does lies on the line around it.
    pub fn line(&self) -> &str {
        Self::line_of(&self.0)
    }

    /// The same of an address that is text still.
    pub fn line_of(text: &str) -> &str {
        let mut line = text;
        while let Some(end) = line.rfind(']') {
            let inside = &line[..end];
            let open = inside.rfind('[').unwrap_or(0);
            let start = inside[..open].rfind('.').map_or(0, |dot| dot + 1);
            if !NO_FAN_OUT.contains(&&inside[start..open]) {
                return &line[..=end];
            }
            line = &line[..start];
        }
        ""
    }

    /// The address as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Words in addresses under which a script goes on alone.
const NO_FAN_OUT: [&str; 3] = ["attempt", "poll", "settle"];

/// Maps by address are asked by its text.
impl std::borrow::Borrow<str> for Address {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A SHA-256, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What `prev` holds in the first entry of a stream.
    pub const ZERO: Hash = Hash([0; 32]);

    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Reads 64 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let mut out = [0u8; 32];
        for (four, eight) in out.chunks_exact_mut(4).zip(digits.chunks_exact(8)) {
            let eight = eight.try_into().ok()?;
            let read = hex::read(eight);
            if hex::write(read) != eight {
                return None;
            }
            four.copy_from_slice(&read);
        }
        Some(Self(out))
    }

    /// Its 64 hex digits.
    pub fn digits(&self) -> [u8; 64] {
        let mut text = [0u8; 64];
        for (eight, four) in text.chunks_exact_mut(8).zip(self.0.as_chunks::<4>().0) {
            eight.copy_from_slice(&hex::write(*four));
        }
        text
    }

    /// The first eight digits, for screens.
    pub fn short(&self) -> String {
        self.to_string()[..8].to_owned()
    }
}

/// Eight hex digits at a time, in one register: hashes are most of what a journal's lines are made of.
mod hex {
    /// The value of eight digits. Anything but a lower-case digit gives a value that does not write back to it.
    pub(super) fn read(digits: [u8; 8]) -> [u8; 4] {
        let digits = u64::from_be_bytes(digits);
        let letters = (digits >> 6) & 0x0101_0101_0101_0101;
        let mut value = (digits & 0x0f0f_0f0f_0f0f_0f0f).wrapping_add(letters.wrapping_mul(9));
        value &= 0x0f0f_0f0f_0f0f_0f0f;
        value = (value | value >> 4) & 0x00ff_00ff_00ff_00ff;
        value = (value | value >> 8) & 0x0000_ffff_0000_ffff;
        value = (value | value >> 16) & 0xffff_ffff;
        (value as u32).to_be_bytes()
    }

    /// The eight digits of four bytes.
    pub(super) fn write(bytes: [u8; 4]) -> [u8; 8] {
        let mut value = u64::from(u32::from_be_bytes(bytes));
        value = (value | value << 16) & 0x0000_ffff_0000_ffff;
        value = (value | value << 8) & 0x00ff_00ff_00ff_00ff;
        value = (value | value << 4) & 0x0f0f_0f0f_0f0f_0f0f;
        let letters = ((value + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
        (value + 0x3030_3030_3030_3030 + letters * 39).to_be_bytes()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl serde::de::Visitor<'_> for Digits {
            type Value = Hash;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 lower-case hex digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Hash, E> {
                Hash::parse(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Digits)
    }
}

impl schemars::JsonSchema for Hash {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hash".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_written_in_full() {
        for ordinal in [0, 1, 9, 10, 4_294_967_295] {
            assert_eq!(Address::root().step(ordinal).as_str(), ordinal.to_string());
        }
    }

    #[test]
    fn addresses_nest_and_escape() {
        let address = Address::root().step(2).branch("each", "okta/app/a.b]").step(1);
        assert_eq!(address.as_str(), "2.each[okta/app/a%2Eb%5D].1");
        assert!(address.is_within(&Address::root().step(2)));
        assert!(!Address::from_stored("21.each[a].1").is_within(&Address::root().step(2)));
        assert!(!address.is_main_line());
    }

    #[test]
    fn a_line_is_a_branch_of_a_fan_out_or_the_main_line() {
        let line = |text: &str| Address::from_stored(text).line().to_owned();
        assert_eq!(line("7"), "");
        assert_eq!(line("7.attempt[1].2.poll[3].4294967295"), "");
        assert_eq!(line("2.each[a].1"), "2.each[a]");
        assert_eq!(line("2.each[a%5D%2Eeach%5B].1.attempt[1].4"), "2.each[a%5D%2Eeach%5B]");
        assert_eq!(line("1.attempt[1].2.together[x].3.each[y].1"), "1.attempt[1].2.together[x].3.each[y]");
        assert_eq!(line("9.settle[1].1.reread[okta].1"), "9.settle[1].1.reread[okta]");
    }

    #[test]
    fn a_hash_reads_what_it_prints() {
        let hash = Hash::of(b"stanch");
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        assert_eq!(hash.to_string(), hash.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        assert_eq!(serde_json::from_value::<Hash>(serde_json::json!(hash)).unwrap(), hash);
    }

    #[test]
    fn only_lower_case_digits_are_a_hash() {
        assert_eq!(Hash::parse("zz"), None);
        for byte in 0..=127_u8 {
            let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let mut text = [b'0'; 64];
            text[13] = byte;
            let text = std::str::from_utf8(&text).unwrap();
            assert_eq!(Hash::parse(text).is_some(), is_digit, "{text:?}");
            assert!(Hash::parse(text).is_none_or(|hash| hash.to_string() == text));
        }
    }
}
