//! The floor without people: what must hold whoever asks when.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use parking_lot::{Mutex, RwLock};
use stanch_integrations::{
    ScenarioClock,
    twin::{TwinHost, TwinOptions},
};
use stanch_model::api::SeatKind;

use super::{Codes, Floor, Parts};
use crate::{
    board::Board,
    company,
    facts::Facts,
    record::Record,
    scenario::{self, Known, Scenario},
    stagehand::Stage,
    words,
};

fn first_drill() -> Scenario {
    let found = scenario::embedded().remove("first-drill").unwrap();
    scenario::read(&found.file, &found.text).unwrap()
}

async fn floor(folder: &std::path::Path) -> Floor {
    let scenario = first_drill();
    let clock = Arc::new(ScenarioClock::standing_at(scenario.clock.starts));
    let twins = TwinHost::start(TwinOptions {
        integrations: company::integrations(&scenario),
        world: scenario.world.clone(),
        clock: clock.clone(),
        ..TwinOptions::default()
    });
    let twins = Arc::new(twins.await.unwrap());
    let facts = Arc::new(RwLock::new(Facts::default()));
    let board = Board::new(&scenario, &words::Known::new(), &facts);
    let record = Record::open(folder, Some(clock.clone())).unwrap();
    let seats = company::seats(&scenario);
    let stage = Stage::new(scenario, facts, Mutex::new(board), record, Default::default(), clock.clone());
    Floor::new(Parts {
        stage: Arc::new(stage),
        twins,
        clock,
        known: Known::default(),
        codes: Codes::new(&seats, Some(SeatKind::Facilitator), String::new(), &[]).unwrap(),
        tokens: BTreeMap::new(),
        data: String::new(),
        rate: 1.0,
    })
}

/// The director holds the board and waits for the facts, a platform at work waits to write them: a view that held them while
/// it waits for the board would stop all three for good.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_waits_for_the_director_lets_a_platform_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let floor = Arc::new(floor(folder.path()).await);
    let code = floor.host().unwrap().code;
    let text = code.split('@').next().unwrap_or_default().to_owned();

    let board = floor.stage.board.lock();
    let viewer = floor.clone();
    let view = std::thread::spawn(move || viewer.view(viewer.codes.opens(&text).unwrap()));
    // however far the view has come by now: it may wait for the board, and must hold nothing meanwhile
    std::thread::sleep(Duration::from_millis(200));
    let facts = floor.stage.facts.try_write_for(Duration::from_secs(20));
    assert!(facts.is_some(), "the facts are held by a view that waits for the board");
    drop((facts, board));
    assert_eq!(view.join().unwrap().seat, SeatKind::Facilitator);
}

#[test]
fn the_shapes_of_the_seats_have_a_schema() {
    let schema = super::schema();
    let named: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(named, ["done", "order", "problem", "ticket", "view"]);
    assert!(schema["$defs"]["DrillOrder"].to_string().contains("\"edit\""), "{schema}");
}
