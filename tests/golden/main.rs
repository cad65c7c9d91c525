//! Journals that earlier programs wrote go on in this one: they verify, they fold to what they said, every run replays
//! without a difference, and what was left open goes on to the end that it had then. See README.md beside this file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod house;
mod kinds;
mod stories;
mod told;

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use stanch_drill::{ledger, record};
use stanch_journal::{KeySource, Verify, verify};
use stanch_model::RunId;

use house::{House, KEY, Opening, here};
use stories::{BEGAN, STORIES};

/// The formats so far, oldest first. `STANCH_WRITE=1` writes what is missing
/// of the last one and touches nothing else.
const FORMATS: [&str; 1] = ["1"];

/// All fixtures together, bytes.
const ROOM: u64 = 544 * 1024;

fn journals() -> PathBuf {
    here().join("journals")
}

/// Every story in every format that it was kept in.
fn kept() -> Vec<PathBuf> {
    let stories = FORMATS.iter().flat_map(|format| STORIES.map(|story| journals().join(format).join(story)));
    stories.filter(|folder| folder.is_dir()).collect()
}

/// What makes a data folder; all else is made again.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && name != "index" {
            copy(&path, &to.join(name));
        } else if path.is_file() && (name.ends_with(".jsonl") || in_vault(&path)) {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
    // Nothing lies in it: not a folder that git would keep.
    let _ = fs::remove_dir(to);
}

fn in_vault(path: &Path) -> bool {
    path.parent().is_some_and(|folder| ["vault", "blobs"].iter().any(|name| folder.ends_with(name)))
}

/// The company as the story left it: its clock, mode and platform are what the last entry says.
async fn reopened(folder: &Path, story: &str) -> House {
    let end = last_time(folder);
    let mode =
        if story == "promotion" { stanch_model::run::Mode::Live } else { stanch_model::run::Mode::Drill };
    let shop = if story == "stopped" { "https://new.shop.example" } else { "https://shop.example" };
    House::open(folder, Opening { at: end, mode, shop }).await
}

fn last_time(folder: &Path) -> Timestamp {
    let entries = stanch_journal::tail(folder, usize::MAX).unwrap().rest().unwrap();
    let times = entries.iter().filter_map(|entry| entry.header.time.parse().ok());
    times.max().unwrap_or(BEGAN)
}

/// A story as this program tells it: what its journal says, and what it says once everything has gone on.
async fn tell(folder: &Path, story: &str) -> (String, String) {
    if story == "drill" {
        return tell_drill(folder);
    }
    let how = Verify { vault_key: Some(KeySource::Bytes(KEY)), ..Verify::default() };
    let found = verify(folder, &how).unwrap_or_else(|why| panic!("{story}: {why}"));
    assert!(found.entries > 0 && found.torn.is_none(), "{story}: {found:?}");
    let house = reopened(folder, story).await;
    // What was under way when the story ended has come back, or will not.
    house.rests().await;
    let left = told::told(&house.engine);
    let steps = replay(&house, story).await;
    if story == "killed" {
        house.engine.pause_scope("all", false, "ana").await.unwrap();
    }
    house.go_on().await;
    assert!(replay(&house, story).await >= steps, "{story}");
    let went_on = told::told(&house.engine);
    house.close().await;
    (left, went_on)
}

/// Every run replays without a difference, and nobody outside hears of it. Gives how many steps there are.
async fn replay(house: &House, story: &str) -> u64 {
    let runs: Vec<RunId> = house.engine.runs(false, 100).unwrap().into_iter().map(|row| row.id).collect();
    let (engine, asked) = (house.engine.clone(), house.twins.requests().len());
    let replayed = tokio::task::spawn_blocking(move || engine.replay(&runs)).await.unwrap();
    assert_eq!(house.twins.requests().len(), asked, "{story}: a replay asked a platform");
    replayed.unwrap_or_else(|why| panic!("{story}: {why}"))
}

fn tell_drill(folder: &Path) -> (String, String) {
    let data = &folder.join("data");
    for own in [record::Record::folder(data), ledger::folder(data)] {
        let found = verify(&own, &Verify::default()).unwrap();
        assert!(found.entries > 0, "{}: {found:?}", own.display());
    }
    let lines = record::read(data).unwrap();
    let lines: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    let kept = told::drilled(&ledger::read(&ledger::folder(data)).unwrap());
    (format!("{}\n{kept}", lines.join("\n")), String::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn journals_of_every_format_so_far_verify_fold_and_replay_and_go_on_to_the_same_end() {
    let kept = kept();
    assert!(kept.len() >= STORIES.len(), "some stories are not kept: see README.md");
    for folder in kept {
        let story = folder.file_name().unwrap().to_string_lossy().into_owned();
        let place = folder.strip_prefix(journals()).unwrap().display().to_string();
        let data = tempfile::tempdir().unwrap();
        copy(&folder, data.path());
        let (left, went_on) = tell(data.path(), &story).await;
        for (file, now) in [("left.txt", left), ("went-on.txt", went_on)] {
            let then = fs::read_to_string(folder.join(file)).unwrap_or_default();
            assert_eq!(
                now, then,
                "{place}/{file}: this program reads the journal otherwise than the one that wrote it"
            );
        }
    }
}

/// Writes what is missing of the newest format when it is asked to; else shows that today's stories still can be written.
#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_is_missing_is_written_when_somebody_asks_for_it() {
    let newest = journals().join(FORMATS[FORMATS.len() - 1]);
    let writes = std::env::var_os("STANCH_WRITE").is_some();
    for story in STORIES.into_iter().filter(|story| !newest.join(story).exists()) {
        assert!(writes, "{story} is not kept: STANCH_WRITE=1 cargo test -p stanch-tests --test golden");
        let (data, again, folder) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), newest.join(story));
        stories::play(story, data.path()).await;
        copy(data.path(), again.path());
        let (left, went_on) = tell(again.path(), story).await;
        copy(data.path(), &folder);
        fs::write(folder.join("left.txt"), left).unwrap();
        fs::write(folder.join("went-on.txt"), went_on).unwrap();
    }
}

#[test]
fn the_fixtures_stay_small() {
    fn size(folder: &Path) -> u64 {
        let entries = fs::read_dir(folder).unwrap().flatten();
        entries
            .map(
                |entry| {
                    if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().unwrap().len() }
                },
            )
            .sum()
    }
    let size = size(&journals());
    assert!(size <= ROOM, "{size} bytes: keep only what a format changed");
}
