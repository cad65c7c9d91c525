//! The journal: an append-only log, its index, its vault.
//!
//! The log is the truth: JSON lines in segments, each entry chained by hash within its stream, each batch synced before
//! anybody is told. The index (sled) only answers questions faster and may be deleted at any time. Nothing here knows
//! what entries mean.

mod append;
mod clock;
pub mod disk;
mod error;
mod follow;
mod journal;
mod leases;
mod line;
mod local;
mod memory;
mod query;
mod rules;
mod segment;
mod table;
mod vault;
mod waiters;

pub use append::{Blob, Epoch, Post, Posted, Row, StreamAppend, Ticket, With, inbox_of};
pub use error::{Difference, JournalError};
pub use follow::Follower;
pub use journal::{BoxFuture, DurableHook, Journal, PostHook};
pub use local::{KeySource, LocalJournal, LostHook, Options};
pub use memory::MemoryJournal;
pub use query::{Claim, Cursor, Filter, NotACursor, Page, Stats, StreamInfo};
pub use vault::Vault;
