//! Calls that reach outside: they must stand in `uses`.

use super::{CallClass, HostCall, ParamKind, call, may, need};

pub(super) const FIND_APP: HostCall = HostCall {
    params: &[need("app", ParamKind::Any)],
    returns: "[app]",
    throws: &["misuse", "unreachable", "auth", "forbidden", "garbled"],
    docs: "Asks every integration that can find apps and was configured when the run started, all at once, and gives what \
           they found as targets of kind `app`, by integration in the order of their names. `app` is a name, a client id or a vendor; a vendor or \
           a name in the register also stands for every client id listed there. A platform that cannot be asked is left \
           out, noted, and keeps the run from ending `contained`; only when none can be asked does the call throw. An \
           empty list means that all of them answered and none has it.",
    example: r#"let apps = find_app("drift");"#,
    ..call("find_app", CallClass::Find)
};

pub(super) const FIND_USER: HostCall = HostCall {
    params: &[need("user", ParamKind::Any)],
    returns: "[user]",
    throws: &["misuse", "unreachable", "auth", "forbidden", "garbled"],
    docs: "Like `find_app`, for people: a login, a mail address or a platform's own id. A platform that knows people by login \
           alone (GitHub, AWS, Snowflake, Kong) knows nobody by a mail address: a note of the run says so, and `check` where the \
           address stands in the script. Ask it by login as well.",
    example: r#"let accounts = find_user("alice@acme.example");"#,
    ..call("find_user", CallClass::Find)
};

pub(super) const NOTIFY: HostCall = HostCall {
    params: &[need("to", ParamKind::Any), need("template", ParamKind::Template), may("data", ParamKind::Map)],
    returns: "#{ to, subject, id }",
    fields: &["to", "subject", "id"],
    throws: &["no_contact", "misuse", "refused", "unreachable"],
    docs: "Fills `templates/<template>.md` with `data` and sends it by mail. `to` is a vendor, a user target, a mail address, or a list of these. Of a vendor the first rung of its contacts is written to and the script goes on; with \
           `within` in the register, the server writes to the next rung when nobody acknowledged in that time (`stanch vendors acknowledged`), and rungs without it are written to \
           together. What looks like a credential, a mark that is none, or TLP:RED for an address that many read throws `misuse`. `data` is what its placeholders are filled from, besides \
           `{to}`; one that it lacks throws `misuse` before anything is sent. Nobody to write to, or no integration that sends mail, throws \
           `no_contact`. Mail cannot be taken back and is never repeated by itself: when nobody knows whether \
           it went out, a person looks and says. `id` is the Message-ID.",
    example: r#"notify(vendor_of("drift"), "integration-cut", #{ since: now() });"#,
    ..call("notify", CallClass::Tell)
};

pub(super) const PAGE: HostCall = HostCall {
    params: &[need("channel", ParamKind::Channel), need("text", ParamKind::Text)],
    returns: "#{ channel, sent, error }",
    fields: &["channel", "sent", "error"],
    throws: &[],
    docs: "Tells our own people: `channel` is a key of `tell:` in the configuration, and every way listed there is used \
           (chat, mail, webhook); or a person or group of `people:` whose own ways (`known:`) are used, as a vendor's `owner` is: \
           `page(supplier.owner ?? \"team\", …)`. It never throws, since what is cut must not fail for want of a listener: `sent` counts the ways \
           that took it, `error` says why when none did, and the run records whom it could not reach. A channel that is not there, or lists no way, \
           goes to those under `stuck`, else under `approval`, with a line that says whom it was meant for; where nobody is under \
           these either, nobody hears it: `sent` is 0, and the run shows what was left untold.",
    example: r#"page("team", "Drift is cut off");"#,
    ..call("page", CallClass::Tell)
};
