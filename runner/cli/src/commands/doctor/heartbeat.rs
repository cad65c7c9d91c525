//! Whether somebody would hear that this server is down. Asks the server what became of its signs of life; sends none.

use stanch_client::{Client, Location};
use stanch_model::config::Config;

use super::{Doctor, Found};
use crate::{place::Place, when};

pub(super) async fn look(config: &Config, place: &Place, doctor: &mut Doctor) {
    let Some(beat) = &config.heartbeat else {
        // Who takes no alerts is missed by nobody.
        if !config.alerts.is_empty() {
            doctor.say(Found::Note, "heartbeat", "nobody would hear that this server is down");
            doctor.help("`heartbeat: { to: healthchecks:NAME }` in stanch.yaml; `stanch integrations show healthchecks`");
        }
        return;
    };
    let socket = place.data.join("api.sock");
    let status = match Client::connect(Location::Socket(socket.clone())) {
        Ok(client) if socket.exists() => client.status().await.ok(),
        _ => None,
    };
    let Some(status) = status else {
        let words = format!("{} every {}, once a server runs", beat.to, beat.every);
        return doctor.say(Found::Note, "heartbeat", words);
    };
    match status.heartbeat {
        None => {
            doctor.say(Found::Wrong, "heartbeat", "the server began without it: restart it");
        }
        Some(state) => {
            let last = state
                .last
                .map_or_else(|| "none has arrived".to_owned(), |at| format!("the last at {}", when::at(&at)));
            match state.failing {
                Some(why) => doctor.say(Found::Wrong, "heartbeat", format!("{}: {why}; {last}", state.to)),
                None => {
                    doctor.say(Found::Fine, "heartbeat", format!("{} every {}, {last}", state.to, beat.every))
                }
            }
        }
    }
}
