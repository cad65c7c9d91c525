//! What the twins' scripts call their operations.

use std::collections::BTreeSet;

use stanch_integrations::twin::catalog;

#[test]
fn no_script_names_an_operation_twice() {
    for platform in catalog::platforms() {
        let file = format!("{}/catalog/{platform}/twin.rhai", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).expect(&file);
        let lines = text.lines().filter(|line| line.starts_with("read(") || line.starts_with("write("));
        let mut seen = BTreeSet::new();
        for line in
            lines.filter(|line| !["query", "send"].iter().any(|name| line.contains(&format!("(\"{name}\""))))
        {
            let name = line.split('"').nth(1).expect("a name");
            assert!(seen.insert(name.to_owned()), "{platform}: {name}");
        }
    }
}
