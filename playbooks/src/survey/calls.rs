//! Calls and methods while a script is read: host calls, functions, verbs, actions, Rhai's own.

use super::{
    Ty, What, methods,
    reader::{Reader, place, root},
};
use crate::{
    dialect::{CallClass, HostCall, host_call, is_builtin},
    syntax::{Expr, ExprKind},
};

impl<'a> Reader<'a> {
    /// Reads arguments; closures among them run with these parameters. Gives the types, and what a closure gives.
    fn args(&mut self, args: &'a [Expr], params: &Ty) -> (Vec<Ty>, Option<Ty>) {
        let mut body = None;
        let mut types = Vec::new();
        for arg in args {
            types.push(match &arg.kind {
                ExprKind::Closure(function) => {
                    let gives = self.closure(function, std::slice::from_ref(params));
                    body.get_or_insert(gives);
                    Ty::Closure
                }
                _ => self.value(arg),
            });
        }
        (types, body)
    }

    pub(super) fn call(&mut self, at: usize, name: &'a str, args: &'a [Expr]) -> Ty {
        if let Some(call) = host_call(name) {
            return self.host(at, call, args);
        }
        if let Some(function) = self.script.functions.get(name) {
            let (types, _) = self.args(args, &Ty::Any);
            return self.function(name, function, &types);
        }
        self.args(args, &Ty::Any);
        let known = is_builtin(name)
            || self.names.iter().any(|(known, _)| *known == name)
            || self.world.lost.contains(name);
        if !known {
            self.see(at, What::Call { name });
        }
        Ty::Any
    }

    fn host(&mut self, at: usize, call: &'static HostCall, args: &'a [Expr]) -> Ty {
        let branch = call.class == CallClass::Branch;
        // `each` hands its items on, `wait_until` what it read: the first argument is read before the closures.
        let (mut types, mut first) = (Vec::new(), None);
        let (head, rest) = args.split_at(usize::from(!args.is_empty()));
        let place = self.place.clone();
        let walled = branch || call.name == "wait_until";
        self.place.branches += usize::from(branch);
        if walled {
            self.walls.push(self.names.len());
        }
        for (n, part) in [head, rest].into_iter().enumerate() {
            let params = match (n, types.first()) {
                (1, Some(Ty::List(item))) => (**item).clone(),
                (1, Some(Ty::Closure)) => first.clone().unwrap_or(Ty::Any),
                _ => Ty::Any,
            };
            let (more, body) = self.args(part, &params);
            types.extend(more);
            first = first.or(body);
        }
        if walled {
            self.walls.pop();
        }
        self.place = place;
        let ty = methods::host(call, &types, first);
        self.see(at, What::Host { call, args, types });
        ty
    }

    pub(super) fn method(&mut self, at: usize, on: &'a Expr, name: &'a str, args: &'a [Expr]) -> Ty {
        let receiver = self.value(on);
        if let Ty::Integration(integration) = receiver {
            self.args(args, &Ty::Any);
            let ty = self.world.index.action(&integration, name).map_or(Ty::Any, methods::action);
            self.see(at, What::Action { integration, action: name, args });
            return ty;
        }
        let verbs = self.verbs(&receiver, name);
        let is_verb = match &receiver {
            Ty::Target(_) => !verbs.is_empty() || !is_builtin(name),
            Ty::Any => !verbs.is_empty() && !is_builtin(name),
            _ => false,
        };
        if is_verb {
            self.args(args, &Ty::Any);
            let ty = methods::verb(self.world, &verbs);
            let kind = if let Ty::Target(kind) = receiver { kind } else { None };
            self.see(at, What::Verb { method: name, kind, verbs, args });
            return ty;
        }
        if let Some((at, root)) = place(on).filter(|_| methods::changes(name)) {
            self.changes(at, root);
        }
        let known = is_builtin(name) || self.script.functions.contains_key(name);
        let native = is_builtin(name).then(|| name.to_owned());
        let (_, body) = self.with(
            |place| place.native = native.or(place.native.take()),
            |reader| reader.args(args, &receiver.item()),
        );
        if !known && (receiver != Ty::Any || !self.unknown_receiver(on)) {
            self.see(at, What::Method { name, on: receiver.clone() });
        }
        methods::builtin(name, &receiver, body)
    }

    /// True if the mistake is before the dot.
    fn unknown_receiver(&self, on: &Expr) -> bool {
        match &root(on).kind {
            ExprKind::Name(name) => !self.names.iter().any(|(known, _)| known == name),
            _ => false,
        }
    }

    /// The verbs that this method may be: of the target's kind, or of any kind where that is not known.
    fn verbs(&self, receiver: &Ty, method: &str) -> Vec<String> {
        let kind = match receiver {
            Ty::Target(kind) => kind.as_deref(),
            _ => None,
        };
        let fits = |verb: &&String| {
            verb.split_once('.')
                .is_some_and(|(on, name)| name == method && kind.is_none_or(|kind| kind == on))
        };
        if receiver.may_be_target() {
            self.world.verbs.iter().filter(fits).cloned().collect()
        } else {
            Vec::new()
        }
    }
}
