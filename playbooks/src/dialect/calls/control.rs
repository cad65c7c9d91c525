//! Calls that wait, that start another run, that end this one.

use super::{CallClass, HostCall, ParamKind, call, may, need};

pub(super) const SETTLE: HostCall = HostCall {
    params: &[may("concerns", ParamKind::Closure(1))],
    returns: "#{ failed, residual, attested, in_doubt, skipped, found, unread }",
    fields: &["failed", "residual", "attested", "in_doubt", "skipped", "found", "unread"],
    throws: &["misuse"],
    docs: "Waits until every cut has been read back and every `manual` answered, then reads again every list that scoped a \
           cut. Gives lists of targets by state; `found` is what the fresh lists hold and nothing has cut. `unread` \
           has a text for each list that could not be read again, or not whole: which, and why. Verified targets are not \
           listed. A list of a whole company holds others, too: `settle(|user| user.label == input.user)` says which of what nothing has \
           cut concerns this case. The others are not `found`, now and in later calls; the record says how many there are, and \
           whoever comes to a list later is asked about by a call with a closure, and found by one without. Call it before anybody \
           is told that something is cut; a run calls it by itself at its end. May be called again after more cuts. Not inside a branch.",
    example: r#"let left = settle();"#,
    ..call("settle", CallClass::Wait)
};

pub(super) const WAIT: HostCall = HostCall {
    params: &[need("for", ParamKind::Duration)],
    throws: &["misuse"],
    docs: "Parks for this long by the run's clock. A parked run is a row on disk.",
    example: r#"wait("30m");"#,
    ..call("wait", CallClass::Wait)
};

pub(super) const WAIT_FOR: HostCall = HostCall {
    params: &[need("signal", ParamKind::Name)],
    options: &[may("from", ParamKind::Any), may("within", ParamKind::Duration)],
    returns: "map or ()",
    throws: &["misuse"],
    docs: "Waits for a signal: something that a person, an alert or a webhook tells the run (`vendor.replied`, `alert.folded`). \
           Gives its body, or `()` when time is up. `from` narrows it to one vendor, user or text. A signal that came \
           before the call is kept and taken; each is taken once, in order.",
    example: r#"let reply = wait_for("vendor.replied", #{ within: "2h" });"#,
    ..call("wait_for", CallClass::Wait)
};

pub(super) const WAIT_UNTIL: HostCall = HostCall {
    params: &[need("read", ParamKind::Closure(0)), need("predicate", ParamKind::Closure(1))],
    options: &[may("every", ParamKind::Duration), may("within", ParamKind::Duration)],
    returns: "any or ()",
    throws: &["misuse"],
    docs: "Reads again and again until the predicate over the value says true; gives that value, or `()` when time is up. \
           `every` is 30s unless given, `within` is 1h. The read may use reads only; a read that throws counts as not \
           yet, unless the script called it wrongly. All of it is one step.",
    example: r#"let gone = wait_until(|| find_app("drift"), |apps| apps.is_empty(), #{ every: "1m", within: "1h" });"#,
    ..call("wait_until", CallClass::Wait)
};

pub(super) const RUN_PLAYBOOK: HostCall = HostCall {
    params: &[need("playbook", ParamKind::Playbook), may("input", ParamKind::Map)],
    returns: "#{ run, ended, containment, targets, value }",
    fields: &["run", "ended", "containment", "targets", "value"],
    throws: &["misuse", "limit"],
    docs: "Runs another playbook in the same incident and mode, and waits for its end. Its targets count as this \
           run's, for its limits too while it is at work. It asks for its own approvals. Does not throw for how it ended: `ended` is `finished`, `failed` or `cancelled`, \
           `containment` the word that it ended with, `targets` all that it touched, `value` its script's last value. \
           Depth 4 at most.",
    example: r#"let cut = run_playbook("oauth-app-compromise", #{ app: "drift" });"#,
    ..call("run_playbook", CallClass::Child)
};

pub(super) const FAIL: HostCall = HostCall {
    params: &[need("message", ParamKind::Text)],
    returns: "never",
    throws: &["failed"],
    docs: "Throws an error of kind `failed`. Uncaught, the run settles what it has cut and ends `failed` with this message.",
    example: r#"if find_app("drift").is_empty() { fail("nobody has this app"); }"#,
    ..call("fail", CallClass::End)
};
