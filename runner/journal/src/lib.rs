//! The journal: an append-only log, its index, its vault.
