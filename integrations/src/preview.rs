//! What would be sent: shown to whoever approves it. Secrets stay closed, credentials are not there at all.

use serde_json::{Value, json};
use stanch_model::{
    Target,
    secret::{SecretBox, SecretError},
};

use crate::{
    Integrations,
    call::Preview,
    credential::Credential,
    request::{Builder, Built},
    scope::Vars,
    scrub::Scrub,
};

/// What stands where a secret will stand.
const CLOSED: &str = "[secret]";
/// What stands where a row of a list will stand.
const ROW: &str = "ROW";

/// Opens nothing.
struct Closed;

impl SecretBox for Closed {
    fn seal(&self, _value: &str) -> Result<String, SecretError> {
        Ok(CLOSED.to_owned())
    }

    fn open(&self, _handle: &str) -> Result<String, SecretError> {
        Ok(CLOSED.to_owned())
    }
}

impl Integrations {
    /// The request that a call would make.
    ///
    /// # Errors
    /// Why the call would be refused before anything is sent; for a manual action, that a person does it.
    pub fn preview(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: &Value,
    ) -> Result<Preview, String> {
        let (member, bound, spec) = self.bound(integration, action, target, input)?;
        let row = json!({ "id": ROW });
        let credential = Credential::closed(CLOSED);
        let vars = Vars { credential: Some(&credential), ..member.vars(&bound, "KEY") };
        let vars = if spec.each.is_some() { vars.with_item(&row) } else { vars };
        let builder = Builder { spec: &member.platform.spec, base: &member.base, secrets: &Closed };
        let built = builder.build(spec, &vars, &mut Scrub::default()).map_err(|refusal| refusal.message)?;
        let each = spec.each.as_ref().map(|each| each.action.clone());
        Ok(match built {
            Built::Mail(mail) => Preview {
                method: "MAIL".to_owned(),
                url: member.base.to_string(),
                body: mail.text(),
                media: "message/rfc822".to_owned(),
                each,
            },
            Built::Http(request) => Preview {
                method: request.method.as_str().to_owned(),
                url: request.url.to_string(),
                body: String::from_utf8_lossy(&request.body).into_owned(),
                media: crate::response::text(&request.headers, "content-type").unwrap_or_default().to_owned(),
                each,
            },
        })
    }
}
