//! Durations as people write them: `90s`, `2m`, `1h 30m`, `500ms`.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

pub(super) fn serialize<S: Serializer>(span: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match span.and_then(|span| SignedDuration::try_from(span).ok()) {
        Some(span) => serializer.serialize_str(&format!("{span:#}")),
        None => serializer.serialize_none(),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let span: SignedDuration = text
        .parse()
        .map_err(|_| D::Error::custom(format!("`{text}` is not a duration such as 90s, 2m or 1h")))?;
    Duration::try_from(span).map(Some).map_err(|_| D::Error::custom("a duration cannot be negative"))
}
