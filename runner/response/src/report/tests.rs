//! What a report says of entries that are written here by hand.

use serde_json::json;
use stanch_model::{Entry, Hash, Header, StreamId};

use super::*;

const RUN: &str = "01JD8Q2W3E4R5T6Y7U8I9O0P1A";

fn entries(bodies: Vec<(&str, serde_json::Value)>) -> Vec<Entry> {
    let entry = |(version, (kind, body)): (u64, (&str, serde_json::Value))| {
        let header = Header {
            stream: StreamId::from_stored(format!("run/{RUN}")),
            version,
            epoch: 1,
            time: format!("2026-11-22T00:0{version}:00Z"),
            kind: kind.to_owned(),
            body_hash: Hash::ZERO,
            prev: Hash::ZERO,
        };
        Entry { header, hash: Hash::of(b"head"), body: Some(body.to_string().into()), position: version }
    };
    (1..).zip(bodies).map(entry).collect()
}

fn created(mode: &str) -> (&'static str, serde_json::Value) {
    let body = json!({
        "run": RUN, "playbook": "cut", "title": "Cut <i>it</i> off", "mode": mode, "input": {},
        "started_by": "ana", "pins": { "playbook": null, "actions": {}, "integrations": {}, "rhai": "", "host_api": 1 },
    });
    ("run.created", body)
}

fn target(id: &str, state: &str, why: &str) -> (&'static str, serde_json::Value) {
    let target =
        json!({ "integration": "okta", "kind": "grant", "id": id, "label": format!("grant\u{1b}[2J {id}") });
    (
        "target",
        json!({ "target": target, "verb": "grant.revoke", "state": state, "address": "1", "why": why }),
    )
}

fn report(entries: Vec<Entry>) -> Report {
    let material = Material { runs: vec![entries], ..Material::default() };
    let now = "2026-11-22T01:00:00Z".parse().unwrap();
    Report::of(&material, Asked { about: About::Run, id: RUN, began: None, now })
}

#[test]
fn a_live_response_says_so_and_what_failed_is_a_gap() {
    let ended = json!({ "ended": "finished", "containment": "partly_contained", "because": ["1 failed"] });
    let report = report(entries(vec![
        created("live"),
        target("a", "accepted", ""),
        target("b", "accepted", ""),
        target("a", "verified", "read back"),
        target("b", "failed", "403 <script>"),
        ("run.ended", ended),
    ]));
    assert!(!report.exercise && report.verdict.tone == Tone::Bad);
    let contain = report.objectives.iter().find(|one| one.name == "contain").unwrap();
    assert_eq!((contain.rating, contain.expectations[0].came), (Some(Rating::U), Came::Missed));
    assert_eq!(contain.expectations[0].evidence[0].words(), "run 8I9O0P1A 2\u{2013}5");
    assert!(report.gaps.iter().any(|gap| gap.text == "not better contained: 1 failed"), "{:?}", report.gaps);
    let levels: Vec<(i64, u64, u64)> =
        report.exposure.iter().map(|level| (level.at_s, level.open, level.unproven)).collect();
    assert_eq!(levels, [(0, 2, 2), (60, 1, 2), (180, 1, 1)], "what failed is open to the end");
    let html = report.html();
    assert!(html.contains(">LIVE<") && !html.contains("EXERCISE") && !html.contains("<script"));
    assert!(html.contains("Cut &lt;i&gt;it&lt;/i&gt; off") && !html.contains('\u{1b}'));
    assert!(report.markdown().contains("403 &lt;script&gt;"));
}

#[test]
fn what_happens_to_many_alike_is_one_line() {
    let report = report(entries(vec![
        created("drill"),
        target("a", "requested", ""),
        target("a", "accepted", ""),
        target("b", "accepted", ""),
        target("a", "verified", ""),
    ]));
    let lines: Vec<&str> = report.timeline.iter().map(|moment| moment.text.as_str()).collect();
    assert_eq!(lines[1], "2 \u{d7} okta grant.revoke: accepted");
    assert_eq!((report.timeline[1].at_s, report.timeline[1].until_s), (Some(120), Some(180)));
    assert!(report.html().contains("EXERCISE") && report.markdown().contains("EXERCISE"));
}

#[test]
fn nothing_at_all_is_a_report_too() {
    let empty = Report::of(
        &Material::default(),
        Asked { about: About::Incident, id: "I1", began: None, now: "2026-11-22T01:00:00Z".parse().unwrap() },
    );
    assert!(empty.markdown().contains("nothing was started") && empty.html().ends_with("</html>\n"));
    let again: Report = serde_json::from_str(&serde_json::to_string(&empty).unwrap()).unwrap();
    assert_eq!(again, empty);
}

/// The journal holds handles of secrets alone; a report names what was cut, and not even those.
#[test]
fn neither_a_secret_nor_its_handle_is_told() {
    let secret = json!({ "$secret": "hmac-of-a-leaked-key" });
    let target = json!({
        "integration": "github", "kind": "credential", "id": "7", "label": "a key in acme/web", "attrs": { "token": secret },
    });
    let call = json!({
        "integration": "smtp", "action": "send", "effect": "tell", "input": { "to": secret, "text": secret }, "key": "k",
        "in_doubt": "ask", "deadline_ms": 0,
    });
    let intent = json!({
        "address": "2", "op": "call", "name": "smtp.send", "args": Hash::ZERO, "at": [1, 1], "attempt": 1, "call": call,
    });
    let cut = json!({ "target": target, "verb": "credential.revoke", "state": "verified", "address": "1" });
    let report = report(entries(vec![
        created("live"),
        ("step.intent", intent),
        ("step.outcome", json!({ "address": "2", "attempt": 1, "value": secret })),
        ("target", cut),
    ]));
    assert!(report.timeline.iter().any(|moment| moment.text == "smtp.send"), "{:?}", report.timeline);
    let json = serde_json::to_string(&report).unwrap();
    for written in [report.markdown(), report.html(), json] {
        assert!(written.contains("a key in acme/web") && !written.contains("hmac-of"), "{written}");
    }
}

#[test]
fn whoever_went_on_alone_stands_in_every_form_of_the_report_with_the_reason() {
    let wait = json!({
        "wait": "A1", "wait_kind": "approval", "address": "1", "name": "cut-app", "text": "Cut Drift off", "ask": ["lead"],
    });
    let said = json!({
        "wait": "A1", "who": "olga", "say": "approve", "channel": "cli", "reason": "nobody answers the phone", "at_ms": 0,
        "break_glass": true,
    });
    let closed = json!({ "wait": "A1", "say": "approve", "by": "break_glass", "who": "olga", "at_ms": 0 });
    let report = report(entries(vec![
        created("live"),
        ("wait.opened", wait),
        ("wait.decision", said),
        ("wait.closed", closed),
    ]));
    let gap = "break-glass: olga let A1 (cut-app) go alone: nobody answers the phone";
    assert!(report.gaps.iter().any(|one| one.text == gap), "{:?}", report.gaps);
    let moment = report.timeline.iter().find(|moment| moment.mark == "break-glass").unwrap();
    assert_eq!((moment.tone, moment.text.contains("through cli")), (Tone::Bad, true), "{}", moment.text);
    let json = serde_json::to_string(&report).unwrap();
    for written in [report.markdown(), report.html(), json] {
        let head = "olga instead of lead, through cli: nobody answers the phone";
        assert!(written.contains("Break-glass") && written.contains(head), "{written}");
    }
}
