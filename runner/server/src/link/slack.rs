//! Buttons under a message in Slack, and what a press of one says: <https://docs.slack.dev/interactivity/handling-user-interaction>.
//!
//! A press is believed for its signature alone, and only within [`FRESH`]; who pressed is who the configuration says they are.

use std::time::Duration;

use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stanch_model::run::{WaitKind, WaitView};

/// How old a press may be: Slack's own advice, against replays.
const FRESH: Duration = Duration::from_secs(300);

/// Slack takes so many buttons in a row, and so much text in a section.
const MOST_BUTTONS: usize = 5;
const MOST_TEXT: usize = 2_900;

/// What every button's `action_id` begins with.
const ACTION: &str = "stanch:";

/// What can be said of a card at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    /// `<run>:<wait>`.
    pub(crate) card: String,
    /// The words, the safe one first; none where the answer is free text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) words: Vec<String>,
}

impl Offer {
    /// What this wait takes from whoever is asked; nothing for what only somebody may say who has looked.
    pub(crate) fn of(card: &str, wait: &WaitView) -> Option<Self> {
        let words = match wait.kind {
            WaitKind::Approval => vec!["deny".to_owned(), "approve".to_owned()],
            WaitKind::Question | WaitKind::Manual | WaitKind::Guard => wait.options.clone(),
            WaitKind::InDoubt | WaitKind::Timer | WaitKind::Signal | WaitKind::Child => return None,
        };
        Some(Self { card: card.to_owned(), words })
    }

    /// The message with a button for each word; nothing where there is no word, or too many.
    pub(crate) fn blocks(&self, text: &str) -> Option<Value> {
        if self.words.is_empty() || self.words.len() > MOST_BUTTONS {
            return None;
        }
        let buttons: Vec<Value> = self.words.iter().map(|word| self.button(word)).collect();
        let shown: String = text.chars().take(MOST_TEXT).collect();
        Some(json!([
            { "type": "section", "text": { "type": "plain_text", "text": shown, "emoji": false } },
            { "type": "actions", "block_id": self.card, "elements": buttons },
        ]))
    }

    fn button(&self, word: &str) -> Value {
        let plain = |text: &str| json!({ "type": "plain_text", "text": text });
        let (label, style) = match word {
            "approve" => ("Yes", Some("danger")),
            "deny" => ("No", None),
            word => (word, None),
        };
        let mut button = json!({
            "type": "button", "action_id": format!("{ACTION}{word}"), "value": self.card,
            "text": plain(&label.replace('_', " ")),
        });
        if let Some(style) = style {
            button["style"] = json!(style);
            button["confirm"] = json!({
                "title": plain("Say yes?"), "confirm": plain("Yes"), "deny": plain("Not now"), "style": style,
                "text": plain("What is cut may not come back. Read the card first."),
            });
        }
        button
    }
}

/// A button was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Press {
    /// The Slack user's id.
    pub(crate) user: String,
    /// `<run>:<wait>`.
    pub(crate) card: String,
    /// What the button says.
    pub(crate) say: String,
    /// Where the message stands.
    pub(crate) channel: String,
    /// Its time, which names it there.
    pub(crate) ts: String,
    /// Its text, as it stands.
    pub(crate) text: String,
}

/// Why a delivery is no press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPress {
    /// Its signature does not hold, or it is too old.
    Unproven,
    /// It is not what Slack sends for a button of ours.
    Other,
}

#[derive(Deserialize)]
struct Payload {
    user: Named,
    container: Container,
    #[serde(default)]
    message: Message,
    actions: Vec<Pressed>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Container {
    channel_id: String,
    message_ts: String,
}

#[derive(Default, Deserialize)]
struct Message {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Pressed {
    action_id: String,
    #[serde(default)]
    value: String,
}

impl Press {
    /// Reads what Slack posted; `at` and `signature` are its two headers.
    pub(crate) fn read(
        secret: &str,
        at: &str,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Self, NoPress> {
        prove(secret, at, signature, body, now)?;
        let form = url::form_urlencoded::parse(body);
        let payload = form.into_iter().find(|(name, _)| name == "payload").ok_or(NoPress::Other)?.1;
        let payload: Payload = serde_json::from_str(&payload).map_err(|_| NoPress::Other)?;
        let pressed = payload.actions.into_iter().next().ok_or(NoPress::Other)?;
        let say = pressed.action_id.strip_prefix(ACTION).ok_or(NoPress::Other)?.to_owned();
        let Container { channel_id: channel, message_ts: ts } = payload.container;
        Ok(Self { user: payload.user.id, card: pressed.value, say, channel, ts, text: payload.message.text })
    }
}

/// `v0=` and the HMAC-SHA256 of `v0:<time>:<body>`.
fn prove(secret: &str, at: &str, signature: &str, body: &[u8], now: Timestamp) -> Result<(), NoPress> {
    let sent: i64 = at.parse().map_err(|_| NoPress::Unproven)?;
    if now.as_second().abs_diff(sent) > FRESH.as_secs() {
        return Err(NoPress::Unproven);
    }
    let hex = signature.strip_prefix("v0=").ok_or(NoPress::Unproven)?;
    let mark = from_hex(hex).ok_or(NoPress::Unproven)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = [b"v0:", at.as_bytes(), b":", body].concat();
    hmac::verify(&key, &signed, &mark).map_err(|_| NoPress::Unproven)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of <https://docs.slack.dev/authentication/verifying-requests-from-slack>.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const AT: &str = "1531420618";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const MARK: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn then() -> Timestamp {
        Timestamp::from_second(1_531_420_620).unwrap()
    }

    #[test]
    fn slacks_own_example_is_proven_and_no_other() {
        let prove = |at: &str, mark: &str, body: &str, now| prove(SECRET, at, mark, body.as_bytes(), now);
        assert_eq!(prove(AT, MARK, BODY, then()), Ok(()));
        let later = then() + jiff::SignedDuration::from_mins(6);
        assert_eq!(prove(AT, MARK, BODY, later), Err(NoPress::Unproven), "a replay");
        assert_eq!(prove("1531420619", MARK, BODY, then()), Err(NoPress::Unproven));
        assert_eq!(prove(AT, MARK, &BODY.replace("roadrunner", "coyote"), then()), Err(NoPress::Unproven));
        for wrong in ["", "v0=", "v0=zz", "a2114d", &MARK[..MARK.len() - 1]] {
            assert_eq!(prove(AT, wrong, BODY, then()), Err(NoPress::Unproven), "{wrong}");
        }
    }

    #[test]
    fn more_words_than_slack_shows_are_no_buttons() {
        let offer = |count: usize| Offer {
            card: "01RUN:Q1".to_owned(),
            words: (0..count).map(|n| format!("w{n}")).collect(),
        };
        assert!(offer(0).blocks("?").is_none() && offer(6).blocks("?").is_none());
        let blocks = offer(5).blocks(&"x".repeat(4_000)).unwrap();
        assert_eq!(blocks[1]["elements"].as_array().unwrap().len(), 5);
        assert_eq!(blocks[0]["text"]["text"].as_str().unwrap().len(), MOST_TEXT);
    }
}
