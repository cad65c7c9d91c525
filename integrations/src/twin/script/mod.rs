//! A platform's `twin.rhai`: compiled once, its routes and hooks called under the platform's lock.
//!
//! A script sees its own tenant and the request, and nothing else: no files, no network, no clock but the twins'.

mod convert;
mod natives;
mod reply;
mod route;
mod tables;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use parking_lot::Mutex;
use rhai::{
    AST, CallFnOptions, Dynamic, Engine, EvalAltResult, FuncArgs, Map, Position,
    packages::{Package as _, StandardPackage},
};

pub(crate) use convert::to_dynamic;
pub(crate) use reply::{Body, Reply};
pub(crate) use route::{Route, Scope};
use tables::Missing;

use super::{extra::Extra, tenant::Db};

/// Operations that one request may take: a loop without end stops, a page of a thousand rows does not.
const OPERATIONS_MAX: u64 = 5_000_000;

/// How many texts stay parsed: the catalogue's, and some of a folder beside it.
const PARSED_MAX: usize = 128;

/// Rhai's own functions, made once.
static STANDARD: LazyLock<rhai::Shared<rhai::Module>> =
    LazyLock::new(|| StandardPackage::new().as_shared_module());

/// Scripts that were parsed, by their text: every drill and every case begins with the same ones.
static PARSED: Mutex<BTreeMap<String, Arc<AST>>> = Mutex::new(BTreeMap::new());

/// What the top of a script declares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// In order: the first that matches is taken.
    pub(crate) routes: Vec<Route>,
    /// (table, key, indexed fields)
    pub(crate) tables: Vec<(String, String, Vec<String>)>,
    /// Headers of every answer; `{limit}`, `{remaining}`, `{reset}`, `{used}`, `{request_id}` are filled in.
    pub(crate) headers: Vec<(String, String)>,
    /// The schemes of `Authorization` that the platform takes.
    pub(crate) schemes: Vec<String>,
    /// What `world.extra` may hold for it; anything where the script says nothing of it.
    pub(crate) extra: Option<Extra>,
}

/// A compiled script.
pub(crate) struct Script {
    engine: Engine,
    ast: Arc<AST>,
    plan: Plan,
    hooks: BTreeMap<String, usize>,
}

fn parse(engine: &Engine, source: &str) -> Result<Arc<AST>, (Position, String)> {
    if let Some(known) = PARSED.lock().get(source) {
        return Ok(known.clone());
    }
    let ast = Arc::new(engine.compile(source).map_err(|error| (error.1, error.0.to_string()))?);
    let mut parsed = PARSED.lock();
    if parsed.len() < PARSED_MAX {
        parsed.insert(source.to_owned(), ast.clone());
    }
    Ok(ast)
}

impl Script {
    /// Compiles a script for one tenant and reads its declarations.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub(crate) fn compile(source: &str, db: &Db) -> Result<Self, String> {
        Self::compile_at(source, db).map_err(|(position, why)| format!("{why} ({position})"))
    }

    /// The same; the place of what is wrong apart from its words.
    pub(crate) fn compile_at(source: &str, db: &Db) -> Result<Self, (Position, String)> {
        let plan = Arc::new(Mutex::new(Plan::default()));
        let mut engine = Engine::new_raw();
        engine.register_global_module(STANDARD.clone());
        engine.set_max_expr_depths(128, 64);
        engine.set_max_call_levels(64);
        engine.set_optimization_level(rhai::OptimizationLevel::None);
        engine.disable_symbol("eval");
        engine.on_print(|_| {});
        engine.on_debug(|_, _, _| {});
        reply::register(&mut engine);
        tables::register(&mut engine);
        natives::register(&mut engine, db);
        route::register(&mut engine, &plan);
        let ast = parse(&engine, source)?;
        engine.run_ast(&ast).map_err(|mut error| (error.take_position(), error.to_string()))?;
        let hooks =
            ast.iter_functions().map(|function| (function.name.to_owned(), function.params.len())).collect();
        let mut plan = std::mem::take(&mut *plan.lock());
        if plan.schemes.is_empty() {
            plan.schemes.push("Bearer".to_owned());
        }
        let mut db = db.lock();
        for (name, key, indexed) in &plan.tables {
            db.store.declare(name, key, indexed);
        }
        Ok(Self { engine, ast, plan, hooks })
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn has(&self, hook: &str) -> bool {
        self.hooks.contains_key(hook)
    }

    /// From now on nothing may run for long: after seeding.
    pub(crate) fn bound(&mut self) {
        self.engine.set_max_operations(OPERATIONS_MAX);
    }

    /// Runs a route's handler.
    pub(crate) fn handle(&self, route: &Route, request: Map, db: &Db) -> Reply {
        let answer = route.handler.call::<Dynamic>(&self.engine, &self.ast, (request, db.clone()));
        answer.map_or_else(|error| self.thrown(*error), |value| Reply::of(&value))
    }

    /// Calls a hook that changes the tenant.
    ///
    /// # Errors
    /// When the script throws, or has no such hook.
    pub(crate) fn call(&self, hook: &str, args: impl FuncArgs) -> Result<Dynamic, String> {
        let options = CallFnOptions::new().eval_ast(false);
        self.engine
            .call_fn_with_options::<Dynamic>(options, &mut rhai::Scope::new(), &self.ast, hook, args)
            .map_err(|error| error.to_string())
    }

    /// Calls a hook that answers; nothing where the script has none, or it gives `()`.
    pub(crate) fn answer(&self, hook: &str, args: impl FuncArgs) -> Option<Reply> {
        if !self.has(hook) {
            return None;
        }
        let options = CallFnOptions::new().eval_ast(false);
        let answer = self.engine.call_fn_with_options::<Dynamic>(
            options,
            &mut rhai::Scope::new(),
            &self.ast,
            hook,
            args,
        );
        match answer {
            Ok(value) if value.is_unit() => None,
            Ok(value) => Some(Reply::of(&value)),
            Err(error) => Some(self.thrown(*error)),
        }
    }

    /// What a handler threw: a reply, something that is missing, or a mistake in the script.
    fn thrown(&self, error: EvalAltResult) -> Reply {
        let mut error = error;
        while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = error {
            error = *inner;
        }
        if let EvalAltResult::ErrorRuntime(value, _) = &error {
            if let Some(reply) = value.read_lock::<Reply>() {
                return reply.clone();
            }
            if let Some(missing) = value.read_lock::<Missing>().map(|missing| missing.clone()) {
                return self
                    .answer("missing", (missing.table, missing.id))
                    .unwrap_or_else(|| Reply::empty(404));
            }
        }
        let message = format!("the twin's script failed: {error}");
        tracing::error!("{message}");
        Reply::text(500, "text/plain", &message)
    }
}
