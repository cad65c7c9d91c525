//! Calls that a person answers.

use super::{CallClass, HostCall, ParamKind, call, may, need};

pub(super) const APPROVE: HostCall = HostCall {
    params: &[
        need("name", ParamKind::Approval),
        need("text", ParamKind::Text),
        need("targets", ParamKind::Targets),
    ],
    returns: "#{ by, at, why, pre_approved, targets }",
    fields: &["by", "at", "why", "pre_approved", "targets"],
    throws: &["denied", "misuse"],
    docs: "Asks for a yes and waits. The yes covers exactly `targets` (lists may be nested): a permanent call on any other \
           target raises a card of its own under the same policy, and so does every target once the yes is more than an hour older \
           than the moment at which the run went on after a long wait or a restart. Who may say yes, by when and what silence means stand \
           in the manifest under `name`. A no throws `denied`. Nobody is asked when the list is empty, or when the \
           manifest's `pre_approved` holds, which sees `alert` only where its source has proven it, not what a person \
           handed in; `by` is then empty. `by` lists the people, `at` the instant, `why` their comment or `()`, `targets` \
           counts what is covered.",
    example: r#"approve("cut-app", "Cut drift off: 40 grants", []);"#,
    ..call("approve", CallClass::Wait)
};

pub(super) const ASK: HostCall = HostCall {
    params: &[
        need("name", ParamKind::Question),
        need("text", ParamKind::Text),
        may("choices", ParamKind::Texts),
    ],
    returns: "string",
    throws: &["unanswered", "misuse"],
    docs: "Asks a person and waits; gives the chosen text, or what they typed where there are no choices. Who may answer and \
           what silence means may stand in the manifest under `questions:`. An answer authorises nothing: only `approve` \
           does.",
    example: r#"let genuine = ask("genuine", "Did the vendor confirm by phone?", ["yes", "no"]);"#,
    ..call("ask", CallClass::Wait)
};

pub(super) const MANUAL: HostCall = HostCall {
    params: &[
        need("name", ParamKind::Question),
        need("target", ParamKind::Target),
        may("text", ParamKind::Text),
    ],
    returns: "target",
    throws: &["misuse"],
    docs: "Asks a person to do by hand what no API can, and goes on at once: `settle()` collects the answer. Done makes the \
           target `attested`, which is never `verified`; not done leaves it as it was. Gives the target.",
    example: r#"each([], |target| manual("revoke-by-hand", target));"#,
    ..call("manual", CallClass::Local)
};
