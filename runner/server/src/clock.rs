//! The engine's clock as an instant.

use std::sync::Arc;

use jiff::Timestamp;
use stanch_engine::Clock;

/// Now, by this clock.
pub(crate) fn now(clock: &Arc<dyn Clock>) -> Timestamp {
    Timestamp::from_millisecond(clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
}
