//! Entries of a run's stream and the view that they fold into.
