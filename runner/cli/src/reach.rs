//! Finding the server: by its URL with a token, or on this machine by the socket in its data folder.

use std::path::{Path, PathBuf};

use stanch_client::{Client, ClientError, Location, Trust};

use crate::{exit::Exit, logins, place::PlaceArgs, said::Said};

/// Which server a command speaks to.
#[derive(Clone, Default, clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ReachArgs {
    /// The server's address; the one that owns the data folder on this machine unless given
    #[arg(long, value_name = "URL", env = "STANCH_URL")]
    pub(crate) url: Option<String>,
    /// The token to show there
    #[arg(long, value_name = "TOKEN", env = "STANCH_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// A certificate authority to trust besides the system's, as PEM
    #[arg(long, value_name = "FILE", env = "STANCH_CA")]
    pub(crate) ca: Option<PathBuf>,
    /// Our certificate and its private key, as PEM in one file, for a server that asks for one
    #[arg(long, value_name = "FILE", env = "STANCH_CERTIFICATE")]
    pub(crate) certificate: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

impl std::fmt::Debug for ReachArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReachArgs({:?}, {:?})", self.url, self.place)
    }
}

/// The socket's name in a data folder.
const SOCKET: &str = "api.sock";

impl ReachArgs {
    /// A client of that server. Nothing is sent yet.
    ///
    /// # Errors
    /// When no server is named and none owns the data folder.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        self.client_as("cli")
    }

    /// The same, which says that it is this.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn client_as(&self, channel: &'static str) -> anyhow::Result<Client> {
        let location = match &self.url {
            Some(url) => {
                let token = match &self.token {
                    Some(token) => Some(token.clone()),
                    None => logins::token(url)?,
                };
                Location::Url { url: url.clone(), token }
            }
            // By the socket one speaks as the user of this machine: the token's owner would not be who is heard.
            None if self.token.is_some() => {
                return Err(Said::new("a token counts only with the address of a server")
                    .help("add --url http://127.0.0.1:7300, or leave the token out to speak as yourself on this machine")
                    .exit(Exit::Usage)
                    .into());
            }
            None => Location::Socket(self.socket()?),
        };
        self.connect(location, channel)
    }

    /// A client whom the server at `--url` does not know.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn stranger(&self) -> anyhow::Result<Client> {
        self.connect(Location::Url { url: self.url.clone().unwrap_or_default(), token: None }, "cli")
    }

    /// A client who shows this token at `--url`.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn holding(&self, token: &str) -> anyhow::Result<Client> {
        let (url, token) = (self.url.clone().unwrap_or_default(), Some(token.to_owned()));
        self.connect(Location::Url { url, token }, "cli")
    }

    fn connect(&self, location: Location, channel: &'static str) -> anyhow::Result<Client> {
        let trust =
            Trust { authority: read(self.ca.as_deref())?, identity: read(self.certificate.as_deref())? };
        Client::connect_as(location, &trust, channel).map_err(answer)
    }

    fn socket(&self) -> anyhow::Result<PathBuf> {
        let data = self.place.data();
        let socket = data.join(SOCKET);
        if socket.exists() {
            return Ok(socket);
        }
        let said = Said::new(format!("no server on this machine has the data folder {}", data.display()));
        Err(said
            .help("start it with `stanch serve`, name its folder with --data, or another server with --url")
            .into())
    }
}

fn read(file: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(file) = file else { return Ok(None) };
    let read = std::fs::read(file);
    read.map(Some).map_err(|why| Said::new(format!("{}: {why}", file.display())).exit(Exit::Usage).into())
}

/// An id, or a part of one: never nothing, which would name everything.
///
/// # Errors
/// When there is nothing.
pub(crate) fn id(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("write an id, or a part of one".to_owned()) } else { Ok(text.to_owned()) }
}

/// What the server's answer means here: its words, its way out, an exit code.
pub(crate) fn answer(error: ClientError) -> anyhow::Error {
    let said = Said::new(error.to_string());
    match &error {
        ClientError::Refused { status, problem } => {
            let help = problem.help.clone();
            let exit = match status {
                400 if problem.code == "ambiguous" => Exit::Usage,
                404 | 403 | 409 | 422 => Exit::No,
                _ => Exit::Other,
            };
            match help {
                Some(help) => said.help(help).exit(exit).into(),
                None => said.exit(exit).into(),
            }
        }
        ClientError::Unreachable { why, .. } if why.contains("peer certificate") => said
            .help(
                "name who signed the server's certificate with --ca FILE; one that signed itself counts only if it says \
                 that it is no authority (basicConstraints CA:FALSE)",
            )
            .into(),
        ClientError::Unreachable { .. } => said
            .help("is it running? `stanch serve` starts one; a socket that nobody listens at is left of one that died")
            .into(),
        ClientError::Location(_) => said.help("write http://127.0.0.1:7300").exit(Exit::Usage).into(),
        ClientError::Garbled { .. } => said.help("check the address, and that both sides have the same version").into(),
    }
}
