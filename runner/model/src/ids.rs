//! Names of things: streams, runs, step addresses, hashes.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::Digest;

/// A stream of the journal: `system`, `run/<ulid>`, `alert/<ulid>`, `incident/<ulid>`.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct StreamId(String);

impl StreamId {
    /// The stream of checkpoints, configuration changes and people.
    pub fn system() -> Self {
        Self("system".to_owned())
    }

    /// The stream of one run.
    pub fn run(id: &RunId) -> Self {
        Self(format!("run/{id}"))
    }

    /// The stream of one alert.
    pub fn alert(id: &str) -> Self {
        Self(format!("alert/{id}"))
    }

    /// The stream of one incident.
    pub fn incident(id: &str) -> Self {
        Self(format!("incident/{id}"))
    }

    /// A stream from its stored name. Any name is accepted: an older or newer journal may know kinds that we do not.
    pub fn from_stored(name: impl Into<String>) -> Self {
        Self(name.into())
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
pub struct Address(String);

impl Address {
    /// The main line, before its first step.
    pub fn root() -> Self {
        Self(String::new())
    }

    /// An address as stored in an entry.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The `ordinal`-th step of this branch (counted from 1).
    #[must_use]
    pub fn step(&self, ordinal: u32) -> Self {
        if self.0.is_empty() { Self(ordinal.to_string()) } else { Self(format!("{}.{ordinal}", self.0)) }
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
        Self(text)
    }

    /// True if `self` lies inside the branch or step `outer`.
    pub fn is_within(&self, outer: &Address) -> bool {
        outer.0.is_empty()
            || self
                .0
                .strip_prefix(outer.0.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// True on the main line: no branch in the path.
    pub fn is_main_line(&self) -> bool {
        !self.0.contains('[')
    }

    /// The line that this place lies on: a branch of a fan-out, or the main line, which is empty. What an `attempt`, a
    /// poll or a settling does lies on the line around it.
    pub fn line(&self) -> &str {
        let mut line = self.0.as_str();
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
        let bytes = text.as_bytes();
        if bytes.len() != 64 {
            return None;
        }
        let mut out = [0u8; 32];
        for (slot, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
            *slot = (nibble(pair[0])? << 4) | nibble(pair[1])?;
        }
        Some(Self(out))
    }

    /// The first eight digits, for screens.
    pub fn short(&self) -> String {
        self.to_string()[..8].to_owned()
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0u8; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Hash::parse(&text).ok_or_else(|| serde::de::Error::custom("expected 64 lower-case hex digits"))
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
        assert_eq!(Hash::parse("zz"), None);
    }
}
