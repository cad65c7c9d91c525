//! A playbook as a signed file, from who wrote it to who runs it.

use std::fs;

use crate::support::{empty, stanch, transcript};

const SLUG: &str = "oauth-app-compromise";

#[test]
fn what_a_trusted_key_signed_is_installed_and_nothing_else_is() {
    let home = empty();
    let made = stanch(home.path(), &["playbooks", "key", "release.key", "--json"]);
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let again = transcript(home.path(), &["playbooks", "key", "release.key"]);
    assert!(again.contains("a key is never written over another one"), "{again}");
    let signed = transcript(home.path(), &["playbooks", "sign", SLUG, "--key", "release.key"]);
    assert!(signed.ends_with("exit 0\n"), "{signed}");
    let install = |bundle: &str| transcript(home.path(), &["playbooks", "install", bundle, "--to", "own"]);
    let bundle = format!("{SLUG}.bundle.json");
    let own = home.path().join("own").join(SLUG);
    fs::create_dir_all(own.join("cases")).unwrap();
    fs::write(own.join("cases/ours.yaml"), "case: ours\n").unwrap();
    fs::write(home.path().join("stanch.yaml"), "{}\n").unwrap();
    let stranger = install(&bundle);
    assert!(stranger.contains("none of the trusted keys") && stranger.ends_with("exit 3\n"), "{stranger}");
    assert!(!own.join("main.rhai").exists());
    let trusted = format!("promote:\n  keys: {{ release: \"{}\" }}\n", made["public"].as_str().unwrap());
    fs::write(home.path().join("stanch.yaml"), trusted).unwrap();
    let text = fs::read_to_string(home.path().join(&bundle)).unwrap();
    fs::write(home.path().join("changed.json"), text.replace("grant.revoke()", "grant.keep()")).unwrap();
    let changed = install("changed.json");
    assert!(changed.contains("which was signed") && changed.ends_with("exit 3\n"), "{changed}");
    let installed = install(&bundle);
    assert!(installed.ends_with("exit 0\n"), "{installed}");
    assert!(own.join("README.md").exists() && own.join("cases/ours.yaml").exists());
    let differs = transcript(home.path(), &["playbooks", "diff", SLUG, "own/oauth-app-compromise"]);
    assert!(differs.ends_with("exit 0\n"), "{differs}");
}
