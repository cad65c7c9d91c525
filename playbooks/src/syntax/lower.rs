//! From Rhai's AST to ours.

use std::collections::BTreeMap;

use rhai::{ASTFlags, BinaryExpr, Expr as RhaiExpr, FnCallExpr, FnPtr, Stmt, StmtBlock};

use super::{
    Expr, ExprKind, Function, MapKey, Script, Statement, StatementKind, Text,
    bodies::{Body, bodies},
};

pub(super) fn lower(ast: &rhai::AST, text: &Text<'_>) -> Script {
    let bodies = bodies(ast);
    let lowering = Lowering { text, bodies: &bodies };
    let named = bodies.iter().filter(|(name, _)| !name.contains('$'));
    Script {
        body: lowering.statements(ast.statements()),
        functions: named
            .map(|(name, body)| {
                (name.clone(), Function { at: text.function(name), ..lowering.function(body, 0) })
            })
            .collect(),
    }
}

struct Lowering<'a> {
    text: &'a Text<'a>,
    bodies: &'a BTreeMap<String, Body>,
}

impl Lowering<'_> {
    /// The first `captured` parameters are what a closure takes from around it.
    fn function(&self, body: &Body, captured: usize) -> Function {
        Function {
            params: body.params.iter().skip(captured).cloned().collect(),
            body: self.statements(&body.statements),
            at: 0,
        }
    }

    fn statements(&self, statements: &[Stmt]) -> Vec<Statement> {
        statements.iter().filter_map(|statement| self.statement(statement)).collect()
    }

    fn block(&self, block: &StmtBlock) -> Vec<Statement> {
        self.statements(block.statements())
    }

    fn statement(&self, statement: &Stmt) -> Option<Statement> {
        let at = self.text.offset(statement.position());
        let kind = match statement {
            Stmt::Expr(expr) => StatementKind::Expr(self.expr(expr)),
            Stmt::FnCall(call, position) => StatementKind::Expr(self.call(call, self.text.offset(*position))),
            Stmt::Var(var, ..) => {
                StatementKind::Let { name: var.0.name.to_string(), value: self.expr(&var.1) }
            }
            Stmt::Assignment(assignment) => StatementKind::Assign {
                target: self.expr(&assignment.1.lhs),
                value: self.expr(&assignment.1.rhs),
                adds: assignment.0.is_op_assignment(),
            },
            Stmt::If(flow, ..) => StatementKind::If {
                condition: self.expr(&flow.expr),
                then: self.block(&flow.body),
                otherwise: self.block(&flow.branch),
            },
            Stmt::Switch(switch, ..) => StatementKind::Switch {
                on: self.expr(&switch.0),
                values: !switch.1.cases.is_empty(),
                arms: switch
                    .1
                    .expressions
                    .iter()
                    .flat_map(|arm| [&arm.lhs, &arm.rhs])
                    .map(|e| self.expr(e))
                    .collect(),
            },
            Stmt::While(flow, ..) | Stmt::Do(flow, ..) => StatementKind::While {
                condition: condition(&flow.expr).map(|expr| self.expr(expr)),
                body: self.block(&flow.body),
            },
            Stmt::For(each, ..) => StatementKind::For {
                name: each.0.name.to_string(),
                counter: each.1.as_ref().map(|counter| counter.name.to_string()),
                over: self.expr(&each.2.expr),
                body: self.block(&each.2.body),
            },
            Stmt::TryCatch(flow, ..) => StatementKind::Try {
                body: self.block(&flow.body),
                name: match &flow.expr {
                    RhaiExpr::Variable(name, ..) => Some(name.1.to_string()),
                    _ => None,
                },
                catch: self.block(&flow.branch),
            },
            Stmt::Block(block) => StatementKind::Block(self.block(block)),
            Stmt::BreakLoop(value, flags, ..) => StatementKind::Break {
                out: flags.contains(ASTFlags::BREAK),
                value: value.as_ref().map(|value| self.expr(value)),
            },
            Stmt::Return(value, flags, ..) => {
                let value = value.as_ref().map(|value| self.expr(value));
                if flags.contains(ASTFlags::BREAK) {
                    StatementKind::Throw(value)
                } else {
                    StatementKind::Return(value)
                }
            }
            _ => return None,
        };
        Some(Statement { at, kind })
    }

    fn expr(&self, expr: &RhaiExpr) -> Expr {
        let at = self.text.offset(expr.start_position());
        let all = |items: &[RhaiExpr]| items.iter().map(|item| self.expr(item)).collect::<Vec<_>>();
        let kind = match expr {
            RhaiExpr::BoolConstant(..) => ExprKind::Bool,
            RhaiExpr::IntegerConstant(..) => ExprKind::Integer,
            RhaiExpr::FloatConstant(..) if self.text.is_whole_number(at) => ExprKind::TooLarge,
            RhaiExpr::FloatConstant(..) => ExprKind::Float,
            RhaiExpr::CharConstant(value, ..) => ExprKind::Text(value.to_string()),
            RhaiExpr::StringConstant(value, ..) => ExprKind::Text(value.to_string()),
            RhaiExpr::InterpolatedString(parts, ..) => ExprKind::Template(all(parts)),
            RhaiExpr::Array(items, ..) => ExprKind::List(all(items)),
            RhaiExpr::Map(map, ..) => ExprKind::Map(
                map.0
                    .iter()
                    .map(|(key, value)| {
                        (
                            MapKey { name: key.name.to_string(), at: self.text.offset(key.pos) },
                            self.expr(value),
                        )
                    })
                    .collect(),
            ),
            RhaiExpr::Variable(name, ..) => ExprKind::Name(name.1.to_string()),
            RhaiExpr::ThisPtr(..) => ExprKind::Name("this".to_owned()),
            RhaiExpr::DynamicConstant(value, ..) => match value.clone().try_cast::<FnPtr>() {
                Some(pointer) => self.closure(&pointer, 0),
                None => ExprKind::Unit,
            },
            RhaiExpr::FnCall(call, position) => return self.call(call, self.text.offset(*position)),
            RhaiExpr::Dot(pair, flags, ..) => {
                return self.chain(self.expr(&pair.lhs), &pair.rhs, true, *flags);
            }
            RhaiExpr::Index(pair, flags, ..) => {
                return self.chain(self.expr(&pair.lhs), &pair.rhs, false, *flags);
            }
            RhaiExpr::And(items, ..) => ExprKind::And(all(items)),
            RhaiExpr::Or(items, ..) => ExprKind::Or(all(items)),
            RhaiExpr::Coalesce(items, ..) => ExprKind::Coalesce(all(items)),
            RhaiExpr::Stmt(block) => return self.block_expr(block, at),
            _ => ExprKind::Unit,
        };
        Expr { at, kind }
    }

    /// A block that only captures and gives a closure is that closure.
    fn block_expr(&self, block: &StmtBlock, at: usize) -> Expr {
        match block.statements() {
            [Stmt::Share(..), Stmt::Expr(closure)] => self.expr(closure),
            statements => Expr { at, kind: ExprKind::Block(self.statements(statements)) },
        }
    }

    fn closure(&self, pointer: &FnPtr, captured: usize) -> ExprKind {
        match self.bodies.get(pointer.fn_name()) {
            Some(body) => ExprKind::Closure(Box::new(self.function(body, captured))),
            None => ExprKind::Unit,
        }
    }

    fn call(&self, call: &FnCallExpr, at: usize) -> Expr {
        if let ("curry", Some(RhaiExpr::DynamicConstant(value, position))) =
            (call.name.as_str(), call.args.first())
            && let Some(pointer) = value.clone().try_cast::<FnPtr>()
        {
            let kind = self.closure(&pointer, call.args.len() - 1);
            return Expr { at: self.text.offset(*position), kind };
        }
        let args = call.args.iter().map(|arg| self.expr(arg)).collect();
        let name = call.name.to_string();
        let is_operator = call.op_token.is_some();
        let kind = if is_operator {
            ExprKind::Operator { op: name, operands: args }
        } else {
            ExprKind::Call { name, args }
        };
        Expr { at, kind }
    }

    /// `base` followed by what hangs on it. Rhai nests `a.b[c].d` to the right; the BREAK flag ends the chain.
    fn chain(&self, base: Expr, link: &RhaiExpr, dot: bool, flags: ASTFlags) -> Expr {
        let next: Option<(&BinaryExpr, bool, ASTFlags)> = match link {
            RhaiExpr::Dot(pair, inner, ..) => Some((pair, true, *inner)),
            RhaiExpr::Index(pair, inner, ..) => Some((pair, false, *inner)),
            _ => None,
        };
        match next.filter(|_| !flags.contains(ASTFlags::BREAK)) {
            Some((pair, then_dot, inner)) => {
                let base = self.link(base, &pair.lhs, dot);
                self.chain(base, &pair.rhs, then_dot, inner)
            }
            None => self.link(base, link, dot),
        }
    }

    fn link(&self, base: Expr, link: &RhaiExpr, dot: bool) -> Expr {
        let on = Box::new(base);
        match link {
            RhaiExpr::Property(property, position) if dot => Expr {
                at: self.text.offset(*position),
                kind: ExprKind::Field { on, name: property.2.to_string() },
            },
            RhaiExpr::MethodCall(call, position) if dot => Expr {
                at: self.text.offset(*position),
                kind: ExprKind::Method {
                    on,
                    name: call.name.to_string(),
                    args: call.args.iter().map(|arg| self.expr(arg)).collect(),
                },
            },
            index => Expr { at: on.at, kind: ExprKind::Index { on, index: Box::new(self.expr(index)) } },
        }
    }
}

/// What a loop tests; `loop` tests nothing.
fn condition(expr: &RhaiExpr) -> Option<&RhaiExpr> {
    (!matches!(expr, RhaiExpr::Unit(..) | RhaiExpr::BoolConstant(true, ..))).then_some(expr)
}
