//! The API as callers see it: a real engine and a journal in memory behind real sockets.

mod auth;
mod bad_input;
mod cards;
mod events;
mod intake;
mod runs;
mod shape;
mod world;
