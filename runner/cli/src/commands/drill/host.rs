//! Playing at this terminal: the supervisor and the screens of one seat side by side in one process.

use std::path::PathBuf;

use stanch_client::Seat;
use stanch_drill::{DrillError, News, Offer, Outcome, Rehearsal};
use stanch_tui::Look;
use tokio::sync::{oneshot, watch};

use super::seat;
use crate::out::Out;

/// How a played drill ended.
pub(super) enum Ended {
    /// With a score.
    Over(Outcome),
    /// It could not be played, or was left before its end.
    Broke(DrillError),
}

/// Plays it, with the screens open until the person leaves.
///
/// # Errors
/// When the screens cannot be shown.
pub(super) async fn host(
    rehearsal: Rehearsal<'_>,
    leave: watch::Sender<bool>,
    look: Look,
    record: Option<PathBuf>,
    out: Out,
) -> anyhow::Result<Ended> {
    let (opened, doors) = oneshot::channel();
    let mut opened = Some(opened);
    let mut tell = move |news: News| {
        if let News::Doors { seats, host } = news {
            out.text(&offered(&seats, host.as_ref()));
            if let (Some(opened), Some(host)) = (opened.take(), host) {
                // nobody listens any more: the screens are closed
                let _closed = opened.send(host);
            }
        }
    };
    let play = stanch_drill::rehearse(rehearsal, &mut tell);
    let screens = async move {
        // a play that breaks before it has seats says so itself
        let Ok(host) = doors.await else { return std::future::pending().await };
        seat::play(Seat::at(&host.code)?, look, record).await
    };
    tokio::pin!(play);
    let shown = tokio::select! {
        done = &mut play => return Ok(ended(done)),
        shown = screens => shown,
    };
    leave.send_replace(true);
    let done = play.await;
    shown?;
    Ok(ended(done))
}

fn ended(done: Result<Outcome, DrillError>) -> Ended {
    match done {
        Ok(outcome) => Ended::Over(outcome),
        Err(error) => Ended::Broke(error),
    }
}

/// Every seat, and how others sit down there.
pub(super) fn offered(seats: &[Offer], host: Option<&Offer>) -> String {
    let line = |offer: &Offer| {
        let yours = host.is_some_and(|host| host.seat == offer.seat);
        let how = if yours { "yours".to_owned() } else { format!("stanch drill join {}", offer.code) };
        format!("  {:<12} {:<5} {how}\n", offer.seat.as_str(), offer.name)
    };
    let seats: String = seats.iter().map(line).collect();
    format!(
        "DRILL  simulated, nothing leaves this machine. Seats, from other terminals of this machine:\n{seats}"
    )
}
