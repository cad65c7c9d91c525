//! One file with every mistake, and the file of the documentation.

use serde_json::json;
use stanch_model::{Diagnostic, catalog::SourceInfo};

use super::{Known, Loaded};

/// Four formats as the catalogue knows them, and one that is fetched.
fn formats() -> Vec<SourceInfo> {
    let own = json!({ "name": "header", "help": "a header", "default": "x", "required": false });
    let more = ["prefix", "encoding"].map(|name| json!({ "name": name, "help": "", "required": false }));
    let all = json!([own, more[0], more[1]]);
    let topic = json!([{ "name": "topic", "help": "the topic's ARN", "required": true }]);
    [
        ("okta-event-hook", json!([own]), true, false, false),
        ("github", json!([]), true, false, false),
        ("hmac", all, true, true, false),
        ("standard-webhooks", json!([]), true, true, false),
        ("aws-sns", topic, false, false, false),
        ("okta-system-log", json!([]), false, false, true),
    ]
    .map(|(format, settings, secret, generic, fetched)| {
        serde_json::from_value(json!({
            "platform": "okta", "format": format, "title": format, "docs": "", "setup": "", "proof": "",
            "settings": settings, "secret": secret, "generic": generic, "fetched": fetched,
        }))
        .unwrap()
    })
    .into()
}

pub(crate) fn load(file: &str, source: &str) -> Result<Loaded, Vec<Diagnostic>> {
    let known = Known {
        platforms: &["okta", "slack", "smtp", "webhook", "salesforce", "healthchecks"],
        groups: &|slug| slug == "okta",
        roles: &|slug| slug == "okta",
        formats: &formats(),
    };
    super::load(file, source, known)
}

fn refused(source: &str) -> Vec<String> {
    let found = load("stanch.yaml", source).unwrap_err();
    found
        .iter()
        .map(|diagnostic| match &diagnostic.help {
            Some(help) => format!("{}; {help}", diagnostic.one_line()),
            None => diagnostic.one_line(),
        })
        .collect()
}

fn accepted(source: &str) -> Loaded {
    load("stanch.yaml", source).unwrap_or_else(|found| panic!("{found:#?}"))
}

#[test]
fn nothing_is_a_configuration() {
    assert_eq!(accepted("").config, stanch_model::config::Config::default());
    assert_eq!(accepted("# nothing yet\n").config, stanch_model::config::Config::default());
}

#[test]
fn every_mistake_is_found_at_once_and_in_its_place() {
    let source = r##"
people:
  groups: { nobody: [] }
integrations:
  okta-emea: { platform: okta, url: "http://emea.okta.com", credential: env:OKTA }
  until:     { platform: otka, credential: "hunter2" }
  slow:      { platform: okta, rate: 0 }
  chat:      { platform: slack }
alerts:
  "a/b":  { format: okta-event-hok, secret: env:HOOK, integration: okta_emea }
  plain:  { format: github, secret: env:GH, prefix: "sha1=", map: { app: x } }
  own:    { format: hmac, secret: env:HM, header: "X Sig", map: { usr: data.user } }
  bare:   { format: github }
  topic:  { format: aws-sns, secret: env:X, settings: { topc: arn } }
  log:    { format: okta-system-log }
tell:
  approval: ["smoke:signal", "mail:nobody", "slack:#a b"]
protect:
  - { }
  - { group: Admins }
  - { group: okat/Admins }
  - { group: chat/Admins }
server:
  listen: here
  rate: 0
"##;
    insta::assert_snapshot!(refused(source).join("\n"));
}

#[test]
fn a_typo_in_a_key_is_found_by_the_reader_with_its_place() {
    insta::assert_snapshot!(refused("integrations:\n  okta: { plattform: okta }\n").join("\n"));
    insta::assert_snapshot!(refused("tell: [\n").join("\n"));
}

#[test]
fn an_alias_bomb_is_refused_in_no_time() {
    let mut source = String::from("a0: &a0 [x]\n");
    for level in 1..40 {
        let last = level - 1;
        source += &format!("a{level}: &a{level} [*a{last}, *a{last}, *a{last}, *a{last}]\n");
    }
    let found = load("stanch.yaml", &source).unwrap_err();
    assert_eq!(found[0].code, "CF0001");
}

#[test]
fn channels_without_an_integration_are_a_warning_and_plain_http_on_loopback_is_fine() {
    let loaded = accepted(
        "integrations:\n  okta: { platform: okta, url: \"http://127.0.0.1:1\", credential: env:K }\n  mail: { platform: smtp, url: \"smtp://127.0.0.1:2\" }\ntell:\n  stuck: [\"slack:#incidents\"]\nserver:\n  listen: 0.0.0.0:7300\n",
    );
    let warnings: Vec<String> = loaded.warnings.iter().map(stanch_model::Diagnostic::one_line).collect();
    insta::assert_snapshot!(warnings.join("\n"));
}

#[test]
fn the_documented_file_is_a_configuration() {
    let loaded = accepted(
        r##"
people:
  groups: { incident-lead: [ben, caro], security-manager: [dora] }
integrations:                       # the key is the name in scripts, screens, journal
  okta:      { platform: okta, url: "https://acme.okta.com", credential: env:OKTA_KEY }
  okta_emea: { platform: okta, url: "https://emea.okta.com", credential: file:/run/okta }
  slack:     { platform: slack, credential: env:SLACK_TOKEN }
alerts:                             # the key is the path: POST /v1/alerts/okta_hook
  okta_hook: { format: okta-event-hook, secret: env:OKTA_HOOK, integration: okta }
tell:                               # who hears that a person is needed
  approval: [slack:#incidents, pagerduty:secops]
  vendor-desk: [slack:#vendors]
protect:                            # a run that meets one of these stops and waits
  - { user: break-glass-1@acme.example }
  - { group: okta/Emergency-Admins }
caps:                               # and one that reaches one of these
  run:  { targets: 500, people: 20% }
  hour: { targets: 1000 }
"##,
    );
    assert_eq!(loaded.config.integrations.len(), 3);
    let warnings: Vec<&str> = loaded.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(
        warnings,
        ["nobody will hear `pagerduty:secops`: no integration of the platform `pagerduty` is configured"]
    );
}

#[test]
fn a_mistake_that_was_found_elsewhere_is_put_in_its_place() {
    let source = "integrations:\n  okta: { platform: okta }\n  github: { platform: github }\n";
    let mistake =
        stanch_model::Diagnostic::warning("IN0021", "the setting `org` is missing").help("the login");
    let placed = super::at_key(mistake, "stanch.yaml", source, &["integrations", "github"]);
    assert_eq!(placed.one_line(), "stanch.yaml:3:3: the setting `org` is missing [IN0021]");
    assert_eq!((placed.help.as_deref(), placed.level), (Some("the login"), stanch_model::Level::Warning));
}

#[test]
fn mail_may_begin_in_the_clear_and_nothing_else_to_another_machine() {
    let with = |url: &str| format!("integrations:\n  mail: {{ platform: smtp, url: \"{url}\" }}\n");
    for url in ["smtp://mail.acme.example:587", "smtps://mail.acme.example"] {
        assert!(load("stanch.yaml", &with(url)).is_ok(), "{url}");
    }
    assert!(refused(&with("http://mail.acme.example"))[0].contains("plain text to another machine"));
}

#[test]
fn guards_that_could_never_be_met_and_signs_that_nobody_hears_are_found() {
    let own = "integrations:\n  okta: { platform: okta }\n  chat: { platform: slack }\n  watch: { platform: healthchecks, credential: env:W }\n";
    let good = "protect: [{ role: okta/SUPER_ADMIN }]\ntwo_person: [permanent, restore]\nbreak_glass: { after: 0s }\nattention: { too_long: 20m, again: 1h }\nheartbeat: { to: healthchecks:watch }\n";
    let loaded = accepted(&format!("{own}{good}"));
    assert_eq!(loaded.config.heartbeat.unwrap().every().as_secs(), 60);
    assert_eq!(loaded.config.attention.before_end().as_secs(), 900);
    for (bad, code) in [
        ("protect: [{ role: chat/owner }]", "CF0010"),
        ("protect: [{ role: SUPER_ADMIN }]", "CF0010"),
        ("protect: [{ role: oktaa/SUPER_ADMIN }]", "CF0008"),
        ("protect: [{ role: okta/SUPER_ADMIN, tag: payroll }]", "CF0010"),
        ("two_person: [tell]", "CF0017"),
        ("two_person: [irreversible]", "CF0001"),
        ("attention: { again: 5s }", "CF0018"),
        ("break_glass: { after: later }", "CF0018"),
        ("heartbeat: { to: healthchecks:watch, every: 1s }", "CF0018"),
        ("heartbeat: { to: healthchecks:chat }", "CF0019"),
        ("heartbeat: { to: \"slack:#incidents\" }", "CF0019"),
    ] {
        let found = refused(&format!("{own}{bad}\n"));
        assert!(found.iter().any(|line| line.contains(code)), "{bad}: {found:?}");
    }
}

#[test]
fn a_login_that_lets_nobody_in_is_said_with_the_way_out() {
    let found = refused(
        r#"
people:
  groups: { lead: [ben, caro] }
  known:
    ben:  { login: ben@acme.example }
    caro: { login: Ben@acme.example }
    "d d": { login: dd@acme.example }
server:
  oidc: { issuer: "http://acme.okta.com", client_id: "", client_secret: hunter2, scopes: [email], roles: {}, lasts: 1m }
"#,
    );
    for (place, words) in [
        ("6:20", "is ben already"),
        ("7:5", "`d d` cannot log in"),
        ("9:19", "plain text to another machine"),
        ("9:54", "knows no client"),
        ("9:73", "this is not a reference to a secret"),
        ("9:82", "without the scope `openid`"),
        ("9:99", "nobody could do anything"),
        ("9:117", "from five minutes to thirty days"),
        ("9:3", "nobody can log in on a page"),
    ] {
        let one =
            found.iter().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {found:#?}"));
        assert!(one.starts_with(&format!("stanch.yaml:{place}:")) && !one.contains("hunter2"), "{one}");
    }
    let typo = refused("server:\n  oidc: { isuer: https://acme.okta.com, client_id: x, roles: {} }\n");
    assert!(
        typo[0].starts_with("stanch.yaml:2:11:") && typo[0].contains("did you mean `issuer`?"),
        "{typo:?}"
    );
    let role =
        refused("server:\n  oidc: { issuer: https://acme.okta.com, client_id: x, roles: { a: aprover } }\n");
    assert!(role[0].starts_with("stanch.yaml:2:") && role[0].contains("approver"), "{role:?}");
}
