//! How a platform can fail, as a number or a word.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

macro_rules! answers {
    ($($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        /// How a platform can fail. In files a number (`429`, `503`) or one of the words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Answer {
            /// This HTTP status; 429 in the platform's own words with Retry-After. In mail: this SMTP reply.
            Status(u16),
            $($(#[$doc])* $variant),+
        }

        impl Answer {
            /// Every word, in order.
            pub const WORDS: &[&str] = &[$($word),+];

            fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for Answer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { Self::Status(status) => write!(f, "{status}"), $(Self::$variant => f.write_str($word)),+ }
            }
        }
    };
}

answers! {
    /// Nothing happens, no answer comes; the connection is held for `delay`, then closed.
    TimeoutBeforeEffect = "timeout_before_effect",
    /// The effect happens, no answer comes; the connection is held for `delay`, then closed.
    TimeoutAfterEffect = "timeout_after_effect",
    /// The connection is reset.
    Reset = "reset",
    /// A write is answered with success and changes nothing.
    RevokeDoesNothing = "revoke_does_nothing",
    /// What a write takes away is gone from lists, but its access works for `delay` more.
    LingeringAccess = "lingering_access",
    /// Reads show the state as it was `delay` ago.
    StaleRead = "stale_read",
    /// Somebody else did it a moment before.
    AlreadyRevoked = "already_revoked",
    /// `delay` after a write, the app it touched has `grants` new grants (unless it is blocked by then).
    ReconsentAfter = "reconsent_after",
    /// The app that a write touches turns out to have `grants` more.
    HiddenGrant = "hidden_grant",
    /// An HTML page, as from a proxy in front of the platform.
    Html = "html",
    /// Bytes that are no JSON, under a JSON content type.
    Garbage = "garbage",
    /// The right answer, cut off in the middle.
    HalfJson = "half_json",
    /// The right status without a body.
    Empty = "empty",
    /// A redirect to a foreign host.
    Redirect = "redirect",
    /// The right answer, `delay` late.
    Slow = "slow",
    /// The mail server refuses the recipient.
    MailBounce = "mail_bounce",
    /// The mail server says yes and delivers nothing.
    MailSilent = "mail_silent",
    /// A vendor's contacts read no mail: it is delivered, and nobody answers it. Only where contacts answer: in a drill.
    VendorSilent = "vendor_silent",
    /// The platform is down: 503 to everything, its token endpoint included.
    IdpDown = "idp_down",
    /// The token lacks the scope of the call: the platform's own way of saying so, which may be an empty list.
    ScopeMissing = "scope_missing",
}

impl JsonSchema for Answer {
    fn schema_name() -> Cow<'static, str> {
        "Answer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What happens instead: a status (429) or a word",
            "anyOf": [{ "type": "integer", "minimum": 400, "maximum": 599 }, { "enum": Self::WORDS }]
        })
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Status(status) => serializer.serialize_u16(*status),
            word => serializer.collect_str(word),
        }
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Status(u16),
            Word(String),
        }
        let word = match Given::deserialize(deserializer)? {
            Given::Status(status) => status.to_string(),
            Given::Word(word) => word,
        };
        if let Ok(status) = word.parse::<u16>() {
            return match status {
                400..=599 => Ok(Self::Status(status)),
                _ => Err(D::Error::custom(format!("{status} is not a failing status (400 to 599)"))),
            };
        }
        Self::parse(&word).ok_or_else(|| {
            let near = Self::WORDS.iter().max_by(|a, b| likeness(a, &word).total_cmp(&likeness(b, &word)));
            D::Error::custom(format!("unknown answer `{word}`, did you mean `{}`?", near.unwrap_or(&"reset")))
        })
    }
}

fn likeness(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b)
}
