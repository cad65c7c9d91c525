//! One company on every platform at once: the same verbs find an app, list what it holds and cut it, wherever it is.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use stanch_integrations::{
    By, Call, Integrations, Look, Outcome, Read, Seen,
    twin::{Change, ManualClock, TwinClock as _, TwinHost, TwinOptions, World, WorldApp},
};
use stanch_model::{Target, catalog::ActionIndex, value};
use support::call;

struct Company {
    twins: TwinHost,
    clock: Arc<ManualClock>,
    integrations: Integrations,
}

impl Company {
    /// Thirty people on every platform of the catalogue, and an app that holds so many grants on each.
    async fn start(grants: u32) -> Self {
        let everywhere = support::platforms();
        let drift = WorldApp {
            id: "drift".to_owned(),
            grants: everywhere.keys().map(|name| (name.clone(), grants)).collect(),
            ..WorldApp::default()
        };
        let clock = Arc::new(ManualClock::at("2026-03-13T02:40:00Z".parse().unwrap()));
        let options = TwinOptions {
            integrations: everywhere,
            world: World { people: 30, apps: vec![drift], ..World::default() },
            clock: clock.clone(),
            page: Some(10),
            ..TwinOptions::default()
        };
        let twins = TwinHost::start(options).await.unwrap();
        let integrations = support::everything(twins.addr(), Some(twins.mail_addr()));
        Self { twins, clock, integrations }
    }

    async fn done(&self, integration: &str, action: &str, input: Value) -> (Value, By) {
        self.on(integration, action, None, input).await
    }

    async fn on(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: Value,
    ) -> (Value, By) {
        let outcome = self.try_on(integration, action, target, input).await;
        let Outcome::Done { value, by, .. } = outcome else { panic!("{integration}.{action}: {outcome:?}") };
        (value, by)
    }

    async fn try_on(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: Value,
    ) -> Outcome {
        self.integrations.call(Call { target: target.cloned(), ..call(integration, action, input) }).await
    }

    /// The action that this verb is on this target, if its platform has one that a program can do.
    fn action(&self, verb: &str, target: &Target) -> Option<String> {
        let all = self.integrations.verb(verb);
        let mut fit = all.iter().filter(|(integration, info)| {
            *integration == target.integration
                && info.target_kind.as_deref() == Some(target.kind.as_str())
                && !info.manual
        });
        fit.next().map(|(_, info)| info.name.clone())
    }

    async fn find(&self, finder: &str, query: &str) -> Vec<Target> {
        let mut found = Vec::new();
        for Read { integration, action, input } in self.integrations.find(finder, query) {
            found.extend(value::targets_in(&self.done(&integration, &action, input).await.0));
        }
        found
    }

    async fn look(&self, action: &str, target: &Target, since: jiff::Timestamp) -> Seen {
        let input = json!({});
        let (integration, target) = (target.integration.as_str(), Some(target));
        self.integrations
            .look(Look { integration, action, target, input: &input, since: Some(since), key: None })
            .await
    }

    /// Cuts a target and looks at it before and after.
    async fn cut(&self, action: &str, target: &Target) {
        let name = format!("{action} on {}", target.key());
        let since = self.clock.now() - jiff::SignedDuration::from_secs(1);
        let before = self.look(action, target, since).await;
        assert!(matches!(before, Seen::HoldsNot { .. }), "{name} held before: {before:?}");
        let (_, by) = self.on(&target.integration, action, Some(target), json!({})).await;
        assert_eq!(by, By::Us, "{name}");
        self.clock.advance(Duration::from_secs(600));
        let after = self.look(action, target, since).await;
        assert!(matches!(after, Seen::Holds | Seen::Residual { .. }), "{name}: {after:?}");
    }

    /// Does a verb on every target that has it. Gives how many those are.
    async fn everywhere(&self, verb: &str, targets: &[Target]) -> usize {
        let mut done = 0;
        for target in targets {
            if let Some(action) = self.action(verb, target) {
                self.cut(&action, target).await;
                done += 1;
            }
        }
        done
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_found_scoped_blocked_and_cut_everywhere() {
    let company = Company::start(4).await;
    let apps = company.find("find_app", "drift").await;
    let at: Vec<_> = apps.iter().map(|app| app.integration.clone()).collect();
    let mut finders: Vec<_> =
        company.integrations.verb("find_app").into_iter().map(|(name, _)| name).collect();
    finders.dedup();
    assert_eq!(at, finders, "it is found wherever apps can be found");

    let mut grants = Vec::new();
    for app in &apps {
        if let Some(action) = company.action("app.grants", app) {
            let (rows, _) = company.on(&app.integration, &action, Some(app), json!({})).await;
            grants.extend(value::targets_in(&rows));
        }
    }
    let blocked = company.everywhere("app.quarantine", &apps).await;
    let revoked = company.everywhere("grant.revoke", &grants).await;
    println!("{} apps, {blocked} blocked, {} grants, {revoked} revoked", apps.len(), grants.len());
    assert!(blocked >= 2 && revoked >= 8);
    for grant in &grants {
        if let Some(action) = company.action("grant.revoke", grant) {
            let (_, by) = company.on(&grant.integration, &action, Some(grant), json!({})).await;
            assert_eq!(by, By::Other, "a second time: {}", grant.key());
        }
    }
    let by_name = company.find("find_app", "drift").await;
    assert!(by_name.iter().all(|app| app.integration != "salesforce"), "no token names it any more");
    assert_eq!(company.twins.summary().duplicate_effects, 0);
}

#[tokio::test]
async fn a_protected_group_is_known_by_its_members() {
    let company = Company::start(0).await;
    let reads = company.integrations.group_reads("okta", "Emergency-Admins").unwrap();
    let (groups, _) = company.done("okta", &reads.groups.action, reads.groups.input).await;
    let group =
        value::targets_in(&groups).into_iter().find(|group| group.label == "Emergency-Admins").unwrap();
    let (members, _) = company.on("okta", &reads.members, Some(&group), json!({})).await;
    assert_eq!(value::targets_in(&members).len(), 1);
}

#[tokio::test]
async fn a_leaked_credential_is_read_sealed_revoked_and_proven_dead() {
    let company = Company::start(0).await;
    let (rows, _) = company.done("github", "list_secret_alerts", json!({})).await;
    let alert = value::targets_in(&rows).remove(0);
    let (rows, _) = company.on("github", "get_alert_credential", Some(&alert), json!({})).await;
    let credential = value::targets_in(&rows).remove(0);
    assert!(!rows.to_string().contains("ghp_"), "{rows}");
    company.cut("revoke_credential", &credential).await;
    company.cut("resolve_secret_alert", &alert).await;
}

#[tokio::test]
async fn an_expired_token_is_renewed_unseen() {
    let company = Company::start(0).await;
    company.done("salesforce", "list_users", json!({})).await;
    company.twins.change(&Change::ExpireTokens { integration: "salesforce".to_owned() }).unwrap();
    company.done("salesforce", "list_users", json!({})).await;
}

impl Company {
    /// A row of a platform's table, as the twin keeps it.
    fn row(&self, integration: &str, table: &str, key: &str, id: &str) -> Value {
        let state = self.twins.state(integration).unwrap();
        state[table].as_array().unwrap().iter().find(|row| row[key] == id).unwrap().clone()
    }
}

#[tokio::test]
async fn suspending_a_member_of_dropbox_wipes_no_device() {
    let company = Company::start(0).await;
    let people = company.find("find_user", "ana.adler@acme.example").await;
    let ana = people.into_iter().find(|person| person.integration == "dropbox").unwrap();
    company.on("dropbox", "suspend_user", Some(&ana), json!({})).await;
    let row = company.row("dropbox", "users", "team_member_id", &ana.id);
    assert_eq!(
        (&row["status"], &row["twin_wiped"]),
        (&json!("suspended"), &json!(false)),
        "left out, it wipes"
    );
}

#[tokio::test]
async fn a_token_of_cloudflare_comes_back_with_everything_it_had() {
    let company = Company::start(0).await;
    let (tokens, _) = company.done("cloudflare", "list_tokens", json!({})).await;
    let token = value::targets_in(&tokens).remove(0);
    let row = || company.row("cloudflare", "tokens", "id", &token.id);
    let before = row();
    company.cut("disable_token", &token).await;
    assert_eq!(row()["status"], "disabled");
    company.on("cloudflare", "enable_token", Some(&token), json!({})).await;
    let after = row();
    for field in ["name", "policies", "expires_on", "status"] {
        assert_eq!(after[field], before[field], "{field}: what a replacement leaves out is lost");
    }
}
