//! The diagnostic codes of scenarios, each with its page.

use stanch_model::diagnostic::CodePage;

/// All of them, in order.
pub const PAGES: &[CodePage] = &[
    CodePage::new(
        "DR0001",
        "the file is not a scenario",
        "The YAML cannot be read, a key is unknown, missing or given twice, or a value has the wrong type. Only the first such mistake is reported: everything else is checked once the file can be read. `stanch drill schema` prints the JSON Schema for editors.",
    ),
    CodePage::new(
        "DR0002",
        "the scenario's name is not its file's",
        "A scenario is found by the name of its file, `drills/chat-widget.yaml`, and says the same under `drill:`.",
    ),
    CodePage::new(
        "DR0003",
        "the condition cannot be read",
        "`once`, `unless`, `that` and `end.once` are one expression each, true or false: words with a name in quotes, compared and joined with `&&` and `||`. Write it in single quotes: '`revoked(\"salesforce\") >= 10`'.",
    ),
    CodePage::new(
        "DR0004",
        "unknown word in a condition",
        "Conditions know few words: revoked, live, verified, blocked, untouched, reads, told, answered, first, done, approver, answer, asked, started, sent, ran; and the names started_by, phase, runs, ended, contained, kills, doubled, minutes. `stanch drill words` says what each means.",
    ),
    CodePage::new(
        "DR0005",
        "unknown name",
        "The condition, alert, fault, run or stand-in names an app, platform, action, vendor, approval, playbook, deadline, step or goal that neither the world of this scenario nor the playbooks know, or the world holds a key under `extra` that no simulated platform reads. Most often it is a slip of the pen.",
    ),
    CodePage::new(
        "DR0006",
        "an entry of the plot, or a move, is not whole",
        "Each entry has exactly one reason (`at`, `once`, `unless` with `by`, `by_hand`) and does exactly one thing (alert, mail, chat, phone, press, regulator, executive, fault, consent, pull, run). A plot without an alert or a run starts no response. Hidden grants need `once`. A move of the `adversary` does exactly one thing too (read, consent, token, hide); only `read` is done again `every` so often. A contact that answers has both `answers` and `says`; a fault of a vendor is `vendor_silent` and names nothing that is of calls.",
    ),
    CodePage::new(
        "DR0007",
        "goals and expectations do not meet",
        "Every goal is shown by at least one expectation, and at least one expectation has points: otherwise the score says nothing.",
    ),
    CodePage::new(
        "DR0008",
        "this cannot come true",
        "A time after the end of the drill, a percentage outside of 1 to 100, a world that cannot be (more people hold an app than there are, two apps with one id), more revoked grants than the world ever has, an adversary that reads where no grant ever is, a platform that pulls an app which it does not know, a fault of a platform that takes no part or of no call at all, a vendor that falls silent and never answers anyway, an expectation that holds only `until` a time before its `by`, or a condition that says nothing about the drill.",
    ),
    CodePage::new(
        "DR0009",
        "triggers wait for each other",
        "This entry's `once` can only come true after an entry that itself waits for it, so neither ever happens. Let one of them come `at` a time, or by hand.",
    ),
];

/// The page of a code.
pub fn explain(code: &str) -> Option<&'static CodePage> {
    PAGES.iter().find(|page| page.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: &[&str] = &[
        include_str!("check.rs"),
        include_str!("check_deeds.rs"),
        include_str!("check_faults.rs"),
        include_str!("contacts.rs"),
        include_str!("check_moves.rs"),
        include_str!("check_order.rs"),
        include_str!("check_world.rs"),
        include_str!("read.rs"),
        include_str!("../words.rs"),
    ];

    #[test]
    fn every_code_that_is_used_has_a_page_and_every_page_is_used() {
        let words = SOURCES.iter().flat_map(|source| source.split('"'));
        let is_code = |word: &&str| {
            word.len() == 6 && word.starts_with("DR") && word[2..].chars().all(|c| c.is_ascii_digit())
        };
        let used: std::collections::BTreeSet<&str> = words.filter(is_code).collect();
        let pages: std::collections::BTreeSet<&str> = PAGES.iter().map(|page| page.code).collect();
        assert_eq!(used, pages);
    }
}
