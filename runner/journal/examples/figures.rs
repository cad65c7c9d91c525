//! The journal's own figures beside the disk's: `cargo run --release -p stanch-journal --example figures [DIR] [ENTRIES]`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, run by hand")]

use std::{path::Path, time::Instant};

use stanch_journal::{
    Journal, KeySource, LocalJournal, Options, Row, StreamAppend, With, measure::SyncProbe,
};
use stanch_model::{NewEntry, StreamId};

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "figures-data".to_owned());
    let entries: u64 = std::env::args().nth(2).and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let folder = Path::new(&folder);
    let _ = std::fs::remove_dir_all(folder);
    let journal = timed("open an empty folder", || open(folder));
    one_at_a_time(&journal, folder);
    grouped(&journal, entries);
    read(&journal, entries / 100);
    drop(journal);
    let journal = timed("open with the index", || open(folder));
    read_all(&journal);
    journal.crash();
    let journal = timed("open after a crash", || open(folder));
    drop(journal);
    std::fs::remove_dir_all(folder.join("index")).unwrap();
    let journal = timed("open without the index", || open(folder));
    park(&journal, 100_000);
    drop(journal);
    let journal = timed("open with 100,000 parked", || open(folder));
    println!("due: {}", journal.due(i64::MAX, 1_000_000).unwrap().len());
    memory("at the end");
    drop(journal);
    std::fs::remove_dir_all(folder).unwrap();
}

fn open(folder: &Path) -> LocalJournal {
    LocalJournal::open(folder, Options::new(KeySource::Bytes([7; 32]))).unwrap()
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    println!("{what}: {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    done
}

fn memory(when: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = |name| status.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    println!("{when}: {} {}", line("VmHWM"), line("VmRSS"));
}

fn entry() -> NewEntry {
    NewEntry { kind: "step.intent".into(), body: format!("{{\"fill\":\"{}\"}}", "x".repeat(389)) }
}

/// Pairwise: our append with its commit, then the same bytes written and synced by hand.
fn one_at_a_time(journal: &LocalJournal, folder: &Path) {
    let stream = StreamId::from_stored("run/alone");
    let before = journal.stats();
    let mut ours = Vec::new();
    let mut disk = Vec::new();
    let mut probe = SyncProbe::open(folder, 1_050).unwrap();
    for _ in 0..2_000 {
        let started = Instant::now();
        let append = StreamAppend::new(stream.clone(), journal.epoch(), vec![entry()]);
        journal.append(vec![append], With::default()).unwrap();
        journal.commit_here();
        ours.push(started.elapsed().as_secs_f64() * 1e6);
        disk.push(probe.once().unwrap().as_secs_f64() * 1e6);
    }
    let stats = journal.stats();
    let bytes = (stats.bytes - before.bytes) / (stats.batches - before.batches).max(1);
    let mut ratios: Vec<f64> = ours.iter().zip(&disk).map(|(ours, disk)| ours / disk).collect();
    for list in [&mut ours, &mut disk, &mut ratios] {
        list.sort_by(f64::total_cmp);
    }
    println!(
        "one at a time ({bytes} bytes): {:.0} us, disk {:.0} us, median ratio {:.3}",
        ours[1_000], disk[1_000], ratios[1_000]
    );
}

fn grouped(journal: &LocalJournal, entries: u64) {
    let started = Instant::now();
    let cpu = cpu_seconds();
    for batch in 0..entries / 100 {
        for n in 0..100 {
            let stream = StreamId::from_stored(format!("run/{:06}", (batch * 100 + n) % (entries / 100)));
            let append = StreamAppend::new(stream, journal.epoch(), vec![entry()]);
            journal.append(vec![append], With::default()).unwrap();
        }
        journal.commit_here();
    }
    let took = started.elapsed().as_secs_f64();
    println!(
        "batches of 100: {:.0} entries/s ({:.1} s, {:.2} us of processor per entry, all threads)",
        entries as f64 / took,
        took,
        (cpu_seconds() - cpu) * 1e6 / entries as f64
    );
    println!("{:?}", journal.stats());
    memory("after appending");
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn read(journal: &LocalJournal, streams: u64) {
    let started = Instant::now();
    let mut count = 0;
    for n in 0..streams.min(500) {
        let stream = StreamId::from_stored(format!("run/{:06}", n * (streams / streams.min(500))));
        count += journal.read(&stream, 1, usize::MAX).unwrap().len();
    }
    println!("read scattered streams: {:.0} entries/s", count as f64 / started.elapsed().as_secs_f64());
}

fn read_all(journal: &LocalJournal) {
    let stream = StreamId::from_stored("run/dense");
    for _ in 0..100 {
        let append = StreamAppend::new(stream.clone(), journal.epoch(), vec![entry(); 1_000]);
        let ticket = journal.append(vec![append], With::default()).unwrap();
        journal.wait(&ticket).unwrap();
    }
    let started = Instant::now();
    let count = journal.read(&stream, 1, usize::MAX).unwrap().len();
    println!(
        "read one stream, chain verified: {:.0} entries/s",
        count as f64 / started.elapsed().as_secs_f64()
    );
}

fn park(journal: &LocalJournal, runs: u64) {
    let started = Instant::now();
    for n in 0..runs {
        let row =
            Row { state: "waiting".into(), wait: Some(format!("approval-{n}")), due_ms: Some(n as i64) };
        let stream = StreamId::from_stored(format!("run/parked{n:020}"));
        let append = StreamAppend {
            row: Some(row),
            ..StreamAppend::new(stream, journal.epoch(), vec![entry(), entry()])
        };
        journal
            .append(vec![append], With { unique: vec![format!("delivery-{n}")], ..With::default() })
            .unwrap();
        if n % 64 == 0 {
            journal.commit_here();
        }
    }
    journal.commit_here();
    println!("park {runs} runs: {:.0} runs/s", runs as f64 / started.elapsed().as_secs_f64());
    memory("after parking");
}
