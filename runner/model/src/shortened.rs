//! Ids as people write them: the whole, its beginning, or the last letters that screens show.

/// Fewer letters than these are not looked up: they would soon mean something else.
const LEAST: usize = 4;

/// The last letters that screens and messages show.
const SHOWN: usize = 8;

/// So many candidates are named; more help nobody.
const NAMED: usize = 5;

/// Why a shortened id names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOne {
    /// Nothing is called so.
    #[error("there is no {what} {text}")]
    None {
        /// `run`, `incident`.
        what: &'static str,
        /// As it was written.
        text: String,
    },
    /// Too short to be looked up.
    #[error("`{text}` is too short for {what}: write at least {LEAST} letters of the id")]
    TooShort {
        /// `a run`, `an incident`.
        what: &'static str,
        /// As it was written.
        text: String,
    },
    /// Several are called so.
    #[error("`{text}` means several {what}s: {}", candidates(.ids))]
    Several {
        /// `run`, `incident`.
        what: &'static str,
        /// As it was written.
        text: String,
        /// Their ids, newest first.
        ids: Vec<String>,
    },
}

/// The one id that begins or ends with this text; case does not matter. `ids` come oldest first.
///
/// # Errors
/// When none or several do, or the text is too short to say.
pub fn the_one(
    what: &'static str,
    text: &str,
    ids: impl IntoIterator<Item = String>,
) -> Result<String, NotOne> {
    let wanted = text.trim().to_ascii_uppercase();
    let text = || text.trim().to_owned();
    if wanted.len() < LEAST {
        return Err(NotOne::TooShort { what: article(what), text: text() });
    }
    let mut found: Vec<String> = Vec::new();
    for id in ids {
        if id == wanted {
            return Ok(id);
        }
        if id.starts_with(&wanted) || id.ends_with(&wanted) {
            found.push(id);
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(newest), false) => {
            let ids = std::iter::once(newest).chain(found.into_iter().rev()).collect();
            Err(NotOne::Several { what, text: text(), ids })
        }
        (None, _) => Err(NotOne::None { what, text: text() }),
    }
}

/// The last letters of an id: enough to tell those of one night apart.
pub fn short(id: &str) -> &str {
    let from = id.char_indices().rev().nth(SHOWN - 1).map_or(0, |(at, _)| at);
    &id[from..]
}

fn article(what: &'static str) -> &'static str {
    match what {
        "incident" => "an incident",
        "run" => "a run",
        other => other,
    }
}

fn candidates(ids: &[String]) -> String {
    let named: Vec<&str> = ids.iter().take(NAMED).map(|id| short(id)).collect();
    let more = if ids.len() > NAMED { format!(" and {} more", ids.len() - NAMED) } else { String::new() };
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> Vec<String> {
        ["01JD8Q2W3E4R5T6Y7U8I9O0P1A", "01JD8Q2W3E4R5T6Y7U8I9O0P1B", "01JD8Q9999999999999999ZZ1B"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn the_whole_the_beginning_or_the_end_names_one_in_either_case() {
        for text in ["01JD8Q2W3E4R5T6Y7U8I9O0P1A", "0p1a", " 8I9O0P1A "] {
            assert_eq!(the_one("run", text, ids()).as_deref(), Ok("01JD8Q2W3E4R5T6Y7U8I9O0P1A"), "{text}");
        }
        assert_eq!(the_one("run", "01jd8q9", ids()).as_deref(), Ok("01JD8Q9999999999999999ZZ1B"));
    }

    #[test]
    fn what_names_several_lists_them_by_the_letters_that_tell_them_apart() {
        let error = the_one("run", "01JD8Q", ids()).unwrap_err();
        assert_eq!(error.to_string(), "`01JD8Q` means several runs: 9999ZZ1B, 8I9O0P1B, 8I9O0P1A");
        let many = (0..9).map(|n| format!("01JD8Q00000{n}"));
        assert!(the_one("run", "01JD", many).unwrap_err().to_string().ends_with("and 4 more"));
    }

    #[test]
    fn what_is_nothing_or_too_short_is_said() {
        assert_eq!(the_one("incident", "zzzz", ids()).unwrap_err().to_string(), "there is no incident zzzz");
        for text in ["", "01J"] {
            let error = the_one("incident", text, ids()).unwrap_err().to_string();
            assert!(error.contains("too short for an incident"), "{error}");
        }
    }

    #[test]
    fn a_short_id_is_its_end() {
        assert_eq!(short("01JD8Q2W3E4R5T6Y7U8I9O0P1A"), "8I9O0P1A");
        assert_eq!(short("abc"), "abc");
    }
}
