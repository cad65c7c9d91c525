//! The language that playbooks are written in: Rhai with what a replayed script must not have taken away.
//!
//! Owns the interpreter's limits, the constants, the list of host calls and how text becomes an AST. It registers no
//! host call: the engine does. Everything that reads a clock, a file or randomness is off, so that a script can only
//! learn about the world through steps.

mod blank;
mod builtin;
mod calls;
mod compile;
mod engine;
mod expression;
mod page;
mod reading;

pub use builtin::{builtins, is_builtin};
pub use calls::{CallClass, ERROR_KINDS, HOST_CALLS, HostCall, Param, ParamKind, host_call};
pub use compile::compile;
pub(crate) use compile::compile_rest;
pub use engine::{LIMITS, LimitSet, SEVERITIES, constant, engine, engine_with, severity};
pub use expression::{Expression, ExpressionError, Var, expression};
pub(crate) use page::{call_page, kind_words};
pub use page::{language_page, signature};
pub use stanch_model::duration::parse as duration;
