//! Names while a script is read: what they hold, and whether anybody looks at it.

use stanch_model::Effect;

use super::{Survey, Ty, What, reader::Reader};
use crate::{
    dialect::severity,
    syntax::{Expr, ExprKind},
};

/// A name in sight.
pub(super) struct Bound<'a> {
    pub(super) name: &'a str,
    pub(super) ty: Ty,
    /// Where the call stands whose result it holds, if that is there to be looked at.
    result: Option<Given>,
    looks: Looks,
}

#[derive(Clone, Copy)]
struct Given {
    at: usize,
    attempt: bool,
}

#[derive(Default)]
struct Looks {
    /// At the whole of it, or at whether it worked.
    whole: bool,
    /// At the value of an attempt alone.
    value: bool,
}

/// How a name is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Whole,
    /// At the value of an attempt, as if it could not fail.
    Value,
}

impl<'a> Reader<'a> {
    /// A name that holds this from here on.
    pub(super) fn bind(&mut self, name: &'a str, ty: Ty) {
        self.names.push(Bound { name, ty, result: None, looks: Looks::default() });
    }

    /// A name that the script declares.
    pub(super) fn declare(&mut self, name: &'a str, ty: Ty, at: usize) {
        if self.owned(name) {
            self.see(at, What::Declared { name });
        }
        self.bind(name, ty);
    }

    /// `let name = value`.
    pub(super) fn declare_value(&mut self, name: &'a str, value: &'a Expr, at: usize) {
        let before = self.seen.len();
        // What begins as nothing is given a value later.
        let ty = match self.value(value) {
            Ty::Unit => Ty::Any,
            ty => ty,
        };
        let result = self.result_of(value, before);
        self.declare(name, ty, at);
        if let Some(bound) = self.names.last_mut() {
            bound.result = result;
        }
    }

    /// The call that this value is, if its only point is what it gives.
    fn result_of(&self, value: &Expr, before: usize) -> Option<Given> {
        if !matches!(value.kind, ExprKind::Call { .. } | ExprKind::Method { .. }) {
            return None;
        }
        let seen = self.seen.get(before..)?.iter().rev().find(|seen| seen.at == value.at)?;
        let attempt = matches!(&seen.what, What::Host { call, .. } if call.name == "attempt");
        let read = match &seen.what {
            What::Host { call, .. } => super::for_its_result(call.name),
            what => {
                let effects = Survey::effects(what, self.world);
                !effects.is_empty() && effects.iter().all(|effect| *effect == Effect::Read)
            }
        };
        read.then_some(Given { at: value.at, attempt })
    }

    /// Names that are answered before any variable of the script.
    fn owned(&self, name: &str) -> bool {
        matches!(name, "input" | "alert")
            || severity(name).is_some()
            || self.world.integrations.contains(name)
    }

    /// The type of a name, looked at.
    pub(super) fn name(&mut self, at: usize, name: &'a str, look: Look) -> Ty {
        match name {
            "input" => return Ty::Input,
            "alert" => return Ty::Alert,
            "this" => return Ty::Any,
            _ if severity(name).is_some() => return Ty::Severity,
            _ if self.world.integrations.contains(name) => return Ty::Integration(name.to_owned()),
            _ => {}
        }
        if let Some(bound) = self.names.iter_mut().rev().find(|bound| bound.name == name) {
            bound.looks.whole |= look == Look::Whole;
            bound.looks.value |= look == Look::Value;
            return bound.ty.clone();
        }
        if self.script.functions.contains_key(name) {
            self.called.insert(name);
        } else if !self.world.lost.may_hold(name) {
            self.see(at, What::Name { name });
        }
        Ty::Any
    }

    /// Forgets the names after the first so many, and says which of them nobody looked at.
    pub(super) fn leave(&mut self, depth: usize) {
        for bound in self.names.split_off(depth.min(self.names.len())) {
            let Some(Given { at, attempt }) = bound.result else { continue };
            let lost = self.world.lost.may_hold(bound.name) || bound.name.starts_with('_');
            if bound.looks.whole || lost {
                continue;
            }
            if !bound.looks.value {
                self.see(at, What::Unused { name: bound.name });
            } else if attempt {
                self.see(at, What::Blind);
            }
        }
    }

    /// An assignment to a name: it holds either from here on.
    pub(super) fn assigned(&mut self, name: &str, ty: Ty) {
        if let Some(bound) = self.names.iter_mut().rev().find(|bound| bound.name == name) {
            let known = std::mem::replace(&mut bound.ty, Ty::Any);
            bound.ty = if known.is_any() { Ty::Any } else { known.either(ty) };
        }
    }

    /// A name whose value is changed here.
    pub(super) fn changes(&mut self, at: usize, name: &'a str) {
        let Some(found) = self.names.iter().rposition(|bound| bound.name == name) else { return };
        if self.walls.last().is_some_and(|wall| found < *wall) {
            self.see(at, What::Captured { name });
        }
        let bound = &mut self.names[found];
        if bound.ty.is_map() {
            bound.ty = Ty::Map;
        }
    }
}
