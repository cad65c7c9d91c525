//! Every file that we ship is read without a complaint, and says enough.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeMap, time::Duration};

use stanch_integrations::{Catalog, Evidence};
use stanch_model::Effect;

fn shipped() -> Catalog {
    Catalog::embedded()
}

#[test]
fn every_file_is_read_without_a_complaint() {
    let mistakes = Catalog::mistakes_of_the_embedded();
    let all: Vec<_> =
        mistakes.iter().map(|mistake| format!("{} {:?}", mistake.one_line(), mistake.help)).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
    let catalog = shipped();
    assert_eq!(catalog.platforms().count(), catalog.slugs().count(), "each is read when it is asked for");
    let mut total = 0;
    for platform in catalog.platforms() {
        let mut effects: BTreeMap<&str, usize> = BTreeMap::new();
        for action in platform.actions() {
            *effects.entry(action.effect.as_str()).or_default() += 1;
        }
        let count = platform.actions().count();
        let proven = platform.actions().filter(|action| action.verify.is_some()).count();
        println!("{}: {count} actions {effects:?}, {proven} proven by a read", platform.slug());
        total += count;
    }
    println!("{total} actions in all");
    assert!(total >= 90, "{total}");
}

#[test]
fn every_cut_has_a_policy_scopes_and_a_page() {
    for platform in shipped().platforms() {
        for action in platform.actions() {
            let name = format!("{}.{}", platform.slug(), action.name);
            assert!(action.docs.starts_with("https://"), "{name} has no page");
            if matches!(action.effect, Effect::Reversible) && !action.manual {
                assert!(action.undo.is_some(), "{name} cannot be taken back");
            }
            if let Some(verify) = &action.verify {
                assert!(verify.within <= Duration::from_secs(600), "{name} waits long");
                assert!(!verify.until.contains("!="), "{name}: what is missing would prove it");
            }
            assert!(platform.evidence(&action.name).is_some_and(|known| known <= Evidence::None));
        }
    }
}

/// What the shipped playbooks call, by platform: one action each.
const VERBS: &[(&str, &[&str])] = &[
    (
        "okta",
        &[
            "find_app",
            "find_user",
            "app.grants",
            "app.quarantine",
            "grant.revoke",
            "user.end_sessions",
            "user.suspend",
            "user.grants",
            "key.disable",
        ],
    ),
    (
        "salesforce",
        &[
            "find_app",
            "find_user",
            "app.grants",
            "app.quarantine",
            "grant.revoke",
            "user.end_sessions",
            "user.suspend",
            "user.grants",
        ],
    ),
    (
        "github",
        &[
            "find_app",
            "find_user",
            "credential.revoke",
            "app.quarantine",
            "grant.revoke",
            "user.grants",
            "key.disable",
        ],
    ),
    (
        "slack",
        &["find_app", "find_user", "chat.post", "app.quarantine", "user.end_sessions", "credential.revoke"],
    ),
    (
        "entra",
        &[
            "find_app",
            "find_user",
            "app.grants",
            "app.quarantine",
            "grant.revoke",
            "user.end_sessions",
            "user.suspend",
            "user.grants",
        ],
    ),
    ("oauth2", &["credential.revoke"]),
    ("webhook", &["chat.post"]),
    ("smtp", &["mail.send"]),
];

#[test]
fn the_verbs_that_playbooks_use_are_there() {
    let catalog = shipped();
    for (slug, verbs) in VERBS {
        let platform = catalog.platform(slug).unwrap();
        for verb in *verbs {
            let found = platform.actions().filter(|action| action.verb.as_deref() == Some(*verb)).count();
            // A finder may be several reads; what is called on a target is one.
            let one = found == 1 || (verb.starts_with("find_") && found > 1);
            assert!(one, "{slug} has {found} actions for {verb}");
        }
    }
}

/// The page that lists all platforms is generated between its marks: `STANCH_WRITE=1` writes it.
#[test]
fn the_readme_lists_what_the_catalogue_holds() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("<!-- Generated: ").unwrap();
    let (command, rest) = rest.split_once(" -->\n").unwrap();
    let (listed, after) = rest.split_once("<!-- end -->").unwrap();
    let wanted = format!("\n{}\n", shipped().overview());
    if std::env::var_os("STANCH_WRITE").is_some() {
        let page = format!("{before}<!-- Generated: {command} -->\n{wanted}<!-- end -->{after}");
        std::fs::write(&path, page).unwrap();
    } else {
        assert!(listed == wanted, "integrations/README.md is older than the catalogue: run `{command}`");
    }
}
