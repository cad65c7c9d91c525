//! The diagnostic codes of this crate and their pages: `src/codes/IN0005.md` is what `stanch explain IN0005` prints.

use include_dir::{Dir, include_dir};

static PAGES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/codes");

/// The page of a code, as Markdown.
pub fn explain(code: &str) -> Option<&'static str> {
    PAGES.get_file(format!("{code}.md"))?.contents_utf8()
}

/// All codes, in order.
pub fn all() -> impl Iterator<Item = &'static str> {
    PAGES.files().filter_map(|file| file.path().file_stem()?.to_str())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// Every `"IN0000"`-like text in this crate's sources, tests left out.
    fn used(folder: &Path, codes: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                used(&path, codes);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                let found = source.split("\"IN").skip(1).filter_map(|rest| rest.get(..4));
                let digits = found.filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
                codes.extend(digits.map(|digits| format!("IN{digits}")));
            }
        }
    }

    #[test]
    fn every_code_has_a_page_and_every_page_a_code() {
        let mut codes = BTreeSet::new();
        used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut codes);
        codes.remove("IN0000");
        let pages: BTreeSet<String> = all().map(str::to_owned).collect();
        assert_eq!(codes, pages);
        for code in all() {
            assert!(explain(code).unwrap().starts_with(&format!("# {code}: ")), "{code}");
        }
    }
    #[test]
    fn the_better_way_of_every_page_is_yaml() {
        for code in all() {
            let page = explain(code).unwrap();
            let Some((_, better)) = page.split_once("\nBetter:\n\n```yaml\n") else { continue };
            let text = better.split("\n```").next().unwrap();
            assert!(stanch_model::yaml::node(code, text, code).is_ok(), "{code}");
        }
    }
}
