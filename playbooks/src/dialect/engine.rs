//! The interpreter: limits, constants, and what is switched off.

use rhai::{Dynamic, Engine, EvalAltResult, OptimizationLevel, module_resolvers::DummyModuleResolver};
use stanch_model::Severity;

/// Every limit of the interpreter. Part of what a run pins: a change here is a change of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitSet {
    /// Bytes of one script. Rhai counts lines and columns in 16 bits.
    pub script_bytes: usize,
    /// Nested script function calls.
    pub call_levels: usize,
    /// Depth of an expression, in functions too.
    pub expr_depth: usize,
    /// Operations per evaluation from the top; a replay counts anew, so this is a bound and never a signal.
    pub operations: u64,
    /// Operations of one trigger, condition or predicate.
    pub expression_operations: u64,
    /// Variables in scope at once.
    pub variables: usize,
    /// Functions of one script, closures included.
    pub functions: usize,
    /// Bytes of one string.
    pub string_bytes: usize,
    /// Items of one array.
    pub array_items: usize,
    /// Keys of one map.
    pub map_keys: usize,
}

/// The limits in force.
pub const LIMITS: LimitSet = LimitSet {
    script_bytes: 256 * 1024,
    call_levels: 64,
    expr_depth: 64,
    operations: 50_000_000,
    expression_operations: 100_000,
    variables: 1_000,
    functions: 500,
    string_bytes: 1024 * 1024,
    array_items: 100_000,
    map_keys: 10_000,
};

/// Symbols that are no part of the language.
pub(crate) const DISABLED: &[&str] =
    &["eval", "import", "export", "print", "debug", "is_def_var", "is_def_fn"];

/// The interpreter with no names but the constants.
pub fn engine() -> Engine {
    engine_with(|_| None)
}

/// The interpreter, with `names` asked for every variable that is no constant before the script's own scope is searched:
/// how integrations (`okta`), `input` and the like are seen inside functions and closures, where a scope is not.
pub fn engine_with(names: impl Fn(&str) -> Option<Dynamic> + Send + Sync + 'static) -> Engine {
    let mut engine = Engine::new();
    engine.set_module_resolver(DummyModuleResolver::new());
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_strings_interned(0);
    limit(&mut engine, LIMITS.operations);
    for symbol in DISABLED {
        engine.disable_symbol(*symbol);
    }
    engine.on_print(|_| {});
    engine.on_debug(|_, _, _| {});
    refuse(&mut engine);
    super::reading::register(&mut engine);
    severities(&mut engine);
    #[expect(deprecated, reason = "rhai marks the callback's signature as volatile; the version is pinned")]
    engine.on_var(move |name, _, _| Ok(constant(name).or_else(|| names(name))));
    engine
}

pub(super) fn limit(engine: &mut Engine, operations: u64) {
    engine.set_max_operations(operations);
    engine.set_max_call_levels(LIMITS.call_levels);
    engine.set_max_expr_depths(LIMITS.expr_depth, LIMITS.expr_depth);
    engine.set_max_variables(LIMITS.variables);
    engine.set_max_functions(LIMITS.functions);
    engine.set_max_modules(0);
    engine.set_max_string_size(LIMITS.string_bytes);
    engine.set_max_array_size(LIMITS.array_items);
    engine.set_max_map_size(LIMITS.map_keys);
}

/// Rhai's `sleep` blocks the thread and survives no restart; its `exit` leaves a branch together with the whole script.
fn refuse(engine: &mut Engine) {
    fn no(what: &str) -> Result<(), Box<EvalAltResult>> {
        Err(what.into())
    }
    engine.register_fn("sleep", |_: i64| no(NO_SLEEP));
    engine.register_fn("sleep", |_: f64| no(NO_SLEEP));
    engine.register_fn("exit", || no(NO_EXIT));
    engine.register_fn("exit", |_: Dynamic| no(NO_EXIT));
}

const NO_SLEEP: &str = "`sleep` is no part of the language: write wait(\"30s\")";
const NO_EXIT: &str = "`exit` is no part of the language: write return";

fn severities(engine: &mut Engine) {
    engine.register_type_with_name::<Severity>("Severity");
    engine.register_fn("==", |a: Severity, b: Severity| a == b);
    engine.register_fn("!=", |a: Severity, b: Severity| a != b);
    engine.register_fn("<", |a: Severity, b: Severity| a < b);
    engine.register_fn("<=", |a: Severity, b: Severity| a <= b);
    engine.register_fn(">", |a: Severity, b: Severity| a > b);
    engine.register_fn(">=", |a: Severity, b: Severity| a >= b);
    engine.register_fn("to_string", |a: &mut Severity| a.to_string());
    engine.register_fn("to_debug", |a: &mut Severity| a.to_string().to_uppercase());
    for op in ["==", "!=", "<", "<=", ">", ">="] {
        engine.register_fn(op, |_: Severity, text: &str| severity_text(text));
        engine.register_fn(op, |text: &str, _: Severity| severity_text(text));
    }
}

/// A severity and a text never compare: silence here would be a trigger that never fires.
fn severity_text(text: &str) -> Result<bool, Box<EvalAltResult>> {
    Err(format!("a severity is no text: write {} without quotes", text.to_uppercase()).into())
}

/// The constants of the language, in order.
pub const SEVERITIES: [&str; 5] = ["INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// The value of a constant of the language: `INFO < LOW < MEDIUM < HIGH < CRITICAL`.
pub fn constant(name: &str) -> Option<Dynamic> {
    severity(name).map(Dynamic::from)
}

/// The severity that this constant names.
pub fn severity(name: &str) -> Option<Severity> {
    let at = SEVERITIES.iter().position(|constant| *constant == name)?;
    Severity::ALL.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(script: &str) -> String {
        engine()
            .eval::<Dynamic>(script)
            .map(|value| format!("gave {value:?}"))
            .unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn what_is_not_journaled_is_not_there() {
        for script in [
            "timestamp()",
            "sleep(1)",
            "sleep(0.1)",
            "eval(\"1\")",
            "import \"x\" as x;",
            "print(1)",
            "rand()",
            "exit()",
            "exit(1)",
        ] {
            let said = fails(script);
            assert!(!said.starts_with("gave"), "{script} {said}");
        }
    }

    #[test]
    fn constants_are_seen_in_functions_and_closures() {
        let script =
            "fn worst(s) { s >= HIGH } let check = |s| s >= MEDIUM && worst(s); check.call(CRITICAL)";
        assert_eq!(engine().eval::<bool>(script).ok(), Some(true));
    }

    #[test]
    fn names_given_by_the_engine_are_seen_in_closures_and_functions() {
        let engine = engine_with(|name| (name == "okta").then(|| Dynamic::from(7_i64)));
        assert_eq!(engine.eval::<i64>("fn f() { okta } let g = || okta + f(); g.call()").ok(), Some(14));
    }

    #[test]
    fn a_severity_and_a_text_never_compare() {
        assert!(fails("HIGH >= \"high\"").contains("write HIGH without quotes"));
        assert!(fails("\"low\" == LOW").contains("write LOW without quotes"));
    }

    #[test]
    fn endless_work_ends() {
        for script in [
            "let x = 0; loop { x += 1; }",
            "fn f(n) { f(n + 1) } f(0)",
            "let s = \"xxxxxxxxxx\"; loop { s += s; }",
            "let a = [1]; loop { a.append(a); }",
            "let a = []; a.pad(1000000, 1);",
        ] {
            let said = std::thread::Builder::new()
                .stack_size(64 * 1024 * 1024)
                .spawn(move || fails(script))
                .unwrap()
                .join()
                .unwrap();
            assert!(!said.starts_with("gave"), "{script} {said}");
        }
    }
}
