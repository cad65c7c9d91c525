//! A platform's page and the table of all of them, as Markdown: for `show`, and for the README that a test keeps.

use std::fmt::Write as _;

use stanch_model::{Effect, catalog::ActionInfo};

use super::{Catalog, Platform};

impl Catalog {
    /// The table of all platforms, and under it each one's actions.
    pub fn overview(&self) -> String {
        let mut text = String::from(
            "| Platform | Actions | Matched | Read back | Taken back | Twin-tested | Rests on | Lines an action |\n\
             |---|---|---|---|---|---|---|---|\n",
        );
        let number = |count: Option<usize>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        for platform in self.platforms() {
            let figures = platform.figures();
            let (title, slug) = (platform.title(), platform.slug());
            let of = figures.changes;
            let _never = writeln!(
                text,
                "| [{title}](catalog/{slug}/integration.yaml) `{slug}` | {} | {} | {} of {of} | {} | {} | {} | {} |",
                figures.actions,
                number(figures.matched),
                figures.verified,
                figures.undo,
                number(figures.twin_tested),
                platform.rests_on(),
                figures.lines_per_action,
            );
        }
        for platform in self.platforms() {
            let names = |effect: Effect| {
                let named = platform.actions().filter(|action| action.effect == effect);
                named.map(|action| format!("`{}`", action.name)).collect::<Vec<_>>().join(", ")
            };
            let _never = writeln!(text, "\n### {}\n", platform.title());
            for (word, effect) in [
                ("Reads", Effect::Read),
                ("Cuts that can be taken back", Effect::Reversible),
                ("Cuts for good", Effect::Permanent),
                ("Tells", Effect::Tell),
                ("Gives back", Effect::Restore),
            ] {
                let names = names(effect);
                if !names.is_empty() {
                    let _never = writeln!(text, "- {word}: {names}");
                }
            }
        }
        text
    }
}

impl Platform {
    /// How many actions rest on what: `spec 30, docs 1`.
    pub fn rests_on(&self) -> String {
        let mut counts = std::collections::BTreeMap::new();
        for kind in self.actions().filter_map(|action| self.evidence(&action.name)) {
            *counts.entry(kind).or_insert(0) += 1;
        }
        counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect::<Vec<_>>().join(", ")
    }

    /// The page: how to set it up, what it can do, what that rests on.
    pub fn page(&self) -> String {
        let mut page = format!("# {} ({})\n\n{}\n", self.title(), self.slug(), self.docs());
        if !self.setup().is_empty() {
            let _never = write!(page, "\n## Setup\n\n{}\n", self.setup().trim());
        }
        self.settings_of_page(&mut page);
        let mut scopes: Vec<_> = self.actions().flat_map(|action| &action.scopes).collect();
        scopes.sort();
        scopes.dedup();
        if !scopes.is_empty() {
            page.push_str(
                "\nScopes for everything below; `stanch scopes PLAYBOOK` lists what one playbook needs:\n\n",
            );
            for scope in scopes {
                let users = self.actions().filter(|action| action.scopes.contains(scope));
                let count = users.count();
                let actions = if count == 1 { "action" } else { "actions" };
                let _never = writeln!(page, "- `{scope}` for {count} {actions}");
            }
        }
        page.push_str("\n## Actions\n\nConfirmed against a live account: never.\n");
        for action in self.actions() {
            self.action_of_page(action, &mut page);
        }
        page
    }

    fn settings_of_page(&self, page: &mut String) {
        let ways: Vec<_> = self.auth_schemes().map(|name| format!("`{name}`")).collect();
        let _never =
            writeln!(page, "\nAuthentication: {} (the first unless `auth` says another).", ways.join(", "));
        for (kind, labels) in &self.spec.labels {
            let _never = writeln!(
                page,
                "\nWhere a list gives a {kind} by id alone, `{}` tells whom it means; a credential that may not ask leaves the id.",
                labels.action
            );
        }
        let mut settings = self.settings().peekable();
        if settings.peek().is_some() {
            page.push_str("\nSettings:\n\n");
        }
        for (name, help, default, optional) in settings {
            let rest = match (default, optional) {
                (Some(default), _) => format!(" (`{default}` unless set)"),
                (None, true) => " (may be left out)".to_owned(),
                (None, false) => String::new(),
            };
            let _never = writeln!(page, "- `{name}`: {help}{rest}");
        }
    }

    fn action_of_page(&self, action: &ActionInfo, page: &mut String) {
        let name = &action.name;
        let verb = action.verb.as_ref().map(|verb| format!(", `{verb}`")).unwrap_or_default();
        let _never = write!(page, "\n### {name}\n\n{}: {}{verb}.", action.title, action.effect);
        if let Some((method, path)) = self.request_line(name) {
            let _never = write!(page, " `{method} {path}`");
        }
        page.push_str("\n\n");
        let mut say = |what: &str, text: String| {
            let _never = writeln!(page, "- {what}: {text}");
        };
        let takes = self.takes(action);
        let of_target =
            takes.iter().filter(|takes| takes.from_target).map(|takes| format!("`{}`", takes.name));
        let of_target = of_target.collect::<Vec<_>>().join(", ");
        if let (Some(kind), false) = (&action.target_kind, of_target.is_empty()) {
            say("on", format!("a target of kind {kind}; by name {of_target}"));
        }
        takes.iter().filter(|takes| !takes.from_target).for_each(|takes| say("takes", takes.to_string()));
        say("gives", self.gives(action).to_string());
        match (&action.verify, self.unproven(name), action.manual) {
            (Some(verify), ..) => say("read back", format!("`{}` until `{}`", verify.action, verify.until)),
            (None, Some(why), _) => say("not read back", why.to_owned()),
            (None, None, true) => say("done by", "a person, whose word it is".to_owned()),
            (None, None, false) => {}
        }
        if action.effect == Effect::Reversible || action.effect == Effect::Permanent {
            say(
                "taken back by",
                action.undo.as_ref().map_or("nothing".to_owned(), |undo| format!("`{undo}`")),
            );
        }
        if action.effect != Effect::Read && !action.manual {
            say("in doubt", action.in_doubt.to_string());
        }
        if let Some(lasts) = action.residual {
            say("access issued before lives on", stanch_model::duration::format(lasts));
        }
        if !action.scopes.is_empty() {
            say("scopes", action.scopes.join(", "));
        }
        if let Some(evidence) = self.evidence(name) {
            say("rests on", evidence.to_string());
        }
        if let Some(note) = self.note(name) {
            say("note", note.trim().to_owned());
        }
        say("docs", action.docs.clone());
    }
}
