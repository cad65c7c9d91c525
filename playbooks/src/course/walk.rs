//! From a script's tree to its course.

use std::collections::BTreeMap;

use stanch_model::catalog::{ActionIndex, ActionInfo};

use super::{
    Around, Called, Part, Step, Way, is_quiet, names,
    words::{excerpt, head, said, until},
};
use crate::{
    Playbook,
    dialect::{HostCall, ParamKind},
    needs,
    syntax::{Expr, ExprKind, Function, Script, Statement, StatementKind, Text},
};

/// Functions are followed so deep.
const DEEPEST: usize = 16;

/// What is known while a script is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r, 'a> {
    pub(super) playbook: &'r Playbook,
    pub(super) index: &'a dyn ActionIndex,
    pub(super) script: &'r Script,
    pub(super) text: &'r Text<'r>,
    /// What is called where.
    pub(super) calls: &'r BTreeMap<usize, Called>,
}

impl<'r, 'a> Reading<'r, 'a> {
    pub(super) fn course(self) -> Vec<Part<'a>> {
        let mut walk = Walk { reading: self, inside: Vec::new(), closures: 0, tolerated: 0 };
        walk.statements(&self.script.body)
    }
}

struct Walk<'r, 'a> {
    reading: Reading<'r, 'a>,
    /// Functions being read.
    inside: Vec<&'r str>,
    /// Functions and closures around: a `return` there ends no run.
    closures: usize,
    /// Ways around that an error goes.
    tolerated: usize,
}

impl<'r, 'a> Walk<'r, 'a> {
    fn source(&self) -> &'r str {
        &self.reading.playbook.script
    }

    fn line(&self, at: usize) -> usize {
        self.reading.text.line_column(at).0
    }

    fn statements(&mut self, statements: &'r [Statement]) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        statements.iter().for_each(|statement| self.statement(statement, &mut parts));
        parts
    }

    fn statement(&mut self, statement: &'r Statement, parts: &mut Vec<Part<'a>>) {
        let line = self.line(statement.at);
        match &statement.kind {
            StatementKind::If { condition, .. } => {
                self.expr(condition, parts);
                let mut ways = Vec::new();
                self.ways(statement, &mut ways);
                keep(parts, Part::Choice { line, ways });
            }
            StatementKind::Switch { on, arms, .. } => {
                self.expr(on, parts);
                let ways = arms.chunks(2).map(|arm| self.arm(arm)).collect();
                keep(parts, Part::Choice { line, ways });
            }
            StatementKind::While { condition, body } => {
                condition.iter().for_each(|condition| self.expr(condition, parts));
                let over = condition.as_ref().map_or("until it is left".to_owned(), |condition| {
                    format!("while {}", head(self.source(), condition))
                });
                keep(parts, Part::Repeat(Around { line, over, body: self.statements(body) }));
            }
            StatementKind::For { over, body, .. } => {
                self.expr(over, parts);
                let words = head(self.source(), over);
                keep(parts, Part::Repeat(Around { line, over: words, body: self.statements(body) }));
            }
            StatementKind::Try { body, catch, .. } => {
                self.tolerated += 1;
                parts.extend(self.statements(body));
                self.tolerated -= 1;
                let way = Way { when: Some("one of them fails".to_owned()), body: self.statements(catch) };
                keep(parts, Part::Choice { line, ways: vec![way] });
            }
            StatementKind::Block(body) => parts.extend(self.statements(body)),
            StatementKind::Return(value) | StatementKind::Throw(value) => {
                value.iter().for_each(|value| self.expr(value, parts));
                if self.closures == 0 {
                    parts.push(Part::End { line });
                }
            }
            other => other.exprs().into_iter().for_each(|expr| self.expr(expr, parts)),
        }
    }

    /// An `if` with all its `else if`.
    fn ways(&mut self, statement: &'r Statement, ways: &mut Vec<Way<'a>>) {
        let StatementKind::If { condition: _, then, otherwise } = &statement.kind else { return };
        let rest = self.source().get(statement.at..).unwrap_or_default();
        let skip = if rest.starts_with("if") { 2 } else { 0 };
        let when = until(self.source(), statement.at + skip, b"{");
        ways.push(Way { when: Some(when), body: self.statements(then) });
        match otherwise.as_slice() {
            [] => {}
            [next] if matches!(next.kind, StatementKind::If { .. }) => self.ways(next, ways),
            body => ways.push(Way { when: None, body: self.statements(body) }),
        }
    }

    /// One arm of a `switch`: its condition and its value. Rhai keeps no text of what it compares with: the line does.
    fn arm(&mut self, arm: &'r [Expr]) -> Way<'a> {
        let mut body = Vec::new();
        arm.iter().for_each(|expr| self.expr(expr, &mut body));
        let line = arm.last().and_then(|value| self.source().lines().nth(self.line(value.at) - 1));
        let when = line.and_then(|line| line.split_once("=>")).map(|(when, _)| when.trim().to_owned());
        Way { when: when.filter(|when| when != "_"), body }
    }

    fn expr(&mut self, expr: &'r Expr, parts: &mut Vec<Part<'a>>) {
        match &expr.kind {
            ExprKind::Call { name, args } => self.call(expr.at, name, args, parts),
            ExprKind::Method { on, args, .. } => {
                self.expr(on, parts);
                let (closures, plain): (Vec<&Expr>, Vec<&Expr>) = args.iter().partition(is_closure);
                plain.into_iter().for_each(|arg| self.expr(arg, parts));
                if let Some(called) = self.reading.calls.get(&expr.at) {
                    let on = excerpt_of_receiver(self.source(), on);
                    parts.push(Part::Step(self.step(expr.at, called, args, Some(on))));
                }
                closures.into_iter().for_each(|closure| self.expr(closure, parts));
            }
            ExprKind::Closure(function) => parts.extend(self.closure(function)),
            ExprKind::Block(body) => parts.extend(self.statements(body)),
            other => other.parts().into_iter().for_each(|part| self.expr(part, parts)),
        }
    }

    fn closure(&mut self, function: &'r Function) -> Vec<Part<'a>> {
        self.closures += 1;
        let parts = self.statements(&function.body);
        self.closures -= 1;
        parts
    }

    fn call(&mut self, at: usize, name: &'r str, args: &'r [Expr], parts: &mut Vec<Part<'a>>) {
        let line = self.line(at);
        let Some(&Called::Host(call)) = self.reading.calls.get(&at) else {
            args.iter().for_each(|arg| self.expr(arg, parts));
            if let Some((name, function)) = self.reading.script.functions.get_key_value(name)
                && !self.inside.contains(&name.as_str())
                && self.inside.len() < DEEPEST
            {
                self.inside.push(name);
                parts.extend(self.closure(function));
                self.inside.pop();
            }
            return;
        };
        let called = Called::Host(call);
        match call.name {
            "each" => {
                args.iter().filter(|arg| !is_closure(arg)).for_each(|arg| self.expr(arg, parts));
                let over = args.first().map(|arg| excerpt(self.source(), arg)).unwrap_or_default();
                let body = args.iter().filter(is_closure).flat_map(|arg| self.parts(arg)).collect();
                keep(parts, Part::Fan(Around { line, over, body }));
            }
            "together" => {
                let body = args.iter().flat_map(|arg| self.parts(arg)).collect();
                keep(parts, Part::Fan(Around { line, over: String::new(), body }));
            }
            "attempt" => {
                self.tolerated += 1;
                args.iter().for_each(|arg| self.expr(arg, parts));
                self.tolerated -= 1;
            }
            _ => {
                args.iter().filter(|arg| !is_closure(arg)).for_each(|arg| self.expr(arg, parts));
                if !is_quiet(call) {
                    parts.push(Part::Step(self.step(at, &called, args, None)));
                }
                args.iter().filter(is_closure).for_each(|arg| self.expr(arg, parts));
            }
        }
    }

    fn parts(&mut self, expr: &'r Expr) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        self.expr(expr, &mut parts);
        parts
    }

    fn step(&self, at: usize, called: &Called, args: &[Expr], on: Option<String>) -> Step<'a> {
        let (line, column) = self.reading.text.line_column(at);
        let (name, says) = match called {
            Called::Host(call) => self.words(call, args),
            _ => (None, None),
        };
        let (called, actions) = (called.clone(), self.actions(called));
        Step { line, column, called, actions, name, says, on, tolerated: self.tolerated > 0 }
    }

    fn words(&self, call: &HostCall, args: &[Expr]) -> (Option<String>, Option<String>) {
        let of = |fits: &dyn Fn(ParamKind) -> bool| {
            let mut pairs = call.params.iter().zip(args);
            pairs.find(|(param, _)| fits(param.kind)).map(|(_, arg)| said(self.source(), arg))
        };
        (of(&names), of(&|kind| kind == ParamKind::Text))
    }

    fn actions(&self, called: &Called) -> Vec<(String, &'a ActionInfo)> {
        let (manifest, index) = (&self.reading.playbook.manifest, self.reading.index);
        match called {
            Called::Host(call) if call.is_listed() => needs::becomes(index, call.name),
            Called::Host(_) => Vec::new(),
            Called::Verb(verbs) => {
                verbs.iter().flat_map(|verb| needs::of_verb(manifest, index, verb)).collect()
            }
            Called::Action { integration, action } => index
                .action(integration, action)
                .map(|info| (integration.clone(), info))
                .into_iter()
                .collect(),
        }
    }
}

fn is_closure(expr: &&Expr) -> bool {
    matches!(expr.kind, ExprKind::Closure(_))
}

/// On what a method is called: the name, or what stands before the dot.
fn excerpt_of_receiver(source: &str, on: &Expr) -> String {
    match &on.kind {
        ExprKind::Name(name) => name.clone(),
        _ => until(source, on.at, b".,;"),
    }
}

/// What does nothing is left out.
fn keep<'a>(parts: &mut Vec<Part<'a>>, part: Part<'a>) {
    let empty = match &part {
        Part::Fan(around) | Part::Repeat(around) => around.body.is_empty(),
        Part::Choice { ways, .. } => ways.iter().all(|way| way.body.is_empty()),
        Part::Step(_) | Part::End { .. } => false,
    };
    if !empty {
        parts.push(part);
    }
}
