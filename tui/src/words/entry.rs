//! A line of the journal as people read it.

use serde_json::Value;
use stanch_model::{
    TargetState,
    api::EntryView,
    incident,
    run::{
        kind,
        wait::{DecisionView, manner, through},
    },
    shortened::short,
};

use super::{target, time::Zone};

/// What a line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// What kind of thing, in a word: never told by colour alone.
    pub mark: &'static str,
    /// What.
    pub text: String,
    /// Where: the integration, the person, the run.
    pub at: String,
    /// True for what must not be missed.
    pub bad: bool,
}

/// What an entry means to people; nothing for those that only the engine needs.
pub fn said(entry: &EntryView) -> Option<Said> {
    let body = Reader(&entry.body);
    let line = |mark, text: String| Some(Said { mark, text, ..Said::default() });
    match entry.kind.as_str() {
        kind::CREATED => line("start", format!("{}, by {}", body.text("title"), body.text("started_by"))),
        kind::LOCAL => local(body),
        kind::TARGET => Some(cut(body)),
        kind::OUTCOME if !entry.body["error"].is_null() => {
            let error = Reader(&entry.body["error"]);
            Some(Said { mark: "error", text: error.text("message"), bad: true, ..Said::default() })
        }
        kind::WAIT => line("asks", format!("{} {}", body.text("wait"), body.text("text"))),
        kind::ESCALATED => line("asks", format!("{} now {}", body.text("wait"), body.words("ask"))),
        kind::DECISION if entry.body["break_glass"] == true => Some(Said {
            mark: "ALONE",
            text: format!(
                "{} broke the glass for {}: {}",
                body.text("who"),
                body.text("wait"),
                body.text("reason")
            ),
            bad: true,
            ..Said::default()
        }),
        kind::DECISION => {
            let (who, say, wait) = (body.text("who"), body.text("say"), body.text("wait"));
            let how = manner(&body.text("channel"), entry.body["early"] == true);
            line("person", format!("{who} says {say} to {wait}{how}"))
        }
        kind::CLOSED if body.text("by") != "person" => {
            line("answer", format!("{} {}, {}", body.text("wait"), body.text("say"), body.text("by")))
        }
        kind::DEFERRED => line("later", body.text("why")),
        kind::DEADLINE => line("clock", format!("{}, due {}", body.text("title"), minute(&body.text("due")))),
        kind::STATE => stands(body),
        kind::WARNED => line("long", "the run has grown long".to_owned()),
        kind::CANCEL => ordered(body, "cancels the run"),
        kind::REPINNED => ordered(body, "pins the run to what is there now"),
        kind::UNDO if entry.body["ended"].is_null() => ordered(body, "takes back what it cut"),
        kind::HOLD if !entry.body["back"].is_null() && !body.text("who").is_empty() => {
            ordered(body, &format!("keeps {} cut for longer", body.text("label")))
        }
        kind::REVIVED => line("back", "the server was killed, came back; nothing is done twice".to_owned()),
        kind::CONTAINED => line("now", containment(&body.text("containment"))),
        kind::ENDED => {
            line("ended", format!("{}, {}", body.text("ended"), containment(&body.text("containment"))))
        }
        incident::kind::OPENED => line("incident", format!("opened: {}", body.text("title"))),
        incident::kind::NOTED => line("note", format!("{}: {}", body.text("by"), body.text("text"))),
        incident::kind::DEADLINE_SETTLED => {
            let word = if entry.body["waived"] == true { "waived" } else { "sent" };
            line("clock", format!("{} {word} by {}", body.text("deadline"), body.text("by")))
        }
        incident::kind::CLOSED => {
            line("incident", format!("closed by {}: {}", body.text("by"), body.text("reason")))
        }
        incident::kind::REOPENED => {
            line("incident", format!("opened again by {}: {}", body.text("by"), body.text("reason")))
        }
        _ if entry.stream.starts_with("alert/") && !entry.body["title"].is_null() => {
            line("alert", body.text("title"))
        }
        _ => None,
    }
}

/// The same of every entry: those that only the engine needs by their kind and place.
pub fn always(entry: &EntryView) -> Said {
    let body = Reader(&entry.body);
    said(entry).unwrap_or_else(|| {
        let what = [body.text("op"), body.text("name"), body.text("address")];
        let what: Vec<String> = what.into_iter().filter(|word| !word.is_empty()).collect();
        let mark = match entry.kind.as_str() {
            kind::INTENT => "intent",
            kind::OUTCOME => "outcome",
            kind::BRANCH => "branch",
            kind::CLOSED => "answer",
            kind::HOLD => "hold",
            kind::GUARD => "guard",
            "journal.checkpoint" => "seal",
            "tell.intent" | "tell.outcome" => "tell",
            _ => "entry",
        };
        let text = if what.is_empty() { entry.kind.clone() } else { what.join(" ") };
        Said { mark, text, ..Said::default() }
    })
}

/// `BREAK-GLASS: root let it go alone at 02:54:11: nobody answers the phone`
pub fn alone(said: &DecisionView, zone: &Zone) -> String {
    format!("BREAK-GLASS: {} let it go alone at {}: {}", said.who, zone.clock(said.at_ms), said.reason)
}

/// Where an entry stands, for people: `run 8I9O0P1A 412`.
pub fn place(entry: &EntryView) -> String {
    match entry.stream.split_once('/') {
        Some((what, id)) => format!("{what} {} {}", short(id), entry.version),
        None => format!("{} {}", entry.stream, entry.version),
    }
}

/// `11-29 17:59Z` of an RFC 3339 instant in UTC.
fn minute(instant: &str) -> String {
    instant.get(5..16).map_or_else(|| instant.to_owned(), |text| format!("{}Z", text.replace('T', " ")))
}

/// `contained_with_residual` with spaces.
pub fn containment(word: &str) -> String {
    word.replace('_', " ")
}

fn local(body: Reader<'_>) -> Option<Said> {
    let op = body.text("op");
    let mark = match op.as_str() {
        "phase" => "phase",
        "note" => "note",
        _ => return None,
    };
    Some(Said { mark, text: body.text("value"), ..Said::default() })
}

fn cut(body: Reader<'_>) -> Said {
    let state = TargetState::parse(&body.text("state")).unwrap_or(TargetState::Requested);
    let what = Reader(&body.0["target"]);
    let label = what.text("label");
    let name = if label.is_empty() { what.text("id") } else { label };
    let mark = match state {
        TargetState::Requested => "begin",
        TargetState::Accepted => "cut",
        TargetState::Verified => "proven",
        TargetState::Residual => "residual",
        TargetState::Attested => "attested",
        TargetState::Failed => "FAILED",
        TargetState::InDoubt => "doubt",
        TargetState::Skipped => "left",
    };
    let why = body.text("why");
    let why = match state {
        TargetState::Failed | TargetState::InDoubt | TargetState::Attested if !why.is_empty() => {
            format!(": {why}")
        }
        TargetState::InDoubt => format!(": {}", target::word(state)),
        _ => String::new(),
    };
    let bad = state == TargetState::Failed;
    Said { mark, text: format!("{} {name}{why}", body.text("verb")), at: what.text("integration"), bad }
}

/// What somebody ordered, through what, and why.
fn ordered(body: Reader<'_>, what: &str) -> Option<Said> {
    let (who, reason) = (body.text("who"), body.text("reason"));
    let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    let text = format!("{who} {what}{}{why}", through(&body.text("channel")));
    Some(Said { mark: "person", text, ..Said::default() })
}

fn stands(body: Reader<'_>) -> Option<Said> {
    let (state, why) = (body.text("state"), body.text("why"));
    // the card that it waits for has said so already
    let is_card = why.split([' ', ',']).next().is_some_and(|word| {
        let mut chars = word.chars();
        chars.next().is_some_and(|c| c.is_ascii_uppercase())
            && word.len() > 1
            && chars.all(|c| c.is_ascii_digit())
    });
    if is_card {
        return None;
    }
    let (mark, bad) = match state.as_str() {
        "running" if !body.text("who").is_empty() => return ordered(body, "lets it go on"),
        "running" => return None,
        "waiting" => ("waits", false),
        "paused" => ("paused", false),
        "limited" => ("limit", false),
        "diverged" => ("differs", true),
        _ => ("stands", true),
    };
    let text = format!("{why}{}", through(&body.text("channel")));
    (!why.is_empty()).then(|| Said { mark, text, bad, ..Said::default() })
}

/// A body whose fields may be anything.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a Value);

impl Reader<'_> {
    fn text(self, field: &str) -> String {
        match &self.0[field] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    fn words(self, field: &str) -> String {
        let words = self.0[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        words.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: &str, body: Value) -> EntryView {
        let (stream, time, hash) =
            ("run/01JD8Q2W3E4R5T6Y7U8I9O0P1A".to_owned(), String::new(), String::new());
        EntryView { stream, version: 412, time, kind: kind.to_owned(), body, hash }
    }

    #[test]
    fn every_line_has_a_word_of_its_own() {
        let target = serde_json::json!({ "integration": "okta", "kind": "grant", "id": "oag1" });
        let failed =
            serde_json::json!({ "state": "failed", "verb": "grant.revoke", "target": target, "why": "403" });
        let line = said(&entry(kind::TARGET, failed)).unwrap();
        assert_eq!((line.mark, line.text.as_str(), line.bad), ("FAILED", "grant.revoke oag1: 403", true));
        let intent =
            entry(kind::INTENT, serde_json::json!({ "op": "call", "name": "okta.get", "address": "3" }));
        assert_eq!(said(&intent), None);
        assert_eq!(always(&intent).text, "call okta.get 3");
        assert_eq!(place(&intent), "run 8I9O0P1A 412");
    }

    #[test]
    fn a_body_of_another_shape_is_never_a_crash() {
        for body in [Value::Null, serde_json::json!([]), serde_json::json!({ "state": 7, "target": "x" })] {
            for kind in [kind::CREATED, kind::LOCAL, kind::TARGET, kind::WAIT, kind::STATE, kind::ENDED, "?"]
            {
                always(&entry(kind, body.clone()));
            }
        }
    }
}
