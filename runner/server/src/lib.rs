//! The HTTP server: alert intake, API, event stream, telling people that they are needed.
//!
//! The way of an alert: `listen` accepts the connection, `routes` finds the handler, the source of the catalogue has the
//! delivery prove itself and reads it, the engine makes it durable together with the runs it starts, and only then the
//! answer is 2xx.
//!
//! The server must never act on a platform, decide what the engine decides, or say anything that is not durable.

mod app;
mod auth;
mod card;
mod clock;
mod desk;
mod drilled;
mod files;
mod heart;
mod house;
mod ledger;
mod link;
mod listen;
mod login;
mod metrics;
mod notices;
mod owners;
mod poll;
mod problem;
mod random;
mod recent;
mod reload;
mod retention;
mod routes;
mod server;
mod siem;
mod tell;
mod tls;
mod views;

pub use auth::{TokenError, Tokens};
pub use desk::ResponseDesk;
pub use files::{Files, Reader};
pub use reload::NotReloaded;
pub use retention::{Really, retain};
pub use server::{Running, Server, ServerError, ServerOptions};
