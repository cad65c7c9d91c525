//! Mistakes in an `alerts.yaml`: each is named with its place and a way out.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;

use stanch_integrations::Catalog;
use stanch_model::Diagnostic;

const GOOD: &str = r#"
platform: shop
title: Shop
sources:
  shop-hook:
    title: Shop hook
    docs: https://shop.example/docs
    setup: Paste the address.
    settings: { header: { help: the header, default: X-Time } }
    proof:
      hmac:
        header: X-Sig
        prefix: "{settings.header}="
        signs: "{headers.x-time}.{body}"
        time: { header: X-Time }
    type: kind
    alert: { id: id, user: "people[role=owner].name", title: ["{user}: {event.text}", text] }
    facts: { strange: event.from == "far away" }
    meaning:
      - { type: ping, ignore: a test }
      - { type: "login.*", when: strange, kind: account.suspicious, at_least: high }
      - { type: login.failed, kind: account.refused }
    other: { kind: "shop.{type}" }
  shop-log:
    title: The same by hand
    docs: https://shop.example/docs
    setup: Paste the address.
    proof: { secret_in: { header: X-Key } }
    events_of: shop-hook
"#;

static SHIPPED: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);

fn read(source: &str) -> Vec<Diagnostic> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    std::fs::write(folder.path().join("shop/alerts.yaml"), source).unwrap();
    SHIPPED.clone().with_folder(folder.path()).err().unwrap_or_default()
}

#[test]
fn the_file_that_the_others_are_made_of_is_fine() {
    assert_eq!(read(GOOD), []);
}

#[test]
fn a_folder_adds_sources_and_a_platform_that_only_sends() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    std::fs::write(folder.path().join("shop/alerts.yaml"), GOOD).unwrap();
    let catalog = SHIPPED.clone().with_folder(folder.path()).unwrap();
    let formats: Vec<&str> = catalog.sources_of("shop").map(|source| source.format.as_str()).collect();
    assert_eq!(formats, ["shop-hook", "shop-log"]);
    assert_eq!(catalog.everything().get("shop"), Some(&"Shop"));
    assert!(catalog.platform("shop").is_none());
}

/// What is replaced, by what, the code, what is pointed at, words of message or help.
const MISTAKES: &[(&str, &str, &str, &str, &str)] = &[
    ("platform: shop", "platform: shoop", "IN0002", "shoop", "same name"),
    ("    setup: Paste the address.\n    settings", "    setpu: x\n    settings", "IN0001", "setpu", "setup"),
    ("  shop-log:", "  github:", "IN0060", "github", "no other platform"),
    ("events_of: shop-hook", "events_of: shop-hok", "IN0061", "shop-hok", "shop-hook"),
    ("\"shop.{type}\"", "\"shop.{tpye}\"", "IN0062", "\"shop.{tpye}\"", "type"),
    ("when: strange", "when: stange", "IN0062", "stange", "strange"),
    ("strange: event.from", "strange: evnt.from", "IN0062", "evnt.from == \"far away\"", "event"),
    ("\"{settings.header}=\"", "\"v1=\"", "IN0062", "header", "never used"),
    ("\"{settings.header}=\"", "\"{settings.haeder}\"", "IN0062", "hmac", "declare it"),
    ("    proof: { secret_in: { header: X-Key } }\n", "", "IN0063", "shop-log", "proof"),
    ("\"{headers.x-time}.{body}\"", "\"{headers.x-time}\"", "IN0064", "hmac", "{body}"),
    ("\"{headers.x-time}.{body}\"", "\"{body}\"", "IN0064", "hmac", "the time is not signed"),
    ("{ type: ping, ignore: a test }", "{ type: ping }", "IN0065", "meaning", "reason to `ignore`"),
    ("other: { kind", "other: { type: x, kind", "IN0065", "other", "move it into"),
    ("when: strange, ", "", "IN0066", "meaning", "before it"),
    ("id: id", "id: \"{headers.x-sig}\"", "IN0067", "\"{headers.x-sig}\"", "another header"),
    ("account.refused", "refused", "IN0068", "refused", "app.token_misuse"),
    (
        "event.from == \"far away\"",
        "event.people.some(|one| one.name == event.from)",
        "IN0069",
        "event.people",
        "find the item first",
    ),
    ("people[role=owner].name", "people[role].name", "IN0001", "", "[key=word]"),
];

#[test]
fn every_mistake_is_named_with_its_place_and_a_way_out() {
    for (was, is, code, pointed, words) in MISTAKES {
        assert!(GOOD.contains(was), "{was}");
        let source = GOOD.replacen(was, is, 1);
        let found = read(&source);
        let one = found.iter().find(|one| one.code == *code);
        let one = one.unwrap_or_else(|| panic!("{is}: {found:#?}"));
        let label = &one.labels[0];
        let at = &source[label.offset..label.offset + label.length];
        assert!(at.contains(pointed), "{is}: points at `{at}`");
        let said = format!("{} {}", one.message, one.help.as_deref().unwrap_or_default());
        assert!(said.contains(words), "{is}: {said}");
    }
}
