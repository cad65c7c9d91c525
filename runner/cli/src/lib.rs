//! The program stanch: its commands and exit codes.
