//! Operators over what is known of their operands: what they give, and what they can never do.
//!
//! What stands here was tried on the interpreter: see the tests.

use super::Ty;

/// Operators that compare.
pub(super) const COMPARE: &[&str] = &["==", "!=", "<", "<=", ">", ">="];

/// A value where another kind is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

impl Unfit {
    fn new(message: String, help: &'static str) -> Option<Self> {
        Some(Self { message, help })
    }
}

/// Why this can never be done, or never be true.
pub(super) fn unfit(op: &str, types: &[Ty; 2]) -> Option<Unfit> {
    let [a, b] = types;
    if a.is_any() || b.is_any() || *a == Ty::Unit || *b == Ty::Unit {
        return None;
    }
    let words = format!("{} and {}", a.word(), b.word());
    match op {
        "==" | "!=" if !alike(a, b) => {
            let never = if op == "==" { "never equal" } else { "always different" };
            Unfit::new(format!("{words} are {never}"), "compare values of one kind")
        }
        "<" | "<=" | ">" | ">="
            if !(alike(a, b) && matches!(a, Ty::Number | Ty::Text | Ty::Bool | Ty::Severity)) =>
        {
            Unfit::new(format!("`{op}` cannot order {words}"), "numbers, texts and severities have an order")
        }
        "-" if !matches!((a, b), (Ty::Number, Ty::Number) | (Ty::Text, Ty::Text)) => {
            Unfit::new(format!("`-` cannot take {words}"), "")
        }
        "*" | "/" | "%" | "**" if !matches!((a, b), (Ty::Number, Ty::Number)) => {
            Unfit::new(format!("`{op}` cannot take {words}"), "it takes numbers")
        }
        "+" if !adds(a, b) => Unfit::new(
            format!("`+` cannot take {words}"),
            "it adds numbers, texts, lists and maps; a backtick text takes anything: `${value}`",
        ),
        _ => None,
    }
}

fn alike(a: &Ty, b: &Ty) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b) || (a.is_map() && b.is_map())
}

fn adds(a: &Ty, b: &Ty) -> bool {
    matches!((a, b), (Ty::Number, Ty::Number) | (Ty::List(_), Ty::List(_)) | (Ty::Text, _) | (_, Ty::Text))
        || (a.is_map() && b.is_map())
}

/// What an operator of two operands gives.
pub(super) fn gives(op: &str, types: [Ty; 2]) -> Ty {
    match (op, types) {
        (op, _) if COMPARE.contains(&op) => Ty::Bool,
        ("+", [Ty::Text, _] | [_, Ty::Text]) => Ty::Text,
        ("+", [Ty::List(a), Ty::List(b)]) => Ty::list(a.either(*b)),
        ("+", [Ty::Known(mut a), Ty::Known(b)]) => {
            a.retain(|entry| !b.iter().any(|other| other.name == entry.name));
            a.extend(b);
            Ty::Known(a)
        }
        ("+" | "-" | "*" | "/" | "%" | "**", [Ty::Number, Ty::Number]) => Ty::Number,
        _ => Ty::Any,
    }
}

/// Why this is no yes or no.
pub(super) fn asked(word: &str, ty: &Ty) -> Option<Unfit> {
    let help = match ty {
        Ty::Any | Ty::Bool => return None,
        Ty::List(_) => "ask `!list.is_empty()`",
        Ty::Text => "compare it: `== \"…\"`",
        Ty::Record(call, _) if call.name == "attempt" => "ask its `.ok`",
        Ty::Unit => "it gives nothing",
        _ => "compare it with something",
    };
    Unfit::new(format!("`{word}` asks for true or false, here is {}", ty.word()), help)
}

/// Why nothing can go over this one by one.
pub(super) fn over(ty: &Ty) -> Option<Unfit> {
    let help = match ty {
        Ty::Number => "write `0..n` for the numbers below n",
        ty if ty.is_map() => "go over its `.keys()` or `.values()`",
        Ty::Bool | Ty::Severity | Ty::Target(_) | Ty::Closure | Ty::Integration(_) => "",
        _ => return None,
    };
    Unfit::new(format!("`for` goes over a list, here is {}", ty.word()), help)
}

#[cfg(test)]
mod tests {
    use rhai::Dynamic;

    use super::*;

    /// What a word of the script is, as far as it is known.
    fn ty(word: &str) -> Ty {
        match word {
            "1" => Ty::Number,
            "\"a\"" => Ty::Text,
            "[1]" => Ty::list(Ty::Number),
            "#{}" => Ty::Map,
            "true" => Ty::Bool,
            _ => Ty::Severity,
        }
    }

    /// The rules know of no pair that the interpreter would have taken, and miss none that it refuses.
    #[test]
    fn the_interpreter_agrees() {
        let engine = crate::dialect::engine();
        let words = ["1", "\"a\"", "[1]", "#{}", "true", "HIGH"];
        let mut wrong = Vec::new();
        for op in ["+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=", "==", "!="] {
            for a in words {
                for b in words {
                    let types = [ty(a), ty(b)];
                    // Of a severity and a text another rule speaks.
                    if types.contains(&Ty::Severity) && types.contains(&Ty::Text) {
                        continue;
                    }
                    let script = format!("{a} {op} {b}");
                    let got = engine.eval::<Dynamic>(&script);
                    let vain = match (&got, op) {
                        (Err(_), _) => true,
                        (Ok(_), "==" | "!=") => {
                            std::mem::discriminant(&types[0]) != std::mem::discriminant(&types[1])
                        }
                        (Ok(value), "<" | "<=" | ">" | ">=") => {
                            !matches!(
                                types,
                                [Ty::Number, Ty::Number]
                                    | [Ty::Text, Ty::Text]
                                    | [Ty::Bool, Ty::Bool]
                                    | [Ty::Severity, Ty::Severity]
                            ) && value.as_bool() == Ok(false)
                        }
                        _ => false,
                    };
                    if unfit(op, &types).is_some() != vain {
                        wrong.push(format!("{script} gives {got:?}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn the_interpreter_asks_for_true_or_false_and_for_lists() {
        let engine = crate::dialect::engine();
        let fails = |script: String| engine.eval::<Dynamic>(&script).is_err();
        for word in ["1", "\"a\"", "[1]", "#{}", "true", "HIGH"] {
            let wrong = asked("if", &ty(word)).is_some();
            assert_eq!(fails(format!("let x = {word}; if x {{ 1 }}")), wrong, "if {word}");
            assert_eq!(fails(format!("let x = {word}; x && true")), wrong, "{word} && true");
            let wrong = over(&ty(word)).is_some();
            assert!(fails(format!("let x = {word}; for y in x {{ y; }}")) || !wrong, "for y in {word}");
        }
    }
}
