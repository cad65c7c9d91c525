//! Incidents, vendors, deadlines, notices.
