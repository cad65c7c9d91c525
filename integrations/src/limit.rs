//! The pace of one integration, shared by all runs.

/// The right to make one call now. Dropping it frees its slot.
#[derive(Debug)]
pub struct Permit {
    _private: (),
}
