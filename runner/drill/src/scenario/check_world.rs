//! What is wrong with a scenario's world: platforms and apps that are not there, keys that no simulated platform reads.

use std::collections::BTreeMap;

use stanch_integrations::twin::{self, World};

use super::check::Case;

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

impl Case<'_> {
    pub(super) fn world(&mut self) {
        let (scenario, known) = (self.scenario, self.known);
        let platforms = |names: Vec<&String>| -> Vec<String> {
            names.into_iter().filter(|name| !known.platforms.contains(name)).cloned().collect()
        };
        for (nth, app) in scenario.world.apps.iter().enumerate() {
            for name in platforms(app.grants.keys().collect()) {
                let path = ["world", "apps", &nth.to_string(), "grants", &name];
                self.unknown(&path, "platform", &name, known.platforms.iter().map(String::as_str));
            }
        }
        for name in platforms(scenario.world.extra.keys().collect()) {
            let all = known.platforms.iter().map(String::as_str);
            self.unknown(&["world", "extra", &name], "platform", &name, all);
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
}

#[cfg(test)]
mod tests {
    use stanch_integrations::Catalog;
    use stanch_playbooks::Library;

    use crate::scenario::{Known, check, embedded, read};

    /// What is wrong with this under `extra` in the drill on the chat widget: code, place, words, way out.
    fn mistakes(extra: &str) -> Vec<String> {
        let mut found = embedded().remove("chat-widget").unwrap();
        found.text = found.text.replacen("\nplot:", &format!("  extra: {extra}\n\nplot:"), 1);
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
