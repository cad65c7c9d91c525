//! Mistakes in `stanch.yaml` about integrations: all of them at once, none with a value that may be a secret.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::Arc;

use serde_json::json;
use stanch_integrations::{Catalog, Integrations, LiveTransport, Transport, TwinTransport};
use stanch_model::{Diagnostic, InDoubt, Level, catalog::ActionIndex};
use support::{Entry, Vault, config};

fn live(entries: &[Entry<'_>]) -> Result<Integrations, Vec<Diagnostic>> {
    let transport = Transport::Live(LiveTransport::new().unwrap());
    let catalog = Arc::new(Catalog::embedded());
    Integrations::new(catalog, &config(entries), transport, Arc::new(Vault::default()))
}

#[test]
fn every_mistake_is_named_at_once() {
    let entries: [Entry<'_>; 7] = [
        ("okta-emea", "okta", Some("https://emea.okta.com"), &[]),
        ("switch", "okta", Some("https://emea.okta.com"), &[]),
        ("otka", "otka", None, &[]),
        ("homeless", "okta", None, &[]),
        ("nameless", "github", None, &[]),
        ("odd", "github", None, &[("org", "acme"), ("orgg", "acme")]),
        ("half", "salesforce", Some("https://acme.my.salesforce.com"), &[]),
    ];
    let found = live(&entries).unwrap_err();
    let said: Vec<_> = found
        .iter()
        .map(|mistake| {
            format!("{} {} {}", mistake.code, mistake.message, mistake.help.clone().unwrap_or_default())
        })
        .collect();
    for (code, name, words) in [
        ("IN0022", "okta-emea", "no name for a script"),
        ("IN0022", "switch", "no name for a script"),
        ("IN0020", "otka", "did you mean `okta`?"),
        ("IN0024", "homeless", "`url` is missing"),
        ("IN0021", "nameless", "`org` is missing"),
        ("IN0021", "odd", "no setting `orgg`"),
        ("IN0021", "half", "`client_id` is missing"),
    ] {
        let hit = said.iter().any(|one| one.starts_with(code) && one.contains(name) && one.contains(words));
        assert!(hit, "{code} {name}: {said:#?}");
    }
    assert_eq!(found.len(), 7, "{said:#?}");
}

#[test]
fn a_setting_is_asked_for_by_the_way_to_authenticate_that_needs_it() {
    let okta: [Entry<'_>; 1] = [("okta", "okta", Some("https://acme.okta.com"), &[])];
    assert!(live(&okta).is_ok(), "an API token needs no client id");
    let mut configured = config(&okta);
    for (auth, code) in [("oauth", "IN0021"), ("ouath", "IN0023")] {
        configured.get_mut("okta").unwrap().auth = Some(auth.to_owned());
        let catalog = Arc::new(Catalog::embedded());
        let transport = Transport::Live(LiveTransport::new().unwrap());
        let found =
            Integrations::new(catalog, &configured, transport, Arc::new(Vault::default())).unwrap_err();
        assert_eq!(found[0].code, code, "{found:?}");
    }
}

#[test]
fn a_tenant_says_how_long_its_access_tokens_live() {
    let okta = |life: &'static [(&str, &str)]| live(&[("okta", "okta", Some("https://acme.okta.com"), life)]);
    for (life, hours) in [(&[][..], 1), (&[("access_token_life", "24h")][..], 24)] {
        let integrations = okta(life).unwrap();
        for action in ["deactivate_app", "revoke_app_token", "end_user_sessions"] {
            let residual = integrations.action("okta", action).unwrap().residual;
            assert_eq!(residual, Some(std::time::Duration::from_secs(hours * 3600)), "{action}");
        }
        assert_eq!(integrations.action("okta", "revoke_api_token").unwrap().residual, None);
    }
    let found = okta(&[("access_token_life", "a day")]).unwrap_err();
    let said: Vec<_> = found.iter().map(|one| format!("{} {}", one.code, one.message)).collect();
    assert_eq!(said, ["IN0021 integrations.okta: the setting `access_token_life` is no length of time"]);
}

#[test]
fn two_tenants_of_one_platform_are_two_integrations() {
    let entries: [Entry<'_>; 3] = [
        ("okta", "okta", Some("https://acme.okta.com/"), &[]),
        ("okta_emea", "okta", Some("https://emea.okta.com"), &[]),
        ("github", "github", None, &[("org", "acme")]),
    ];
    let integrations = live(&entries).unwrap();
    let tenant = |name| integrations.identity(name).unwrap().tenant;
    assert_eq!(
        (tenant("okta"), tenant("okta_emea"), tenant("github")),
        ("acme.okta.com".into(), "emea.okta.com".into(), "acme".into())
    );
    assert_eq!(integrations.identity("okta").unwrap().base_url, "https://acme.okta.com");
    let found: Vec<_> =
        integrations.find("find_app", "drift").into_iter().map(|read| read.integration).collect();
    assert_eq!(found, ["github", "okta", "okta_emea"]);
    assert_eq!(integrations.find("find_app", "drift")[1].input, json!({ "app": "drift" }));
}

#[test]
fn a_mail_is_probed_where_a_mailbox_can_be_read_and_asked_about_elsewhere() {
    let settings: &[(&str, &str)] = &[("sender", "stanch@acme.example")];
    let entries: [Entry<'_>; 1] = [("mail", "smtp", Some("smtps://mail.acme.example"), settings)];
    let integrations = live(&entries).unwrap();
    let send = integrations.action("mail", "send").unwrap();
    assert_eq!((send.in_doubt, send.verify.is_some()), (InDoubt::Ask, false));
    assert!(integrations.action("mail", "find_mail").is_none());
    let simulated = |entries: &[Entry<'_>]| {
        let twin = Transport::Twin(TwinTransport::new(support::nowhere(), None).unwrap());
        let catalog = Arc::new(Catalog::embedded());
        let integrations =
            Integrations::new(catalog, &config(entries), twin, Arc::new(Vault::default())).unwrap();
        let send = integrations.action("mail", "send").unwrap();
        (send.in_doubt, send.verify.is_some())
    };
    assert_eq!(simulated(&entries), (InDoubt::Probe, true));
    // The simulated server brings its archive along, unless somebody wants to do without.
    let settings: &[(&str, &str)] = &[("sender", "stanch@acme.example"), ("archive", "")];
    let entries: [Entry<'_>; 1] = [("mail", "smtp", Some("smtps://mail.acme.example"), settings)];
    assert_eq!(simulated(&entries), (InDoubt::Ask, false));
}

#[test]
fn actions_that_need_a_setting_are_not_there_without_it() {
    let integrations = live(&[("slack", "slack", None, &[])]).unwrap();
    assert!(integrations.action("slack", "post_message").is_some());
    assert!(integrations.action("slack", "restrict_app").is_none());
    assert!(integrations.find("find_app", "drift").is_empty());
    let integrations = live(&[("slack", "slack", None, &[("enterprise", "E1")])]).unwrap();
    assert!(integrations.action("slack", "restrict_app").is_some());
}

#[test]
fn a_review_names_every_integration_with_its_mistakes_and_missing_credentials() {
    let entries: [Entry<'_>; 4] = [
        ("okta", "okta", Some("https://acme.okta.com"), &[]),
        ("nameless", "github", None, &[]),
        ("open_hook", "webhook", Some("https://soc.acme.example"), &[]),
        ("mail", "smtp", Some("smtp://mail.acme.example:587"), &[("sender", "stanch@acme.example")]),
    ];
    let mut configured = config(&entries);
    for (name, entry) in &mut configured {
        entry.credential = None;
        entry.auth = (name == "open_hook").then(|| "none".to_owned());
    }
    let catalog = Catalog::embedded();
    let review = |transport| {
        let found = stanch_integrations::review(&catalog, &configured, &transport);
        found.into_iter().map(|(name, mistake)| (name, mistake.code)).collect::<Vec<_>>()
    };
    let pair = |name: &str, code: &str| (name.to_owned(), code.to_owned());
    let live = review(Transport::Live(LiveTransport::new().unwrap()));
    assert_eq!(live, [pair("nameless", "IN0021"), pair("okta", "IN0070")]);
    let twins = TwinTransport::new("127.0.0.1:9".parse().unwrap(), None).unwrap();
    assert_eq!(review(Transport::Twin(twins)), [], "simulated platforms need neither");
}

#[test]
fn the_settings_of_a_twin_are_enough_to_configure_its_platform() {
    let catalog = Catalog::embedded();
    for platform in catalog.platforms() {
        let settings: Vec<(&str, &str)> = platform.simulated_settings().collect();
        let url = if platform.slug() == "smtp" { "smtp://one.example:587" } else { "https://one.example" };
        let entry: Entry<'_> = ("one", platform.slug(), Some(url), &settings);
        let configured = config(&[entry]);
        let transport = Transport::Live(LiveTransport::new().unwrap());
        let found = stanch_integrations::review(&catalog, &configured, &transport);
        let mistakes: Vec<_> = found.iter().filter(|(_, one)| one.level == Level::Error).collect();
        assert!(mistakes.is_empty(), "{}: {mistakes:?}", platform.slug());
    }
}
