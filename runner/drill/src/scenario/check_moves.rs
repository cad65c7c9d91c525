//! What is wrong with the adversary's moves.

use super::{
    adversary::{Move, Ploy},
    check::Case,
};

impl Case<'_> {
    pub(super) fn adversary(&mut self) {
        let scenario = self.scenario;
        for (nth, one) in scenario.adversary.iter().enumerate() {
            let nth = nth.to_string();
            if let Some(once) = &one.once {
                self.condition(once, &["adversary", &nth, "once"]);
            }
            self.whole(one, &nth);
            if let Some(ploy) = one.ploy() {
                self.names(ploy, &nth);
                self.reachable(ploy, &nth);
            }
        }
    }

    fn whole(&mut self, one: &Move, nth: &str) {
        if one.ploys().len() != 1 {
            let message = format!("a move does exactly one thing, this one {}", one.ploys().len());
            let help = "read, consent, token, hide".to_owned();
            self.wrong("DR0006", &["adversary", nth], message, help);
        }
        if one.every.is_some() && one.read.is_none() {
            let message = "only `read` is done again".to_owned();
            let help = "write a move of its own for each time".to_owned();
            self.wrong("DR0006", &["adversary", nth, "every"], message, help);
        }
        if one.every.is_some_and(|every| every.ms() < 1000) {
            let (message, help) = ("this is never over".to_owned(), "write a length: every: 2m".to_owned());
            self.wrong("DR0008", &["adversary", nth, "every"], message, help);
        }
    }

    fn names(&mut self, ploy: Ploy<'_>, nth: &str) {
        let (scenario, known) = (self.scenario, self.known);
        let word = match ploy {
            Ploy::Read(_) => "read",
            Ploy::Consent(_) => "consent",
            Ploy::Token(_) => "token",
            Ploy::Hide(_) => "hide",
        };
        let apps = || scenario.world.apps.iter().map(|app| app.id.as_str());
        if !apps().any(|app| app == ploy.app()) {
            self.unknown(&["adversary", nth, word, "app"], "app", ploy.app(), apps());
        }
        let (platforms, field): (Vec<&String>, _) = match ploy {
            Ploy::Read(loot) => (vec![&loot.platform], "platform"),
            _ => (ploy.grants().into_iter().flat_map(|grants| grants.keys()).collect(), "grants"),
        };
        for platform in platforms.into_iter().filter(|name| !known.platforms.contains(*name)) {
            let all = known.platforms.iter().map(String::as_str);
            self.unknown(&["adversary", nth, word, field], "platform", platform, all);
        }
    }

    /// A grant is read through only where one can ever be.
    fn reachable(&mut self, ploy: Ploy<'_>, nth: &str) {
        let Ploy::Read(loot) = ploy else { return };
        let is_known = self.scenario.world.apps.iter().any(|app| app.id == loot.app);
        if !is_known
            || !self.known.platforms.contains(&loot.platform)
            || self.may_have(&loot.app, &loot.platform)
        {
            return;
        }
        let message = format!("{} never has a grant on {} in this world", loot.app, loot.platform);
        let help = "give it one, or read where it has one".to_owned();
        self.wrong("DR0008", &["adversary", nth, "read", "platform"], message, help);
    }

    /// Without anybody's grant an app that is there still acts in its own name.
    fn may_have(&self, app: &str, platform: &str) -> bool {
        let scenario = self.scenario;
        let world = scenario.world.apps.iter().filter(|known| known.id == app).map(|known| &known.grants);
        let hidden = scenario.world.hidden.iter().filter(|known| known.app == app).map(|known| &known.grants);
        let again = scenario.plot.iter().filter_map(|entry| entry.consent.as_ref());
        let again = again.filter(|consent| consent.app == app).map(|consent| &consent.grants);
        let moves = scenario.adversary.iter().filter_map(Move::ploy).filter(|ploy| ploy.app() == app);
        let moves = moves.filter_map(Ploy::grants);
        world.chain(hidden).chain(again).chain(moves).any(|grants| grants.contains_key(platform))
    }
}

#[cfg(test)]
mod tests {
    use stanch_integrations::Catalog;
    use stanch_playbooks::Library;

    use crate::scenario::{Known, check, embedded, read};

    /// What is wrong with these moves of the drill on the chat widget: code, place, words, way out.
    fn mistakes(moves: &str) -> Vec<String> {
        let mut found = embedded().remove("chat-widget").unwrap();
        let (before, rest) = found.text.split_once("adversary:").unwrap();
        let (_, after) = rest.split_once("\nexpect:").unwrap();
        found.text = format!("{before}adversary:\n{moves}\nexpect:{after}");
        let (catalog, library) = (Catalog::embedded(), Library::embedded());
        let scenario = read(&found.file, &found.text).unwrap();
        let known = Known::of(&scenario, &catalog, &library);
        let said = check(&found.file, &found.text, &scenario, &known).into_iter().map(|one| {
            let place = one
                .labels
                .first()
                .map(|label| &found.text[label.offset..label.offset + label.length])
                .unwrap_or_default();
            format!("{} `{place}` {}; {}", one.code, one.message, one.help.unwrap_or_default())
        });
        said.collect()
    }

    #[test]
    fn what_cannot_be_moved_is_named_in_its_place_with_the_way_out() {
        let fine = "  - { read: { app: drift, platform: google_workspace, what: mail }, every: 2m }";
        assert_eq!(mistakes(fine), Vec::<String>::new(), "hidden grants can be read through");
        for (moves, said) in [
            (
                "  - { read: { app: drfit, platform: okta, what: mail } }",
                "DR0005 `drfit` there is no app `drfit`; did you mean `drift`?",
            ),
            ("  - { token: { app: drift, grants: { otka: 1 } } }", "DR0005 `"),
            (
                "  - { once: 'revokd(\"okta\") > 0', hide: { app: drift, grants: { okta: 1 } } }",
                "DR0004 `revokd` there is no word",
            ),
            (
                "  - { every: 2m, token: { app: drift, grants: { okta: 1 } } }",
                "DR0006 `2m` only `read` is done again",
            ),
            (
                "  - { every: 0s, read: { app: drift, platform: okta, what: mail } }",
                "DR0008 `0s` this is never over",
            ),
            ("  - { once: kills > 0 }", "DR0006 `"),
            (
                "  - { read: { app: zendesk, platform: salesforce, what: mail } }",
                "DR0008 `salesforce` zendesk never has a grant",
            ),
        ] {
            let found = mistakes(moves);
            assert!(found.len() == 1 && found[0].starts_with(said), "{moves}: {found:?}");
        }
    }
}
