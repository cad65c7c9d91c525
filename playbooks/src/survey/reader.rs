//! Walks a script in running order.

use std::collections::BTreeSet;

use super::{
    Place, Seen, Survey, Ty, What, World,
    exits::{goes_out, leaves},
    methods,
};
use crate::{
    dialect::severity,
    syntax::{Expr, ExprKind, Function, Script, Statement, StatementKind},
};

pub(super) fn read<'a>(script: &'a Script, world: &'a World<'a>) -> Survey<'a> {
    let mut reader = Reader {
        script,
        world,
        seen: Vec::new(),
        places: BTreeSet::new(),
        names: Vec::new(),
        walls: Vec::new(),
        inside: Vec::new(),
        place: Place { used: true, ..Place::default() },
    };
    reader.block(&script.body);
    for (name, function) in &script.functions {
        // Functions that nothing calls are read too: their mistakes are mistakes.
        let types = vec![Ty::Any; function.params.len()];
        reader.function(name, function, &types);
    }
    Survey { seen: reader.seen }
}

pub(super) struct Reader<'a> {
    pub(super) script: &'a Script,
    pub(super) world: &'a World<'a>,
    seen: Vec<Seen<'a>>,
    /// Places already seen: a function that is called twice is reported once.
    places: BTreeSet<(usize, u8)>,
    pub(super) names: Vec<(&'a str, Ty)>,
    /// Where the names of a branch begin: those before are captured.
    pub(super) walls: Vec<usize>,
    /// Functions being read, against recursion.
    inside: Vec<&'a str>,
    pub(super) place: Place,
}

impl<'a> Reader<'a> {
    pub(super) fn see(&mut self, at: usize, what: What<'a>) {
        // Only what is not a step is reported once; steps count again, because their order matters.
        let repeated = !self.places.insert((at, rank(&what)));
        if !repeated || Survey::is_step(&what) {
            self.seen.push(Seen { at, what, place: self.place.clone() });
        }
    }

    /// Gives the type of the last value.
    fn block(&mut self, statements: &'a [Statement]) -> Ty {
        self.body(statements, true)
    }

    /// The body of a loop gives nothing, not even its last statement.
    fn body(&mut self, statements: &'a [Statement], gives: bool) -> Ty {
        let depth = self.names.len();
        let mut last = Ty::Unit;
        let mut over = false;
        for (n, statement) in statements.iter().enumerate() {
            if std::mem::take(&mut over) {
                self.see(statement.at, What::Unreachable);
            }
            let is_last = gives && n + 1 == statements.len();
            last = self.statement(statement, is_last);
            over = leaves(statement);
        }
        self.names.truncate(depth);
        last
    }

    fn statement(&mut self, statement: &'a Statement, is_last: bool) -> Ty {
        match &statement.kind {
            StatementKind::Let { name, value } => {
                let ty = self.value(value);
                self.declare(name, ty, statement.at);
            }
            StatementKind::Assign { target, value } => self.assign(target, value),
            StatementKind::Expr(expr) => {
                // The last statement of a closure or function is its value; at the top it is the run's.
                return self.with(|place| place.used = is_last, |reader| reader.expr(expr));
            }
            StatementKind::If { condition, then, otherwise } => {
                self.value(condition);
                let ty = self.block(then);
                return ty.either(self.block(otherwise));
            }
            StatementKind::Switch { on, arms } => {
                self.value(on);
                arms.iter().for_each(|arm| drop(self.value(arm)));
                return Ty::Any;
            }
            StatementKind::While { condition, body } => self.repeat(statement.at, condition.as_ref(), body),
            StatementKind::For { name, counter, over, body } => {
                let item = self.value(over).item();
                let depth = self.names.len();
                self.declare(name, item, statement.at);
                counter.iter().for_each(|counter| self.declare(counter, Ty::Number, statement.at));
                self.body(body, false);
                self.names.truncate(depth);
            }
            StatementKind::Try { body, name, catch } => {
                self.block(body);
                let depth = self.names.len();
                name.iter().for_each(|name| self.declare(name, Ty::Error, statement.at));
                self.block(catch);
                self.names.truncate(depth);
            }
            StatementKind::Block(body) => return self.block(body),
            StatementKind::Return(value)
            | StatementKind::Throw(value)
            | StatementKind::Break { value, .. } => {
                return value.as_ref().map_or(Ty::Any, |value| self.value(value));
            }
        }
        Ty::Unit
    }

    fn repeat(&mut self, at: usize, condition: Option<&'a Expr>, body: &'a [Statement]) {
        if let Some(condition) = condition {
            self.value(condition);
        }
        let before = self.seen.len();
        self.body(body, false);
        if condition.is_none() {
            let steps = self.seen[before..].iter().any(|seen| Survey::is_step(&seen.what));
            self.see(at, What::Endless { left: body.iter().any(goes_out), steps });
        }
    }

    fn declare(&mut self, name: &'a str, ty: Ty, at: usize) {
        if self.owned(name) {
            self.see(at, What::Declared { name });
        }
        self.names.push((name, ty));
    }

    /// Names that are answered before any variable of the script.
    fn owned(&self, name: &str) -> bool {
        matches!(name, "input" | "alert")
            || severity(name).is_some()
            || self.world.integrations.contains(name)
    }

    fn assign(&mut self, target: &'a Expr, value: &'a Expr) {
        let ty = self.value(value);
        let root = root(target);
        if let ExprKind::Name(name) = &root.kind {
            self.changes(root.at, name);
            let found = self.names.iter().rposition(|(known, _)| known == name);
            if let (Some(found), ExprKind::Name(_)) = (found, &target.kind) {
                let known = std::mem::replace(&mut self.names[found].1, Ty::Any);
                self.names[found].1 = known.either(ty);
            }
        }
        self.value(target);
    }

    /// A name whose value is changed here.
    pub(super) fn changes(&mut self, at: usize, name: &'a str) {
        let found = self.names.iter().rposition(|(known, _)| *known == name);
        if found.is_some_and(|found| self.walls.last().is_some_and(|wall| found < *wall)) {
            self.see(at, What::Captured { name });
        }
    }

    /// Reads an expression whose value is used.
    pub(super) fn value(&mut self, expr: &'a Expr) -> Ty {
        self.with(|place| place.used = true, |reader| reader.expr(expr))
    }

    pub(super) fn with<T>(
        &mut self,
        change: impl FnOnce(&mut Place),
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.place.clone();
        change(&mut self.place);
        let result = read(self);
        self.place = before;
        result
    }

    fn expr(&mut self, expr: &'a Expr) -> Ty {
        match &expr.kind {
            ExprKind::Unit => Ty::Unit,
            ExprKind::Bool => Ty::Bool,
            ExprKind::Integer | ExprKind::Float => Ty::Number,
            ExprKind::TooLarge => {
                self.see(expr.at, What::TooLarge);
                Ty::Number
            }
            ExprKind::Text(_) => Ty::Text,
            ExprKind::Template(parts) => {
                parts.iter().for_each(|part| drop(self.value(part)));
                Ty::Text
            }
            ExprKind::List(items) => {
                let item = items.iter().map(|item| self.value(item)).reduce(Ty::either).unwrap_or(Ty::Any);
                Ty::list(item)
            }
            ExprKind::Map(entries) => {
                entries.iter().for_each(|(_, value)| drop(self.value(value)));
                Ty::Map
            }
            ExprKind::Name(name) => self.name(expr.at, name),
            ExprKind::Closure(function) => {
                self.closure(function, &[]);
                Ty::Closure
            }
            ExprKind::Call { name, args } => self.call(expr.at, name, args),
            ExprKind::Method { on, name, args } => self.method(expr.at, on, name, args),
            ExprKind::Field { on, name } => self.field(expr.at, on, name),
            ExprKind::Index { on, index } => {
                self.value(index);
                self.value(on).item()
            }
            ExprKind::Operator { op, operands } => self.operator(expr.at, op, operands),
            ExprKind::And(items) | ExprKind::Or(items) => {
                items.iter().for_each(|item| drop(self.value(item)));
                Ty::Bool
            }
            ExprKind::Coalesce(items) => {
                items.iter().map(|item| self.value(item)).reduce(Ty::either).unwrap_or(Ty::Any)
            }
            ExprKind::Block(body) => self.block(body),
        }
    }

    fn name(&mut self, at: usize, name: &'a str) -> Ty {
        match name {
            "input" => return Ty::Input,
            "alert" => return Ty::Alert,
            "this" => return Ty::Any,
            _ if severity(name).is_some() => return Ty::Severity,
            _ if self.world.integrations.contains(name) => return Ty::Integration(name.to_owned()),
            _ => {}
        }
        match self.names.iter().rev().find(|(known, _)| *known == name) {
            Some((_, ty)) => ty.clone(),
            None => {
                if !self.world.lost.contains(name) && !self.script.functions.contains_key(name) {
                    self.see(at, What::Name { name });
                }
                Ty::Any
            }
        }
    }

    /// Reads the body of a closure with what its parameters are; gives what it gives.
    pub(super) fn closure(&mut self, function: &'a Function, params: &[Ty]) -> Ty {
        let depth = self.names.len();
        for (n, name) in function.params.iter().enumerate() {
            self.names.push((name, params.get(n).cloned().unwrap_or(Ty::Any)));
        }
        let ty = self.with(|place| place.used = true, |reader| reader.block(&function.body));
        self.names.truncate(depth);
        ty
    }

    pub(super) fn function(&mut self, name: &'a str, function: &'a Function, types: &[Ty]) -> Ty {
        if self.inside.contains(&name) || self.inside.len() > 16 {
            return Ty::Any;
        }
        self.inside.push(name);
        // A function sees nothing of what is around its call.
        let names = std::mem::take(&mut self.names);
        let walls = std::mem::take(&mut self.walls);
        let ty = self.closure(function, types);
        (self.names, self.walls) = (names, walls);
        self.inside.pop();
        ty
    }

    fn field(&mut self, at: usize, on: &'a Expr, name: &'a str) -> Ty {
        let ty = self.value(on);
        let gives = match &ty {
            Ty::Record(call, value) => methods::field(call, name, value),
            Ty::Alert if name == "severity" => Ty::Severity,
            Ty::Error if ["kind", "message"].contains(&name) => Ty::Text,
            _ => Ty::Any,
        };
        self.see(at, What::Field { on: ty, name });
        gives
    }

    fn operator(&mut self, at: usize, op: &str, operands: &'a [Expr]) -> Ty {
        let types: Vec<Ty> = operands.iter().map(|operand| self.value(operand)).collect();
        let compares = ["==", "!=", "<", "<=", ">", ">="].contains(&op);
        match <[Ty; 2]>::try_from(types) {
            Ok(types) if compares => {
                self.see(at, What::Compare { types, operands });
                Ty::Bool
            }
            Ok([Ty::Text, _] | [_, Ty::Text]) if op == "+" => Ty::Text,
            Ok([Ty::List(a), Ty::List(b)]) if op == "+" => Ty::list(a.either(*b)),
            _ if op == "!" => Ty::Bool,
            _ => Ty::Any,
        }
    }
}

/// The name that `a.b[c]` begins with, where that is a place and no value of its own.
pub(super) fn place(expr: &Expr) -> Option<(usize, &str)> {
    match &expr.kind {
        ExprKind::Name(name) => Some((expr.at, name)),
        ExprKind::Field { on, .. } | ExprKind::Index { on, .. } => place(on),
        _ => None,
    }
}

/// What `a.b[c]` begins with.
pub(super) fn root(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Field { on, .. } | ExprKind::Index { on, .. } | ExprKind::Method { on, .. } => root(on),
        _ => expr,
    }
}

fn rank(what: &What<'_>) -> u8 {
    match what {
        What::Host { .. } | What::Verb { .. } | What::Action { .. } => 0,
        What::Call { .. } | What::Method { .. } => 1,
        What::Name { .. } => 2,
        What::Declared { .. } => 3,
        What::Field { .. } => 4,
        What::Captured { .. } => 5,
        What::Compare { .. } => 6,
        What::Endless { .. } => 7,
        What::Unreachable => 8,
        What::TooLarge => 9,
    }
}
