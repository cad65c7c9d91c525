//! The places of a script that are worth a mark, found in its AST.

use rhai::{AST, Expr, FlowControl, Position, Stmt, StmtBlock};

use super::{
    PlaceKind,
    marks::{Form, is_brace},
};
use crate::syntax::{Text, bodies};

/// A mark to be put into a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Put {
    /// The byte before which it goes.
    pub(super) at: usize,
    /// The byte of what it is about.
    pub(super) of: usize,
    pub(super) kind: PlaceKind,
    pub(super) form: Form,
}

/// All of them, in no order.
pub(super) fn puts(ast: &AST, script: &str, text: &Text<'_>) -> Vec<Put> {
    let mut finder = Finder { script, text, found: Vec::new() };
    finder.statements(ast.statements());
    for body in bodies(ast).values() {
        match body.statements.as_slice() {
            // a closure without braces does one thing
            [one] if body.is_bare() => finder.alone(one, PlaceKind::Statement),
            several => finder.statements(several),
        }
    }
    finder.found
}

struct Finder<'a> {
    script: &'a str,
    text: &'a Text<'a>,
    found: Vec<Put>,
}

impl Finder<'_> {
    fn put(&mut self, at: Position, kind: PlaceKind, form: Form) {
        if !at.is_none() {
            self.found.push(Put::new(self.text.offset(at), kind, form));
        }
    }

    fn statements(&mut self, statements: &[Stmt]) {
        for statement in statements {
            self.mark(statement, PlaceKind::Statement);
            self.inside(statement);
        }
    }

    /// A statement that stands where an expression would: a mark goes around it, if one can.
    fn alone(&mut self, statement: &Stmt, kind: PlaceKind) {
        let form = match statement {
            Stmt::Expr(..) | Stmt::FnCall(..) | Stmt::If(..) | Stmt::Switch(..) => Some(Form::Around),
            _ => None,
        };
        if let (Some(form), Some(at)) = (form, begin(statement)) {
            self.put(at, kind, form);
        }
        self.inside(statement);
    }

    /// Among other statements.
    fn mark(&mut self, statement: &Stmt, kind: PlaceKind) {
        let form = match statement {
            Stmt::Noop(..) | Stmt::Share(..) | Stmt::Block(..) => return,
            Stmt::Expr(..) | Stmt::FnCall(..) => Form::Around,
            _ => Form::Before,
        };
        if let Some(at) = begin(statement) {
            self.put(at, kind, form);
        }
    }

    /// A block in braces: the mark of its branch goes right behind the brace.
    fn branch(&mut self, block: &StmtBlock, kind: PlaceKind) {
        let at = self.text.offset(block.position());
        if is_brace(self.script, at) {
            self.found.push(Put { of: at, ..Put::new(at + 1, kind, Form::Before) });
        }
        self.statements(block.statements());
    }

    fn inside(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Expr(expr) => self.expr(expr),
            Stmt::FnCall(call, _) => call.args.iter().for_each(|arg| self.expr(arg)),
            Stmt::Var(var, ..) => self.expr(&var.1),
            Stmt::Assignment(assignment) => {
                self.expr(&assignment.1.lhs);
                self.expr(&assignment.1.rhs);
            }
            Stmt::If(flow, at) => self.condition(flow, *at),
            Stmt::Switch(switch, ..) => {
                self.expr(&switch.0);
                for arm in &switch.1.expressions {
                    self.expr(&arm.lhs);
                    self.arm(&arm.rhs);
                }
            }
            Stmt::While(flow, ..) | Stmt::Do(flow, ..) => {
                self.expr(&flow.expr);
                self.branch(&flow.body, PlaceKind::Loop);
            }
            Stmt::For(each, ..) => {
                self.expr(&each.2.expr);
                self.branch(&each.2.body, PlaceKind::Loop);
            }
            Stmt::TryCatch(flow, ..) => {
                self.statements(flow.body.statements());
                self.branch(&flow.branch, PlaceKind::Catch);
            }
            Stmt::Block(block) => self.statements(block.statements()),
            Stmt::BreakLoop(Some(value), ..) | Stmt::Return(Some(value), ..) => self.expr(value),
            _ => {}
        }
    }

    fn condition(&mut self, flow: &FlowControl, at: Position) {
        self.expr(&flow.expr);
        self.branch(&flow.body, PlaceKind::Then);
        let branch = &flow.branch;
        match branch.statements() {
            [Stmt::If(next, at)] if !is_brace(self.script, self.text.offset(branch.position())) => {
                self.condition(next, *at);
            }
            [] if branch.position().is_none() => {
                let end = flow.body.end_position();
                if !end.is_none() {
                    let (behind, of) = (self.text.offset(end) + 1, self.text.offset(at));
                    self.found.push(Put { of, ..Put::new(behind, PlaceKind::Else, Form::Else) });
                }
            }
            _ => self.branch(branch, PlaceKind::Else),
        }
    }

    fn arm(&mut self, expr: &Expr) {
        let Expr::Stmt(block) = expr else {
            if let Some(at) = start(expr) {
                self.put(at, PlaceKind::Case, Form::Around);
            }
            return self.expr(expr);
        };
        match block.statements() {
            [one] if !is_brace(self.script, self.text.offset(block.position())) => {
                self.alone(one, PlaceKind::Case);
            }
            _ => self.branch(block, PlaceKind::Case),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Coalesce(items, _) => {
                for (nth, item) in items.iter().enumerate() {
                    if let (1.., Some(at)) = (nth, start(item)) {
                        self.put(at, PlaceKind::Otherwise, Form::Around);
                    }
                    self.expr(item);
                }
            }
            Expr::And(items, _) | Expr::Or(items, _) => items.iter().for_each(|item| self.expr(item)),
            Expr::InterpolatedString(items, _) | Expr::Array(items, _) => {
                items.iter().for_each(|item| self.expr(item));
            }
            Expr::Map(map, _) => map.0.iter().for_each(|(_, value)| self.expr(value)),
            Expr::FnCall(call, _) | Expr::MethodCall(call, _) => {
                call.args.iter().for_each(|arg| self.expr(arg));
            }
            Expr::Dot(pair, ..) | Expr::Index(pair, ..) => {
                self.expr(&pair.lhs);
                self.expr(&pair.rhs);
            }
            Expr::Stmt(block) => self.block(block),
            _ => {}
        }
    }

    /// An expression that is made of statements.
    fn block(&mut self, block: &StmtBlock) {
        let braces = is_brace(self.script, self.text.offset(block.position()));
        match block.statements() {
            // what a closure takes from around it
            [Stmt::Share(..), ..] => {}
            [one] if !braces => self.inside(one),
            several => self.statements(several),
        }
    }
}

/// Where a statement begins.
fn begin(statement: &Stmt) -> Option<Position> {
    match statement {
        Stmt::Expr(expr) => start(expr),
        Stmt::FnCall(call, at) if call.op_token.is_some() => call.args.first().and_then(start).or(Some(*at)),
        Stmt::Assignment(assignment) => start(&assignment.1.lhs),
        other => Some(other.position()),
    }
    .filter(|at| !at.is_none())
}

/// Where an expression begins: the interpreter gives a binary operation the place of its sign.
fn start(expr: &Expr) -> Option<Position> {
    let at = match expr {
        Expr::FnCall(call, at) if call.op_token.is_some() && call.args.len() == 2 => {
            return call.args.first().and_then(start).or(Some(*at));
        }
        Expr::Dot(pair, ..) | Expr::Index(pair, ..) => return start(&pair.lhs),
        Expr::And(items, _) | Expr::Or(items, _) | Expr::Coalesce(items, _) => {
            return items.first().and_then(start);
        }
        other => other.start_position(),
    };
    (!at.is_none()).then_some(at)
}
