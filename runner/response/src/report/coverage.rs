//! What the tags of playbooks stand for: RE&CT, D3FEND, ATT&CK and their like. The names are those of the published
//! tables; a tag without a name here is shown by itself.

use std::collections::BTreeMap;

use super::shape::Cover;

/// The names of the tags that the library carries.
const NAMES: &[(&str, &str)] = &[
    ("react:RA1007", "Develop communication map"),
    ("react:RA3601", "Lock user account"),
    ("react:RA4001", "Report incident to external companies"),
    ("react:RA4601", "Revoke authentication credentials"),
    ("d3fend:D3-AL", "Account Locking"),
    ("d3fend:D3-CR", "Credential Revocation"),
    ("d3fend:D3-CRO", "Credential Rotation"),
    ("d3fend:D3-ST", "Session Termination"),
    ("attack:T1195", "Supply Chain Compromise"),
    ("attack:T1199", "Trusted Relationship"),
    ("attack:T1528", "Steal Application Access Token"),
    ("attack:T1550.001", "Use Alternate Authentication Material: Application Access Token"),
    ("attack:T1552.008", "Unsecured Credentials: Chat Messages"),
];

/// The schemes in the order in which they are shown.
const SCHEMES: &[(&str, &str)] = &[
    ("react", "RE&CT"),
    ("d3fend", "D3FEND"),
    ("attack", "ATT&CK"),
    ("cacao", "CACAO"),
    ("csf", "CSF"),
    ("saas", "own"),
];

/// What these playbooks, each with its tags, cover.
pub(super) fn of<'a>(books: impl Iterator<Item = (&'a str, &'a [String])>) -> Vec<Cover> {
    let mut found: BTreeMap<(usize, String, String), Cover> = BTreeMap::new();
    for (slug, tags) in books {
        for full in tags {
            let (prefix, tag) = full.split_once(':').unwrap_or(("", full));
            let place = SCHEMES.iter().position(|(known, _)| *known == prefix);
            let scheme = place.map_or(prefix, |nth| SCHEMES[nth].1);
            let key = (place.unwrap_or(SCHEMES.len()), prefix.to_owned(), tag.to_owned());
            let cover = found.entry(key).or_insert_with(|| Cover {
                scheme: scheme.to_owned(),
                tag: tag.to_owned(),
                name: NAMES.iter().find(|(known, _)| known == full).map_or("", |(_, name)| name).to_owned(),
                playbooks: Vec::new(),
            });
            if !cover.playbooks.iter().any(|known| known == slug) {
                cover.playbooks.push(slug.to_owned());
            }
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stand_once_in_the_order_of_their_schemes() {
        let (one, two) = (["saas:x".to_owned(), "react:RA4601".to_owned()], ["react:RA4601".to_owned()]);
        let found = of([("a", &one[..]), ("b", &two[..])].into_iter());
        assert_eq!(
            (found[0].scheme.as_str(), found[0].name.as_str()),
            ("RE&CT", "Revoke authentication credentials")
        );
        assert_eq!(found[0].playbooks, ["a", "b"]);
        assert_eq!((found[1].scheme.as_str(), found[1].tag.as_str()), ("own", "x"));
    }
}
