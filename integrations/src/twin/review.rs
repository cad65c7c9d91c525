//! A twin's script beside the integration that it simulates: does it compile, and does each answer to the other?

use std::sync::Arc;

use parking_lot::Mutex;
use stanch_model::{Diagnostic, diagnostic::did_you_mean, yaml::offset_of};

use super::{script::Script, tenant::Tenant};
use crate::Platform;

/// Everything that is wrong with a `twin.rhai`.
///
/// What does not compile is an error. An action that no operation answers, and an operation that no action reaches, are
/// warnings: a twin may be ahead of its integration, or behind it.
pub fn review(platform: &Platform, file: &str, source: &str) -> Vec<Diagnostic> {
    let db = Arc::new(Mutex::new(Tenant::new(platform.slug(), 1, jiff::Timestamp::UNIX_EPOCH)));
    let script = match Script::compile_at(source, &db) {
        Ok(script) => script,
        Err((position, why)) => {
            let mistake = Diagnostic::error("IN0033", format!("the twin does not compile: {why}"));
            return vec![match position.line() {
                Some(line) => mistake.at(file, source, bytes(source, line, position.position()), "here"),
                None => mistake,
            }];
        }
    };
    let routes = &script.plan().routes;
    let mut found = Vec::new();
    for (name, address) in platform.addresses() {
        if !routes.iter().any(|route| route.answers(&address.method, &address.segments)) {
            let line = platform
                .request_line(name)
                .map(|(method, path)| format!("{method} {path}"))
                .unwrap_or_default();
            let message = format!("no operation of the twin answers `{name}` ({line})");
            let named = routes.iter().find(|route| route.action == name);
            let at = named.map_or(0..0, |route| place(source, &route.line));
            let text =
                if named.is_some() { "its operation is for another request" } else { "in this script" };
            let help = format!("read(\"{name}\", \"{line}\", …); a path parameter may have any name");
            found.push(Diagnostic::warning("IN0034", message).at(file, source, at, text).help(help));
        }
    }
    for route in routes {
        let called =
            platform.addresses().any(|(_, address)| route.answers(&address.method, &address.segments));
        // Where tokens are made, no action leads.
        if called || platform.action(&route.action).is_some() || platform.makes_tokens_at(route.path()) {
            continue;
        }
        let message = format!("no action makes the request of `{}` ({})", route.action, route.line);
        let at = place(source, &route.line);
        let warning = Diagnostic::warning("IN0034", message).at(file, source, at, "here");
        let near = did_you_mean(&route.action, platform.actions().map(|action| action.name.as_str()));
        found.push(match near {
            Some(near) => {
                warning.help(format!("did you mean the action `{near}`? compare its method and path"))
            }
            None => warning,
        });
    }
    found
}

/// Where a route's line stands in the script.
fn place(source: &str, line: &str) -> std::ops::Range<usize> {
    source.find(&format!("\"{line}\"")).map_or(0..0, |at| at + 1..at + 1 + line.len())
}

/// From a place in lines and characters to the end of its line.
fn bytes(source: &str, line: usize, column: Option<usize>) -> std::ops::Range<usize> {
    let from = offset_of(source, line, column.unwrap_or(1));
    let rest = source.get(from..).unwrap_or_default().lines().next().unwrap_or_default();
    from..from + rest.len()
}
