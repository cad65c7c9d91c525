//! What an audience sees of a demo: beats become lines and a picture, or lines of JSON.

use std::{collections::BTreeMap, time::Duration};

use stanch_drill::{At, Beat, EndedTarget, KilledAt, Plot, Verdict};
use stanch_model::{TargetState, run::WaitKind, shortened::short};
use stanch_tui::{Bar, Line, Look, Mark, Scene, Theatre};

use crate::{out::Out, table::paragraph, when};

/// The stage, or a pipe.
pub(super) struct Screen {
    out: Out,
    began: std::time::Instant,
    theatre: Option<Theatre>,
    /// By integration and kind, in the order in which they were heard of.
    bars: Vec<(String, String)>,
    targets: BTreeMap<String, (String, String, TargetState)>,
    totals: BTreeMap<(String, String), usize>,
}

impl Screen {
    pub(super) fn open(plot: Plot, out: Out) -> Self {
        let scene = Scene {
            badge: "DRILL".to_owned(),
            means: "simulated, nothing leaves this machine".to_owned(),
            now: format!("{}: the stage is being set", plot.subject()),
            ..Scene::default()
        };
        let theatre = (!out.is_json()).then(|| Theatre::open(Look::of_stdout(), scene));
        Self {
            out,
            began: std::time::Instant::now(),
            theatre,
            bars: Vec::new(),
            targets: BTreeMap::new(),
            totals: BTreeMap::new(),
        }
    }

    pub(super) fn tick(&mut self) {
        let passed = self.began.elapsed();
        if let Some(theatre) = &mut self.theatre {
            theatre.tick(passed);
        }
    }

    /// Takes the picture away; the lines stay.
    pub(super) fn curtain(&mut self) {
        if let Some(theatre) = self.theatre.take() {
            theatre.close();
        }
    }

    /// Shows one beat.
    pub(super) fn show(&mut self, at: &At) {
        self.out.line(at);
        if self.theatre.is_none() || self.is_old(&at.beat) {
            return;
        }
        let moment = Duration::from_millis(at.at_ms);
        match &at.beat {
            Beat::Asked { covers, .. } => {
                for cover in covers.iter().filter(|cover| cover.kind != "app") {
                    let key = (cover.integration.clone(), cover.kind.clone());
                    if !self.bars.contains(&key) {
                        self.bars.push(key.clone());
                    }
                    *self.totals.entry(key).or_default() += cover.count;
                }
            }
            Beat::Target { integration, kind, id, verb, state, .. } => {
                let key = format!("{integration}/{kind}/{id} {verb}");
                self.targets.insert(key, (integration.clone(), kind.clone(), *state));
            }
            _ => {}
        }
        let bars = self.picture();
        if let Some(theatre) = &mut self.theatre {
            theatre.scene(|scene| {
                scene.bars = bars;
                if let Beat::Phase { name } = &at.beat {
                    scene.phase.clone_from(name);
                }
                if let Some(now) = now(&at.beat) {
                    scene.now = now;
                }
                if let Beat::Answered { .. } = &at.beat {
                    doing(&scene.phase).clone_into(&mut scene.now);
                }
            });
            if let Some(line) = line(&at.beat, moment) {
                theatre.say(&line);
            }
        }
    }

    /// A target that is read back once more is no news.
    fn is_old(&self, beat: &Beat) -> bool {
        let Beat::Target { integration, kind, id, verb, state, .. } = beat else { return false };
        let known = self.targets.get(&format!("{integration}/{kind}/{id} {verb}"));
        known.is_some_and(|(.., known)| {
            known == state || (is_read_back(*known) && *state == TargetState::Accepted)
        })
    }

    fn picture(&self) -> Vec<Bar> {
        let one = |(integration, kind): &(String, String)| {
            let of = |state: fn(TargetState) -> bool| {
                let ours = self.targets.values().filter(|(on, what, _)| on == integration && what == kind);
                ours.filter(|(.., found)| state(*found)).count()
            };
            let total = self.totals.get(&(integration.clone(), kind.clone())).copied().unwrap_or(0);
            let cut = of(is_cut);
            Bar {
                name: format!("{integration} {kind}s"),
                total: total.max(cut),
                cut,
                read_back: of(is_read_back),
            }
        };
        self.bars.iter().map(one).collect()
    }
}

fn is_read_back(state: TargetState) -> bool {
    matches!(state, TargetState::Verified | TargetState::Residual)
}

fn is_cut(state: TargetState) -> bool {
    is_read_back(state) || matches!(state, TargetState::Accepted | TargetState::Attested)
}

/// What stands below the bars from now on.
fn now(beat: &Beat) -> Option<String> {
    Some(match beat {
        Beat::Twins { .. } => "starting the server".to_owned(),
        Beat::Serving { life: 1, .. } => "the server takes alerts".to_owned(),
        Beat::Serving { .. } => "the run goes on where it stood; nothing is done twice".to_owned(),
        Beat::Acknowledged { .. } => "the alert is durable; its playbook begins".to_owned(),
        Beat::Phase { name } => doing(name).to_owned(),
        Beat::Asked { ask, .. } if ask.is_empty() => "waiting for a person".to_owned(),
        Beat::Asked { ask, .. } => format!("waiting for {}", ask.join(", ")),
        Beat::Killed(_) => "the server is dead; starting it again on the same data folder".to_owned(),
        Beat::Ended { .. } => "the run is over; the server drains".to_owned(),
        _ => return None,
    })
}

fn doing(phase: &str) -> &'static str {
    match phase {
        "scope" | "find" => "looking for everything that must be cut",
        "contain" => "cutting; every cut is read back",
        "prove" => "looking again, and waiting for every proof",
        "notify" => "telling vendor and team",
        "close" => "closing the alert at its source",
        _ => "at work",
    }
}

/// The line that a beat settles as, if it does.
fn line(beat: &Beat, at: Duration) -> Option<Line> {
    let new = |mark, text: String| Some(Line::new(at, mark, text));
    match beat {
        Beat::Twins { platforms, addr, app, grants } => {
            Some(Line::new(at, Mark::Fact, format!("simulated {} on {addr}", platforms.join(", "))).aside(
                match grants {
                    0 => format!("at stake: {app}"),
                    _ => format!("at stake: {app} and its {grants} grants"),
                },
            ))
        }
        Beat::Serving { life, url, pid } => {
            let mark = if *life > 1 { Mark::Back } else { Mark::Fact };
            let words = if *life > 1 {
                "the server is back on the same data folder"
            } else {
                "the server takes alerts"
            };
            Some(Line::new(at, mark, format!("{words} at {url}")).aside(format!("process {pid}")))
        }
        Beat::Alert { source, title, again } => {
            let words = if *again { "sends its alert again, no answer came" } else { "sends a signed alert" };
            new(Mark::Person, format!("{source} {words}: {title}"))
        }
        Beat::Acknowledged { duplicate, run, .. } => {
            let words = if *duplicate {
                "it had this alert already, nothing is started twice"
            } else {
                "durable, acknowledged"
            };
            Some(
                Line::new(at, Mark::Done, format!("the alert is {words}"))
                    .aside(format!("run {}", short(run))),
            )
        }
        Beat::Run { title, .. } => new(Mark::Done, format!("playbook: {title}")),
        Beat::Phase { name } => Some(Line::new(at, Mark::Part, name.clone()).aside(doing(name))),
        Beat::Asked { wait, kind, text, ask, covers } => Some(asked(at, wait, *kind, text, ask, covers)),
        Beat::ByHand { who, text } => new(Mark::Person, format!("{who} {text}")),
        Beat::Answered { wait, kind, who, say, why } => {
            let verb = if *kind == WaitKind::InDoubt { "resolves" } else { "answers" };
            Some(Line::new(at, Mark::Person, format!("{who} {verb} {wait}: {say}")).aside(why.clone()))
        }
        Beat::Target { integration, label, kind, verb, state, why, .. } => {
            target(at, integration, &format!("{kind} {label}"), verb, *state, why)
        }
        Beat::Told { action } => new(Mark::Told, format!("{action} went out")),
        Beat::Deadline(deadline) => {
            let due = when::due(&deadline.due, jiff::Timestamp::now());
            new(Mark::Fact, format!("a clock runs: {}, due {due}", deadline.title))
        }
        Beat::Killed(killed) => {
            new(Mark::Kill, format!("SIGKILL: the server is dead {}", killed_when(killed)))
        }
        Beat::NotKilled { why } => new(Mark::Fact, format!("nobody killed the server: {why}")),
        Beat::Deferred { name, why } => {
            Some(Line::new(at, Mark::Fact, format!("{name} is tried again")).aside(why.clone()))
        }
        Beat::Ended { ended, containment, .. } => {
            new(Mark::Part, format!("{ended}, {}", containment.as_str().replace('_', " ")))
        }
        Beat::Stopped => new(Mark::Done, "the server has drained and stopped".to_owned()),
    }
}

fn asked(
    at: Duration,
    wait: &str,
    kind: WaitKind,
    text: &str,
    ask: &[String],
    covers: &[stanch_drill::Cover],
) -> Line {
    let what = match kind {
        WaitKind::Approval => "asks for a yes",
        WaitKind::Manual => "asks for a hand",
        WaitKind::InDoubt => "is in doubt",
        _ => "asks",
    };
    let cover = |cover: &stanch_drill::Cover| {
        let plural = if cover.count == 1 { "" } else { "s" };
        format!("{} {} {}{plural}", cover.count, cover.integration, cover.kind)
    };
    let covers: Vec<String> = covers.iter().map(cover).collect();
    let of = if ask.is_empty() { String::new() } else { format!(" of {}", ask.join(", ")) };
    Line::new(at, Mark::Person, format!("{wait} {what}{of}: {text}")).aside(covers.join(", "))
}

/// The first good news of a target settles; proofs that follow are counted in the picture.
fn target(at: Duration, on: &str, what: &str, verb: &str, state: TargetState, why: &str) -> Option<Line> {
    let (mark, words) = match state {
        TargetState::Requested => return None,
        TargetState::Accepted => (Mark::Done, "accepted"),
        TargetState::Verified => (Mark::Proven, "read back"),
        TargetState::Residual => (Mark::Done, "read back; access issued before lives on"),
        TargetState::Attested => (Mark::Person, "attested, not proven"),
        TargetState::Failed => (Mark::Bad, "not cut"),
        TargetState::InDoubt => (Mark::Bad, "may have happened"),
        TargetState::Skipped => (Mark::Bad, "skipped"),
    };
    // The engine's own words for the plain cases add nothing.
    let aside = match why {
        "" | "accepted" | "read back" => words.to_owned(),
        _ if state == TargetState::Residual => words.to_owned(),
        _ => format!("{words}: {why}"),
    };
    Some(Line::new(at, mark, what).behind(&format!("{on:<10} {verb:<18} ")).aside(aside))
}

fn killed_when(killed: &KilledAt) -> String {
    let entries = killed.entries.map_or_else(String::new, |entries| format!(", {entries} entries durable"));
    let phase = if killed.phase.is_empty() { String::new() } else { format!(" in `{}`", killed.phase) };
    let targets = if killed.cut == 1 { "target" } else { "targets" };
    format!("after {} ms{phase}, {} {targets} cut{entries}", killed.after_ms, killed.cut)
}

/// Where the name of a target stands in its line.
const NAME_AT: usize = 54;

/// Where the words stand that follow the name of who says them.
const WORDS_AT: usize = 13;

fn until(target: &EndedTarget) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(target.until_ms?).ok()
}

/// What residual means, and when it is over; nothing where nothing lives on.
fn lives_on(verdict: &Verdict, now: jiff::Timestamp, width: Option<usize>) -> String {
    let residual = verdict.targets.iter().filter(|target| target.state == TargetState::Residual);
    let Some(last) = residual.filter_map(until).max() else { return String::new() };
    let lines = [
        "These are cut, and were read back.".to_owned(),
        "Where an access token that was issued before the cut is checked without asking, it is good to its end.".to_owned(),
        format!("The last may end at {}; a server reads them back then.", when::due(&last.to_string(), now)),
    ];
    let lines = lines.map(|line| paragraph(&format!("  {line}"), 2, width) + "\n");
    format!("\nResidual\n{}", lines.concat())
}

/// Every target with its proven state, and what the twins counted, in lines of this width.
pub(super) fn ending(verdict: &Verdict, plot: Plot, streams: u64, width: Option<usize>) -> String {
    let words = |word: Option<&str>| word.unwrap_or("nothing").replace('_', " ");
    let contained = words(verdict.containment.map(stanch_model::Containment::as_str));
    let mut text = format!("\n{}: {}\n", plot.subject(), contained.to_uppercase());
    for because in &verdict.because {
        text.push_str(&paragraph(&format!("  because {because}"), 10, width));
        text.push('\n');
    }
    text.push_str("\nTargets\n");
    for target in &verdict.targets {
        let state = match target.state {
            TargetState::Verified => "proven",
            state => state.as_str(),
        };
        let until =
            until(target).map_or_else(String::new, |until| format!(" until {}", until.strftime("%H:%MZ")));
        let line = format!(
            "  {:<21} {:<10} {:<18} {} {}",
            format!("{state}{until}"),
            target.integration,
            target.verb,
            target.kind,
            target.label
        );
        text.push_str(&paragraph(line.trim_end(), NAME_AT, width));
        text.push('\n');
    }
    let now = jiff::Timestamp::now();
    text.push_str(&lives_on(verdict, now, width));
    if !verdict.deadlines.is_empty() {
        text.push_str("\nClocks\n");
        for deadline in &verdict.deadlines {
            text.push_str(&format!(
                "  {} to {}, due {}\n",
                deadline.title,
                deadline.to,
                when::due(&deadline.due, now)
            ));
        }
    }
    let kills = match (&verdict.killed_at, verdict.restarts) {
        (Some(killed), 1) => format!("killed {}; started again once", killed_when(killed)),
        (Some(killed), restarts) => format!("killed {}; started again {restarts} times", killed_when(killed)),
        (None, _) => "never killed".to_owned(),
    };
    for line in [
        format!("The server   {kills}"),
        format!(
            "The twins    saw {} requests and {} effects; done twice: {}; asked again without effect: {}",
            verdict.requests,
            verdict.writes.values().sum::<u64>(),
            verdict.duplicate_effects,
            verdict.repeated_requests,
        ),
        format!(
            "The journal  {} entries of {streams} streams, every hash and chain holds: {}",
            verdict.entries.unwrap_or(0),
            verdict.data
        ),
    ] {
        text.push('\n');
        text.push_str(&paragraph(&line, WORDS_AT, width));
    }
    text
}
