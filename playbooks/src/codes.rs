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
        collections::BTreeSet,
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

    #[test]
    fn every_page_shows_the_mistake_and_a_better_way_that_parses() {
        for code in all() {
            let page = explain(code).unwrap();
            assert!(page.starts_with(&format!("# {code}: ")), "{code}");
            let (_, better) =
                page.split_once("\nBetter:\n\n```").unwrap_or_else(|| panic!("{code} shows no better way"));
            assert!(page.contains("\nMistake:\n\n```"), "{code} shows no mistake");
            let (language, rest) = better.split_once('\n').unwrap();
            let text = rest.split("\n```").next().unwrap();
            match language {
                "rhai" => {
                    let found = crate::dialect::compile(text).map(|_| ()).map_err(|p| p[0].one_line());
                    assert_eq!(found, Ok(()), "{code}");
                }
                "yaml" => assert!(stanch_model::yaml::node(code, text, code).is_ok(), "{code}"),
                _ => {}
            }
        }
    }

    #[test]
    fn an_unknown_code_has_no_page() {
        assert_eq!(explain("PB9999"), None);
        assert_eq!(explain("../codes/PB0001"), None);
    }
}
