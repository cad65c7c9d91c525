//! A limit: so many, or so many in a hundred. The same in manifests and in the configuration.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How much may be cut before a person is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How many targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Limit>,
    /// How many people, counted on each integration for a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<Limit>,
}

/// One limit: `500`, or `20%` of the population that an integration counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// So many.
    Count(u64),
    /// So many in a hundred.
    Percent(f64),
}

impl Limit {
    /// Reads `500` or `20%`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.strip_suffix('%') {
            Some(share) => {
                share.trim().parse().ok().filter(|share| (0.0..=100.0).contains(share)).map(Self::Percent)
            }
            None => text.parse().ok().map(Self::Count),
        }
    }

    /// How many that is of a population. A share is rounded down: 20% of 9 is 1.
    pub fn of(self, population: u64) -> u64 {
        match self {
            Self::Count(most) => most,
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a number of accounts, between 0 and that number"
            )]
            // The small addend keeps 29% of 100 from being 28.999…
            Self::Percent(share) => (population as f64 * share / 100.0 + 1e-9) as u64,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(most) => write!(f, "{most}"),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(most) => serializer.serialize_u64(*most),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl de::Visitor<'_> for Reader {
            type Value = Limit;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count such as 500, or a share such as 20%")
            }

            fn visit_u64<E: de::Error>(self, most: u64) -> Result<Limit, E> {
                Ok(Limit::Count(most))
            }

            fn visit_i64<E: de::Error>(self, most: i64) -> Result<Limit, E> {
                u64::try_from(most)
                    .map(Limit::Count)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(most), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Limit, E> {
                Limit::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "oneOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_count_or_a_share_of_a_hundred() {
        assert_eq!(Limit::parse("500"), Some(Limit::Count(500)));
        assert_eq!(Limit::parse(" 12.5 %"), Some(Limit::Percent(12.5)));
        for none in ["", "%", "101%", "-1", "-1%", "many"] {
            assert_eq!(Limit::parse(none), None, "{none}");
        }
        let read: Vec<Limit> = serde_json::from_str(r#"[7, "20%", "7"]"#).unwrap();
        assert_eq!(read, [Limit::Count(7), Limit::Percent(20.0), Limit::Count(7)]);
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"[7,"20%",7]"#);
        assert!(serde_json::from_str::<Limit>("-3").is_err());
    }

    #[test]
    fn a_share_is_rounded_down() {
        let of = |text: &str, population| Limit::parse(text).unwrap().of(population);
        assert_eq!(
            (of("20%", 9), of("20%", 30), of("29%", 100), of("100%", 7), of("0%", 7)),
            (1, 6, 29, 7, 0)
        );
        assert_eq!(of("500", 7), 500);
    }
}
