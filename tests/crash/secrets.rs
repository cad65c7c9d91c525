//! A secret out of one answer is used by the next step. The vault keeps it across a kill between the two; nothing else does.

use stanch_tests::crash::{Kill, Marker, Moment, OwnKill, Point, Size, Stage, judge};

use super::{CHILD, assert_clean, calm};

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_between_two_steps_survives_and_is_never_written_or_said() {
    let (calm, stage) = calm(Size::SMALL, Marker::Readable).await;
    let (listed, revoked) = (stage.seq("list_app_tokens"), stage.seq("revoke_token"));
    let between = [
        Kill::AtCall(listed, Moment::After),
        Kill::AtCall(listed + 1, Moment::Before),
        Kill::AtCall(revoked, Moment::Before),
        Kill::AtCall(revoked, Moment::After),
        Kill::Own(OwnKill::AtEntry(40)),
    ];
    for kill in between {
        let mut stage = Stage::new(CHILD, Size::SMALL, Marker::Readable).await;
        stage.make_chatty();
        let mut lives = vec![stage.live(Some(kill)).await];
        assert!(lives[0].report.is_none(), "{kill:?} kills");
        lives.push(stage.live(None).await);
        assert!(lives.iter().all(|life| life.said.contains("TRACE")), "everything is logged");
        let sent = stage.twins.effects().into_iter().filter(|effect| effect.action == "revoke_token");
        assert_eq!(sent.filter(|effect| effect.transition).count(), 2, "the real values were sent");
        // The judge looks for the secrets in the data folder, on stdout and in the log.
        assert_clean(&judge(&stage, &calm, &Point { kills: vec![kill], forget_index: false }, &lives));
    }
}
