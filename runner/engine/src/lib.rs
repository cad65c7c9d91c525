//! The engine: scripts that are replayed, steps, waits, approvals, proof.
