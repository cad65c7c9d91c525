//! Words with `*` for any letters: `app.oauth2.*`. Case does not count.

/// A parsed word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    source: String,
    /// The letters between the stars, in lower case.
    parts: Vec<String>,
}

impl Glob {
    pub(crate) fn new(source: &str) -> Self {
        let parts = source.to_ascii_lowercase().split('*').map(str::to_owned).collect();
        Self { source: source.to_owned(), parts }
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn fits(&self, text: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else { return false };
        let text = text.as_bytes();
        let Some((last, middle)) = rest.split_last() else {
            return text.eq_ignore_ascii_case(first.as_bytes());
        };
        if text.len() < first.len() + last.len() || !same(&text[..first.len()], first) {
            return false;
        }
        let (text, end) = text[first.len()..].split_at(text.len() - first.len() - last.len());
        if !same(end, last) {
            return false;
        }
        let mut left = text;
        middle.iter().all(|part| match find(left, part) {
            Some(at) => {
                left = &left[at + part.len()..];
                true
            }
            None => false,
        })
    }
}

fn same(text: &[u8], part: &str) -> bool {
    text.eq_ignore_ascii_case(part.as_bytes())
}

fn find(text: &[u8], part: &str) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| same(window, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_letters() {
        for (glob, fits, not) in [
            (
                "user.session.start",
                &["user.session.start", "User.Session.Start"][..],
                &["user.session.startx"][..],
            ),
            ("*.token.detect_reuse", &["app.oauth2.as.token.detect_reuse"], &["token.detect_reuse"]),
            (
                "app.oauth2.*token*",
                &["app.oauth2.token.grant", "app.oauth2.as.tokens"],
                &["app.oauth2.consent"],
            ),
            ("a*a", &["aa", "aba"], &["a", "ab"]),
            ("*", &["", "x"], &[]),
            ("*a*b*", &["xaybz", "ab"], &["ba"]),
        ] {
            let glob = Glob::new(glob);
            assert!(fits.iter().all(|text| glob.fits(text)), "{glob:?}");
            assert!(!not.iter().any(|text| glob.fits(text)), "{glob:?}");
        }
    }
}
