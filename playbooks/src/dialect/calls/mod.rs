//! The one list of host calls. `check`, completion, the language page and the engine all read it.
//!
//! What a call returns, when it throws and what it journals is fixed here in words; the engine makes it true.

mod branches;
mod control;
mod people;
mod reach;
mod record;

/// One host call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCall {
    /// Its name in scripts.
    pub name: &'static str,
    /// What stands between the parentheses, in order; optional ones last.
    pub params: &'static [Param],
    /// Keys of the trailing `#{ … }`, if it takes one. It stands after all parameters: `()` fills the ones left out.
    pub options: &'static [Param],
    /// What it does.
    pub class: CallClass,
    /// The shape of what it returns, as text: `[target]`, `#{ ok, value, error }`.
    pub returns: &'static str,
    /// The keys of a returned map, where they are fixed: `check` finds `left.faild` by them.
    pub fields: &'static [&'static str],
    /// The error kinds that it may throw (`e.kind`); see [`ERROR_KINDS`].
    pub throws: &'static [&'static str],
    /// What it promises: one paragraph or more, markdown.
    pub docs: &'static str,
    /// A line that compiles.
    pub example: &'static str,
}

impl HostCall {
    /// True where the manifest must list it in `uses`, under [`HostCall::effect`].
    pub fn is_listed(&self) -> bool {
        self.effect().is_some()
    }

    /// The heading in `uses` under which it belongs; none for calls that stay inside.
    pub fn effect(&self) -> Option<stanch_model::Effect> {
        match self.class {
            CallClass::Find => Some(stanch_model::Effect::Read),
            CallClass::Tell => Some(stanch_model::Effect::Tell),
            _ => None,
        }
    }

    /// True where a call is journaled as a step and takes an ordinal of the address.
    pub fn is_step(&self) -> bool {
        self.class != CallClass::Helper
    }

    /// The least and the greatest number of arguments, options included.
    pub fn arity(&self) -> (usize, usize) {
        let needed = self.params.iter().filter(|param| !param.optional).count();
        (needed, self.params.len() + usize::from(!self.options.is_empty()))
    }
}

/// One parameter or one option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name in docs; for an option its key.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParamKind,
    /// May be left out.
    pub optional: bool,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Any text.
    Text,
    /// A name fixed in the script: a phase, a piece of evidence, a signal.
    Name,
    /// A name under `approvals:` in the manifest.
    Approval,
    /// A name under `questions:` in the manifest, or a new one.
    Question,
    /// A file in `templates/`, without `.md`.
    Template,
    /// A key of `tell:` in the configuration.
    Channel,
    /// A kind of deadline.
    Deadline,
    /// A playbook's slug.
    Playbook,
    /// A length of time, `"30m"`.
    Duration,
    /// An instant, RFC 3339.
    Time,
    /// One of the severity constants.
    Severity,
    /// A whole number.
    Integer,
    /// One target.
    Target,
    /// Targets in lists, nested as deep as one likes.
    Targets,
    /// A list of texts.
    Texts,
    /// A list of anything.
    List,
    /// A map of anything.
    Map,
    /// A closure with this many parameters.
    Closure(usize),
    /// A list or a map of closures without parameters.
    Closures,
    /// Anything that crosses the border.
    Any,
}

/// What a host call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallClass {
    /// Writes to the journal and goes on at once: `phase`, `note`, `evidence`, `now`, `uuid`, `incident`, `vendor_of`, `deadline`.
    Local,
    /// Reads every connected platform: `find_app`, `find_user`.
    Find,
    /// Speaks to people outside the run: `notify`, `page`.
    Tell,
    /// Runs closures as branches: `each`, `together`, `attempt`.
    Branch,
    /// Waits for a clock, a platform or a person: `wait`, `wait_for`, `wait_until`, `settle`, `approve`, `ask`, `manual`.
    Wait,
    /// Starts another run and waits for it: `run_playbook`.
    Child,
    /// Ends the branch: `fail`.
    End,
    /// Pure; never a step: `flat`, `holders`.
    Helper,
}

/// Every host call, in the order in which a reader meets them.
pub const HOST_CALLS: &[HostCall] = &[
    record::PHASE,
    record::NOTE,
    record::EVIDENCE,
    reach::FIND_APP,
    reach::FIND_USER,
    branches::EACH,
    branches::TOGETHER,
    branches::ATTEMPT,
    control::SETTLE,
    people::APPROVE,
    people::ASK,
    people::MANUAL,
    control::WAIT,
    control::WAIT_FOR,
    control::WAIT_UNTIL,
    record::DEADLINE,
    record::VENDOR_OF,
    reach::NOTIFY,
    reach::PAGE,
    control::RUN_PLAYBOOK,
    record::INCIDENT,
    record::NOW,
    record::UUID,
    control::FAIL,
    record::FLAT,
    record::HOLDERS,
];

/// The host call of this name.
pub fn host_call(name: &str) -> Option<&'static HostCall> {
    HOST_CALLS.iter().find(|call| call.name == name)
}

/// Every value of `e.kind` with what it means. An error is a map `#{ kind, message, status, target, errors }`: `status` (the
/// platform's code) and `target` are `()` where there is none, `errors` holds the errors of a fan-out by key and is empty
/// elsewhere.
pub const ERROR_KINDS: &[(&str, &str)] = &[
    ("denied", "a person, or silence, said no to an approval"),
    ("unanswered", "a question's time ran out and the manifest gives no answer for that"),
    ("auth", "the platform does not accept our credential"),
    ("forbidden", "our credential may not do this: it lacks a scope, or a guard on the platform forbids it"),
    ("not_found", "the platform does not know it, or hides it from our credential"),
    ("invalid", "an argument is wrong, in our eyes or the platform's"),
    ("state", "the thing is in a state that forbids it"),
    ("refused", "another definite no of the platform"),
    ("unreachable", "no usable answer within the step's time"),
    ("garbled", "an answer that is not what the platform documents: HTML, broken JSON, a redirect"),
    ("too_large", "more data than is taken from a platform, or than a script may hold"),
    ("no_contact", "nobody to write to: the register has no address, or no channel is configured"),
    ("misuse", "the script called something wrongly: types, names, keys that are not unique"),
    ("not_allowed", "the manifest's `uses` does not list it; nothing catches this one"),
    ("limit", "more than a run may do"),
    ("failed", "the script called `fail`, a person gave the step up, or a child run ended so"),
    ("thrown", "the script threw a text of its own"),
    ("script", "a mistake in the script that only running it shows"),
    ("too_long", "the script computed for longer than it may"),
    ("too_deep", "functions called each other deeper than they may"),
];

const fn need(name: &'static str, kind: ParamKind) -> Param {
    Param { name, kind, optional: false }
}

const fn may(name: &'static str, kind: ParamKind) -> Param {
    Param { name, kind, optional: true }
}

/// A call with nothing but a name: the tables name the rest.
const fn call(name: &'static str, class: CallClass) -> HostCall {
    HostCall {
        name,
        params: &[],
        options: &[],
        class,
        returns: "()",
        fields: &[],
        throws: &[],
        docs: "",
        example: "",
    }
}
