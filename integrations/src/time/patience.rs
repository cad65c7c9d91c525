//! How long one attempt may take.

use std::time::Duration;

use tokio::time::Instant;

use super::Tempo;

/// The patience of one attempt, from its beginning.
///
/// On the wall's clock all of it counts: every request and every wait in a line. On a scenario's clock a request and a wait
/// have the whole time each, the request on the wall's clock, the wait on the scenario's: how fast the machine is that plays
/// it must not change the story.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience<'a> {
    tempo: &'a Tempo,
    long: Duration,
    until: Instant,
}

impl<'a> Patience<'a> {
    /// So long from now.
    pub(crate) fn new(tempo: &'a Tempo, long: Duration) -> Self {
        Self { tempo, long, until: Instant::now() + long }
    }

    /// The same, but on the wall's clock not beyond this, and otherwise no longer than that.
    pub(crate) fn at_most(self, until: Instant, long: Duration) -> Self {
        Self { long: self.long.min(long), until: self.until.min(until), ..self }
    }

    /// How long a request may take that begins now.
    pub(crate) fn left(&self) -> Duration {
        match self.tempo {
            Tempo::Wall => self.until.saturating_duration_since(Instant::now()),
            Tempo::Scenario(_) => self.long,
        }
    }

    /// Until when to stand in a line, as an instant that paces are counted in.
    pub(crate) fn stand(&self) -> Instant {
        self.tempo.now() + self.left()
    }

    /// What comes of something that makes several requests.
    pub(crate) async fn across<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        match self.tempo {
            Tempo::Wall => tokio::time::timeout_at(self.until, coming).await.ok(),
            Tempo::Scenario(_) => Some(coming.await),
        }
    }
}
