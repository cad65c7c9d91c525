//! The table of clocks: built in, and as people write it.

use super::*;

fn due(id: &str, anchor: &str) -> String {
    let table = DeadlineTable::built_in().unwrap();
    table.start(id, "", anchor.parse().unwrap(), None).unwrap().due.to_string()
}

#[test]
fn hours_run_by_the_clock() {
    assert_eq!(due("gdpr-33", "2026-11-06T20:00:00Z"), "2026-11-09T20:00:00Z");
    assert_eq!(due("nis2-early-warning", "2026-11-06T20:00:00Z"), "2026-11-07T20:00:00Z");
}

#[test]
fn business_days_skip_the_anchor_weekends_and_holidays_and_end_with_the_filing_day() {
    // Friday; Thanksgiving on the 26th: Mon 23, Tue 24, Wed 25, Fri 27
    assert_eq!(due("sec-8k", "2026-11-20T15:00:00Z"), "2026-11-27T22:30:00Z");
    // late on Friday in New York is Saturday in UTC: the day is counted where the rule lives
    assert_eq!(due("sec-8k", "2026-11-07T03:00:00Z"), "2026-11-13T22:30:00Z");
    // Saturday: Monday is the first day
    assert_eq!(due("sec-8k", "2026-08-01T12:00:00Z"), "2026-08-06T21:30:00Z");
}

#[test]
fn a_contract_runs_as_the_register_says_or_not_at_all() {
    let table = DeadlineTable::built_in().unwrap();
    let anchor = "2026-11-06T20:00:00Z".parse().unwrap();
    let clock = table.start("contract", "Drift", anchor, Some(Span::Hours(24))).unwrap();
    assert_eq!(
        (clock.title.as_str(), clock.due.to_string().as_str()),
        ("Contract clause, Drift", "2026-11-07T20:00:00Z")
    );
    assert_eq!(table.start("contract", "Drift", anchor, None), Err(NoClock::NoClause("Drift".to_owned())));
    let error = table.start("gdpr33", "", anchor, None).unwrap_err();
    assert_eq!(error.to_string(), "there is no deadline `gdpr33` (did you mean `gdpr-33`?)");
}

#[test]
fn every_mistake_is_found_in_its_place() {
    let source = "\
dated: yesterday
rules:
  a: { title: A, from: aware, within: soon, zone: Europe/Atlantis }
  b: { title: B, from: aware, within: 72h, until: noonish, holidays: none }
";
    let found = DeadlineTable::load("deadlines.yaml", source).unwrap_err();
    let lines: Vec<String> = found.iter().map(Diagnostic::one_line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_regimes_that_people_ask_for_are_there_with_their_sources() {
    let table = DeadlineTable::built_in().unwrap();
    let known = table.rules();
    for id in [
        "contract",
        "contract-from-vendor",
        "gdpr-33",
        "gdpr-34",
        "nis2-early-warning",
        "nis2-notification",
        "nis2-final",
        "dora-initial",
        "dora-initial-latest",
        "dora-intermediate",
        "dora-final",
        "sec-8k",
        "hipaa-individuals",
        "california-people",
        "california-attorney-general",
        "new-york-people",
        "texas-attorney-general",
    ] {
        assert!(known.contains_key(id), "{id}");
        assert!(id.starts_with("contract") || !known[id].source.is_empty(), "{id} names no source");
    }
    assert_eq!(due("dora-initial", "2026-11-06T20:00:00Z"), "2026-11-07T00:00:00Z");
    assert_eq!(due("hipaa-individuals", "2026-11-06T20:00:00Z"), "2027-01-05T20:00:00Z");
    assert!(BUILT_IN.contains("Engineering input, not legal advice"));
}

#[test]
fn a_clock_begins_when_the_one_before_it_is_sent() {
    let table = DeadlineTable::built_in().unwrap();
    assert_eq!(table.followers("nis2-notification").collect::<Vec<_>>(), ["nis2-final"]);
    assert_eq!(table.followers("dora-initial").collect::<Vec<_>>(), ["dora-intermediate"]);
    assert_eq!(table.followers("gdpr-33").count(), 0);
    // a month is the same day of the next, not thirty days
    assert_eq!(due("nis2-final", "2027-01-31T12:00:00Z"), "2027-02-28T12:00:00Z");
}

#[test]
fn a_rule_that_names_what_is_not_there_or_waits_for_itself_is_found() {
    let source = "\
dated: 2026-11-01
rules:
  a: { title: A, from: aware, within: 1h, after: b, draft: authorty }
  b: { title: B, from: sent, within: 1h, after: a }
  c: { title: C, from: sent, within: 1h, after: aa }
drafts:
  authority: { subject: \"{titel}\", text: x }
";
    let found = DeadlineTable::load("deadlines.yaml", source).unwrap_err();
    let lines: Vec<String> = found
        .iter()
        .map(|one| format!("{} | {}", one.one_line(), one.help.clone().unwrap_or_default()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}
