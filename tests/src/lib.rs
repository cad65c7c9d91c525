//! End-to-end suites and their harness.
