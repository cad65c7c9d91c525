//! Calls that run closures as branches.

use super::{CallClass, HostCall, ParamKind, call, may, need};

pub(super) const EACH: HostCall = HostCall {
    params: &[need("items", ParamKind::List), need("body", ParamKind::Closure(1))],
    options: &[may("key", ParamKind::Name)],
    returns: "list",
    throws: &["misuse", "limit"],
    docs: "Runs the body once per item, all at once, and gives the values in the items' order. The key of an item, which \
           names its branch in every address, is the whole target, the text, or the number; for maps `key` names the field \
           that holds it. Keys must be unique and not empty: that is checked before the first branch starts. Every branch \
           ends; only then, if any threw, does `each` throw the error of the first item that did, with all of them by \
           key in `e.errors`. A cut that is refused does not throw: its target is `failed` and comes back in `settle()`. At most \
           20,000 items; the platform's own limit sets the speed. A branch reads what it captures; changing it \
           throws `misuse`.",
    example: r#"let answers = each(["a", "b"], |name| name.len());"#,
    ..call("each", CallClass::Branch)
};

pub(super) const TOGETHER: HostCall = HostCall {
    params: &[need("bodies", ParamKind::Closures)],
    returns: "list or map, like its argument",
    throws: &["misuse"],
    docs: "Runs different bodies at once. From a map `#{ name: || … }` it gives a map with the same keys, from a list a list \
           in the same order (the keys are 0, 1, …). Ends and throws like `each`.",
    example: r#"let got = together(#{ grants: || 1, keys: || 2 });"#,
    ..call("together", CallClass::Branch)
};

pub(super) const ATTEMPT: HostCall = HostCall {
    params: &[need("body", ParamKind::Closure(0))],
    returns: "#{ ok, value, error }",
    fields: &["ok", "value", "error"],
    docs: "Runs the body and never throws for it: `ok` says whether it ended, `value` is what it gave or `()`, `error` is \
           `()` or the error `#{ kind, message, … }`. Waiting, cancelling and pausing pass through it untouched. A list \
           that failed inside still keeps the run from ending `contained`.",
    example: r#"let sent = attempt(|| page("team", "look"));"#,
    ..call("attempt", CallClass::Branch)
};
