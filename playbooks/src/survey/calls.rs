//! Calls and methods while a script is read: host calls, functions, verbs, actions, Rhai's own.

use stanch_model::Effect;

use super::{
    Entry, Literal, Survey, Ty, What, methods,
    reader::{Reader, place, root},
};
use crate::{
    dialect::{CallClass, HostCall, host_call, is_builtin},
    syntax::{Expr, ExprKind},
};

impl<'a> Reader<'a> {
    /// Reads arguments; closures among them run with these parameters, and give their value to somebody or not. Gives the
    /// types, and what a closure gives.
    fn args(&mut self, args: &'a [Expr], params: &Ty, gives: bool) -> (Vec<Ty>, Option<Ty>) {
        let mut body = None;
        let mut types = Vec::new();
        for arg in args {
            types.push(match &arg.kind {
                ExprKind::Closure(function) => {
                    let gives = self.closure(function, std::slice::from_ref(params), gives);
                    body.get_or_insert(gives);
                    Ty::Closure
                }
                _ => self.value(arg),
            });
        }
        (types, body)
    }

    /// Reads the closures of a `together` that stand in the script, each as a branch. Gives what it takes, and what it
    /// gives: what each branch does, under its key or in its place.
    fn closures(&mut self, arg: &'a Expr, gives: bool) -> (Ty, Option<Ty>) {
        let mut branch = |value: &'a Expr| match &value.kind {
            ExprKind::Closure(function) => (Ty::Closure, self.closure(function, &[], gives)),
            _ => (self.value(value), Ty::Any),
        };
        match &arg.kind {
            ExprKind::Map(entries) => {
                let (mut takes, mut given) = (Vec::new(), Vec::new());
                for (key, value) in entries {
                    let (closure, ty) = branch(value);
                    let entry = |ty| Entry {
                        name: key.name.clone(),
                        at: key.at,
                        value_at: value.at,
                        ty,
                        literal: Literal::No,
                    };
                    takes.push(entry(closure));
                    given.push(entry(ty));
                }
                (Ty::Known(takes), Some(Ty::Known(given)))
            }
            ExprKind::List(items) => {
                let (takes, given): (Vec<Ty>, Vec<Ty>) = items.iter().map(branch).unzip();
                let all = |types: Vec<Ty>| Ty::list(types.into_iter().reduce(Ty::either).unwrap_or(Ty::Any));
                (all(takes), Some(all(given)))
            }
            _ => (self.value(arg), None),
        }
    }

    pub(super) fn call(&mut self, at: usize, name: &'a str, args: &'a [Expr]) -> Ty {
        if let Some(call) = host_call(name) {
            return self.host(at, call, args);
        }
        if let Some(function) = self.script.functions.get(name) {
            let (types, _) = self.args(args, &Ty::Any, true);
            return self.function(name, function, &types);
        }
        if let ("Fn", Some(pointed)) = (name, args.first().and_then(Expr::as_text)) {
            self.called.insert(pointed);
        }
        let (types, _) = self.args(args, &Ty::Any, true);
        self.holds_severity(at, name, args, &types);
        let known = is_builtin(name)
            || self.names.iter().any(|bound| bound.name == name)
            || self.world.lost.may_hold(name);
        if !known {
            self.see(at, What::Call { name });
        }
        Ty::Any
    }

    fn host(&mut self, at: usize, call: &'static HostCall, args: &'a [Expr]) -> Ty {
        let branch = call.class == CallClass::Branch;
        let before = self.seen.len();
        // Of a fan-out that gives its list to nobody, no branch gives its value to anybody.
        let gives = !["each", "together"].contains(&call.name) || self.place.used;
        // `each` hands its items on, `wait_until` what it read: the first argument is read before the closures.
        let (mut types, mut first) = (Vec::new(), None);
        let (head, rest) = args.split_at(usize::from(!args.is_empty()));
        let place = self.place.clone();
        let walled = branch || ["wait_until", "settle"].contains(&call.name);
        self.place.branches += usize::from(branch);
        self.place.reading |= call.name == "wait_until";
        if walled {
            self.walls.push(self.names.len());
        }
        for (n, part) in [head, rest].into_iter().enumerate() {
            let params = match (n, types.first()) {
                (0, _) if call.name == "settle" => Ty::Target(None),
                (1, Some(Ty::List(item))) => (**item).clone(),
                (1, Some(Ty::Closure)) => first.clone().unwrap_or(Ty::Any),
                _ => Ty::Any,
            };
            let (more, body) = match (call.name, part) {
                ("together", [closures]) if n == 0 => {
                    let (ty, given) = self.closures(closures, gives);
                    (vec![ty], given)
                }
                _ => self.args(part, &params, gives),
            };
            types.extend(more);
            first = first.or(body);
        }
        if walled {
            self.walls.pop();
        }
        self.place = place;
        let ty = methods::host(call, &types, first);
        let cuts =
            branch && self.seen[before.min(self.seen.len())..].iter().any(|seen| self.is_cut(&seen.what));
        self.see(at, What::Host { call, args, types, cuts });
        ty
    }

    pub(super) fn method(&mut self, at: usize, on: &'a Expr, name: &'a str, args: &'a [Expr]) -> Ty {
        let mut receiver = self.value(on);
        if let Ty::Integration(integration) = receiver {
            let (types, _) = self.args(args, &Ty::Any, true);
            let ty = self.world.index.action(&integration, name).map_or(Ty::Any, methods::action);
            self.see(at, What::Action { integration, action: name, args, types });
            return ty;
        }
        let mut verbs = self.verbs(&receiver, name);
        if verbs.is_empty() && self.place.by_kind && matches!(receiver, Ty::Target(_)) {
            receiver = Ty::Target(None);
            verbs = self.verbs(&receiver, name);
        }
        let is_verb = match &receiver {
            Ty::Target(_) => !verbs.is_empty() || !is_builtin(name),
            Ty::Any => !verbs.is_empty() && !is_builtin(name),
            _ => false,
        };
        if is_verb {
            let (types, _) = self.args(args, &Ty::Any, true);
            let ty = methods::verb(self.world, &verbs);
            let kind = if let Ty::Target(kind) = receiver { kind } else { None };
            self.see(at, What::Verb { method: name, kind, verbs, args, types });
            return ty;
        }
        if let Some((at, root)) = place(on).filter(|_| methods::changes(name)) {
            self.changes(at, root);
        }
        let own = self.script.functions.contains_key(name);
        if own {
            self.called.insert(name);
        }
        let known = is_builtin(name) || own;
        // what is handed over as a value was made before the function is at work
        let hands_on = args.iter().any(|arg| matches!(arg.kind, ExprKind::Closure(_)));
        let native = (is_builtin(name) && hands_on).then(|| name.to_owned());
        let (types, body) = self.with(
            |place| place.native = native.or(place.native.take()),
            |reader| reader.args(args, &receiver.item(), true),
        );
        self.holds_severity(
            at,
            name,
            std::slice::from_ref(on),
            &[receiver.clone(), types.first().cloned().unwrap_or(Ty::Any)],
        );
        if receiver == Ty::Any && !verbs.is_empty() {
            self.see(at, What::Perhaps { verbs });
        }
        if !known && (receiver != Ty::Any || !self.unknown_receiver(on)) {
            self.see(at, What::Method { name, on: receiver.clone() });
        }
        methods::builtin(name, &receiver, body)
    }

    fn is_cut(&self, what: &What<'_>) -> bool {
        let effects = Survey::effects(what, self.world);
        effects.contains(&Effect::Permanent) || effects.contains(&Effect::Reversible)
    }

    /// `severity in ["high"]`, `["high"].contains(severity)`: false for ever.
    pub(super) fn holds_severity(&mut self, at: usize, name: &str, operands: &'a [Expr], types: &[Ty]) {
        if let ("contains", [Ty::List(item), Ty::Severity]) = (name, types)
            && **item == Ty::Text
        {
            self.see(at, What::Compare { types: [Ty::Text, Ty::Severity], operands });
        }
    }

    /// True if the mistake is before the dot.
    fn unknown_receiver(&self, on: &Expr) -> bool {
        match &root(on).kind {
            ExprKind::Name(name) => !self.names.iter().any(|bound| bound.name == name),
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
