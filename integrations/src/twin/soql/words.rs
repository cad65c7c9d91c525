//! SOQL text cut into words.

use super::SoqlError;

/// One word of a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// A name, a keyword, a number or a date.
    Bare(String),
    /// A quoted text, unescaped.
    Text(String),
    /// `(`, `)`, `,` or a comparison.
    Sign(String),
}

/// Cuts a query into words.
pub(super) fn cut(query: &str) -> Result<Vec<Word>, SoqlError> {
    let mut words = Vec::new();
    let mut letters = query.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            space if space.is_whitespace() => {}
            '(' | ')' | ',' => words.push(Word::Sign(letter.to_string())),
            '=' => words.push(Word::Sign("=".to_owned())),
            '<' | '>' | '!' => {
                let mut sign = letter.to_string();
                if letters.peek() == Some(&'=') || (letter == '<' && letters.peek() == Some(&'>')) {
                    sign.extend(letters.next());
                }
                words.push(Word::Sign(sign));
            }
            '\'' => words.push(Word::Text(quoted(&mut letters)?)),
            first => {
                let mut word = first.to_string();
                while let Some(next) =
                    letters.next_if(|next| next.is_alphanumeric() || "_.:+-".contains(*next))
                {
                    word.push(next);
                }
                words.push(Word::Bare(word));
            }
        }
    }
    Ok(words)
}

fn quoted(letters: &mut impl Iterator<Item = char>) -> Result<String, SoqlError> {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => return Ok(text),
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    Err(SoqlError { code: "MALFORMED_QUERY", message: "a quoted text does not end".to_owned() })
}
