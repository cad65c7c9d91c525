//! What is wrong with a pull, a playbook that is started by hand, and what stand-ins say of clocks.

use super::{
    StandIn,
    check::Case,
    deeds::{Pull, StartSpec},
};

/// What may be said of a clock.
const OF_A_CLOCK: [&str; 2] = ["sent", "waived"];

impl Case<'_> {
    pub(super) fn pull(&mut self, pull: &Pull, nth: &str) {
        let scenario = self.scenario;
        let apps = || scenario.world.apps.iter();
        let Some(app) = apps().find(|app| app.id == pull.app) else {
            let names = apps().map(|app| app.id.as_str());
            return self.unknown(&["plot", nth, "pull", "app"], "app", &pull.app, names);
        };
        let known = self.known;
        let path = ["plot", nth, "pull", "platform"];
        if !known.platforms.contains(&pull.platform) {
            let names = known.platforms.iter().map(String::as_str);
            self.unknown(&path, "platform", &pull.platform, names);
        } else if !app.grants.contains_key(&pull.platform) {
            let message = format!("{} does not know {}: there is nothing to pull", pull.platform, pull.app);
            let help = "name a platform on which it has grants".to_owned();
            self.wrong("DR0008", &path, message, help);
        }
    }

    pub(super) fn start(&mut self, start: &StartSpec, nth: &str) {
        let known = self.known;
        let Some(inputs) = known.playbooks.get(&start.playbook) else {
            let names = known.playbooks.keys().map(String::as_str);
            return self.unknown(&["plot", nth, "run", "playbook"], "playbook", &start.playbook, names);
        };
        for name in start.input.keys().filter(|name| !inputs.contains(name)) {
            let what = format!("input of {}", start.playbook);
            self.unknown(
                &["plot", nth, "run", "input", name],
                &what,
                name,
                inputs.iter().map(String::as_str),
            );
        }
    }

    pub(super) fn of_a_clock(&mut self, rule: &str, says: &StandIn) {
        if !OF_A_CLOCK.contains(&says.say.as_str()) {
            let message = format!("of a clock one says `sent` or `waived`, not `{}`", says.say);
            let help = format!("{rule}: {{ say: sent, after: 20h, why: the receipt }}");
            self.wrong("DR0005", &["stand_in", rule, "say"], message, help);
        }
    }
}

#[cfg(test)]
mod tests {
    use stanch_integrations::Catalog;
    use stanch_playbooks::Library;

    use crate::scenario::{Known, check, embedded, read};

    /// What is wrong with a scenario that ships, changed in one place: code, words, way out.
    fn mistakes(name: &str, from: &str, to: &str) -> Vec<String> {
        let found = embedded().remove(name).unwrap();
        assert!(found.text.contains(from), "{from} does not stand in {name}");
        let text = found.text.replacen(from, to, 1);
        let (catalog, library) = (Catalog::embedded(), Library::embedded());
        let scenario = read(&found.file, &text).unwrap();
        let known = Known::of(&scenario, &catalog, &library);
        let said = check(&found.file, &text, &scenario, &known);
        said.into_iter()
            .map(|one| format!("{} {}; {}", one.code, one.message, one.help.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn every_scenario_that_ships_passes_its_own_check() {
        for name in embedded().keys() {
            assert_eq!(mistakes(name, "drill:", "drill:"), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_pulled_or_started_is_named_with_the_way_out() {
        for (name, from, to, said) in [
            (
                "crm-success",
                "pull: { app: gainsight, platform: salesforce }",
                "pull: { app: gainsigt, platform: salesforce }",
                "DR0005 there is no app `gainsigt`; did you mean `gainsight`?",
            ),
            (
                "crm-success",
                "pull: { app: gainsight, platform: salesforce }",
                "pull: { app: gainsight, platform: okta }",
                "DR0008 okta does not know gainsight",
            ),
            (
                "crm-success",
                "playbook: reconnect",
                "playbook: reconect",
                "DR0005 there is no playbook `reconect`; did you mean `reconnect`?",
            ),
            (
                "crm-success",
                "input: { app: gainsight, watch: 4h }",
                "input: { app: gainsight, wach: 4h }",
                "DR0005 there is no input of reconnect `wach`; did you mean `watch`?",
            ),
            (
                "crm-success",
                "'sent(\"contract\")'",
                "'sent(\"contrct\")'",
                "DR0005 there is no deadline `contrct`",
            ),
            (
                "crm-success",
                "gdpr-33:         { say: waived",
                "gdpr-33:         { say: done",
                "DR0005 of a clock",
            ),
            (
                "crm-success",
                "by: 90m, until: 20h",
                "by: 21h, until: 20h",
                "DR0008 it needs to hold until 20h",
            ),
            (
                "crm-success",
                "told(\"security@northwind.example\")",
                "told(\"it@northwind.example\")",
                "DR0005",
            ),
        ] {
            let found = mistakes(name, from, to);
            assert!(found.len() == 1 && found[0].starts_with(said), "{to}: {found:?}");
        }
    }

    #[test]
    fn a_vendor_that_cannot_fall_silent_is_named_with_the_way_out() {
        let fault = "vendor: dropbox-sign, answer: vendor_silent";
        for (from, to, said) in [
            (
                fault,
                "vendor: dropbox-sgn, answer: vendor_silent",
                "DR0005 there is no vendor `dropbox-sgn`; did you mean",
            ),
            (
                fault,
                "vendor: docs, answer: vendor_silent",
                "DR0008 nobody at docs answers anyway; let somebody answer",
            ),
            (fault, "vendor: dropbox-sign, answer: 503", "DR0006 a `vendor` can only be `vendor_silent`"),
            (fault, "platform: smtp, answer: vendor_silent", "DR0006 `vendor_silent` is of people"),
            ("      answers: 2h\n", "", "DR0006 `answers` and `says` go together"),
            (
                "name: Account manager",
                "name: Security",
                "DR0006 security@dropbox-sign.example stands here twice",
            ),
            ("answered(\"dropbox-sign\")", "answered(\"dropbox\")", "DR0005 there is no vendor `dropbox`"),
        ] {
            let found = mistakes("sign-desk", from, to);
            assert!(found.len() == 1 && found[0].starts_with(said), "{to}: {found:?}");
        }
        let text = embedded()["sign-desk"].text.replace("answer: vendor_silent", "answer: vendor_silnt");
        let no = read("sign-desk.yaml", &text).unwrap_err();
        assert!(no.one_line().contains("did you mean `vendor_silent`?"), "{}", no.one_line());
    }
}
