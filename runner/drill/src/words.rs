//! The vocabulary of conditions: what `once`, `unless`, `that` and `end` may say, and how it is found out.
//!
//! A condition is one Rhai expression over facts that are folded from the journal and the twins. Names that look like a
//! thing of the scenario (an app, a platform, an approval) are checked before anything runs.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use parking_lot::RwLock;
use rhai::{AST, ASTNode, Engine, EvalAltResult, Expr, Position, Scope, Stmt};
use stanch_model::{diagnostic::did_you_mean, yaml::offset_of};

use crate::facts::Facts;

/// What an argument names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// An app of the world, hidden ones included.
    App,
    /// A platform that takes part.
    Platform,
    /// A vendor of the world's apps, `team`, or a channel.
    Somebody,
    /// A step: an action, a verb, a host call, the name of evidence.
    Step,
    /// An approval or question of a playbook.
    Card,
    /// A rule of the deadlines table.
    Deadline,
    /// A playbook.
    Playbook,
}

/// A word that is called.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Its name.
    pub name: &'static str,
    /// What its argument names; nothing for a word without one.
    pub takes: Option<Names>,
    /// What it gives, for people.
    pub means: &'static str,
}

const fn word(name: &'static str, takes: Option<Names>, means: &'static str) -> Word {
    Word { name, takes, means }
}

/// Every word that is called, in order.
pub const WORDS: &[Word] = &[
    word("revoked", Some(Names::Platform), "how many grants and credentials the platform really gave up"),
    word("live", Some(Names::App), "how many grants of the app still stand, the hidden truth included"),
    word("verified", Some(Names::App), "true when no grant of the app stands and every cut has its proof"),
    word("blocked", Some(Names::App), "true once the app was blocked on a platform"),
    word("untouched", Some(Names::App), "true as long as nothing of the app was changed"),
    word("reads", Some(Names::App), "how often the adversary read through the app"),
    word("told", Some(Names::Somebody), "true once a message went out to them"),
    word(
        "answered",
        Some(Names::Somebody),
        "true once somebody wrote down that the vendor answered a notice",
    ),
    word(
        "first",
        Some(Names::Step),
        "the order in which the step first happened; beyond all others when never",
    ),
    word("done", Some(Names::Step), "how often an action changed something, or a step ended"),
    word("approver", Some(Names::Card), "who said yes; nobody yet is an error, and so is not met"),
    word("answer", Some(Names::Card), "what was answered; nothing yet is an error, and so is not met"),
    word("asked", Some(Names::Card), "true once it was asked"),
    word("started", Some(Names::Deadline), "true once the clock of a deadline runs"),
    word(
        "sent",
        Some(Names::Deadline),
        "true once somebody said, in time, that the notice it counts for was sent",
    ),
    word("ran", Some(Names::Playbook), "true once a run of the playbook was started"),
];

/// The names that stand for themselves.
pub const VARIABLES: &[(&str, &str)] = &[
    ("started_by", "who or what started the first run"),
    ("phase", "the phase of the latest run"),
    ("runs", "how many runs there are"),
    ("ended", "true when every run has ended"),
    ("contained", "true when every run that ended is contained, with or without residual"),
    ("kills", "how often the runner was killed"),
    ("doubled", "how many effects happened twice"),
    ("minutes", "minutes since the start, on the scenario's clock"),
    ("all_met", "in `end` alone: true when all expectations are met"),
];

/// Functions of Rhai that a condition may use.
const BUILTIN: &[&str] = &["len", "contains", "starts_with", "ends_with", "min", "max", "abs", "to_string"];

/// A condition, compiled.
#[derive(Clone, Debug)]
pub struct Condition {
    text: String,
    ast: AST,
}

/// A mistake in a condition: where in its text, what, the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Bytes of the condition's text.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: String,
    /// `DR0003` for what is no condition, `DR0004` for unknown words, `DR0005` for unknown things.
    pub code: &'static str,
}

/// What names may stand in conditions: of each kind those that are known, or nothing where any will do.
pub type Known = BTreeMap<&'static str, Vec<String>>;

impl Names {
    /// The key in [`Known`], and the word for people.
    pub fn what(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Platform => "platform",
            Self::Somebody => "vendor",
            Self::Step => "step",
            Self::Card => "approval or question",
            Self::Deadline => "deadline",
            Self::Playbook => "playbook",
        }
    }
}

fn limited(mut engine: Engine) -> Engine {
    engine.set_max_operations(20_000).set_max_expr_depths(32, 0).set_allow_looping(false);
    engine
}

impl Condition {
    /// Compiles a condition.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(text: &str, known: &Known) -> Result<Self, Vec<Mistake>> {
        // To read one takes no library, which would be built anew for each.
        let ast = limited(Engine::new_raw()).compile_expression(text).map_err(|error| {
            let at = place(text, error.position());
            let help = "a condition is one expression, such as revoked(\"okta\") >= 10".to_owned();
            vec![Mistake { at, message: error.err_type().to_string(), help, code: "DR0003" }]
        })?;
        let mut mistakes = Vec::new();
        ast.walk(&mut |path| {
            if let Some(node) = path.last() {
                mistakes.extend(mistake(node, text, known));
            }
            true
        });
        if mistakes.is_empty() { Ok(Self { text: text.to_owned(), ast }) } else { Err(mistakes) }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words that it calls, each with its argument.
    pub fn calls(&self) -> Vec<(String, String)> {
        let mut calls = Vec::new();
        self.ast.walk(&mut |path| {
            if let Some((name, argument, _)) = path.last().and_then(|node| call(node)) {
                calls.push((name, argument.unwrap_or_default()));
            }
            true
        });
        calls
    }
}

type Call = (String, Option<String>, Position);

fn call(node: &ASTNode<'_>) -> Option<Call> {
    let (call, at) = match node {
        ASTNode::Expr(Expr::FnCall(call, at)) => (call, *at),
        ASTNode::Stmt(Stmt::FnCall(call, at)) => (call, *at),
        _ => return None,
    };
    if call.is_operator_call() {
        return None;
    }
    let argument = match call.args.first() {
        Some(Expr::StringConstant(text, _)) => Some(text.to_string()),
        _ => None,
    };
    Some((call.name.to_string(), argument, at))
}

fn mistake(node: &ASTNode<'_>, text: &str, known: &Known) -> Option<Mistake> {
    if let ASTNode::Expr(Expr::Variable(variable, _, at)) = node {
        let name = variable.1.as_str();
        let names = || VARIABLES.iter().map(|(name, _)| *name);
        return (!names().any(|known| known == name)).then(|| {
            unknown(text, *at, "word", name, names().chain(WORDS.iter().map(|word| word.name)), "DR0004")
        });
    }
    let (name, argument, at) = call(node)?;
    if BUILTIN.contains(&name.as_str()) {
        return None;
    }
    let Some(word) = WORDS.iter().find(|word| word.name == name) else {
        let all = WORDS.iter().map(|word| word.name).chain(VARIABLES.iter().map(|(name, _)| *name));
        return Some(unknown(text, at, "word", &name, all, "DR0004"));
    };
    let takes = word.takes?;
    let Some(argument) = argument else {
        let help = format!("write {name}(\"…\") with the name of one {}", takes.what());
        let message = format!("`{name}` takes one text");
        return Some(Mistake { at: place(text, at), message, help, code: "DR0003" });
    };
    let names = known.get(takes.what())?;
    if names.contains(&argument) {
        return None;
    }
    let start = text
        .find(&format!("\"{argument}\""))
        .map_or_else(|| place(text, at), |at| at + 1..at + 1 + argument.len());
    let mistake = unknown(text, at, takes.what(), &argument, names.iter().map(String::as_str), "DR0005");
    Some(Mistake { at: start, ..mistake })
}

/// No list of known names is longer.
const SHOWN: usize = 16;

/// The way out for a name that nobody knows.
pub(crate) fn near(name: &str, known: &[&str]) -> String {
    match did_you_mean(name, known.iter().copied().filter(|known| *known != name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.len() > SHOWN => format!("known are {}, …", known[..SHOWN].join(", ")),
        None => format!("known are {}", known.join(", ")),
    }
}

fn unknown<'a>(
    text: &str,
    at: Position,
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
    code: &'static str,
) -> Mistake {
    let known: Vec<&str> = known.collect();
    let help = near(name, &known);
    Mistake { at: place(text, at), message: format!("there is no {what} `{name}`"), help, code }
}

fn place(text: &str, at: Position) -> Range<usize> {
    let start = match (at.line(), at.position()) {
        (Some(line), Some(column)) => offset_of(text, line, column),
        _ => text.len().saturating_sub(1),
    };
    start..stanch_model::yaml::token_end(text, start)
}

/// Says whether conditions hold, of one set of facts.
pub struct Judge {
    engine: Engine,
    facts: Arc<RwLock<Facts>>,
}

impl Judge {
    /// Of these facts.
    pub fn of(facts: &Arc<RwLock<Facts>>) -> Self {
        let mut engine = limited(Engine::new());
        let facts = facts.clone();
        macro_rules! word {
            ($name:literal, $give:expr) => {{
                let facts = facts.clone();
                engine.register_fn($name, move |name: &str| $give(&*facts.read(), name));
            }};
        }
        word!("revoked", |facts: &Facts, name: &str| facts.revoked(name));
        word!("live", |facts: &Facts, name: &str| facts.live(name));
        word!("verified", |facts: &Facts, name: &str| facts.verified(name));
        word!("blocked", |facts: &Facts, name: &str| facts.blocked(name));
        word!("untouched", |facts: &Facts, name: &str| facts.untouched(name));
        word!("reads", |facts: &Facts, name: &str| facts.reads(name));
        word!("told", |facts: &Facts, name: &str| facts.told(name));
        word!("answered", |facts: &Facts, name: &str| facts.answered(name));
        word!("first", |facts: &Facts, name: &str| facts.first(name));
        word!("done", |facts: &Facts, name: &str| facts.done(name));
        word!("asked", |facts: &Facts, name: &str| facts.asked(name));
        word!("started", |facts: &Facts, name: &str| facts.deadline_started(name));
        word!("sent", |facts: &Facts, name: &str| facts.sent(name));
        word!("ran", |facts: &Facts, name: &str| facts.ran(name));
        let not_yet = |found: Option<String>| found.ok_or_else(|| Box::<EvalAltResult>::from("nobody yet"));
        let own = facts.clone();
        engine.register_fn("approver", move |name: &str| not_yet(own.read().approver(name)));
        let own = facts.clone();
        engine.register_fn("answer", move |name: &str| not_yet(own.read().answer(name)));
        Self { engine, facts }
    }

    /// What a condition gives where it is neither true nor false: the name of its type.
    pub fn undecided(&self, condition: &Condition) -> Option<&'static str> {
        let value =
            self.engine.eval_ast_with_scope::<rhai::Dynamic>(&mut self.scope(false), &condition.ast).ok()?;
        match value {
            value if value.is_bool() => None,
            value if value.is_int() => Some("a number"),
            value if value.is_string() => Some("a text"),
            _ => Some("something else"),
        }
    }

    /// What each word of a condition says now, in its order.
    pub fn values(&self, condition: &Condition) -> Vec<String> {
        let mut words: Vec<String> =
            condition.calls().into_iter().map(|(word, argument)| format!("{word}({argument:?})")).collect();
        let letters = |c: char| !(c.is_alphanumeric() || c == '_');
        let named = |name: &str| condition.text.split(letters).any(|part| part == name);
        words.extend(VARIABLES.iter().filter(|(name, _)| named(name)).map(|(name, _)| (*name).to_owned()));
        words.dedup();
        let mut scope = self.scope(false);
        let value = |word: &String| {
            let value = self.engine.eval_expression_with_scope::<rhai::Dynamic>(&mut scope, word);
            value.map_or_else(|why| format!("{word}: {why}"), |value| format!("{word} is {value}"))
        };
        words.iter().map(value).collect()
    }

    /// Whether it holds now. What fails does not hold.
    pub fn holds(&self, condition: &Condition, all_met: bool) -> bool {
        let mut scope = self.scope(all_met);
        self.engine.eval_ast_with_scope::<bool>(&mut scope, &condition.ast).unwrap_or(false)
    }

    /// The names that stand for themselves.
    fn scope(&self, all_met: bool) -> Scope<'static> {
        let mut scope = Scope::new();
        {
            let facts = self.facts.read();
            scope.push("started_by", facts.started_by());
            scope.push("phase", facts.phase());
            scope.push("runs", facts.runs.len() as i64);
            scope.push("ended", facts.all_ended());
            scope.push("contained", facts.all_contained());
            scope.push("kills", i64::from(facts.kills));
            scope.push("doubled", facts.doubled());
            scope.push("minutes", (facts.now_ms - facts.start_ms) / 60_000);
            scope.push("all_met", all_met);
        }
        scope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<(String, String)> {
        let known =
            BTreeMap::from([("app", vec!["drift".to_owned()]), ("platform", vec!["okta".to_owned()])]);
        let found = Condition::compile(text, &known).err().unwrap_or_default();
        found.into_iter().map(|one| (format!("{}: {}", &text[one.at], one.message), one.help)).collect()
    }

    #[test]
    fn unknown_words_and_things_get_a_suggestion_in_their_place() {
        assert_eq!(mistakes("revoked(\"okta\") >= 10 && verified(\"drift\")"), vec![]);
        let found = mistakes("revokd(\"okta\") >= 10 && verified(\"drfit\") && kils == 0");
        let want = [
            ("revokd: there is no word `revokd`", "did you mean `revoked`?"),
            ("drfit: there is no app `drfit`", "did you mean `drift`?"),
            ("kils: there is no word `kils`", "did you mean `kills`?"),
        ];
        assert_eq!(found, want.map(|(what, help)| (what.to_owned(), help.to_owned())));
        assert!(mistakes("revoked(").iter().any(|(what, _)| !what.is_empty()));
        assert!(mistakes("revoked(1) > 0")[0].1.contains("write revoked"));
    }

    #[test]
    fn nobody_yet_is_not_met() {
        let facts = Arc::new(RwLock::new(Facts::starting(0, Vec::new())));
        let condition = Condition::compile("approver(\"cut-app\") != started_by", &Known::new()).unwrap();
        assert!(!Judge::of(&facts).holds(&condition, false));
        let never =
            Condition::compile("first(\"evidence\") < first(\"app.quarantine\")", &Known::new()).unwrap();
        assert!(!Judge::of(&facts).holds(&never, false));
    }
}
