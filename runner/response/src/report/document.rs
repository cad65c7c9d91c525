//! A report as a page, in the order of HSEEP; a chart shows nothing that no table says.

use super::{
    came::{Came, Graded},
    chart::{self, Chart},
    clock::{after, length, written},
    shape::{About, Expectation, Lane, Objective, Place, Point, Rating, Report},
};
use crate::page::{
    Band, Block, Cell, Document, Inline, Instead, Picture, Section, Table, Tone, faint, text, word,
};

/// The page of a report.
pub(super) fn of(report: &Report) -> Document {
    let sections = [
        ("Overview", overview(report)),
        ("Timeline", timeline(report)),
        ("Tested first", tested(report)),
        ("Objectives", objectives(report)),
        ("Measures", measures(report)),
        ("Targets", targets(report)),
        ("Clocks", clocks(report)),
        ("Strengths", points(&report.strengths, "No strength was noted.")),
        ("Gaps", points(&report.gaps, "No gap was seen.")),
        ("Improvement plan", improvements(report)),
        ("Coverage", coverage(report)),
        ("To talk about", talk(report)),
        ("Journal", journal(report)),
    ];
    let sections = sections.into_iter().filter(|(_, blocks)| !blocks.is_empty());
    Document {
        title: report.title.clone(),
        kind: kind(report),
        band: Some(if report.exercise { Band::Exercise } else { Band::Live }),
        verdict: Some((report.verdict.tone, report.verdict.text.clone())),
        heads: heads(report),
        sections: sections.map(|(title, blocks)| Section::new(title, blocks)).collect(),
    }
}

/// A chart, which shows nothing that no table says.
fn picture(chart: &Chart) -> Block {
    Block::Picture(Picture { svg: chart::svg(chart), shows: String::new(), instead: Instead::Nothing })
}

fn kind(report: &Report) -> String {
    let what = match report.about {
        About::Incident => "After-action report of an incident",
        About::Run => "After-action report of a run",
        About::Drill => "After-action report of a drill",
    };
    format!("{what}: {}", report.id)
}

fn heads(report: &Report) -> Vec<(String, String, Tone)> {
    let mut heads = Vec::new();
    if let Some(points) = report.points {
        let tone = match points.passed {
            Some(true) => Tone::Good,
            Some(false) => Tone::Bad,
            None => Tone::Warn,
        };
        heads.push(("points".to_owned(), format!("{} of {}", points.got, points.of), tone));
    }
    for measure in &report.measures {
        let (value, tone) = match measure.here_s {
            Some(here) => (length(here), Tone::Plain),
            None => ("never".to_owned(), Tone::Bad),
        };
        heads.push((measure.what.clone(), value, tone));
    }
    heads
}

fn overview(report: &Report) -> Vec<Block> {
    let mut facts: Vec<(String, Cell)> = vec![("Began".to_owned(), text(written(&report.began)))];
    facts.extend(report.facts.iter().map(|fact| (fact.name.clone(), text(fact.value.clone()))));
    vec![Block::Facts(facts)]
}

fn places(places: &[Place]) -> Cell {
    let mut cell = Vec::new();
    for place in places {
        if !cell.is_empty() {
            cell.push(Inline::Text(", ".to_owned()));
        }
        cell.push(Inline::Code(place.words()));
    }
    cell
}

fn timeline(report: &Report) -> Vec<Block> {
    if report.timeline.is_empty() {
        return vec![Block::Text(text("Nothing happened."))];
    }
    let planned = report.timeline.iter().any(|moment| !moment.planned.is_empty());
    let rows = report.timeline.iter().map(|moment| {
        let at = match (moment.at_s, moment.until_s.filter(|until| Some(*until) != moment.at_s)) {
            (None, _) => vec![faint("did not happen")],
            (Some(at), None) => text(after(at)),
            (Some(at), Some(until)) => text(format!("{} to {}", after(at), after(until))),
        };
        let mark = if moment.mark.is_empty() { moment.lane.as_str() } else { &moment.mark };
        let what = vec![word(moment.tone, mark), Inline::Text(format!(" {}", moment.text))];
        let mut row = vec![at, what, places(&moment.places)];
        if planned {
            row.insert(0, text(moment.planned.clone()));
        }
        row
    });
    let head: &'static [&'static str] =
        if planned { &["Planned", "Actual", "What", "Journal"] } else { &["When", "What", "Journal"] };
    let lanes: Vec<Lane> = Lane::ALL
        .into_iter()
        .filter(|lane| report.timeline.iter().any(|moment| moment.lane == *lane))
        .collect();
    vec![
        picture(&Chart::Timeline { moments: report.timeline.clone(), lanes }),
        Block::Table(Table { head, rows: rows.collect() }),
    ]
}

fn came(came: Came) -> Inline {
    let tone = match came {
        Came::Met => Tone::Good,
        Came::Late | Came::Open => Tone::Warn,
        Came::Lost | Came::Missed => Tone::Bad,
    };
    word(tone, came.as_str())
}

fn rated(rating: Option<Rating>) -> Cell {
    let tone = match rating {
        Some(Rating::P) => Tone::Good,
        Some(Rating::S | Rating::M) => Tone::Warn,
        Some(Rating::U) => Tone::Bad,
        None => return vec![word(Tone::Warn, "open")],
    };
    rating
        .map(|rating| vec![word(tone, rating.as_str()), Inline::Text(format!(" {}", rating.words()))])
        .unwrap_or_default()
}

fn tested(report: &Report) -> Vec<Block> {
    if report.tested.is_empty() {
        return Vec::new();
    }
    let rows = report.tested.iter().map(|one| {
        let came = one.came.map_or_else(|| vec![faint("not part of this drill")], |word| vec![came(word)]);
        let what = format!("{}, {}", one.owner, one.due);
        vec![text(one.number.to_string()), text(one.text.clone()), text(what), came, places(&one.evidence)]
    });
    let table =
        Table { head: &["No.", "Improvement", "Owner, due", "Came out", "Journal"], rows: rows.collect() };
    let lead = "Improvements that were open when this drill began, looked at before anything else.";
    vec![Block::Text(text(lead)), Block::Table(table)]
}

fn objectives(report: &Report) -> Vec<Block> {
    if report.objectives.is_empty() {
        return vec![Block::Text(text("There was nothing to rate."))];
    }
    let scored = report.points.is_some();
    let rows = report.objectives.iter().map(|one| {
        let mut row = vec![text(one.name.clone()), rated(one.rating), text(one.text.clone())];
        if scored {
            row.push(text(format!("{} of {}", one.points, one.of)));
        }
        row
    });
    let head: &'static [&'static str] = if scored {
        &["Objective", "Rating", "What it means", "Points"]
    } else {
        &["Objective", "Rating", "What it means"]
    };
    let mut blocks = vec![Block::Table(Table { head, rows: rows.collect() })];
    if scored {
        blocks.insert(0, picture(&Chart::Points(bars(&report.objectives))));
    }
    for objective in &report.objectives {
        blocks.push(Block::Heading(text(objective.name.clone())));
        let rows = objective.expectations.iter().map(expectation);
        let head = &["Expected", "Came out", "When", "Journal"];
        blocks.push(Block::Table(Table { head, rows: rows.collect() }));
    }
    blocks
}

fn bars(objectives: &[Objective]) -> Vec<(String, u32, u32, Tone)> {
    let bars = objectives.iter().map(|one| {
        let tone = match one.rating {
            Some(Rating::P) => Tone::Good,
            Some(Rating::U) => Tone::Bad,
            _ => Tone::Warn,
        };
        (one.name.clone(), one.points, one.of, tone)
    });
    bars.collect()
}

fn expectation(one: &Expectation) -> Vec<Cell> {
    let mut what = text(one.say.clone());
    if !one.that.is_empty() && one.that != one.say {
        what.extend([Inline::Text(" ".to_owned()), Inline::Code(one.that.clone())]);
    }
    let mut when = Vec::new();
    when.extend(one.at_s.map(|at| Inline::Text(after(at))));
    if let Some(by) = one.by_s {
        when.push(faint(format!("{}by {}", if when.is_empty() { "" } else { ", " }, after(by))));
    }
    let mut out = vec![came(one.came)];
    if let Some(Graded { computed, by, why }) = &one.graded {
        let computed = computed.as_str();
        out.push(Inline::Text(format!(" by {by}: {why} ({computed} as computed)")));
    }
    vec![what, out, when, places(&one.evidence)]
}

fn measures(report: &Report) -> Vec<Block> {
    let beside = report.measures.iter().any(|measure| measure.then_s.is_some());
    let rows = report.measures.iter().map(|measure| {
        let took = |s: Option<i64>, none: &str| s.map_or_else(|| vec![faint(none)], |s| text(length(s)));
        let mut row = vec![text(measure.what.clone()), took(measure.here_s, "never")];
        if beside {
            row.push(took(measure.then_s, "not known"));
        }
        row
    });
    let head: &'static [&'static str] = if beside {
        &["From the first alert", "Here", "In the real incident"]
    } else {
        &["From the first alert", "Took"]
    };
    let mut blocks = vec![Block::Table(Table { head, rows: rows.collect() })];
    if beside {
        blocks.push(picture(&Chart::Beside(report.measures.clone())));
    }
    if report.exposure.len() > 1 {
        let end_s = report.timeline.iter().filter_map(|moment| moment.until_s.or(moment.at_s)).max();
        blocks.push(picture(&Chart::Exposure { levels: report.exposure.clone(), end_s: end_s.unwrap_or(0) }));
        let rows = report.exposure.iter().map(|level| {
            vec![text(after(level.at_s)), text(level.open.to_string()), text(level.unproven.to_string())]
        });
        blocks
            .push(Block::Table(Table { head: &["From", "Open", "Not proven"], rows: thin(rows.collect()) }));
    }
    let figures = report.figures.iter().map(|fact| (fact.name.clone(), text(fact.value.clone()))).collect();
    blocks.push(Block::Facts(figures));
    blocks
}

/// So many rows of a table of levels tell how it went.
const LEVELS: usize = 8;

/// The first, the last, and some between, evenly.
fn thin(rows: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    let last = rows.len().saturating_sub(1);
    if rows.len() <= LEVELS {
        return rows;
    }
    let kept: Vec<usize> = (0..LEVELS).map(|nth| nth * last / (LEVELS - 1)).collect();
    rows.into_iter().enumerate().filter(|(nth, _)| kept.contains(nth)).map(|(_, row)| row).collect()
}

fn targets(report: &Report) -> Vec<Block> {
    if report.targets.is_empty() {
        return Vec::new();
    }
    let rows = report.targets.iter().map(|group| {
        let mut state = vec![word(group.tone, group.state.replace('_', " "))];
        state.extend(
            group.until.iter().map(|until| Inline::Text(format!(" until {} at the latest", written(until)))),
        );
        vec![
            text(group.count.to_string()),
            text(group.integration.clone()),
            vec![Inline::Code(group.verb.clone())],
            state,
            text(group.why.join("; ")),
        ]
    });
    vec![Block::Table(Table { head: &["Count", "On", "Cut by", "Stands", "Because"], rows: rows.collect() })]
}

fn clocks(report: &Report) -> Vec<Block> {
    if report.deadlines.is_empty() {
        return Vec::new();
    }
    let rows = report.deadlines.iter().map(|clock| {
        let tone = match clock.state.as_str() {
            "sent" | "waived" => Tone::Good,
            "late" | "sent_late" => Tone::Bad,
            _ => Tone::Warn,
        };
        let said = clock
            .settled
            .as_ref()
            .map_or_else(String::new, |said| format!("{} by {}: {}", written(&said.at), said.by, said.text));
        vec![
            text(clock.title.clone()),
            text(written(&clock.anchor)),
            text(written(&clock.due)),
            vec![word(tone, clock.state.replace('_', " "))],
            text(said),
        ]
    });
    vec![Block::Table(Table { head: &["Clock", "From", "Due", "Stands", "Said"], rows: rows.collect() })]
}

fn points(points: &[Point], none: &str) -> Vec<Block> {
    if points.is_empty() {
        return vec![Block::Text(text(none))];
    }
    let items = points.iter().map(|point| {
        let mut item = text(point.text.clone());
        let mut about: Vec<String> = point.objective.clone().into_iter().collect();
        about.extend(point.by.as_ref().map(|who| format!("noted by {who}")));
        if !about.is_empty() {
            item.push(faint(format!(" ({})", about.join(", "))));
        }
        if !point.places.is_empty() {
            item.push(Inline::Text(" ".to_owned()));
            item.extend(places(&point.places));
        }
        item
    });
    vec![Block::List(items.collect())]
}

fn improvements(report: &Report) -> Vec<Block> {
    if report.improvements.is_empty() {
        return vec![Block::Text(text("Nothing is open."))];
    }
    let rows = report.improvements.iter().map(|one| {
        let tone = if one.state == "closed" { Tone::Good } else { Tone::Warn };
        vec![
            text(one.number.map_or_else(|| "-".to_owned(), |number| number.to_string())),
            text(one.text.clone()),
            text(one.playbook.clone()),
            text(one.owner.clone()),
            text(one.due.clone()),
            vec![word(tone, one.state.clone())],
        ]
    });
    let head = &["No.", "What is to be done about", "Playbook", "Owner", "Due", "State"];
    vec![Block::Table(Table { head, rows: rows.collect() })]
}

fn coverage(report: &Report) -> Vec<Block> {
    if report.coverage.is_empty() {
        return vec![Block::Text(text("No playbook that ran carries a tag."))];
    }
    let rows = report.coverage.iter().map(|cover| {
        vec![
            text(cover.scheme.clone()),
            vec![Inline::Code(cover.tag.clone())],
            text(cover.name.clone()),
            text(cover.playbooks.join(", ")),
        ]
    });
    vec![Block::Table(Table { head: &["Scheme", "Tag", "Name", "Playbooks that ran"], rows: rows.collect() })]
}

fn talk(report: &Report) -> Vec<Block> {
    let pairs = report.talk.iter().flat_map(|talk| {
        [Block::Heading(text(talk.ask.clone())), Block::Text(text(format!("Hoped for: {}", talk.hope)))]
    });
    pairs.collect()
}

fn journal(report: &Report) -> Vec<Block> {
    let rows = report.heads.iter().map(|head| {
        vec![
            vec![Inline::Code(head.stream.clone())],
            text(head.entries.to_string()),
            vec![Inline::Code(head.hash.clone())],
        ]
    });
    let lead = "What the positions above count in: each stream with the hash of its last entry when this was written. ";
    let lead = vec![
        Inline::Text(lead.to_owned()),
        Inline::Code("stanch journal verify".to_owned()),
        Inline::Text(" proves that nothing in it was changed since.".to_owned()),
    ];
    vec![
        Block::Text(lead),
        Block::Table(Table { head: &["Stream", "Entries", "Head"], rows: rows.collect() }),
    ]
}
