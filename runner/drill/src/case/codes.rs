//! The diagnostic codes of cases, each with its page.

use stanch_model::diagnostic::CodePage;

/// All of them, in order.
pub const PAGES: &[CodePage] = &[
    CodePage::new(
        "TC0001",
        "the file is not a case",
        "The YAML cannot be read, a key is unknown, missing or given twice, or a value has the wrong type. Only the first such mistake is reported: everything else is checked once the file can be read. A case says `case:`, how it starts (`input:` or `alert:`), `world:`, and what must come of it under `expect:`.",
    ),
    CodePage::new(
        "TC0002",
        "unknown name",
        "The case names a platform, action, verb, app, vendor, person, approval, question, step or input that neither the catalogue nor the playbook nor the case's own world knows, or the world holds a key under `extra` that no simulated platform reads. Most often it is a slip of the pen. Names of platforms are those of stanch.yaml, else the platform's own (`google_workspace`).",
    ),
    CodePage::new(
        "TC0003",
        "the world cannot be",
        "More people hold an app than there are, nobody holds one that has grants, two apps have one id, hidden grants belong to no app or never come to light, or a page holds no rows. The simulated platforms cannot be filled with such a world.",
    ),
    CodePage::new(
        "TC0004",
        "the start is not clear",
        "A case starts its run by hand, with `input:`, or by an `alert:`; never by both. An input that the manifest requires must be given.",
    ),
    CodePage::new(
        "TC0005",
        "the fault cannot happen",
        "A fault either has an `answer` or kills the runner (`kill_runner: true` with `entry`, `action` or `once`). Calls and entries are counted from 1.",
    ),
    CodePage::new(
        "TC0006",
        "the condition cannot be read",
        "`that` and `once` are one expression each, true or false: words with a name in quotes, compared and joined with `&&` and `||`: '`untouched(\"zendesk\")`'. `stanch drill words` says what each word means.",
    ),
    CodePage::new(
        "TC0007",
        "the case expects nothing",
        "A case without an expectation cannot fail, so it shows nothing. Say at least how the run is contained, or how it ends.",
    ),
    CodePage::new(
        "TC0008",
        "this cannot come true",
        "The expectations contradict each other: a run that waits has not ended, and one that finishes has no error.",
    ),
];

/// The page of a code.
pub fn explain(code: &str) -> Option<&'static CodePage> {
    PAGES.iter().find(|page| page.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_that_is_used_has_a_page_and_every_page_is_used() {
        let sources = [include_str!("check.rs"), include_str!("mod.rs")];
        let words = sources.iter().flat_map(|source| source.split('"'));
        let used: BTreeSet<&str> = words.filter(|word| word.len() == 6 && word.starts_with("TC0")).collect();
        let pages: BTreeSet<&str> = PAGES.iter().map(|page| page.code).collect();
        assert_eq!(used, pages);
    }
}
