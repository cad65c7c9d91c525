//! Calls that write to the run's record, and the pure helpers.

use super::{CallClass, HostCall, ParamKind, call, may, need};

pub(super) const PHASE: HostCall = HostCall {
    params: &[need("name", ParamKind::Name)],
    docs: "Opens a part of the run for people: screens and reports group what follows under it, until the next `phase`. \
           In a branch it names that branch's part only.",
    example: r#"phase("contain");"#,
    ..call("phase", CallClass::Local)
};

pub(super) const NOTE: HostCall = HostCall {
    params: &[need("text", ParamKind::Text)],
    docs: "Writes a line for people into the record and the incident's timeline. Never put a secret in it.",
    example: r#"note("Okta holds 12 grants, Salesforce 28");"#,
    ..call("note", CallClass::Local)
};

pub(super) const EVIDENCE: HostCall = HostCall {
    params: &[need("name", ParamKind::Name), need("value", ParamKind::Any)],
    throws: &["misuse"],
    docs: "Keeps a value as evidence under a name: hashed, time-stamped, listed in the report. Take it before anything is \
           cut, because a revoked grant can no longer be listed. A name used twice keeps both, in order.",
    example: r#"evidence("before", #{ apps: [], grants: [] });"#,
    ..call("evidence", CallClass::Local)
};

pub(super) const DEADLINE: HostCall = HostCall {
    params: &[need("kind", ParamKind::Deadline), may("about", ParamKind::Any)],
    options: &[may("aware", ParamKind::Time), may("due", ParamKind::Time)],
    returns: "#{ kind, about, due } or ()",
    fields: &["kind", "about", "due"],
    throws: &["misuse"],
    docs: "Starts a notification clock of the incident and goes on at once. `kind` is a row of the deadlines table \
           (`gdpr-33`) or `contract`: the breach clause of the vendor in `about` (`contract-from-vendor` is what it owes us). `aware` is the instant from which it \
           counts, by default the run's start. Gives the deadline, or `()` where there is nothing to count: a vendor \
           without a clause, an unknown vendor. A clock about nobody in particular takes `()`: `deadline(\"gdpr-33\", (), \
           #{ aware: input.since })`. Starting the same clock about the same thing twice gives the first.",
    example: r#"deadline("contract", vendor_of("drift"), #{ aware: now() });"#,
    ..call("deadline", CallClass::Local)
};

pub(super) const VENDOR_OF: HostCall = HostCall {
    params: &[need("what", ParamKind::Any)],
    returns: "#{ known, id, name, contacts, apps, owner, clause, their_clause, data, secrets }",
    fields: &[
        "known",
        "id",
        "name",
        "contacts",
        "apps",
        "owner",
        "clause",
        "their_clause",
        "data",
        "secrets",
    ],
    docs: "The vendor register's entry for an app target, a list of them, an app's name or client id, or a vendor's name. \
           One vendor: the first that any of them leads to. When the register knows none, gives a stand-in with \
           `known: false`, the app's own name, no contacts: the script need not branch, `notify` to it throws \
           `no_contact`, `deadline` gives `()`. `contacts` are mail addresses, the first to write to \
           first; `owner` is who of us answers for it, for `page`, or `()`; `clause` is the notice period in its contract (`\"24h\"`) or `()`, `their_clause` the one that it owes us; \
           `data` is what it holds of ours, `secrets` what we gave it, by name only.",
    example: r#"let supplier = vendor_of("drift");"#,
    ..call("vendor_of", CallClass::Local)
};

pub(super) const INCIDENT: HostCall = HostCall {
    options: &[
        may("title", ParamKind::Text),
        may("severity", ParamKind::Severity),
        may("lead", ParamKind::Text),
    ],
    returns: "#{ id, title, severity, lead }",
    fields: &["id", "title", "severity", "lead"],
    docs: "The incident that this run belongs to. With a map it changes what the map names, and journals who did: the \
           playbook. `lead` is `()` until somebody leads.",
    example: r#"incident(#{ severity: CRITICAL });"#,
    ..call("incident", CallClass::Local)
};

pub(super) const NOW: HostCall = HostCall {
    returns: "string",
    docs: "The run's clock as RFC 3339 in UTC, to the millisecond: `2026-03-13T02:40:00.000Z`. Journaled, so a replay sees \
           the same instant. Two of them compare as texts. In a drill it is the scenario's clock.",
    example: r#"let began = now();"#,
    ..call("now", CallClass::Local)
};

pub(super) const UUID: HostCall = HostCall {
    returns: "string",
    docs: "A fresh random id, `8-4-4-4-12`, journaled. The only source of randomness in a script.",
    example: r#"let ticket = uuid();"#,
    ..call("uuid", CallClass::Local)
};

pub(super) const FLAT: HostCall = HostCall {
    params: &[need("list", ParamKind::List)],
    returns: "list",
    docs: "Lists within lists as one list, however deep, in order; `()` is left out, and a target that comes twice is kept \
           once. Pure.",
    example: r#"let all = flat([[1, [2]], (), [3]]);"#,
    ..call("flat", CallClass::Helper)
};

pub(super) const HOLDERS: HostCall = HostCall {
    params: &[need("targets", ParamKind::Targets)],
    returns: "[user]",
    throws: &["misuse"],
    docs: "The users that these grants, tokens, keys or sessions belong to, as targets of kind `user` on the same \
           integration, each once, in order. Targets whose platform names no holder are passed over. Pure.",
    example: r#"let people = holders([]);"#,
    ..call("holders", CallClass::Helper)
};
