//! `stanch login`, `logout` and `whoami`: a token for this person, by way of the provider where they log in.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use stanch_client::{Client, ClientError};
use stanch_model::{
    api::{BegunLogin, LoginState, MadeToken},
    text::clean,
};

use crate::{
    exit::Exit,
    logins::{Kept, Logins},
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
    when,
};

/// Log in at the provider of a server, for the commands and screens here
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Open the address on any device, type the code, and log in there. The token that comes of it is kept in \
        stanch/logins.json of your own configuration: every command with the same --url finds it.\n\n\
        Only type a code that you asked for yourself: whoever sends you one wants to be you."
)]
pub(crate) struct LoginArgs {
    #[command(flatten)]
    reach: ReachArgs,
}

/// End your login at a server, there and here
#[derive(Debug, clap::Args)]
pub(crate) struct LogoutArgs {
    #[command(flatten)]
    reach: ReachArgs,
}

/// Say whom the server takes you for
#[derive(Debug, clap::Args)]
pub(crate) struct WhoamiArgs {
    #[command(flatten)]
    reach: ReachArgs,
}

/// `slow_down` asks for so much more between two questions (RFC 8628, 3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// Logs in.
///
/// # Errors
/// When nobody can log in there, the person says no, or time is over.
pub(crate) async fn login(args: LoginArgs, out: Out) -> anyhow::Result<Exit> {
    let url = named(&args.reach, "log in at")?.to_owned();
    // before anything is asked: a token that cannot be kept is not asked for
    let mut logins = Logins::open()?;
    let client = args.reach.stranger()?;
    let begun = client.begin_login().await.map_err(answer)?;
    ask(&begun, out);
    let made = wait(&client, &begun).await?;
    let name = made.info.name.clone();
    let kept = Kept::of(&made);
    let until =
        kept.until.as_deref().map_or_else(String::new, |until| format!(", until {}", when::at(until)));
    let place = logins.keep(&url, kept)?.display().to_string();
    out.text(&format!("you are {name} ({}){until}", made.info.role));
    out.aside(&format!("kept in {place}; next: export STANCH_URL={url}"));
    out.line(&json!({ "login": made.info, "url": url, "kept": place }));
    Ok(Exit::Yes)
}

fn ask(begun: &BegunLogin, out: Out) {
    // what a provider says is shown as text, whatever it is
    let (at, code) = (clean(&begun.verification_uri), clean(&begun.user_code));
    out.text(&format!("open   {at}\ntype   {code}"));
    if let Some(whole) = &begun.verification_uri_complete {
        out.text(&format!("or     {}", clean(whole)));
    }
    let left = when::length(begun.expires_in.into());
    out.aside(&format!("waiting for you, {left} at most; Ctrl-C gives up"));
    out.line(&json!({ "open": at, "code": code, "expires_in": begun.expires_in }));
}

/// Asks until it is done, no more often than it may.
async fn wait(client: &Client, begun: &BegunLogin) -> anyhow::Result<MadeToken> {
    let mut pause = Duration::from_secs(begun.interval.max(1).into());
    let end = tokio::time::Instant::now() + Duration::from_secs(begun.expires_in.into());
    loop {
        if tokio::time::Instant::now() + pause > end {
            let said = Said::new("nobody typed the code in time").exit(Exit::No);
            return Err(said.help("begin again: stanch login").into());
        }
        tokio::time::sleep(pause).await;
        match client.poll_login(&begun.login).await {
            Ok(polled) => match (polled.state, polled.token) {
                (LoginState::Done, Some(made)) => return Ok(made),
                (LoginState::SlowDown, _) => pause += SLOWER,
                _ => {}
            },
            // a line that broke, a provider that hiccups: it is asked again, more slowly
            Err(ClientError::Unreachable { .. }) => pause = (pause * 2).min(Duration::from_secs(60)),
            Err(error) if error.status() == Some(503) || error.status() == Some(429) => {
                pause = (pause * 2).min(Duration::from_secs(60));
            }
            Err(error) if error.status() == Some(410) => {
                return Err(Said::new(error.to_string())
                    .help("begin again: stanch login")
                    .exit(Exit::No)
                    .into());
            }
            Err(error) => return Err(answer(error)),
        }
    }
}

/// Logs out.
///
/// # Errors
/// When there is no login, or it could only be forgotten here.
pub(crate) async fn logout(args: LogoutArgs, out: Out) -> anyhow::Result<Exit> {
    let url = named(&args.reach, "log out from")?.to_owned();
    let mut logins = Logins::open()?;
    let Some(kept) = logins.of(&url).cloned() else {
        let said = Said::new(format!("there is no login for {url} here")).exit(Exit::No);
        return Err(said.help("a token of `stanch tokens new` is ended with `stanch tokens revoke`").into());
    };
    let ended = if kept.is_over(Timestamp::now()) {
        Ok(())
    } else {
        match args.reach.holding(&kept.token)?.log_out().await {
            Ok(_) => Ok(()),
            // it counted no more already
            Err(error) if error.status() == Some(401) => Ok(()),
            Err(error) => Err(error),
        }
    };
    logins.forget(&url)?;
    let until = kept.until.as_deref().map_or_else(|| "it is revoked".to_owned(), when::at);
    if let Err(error) = ended {
        let said = Said::new(format!("forgotten here, but {url} did not end it: {error}"));
        let help =
            format!("whoever has the token can use it until {until}; an admin ends it: stanch tokens revoke");
        return Err(said.help(help).into());
    }
    out.text(&format!("{} is logged out", kept.name));
    out.line(&json!({ "logged_out": kept.name, "url": url }));
    Ok(Exit::Yes)
}

/// Says who one is.
///
/// # Errors
/// When no server answers, or it does not know the token.
pub(crate) async fn whoami(args: WhoamiArgs, out: Out) -> anyhow::Result<Exit> {
    let me = args.reach.client()?.me().await.map_err(answer)?;
    let until = me.until.as_deref().map_or_else(String::new, |until| format!(", until {}", when::at(until)));
    out.text(&format!("{} ({}) by {}{until}", me.name, me.role, me.through));
    out.line(&me);
    Ok(Exit::Yes)
}

fn named<'a>(reach: &'a ReachArgs, what: &str) -> anyhow::Result<&'a str> {
    reach.url.as_deref().ok_or_else(|| {
        Said::new(format!("which server do you want to {what}?"))
            .help("add --url https://stanch.acme.example; on the server's own machine you need no login")
            .exit(Exit::Usage)
            .into()
    })
}
