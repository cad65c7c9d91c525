//! What is wrong with a scenario's world: platforms and apps that are not there, keys that no simulated platform reads.

use std::collections::{BTreeMap, BTreeSet};

use stanch_integrations::twin::{self, World};

use super::check::Case;
use crate::words;

/// Keys under `extra` that no simulated platform reads, with their places in the file. `used` is name to platform.
pub(crate) fn unknown_extras(
    world: &World,
    used: &BTreeMap<String, String>,
) -> Vec<(Vec<String>, twin::UnknownExtra)> {
    let shares = world.extra.iter().filter_map(|(name, share)| Some((name, used.get(name)?, share)));
    let found = shares.flat_map(|(name, platform, share)| {
        let place = ["world".to_owned(), "extra".to_owned(), name.clone()];
        twin::unknown_extra(platform, share)
            .into_iter()
            .map(move |one| (place.iter().chain(&one.path).cloned().collect(), one))
    });
    found.collect()
}

/// What cannot be in a world: its place, why, and the way out.
pub(crate) fn impossible(world: &World) -> Vec<(Vec<String>, String, &'static str)> {
    let mut found = Vec::new();
    let mut ids = BTreeSet::new();
    let mut say = |path: &[&str], message: String, help| {
        found.push((path.iter().map(|part| (*part).to_owned()).collect(), message, help));
    };
    for (nth, app) in world.apps.iter().enumerate() {
        let nth = nth.to_string();
        if app.id.is_empty() || !ids.insert(app.id.as_str()) {
            let message = format!("two apps are called `{}`", app.id);
            say(&["world", "apps", &nth], message, "give each app an id of its own");
        }
        let Some(held_by) = app.held_by else { continue };
        let path = ["world", "apps", &nth, "held_by"];
        if held_by > world.people {
            let message = format!("{held_by} people hold it, and there are only {}", world.people);
            say(&path, message, "raise `people`, or let fewer hold it");
        }
        if held_by == 0 && app.grants.values().any(|count| *count > 0) {
            say(&path, "nobody holds it, and it has grants".to_owned(), "let somebody hold it");
        }
    }
    if world.people == 0 {
        let help = "a platform without people has no grants either: write `people: 20`";
        say(&["world", "people"], "there is nobody".to_owned(), help);
    }
    found
}

impl Case<'_> {
    pub(super) fn world(&mut self) {
        let (scenario, known) = (self.scenario, self.known);
        for (nth, app) in scenario.world.apps.iter().enumerate() {
            self.grants(&["world", "apps", &nth.to_string()], &app.grants);
        }
        for (path, message, help) in impossible(&scenario.world) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            self.wrong("DR0008", &path, message, help.to_owned());
        }
        for name in scenario.world.extra.keys().filter(|name| !known.platforms.contains(name)) {
            self.unknown_platform(&["world", "extra", name], name);
        }
        for (path, unknown) in unknown_extras(&scenario.world, &crate::company::integrations(scenario)) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let message = format!("the simulated platform knows no `{}`", unknown.name());
            self.wrong_key("DR0005", &path, message, unknown.help());
        }
        let apps = || scenario.world.apps.iter().map(|app| app.id.as_str());
        for (nth, hidden) in scenario.world.hidden.iter().enumerate() {
            let nth = nth.to_string();
            if !apps().any(|app| app == hidden.app) {
                self.unknown(&["world", "hidden", &nth, "app"], "app", &hidden.app, apps());
            }
            self.grants(&["world", "hidden", &nth], &hidden.grants);
            match &hidden.once {
                Some(once) => self.condition(once, &["world", "hidden", &nth, "once"]),
                None => self.wrong(
                    "DR0006",
                    &["world", "hidden", &nth],
                    "nothing brings these grants to light".to_owned(),
                    "give them `once:`, a condition".to_owned(),
                ),
            }
        }
    }

    /// Platforms on which somebody lets an app in. `path` leads to what has the `grants`.
    pub(super) fn grants(&mut self, path: &[&str], grants: &BTreeMap<String, u32>) {
        let known = self.known;
        for name in grants.keys().filter(|name| !known.platforms.contains(name)) {
            self.unknown_platform(&[path, &["grants", name]].concat(), name);
        }
    }

    /// The key that ends this path is the platform.
    fn unknown_platform(&mut self, path: &[&str], name: &str) {
        let known: Vec<&str> = self.known.platforms.iter().map(String::as_str).collect();
        let help = words::near(name, &known);
        self.wrong_key("DR0005", path, format!("there is no platform `{name}`"), help);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use stanch_integrations::Catalog;
    use stanch_playbooks::Library;

    use crate::scenario::{Known, check, embedded, read};

    /// What is wrong with this under `extra` in the drill on the chat widget: code, place, words, way out.
    fn mistakes(extra: &str) -> Vec<String> {
        of("\nplot:", &format!("  extra: {extra}\n\nplot:"))
    }

    /// The same where this stands in the place of that.
    pub(in crate::scenario) fn of(from: &str, to: &str) -> Vec<String> {
        let mut found = embedded().remove("chat-widget").unwrap();
        assert!(found.text.contains(from), "{from} does not stand there");
        found.text = found.text.replacen(from, to, 1);
        let (catalog, library) = (Catalog::embedded(), Library::embedded());
        let scenario = read(&found.file, &found.text).unwrap();
        let known = Known::of(&scenario, &catalog, &library);
        let said = check(&found.file, &found.text, &scenario, &known).into_iter().map(|one| {
            let label = one.labels.first().unwrap();
            let place = &found.text[label.offset..label.offset + label.length];
            format!("{} `{place}` {}; {}", one.code, one.message, one.help.unwrap_or_default())
        });
        said.collect()
    }

    #[test]
    fn a_world_that_cannot_be_is_refused_in_its_place() {
        for (from, to, said) in [
            ("held_by: 28", "held_by: 999", "DR0008 `999` 999 people hold it, and there are only 400; raise"),
            ("held_by: 28", "held_by: 0", "DR0008 `0` nobody holds it, and it has grants; let somebody"),
            ("- { id: zendesk,", "- { id: drift }\n    - { id: zendesk,", "DR0008 `"),
            (
                "{ google_workspace: 13 }",
                "{ gogle_workspace: 13 }",
                "DR0005 `gogle_workspace` there is no platform",
            ),
        ] {
            let found = of(from, to);
            assert!(found.len() == 1 && found[0].starts_with(said), "{to}: {found:?}");
        }
    }

    #[test]
    fn what_no_simulated_platform_reads_is_refused_in_its_place() {
        let fine = "{ github: { personal: [{ login: ana.adler, type: ssh_key, name: laptop }] } }";
        assert_eq!(mistakes(fine), Vec::<String>::new());
        let wrong = mistakes("{ github: { persnal: [], secrets: [{ repo: web, numbr: 42 }] } }");
        assert_eq!(
            wrong,
            [
                "DR0005 `persnal` the simulated platform knows no `persnal`; did you mean `personal`?",
                "DR0005 `numbr` the simulated platform knows no `numbr`; did you mean `number`?",
            ]
        );
        let nobody = mistakes("{ gihub: { secrets: [] } }");
        assert!(
            nobody.iter().any(|one| one.contains("there is no platform `gihub`; did you mean `github`?")),
            "{nobody:?}"
        );
    }
}
