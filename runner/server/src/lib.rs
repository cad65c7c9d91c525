//! The HTTP server: alert intake, API, event stream.
