//! What stands in a script, as a person reads it: excerpts on one line.

use crate::syntax::{Expr, ExprKind};

/// The text from here to the first of `stops` that is outside of brackets, texts and comments.
pub(super) fn until(source: &str, from: usize, stops: &[u8]) -> String {
    let end = end(source.as_bytes(), from, stops);
    line(source.get(from..end).unwrap_or_default())
}

/// An expression as written.
pub(super) fn excerpt(source: &str, expr: &Expr) -> String {
    until(source, start(expr), b",;")
}

/// An expression before a `{`, as written.
pub(super) fn head(source: &str, expr: &Expr) -> String {
    until(source, start(expr), b"{")
}

/// What an expression says: a text without its quotes, with `${…}` where a value comes in.
pub(super) fn said(source: &str, expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Text(text) => line(text),
        ExprKind::Template(_) => {
            let bytes = source.as_bytes();
            let end = text_end(bytes, expr.at);
            line(source.get(expr.at..end).unwrap_or_default().trim_matches('`'))
        }
        ExprKind::Operator { op, operands } if op == "+" => {
            operands.iter().map(|part| said(source, part)).collect::<Vec<_>>().join(" ")
        }
        _ => format!("${{{}}}", excerpt(source, expr)),
    }
}

/// Where an expression begins; its own place is where its operator or last name stands.
fn start(expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::Method { on, .. } | ExprKind::Field { on, .. } | ExprKind::Index { on, .. } => start(on),
        ExprKind::Operator { operands, .. } => {
            operands.first().map_or(expr.at, |one| start(one).min(expr.at))
        }
        ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Coalesce(items) => {
            items.first().map_or(expr.at, start)
        }
        _ => expr.at,
    }
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where one of `stops` stands, or a bracket closes that was opened before.
fn end(bytes: &[u8], from: usize, stops: &[u8]) -> usize {
    let (mut at, mut depth) = (from, 0usize);
    while let Some(&byte) = bytes.get(at) {
        let map = byte == b'{' && at > 0 && bytes[at - 1] == b'#';
        if depth == 0 && stops.contains(&byte) && !map {
            return at;
        }
        match byte {
            b'"' | b'`' | b'\'' => {
                at = text_end(bytes, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                while bytes.get(at).is_some_and(|byte| *byte != b'\n') {
                    at += 1;
                }
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return at,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Behind the text that begins here.
fn text_end(bytes: &[u8], from: usize) -> usize {
    let Some(&quote) = bytes.get(from) else { return bytes.len() };
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if quote != b'`' => at += 1,
            b'$' if quote == b'`' && bytes.get(at + 1) == Some(&b'{') => at = end(bytes, at + 2, &[]),
            _ if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::until;

    #[test]
    fn brackets_texts_and_comments_are_passed_over() {
        let source = "f(a[1, 2], `x ${g(\"`\", 1)} ,`, b)";
        assert_eq!(until(source, 2, b","), "a[1, 2]");
        assert_eq!(until(source, 11, b","), "`x ${g(\"`\", 1)} ,`");
        assert_eq!(
            until("if x == #{ a: 1 }.a // no {\n  && y { }", 2, b"{"),
            "x == #{ a: 1 }.a // no { && y"
        );
        assert_eq!(until("a \"", 2, b","), "\"");
    }
}
