//! `stanch tokens`: who may speak to the server. Through the server while one runs, in its data folder otherwise.

use serde_json::json;
use stanch_model::api::{LoginWay, MadeToken, NewToken, Role, TokenInfo};
use stanch_server::Tokens;

use crate::{
    exit::Exit,
    out::Out,
    reach::{self, ReachArgs, answer},
    table::Table,
    when,
};

/// Who may speak to the server
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List tokens, without what they are
    List(ReachArgs),
    /// Make a token; it is shown this once
    New {
        /// The person or program that will hold it: people by the name they have under `people:`
        name: String,
        /// viewer, responder, approver or admin; each may do all that the ones before it may
        #[arg(long, value_parser = role, default_value = "responder")]
        role: Role,
        /// How many days it works; for good unless given
        #[arg(long, value_name = "N")]
        days: Option<u32>,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// End a token at once
    Revoke {
        /// Its id, as in `list`
        #[arg(value_parser = reach::id)]
        id: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "say viewer, responder, approver or admin".to_owned())
}

/// Lists, makes or revokes.
///
/// # Errors
/// When neither server nor data folder is there, or it refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    match args.what {
        What::List(reach) => {
            let tokens = match offline(&reach)? {
                Some(tokens) => tokens.list(),
                None => reach.client()?.tokens().await.map_err(answer)?.items,
            };
            list(&tokens, out);
        }
        What::New { name, role, days, reach } => {
            let new = NewToken { name, role, days };
            let made = match offline(&reach)? {
                Some(tokens) => tokens.make(&new)?,
                None => reach.client()?.make_token(&new).await.map_err(answer)?,
            };
            show(&made, out);
        }
        What::Revoke { id, reach } => {
            let info = match offline(&reach)? {
                Some(tokens) => tokens.revoke(&id)?,
                None => reach.client()?.revoke_token(&id).await.map_err(answer)?,
            };
            out.text(&format!("{} of {} no longer works", info.id, info.name));
            out.line(&info);
        }
    }
    Ok(Exit::Yes)
}

/// The tokens of a data folder that no server owns; none when one does, or another server is meant.
fn offline(reach: &ReachArgs) -> anyhow::Result<Option<Tokens>> {
    let data = reach.place.data();
    if reach.url.is_some() || data.join("api.sock").exists() || !data.is_dir() {
        return Ok(None);
    }
    Ok(Some(Tokens::open(&data)?))
}

fn list(tokens: &[TokenInfo], out: Out) {
    let mut table = Table::new(&["token", "role", "name", "made", "by", "expires", "used"]);
    for token in tokens {
        let moment = |at: &Option<String>| at.as_deref().map_or_else(|| "-".to_owned(), when::at);
        let (made, expires, used) = (when::at(&token.created), moment(&token.expires), moment(&token.used));
        let by = match token.login {
            None => "hand",
            Some(LoginWay::Web) => "login, web",
            Some(LoginWay::Device) => "login",
        };
        table.row([&token.id, token.role.as_str(), &token.name, &made, by, &expires, &used]);
        out.line(token);
    }
    out.text(&if table.is_empty() { "no tokens".to_owned() } else { table.render(None) });
    out.line(&json!({ "tokens": tokens.len() }));
}

/// The token is data: everything else about it goes beside.
pub(crate) fn show(made: &MadeToken, out: Out) {
    out.aside(&format!("{} for {}: shown this once, kept only as a hash", made.info.role, made.info.name));
    out.text(&made.token);
    out.line(made);
}
