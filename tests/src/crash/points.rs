//! The moments at which a child is killed: every one of them, a sample, or at random.

use tokio::{sync::Semaphore, task::JoinSet};

use super::{Life, Marker, Moment, OwnKill, Size, Stage, Tally, judge};

/// Worlds at a time, over all tests of the process.
static TURNS: Semaphore = Semaphore::const_new(3);

/// Lives after which a run that still does not end is lost.
const MOST_LIVES: usize = 12;

/// One way to end a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    /// The child does it.
    Own(OwnKill),
    /// At the N-th request that the twins see in this life.
    AtCall(u64, Moment),
    /// At this life's first request for this operation, whatever else is asked beside it.
    AtFirst(&'static str, Moment),
    /// So long after its start.
    AfterMs(u64),
}

/// Lives that end by a kill, one after the other; then one that may end.
#[derive(Clone, Debug)]
pub struct Point {
    /// How each life ends.
    pub kills: Vec<Kill>,
    /// Delete the index before every restart.
    pub forget_index: bool,
}

/// Small random numbers that a seed repeats (splitmix64).
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to `below` - 1.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below.max(1)
    }
}

/// `STANCH_CRASH_SEED`, or the time.
pub fn seed() -> u64 {
    let given = std::env::var("STANCH_CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(1, |since| u64::from(since.subsec_nanos()) ^ since.as_secs())
    })
}

/// Every journal entry, every append, both sides of every request, the first moments, and moments of the start after a
/// kill in the middle.
pub fn every_point(calm: &Life, requests: u64) -> Vec<Point> {
    let report = calm.report.as_ref();
    let (entries, appends) = report.map_or((0, 0), |report| (report.entries, report.appends));
    let once = |kill: Kill| vec![kill];
    let mut kills: Vec<Vec<Kill>> = Vec::new();
    kills.extend((1..=entries).map(|n| once(Kill::Own(OwnKill::AtEntry(n)))));
    kills.extend((1..=appends).map(|n| once(Kill::Own(OwnKill::AtAppend(n)))));
    for moment in [Moment::Before, Moment::After] {
        kills.extend((1..=requests).map(|n| once(Kill::AtCall(n, moment))));
    }
    let start = u64::try_from(calm.took.as_millis()).unwrap_or(100).min(60);
    kills.extend((1..=start).map(|ms| once(Kill::AfterMs(ms))));
    kills.extend(
        (1..=start)
            .map(|ms| vec![Kill::Own(OwnKill::AtEntry(1 + ms * entries / (start + 1))), Kill::AfterMs(ms)]),
    );
    // The life after a kill is killed too, at what it does first.
    kills
        .extend((1..=requests).map(|n| vec![Kill::AtCall(n, Moment::After), Kill::AtCall(1, Moment::After)]));
    let points = kills.into_iter().enumerate();
    points.map(|(nth, kills)| Point { kills, forget_index: nth % 3 == 1 }).collect()
}

/// Some of them, in order.
pub fn sample(points: Vec<Point>, most: usize, dice: &mut Dice) -> Vec<Point> {
    let mut points: Vec<(usize, Point)> = points.into_iter().enumerate().collect();
    while points.len() > most {
        let out = usize::try_from(dice.roll(points.len() as u64)).unwrap_or(0);
        points.swap_remove(out);
    }
    points.sort_by_key(|(nth, _)| *nth);
    points.into_iter().map(|(_, point)| point).collect()
}

/// Up to four kills one after the other, of any sort.
pub fn random_points(count: usize, calm: &Life, requests: u64, dice: &mut Dice) -> Vec<Point> {
    let report = calm.report.as_ref();
    let (entries, appends) = report.map_or((1, 1), |report| (report.entries, report.appends));
    let millis = u64::try_from(calm.took.as_millis()).unwrap_or(1000);
    let kill = |dice: &mut Dice| match dice.roll(5) {
        0 => Kill::Own(OwnKill::AtEntry(1 + dice.roll(entries))),
        1 => Kill::Own(OwnKill::AtAppend(1 + dice.roll(appends))),
        2 => Kill::AtCall(1 + dice.roll(requests), Moment::Before),
        3 => Kill::AtCall(1 + dice.roll(requests), Moment::After),
        _ => Kill::AfterMs(1 + dice.roll(millis)),
    };
    let point = |dice: &mut Dice| {
        let kills = (0..=dice.roll(4)).map(|_| kill(dice)).collect();
        Point { kills, forget_index: dice.roll(3) == 0 }
    };
    (0..count).map(|_| point(dice)).collect()
}

/// Lives through the points, a few worlds at a time, and says what was wrong with each.
///
/// # Panics
/// When a world panics.
pub async fn endure(program: &str, size: Size, marker: Marker, calm: &Life, points: Vec<Point>) -> Tally {
    let mut worlds = JoinSet::new();
    for point in points {
        let (program, calm) = (program.to_owned(), calm.clone());
        worlds.spawn(async move {
            let _turn = TURNS.acquire().await.expect("it stays open");
            one(&program, size, marker, &calm, &point).await
        });
    }
    let mut tally = Tally::default();
    while let Some(one) = worlds.join_next().await {
        tally.add(one.expect("a world"));
    }
    tally
}

async fn one(program: &str, size: Size, marker: Marker, calm: &Life, point: &Point) -> Tally {
    let mut stage = Stage::new(program, size, marker).await;
    let mut lives: Vec<Life> = Vec::new();
    let mut kills = point.kills.iter();
    while lives.len() < MOST_LIVES
        && lives.last().is_none_or(|life| life.report.is_none() && life.lost.is_none())
    {
        if point.forget_index && !lives.is_empty() {
            stage.forget_index();
        }
        lives.push(stage.live(kills.next().copied()).await);
    }
    // Reading files here would hold up the twins of other worlds.
    tokio::task::block_in_place(|| judge(&stage, calm, point, &lives))
}
