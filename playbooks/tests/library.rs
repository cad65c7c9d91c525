//! The library: what `stanch check` says of every playbook when every platform of the catalogue is connected under its own
//! name and the rest is configured as `stanch init` writes it, and what each of them has for the night in which it is needed.

use std::{collections::BTreeSet, path::Path};

use stanch_integrations::Catalog;
use stanch_model::catalog::{ActionIndex, ActionInfo};
use stanch_playbooks::{CheckContext, Library, check};

/// Every platform of the catalogue, `google-workspace` as `google_workspace`.
struct Everything(Catalog);

impl ActionIndex for Everything {
    fn integrations(&self) -> Vec<(String, String)> {
        self.0.platforms().map(|p| (p.slug().replace('-', "_"), p.slug().to_owned())).collect()
    }

    fn actions(&self, platform: &str) -> Vec<&ActionInfo> {
        self.0.platform(platform).map(|p| p.actions().collect()).unwrap_or_default()
    }

    fn action(&self, integration: &str, action: &str) -> Option<&ActionInfo> {
        self.0.platforms().find(|p| p.slug().replace('-', "_") == integration)?.action(action)
    }

    fn verb(&self, verb: &str) -> Vec<(String, &ActionInfo)> {
        let all =
            self.0.platforms().flat_map(|p| p.actions().map(|action| (p.slug().replace('-', "_"), action)));
        all.filter(|(_, action)| action.verb.as_deref() == Some(verb)).collect()
    }

    fn counts(&self, integration: &str, kind: &str) -> bool {
        self.0.platforms().any(|p| p.slug().replace('-', "_") == integration && p.counts(kind))
    }

    fn verbs(&self) -> Vec<String> {
        let verbs = self.0.platforms().flat_map(|p| p.actions().filter_map(|action| action.verb.clone()));
        verbs.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn platforms(&self) -> Vec<String> {
        self.0.platforms().map(|platform| platform.slug().to_owned()).collect()
    }

    fn by_login_alone(&self, platform: &str) -> bool {
        self.0.platform(platform).is_some_and(stanch_integrations::Platform::by_login_alone)
    }
}

#[test]
fn every_playbook_of_the_library_passes_check() {
    let lines = |found: Vec<stanch_model::Diagnostic>| found.iter().map(|p| p.one_line()).collect::<Vec<_>>();
    let index = Everything(Catalog::embedded());
    let library = Library::embedded();
    let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let context = CheckContext {
        groups: names(&["incident-lead", "security-manager"]),
        tell: names(&["approval", "stuck", "team"]),
        deadlines: names(&["contract", "gdpr-33", "nis2-early-warning", "nis2-notification", "sec-8k"]),
        playbooks: Some(library.all().map(|playbook| playbook.slug.clone()).collect()),
        ..CheckContext::default()
    };
    for playbook in library.all() {
        let found = lines(check(playbook, &index, &context));
        assert!(found.is_empty(), "{}:\n{}", playbook.slug, found.join("\n"));
    }
}

#[test]
fn every_playbook_says_who_answers_for_it_and_what_it_asks() {
    for playbook in Library::embedded().all() {
        let (slug, manifest) = (&playbook.slug, &playbook.manifest);
        assert!(!manifest.owner.is_empty(), "{slug} has no owner");
        for kind in ["react:", "cacao:", "saas:"] {
            assert!(manifest.tags.iter().any(|tag| tag.starts_with(kind)), "{slug} has no tag {kind}…");
        }
        for (name, input) in &manifest.input {
            assert!(!input.help.is_empty(), "{slug}: nobody knows what `{name}` is");
        }
        for (name, approval) in &manifest.approvals {
            assert!(
                !approval.ask.is_empty() && !approval.unanswered.is_empty(),
                "{slug}: `{name}` asks nobody"
            );
        }
        let lines = playbook.script.lines().count();
        assert!((40..=120).contains(&lines), "{slug} has {lines} lines: it is read at three in the morning");
    }
}

#[test]
fn every_playbook_has_a_page_for_the_night_that_names_all_it_asks() {
    for playbook in Library::embedded().all() {
        let (slug, page) = (&playbook.slug, &playbook.readme);
        for part in ["**When.**", "**What it does.**", "**What is asked of you.**", "**By hand"] {
            assert!(page.contains(part), "{slug}: its page lacks {part}");
        }
        let asks = playbook.manifest.approvals.keys().chain(playbook.manifest.questions.keys());
        for name in asks {
            assert!(page.contains(&format!("`{name}`")), "{slug}: its page does not say what `{name}` is");
        }
        assert!(
            page.contains(&format!("stanch run {slug}")),
            "{slug}: its page does not say how it is started"
        );
    }
}

#[test]
fn the_readme_lists_the_whole_library() {
    let readme = include_str!("../../README.md");
    for playbook in Library::embedded().all() {
        let entry = format!("| [`{0}`](playbooks/library/{0}/README.md) |", playbook.slug);
        assert!(readme.contains(&entry), "README.md does not list {}", playbook.slug);
    }
}

/// What a night may bring, and how a case says so.
const NIGHT: [(&str, &[&str]); 8] = [
    ("a rate limit", &["answer: 429", "answer: 451"]),
    ("a 403", &["answer: 403"]),
    ("a timeout after the effect", &["answer: timeout_after_effect"]),
    ("a second page", &["pages_of:"]),
    ("what was revoked already", &["answer: already_revoked"]),
    ("a no", &["deny", "hold back"]),
    ("silence", &["expire"]),
    ("a kill", &["kill_runner: true"]),
];

/// Playbooks for which a case of these cannot be, and the words with which their `cases/README.md` says why.
const CANNOT_BE: [(&str, &str, &str); 2] = [
    ("notify-matrix", "what was revoked already", "cuts nothing"),
    ("notify-matrix", "a second page", "lists nothing"),
];

fn files(folder: &Path) -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let text = |file: std::fs::DirEntry| {
        let text = std::fs::read_to_string(file.path()).unwrap_or_default();
        (file.file_name().to_string_lossy().into_owned(), text)
    };
    files.map(text).collect()
}

#[test]
fn every_playbook_has_a_case_for_whatever_a_night_may_bring() {
    let mut missing = Vec::new();
    for playbook in Library::embedded().all() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("library").join(&playbook.slug).join("cases");
        let files = files(&folder);
        let says =
            |part: &str| files.iter().any(|(name, text)| name.ends_with(".yaml") && text.contains(part));
        for (what, parts) in NIGHT {
            let excuse = CANNOT_BE.iter().find(|(slug, not, _)| *slug == playbook.slug && *not == what);
            match excuse {
                None if !parts.iter().any(|part| says(part)) => {
                    missing.push(format!("{}: {what}", playbook.slug))
                }
                Some((.., why)) => {
                    let page = files.iter().find(|(name, _)| name == "README.md");
                    let said = page.is_some_and(|(_, text)| text.contains(why));
                    assert!(said, "{}/cases/README.md does not say that it {why}", playbook.slug);
                    assert!(
                        !parts.iter().any(|part| says(part)),
                        "{}: {what} can be after all",
                        playbook.slug
                    );
                }
                None => {}
            }
        }
    }
    assert!(missing.is_empty(), "no case shows\n{}", missing.join("\n"));
}
