//! The diagnostic codes of this crate and their pages: `src/codes/PB0012.md` is what `stanch explain PB0012` prints.

use include_dir::{Dir, include_dir};

static PAGES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/codes");

/// The page of a code in markdown, if the code is one of ours.
pub fn explain(code: &str) -> Option<&'static str> {
    PAGES.get_file(format!("{code}.md"))?.contents_utf8()
}

/// All codes, in order.
pub fn all() -> impl Iterator<Item = &'static str> {
    PAGES.files().filter_map(|file| file.path().file_stem()?.to_str())
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    /// Every code that the sources use, tests left out.
    fn used() -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for (at, _) in code.match_indices("\"PB") {
                let word: String = code[at + 1..].chars().take_while(char::is_ascii_alphanumeric).collect();
                if word.len() == 6 {
                    found.insert(word);
                }
            }
        }
        found
    }

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
        found
    }

    #[test]
    fn every_code_has_a_page_and_every_page_a_code() {
        let pages: BTreeSet<String> = all().map(str::to_owned).collect();
        assert_eq!(used(), pages);
    }

    /// A playbook that the examples of the pages change: what each of them does not name is as it should be.
    struct Example(BTreeMap<String, String>);

    impl Example {
        fn new() -> Self {
            let manifest = "playbook: cut\ntitle: Cut\nowner: ir\nreviewed: 2026-11-01\n\
                input: { app: { type: app } }\n\
                uses: { read: [find_app, app.grants], reversible: [app.quarantine], permanent: [grant.revoke], tell: [page] }\n\
                approvals: { cut-app: { ask: incident-lead, within: 15m, unanswered: [deny] } }\n";
            let script = "let apps = find_app(input.app);\nlet grants = flat(each(apps, |app| app.grants()));\n\
                evidence(\"before\", grants);\napprove(\"cut-app\", \"Cut\", [apps, grants]);\n\
                for app in apps { app.quarantine(); }\neach(grants, |grant| grant.revoke());\n\
                let left = settle();\npage(\"team\", `${left.failed.len()} left`);\n";
            let notice = "---\nsubject: Cut\n---\nDear {to.name}\n";
            Self(BTreeMap::from([
                ("playbook.yaml".to_owned(), manifest.to_owned()),
                ("main.rhai".to_owned(), script.to_owned()),
                ("templates/integration-cut.md".to_owned(), notice.to_owned()),
            ]))
        }

        /// With the blocks of one part of a page.
        fn with(&self, part: &str) -> Self {
            let mut files = self.0.clone();
            for (language, text) in blocks(part) {
                match language {
                    "rhai" => drop(files.insert("main.rhai".to_owned(), prelude(text) + text)),
                    "yaml" => {
                        let manifest = Self::new().0["playbook.yaml"].clone();
                        files.insert("playbook.yaml".to_owned(), over(&manifest, text));
                    }
                    "markdown" => {
                        drop(files.insert("templates/integration-cut.md".to_owned(), text.to_owned()))
                    }
                    _ => files = listing(text, &Self::new().0),
                }
            }
            Self(files)
        }

        fn codes(&self) -> BTreeSet<String> {
            let (index, context) = crate::check::tests::ground();
            let found = crate::check_sources("cut", &self.0, &index, &context);
            found.into_iter().map(|one| one.code).collect()
        }
    }

    /// The fenced blocks: language and text.
    fn blocks(part: &str) -> Vec<(&str, &str)> {
        let fenced = part.split("```").skip(1).step_by(2);
        fenced.filter_map(|block| block.split_once('\n')).collect()
    }

    /// What an example takes for granted.
    fn prelude(text: &str) -> String {
        let known = [
            ("apps", "let apps = find_app(input.app);\n"),
            ("grants", "let grants = flat(each(find_app(input.app), |app| app.grants()));\n"),
        ];
        let used = |name: &str| text.contains(name) && !text.contains(&format!("let {name} "));
        known.iter().filter(|(name, _)| used(name)).map(|(_, line)| *line).collect()
    }

    /// The manifest with the parts of the example in the place of its own.
    fn over(manifest: &str, example: &str) -> String {
        let key = |line: &str| line.split_once(':').map(|(key, _)| key.to_owned());
        let parts: BTreeSet<String> = example
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_alphanumeric()))
            .filter_map(key)
            .collect();
        let kept = manifest.lines().filter(|line| key(line).is_none_or(|key| !parts.contains(&key)));
        kept.map(|line| format!("{line}\n")).collect::<String>() + example
    }

    /// A folder's listing: each file as it should be, or of the size that stands behind it.
    fn listing(text: &str, whole: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let file = |line: &str| {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap().to_owned();
            let size = words.next().map(|size| size.parse::<usize>().unwrap() * 1024);
            let content = whole.get(&name).cloned().unwrap_or_default();
            (name, size.map_or(content, |size| "note(\"x\");\n".repeat(size / 11)))
        };
        text.lines().skip(1).map(file).collect()
    }

    #[test]
    fn every_page_shows_the_mistake_and_a_better_way_and_check_agrees() {
        for code in all() {
            let page = explain(code).unwrap();
            assert!(page.starts_with(&format!("# {code}: ")), "{code}");
            let (why, rest) =
                page.split_once("\nMistake:\n").unwrap_or_else(|| panic!("{code} shows no mistake"));
            assert!(why.lines().count() > 2, "{code} says neither what nor why");
            let (mistake, better) =
                rest.split_once("\nBetter:\n").unwrap_or_else(|| panic!("{code} shows no better way"));
            let mistaken = Example::new().with(mistake);
            assert!(mistaken.codes().contains(code), "{code}: the mistake is {:?}", mistaken.codes());
            let mended = mistaken.with(better);
            assert!(!mended.codes().contains(code), "{code}: the better way is none");
            let loaded = crate::Playbook::from_sources("cut", mended.0.clone());
            assert!(loaded.is_ok(), "{code}: the better way is no playbook: {:?}", loaded.err());
        }
    }

    #[test]
    fn an_unknown_code_has_no_page() {
        assert_eq!(explain("PB9999"), None);
        assert_eq!(explain("../codes/PB0001"), None);
    }
}
