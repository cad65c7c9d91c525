//! Playbooks: loading, checking, the dialect of Rhai, the library.
//!
//! A playbook is a folder: `playbook.yaml` says what it is and what it may do, `main.rhai` does it, `templates/*.md` are
//! the notices it sends, `README.md` is for the person who runs it. This crate turns such a folder into a [`Playbook`],
//! finds every mistake in it at once ([`check()`]), and owns the language that scripts are written in ([`dialect`]).
//! It never runs a script: the engine does, with the calls that [`dialect::HOST_CALLS`] describes.

pub mod assist;
pub mod bundle;
pub mod check;
pub mod clash;
pub mod codes;
pub mod course;
pub mod coverage;
pub mod dialect;
pub mod diff;
mod files;
mod fix;
mod library;
pub mod manifest;
pub mod needs;
pub mod outline;
mod playbook;
mod survey;
mod syntax;
pub mod template;

pub use bundle::{Bundle, BundleError};
pub use check::{AlertKinds, CheckContext, alert_kinds, check, check_dir, check_sources};
pub use course::Course;
pub use fix::{Fixed, fix_dir, fix_sources};
pub use library::Library;
pub use manifest::Manifest;
pub use outline::{OutlineStep, outline};
pub use playbook::Playbook;
pub use template::Template;
