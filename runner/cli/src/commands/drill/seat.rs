//! A seat of a drill that somebody started: sitting down on screens, and everything that the screens order.

use std::{path::PathBuf, time::Duration};

use jiff::tz::TimeZone;
use stanch_client::{Client, ClientError, Location, Seat};
use stanch_model::{
    api::{Behind, DrillOrder, DrillTicket, DrillView, Grade, PlotState, Remark, SeatKind},
    clock::ClockAt,
    duration,
};
use stanch_tui::{Look, Options, show};

use crate::{exit::Exit, out::Out, reach::answer, said::Said};

/// A server that starts is waited for so long.
const STARTS: u32 = 600;

/// Which seat.
#[derive(Debug, clap::Args)]
pub(super) struct JoinArgs {
    /// What was printed when the drill was started: CODE@HOST:PORT
    #[arg(value_name = "CODE@HOST:PORT")]
    at: String,
    /// Write everything that happens on the screens to a new file, to be played again
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Draw with ASCII characters only
    #[arg(long)]
    ascii: bool,
}

/// Where one sits.
#[derive(Debug, clap::Args)]
pub(super) struct At {
    /// Your seat, as printed when the drill was started
    #[arg(long, value_name = "CODE@HOST:PORT", env = "STANCH_DRILL", hide_env_values = true)]
    at: Option<String>,
}

impl At {
    fn seat(&self) -> anyhow::Result<Seat> {
        let Some(at) = &self.at else {
            let help = "write --at CODE@HOST:PORT, or set STANCH_DRILL; the drill printed the codes when it was started";
            return Err(Said::new("which seat of which drill?").help(help).exit(Exit::Usage).into());
        };
        Seat::at(at).map_err(trouble)
    }
}

/// What is ordered from a seat.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Order {
    /// How a drill stands, as your seat sees it
    Status {
        #[command(flatten)]
        at: At,
    },
    /// Facilitator: the clock stands
    Pause {
        #[command(flatten)]
        at: At,
    },
    /// Facilitator: the clock runs again
    Resume {
        #[command(flatten)]
        at: At,
    },
    /// Facilitator: go to the next moment at which something comes
    Step {
        #[command(flatten)]
        at: At,
    },
    /// Facilitator: seconds of the scenario for one of yours, 1 to 600
    Speed {
        /// How many
        #[arg(value_parser = rate)]
        rate: u32,
        #[command(flatten)]
        at: At,
    },
    /// Facilitator: go so far ahead
    Jump {
        /// How far: 10m, 1h30m
        #[arg(value_parser = long)]
        by: Duration,
        #[command(flatten)]
        at: At,
    },
    /// Facilitator: an entry of the plot happens now
    Fire {
        /// Its name, or its number
        entry: String,
        #[command(flatten)]
        at: At,
    },
    /// Facilitator: an entry of the plot never happens
    Skip {
        /// Its name, or its number
        entry: String,
        #[command(flatten)]
        at: At,
    },
    /// Facilitator: an entry of the plot comes otherwise than the file says
    Edit {
        /// Its name, or its number
        entry: String,
        /// What somebody says
        #[arg(long, value_name = "TEXT")]
        text: Option<String>,
        /// Who says it
        #[arg(long, value_name = "NAME")]
        from: Option<String>,
        /// When it comes, since the start: 8m
        #[arg(long, value_name = "TIME", value_parser = long)]
        time: Option<Duration>,
        #[command(flatten)]
        at: At,
    },
    /// Facilitator: an expectation counts as something else than was computed; `status` numbers them
    Grade {
        /// Its number
        expectation: usize,
        /// met, late or missed; computed takes an earlier word back
        #[arg(value_parser = grade)]
        came: GradeWord,
        /// Why: it stands in the report beside what was computed
        #[arg(long, value_name = "TEXT")]
        why: String,
        #[command(flatten)]
        at: At,
    },
    /// Facilitator: something fails: `okta 429 5m`, `kill_runner`; `off` and `off 3` end it
    Fault {
        /// Platform or action, answer, how long
        #[arg(required = true, num_args = 1..=3)]
        fault: Vec<String>,
        #[command(flatten)]
        at: At,
    },
    /// Write down a strength, a gap or a note
    Observe {
        /// strength, gap or note
        #[arg(value_parser = remark)]
        sort: Remark,
        /// What
        text: String,
        /// About which goal
        #[arg(long)]
        goal: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Take the next hint; it costs points
    Hint {
        #[command(flatten)]
        at: At,
    },
    /// Do by hand what a card asks for, or look at what it asks about, on the simulated platforms
    ByHand {
        /// The card: M1
        card: String,
        #[command(flatten)]
        at: At,
    },
    /// The stop word: something real happens, and the drill ends for good
    Stop {
        /// What really happens
        why: String,
        #[command(flatten)]
        at: At,
    },
}

/// Sits down and shows until the person leaves.
///
/// # Errors
/// When the code opens nothing, nobody answers, or there is no terminal.
pub(super) async fn join(args: JoinArgs) -> anyhow::Result<Exit> {
    let seat = Seat::at(&args.at).map_err(trouble)?;
    let look = screens(args.ascii)?;
    play(seat, look, args.record).await?;
    Ok(Exit::Yes)
}

/// What the screens can show here.
///
/// # Errors
/// When there is no terminal.
pub(super) fn screens(ascii: bool) -> anyhow::Result<Look> {
    let look = Look::of_stdout();
    if !look.moves {
        let said = Said::new("the screens need a terminal, and standard output is none");
        return Err(said.help("`stanch drill status --at CODE@HOST:PORT` tells the same as text").into());
    }
    Ok(Look { glyphs: look.glyphs && !ascii, ..look })
}

/// Sits down and plays on screens until the person leaves.
///
/// # Errors
/// As `join`.
pub(super) async fn play(seat: Seat, look: Look, record: Option<PathBuf>) -> anyhow::Result<()> {
    let ticket = sit(&seat).await.map_err(trouble)?;
    let DrillTicket { seat: kind, server, token, .. } = ticket;
    let location = Location::Url { url: server, token: Some(token) };
    let client = Client::connect(location).map_err(answer)?;
    let place = format!("drill, {kind}");
    let options = Options { look, place, zone: TimeZone::system(), recording: None, drill: true };
    show::show(client, Some(seat), options, record).await?;
    Ok(())
}

/// Sits down; a drill whose server still starts is waited for.
async fn sit(seat: &Seat) -> Result<DrillTicket, ClientError> {
    for _ in 0..STARTS {
        match seat.sit().await {
            Err(error) if error.status() == Some(503) => tokio::time::sleep(Duration::from_millis(100)).await,
            other => return other,
        }
    }
    seat.sit().await
}

/// Orders it and says what came of it.
///
/// # Errors
/// When the seat may not, or there is nothing to be done.
pub(super) async fn order(order: Order, out: Out) -> anyhow::Result<Exit> {
    let (at, order) = match order {
        Order::Status { at } => return status(&at, out).await,
        Order::Pause { at } => (at, DrillOrder::Pause),
        Order::Resume { at } => (at, DrillOrder::Resume),
        Order::Step { at } => (at, DrillOrder::Step),
        Order::Speed { rate, at } => (at, DrillOrder::Speed { rate }),
        Order::Jump { by, at } => {
            let by_s = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
            (at, DrillOrder::Jump { by_s })
        }
        Order::Fire { entry, at } => (at, DrillOrder::Fire { entry }),
        Order::Skip { entry, at } => (at, DrillOrder::Skip { entry }),
        Order::Edit { entry, text, from, time, at } => {
            let at_s = time.map(|time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
            if text.is_none() && from.is_none() && at_s.is_none() {
                let help = "write --text, --from or --time";
                return Err(Said::new("what shall be different?").help(help).exit(Exit::Usage).into());
            }
            (at, DrillOrder::Edit { entry, text, from, at_s })
        }
        Order::Grade { expectation, came, why, at } => {
            (at, DrillOrder::Grade { expectation, came: came.0, why })
        }
        Order::Fault { fault, at } => {
            let order = DrillOrder::fault(&fault.join(" ")).ok_or_else(|| {
                let help =
                    "write `okta 429 5m`, `okta.revoke_app_token revoke_does_nothing`, `kill_runner`, `off`";
                Said::new("that is no fault").help(help).exit(Exit::Usage)
            })?;
            (at, order)
        }
        Order::Observe { sort, text, goal, at } => (at, DrillOrder::Remark { sort, text, goal }),
        Order::Hint { at } => (at, DrillOrder::Hint),
        Order::ByHand { card, at } => (at, DrillOrder::ByHand { card }),
        Order::Stop { why, at } => (at, DrillOrder::Stop { why }),
    };
    let seat = at.seat()?;
    let done = seat.order(&order).await.map_err(trouble)?;
    out.text(&format!("T+{}  {}  (as {})", clock(done.at_s), done.said, done.by));
    out.line(&done);
    Ok(Exit::Yes)
}

async fn status(at: &At, out: Out) -> anyhow::Result<Exit> {
    let seat = at.seat()?;
    let view = seat.view().await.map_err(trouble)?;
    out.text(&told(&view));
    out.line(&view);
    Ok(Exit::Yes)
}

/// A view as text.
fn told(view: &DrillView) -> String {
    let now = view.clock.shows(jiff::Timestamp::now().as_millisecond());
    let at = clock((now - view.start_ms) / 1000);
    let runs = if view.clock.rate == 0.0 { "stands".to_owned() } else { format!("{}x", view.clock.rate) };
    let mut text = format!(
        "{}  {}\nT+{at} of {}, {runs}; you are {}, {}\n",
        view.drill,
        view.title,
        clock(view.length_s),
        view.name,
        view.seat
    );
    for letter in &view.inbox {
        text.push_str(&format!(
            "  T+{}  {} {}: {}\n",
            clock(letter.at_s),
            letter.channel,
            letter.from,
            letter.text
        ));
    }
    for remark in &view.remarks {
        text.push_str(&format!(
            "  T+{}  {} by {}: {}\n",
            clock(remark.at_s),
            remark.sort,
            remark.who,
            remark.text
        ));
    }
    view.behind.iter().for_each(|behind| tell_behind(behind, &mut text));
    for one in view.hoped.iter().flatten() {
        let graded = one
            .graded
            .as_ref()
            .map(|graded| format!("  ({} as computed; {}: {})", graded.came, graded.by, graded.why));
        let graded = graded.unwrap_or_default();
        text.push_str(&format!("  {:>2}  {:<6} {}{graded}\n", one.expectation, one.came, one.say));
    }
    if let Some(debrief) = &view.debrief {
        let word = if debrief.passed { "PASSED" } else { "NOT PASSED" };
        text.push_str(&format!("over ({}): {word}, {} of {}\n", debrief.why, debrief.score, debrief.of));
    }
    text.trim_end().to_owned()
}

/// What the facilitator alone sees.
fn tell_behind(behind: &Behind, text: &mut String) {
    for one in &behind.plot {
        let at = one.at_s.map_or_else(|| one.when.clone(), |at| format!("T+{}", clock(at)));
        let state = if one.state == PlotState::Waits { "" } else { one.state.as_str() };
        let edited = one.edited_by.as_ref().map(|by| format!(", changed by {by}")).unwrap_or_default();
        text.push_str(&format!("  {:>2}  {:<6} {}  ({at}{edited})\n", one.entry, state, one.what));
    }
    behind.faults.iter().for_each(|fault| text.push_str(&format!("  fault {}  {}\n", fault.id, fault.what)));
    for one in &behind.adversary {
        let why = if one.why.is_empty() { String::new() } else { format!(", {}", one.why) };
        let (number, state, what) = (one.number, one.state.as_str(), &one.what);
        text.push_str(&format!("  move {number}  {state:<6} {what}  ({}, got {}{why})\n", one.when, one.got));
    }
    behind.truth.iter().for_each(|line| text.push_str(&format!("  truly  {line}\n")));
}

/// `14:20`, `21:15:00`, `2d 12:10:00`: minutes as long as they say enough.
pub(super) fn clock(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match seconds / 60 {
        short @ 0..100 => format!("{short}:{:02}", seconds % 60),
        _ if days == 0 => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
        _ => format!("{days}d {hours:02}:{minutes:02}:{:02}", seconds % 60),
    }
}

/// What a refusal means at a seat.
fn trouble(error: ClientError) -> anyhow::Error {
    match &error {
        ClientError::Location(_) => Said::new(error.to_string())
            .help("the drill printed the codes when it was started")
            .exit(Exit::Usage)
            .into(),
        ClientError::Unreachable { .. } => {
            Said::new(error.to_string()).help("is the drill over? its seats close with it").into()
        }
        _ => answer(error),
    }
}

/// A seat by its word.
pub(super) fn kind(word: &str) -> Result<SeatKind, String> {
    let known = || SeatKind::ALL.iter().map(|seat| seat.as_str()).collect::<Vec<_>>().join(", ");
    SeatKind::parse(word).ok_or_else(|| format!("seats are {}", known()))
}

/// A clock's rate.
pub(super) fn rate(text: &str) -> Result<u32, String> {
    let rate = text.trim_end_matches('x').parse::<u32>().ok();
    let rate = rate.filter(|rate| (1.0..=ClockAt::FASTEST).contains(&f64::from(*rate)));
    rate.ok_or_else(|| format!("write a number from 1 to {}", ClockAt::FASTEST))
}

fn remark(word: &str) -> Result<Remark, String> {
    Remark::parse(word).ok_or_else(|| "write strength, gap or note".to_owned())
}

/// What an expectation shall count as; as computed where nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct GradeWord(Option<Grade>);

fn grade(word: &str) -> Result<GradeWord, String> {
    if word == "computed" {
        return Ok(GradeWord(None));
    }
    let grade = Grade::parse(word).map(|grade| GradeWord(Some(grade)));
    grade.ok_or_else(|| "write met, late, missed or computed".to_owned())
}

fn long(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_err(|error| error.to_string())
}
