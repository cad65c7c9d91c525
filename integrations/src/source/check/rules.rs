//! What rules say: each reachable, each with a kind or a reason to ignore.

use super::{At, captures, fields, predicate, template};
use crate::source::spec::{ChallengeSpec, Rule};

pub(super) fn check(at: &mut At<'_, '_, '_>) {
    let spec = at.spec;
    at.below("facts", |at| {
        for (name, fact) in &spec.facts {
            at.below(name, |at| {
                captures(fact, at);
                for used in fact.names().filter(|used| !crate::source::scene::NAMES.contains(used)) {
                    let message = format!("a fact knows no `{used}`");
                    at.mistake("IN0062", message, "facts look at `event`, `body` and `headers`".to_owned());
                }
            });
        }
    });
    let places: Vec<String> = (0..spec.meaning.len()).map(|at| at.to_string()).collect();
    for (number, rule) in spec.meaning.iter().enumerate() {
        let mut place = at.place.clone();
        place.extend(["meaning", &places[number]]);
        let mut at = At { spec, place, report: at.report };
        says(rule, &mut at);
        reachable(&spec.meaning[..number], rule, &mut at);
        if rule.types.is_some() && spec.kind_of_event.is_empty() && spec.events_of.is_none() {
            at.mistake(
                "IN0065",
                "a rule is for some types, and no event has one",
                "say under `type` where an event says what it is".to_owned(),
            );
        }
    }
    if let Some(other) = &spec.other {
        at.below("other", |at| {
            says(other, at);
            if other.types.is_some() || other.when.is_some() {
                at.mistake(
                    "IN0065",
                    "`other` is for all events that no rule fits",
                    "move it into `meaning`".to_owned(),
                );
            }
        });
    }
    match &spec.challenge {
        Some(ChallengeSpec::Event(echo)) => at.below("challenge", |at| predicate(&echo.when, at)),
        Some(ChallengeSpec::Visit(visit)) => at.below("challenge", |at| predicate(&visit.when, at)),
        _ => {}
    }
}

fn says<'a>(rule: &'a Rule, at: &mut At<'a, '_, '_>) {
    match (&rule.kind, &rule.ignore) {
        (None, None) => at.mistake(
            "IN0065",
            "this rule says nothing",
            "give it a `kind`, or a reason to `ignore`".to_owned(),
        ),
        (Some(_), Some(_)) => {
            at.mistake("IN0065", "an event that is ignored has no kind", "keep one of them".to_owned())
        }
        _ => {}
    }
    if let Some(when) = &rule.when {
        at.below("when", |at| predicate(when, at));
    }
    if let Some(kind) = &rule.kind {
        at.below("kind", |at| {
            template(kind, at);
            let words = kind.source().split('.');
            let plain = kind.variables().next().is_none();
            let good = |word: &str| {
                !word.is_empty()
                    && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            };
            if plain && !(kind.source().contains('.') && words.clone().all(good)) {
                at.mistake(
                    "IN0068",
                    format!("`{}` is no kind", kind.source()),
                    "write lower-case words joined by dots: `app.token_misuse`".to_owned(),
                );
            }
        });
    }
    if let Some(shape) = &rule.alert {
        fields(shape, at, "alert");
    }
}

/// A rule behind another one that fits all its events is never asked.
fn reachable(before: &[Rule], rule: &Rule, at: &mut At<'_, '_, '_>) {
    let hides = |earlier: &&Rule| {
        earlier.when.is_none()
            && match (&earlier.types, &rule.types) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wide), Some(narrow)) => narrow.sources().all(|word| wide.fit(word)),
            }
    };
    if before.iter().any(|earlier| hides(&earlier)) {
        at.mistake(
            "IN0066",
            "an earlier rule fits every event that this one is for",
            "move this one before it".to_owned(),
        );
    }
}
