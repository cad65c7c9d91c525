//! Drills: the supervisor, its twins, its faults.
