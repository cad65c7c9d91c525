//! Every diagnostic code of this crate with its page: what is wrong, why it is refused, the way out.

use stanch_model::diagnostic::CodePage;

/// All of them, in order.
pub const PAGES: &[CodePage] = &[
    CodePage::new(
        "AL0001",
        "the file is not an alert",
        "An alert is JSON or YAML with `kind` (words joined by dots, such as `app.token_misuse`) and, where they are known, `title`, `severity` (info, low, medium, high, critical), `time` (RFC 3339), `app`, `user`, `ip`, `id`, `source` and `raw`. What a source sends as it sends it is handed in with `--source NAME`, NAME as under `alerts:`.",
    )
    .shows(
        "kind: token misuse\nseverty: high",
        "kind: app.token_misuse\nseverity: high",
    ),
    CodePage::new(
        "AL0002",
        "the file is not JSON",
        "What a source sends is read as its deliveries over HTTP are, and those are JSON. Save the body of the request alone, without headers.",
    )
    .shows(
        "{ \"alert\": \"token misuse\", }",
        "{ \"alert\": \"token misuse\" }",
    ),
    CodePage::new(
        "CF0001",
        "the file is not a configuration",
        "The YAML cannot be read, a key is unknown or given twice, or a value has the wrong type. Only the first such mistake is reported: everything else is checked once the file can be read.",
    )
    .shows(
        "integration:\n  okta: { platform: okta }",
        "integrations:\n  okta: { platform: okta }",
    ),
    CodePage::new(
        "CF0002",
        "unknown platform",
        "The catalogue has no such platform. `stanch integrations list` shows those that it has.",
    )
    .shows(
        "integrations:\n  okta: { platform: otka }",
        "integrations:\n  okta: { platform: okta }",
    ),
    CodePage::new(
        "CF0003",
        "the name cannot be used in a script",
        "An integration's name is a variable in every playbook, so it consists of letters, digits and underscores, does not begin with a digit, and is not a word of the language or of stanch. Write `okta_emea`, not `okta-emea`.",
    )
    .shows(
        "integrations:\n  okta-emea: { platform: okta }",
        "integrations:\n  okta_emea: { platform: okta }",
    ),
    CodePage::new(
        "CF0004",
        "not a reference to a secret",
        "Secrets never stand in the configuration. Name where the secret is: `env:NAME`, `file:PATH` (absolute, readable by you alone) or `exec:COMMAND` (what it prints).",
    )
    .shows(
        "integrations:\n  okta: { platform: okta, credential: \"00aBcDeF\" }",
        "integrations:\n  okta: { platform: okta, credential: env:OKTA_KEY }",
    ),
    CodePage::new(
        "CF0005",
        "nobody can be told through this",
        "Write `slack:#channel`, `teams:CHANNEL`, `mail:person@example.com`, `webhook:NAME` or `pagerduty:SERVICE`; instead of `slack` and `mail` the name of a configured integration may stand.",
    )
    .shows(
        "integrations:\n  slack: { platform: slack }\ntell:\n  team: [\"#incidents\"]",
        "integrations:\n  slack: { platform: slack }\ntell:\n  team: [\"slack:#incidents\"]",
    ),
    CodePage::new(
        "CF0006",
        "the group has nobody in it",
        "An approval that asks an empty group can never be answered, so it would always end in silence.",
    )
    .shows(
        "people:\n  groups: { incident-lead: [] }",
        "people:\n  groups: { incident-lead: [ben, caro] }",
    ),
    CodePage::new(
        "CF0007",
        "unknown alert format",
        "The format says how a delivery proves itself and where its fields are.",
    )
    .shows(
        "alerts:\n  siem: { format: hmak, secret: env:SIEM_HOOK }",
        "alerts:\n  siem: { format: hmac, secret: env:SIEM_HOOK }",
    ),
    CodePage::new(
        "CF0008",
        "unknown integration",
        "The name must stand under `integrations:` in the same file.",
    )
    .shows(
        "integrations:\n  okta: { platform: okta }\nalerts:\n  hook: { format: okta-event-hook, secret: env:HOOK, integration: okta_emea }",
        "integrations:\n  okta: { platform: okta }\nalerts:\n  hook: { format: okta-event-hook, secret: env:HOOK, integration: okta }",
    ),
    CodePage::new(
        "CF0009",
        "the address cannot be used",
        "An integration's address is an `https` URL without user, password, query or fragment. Plain `http` is for loopback only: a credential would cross the network in the clear.",
    )
    .shows(
        "integrations:\n  okta: { platform: okta, url: \"http://acme.okta.com\" }",
        "integrations:\n  okta: { platform: okta, url: \"https://acme.okta.com\" }",
    ),
    CodePage::new(
        "CF0010",
        "a protect rule that protects nothing",
        "Each rule has exactly one of `user`, `app`, `group`, `role` or `tag`; a group is written `integration/Group name`, a role `integration/Role`, and the platform must be able to tell who is in it or holds it.",
    )
    .shows(
        "integrations:\n  okta: { platform: okta }\nprotect:\n  - { group: Emergency-Admins }",
        "integrations:\n  okta: { platform: okta }\nprotect:\n  - { group: okta/Emergency-Admins }",
    ),
    CodePage::new(
        "CF0011",
        "the listener's address",
        "Write an address and a port, such as `127.0.0.1:7300`. Beyond loopback the server speaks TLS (`tls: { certificate: file:…, key: file:… }`) or stands behind a proxy that does. `public` is the address that people reach, `https://stanch.acme.example`.",
    )
    .shows(
        "server: { listen: localhost }",
        "server: { listen: \"127.0.0.1:7300\" }",
    ),
    CodePage::new(
        "CF0012",
        "out of range",
        "The limit is zero, or so large that it would limit nothing. The message names the range.",
    )
    .shows(
        "integrations:\n  okta: { platform: okta, rate: 0 }",
        "integrations:\n  okta: { platform: okta, rate: 5 }",
    ),
    CodePage::new(
        "CF0013",
        "the name cannot be part of an address",
        "An alert source's name is the last part of `/v1/alerts/<name>`: letters, digits, `_` and `-`, at most 64.",
    )
    .shows(
        "alerts:\n  \"siem/prod\": { format: hmac, secret: env:SIEM_HOOK }",
        "alerts:\n  siem_prod: { format: hmac, secret: env:SIEM_HOOK }",
    ),
    CodePage::new(
        "CF0014",
        "a setting that this format does not have",
        "`map` and `kind` are for the generic formats, `secret` for those that share one; the other settings of a format stand in `stanch integrations show`. `map` knows the fields of an alert.",
    )
    .shows(
        "alerts:\n  siem: { format: hmac, secret: env:SIEM_HOOK, map: { usr: data.user } }",
        "alerts:\n  siem: { format: hmac, secret: env:SIEM_HOOK, map: { user: data.user } }",
    ),
    CodePage::new("CF0015", "not a header", "Header names consist of letters, digits and `-`.")
    .shows(
        "alerts:\n  siem: { format: hmac, secret: env:SIEM_HOOK, header: \"X Signature\" }",
        "alerts:\n  siem: { format: hmac, secret: env:SIEM_HOOK, header: X-Signature }",
    ),
    CodePage::new(
        "CF0016",
        "not a public key",
        "A key under `promote: keys:` signs playbooks: a bundle that it signed counts as reviewed. Write `ed25519:` and the key's 32 bytes in Base64, as `stanch playbooks key FILE` prints them. The private half never stands in this file.",
    )
    .shows(
        "promote:\n  keys: { release: AAAA }",
        "promote:\n  keys: { release: \"ed25519:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\" }",
    ),
    CodePage::new(
        "CF0017",
        "two people for what asks nobody",
        "`two_person:` lists effects that need the yes of two different people, whatever a playbook's manifest says: `permanent`, `reversible`, or `restore` for what is given back. Reads and messages need no approval at all.",
    )
    .shows("two_person: [read]", "two_person: [permanent]"),
    CodePage::new(
        "CF0018",
        "not a length of time that fits here",
        "Lengths of time are written `30s`, `15m`, `2h` or `1h30m`. Who is told again has at least a minute between, and a heartbeat at least ten seconds.",
    )
    .shows("attention: { too_long: soon }", "attention: { too_long: 30m }"),
    CodePage::new(
        "CF0019",
        "a heartbeat that nobody hears",
        "`heartbeat: to:` names an integration of the platform `healthchecks` (any service that raises an alarm when no request comes) or `webhook`. Somebody else must watch it: stanch cannot say that it is down.",
    )
    .shows(
        "heartbeat: { to: healthchecks:watch }",
        "integrations:\n  watch: { platform: healthchecks, credential: env:WATCH_URL }\nheartbeat: { to: healthchecks:watch }",
    ),
    CodePage::new(
        "CF0020",
        "something without which this source can take no alert",
        "A shared secret, a setting such as the topic or the audience, or for alerts that are fetched the integration to ask. `stanch integrations show` lists what a format needs.",
    )
    .shows(
        "alerts:\n  siem: { format: hmac }",
        "alerts:\n  siem: { format: hmac, secret: env:SIEM_HOOK }",
    ),
    CodePage::new(
        "CF0021",
        "a person who cannot be known by this",
        "Under `people: known:` stand people who are in a group of `people: groups:`. `tell` lists ways to one person alone (`mail:ben@acme.example`, `slack:@ben`): they carry a link by which that person answers, and whoever reads it can. `slack` is the person's member ID, `login` who they are where people log in (`server: oidc:`), one person's each.",
    )
    .shows(
        "integrations:\n  slack: { platform: slack }\npeople:\n  groups: { lead: [ben] }\n  known:\n    ben: { tell: [\"slack:#incidents\"] }",
        "integrations:\n  slack: { platform: slack }\npeople:\n  groups: { lead: [ben] }\n  known:\n    ben: { tell: [\"slack:@ben\"] }",
    ),
    CodePage::new(
        "CF0022",
        "a login that lets nobody in",
        "Under `server: oidc:` stand the provider's `issuer`, exactly as it calls itself, our `client_id` there, and `roles`: group at the provider to what its people may do here. `client_secret` is a reference, and a public client has none. `person` is the claim that says who it is (`email` unless set), and `people: known: NAME: login` whom that is here: who is not known there is sent away. A login lasts from five minutes to thirty days (`lasts: 12h`). With `server: public:` people log in on the page `/cards`, with `stanch login` anywhere.",
    )
    .shows(
        "people: { known: { ben: { login: ben@acme.example } } }\nserver:\n  public: https://stanch.acme.example\n  oidc: { issuer: acme.okta.com, client_id: 0oa1b2c3, roles: {} }",
        "people: { known: { ben: { login: ben@acme.example } } }\nserver:\n  public: https://stanch.acme.example\n  oidc: { issuer: https://acme.okta.com, client_id: 0oa1b2c3, client_secret: env:OIDC_SECRET, roles: { sec-oncall: responder, sec-leads: approver } }",
    ),
    CodePage::new(
        "CF0040",
        "not a time to keep bodies for",
        "Under `retention:`, `bodies` is how long the bodies of entries are kept after the run or incident they belong to has ended: a day at least. Headers and hashes are always kept, so the chain verifies; what a legal hold covers is kept too.",
    )
    .shows("retention:\n  bodies: 400", "retention:\n  bodies: 400d"),
    CodePage::new(
        "CF0041",
        "a copy of the journal that cannot go out",
        "Each entry under `siem:` says with `to` how a copy goes out (`http`, `syslog`, `file`), and with `url` or `path` where to. HTTP to another machine is https; syslog should be tls.",
    )
    .shows(
        "siem:\n  splunk: { to: http, url: \"http://splunk.acme.example:8088/services/collector/event\" }",
        "siem:\n  splunk: { to: http, url: \"https://splunk.acme.example:8088/services/collector/event\", shape: splunk, scheme: Splunk, token: env:HEC_TOKEN }",
    ),
    CodePage::new(
        "VN0001",
        "the file is not a vendor register",
        "The YAML cannot be read, a key is unknown or given twice, or a value has the wrong type.",
    )
    .shows(
        "drift: { contact: [{ mail: soc@drift.example }] }",
        "drift: { contacts: [{ mail: soc@drift.example }] }",
    ),
    CodePage::new(
        "VN0002",
        "two vendors claim one app",
        "An app belongs to exactly one vendor: otherwise nobody knows whom to tell.",
    )
    .shows(
        "drift:\n  contacts: [{ mail: soc@drift.example }]\n  apps: [drift]\nsalesloft:\n  contacts: [{ mail: soc@salesloft.example }]\n  apps: [drift]",
        "drift:\n  contacts: [{ mail: soc@drift.example }]\n  apps: [drift]\nsalesloft:\n  contacts: [{ mail: soc@salesloft.example }]\n  apps: [salesloft]",
    ),
    CodePage::new(
        "VN0003",
        "nobody to write to",
        "A vendor without a contact cannot be told. Give at least one mail address of its security team; an address is written `name@example.com`.",
    )
    .shows(
        "drift: { contacts: [{ mail: security team }] }",
        "drift: { contacts: [{ mail: soc@drift.example }] }",
    ),
    CodePage::new(
        "VN0004",
        "not a length of time",
        "Write a number and a unit: `30m`, `24h`, `3d`, or `4 business days`.",
    )
    .shows(
        "drift:\n  contacts: [{ mail: soc@drift.example }]\n  breach: { notify_within: soon }",
        "drift:\n  contacts: [{ mail: soc@drift.example }]\n  breach: { notify_within: 24h }",
    ),
    CodePage::new(
        "VN0005",
        "not a date",
        "A day is written year, month, day: `2026-11-01`. One that does not exist (`2026-02-30`) is none either: nothing of the file is used until it is mended, because an overdue attestation must not pass for a fresh one.",
    )
    .shows(
        "drift:\n  contacts: [{ mail: soc@drift.example, checked: 01.11.2026 }]",
        "drift:\n  contacts: [{ mail: soc@drift.example, checked: 2026-11-01 }]",
    ),
    CodePage::new(
        "VN0006",
        "an entry that contradicts itself",
        "A SOC 2 report is of type 1 or 2 and its period ends after it began; access stands on an integration, by its name in stanch.yaml.",
    )
    .shows(
        "drift:\n  contacts: [{ mail: soc@drift.example }]\n  attestations: { soc2: { type: 3 } }",
        "drift:\n  contacts: [{ mail: soc@drift.example }]\n  attestations: { soc2: { type: 2, to: 2026-06-30 } }",
    ),
    CodePage::new(
        "VN0007",
        "a secret in the register",
        "The register names the secrets that were given and taken, it never holds one: many read it. Write the name under which your own store keeps it. What stood in a file is known to whoever read the file: replace the secret.",
    )
    .shows(
        "drift:\n  contacts: [{ mail: soc@drift.example }]\n  secrets_given: [AKIAIOSFODNN7EXAMPLE]",
        "drift:\n  contacts: [{ mail: soc@drift.example }]\n  secrets_given: [aws-export-key]",
    ),
    CodePage::new(
        "DL0001",
        "the file is not a table of deadlines",
        "The YAML cannot be read, a key is unknown or given twice, or a value has the wrong type.",
    )
    .shows(
        "dated: 2026-11-01\nrules:\n  gdpr-33: { title: GDPR, form: aware, within: 72h }",
        "dated: 2026-11-01\nrules:\n  gdpr-33: { title: GDPR, from: aware, within: 72h }",
    ),
    CodePage::new(
        "DL0002",
        "a clock that cannot run",
        "`within` is a length of time such as `72h`, `4 business days` or `1 month`, or `contract` for what the vendor register says; `zone` is a time zone of the IANA database; holidays are dates.",
    )
    .shows(
        "dated: 2026-11-01\nrules:\n  gdpr-33: { title: GDPR, from: aware, within: three days }",
        "dated: 2026-11-01\nrules:\n  gdpr-33: { title: GDPR, from: aware, within: 72h }",
    ),
    CodePage::new(
        "DL0003",
        "a rule names what is not there",
        "`draft` is one of `drafts`, `after` another rule: a clock begins when the notice of that one is sent. A rule that comes after itself would never begin.",
    )
    .shows(
        "dated: 2026-11-01\nrules:\n  final: { title: Final report, from: sent, within: 1 month, after: notification }",
        "dated: 2026-11-01\nrules:\n  notification: { title: Notification, from: aware, within: 72h }\n  final: { title: Final report, from: sent, within: 1 month, after: notification }",
    ),
    CodePage::new(
        "DL0004",
        "a draft that cannot be filled in",
        "Between braces stands what is known of every incident: incident, title, severity, rule, source, to, anchor, due, opened, lead, containment, measures. What a person must find out stands in square brackets: they are left as they are.",
    )
    .shows(
        "dated: 2026-11-01\nrules: {}\ndrafts:\n  authority: { subject: \"{incident}\", text: \"People concerned: {people}\" }",
        "dated: 2026-11-01\nrules: {}\ndrafts:\n  authority: { subject: \"{incident}\", text: \"People concerned: [about how many]\" }",
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
        include_str!("config/guards.rs"),
        include_str!("config/keep.rs"),
        include_str!("config/login.rs"),
        include_str!("vendor/mod.rs"),
        include_str!("vendor/check.rs"),
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

    /// The codes that a file of this kind gives.
    fn found(code: &str, text: &str) -> Vec<String> {
        let found = match &code[..2] {
            "AL" if code == "AL0002" => {
                crate::alert::delivery("alert.json", text).err().into_iter().map(|one| *one).collect()
            }
            "AL" => crate::alert::read("alert.yaml", text).err().into_iter().map(|one| *one).collect(),
            "CF" => match crate::config::tests::load("stanch.yaml", text) {
                Ok(loaded) => loaded.warnings,
                Err(found) => found,
            },
            "VN" => crate::Register::load("vendors.yaml", text).err().unwrap_or_default(),
            _ => crate::DeadlineTable::load("deadlines.yaml", text).err().unwrap_or_default(),
        };
        found.into_iter().map(|one| one.code).collect()
    }

    #[test]
    fn every_page_shows_the_mistake_and_a_better_way_and_the_readers_agree() {
        for page in PAGES {
            let example = page.example.unwrap_or_else(|| panic!("{} shows nothing", page.code));
            let wrong = found(page.code, example.mistake);
            assert!(wrong.iter().any(|code| code == page.code), "{}: the mistake is {wrong:?}", page.code);
            let right = found(page.code, example.better);
            assert!(right.is_empty(), "{}: the better way is {right:?}", page.code);
        }
    }
}
