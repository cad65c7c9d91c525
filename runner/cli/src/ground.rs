//! Which platforms a command speaks to: the real ones, or simulated ones on this machine.

use std::{net::SocketAddr, sync::Arc};

use stanch_integrations::{LiveTransport, ScenarioClock, Transport, TwinTransport};

/// Whether to speak to simulated platforms.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Simulated platforms (`stanch twins`)")]
pub(crate) struct GroundArgs {
    /// Speak to simulated platforms at this loopback address, and to nothing else
    #[arg(long, value_name = "ADDRESS", env = "STANCH_TWINS")]
    pub(crate) twins: Option<SocketAddr>,
    /// The simulated mail server
    #[arg(long, value_name = "ADDRESS", env = "STANCH_TWINS_MAIL", requires = "twins")]
    pub(crate) twins_mail: Option<SocketAddr>,
}

impl GroundArgs {
    /// The one way out. Simulated platforms may live by a scenario's clock.
    ///
    /// # Errors
    /// When TLS cannot be set up, or an address is not on loopback.
    pub(crate) fn transport(&self, clock: Option<&Arc<ScenarioClock>>) -> anyhow::Result<Transport> {
        Ok(match self.twins {
            Some(addr) => {
                let twin = TwinTransport::new(addr, self.twins_mail)?;
                Transport::Twin(match clock {
                    Some(clock) => twin.on_clock(clock.clone()),
                    None => twin,
                })
            }
            None => Transport::Live(LiveTransport::new()?),
        })
    }

    /// True when nothing real can be reached.
    pub(crate) fn is_simulated(&self) -> bool {
        self.twins.is_some()
    }
}
