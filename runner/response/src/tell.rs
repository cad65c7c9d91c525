//! Who is told, and through what: the channels under `tell:` in the configuration.

use std::fmt;

use stanch_model::config::Config;

/// A way to reach people, resolved to a configured integration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel {
    /// What sort of message it takes.
    pub medium: Medium,
    /// The integration that carries it.
    pub integration: String,
    /// Channel, address or service; empty for a webhook, whose integration is its address.
    pub to: String,
}

/// What sort of message a channel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Medium {
    /// A line in a chat.
    Chat,
    /// A line in the one chat that the integration posts to.
    Room,
    /// A mail.
    Mail,
    /// A JSON document posted to an address.
    Webhook,
    /// A call to whoever is on duty.
    Page,
}

impl Medium {
    /// The platform-neutral verb of the action that sends it.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Chat | Self::Room | Self::Webhook => "chat.post",
            Self::Mail => "mail.send",
            Self::Page => "page.send",
        }
    }

    /// What one sends with each platform that carries words.
    fn of_platform(platform: &str) -> Option<Self> {
        match platform {
            "slack" => Some(Self::Chat),
            "teams" => Some(Self::Room),
            "smtp" => Some(Self::Mail),
            "webhook" => Some(Self::Webhook),
            "pagerduty" => Some(Self::Page),
            _ => None,
        }
    }
}

/// Why nobody can be told through what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// Neither an integration nor a word that we know.
    #[error("`{0}` is not a way to tell anybody")]
    Unknown(String),
    /// The part after the colon is not an address of that medium.
    #[error("`{text}` names no {what}")]
    NoAddress {
        /// As written.
        text: String,
        /// What should stand there.
        what: &'static str,
    },
    /// The word is known but no integration carries it yet: nobody will hear.
    #[error("nobody will hear `{text}`: no integration of the platform `{platform}` is configured")]
    NotConfigured {
        /// As written.
        text: String,
        /// The platform that is missing.
        platform: &'static str,
    },
    /// Two integrations could carry it.
    #[error("`{text}` could go through {names}: write the integration's name before the colon")]
    Ambiguous {
        /// As written.
        text: String,
        /// The integrations.
        names: String,
    },
}

impl Channel {
    /// Reads `slack:#incidents`, `mail:soc@acme.example`, `teams:CHANNEL`, `webhook:NAME`, `pagerduty:SERVICE`, or the same with
    /// the name of an integration before the colon. Channel and service are fixed by the integration's own credential for
    /// Teams and PagerDuty: there the word is for people, and chooses the integration of that name where there is one.
    ///
    /// # Errors
    /// Why nobody would hear it.
    pub fn parse(text: &str, config: &Config) -> Result<Self, Unheard> {
        let (through, to) = text.split_once(':').ok_or_else(|| Unheard::Unknown(text.to_owned()))?;
        let to = to.trim();
        if through == "webhook" {
            return Self::webhook(text, to, config);
        }
        if let Some(integration) = config.integrations.get(through) {
            let medium = Medium::of_platform(&integration.platform)
                .ok_or_else(|| Unheard::Unknown(text.to_owned()))?;
            return Self { medium, integration: through.to_owned(), to: to.to_owned() }.checked(text);
        }
        let platform = match through {
            "slack" => "slack",
            "teams" => "teams",
            "mail" => "smtp",
            "pagerduty" => "pagerduty",
            _ => return Err(Unheard::Unknown(text.to_owned())),
        };
        let medium = Medium::of_platform(platform).ok_or_else(|| Unheard::Unknown(text.to_owned()))?;
        // the address is checked before the integration: a typo is a mistake even where nothing is configured yet
        Self { medium, integration: String::new(), to: to.to_owned() }.checked(text)?;
        let own = config.integrations.get(to).filter(|integration| integration.platform == platform);
        let integration = match (medium, own) {
            (Medium::Room | Medium::Page, Some(_)) => to.to_owned(),
            _ => only(text, platform, config)?,
        };
        Ok(Self { medium, integration, to: to.to_owned() })
    }

    fn webhook(text: &str, name: &str, config: &Config) -> Result<Self, Unheard> {
        match config.integrations.get(name) {
            Some(integration) if integration.platform == "webhook" => {
                Ok(Self { medium: Medium::Webhook, integration: name.to_owned(), to: String::new() })
            }
            Some(_) => Err(Unheard::NoAddress {
                text: text.to_owned(),
                what: "integration of the platform `webhook`",
            }),
            None if name.is_empty() => Err(Unheard::NoAddress {
                text: text.to_owned(),
                what: "integration of the platform `webhook`",
            }),
            None => Err(Unheard::NotConfigured { text: text.to_owned(), platform: "webhook" }),
        }
    }

    fn checked(self, text: &str) -> Result<Self, Unheard> {
        let what = match self.medium {
            Medium::Chat if !is_chat(&self.to) => "channel (`#name`, `@person` or an id)",
            Medium::Mail if !is_mail(&self.to) => "mail address",
            Medium::Page if self.to.is_empty() => "service",
            Medium::Room if self.to.is_empty() => "channel",
            _ => return Ok(self),
        };
        Err(Unheard::NoAddress { text: text.to_owned(), what })
    }
}

/// Where signs of life go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// The integration that carries them.
    pub integration: String,
    /// The verb of the action that sends one.
    pub verb: &'static str,
}

impl Pulse {
    /// Reads `healthchecks:NAME` or `webhook:NAME`.
    ///
    /// # Errors
    /// Why nobody would hear it.
    pub fn parse(text: &str, config: &Config) -> Result<Self, Unheard> {
        let (through, name) = text.split_once(':').ok_or_else(|| Unheard::Unknown(text.to_owned()))?;
        let (platform, verb) = match through {
            "healthchecks" => ("healthchecks", "heartbeat.send"),
            "webhook" => ("webhook", "chat.post"),
            _ => return Err(Unheard::Unknown(text.to_owned())),
        };
        match config.integrations.get(name.trim()) {
            Some(own) if own.platform == platform => Ok(Self { integration: name.trim().to_owned(), verb }),
            _ => Err(Unheard::NotConfigured { text: text.to_owned(), platform }),
        }
    }
}

fn only(text: &str, platform: &'static str, config: &Config) -> Result<String, Unheard> {
    let names: Vec<&str> = config
        .integrations
        .iter()
        .filter(|(_, integration)| integration.platform == platform)
        .map(|(name, _)| name.as_str())
        .collect();
    match names.as_slice() {
        [] => Err(Unheard::NotConfigured { text: text.to_owned(), platform }),
        [one] => Ok((*one).to_owned()),
        several => Err(Unheard::Ambiguous { text: text.to_owned(), names: several.join(" or ") }),
    }
}

fn is_chat(to: &str) -> bool {
    let name = to.strip_prefix(['#', '@']).unwrap_or(to);
    !name.is_empty() && !name.contains(char::is_whitespace)
}

/// A mail address, as far as it matters before a mail server has seen it.
pub fn is_mail(to: &str) -> bool {
    let plain =
        !to.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>'));
    plain
        && to.split_once('@').is_some_and(|(who, at)| !who.is_empty() && !at.is_empty() && !at.contains('@'))
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.medium {
            Medium::Webhook => write!(f, "webhook:{}", self.integration),
            _ => write!(f, "{}:{}", self.integration, self.to),
        }
    }
}
