//! The journal: an append-only log, its index, its vault.
//!
//! The log is the truth: JSON lines in segments, each entry chained by hash within its stream, each batch synced before
//! anybody is told. The index (sled) only answers questions faster and may be deleted at any time. Nothing here knows
//! what entries mean.

mod append;
mod backup;
mod clock;
pub mod disk;
mod error;
mod export;
pub mod faults;
mod follow;
mod forget;
mod journal;
mod leases;
mod line;
mod local;
pub mod measure;
mod memory;
mod query;
mod rules;
mod scan;
mod segment;
mod sign;
mod table;
mod tail;
mod vault;
mod verify;
mod waiters;
mod walk;

pub use append::{Blob, Epoch, Post, Posted, Row, StreamAppend, Ticket, With, inbox_of};
pub use backup::{backup, restore};
pub use clock::TellTime;
pub use error::{Difference, JournalError};
pub use export::{Exported, RECIPE, export};
pub use follow::Follower;
pub use forget::Forget;
pub use journal::{BoxFuture, DurableHook, Journal, PostHook, Visit};
pub use local::{IndexPlace, KeySource, LocalJournal, LostHook, Options};
pub use memory::MemoryJournal;
pub use query::{Claim, Cursor, Filter, NotACursor, Page, Stats, StreamInfo};
pub use sign::{KeyError, PublicKey, Signer};
pub use tail::{Tail, tail};
pub use vault::Vault;
pub use verify::{SignedUpTo, Verified, Verify, verify};
pub use walk::walk;
