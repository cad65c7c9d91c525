//! Mistakes in a platform's file: each is named with its place and a way out, several at once.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use stanch_integrations::Catalog;
use stanch_model::Diagnostic;

const GOOD: &str = r#"
platform: shop
title: Shop
docs: https://shop.example/docs
url: "{url}"
settings: { org: { help: the organisation } }
auth: [{ name: token, type: bearer }]
witnesses:
  every_key: { reads: [get_reach], holds: out.some(|own| own.all == true), lacks: who may not see all keys sees some }
actions:
  get_reach:
    title: Read what this token may see
    effect: read
    request: { method: GET, path: /me }
    output: { all: sees_all_keys }
    evidence: none
    docs: https://shop.example/docs
  list_keys:
    title: List keys
    effect: read
    request: { method: GET, path: /keys }
    yields: { kind: key, id: id, label: name }
    witness: every_key
    evidence: none
    docs: https://shop.example/docs
  get_key:
    title: Read a key
    effect: read
    target: { kind: key, id: "{key_id}" }
    input: { key_id: { type: string } }
    request: { method: GET, path: "/keys/{key_id}" }
    evidence: none
    docs: https://shop.example/docs
  disable_key:
    title: Switch a key off
    verb: key.disable
    effect: reversible
    target: { kind: key, id: "{key_id}" }
    input: { key_id: { type: string } }
    request: { method: POST, path: "/keys/{key_id}/off" }
    verify: { action: get_key, with: { key_id: "{key_id}" }, until: out.on == false }
    undo: { action: enable_key, with: { key_id: "{key_id}" } }
    in_doubt: probe
    evidence: none
    docs: https://shop.example/docs
  enable_key:
    title: Switch a key on
    effect: restore
    target: { kind: key, id: "{key_id}" }
    input: { key_id: { type: string } }
    request: { method: POST, path: "/keys/{key_id}/on" }
    verify: { action: get_key, with: { key_id: "{key_id}" }, until: out.on == true }
    in_doubt: probe
    evidence: none
    docs: https://shop.example/docs
"#;

fn read(source: &str) -> Vec<Diagnostic> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    std::fs::write(folder.path().join("shop/integration.yaml"), source).unwrap();
    Catalog::default().with_folder(folder.path()).err().unwrap_or_default()
}

/// The text that a diagnostic points at.
fn pointed<'a>(source: &'a str, diagnostic: &Diagnostic) -> &'a str {
    let label = &diagnostic.labels[0];
    &source[label.offset..label.offset + label.length]
}

#[test]
fn the_file_that_the_others_are_made_of_is_fine() {
    assert_eq!(read(GOOD), []);
}

/// What is replaced, by what, the code, what is pointed at, words of message or help.
const MISTAKES: &[(&str, &str, &str, &str, &str)] = &[
    (
        "    in_doubt: probe\n    evidence: none\n    docs: https://shop.example/docs\n  enable_key",
        "    in_dubt: probe\n    evidence: none\n    docs: https://shop.example/docs\n  enable_key",
        "IN0001",
        "in_dubt",
        "in_doubt",
    ),
    ("platform: shop", "platform: shopp", "IN0002", "shopp", "same name"),
    ("/keys/{key_id}/off", "/keys/{keyid}/off", "IN0003", "\"/keys/{keyid}/off\"", "key_id"),
    (
        "    undo: { action: enable_key,",
        "    undo: { action: enabel_key,",
        "IN0004",
        "enabel_key",
        "enable_key",
    ),
    (
        "    verify: { action: get_key, with: { key_id: \"{key_id}\" }, until: out.on == false }\n",
        "",
        "IN0005",
        "disable_key",
        "verify: { none:",
    ),
    ("until: out.on == false }", "none: both }", "IN0006", "verify", "`none` with the reason"),
    (
        "with: { key_id: \"{key_id}\" }, until: out.on == false",
        "with: { id: \"{key_id}\" }, until: out.on == false",
        "IN0007",
        "id",
        "takes no `id`",
    ),
    (
        "request: { method: GET, path: \"/keys/{key_id}\" }",
        "request: { path: \"/keys/{key_id}\" }",
        "IN0008",
        "request",
        "method",
    ),
    (
        "request: { method: GET, path: \"/keys/{key_id}\" }",
        "request: { method: GET, path: \"/keys/{key_id}\", query: { q: a, b } }",
        "IN0008",
        "b",
        "no value",
    ),
    (
        "input: { key_id: { type: string } }\n    request: { method: POST, path: \"/keys/{key_id}/on\"",
        "input: { key_id: { type: string }, why: { type: string } }\n    request: { method: POST, path: \"/keys/{key_id}/on\"",
        "IN0009",
        "why",
        "does nothing",
    ),
    ("until: out.on == false", "until: outt.on == false", "IN0010", "outt.on == false", "`out`"),
    (
        "path: \"/keys/{key_id}\" }",
        "path: \"/keys/{key_id}\", query: { q: \"name = '{key_id}'\" } }",
        "IN0011",
        "query",
        "{key_id|soql}",
    ),
    (
        "input: { key_id: { type: string } }\n    request: { method: GET",
        "input: { key_id: { type: secret } }\n    request: { method: GET",
        "IN0012",
        "\"/keys/{key_id}\"",
        "secret",
    ),
    (
        "    undo: { action: enable_key, with: { key_id: \"{key_id}\" } }\n",
        "",
        "IN0013",
        "disable_key",
        "permanent",
    ),
    ("type: bearer", "type: header", "IN0014", "header", "needs `header`"),
    (
        "    verb: key.disable\n",
        "    verb: lock.disable\n",
        "IN0015",
        "lock.disable",
        "nothing calls `lock.disable` on a key",
    ),
    (
        "    effect: reversible\n    target: { kind: key, id: \"{key_id}\" }\n",
        "    effect: reversible\n",
        "IN0015",
        "key.disable",
        "called on a target",
    ),
    (
        "    in_doubt: probe\n    evidence: none\n    docs: https://shop.example/docs\n  enable_key",
        "    in_doubt: repeat\n    evidence: none\n    docs: https://shop.example/docs\n  enable_key",
        "IN0016",
        "repeat",
        "idempotency",
    ),
    ("    effect: restore\n", "    effect: restore\n    needs: [orgg]\n", "IN0017", "needs", "orgg"),
    (
        "    yields: { kind: key, id: id, label: name }\n",
        "    yields: { kind: key, label: name }\n",
        "IN0018",
        "yields",
        "without an `id`",
    ),
    ("witness: every_key", "witness: evry_key", "IN0030", "evry_key", "did you mean `every_key`"),
    ("    witness: every_key\n", "", "IN0030", "every_key", "no list names"),
    ("    output: { all: sees_all_keys }\n", "    witness: every_key\n", "IN0030", "witness", "is no list"),
    ("reads: [get_reach]", "reads: []", "IN0030", "reads", "reads nothing"),
    ("reads: [get_reach]", "reads: [get_raech]", "IN0004", "get_raech", "did you mean `get_reach`"),
    ("reads: [get_reach]", "reads: [disable_key]", "IN0004", "disable_key", "only a read"),
    ("reads: [get_reach]", "reads: [get_key]", "IN0030", "get_key", "without arguments"),
    ("reads: [get_reach]", "reads: [list_keys]", "IN0030", "list_keys", "has a witness itself"),
    (
        "out.some(|own| own.all == true)",
        "out.all(|own| own.all == true)",
        "IN0030",
        "out.all(|own| own.all == true)",
        "without anything in it",
    ),
    ("out.some(|own| own.all == true)", "body.all == true", "IN0030", "body.all == true", "knows `out`"),
    ("lacks: who may not see all keys sees some", "lacks: ''", "IN0030", "lacks", "does not say"),
    ("until: out.on == false", "until: 'out.on =='", "IN0001", "'out.on", "out.on =="),
    ("/keys/{key_id}/off", "/keys/{key_id/off", "IN0001", "\"/keys/{key_id/off\"", "unpaired"),
    ("effect: restore", "effect: restoration", "IN0001", "restoration", "restore"),
    ("  get_key:\n", "  get_key: &a [*a]\n  x:\n", "IN0001", "", ""),
];

#[test]
fn one_mistake_is_named_with_its_place() {
    for (from, to, code, place, words) in MISTAKES {
        assert!(GOOD.contains(*from), "{from}");
        let source = GOOD.replacen(*from, to, 1);
        let found = read(&source);
        let said = |diagnostic: &Diagnostic| {
            format!("{} {}", diagnostic.message, diagnostic.help.clone().unwrap_or_default())
        };
        let mut hits = found.iter().filter(|diagnostic| diagnostic.code == *code);
        let hit = hits.find(|diagnostic| said(diagnostic).contains(*words));
        let hit = hit.unwrap_or_else(|| panic!("{to}: {code} {words}: {found:#?}"));
        if !place.is_empty() {
            assert_eq!(pointed(&source, hit), *place, "{hit:?}");
        }
    }
}

#[test]
fn several_mistakes_are_named_at_once() {
    let source =
        GOOD.replace("{key_id}/off", "{a}/off").replace("{key_id}/on", "{b}/on").replace("out.on ==", "x ==");
    let found = read(&source);
    assert_eq!(found.iter().filter(|diagnostic| diagnostic.code == "IN0003").count(), 2, "{found:#?}");
    assert_eq!(found.iter().filter(|diagnostic| diagnostic.code == "IN0010").count(), 2, "{found:#?}");
}

#[test]
fn a_folder_overrides_what_is_shipped_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("okta")).unwrap();
    let own = GOOD.replace("platform: shop", "platform: okta").replace("title: Shop", "title: Our Okta");
    std::fs::write(folder.path().join("okta/integration.yaml"), own).unwrap();
    let catalog = Catalog::embedded().with_folder(folder.path()).unwrap();
    assert_eq!(catalog.platform("okta").unwrap().title(), "Our Okta");
    assert_eq!(catalog.platform("slack").unwrap().title(), "Slack");
    assert!(Catalog::default().with_folder(&folder.path().join("gone")).is_err());
}

#[test]
fn a_definition_that_changes_has_another_hash() {
    let hash = |source: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shop")).unwrap();
        std::fs::write(folder.path().join("shop/integration.yaml"), source).unwrap();
        let catalog = Catalog::default().with_folder(folder.path()).unwrap();
        catalog.platform("shop").unwrap().action("disable_key").unwrap().hash
    };
    let here = hash(GOOD);
    assert_eq!(here, hash(&GOOD.replace("    title: Read a key", "    # a note\n    title: Read a key")));
    assert_ne!(here, hash(&GOOD.replace("/off", "/disable")));
    assert_ne!(
        here,
        hash(&GOOD.replace("type: bearer", "type: basic, user: me")),
        "so does the way to authenticate"
    );
    assert_eq!(here, hash(&GOOD.replace("/on\"", "/enable\"")), "another action is none of its business");
}

#[test]
fn a_proof_that_looks_at_what_is_not_there_is_no_proof() {
    let proof = |list: &str, until: &str| {
        let bad = GOOD.replacen(
            r#"{ action: get_key, with: { key_id: "{key_id}" }, until: out.on == false }"#,
            &format!("{{ action: {list}, until: '{until}' }}"),
            1,
        );
        assert_ne!(bad, GOOD);
        let found = read(&bad);
        found.iter().map(|one| format!("{} {}", one.code, one.message)).collect::<Vec<_>>()
    };
    assert_eq!(
        proof("list_keys", "!out.some(|one| one.idd == target.id)"),
        ["IN0032 the read gives no `idd`"]
    );
    assert_eq!(
        proof("list_keys", "out.is_emty()"),
        ["IN0032 there is no function `is_emty`: this never has a value, and proves nothing"]
    );
    assert_eq!(proof("list_keys", "!out.has(target.id)"), Vec::<String>::new());
}
