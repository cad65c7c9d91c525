//! The after-action report of a drill: what its server's journal says, as of any response, and what the drill's own
//! journal adds: plot, points, notes. Of a drill that was interrupted it says how far it came.

mod evidence;
mod plot;

use std::path::Path;

use jiff::{Span, Timestamp};
use stanch_journal::JournalError;
use stanch_model::Entry;
use stanch_response::{
    drills::Ledger,
    report::{
        self, About, Asked, Came, Expectation, Fact, Graded, Head, Improvement, Material, Measure, Objective,
        Place, Point, Points, Rating, Report, Talk, Tested, Tone,
    },
};

use self::evidence::Evidence;
use crate::{
    record::{self, Line, Record},
    scenario::{self, Measure as Measured, Scenario},
    score::{Grades, Judged, Score, worth},
};

/// An improvement that nobody gave a date yet is to be made within so many days.
pub const DAYS: i64 = 30;

/// A line of the drill's own journal, with its place.
struct Written {
    line: Line,
    version: u64,
}

impl Written {
    fn place(&self) -> Place {
        Place { stream: "drill".to_owned(), version: self.version, through: None }
    }
}

/// The entries of the own journal of the drill that was played in this data folder.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn record(data: &Path) -> Result<Vec<Entry>, JournalError> {
    stanch_journal::tail(Record::folder(data), usize::MAX)?.rest()
}

/// What a report of a drill is made of.
pub struct Source<'a> {
    /// The drill's own journal.
    pub record: &'a [Entry],
    /// What its server's journal holds.
    pub material: &'a Material,
    /// What is kept of drills and improvements.
    pub ledger: &'a Ledger,
    /// Today, on the wall's clock: dates of proposals count from it.
    pub today: Timestamp,
}

struct Drill<'a> {
    lines: Vec<Written>,
    scenario: Scenario,
    playbook: String,
    version: String,
    score: Option<Score>,
    /// What the facilitator lets expectations count as.
    grades: Grades,
    why: Option<String>,
    /// Where the scenario's clock stood at the end, or when it was interrupted.
    last_ms: i64,
    source: &'a Source<'a>,
}

/// The report of a drill; nothing when the record holds none that can be read.
pub fn of(source: &Source<'_>) -> Option<Report> {
    let drill = Drill::read(source)?;
    let now = Timestamp::from_millisecond(drill.last_ms).ok()?;
    let began = Some(drill.scenario.clock.starts);
    let asked = Asked { about: About::Drill, id: &drill.scenario.drill, began, now };
    let mut report = Report::of(source.material, asked);
    report.title.clone_from(&drill.scenario.title);
    report.exercise = true;
    let response = report.verdict.text.clone();
    report.verdict.text = format!("{}. The response: {response}", drill.verdict());
    report.verdict.tone = drill.tone();
    report.facts = drill.facts(std::mem::take(&mut report.facts));
    report.timeline.retain(|moment| moment.mark != "alert");
    report.timeline.extend(plot::of(&drill.scenario, &drill.lines));
    plot::order(&mut report.timeline);
    report.objectives = drill.objectives();
    report.points = Some(drill.points(&report.objectives));
    report.measures = drill.measures(std::mem::take(&mut report.measures));
    report.figures.extend(drill.figures());
    drill.talk_points(&mut report);
    report.tested = drill.tested(&report.objectives);
    report.improvements = drill.improvements(&report.objectives);
    report.talk = drill
        .scenario
        .talk
        .iter()
        .map(|talk| Talk { ask: talk.ask.clone(), hope: talk.hope.clone() })
        .collect();
    report.heads.extend(Head::of(source.record));
    Some(report)
}

impl<'a> Drill<'a> {
    fn read(source: &'a Source<'a>) -> Option<Self> {
        let decoded = source
            .record
            .iter()
            .filter_map(|entry| Some(Written { line: entry.decode().ok()?, version: entry.header.version }));
        let lines: Vec<Written> = decoded.collect();
        let (playbook, version, text) = lines.iter().find_map(|written| match &written.line {
            Line::Began { playbook, version, scenario, .. } => {
                Some((playbook.clone(), version.clone(), scenario))
            }
            _ => None,
        })?;
        let scenario = scenario::read("scenario", text).ok()?;
        let ended = lines.iter().rev().find_map(|written| match &written.line {
            Line::Ended { why, score, .. } => Some((why.clone(), (**score).clone())),
            _ => None,
        });
        let clock = lines.iter().map(|written| match &written.line {
            Line::Clock { at, .. } => at.scenario_ms,
            line => line.at_ms().unwrap_or(0),
        });
        let last_ms = clock.max().unwrap_or(0).max(scenario.clock.starts.as_millisecond());
        let (why, score) = ended.unzip();
        let grades = record::grades(lines.iter().map(|written| &written.line));
        let score = score.map(|score: Score| score.graded(&grades, scenario.end.pass));
        Some(Self { lines, scenario, playbook, version, score, grades, why, last_ms, source })
    }

    fn verdict(&self) -> String {
        match &self.score {
            None => "Interrupted: it is not over".to_owned(),
            Some(score) if score.passed => format!("Passed, {} of {} points", score.score, score.of),
            Some(score) => format!("Not passed, {} of {} points", score.score, score.of),
        }
    }

    fn tone(&self) -> Tone {
        match &self.score {
            None => Tone::Warn,
            Some(score) if score.passed => Tone::Good,
            Some(_) => Tone::Bad,
        }
    }

    fn facts(&self, of_response: Vec<Fact>) -> Vec<Fact> {
        let scenario = &self.scenario;
        let version = self.version.get(..12).unwrap_or(&self.version);
        let mut facts = vec![
            Fact::new("Drill", scenario.drill.clone()),
            Fact::new("Playbook", format!("{}, version {version}", self.playbook)),
        ];
        if let Some(real) = &scenario.based_on {
            facts.push(Fact::new("After a real incident", real.incident.clone()));
            facts.extend(real.read.iter().map(|where_| Fact::new("To read", where_.clone())));
        }
        let took = (self.last_ms - scenario.clock.starts.as_millisecond()) / 1000;
        let length = report::length(scenario.length.ms() / 1000);
        facts.push(Fact::new(
            "Length",
            format!("{} on the scenario's clock, of {length} planned", report::length(took)),
        ));
        let seats: Vec<&str> = scenario.seats.iter().map(|seat| seat.as_str()).collect();
        facts.push(Fact::new("Seats", seats.join(", ")));
        let stood = self.lines.iter().filter(|one| matches!(one.line, Line::StoodIn { .. })).count();
        if stood > 0 {
            facts.push(Fact::new("Answers of empty seats", stood.to_string()));
        }
        facts.extend(self.why.iter().map(|why| Fact::new("Over because", why.clone())));
        if !scenario.teaches.is_empty() {
            facts.push(Fact::new("Teaches", scenario.teaches.join("; ")));
        }
        facts.extend(of_response);
        facts
    }

    /// Each expectation with what shows it, in the order of the file.
    fn objectives(&self) -> Vec<Objective> {
        let evidence = Evidence::of(&self.source.material.runs, &self.source.material.incident);
        let mut objectives = match &self.score {
            Some(score) => score.objectives.iter().map(of_score).collect(),
            None => self.so_far(),
        };
        for one in objectives.iter_mut().flat_map(|objective: &mut Objective| &mut objective.expectations) {
            one.evidence = self.evidence(one, &evidence);
        }
        objectives
    }

    fn evidence(&self, one: &Expectation, evidence: &Evidence) -> Vec<Place> {
        let same = |nth: &usize| self.scenario.expect.get(*nth).is_some_and(|known| known.that == one.that);
        let met = self.lines.iter().find_map(|written| match &written.line {
            Line::Met { expectation, at_ms } if same(expectation) => Some((written.place(), *at_ms)),
            _ => None,
        });
        let Some((place, at_ms)) = met else { return Vec::new() };
        let mut places = evidence.show(&one.that, at_ms);
        places.push(place);
        places
    }

    /// Of a drill that is not over: what came true stands, everything else is open.
    fn so_far(&self) -> Vec<Objective> {
        let start = self.scenario.clock.starts.as_millisecond();
        let first = |nth: usize| {
            self.lines.iter().find_map(|written| match &written.line {
                Line::Met { expectation, at_ms } if *expectation == nth => Some(*at_ms),
                _ => None,
            })
        };
        let judged = self.scenario.expect.iter().enumerate().map(|(nth, one)| {
            let (at_s, by_s) = (first(nth).map(|at| (at - start) / 1000), one.by.map(|by| by.ms() / 1000));
            let came = match (at_s, by_s) {
                (None, _) => Came::Open,
                (Some(at), Some(by)) if at > by => Came::Late,
                _ => Came::Met,
            };
            let mut judged = Judged {
                expectation: nth,
                say: one.words().to_owned(),
                that: one.that.clone(),
                came,
                first_s: at_s,
                by_s,
                points: worth(came, one.points),
                of: one.points,
                tested_first: false,
                graded: None,
            };
            judged.counts_as(self.grades.get(&nth));
            (one.goal.as_str(), shown(&judged))
        });
        let judged: Vec<(&str, Expectation)> = judged.collect();
        let goals = self.scenario.goals.iter().map(|(goal, text)| {
            let own = judged.iter().filter(|(of, _)| of == goal).map(|(_, one)| one.clone());
            report::objective(goal, text, own.collect())
        });
        goals.collect()
    }

    fn points(&self, objectives: &[Objective]) -> Points {
        match &self.score {
            Some(score) => Points {
                got: score.score,
                of: score.of,
                hints: score.measured.hints,
                passed: Some(score.passed),
            },
            None => Points {
                got: objectives.iter().map(|one| one.points).sum(),
                of: objectives.iter().map(|one| one.of).sum(),
                hints: 0,
                passed: None,
            },
        }
    }

    /// Of a drill that is over, what was really so; of another, what its journal says.
    fn measures(&self, of_response: Vec<Measure>) -> Vec<Measure> {
        let then = |what: Measured| {
            let took = self.scenario.based_on.as_ref()?.took.get(&what)?;
            Some(took.ms() / 1000)
        };
        let all = [Measured::Acknowledged, Measured::FirstCut, Measured::Told, Measured::Contained];
        let lines = all.into_iter().zip(of_response).map(|(what, of_response)| Measure {
            what: what.words().to_owned(),
            here_s: match &self.score {
                Some(score) => score.measured.took_s.get(&what).copied(),
                None => of_response.here_s,
            },
            then_s: then(what),
        });
        lines.collect()
    }

    fn figures(&self) -> Vec<Fact> {
        let Some(Score { measured, .. }) = &self.score else { return Vec::new() };
        let apps = match measured.collateral.len() {
            0 => "none".to_owned(),
            _ => measured.collateral.keys().cloned().collect::<Vec<_>>().join(", "),
        };
        let mut figures = vec![
            Fact::new("open token-minutes, as the platforms saw it", measured.token_minutes.to_string()),
            Fact::new("effects that happened twice", measured.doubled.to_string()),
            Fact::new("other apps that were changed", apps),
            Fact::new("deaths of the runner", measured.kills.to_string()),
            Fact::new("points that hints cost", measured.hints.to_string()),
        ];
        if let Some(got) = measured.adversary {
            figures.extend([
                Fact::new("times that the adversary read", got.reads.to_string()),
                Fact::new("of these after the first cut", got.after_first_cut.to_string()),
                Fact::new("grants that the adversary made", got.made.to_string()),
                Fact::new("moves of the adversary that failed because of a cut", got.failed.to_string()),
            ]);
        }
        figures
    }

    /// Strengths and gaps: what was noted, what the points say, and what the response's own journal complains of.
    fn talk_points(&self, report: &mut Report) {
        let (mut strengths, mut gaps) = (Vec::new(), Vec::new());
        for written in &self.lines {
            let Line::Observed { who, sort, goal, text, .. } = &written.line else { continue };
            let point = Point {
                text: text.clone(),
                by: Some(who.clone()),
                objective: Some(goal.clone()).filter(|goal| !goal.is_empty()),
                places: vec![written.place()],
            };
            if sort == "strength" { strengths.push(point) } else { gaps.push(point) }
        }
        let (met, missed) = report::points(&report.objectives);
        strengths.extend(met);
        gaps.extend(missed);
        gaps.extend(report.gaps.drain(..).filter(|gap| gap.objective.is_none()));
        (report.strengths, report.gaps) = (strengths, gaps);
    }

    fn tested(&self, objectives: &[Objective]) -> Vec<Tested> {
        let head = Head::of(self.source.record).map(|head| head.hash).unwrap_or_default();
        let tested = self.source.ledger.play(&head).map(|play| &play.tested).into_iter().flatten();
        let each = tested.filter_map(|(number, came)| {
            let item = &self.source.ledger.items.get(number)?.opened;
            let expectations = || objectives.iter().flat_map(|one| &one.expectations);
            let shown = expectations().find(|one| one.that == item.that).map(|one| one.evidence.clone());
            Some(Tested {
                number: *number,
                text: item.text.clone(),
                owner: item.owner.clone(),
                due: item.due.clone(),
                came: *came,
                evidence: shown.unwrap_or_default(),
            })
        });
        each.collect()
    }

    /// One for each expectation that was not met, as it is kept or else proposed; then what else is open.
    fn improvements(&self, objectives: &[Objective]) -> Vec<Improvement> {
        let kept = |that: &str| {
            let mut of = self.source.ledger.items.values().rev();
            of.find(|item| item.opened.playbook == self.playbook && item.opened.that == that)
        };
        let book = self.source.material.books.iter().find(|book| book.slug == self.playbook);
        let owner = book.map(|book| book.owner.clone()).unwrap_or_default();
        let missed = objectives.iter().flat_map(|one| &one.expectations);
        let missed = missed.filter(|one| !matches!(one.came, Came::Met | Came::Open));
        let mut all: Vec<Improvement> = missed
            .map(|one| match kept(&one.that) {
                Some(item) => item.improvement(),
                None => Improvement {
                    number: None,
                    text: format!("{}: {}", one.came.as_str(), one.say),
                    playbook: self.playbook.clone(),
                    owner: owner.clone(),
                    due: due(self.source.today),
                    state: "proposed".to_owned(),
                },
            })
            .collect();
        for item in self.source.ledger.open(&self.playbook) {
            let one = item.improvement();
            if !all.contains(&one) {
                all.push(one);
            }
        }
        all
    }
}

/// The date by which an improvement of this day is to be made.
pub fn due(today: Timestamp) -> String {
    let day = today.to_zoned(jiff::tz::TimeZone::UTC).date();
    day.checked_add(Span::new().days(DAYS)).unwrap_or(day).to_string()
}

fn of_score(one: &crate::score::Objective) -> Objective {
    Objective {
        name: one.goal.clone(),
        text: one.text.clone(),
        rating: Some(Rating::of(one.points, one.of)),
        points: one.points,
        of: one.of,
        expectations: one.expectations.iter().map(shown).collect(),
    }
}

fn shown(judged: &Judged) -> Expectation {
    let graded = judged.graded.as_ref().map(|graded| Graded {
        computed: graded.computed,
        by: graded.by.clone(),
        why: graded.why.clone(),
    });
    Expectation {
        say: judged.say.clone(),
        that: judged.that.clone(),
        came: judged.came,
        graded,
        at_s: judged.first_s,
        by_s: judged.by_s,
        points: judged.points,
        of: judged.of,
        evidence: Vec::new(),
    }
}
