//! The people of a world: the same in every tenant, made from a number alone.

use rhai::{Dynamic, Map};

const FIRST: &[&str] = &[
    "ana", "ben", "caro", "dora", "emil", "fay", "gus", "hana", "ivo", "jun", "kira", "lars", "mina", "noel",
    "olga", "pia", "quin", "rosa", "sven", "tara", "uma", "vera", "wim", "xenia", "yara", "zeno",
];
const LAST: &[&str] = &[
    "adler", "berg", "costa", "duarte", "engel", "fischer", "garcia", "haas", "ito", "jansen", "kaya",
    "lind", "moreau", "novak", "okafor", "park", "quist", "rossi", "silva", "tanaka", "ullman", "vargas",
    "weber", "young",
];

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// From 0.
    pub(crate) number: u32,
    pub(crate) first: String,
    pub(crate) last: String,
    /// `ana.adler@acme.example`, with a number once the names are used up.
    pub(crate) email: String,
}

impl Person {
    pub(crate) fn of(number: u32) -> Self {
        let at = number as usize;
        let first = FIRST[at % FIRST.len()];
        let last = LAST[(at / FIRST.len() + at % FIRST.len()) % LAST.len()];
        let round = at / (FIRST.len() * LAST.len());
        let extra = if round == 0 { String::new() } else { (round + 1).to_string() };
        Self {
            number,
            first: capital(first),
            last: capital(last),
            email: format!("{first}.{last}{extra}@acme.example"),
        }
    }

    /// `ana.adler`
    pub(crate) fn login(&self) -> &str {
        self.email.split('@').next().unwrap_or_default()
    }

    /// As a script sees it.
    pub(crate) fn to_map(&self) -> Map {
        let fields: [(&str, Dynamic); 5] = [
            ("number", i64::from(self.number).into()),
            ("first", self.first.as_str().into()),
            ("last", self.last.as_str().into()),
            ("email", self.email.as_str().into()),
            ("login", self.login().into()),
        ];
        fields.into_iter().map(|(name, value)| (name.into(), value)).collect()
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_shares_an_address() {
        let addresses: BTreeSet<String> = (0..5000).map(|number| Person::of(number).email).collect();
        assert_eq!(addresses.len(), 5000);
        assert_eq!(Person::of(0).email, "ana.adler@acme.example");
    }
}
