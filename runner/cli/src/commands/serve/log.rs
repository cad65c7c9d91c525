//! What the server says on standard error, how much of it, and for whom: people or a collector.

use tracing_subscriber::{EnvFilter, fmt};

use crate::{exit::Exit, out::Out, said::Said};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Log")]
pub(super) struct LogArgs {
    /// How much: error, warn, info, debug, trace, or a filter such as `warn,stanch_engine=debug`
    #[arg(long = "log", value_name = "LEVEL", env = "STANCH_LOG", default_value = "warn")]
    level: String,
    /// How log lines look
    #[arg(long, value_name = "FORMAT", env = "STANCH_LOG_FORMAT", value_enum, default_value_t)]
    log_format: Format,
}

impl LogArgs {
    /// Begins to log.
    ///
    /// # Errors
    /// When the level is none.
    pub(super) fn begin(&self) -> anyhow::Result<()> {
        let filter = EnvFilter::try_new(&self.level).map_err(|error| {
            Said::new(format!("`{}` is no level of the log: {error}", self.level))
                .help("write --log info, or a filter such as `warn,stanch_engine=debug`")
                .exit(Exit::Usage)
        })?;
        let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
        let set = match self.log_format {
            Format::Text => log.with_ansi(Out::colour_on_stderr()).try_init(),
            Format::Json => log.json().flatten_event(true).with_ansi(false).try_init(),
        };
        if set.is_err() {
            tracing::debug!("somebody else set up logging");
        }
        Ok(())
    }
}
