//! A script as a tree of our own: what `check` and `outline` look at.
//!
//! Rhai's AST is made for evaluation (chains nest to the right, a closure is a curried function elsewhere); this one is
//! made for reading. Nothing outside this module names an AST type of Rhai, but for the marks of `coverage`.

mod bodies;
mod lower;
mod text;
mod walk;

pub(crate) use bodies::bodies;
pub(crate) use text::{Text, token};
pub(crate) use walk::{walk, walk_expr};

use std::collections::BTreeMap;

/// A whole script.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) body: Vec<Statement>,
    pub(crate) functions: BTreeMap<String, Function>,
}

impl Script {
    /// Reads the AST of this text.
    pub(crate) fn of(ast: &rhai::AST, source: &str) -> Self {
        lower::lower(ast, &Text::new(source))
    }
}

/// A named function, or the closure of a [`ExprKind::Closure`].
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) params: Vec<String>,
    pub(crate) body: Vec<Statement>,
    /// Where a named function's name stands; of a closure nothing.
    pub(crate) at: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// First byte.
    pub(crate) at: usize,
    pub(crate) kind: StatementKind,
}

#[derive(Clone, Debug)]
pub(crate) enum StatementKind {
    Let {
        name: String,
        value: Expr,
    },
    /// `a = b`, `a.b += c`.
    Assign {
        target: Expr,
        value: Expr,
        /// True for `+=` and the like.
        adds: bool,
    },
    Expr(Expr),
    If {
        condition: Expr,
        then: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    /// `switch`: what is tested, and every arm.
    Switch {
        on: Expr,
        arms: Vec<Expr>,
        /// True if an arm names a value; Rhai keeps only its hash.
        values: bool,
    },
    /// `while`, `loop`, `do`. No condition: forever.
    While {
        condition: Option<Expr>,
        body: Vec<Statement>,
    },
    For {
        name: String,
        counter: Option<String>,
        over: Expr,
        body: Vec<Statement>,
    },
    Try {
        body: Vec<Statement>,
        name: Option<String>,
        catch: Vec<Statement>,
    },
    Block(Vec<Statement>),
    Return(Option<Expr>),
    Throw(Option<Expr>),
    /// `break` and `continue`.
    Break {
        out: bool,
        value: Option<Expr>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Expr {
    /// First byte; of a call the name's, of a field the field's.
    pub(crate) at: usize,
    pub(crate) kind: ExprKind,
}

#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    Unit,
    Bool,
    Integer,
    Float,
    /// A whole number beyond 64 bits, which Rhai reads as another number.
    TooLarge,
    Text(String),
    /// A text with `${…}`: the parts.
    Template(Vec<Expr>),
    List(Vec<Expr>),
    Map(Vec<(MapKey, Expr)>),
    Name(String),
    Closure(Box<Function>),
    Call {
        name: String,
        args: Vec<Expr>,
    },
    Method {
        on: Box<Expr>,
        name: String,
        args: Vec<Expr>,
    },
    Field {
        on: Box<Expr>,
        name: String,
    },
    Index {
        on: Box<Expr>,
        index: Box<Expr>,
    },
    /// An operator other than the ones below, one or two operands.
    Operator {
        op: String,
        operands: Vec<Expr>,
    },
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// `a ?? b`
    Coalesce(Vec<Expr>),
    /// A block, `if` or `switch` that gives a value.
    Block(Vec<Statement>),
}

#[derive(Clone, Debug)]
pub(crate) struct MapKey {
    pub(crate) name: String,
    pub(crate) at: usize,
}

impl Expr {
    /// The value, if it is a text without parts.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(source: &str) -> Script {
        Script::of(&crate::dialect::engine().compile(source).unwrap(), source)
    }

    #[test]
    fn chains_read_from_left_to_right() {
        let script = script("let x = a.b[0].c(1).d;");
        let StatementKind::Let { value, .. } = &script.body[0].kind else { panic!() };
        let ExprKind::Field { on, name } = &value.kind else { panic!("{value:?}") };
        assert_eq!(name, "d");
        let ExprKind::Method { on, name, args } = &on.kind else { panic!("{on:?}") };
        assert_eq!((name.as_str(), args.len()), ("c", 1));
        let ExprKind::Index { on, .. } = &on.kind else { panic!("{on:?}") };
        assert!(matches!(&on.kind, ExprKind::Field { name, .. } if name == "b"));
    }

    #[test]
    fn a_closure_stands_where_it_is_written_with_its_own_parameters() {
        let source = "let k = 1; each(xs, |x| { let y = together([|| x.cut(k), || 2]); y });";
        let script = script(source);
        let StatementKind::Expr(Expr { kind: ExprKind::Call { name, args }, .. }) = &script.body[1].kind
        else {
            panic!()
        };
        assert_eq!(name, "each");
        let ExprKind::Closure(outer) = &args[1].kind else { panic!("{:?}", args[1]) };
        assert_eq!(outer.params, ["x"]);
        let StatementKind::Let { value, .. } = &outer.body[0].kind else { panic!("{outer:?}") };
        let ExprKind::Call { args, .. } = &value.kind else { panic!("{value:?}") };
        let ExprKind::List(items) = &args[0].kind else { panic!("{args:?}") };
        let ExprKind::Closure(inner) = &items[0].kind else { panic!("{items:?}") };
        let StatementKind::Expr(Expr { kind: ExprKind::Method { name, .. }, at, .. }) = &inner.body[0].kind
        else {
            panic!("{inner:?}")
        };
        assert_eq!((name.as_str(), &source[*at..*at + 3]), ("cut", "cut"));
        assert_eq!(outer.body.len(), 2);
    }
}
