//! The language server: playbooks and our YAML in an editor, and the JSON Schemas that other editors' YAML servers use.
//!
//! [`serve`] speaks the protocol on two byte streams until the editor leaves. What a script means is answered by
//! `stanch_playbooks::assist`, what a YAML file means by `yaml`, mistakes by the checks that `stanch check` makes: this crate
//! adds places, overlays of what is not saved yet, and manners. It never writes a file and never reaches a platform.

mod answers;
mod desk;
mod files;
mod ground;
mod mistakes;
mod protocol;
pub mod schema;
mod script;
mod server;
mod text;
mod wire;
mod yaml;

pub use ground::{Ground, Grounds};
pub use server::{End, serve};
