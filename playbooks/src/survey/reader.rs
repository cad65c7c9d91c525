//! Walks a script in running order.

use std::collections::BTreeSet;

use super::{
    Place, Seen, Survey, Ty, What, World,
    exits::{gives_early, goes_out, leaves},
    kinds::{Entry, Literal},
    loops::is_counted,
    methods, operators,
    scope::{Bound, Look},
};
use crate::syntax::{Expr, ExprKind, Function, Script, Statement, StatementKind, walk_expr};

pub(super) fn read<'a>(script: &'a Script, world: &'a World<'a>) -> Survey<'a> {
    let mut reader = Reader {
        script,
        world,
        seen: Vec::new(),
        places: BTreeSet::new(),
        names: Vec::new(),
        walls: Vec::new(),
        inside: Vec::new(),
        called: BTreeSet::new(),
        readings: 0,
        place: Place { used: true, ..Place::default() },
    };
    reader.block(&script.body);
    for (name, function) in &script.functions {
        // Functions that nothing calls are read too: their mistakes are mistakes.
        if !reader.called.contains(name.as_str()) && !world.lost.may_hold(name) {
            reader.see(function.at, What::Uncalled { name });
        }
        let types = vec![Ty::Any; function.params.len()];
        reader.function(name, function, &types);
    }
    Survey { seen: reader.seen }
}

pub(super) struct Reader<'a> {
    pub(super) script: &'a Script,
    pub(super) world: &'a World<'a>,
    pub(super) seen: Vec<Seen<'a>>,
    /// Places already seen: a function that is called twice is reported once.
    places: BTreeSet<(usize, u8)>,
    pub(super) names: Vec<Bound<'a>>,
    /// Where the names of a branch begin: those before are captured.
    pub(super) walls: Vec<usize>,
    /// Functions being read, against recursion.
    inside: Vec<&'a str>,
    pub(super) called: BTreeSet<&'a str>,
    /// How often a function was read.
    readings: usize,
    pub(super) place: Place,
}

/// Functions are read where they are called; beyond these bounds each is read once more and no more, because calls of
/// calls multiply.
const MOST_READINGS: usize = 2_000;
const MOST_SEEN: usize = 20_000;

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
        let gives = self.place.used;
        self.body(statements, gives)
    }

    /// Statements whose last one gives their value, or gives it to nobody.
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
        self.leave(depth);
        last
    }

    fn statement(&mut self, statement: &'a Statement, is_last: bool) -> Ty {
        match &statement.kind {
            StatementKind::Let { name, value } => self.declare_value(name, value, statement.at),
            StatementKind::Assign { target, value, .. } => self.assign(target, value),
            StatementKind::Expr(expr) => {
                // The last statement of a closure or function is its value; at the top it is the run's.
                return self.with(|place| place.now(is_last), |reader| reader.expr(expr));
            }
            StatementKind::If { condition, then, otherwise } => {
                self.condition("if", condition);
                let by_kind = asks_kind(condition);
                let narrow = |place: &mut Place| {
                    place.by_kind |= by_kind;
                    place.perhaps = true;
                };
                let ty = self.with(narrow, |reader| reader.body(then, is_last));
                return ty.either(self.with(narrow, |reader| reader.body(otherwise, is_last)));
            }
            StatementKind::Switch { on, arms, values } => {
                let ty = self.value(on);
                if *values && ty == Ty::Severity {
                    self.see(on.at, What::SeverityArms);
                }
                let by_kind = asks_kind(on);
                let arm_of = |place: &mut Place| {
                    place.now(is_last);
                    place.by_kind |= by_kind;
                    place.perhaps = true;
                };
                for arm in arms {
                    self.with(arm_of, |reader| reader.expr(arm));
                }
                return Ty::Any;
            }
            StatementKind::While { condition, body } => self.repeat(statement.at, condition.as_ref(), body),
            StatementKind::For { name, counter, over, body } => {
                let ty = self.value(over);
                if let Some(unfit) = operators::over(&ty) {
                    self.see(over.at, What::Unfit(unfit));
                }
                let depth = self.names.len();
                self.declare(name, ty.item(), statement.at);
                counter.iter().for_each(|counter| self.declare(counter, Ty::Number, statement.at));
                self.body(body, false);
                self.leave(depth);
            }
            StatementKind::Try { body, name, catch } => {
                self.try_catch(statement.at, body, (name.as_deref(), catch), is_last);
            }
            StatementKind::Block(body) => return self.body(body, is_last),
            StatementKind::Return(value)
            | StatementKind::Throw(value)
            | StatementKind::Break { value, .. } => {
                return value.as_ref().map_or(Ty::Any, |value| self.value(value));
            }
        }
        // What these statements give nobody asks, or only running tells.
        if is_last { Ty::Any } else { Ty::Unit }
    }

    /// `try`: what its `catch` gives is dropped by the language, even where the whole is somebody's value.
    fn try_catch(
        &mut self,
        at: usize,
        body: &'a [Statement],
        (name, catch): (Option<&'a str>, &'a [Statement]),
        is_last: bool,
    ) {
        self.body(body, is_last);
        let depth = self.names.len();
        if let Some(name) = name {
            self.declare(name, Ty::Error, at);
        }
        let gives = self.body(catch, false);
        self.leave(depth);
        let value = matches!(gives, Ty::Bool | Ty::Number | Ty::Text | Ty::List(_) | Ty::Map | Ty::Known(_));
        if is_last && value && !self.inside_top() {
            self.see(at, What::TryValue);
        }
    }

    /// True outside of functions and closures.
    fn inside_top(&self) -> bool {
        self.inside.is_empty() && !self.place.closure
    }

    fn condition(&mut self, word: &'static str, condition: &'a Expr) {
        let ty = self.value(condition);
        if let Some(unfit) = operators::asked(word, &ty) {
            self.see(condition.at, What::Unfit(unfit));
        }
    }

    fn repeat(&mut self, at: usize, condition: Option<&'a Expr>, body: &'a [Statement]) {
        let before = self.seen.len();
        if let Some(condition) = condition {
            self.condition("while", condition);
        }
        self.body(body, false);
        let steps = self.seen[before..].iter().any(|seen| Survey::is_step(&seen.what));
        match condition {
            None => self.see(at, What::Endless { left: body.iter().any(goes_out), steps }),
            Some(condition) if steps && !is_counted(condition, body) => {
                self.see(at, What::Endless { left: true, steps });
            }
            Some(_) => {}
        }
    }

    fn assign(&mut self, target: &'a Expr, value: &'a Expr) {
        let ty = self.value(value);
        let root = root(target);
        if let ExprKind::Name(name) = &root.kind {
            self.changes(root.at, name);
            if let ExprKind::Name(_) = &target.kind {
                // Writing is no looking.
                self.assigned(name, ty);
                if self.is_bound(name) {
                    return;
                }
            }
        }
        self.value(target);
    }

    fn is_bound(&self, name: &str) -> bool {
        self.names.iter().any(|bound| bound.name == name)
    }

    /// Reads an expression whose value is used.
    pub(super) fn value(&mut self, expr: &'a Expr) -> Ty {
        self.with(|place| place.now(true), |reader| reader.expr(expr))
    }

    /// Reads an expression that may fail or be nothing: somebody is prepared for that.
    fn guarded(&mut self, expr: &'a Expr) -> Ty {
        let prepared = |place: &mut Place| {
            place.now(true);
            place.guarded = true;
        };
        self.with(prepared, |reader| reader.expr(expr))
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
                let entry = |(key, value): &'a (crate::syntax::MapKey, Expr)| Entry {
                    name: key.name.clone(),
                    at: key.at,
                    value_at: value.at,
                    ty: self.value(value),
                    literal: literal(value),
                };
                Ty::Known(entries.iter().map(entry).collect())
            }
            ExprKind::Name(name) => self.name(expr.at, name, Look::Whole),
            ExprKind::Closure(function) => {
                self.closure(function, &[], true);
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
                let word = if matches!(expr.kind, ExprKind::And(_)) { "&&" } else { "||" };
                items.iter().for_each(|item| self.condition(word, item));
                Ty::Bool
            }
            ExprKind::Coalesce(items) => {
                items.iter().map(|item| self.guarded(item)).reduce(Ty::either).unwrap_or(Ty::Any)
            }
            ExprKind::Block(body) => self.block(body),
        }
    }

    /// Reads the body of a closure with what its parameters are; gives what it gives.
    pub(super) fn closure(&mut self, function: &'a Function, params: &[Ty], gives: bool) -> Ty {
        let depth = self.names.len();
        for (n, name) in function.params.iter().enumerate() {
            self.bind(name, params.get(n).cloned().unwrap_or(Ty::Any));
        }
        let inside = |place: &mut Place| {
            place.now(gives);
            place.closure = true;
        };
        let ty = self.with(inside, |reader| reader.block(&function.body));
        self.leave(depth);
        if function.body.iter().any(gives_early) { Ty::Any } else { ty }
    }

    pub(super) fn function(&mut self, name: &'a str, function: &'a Function, types: &[Ty]) -> Ty {
        let enough = self.readings > MOST_READINGS || self.seen.len() > MOST_SEEN;
        let first = self.called.insert(name);
        if self.inside.contains(&name) || self.inside.len() > 16 || (enough && !first) {
            return Ty::Any;
        }
        self.readings += 1;
        self.inside.push(name);
        // A function sees nothing of what is around its call.
        let names = std::mem::take(&mut self.names);
        let walls = std::mem::take(&mut self.walls);
        let ty = self.closure(function, types, true);
        (self.names, self.walls) = (names, walls);
        self.inside.pop();
        ty
    }

    fn field(&mut self, at: usize, on: &'a Expr, name: &'a str) -> Ty {
        let blind = name == "value" && !self.place.guarded;
        let ty = match &on.kind {
            ExprKind::Name(variable) => {
                self.name(on.at, variable, if blind { Look::Value } else { Look::Whole })
            }
            _ => self.value(on),
        };
        let attempt = matches!(&ty, Ty::Record(call, _) if call.name == "attempt");
        if attempt && blind && matches!(on.kind, ExprKind::Call { .. }) {
            self.see(on.at, What::Blind);
        }
        let gives = match &ty {
            Ty::Record(call, value) => methods::field(call, name, value),
            Ty::Alert if name == "severity" => Ty::Severity,
            Ty::Error if ["kind", "message"].contains(&name) => Ty::Text,
            Ty::Input => self.world.inputs.get(name).cloned().unwrap_or(Ty::Any),
            Ty::Known(entries) => {
                entries.iter().find(|entry| entry.name == name).map_or(Ty::Any, |entry| entry.ty.clone())
            }
            _ => Ty::Any,
        };
        self.see(at, What::Field { on: ty, name });
        gives
    }

    fn operator(&mut self, at: usize, op: &'a str, operands: &'a [Expr]) -> Ty {
        let compares = operators::COMPARE.contains(&op);
        // Whoever compares with `()` is prepared for nothing.
        let prepared = compares && operands.iter().any(|operand| matches!(operand.kind, ExprKind::Unit));
        let types: Vec<Ty> = operands
            .iter()
            .map(|operand| if prepared { self.guarded(operand) } else { self.value(operand) })
            .collect();
        let Ok(types) = <[Ty; 2]>::try_from(types) else {
            return if op == "!" { Ty::Bool } else { Ty::Any };
        };
        if compares && types.contains(&Ty::Severity) && types.contains(&Ty::Text) {
            self.see(at, What::Compare { types, operands });
            return Ty::Bool;
        }
        if ["in", "contains"].contains(&op) {
            self.holds_severity(at, "contains", operands, &types);
            return Ty::Bool;
        }
        if let Some(unfit) = operators::unfit(op, &types) {
            self.see(at, What::Unfit(unfit));
        }
        operators::gives(op, types)
    }
}

fn literal(value: &Expr) -> Literal {
    match &value.kind {
        ExprKind::Text(text) => Literal::Text(text.clone()),
        ExprKind::Integer | ExprKind::Float | ExprKind::Bool => Literal::Plain,
        _ => Literal::No,
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

/// True if a target's kind is read here.
fn asks_kind(expr: &Expr) -> bool {
    let mut asks = false;
    walk_expr(expr, &mut |one| {
        asks |= matches!(&one.kind, ExprKind::Field { name, .. } if name == "kind");
    });
    asks
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
        What::Unfit(_) => 10,
        What::SeverityArms => 11,
        What::Uncalled { .. } => 12,
        What::Unused { .. } => 13,
        What::Blind => 14,
        What::TryValue => 15,
        What::Perhaps { .. } => 16,
    }
}
