//! The program `stanch` as a child process.
#![allow(clippy::unwrap_used, clippy::panic)] // tests may

mod alone;
mod authoring;
mod bad_input;
mod begin;
mod broken;
mod check;
mod clocks;
mod closing;
mod doors;
mod drain;
mod edited;
mod evidence;
mod keep;
mod ladder;
mod operate;
mod pages;
mod people;
mod phone;
mod plan;
mod provider;
mod recorded;
mod registers;
mod report;
mod returned;
mod rungs;
mod screens;
mod siem;
mod signed;
mod support;
mod transcripts;
mod undo;
mod vendors;
mod verbs;
mod versions;
