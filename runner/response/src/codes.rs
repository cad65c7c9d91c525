//! Every diagnostic code of this crate with its page: what is wrong, why it is refused, the way out.

use stanch_model::diagnostic::CodePage;

/// All of them, in order.
pub const PAGES: &[CodePage] = &[
    CodePage::new(
        "AL0001",
        "the file is not an alert",
        "An alert is JSON or YAML with `kind` (words joined by dots, such as `app.token_misuse`) and, where they are known, `title`, `severity` (info, low, medium, high, critical), `time` (RFC 3339), `app`, `user`, `ip`, `id`, `source` and `raw`. What a source sends as it sends it is handed in with `--source NAME`, NAME as under `alerts:`.",
    ),
    CodePage::new(
        "AL0002",
        "the file is not JSON",
        "What a source sends is read as its deliveries over HTTP are, and those are JSON. Save the body of the request alone, without headers.",
    ),
    CodePage::new(
        "CF0001",
        "the file is not a configuration",
        "The YAML cannot be read, a key is unknown or given twice, or a value has the wrong type. Only the first such mistake is reported: everything else is checked once the file can be read.",
    ),
    CodePage::new(
        "CF0002",
        "unknown platform",
        "The catalogue has no such platform. `stanch integrations list` shows those that it has.",
    ),
    CodePage::new(
        "CF0003",
        "the name cannot be used in a script",
        "An integration's name is a variable in every playbook, so it consists of letters, digits and underscores, does not begin with a digit, and is not a word of the language or of stanch. Write `okta_emea`, not `okta-emea`.",
    ),
    CodePage::new(
        "CF0004",
        "not a reference to a secret",
        "Secrets never stand in the configuration. Name where the secret is: `env:NAME`, `file:PATH` (absolute, readable by you alone) or `exec:COMMAND` (what it prints).",
    ),
    CodePage::new(
        "CF0005",
        "nobody can be told through this",
        "Write `slack:#channel`, `teams:CHANNEL`, `mail:person@example.com`, `webhook:NAME` or `pagerduty:SERVICE`; instead of `slack` and `mail` the name of a configured integration may stand.",
    ),
    CodePage::new(
        "CF0006",
        "the group has nobody in it",
        "An approval that asks an empty group can never be answered, so it would always end in silence.",
    ),
    CodePage::new(
        "CF0007",
        "unknown alert format",
        "The format says how a delivery proves itself and where its fields are.",
    ),
    CodePage::new(
        "CF0008",
        "unknown integration",
        "The name must stand under `integrations:` in the same file.",
    ),
    CodePage::new(
        "CF0009",
        "the address cannot be used",
        "An integration's address is an `https` URL without user, password, query or fragment. Plain `http` is for loopback only: a credential would cross the network in the clear.",
    ),
    CodePage::new(
        "CF0010",
        "a protect rule that protects nothing",
        "Each rule has exactly one of `user`, `app`, `group` or `tag`; a group is written `integration/Group name`, and its platform must be able to tell who is in it.",
    ),
    CodePage::new(
        "CF0011",
        "the listener's address",
        "Write an address and a port, such as `127.0.0.1:7300`. The server speaks plain HTTP: beyond loopback put a TLS proxy before it.",
    ),
    CodePage::new(
        "CF0012",
        "out of range",
        "The limit is zero, or so large that it would limit nothing. The message names the range.",
    ),
    CodePage::new(
        "CF0013",
        "the name cannot be part of an address",
        "An alert source's name is the last part of `/v1/alerts/<name>`: letters, digits, `_` and `-`, at most 64.",
    ),
    CodePage::new(
        "CF0014",
        "a setting that this format does not have",
        "`map` and `kind` are for the generic formats, `secret` for those that share one; the other settings of a format stand in `stanch integrations show`. `map` knows the fields of an alert.",
    ),
    CodePage::new("CF0015", "not a header", "Header names consist of letters, digits and `-`."),
    CodePage::new(
        "CF0020",
        "something without which this source can take no alert",
        "A shared secret, a setting such as the topic or the audience, or for alerts that are fetched the integration to ask. `stanch integrations show` lists what a format needs.",
    ),
    CodePage::new(
        "VN0001",
        "the file is not a vendor register",
        "The YAML cannot be read, a key is unknown or given twice, or a value has the wrong type.",
    ),
    CodePage::new(
        "VN0002",
        "two vendors claim one app",
        "An app belongs to exactly one vendor: otherwise nobody knows whom to tell.",
    ),
    CodePage::new(
        "VN0003",
        "nobody to write to",
        "A vendor without a contact cannot be told. Give at least one mail address of its security team; an address is written `name@example.com`.",
    ),
    CodePage::new(
        "VN0004",
        "not a length of time",
        "Write a number and a unit: `30m`, `24h`, `3d`, or `4 business days`.",
    ),
    CodePage::new(
        "DL0001",
        "the file is not a table of deadlines",
        "The YAML cannot be read, a key is unknown or given twice, or a value has the wrong type.",
    ),
    CodePage::new(
        "DL0002",
        "a clock that cannot run",
        "`within` is a length of time such as `72h`, `4 business days` or `1 month`, or `contract` for what the vendor register says; `zone` is a time zone of the IANA database; holidays are dates.",
    ),
];

/// The page of a code, if it is one of ours.
pub fn explain(code: &str) -> Option<&'static CodePage> {
    PAGES.iter().find(|page| page.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: &[&str] = &[
        include_str!("alert.rs"),
        include_str!("config/mod.rs"),
        include_str!("config/check.rs"),
        include_str!("config/alerts.rs"),
        include_str!("vendor.rs"),
        include_str!("deadline/table.rs"),
    ];

    #[test]
    fn every_code_that_is_used_has_a_page_and_every_page_is_used() {
        let used: std::collections::BTreeSet<&str> = SOURCES
            .iter()
            .flat_map(|source| source.split('"'))
            .filter(|word| {
                word.len() == 6
                    && ["AL", "CF", "VN", "DL"].contains(&&word[..2])
                    && word[2..].chars().all(|c| c.is_ascii_digit())
            })
            .collect();
        let pages: std::collections::BTreeSet<&str> = PAGES.iter().map(|page| page.code).collect();
        assert_eq!(used, pages);
    }
}
