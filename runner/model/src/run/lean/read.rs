//! Bodies read member by member, in the order in which they are written here.
//!
//! A replay reads two bodies for every step, and nearly all of them are of one form. Any other form gives nothing, and the
//! caller reads it by its shape: what an older or another writer wrote means the same here and there.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::{CallHead, IntentHead, OutcomeHead};
use crate::{ids::Hash, target::Effect};

impl<'a> IntentHead<'a> {
    pub(super) fn as_written(body: &'a str) -> Option<Self> {
        let mut rest = Rest(body);
        let address = rest.after("{\"address\":")?.text()?;
        let op = rest.after(",\"op\":")?.text()?;
        let name = rest.after(",\"name\":")?.text()?;
        let args = Hash::parse(rest.after(",\"args\":")?.text()?)?;
        let line = rest.after(",\"at\":[")?.number()?;
        let column = rest.after(",")?.number()?;
        let attempt = rest.after("],\"attempt\":")?.number()?;
        let call = match rest.after(",\"call\":") {
            Some(rest) => Some(rest.call()?),
            None => None,
        };
        let (address, op, name) = (Cow::Borrowed(address), Cow::Borrowed(op), Cow::Borrowed(name));
        rest.ends().then_some(Self { address, op, name, args, at: (line, column), attempt, call })
    }
}

impl<'a> OutcomeHead<'a> {
    pub(super) fn as_written(body: &'a str) -> Option<Self> {
        let mut rest = Rest(body);
        let address = Cow::Borrowed(rest.after("{\"address\":")?.text()?);
        let _attempt: u32 = rest.after(",\"attempt\":")?.number()?;
        let value = match rest.after(",\"value\":") {
            Some(rest) => Some(rest.value()?).filter(|value| *value != "null"),
            None => None,
        };
        if let Some(rest) = rest.after(",\"by\":") {
            rest.text()?;
        }
        rest.ends().then_some(Self { address, value, error: None, incomplete: Cow::Borrowed("") })
    }
}

/// What is left of a body.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn after(&mut self, literal: &str) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(self)
    }

    fn ends(&self) -> bool {
        self.0 == "}"
    }

    fn take(&mut self, bytes: usize) -> Option<&'a str> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    /// A text without an escape.
    fn text(&mut self) -> Option<&'a str> {
        self.after("\"")?;
        let end = self.0.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ')?;
        let text = self.take(end)?;
        self.after("\"")?;
        Some(text)
    }

    fn number<T: std::str::FromStr>(&mut self) -> Option<T> {
        let is_part = |byte: u8| byte.is_ascii_digit() || byte == b'-';
        let text = self.take(self.0.bytes().position(|byte| !is_part(byte))?)?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        text.parse().ok()
    }

    /// An object or a list, to its closing bracket; or an empty or plain value.
    fn value(&mut self) -> Option<&'a str> {
        let bytes = self.0.as_bytes();
        let (mut depth, mut at) = (0_u32, 0);
        loop {
            match bytes.get(at)? {
                b'"' => at += string(bytes.get(at..)?)? - 1,
                b'{' | b'[' => depth += 1,
                b'}' | b']' | b',' if depth == 0 => return self.take(at).filter(|value| !value.is_empty()),
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            at += 1;
        }
    }

    fn call(&mut self) -> Option<CallHead> {
        self.after("{\"integration\":")?.text()?;
        self.after(",\"action\":")?.text()?;
        let effect = Effect::parse(self.after(",\"effect\":")?.text()?)?;
        if let Some(rest) = self.after(",\"verb\":") {
            rest.text()?;
        }
        self.after(",\"input\":")?.value()?;
        let target = match self.after(",\"target\":") {
            Some(rest) => rest.value().map(|_| Some(IgnoredAny))?,
            None => None,
        };
        self.after(",\"key\":")?.text()?;
        self.after(",\"in_doubt\":")?.text()?;
        for name in [",\"before\":", ",\"undo\":", ",\"approval\":", ",\"granted\":", ",\"guards\":"] {
            if let Some(rest) = self.after(name) {
                rest.value()?;
            }
        }
        let deadline_ms = self.after(",\"deadline_ms\":")?.number()?;
        self.after("}")?;
        Some(CallHead { effect, target, deadline_ms })
    }
}

/// The length of a string with its quotes.
fn string(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-z\"\\\\{}\\[\\],:\n\u{e9} ]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            let key = "[a-z\"\\\\}]{0,4}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    /// A body of this form with these values in it, and which of its optional members it has.
    fn intent(value: &Value, has: [bool; 6], deadline_ms: i64) -> String {
        let [verb, target, before, approval, guards, is_last] = has.map(u8::from).map(usize::from);
        let part = |has: usize, text: String| [String::new(), text][has].clone();
        format!(
            "{{\"address\":\"2.each[\u{e9}].1\",\"op\":\"call\",\"name\":\"okta.x\",\"args\":\"{}\",\"at\":[3,14],\"attempt\":2,\
             \"call\":{{\"integration\":\"okta\",\"action\":\"x\",\"effect\":\"permanent\"{}\"input\":{value}{},\"key\":\"k\",\
             \"in_doubt\":\"probe\"{}{}{},\"deadline_ms\":{deadline_ms}}}{}}}",
            Hash::of(b"args"),
            [",".to_owned(), ",\"verb\":\"grant.revoke\",".to_owned()][verb],
            part(target, format!(",\"target\":{value}")),
            part(before, format!(",\"before\":{value},\"undo\":{value}")),
            part(approval, ",\"approval\":\"A1\",\"granted\":9".to_owned()),
            part(guards, ",\"guards\":[7,12]".to_owned()),
            [",\"more\":1", ""][is_last],
        )
    }

    proptest! {
        #[test]
        fn an_intent_means_the_same_both_ways(value in any_json(), has: [bool; 6], deadline_ms: i64) {
            // a target that is null is none at all, and none is written
            prop_assume!(!value.is_null() || !has[1]);
            let body = intent(&value, has, deadline_ms);
            let shaped: IntentHead<'_> = serde_json::from_str(&body).unwrap();
            let read = IntentHead::as_written(&body);
            prop_assert_eq!(read.is_some(), has[5], "{}", body);
            let same = |read: IntentHead<'_>| format!("{read:?}") == format!("{shaped:?}");
            prop_assert!(read.is_none_or(same));
        }

        #[test]
        fn an_outcome_means_the_same_both_ways(value in any_json(), by: bool) {
            let by = if by { ",\"by\":\"us\"" } else { "" };
            let body = format!("{{\"address\":\"7\",\"attempt\":1,\"value\":{value}{by}}}");
            let shaped: OutcomeHead<'_> = serde_json::from_str(&body).unwrap();
            let read = OutcomeHead::as_written(&body);
            let same = |read: OutcomeHead<'_>| format!("{read:?}") == format!("{shaped:?}");
            prop_assert!(read.is_some_and(same));
        }

        #[test]
        fn a_piece_of_a_body_is_left_to_its_shape(value in any_json(), at in 0_usize..400) {
            for body in [intent(&value, [true; 6], 5), format!("{{\"address\":\"7\",\"attempt\":1,\"value\":{value}}}")] {
                let piece = body.get(..at.min(body.len() - 1)).unwrap_or_default();
                prop_assert!(IntentHead::as_written(piece).is_none() && OutcomeHead::as_written(piece).is_none());
            }
        }
    }
}
