//! Engine words as people say them: states, lines of the journal, moments and lengths of time.
//!
//! Pure functions of data: the same words on every screen.

pub mod entry;
pub mod target;
pub mod time;

/// `1 grant`, `3 grants`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = match noun {
        "approach" | "branch" => "es",
        _ => "s",
    };
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}{plural}") }
}

/// Words of a list: `a, b and c`; `many` more are only counted.
pub fn list(words: &[String], joined: &str, many: usize) -> String {
    let shown = &words[..words.len().min(many)];
    let more = words.len() - shown.len();
    match (shown, more) {
        ([], _) => String::new(),
        ([one], 0) => one.clone(),
        ([most @ .., last], 0) => format!("{} {joined} {last}", most.join(", ")),
        (some, more) => format!("{} {joined} {more} more", some.join(", ")),
    }
}

/// A sentence begins with a capital.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_end_with_a_word_and_long_ones_with_a_number() {
        let all = ["ben", "caro", "dora"].map(str::to_owned);
        assert_eq!(list(&all[..1], "or", 3), "ben");
        assert_eq!(list(&all, "or", 3), "ben, caro or dora");
        assert_eq!(list(&all, "and", 1), "ben and 2 more");
        assert_eq!(
            (count(1, "branch"), count(2, "branch"), count(2, "grant")),
            ("1 branch".to_owned(), "2 branches".to_owned(), "2 grants".to_owned())
        );
    }
}
