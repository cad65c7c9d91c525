//! Buttons in Slack: `POST /v1/slack`, the request address of the Slack app's interactivity.
//!
//! Slack gives a press three seconds, so the answer is durable and acknowledged first; what the message says of it is changed after.

use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use stanch_engine::Answer;
use stanch_integrations::{Call, Outcome};

use super::cards;
use crate::{
    app::{App, Shared},
    link::{NoPress, Offer, Press},
    problem::Refused,
};

/// One message to Slack, on the wall clock.
const ATTEMPT: std::time::Duration = std::time::Duration::from_secs(10);

/// `POST /v1/slack`
pub(super) async fn press(
    State(app): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refused> {
    let Some(secret) = &app.slack else {
        return Err(Refused::not_found("nobody answers through Slack here")
            .help("write `server: { slack: { integration: …, secret: env:… } }` in stanch.yaml"));
    };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (at, mark) = (header("x-slack-request-timestamp"), header("x-slack-signature"));
    // The wall clock: Slack's stamp is of the real world, whatever clock a drill has.
    let press = Press::read(secret.expose(), at, mark, &body, jiff::Timestamp::now());
    let press = press.map_err(|why| match why {
        NoPress::Unproven => Refused::new(
            StatusCode::UNAUTHORIZED,
            "signature",
            "the signature does not hold, or the request is older than five minutes",
        )
        .help("`server.slack.secret` is the signing secret of the Slack app; and is this machine's clock right?"),
        NoPress::Other => Refused::bad("this is no press of a button of ours"),
    })?;
    let said = say(&app, &press).await;
    let after = app.clone();
    tokio::spawn(async move {
        if let Err(why) = show(&after, &press, &said).await {
            tracing::warn!(why, "Slack was not told what became of a press");
        }
    });
    Ok(StatusCode::OK)
}

/// What became of it: a line for everybody under the message, or a word for whoever pressed.
enum Became {
    Taken { line: String, open: Option<Offer> },
    Not(String),
}

async fn say(app: &App, press: &Press) -> Became {
    let people = &app.config.people.known;
    let person = people.iter().find(|(_, person)| person.slack.as_deref() == Some(&press.user));
    let Some((name, _)) = person else {
        return Became::Not(format!(
            "Not taken: nobody knows who {} is here (`people: known: {{ NAME: {{ slack: {} }} }}` in stanch.yaml).",
            press.user, press.user
        ));
    };
    match decide(app, press, name).await {
        Ok(became) => became,
        Err(refused) => Became::Not(format!("Not taken: {}.", refused.message())),
    }
}

async fn decide(app: &App, press: &Press, name: &str) -> Result<Became, Refused> {
    let (run, _, wait) = cards::find(app, &press.card)?;
    if !Offer::of(&press.card, &wait).is_some_and(|offer| offer.words.contains(&press.say)) {
        return Err(Refused::bad(format!("{} cannot be said of {} here", press.say, press.card)));
    }
    let answer = Answer {
        wait: wait.id.clone(),
        say: press.say.clone(),
        who: name.to_owned(),
        channel: "slack".to_owned(),
        reason: String::new(),
    };
    app.engine.answer(&run, answer).await?;
    let at = app.now().strftime("%Y-%m-%d %H:%M UTC").to_string();
    let said = match press.say.as_str() {
        "approve" => "yes",
        "deny" => "no",
        word => word,
    };
    let yes = wait.decisions.iter().filter(|one| one.say == "approve" && one.who != name).count() as u32 + 1;
    let open = (press.say == "approve" && yes < wait.of).then(|| Offer::of(&press.card, &wait)).flatten();
    let of = open.as_ref().map_or_else(String::new, |_| format!(" ({yes} of {})", wait.of));
    Ok(Became::Taken { line: format!("{name} said {said}{of}, {at}"), open })
}

async fn show(app: &App, press: &Press, became: &Became) -> Result<(), String> {
    let (action, input) = match became {
        Became::Taken { line, open } => {
            let text = format!("{}\n{line}", press.text);
            let mut input = json!({ "channel": press.channel, "ts": press.ts, "text": text });
            let closed = json!([{ "type": "section", "text": { "type": "plain_text", "text": text } }]);
            let blocks = open.as_ref().and_then(|offer| offer.blocks(&text)).unwrap_or(closed);
            input["blocks"] = json!(blocks.to_string());
            ("update_message", input)
        }
        Became::Not(why) => {
            ("post_ephemeral", json!({ "channel": press.channel, "user": press.user, "text": why }))
        }
    };
    match app.engine.integrations().call(call(app, press, action, input)).await {
        Outcome::Done { .. } => Ok(()),
        Outcome::Refused { message, .. } => Err(message),
        Outcome::NotSent { why } => Err(why),
        Outcome::InDoubt { .. } => Err("nobody knows whether it came there".to_owned()),
        Outcome::Limited { .. } => Err("the platform asks to wait".to_owned()),
    }
}

fn call(app: &App, press: &Press, action: &str, input: Value) -> Call {
    let through = app.config.server.slack.as_ref().map(|slack| slack.integration.clone());
    Call {
        integration: through.unwrap_or_default(),
        action: action.to_owned(),
        input,
        target: None,
        key: format!("press {} {} {}", press.card, press.user, press.ts),
        attempt: 1,
        deadline: ATTEMPT,
        permit: None,
    }
}
