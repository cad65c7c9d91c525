//! One attempt to hand over a mail.

use std::time::Duration;

use super::{Exchange, refused};
use crate::{
    auth::AuthError,
    bind::Refusal,
    call::{By, ErrorKind, More, Outcome},
    mail::{Handed, Mail},
    scope::Vars,
    scrub::Scrub,
    template::Lookup,
    transport::MailRoute,
};

/// A mail server that says "later" without a time.
const MAIL_LATER: Duration = Duration::from_secs(60);

impl Exchange<'_> {
    pub(super) async fn mail(&self, mail: &Mail, vars: &Vars<'_>) -> Outcome {
        let user = vars.lookup("settings.user").and_then(|user| user.as_str().map(str::to_owned));
        let login = match (self.transport.is_twin(), user) {
            (false, Some(user)) => match self.member.auth.credential(self.transport).await {
                Ok(password) => Some((user, password.expose().to_owned())),
                Err(AuthError::Refused(refusal)) => return refused(refusal),
                Err(_) => {
                    return Outcome::NotSent { why: "the mail credential could not be read".to_owned() };
                }
            },
            _ => None,
        };
        let mut scrub = Scrub::default();
        login.iter().for_each(|(_, password)| scrub.add(password));
        let route = match MailRoute::new(self.transport, &self.member.base, login) {
            Ok(route) => route,
            Err(refusal) => return refused(refusal),
        };
        match mail.send(&route, self.patience.left()).await {
            Handed::Accepted => {
                let more = More { requests: 1, request_id: None, incomplete: None };
                let value = serde_json::json!({ "message_id": mail.id() });
                Outcome::Done { value, by: By::Us, status: 250, more }
            }
            Handed::Refused(why) => refused(Refusal::new(ErrorKind::Refused, scrub.clean(&why))),
            Handed::Later(why) => {
                tracing::info!(integration = %self.member.name, why = %scrub.clean(&why), "mail deferred");
                let why = "the mail server asks to come later".to_owned();
                Outcome::Limited { until_ms: self.in_a_while(MAIL_LATER), why }
            }
            Handed::NotSent(why) => Outcome::NotSent { why: scrub.clean(&why) },
            Handed::InDoubt(why) => Outcome::InDoubt { why: scrub.clean(&why) },
        }
    }
}
