//! Playbooks: loading, checking, the dialect of Rhai, the library.
