//! What a person does in an action's place while stanch is down: the request as `curl` sends it, or what to click.
//!
//! What only a call knows (ids, names, tokens) stands as `${NAME}`. No credential is read, and nothing is sent.

use std::collections::BTreeMap;

use serde_json::Value;
use stanch_model::config::IntegrationConfig;

use crate::{
    Platform,
    expr::Expr,
    spec::{ActionAuth, ActionSpec, AuthKind, AuthSpec, Paging, RequestSpec},
    template::{Lookup, Shape, Template},
};

/// Stand around a word to fill in until it is known whether a shell reads it: `$` may also be the platform's own (`$filter`).
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// How an action is done by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByHand {
    /// What to click, where the platform has no API for it.
    pub click: Option<String>,
    /// The request as a command line.
    pub curl: Option<String>,
    /// What is read before, for the request to be made of: names of actions.
    pub first: Vec<String>,
    /// What the words in `${CAPITALS}` stand for, where it is not their name.
    pub words: Vec<String>,
    /// True where the answer may go on over several pages.
    pub pages: bool,
    /// The answers that mean it was done, as statuses.
    pub answers: Vec<u16>,
}

impl Platform {
    /// How this action is done by hand on the integration of this name; without a configuration its address and settings
    /// are words to fill in too.
    pub fn by_hand(&self, action: &str, name: &str, config: Option<&IntegrationConfig>) -> Option<ByHand> {
        let spec = self.spec.actions.get(action)?;
        let blank = Blank { platform: self, prefix: shout(name), config, action: spec };
        let first = [
            spec.each.as_ref().map(|each| each.action.clone()),
            spec.read.as_ref().map(|read| read.action.clone()),
        ];
        let mut hand = ByHand {
            click: spec.manual.as_ref().map(|manual| blank.text(manual)),
            first: first.into_iter().flatten().collect(),
            pages: spec.yields.is_some() && goes_on(spec.paging.as_ref().or(self.spec.paging.as_ref())),
            ..ByHand::default()
        };
        if let Some(request) = spec.request.as_ref().filter(|request| request.method.is_some()) {
            hand.curl = Some(blank.curl(request, &mut hand.words));
            hand.answers.clone_from(&spec.success.status);
        }
        for (name, made) in &spec.made {
            hand.words.push(format!("{} = {}", blank.gap(name), Expr::source(made)));
        }
        hand.words.dedup();
        hand.words.iter_mut().chain(&mut hand.click).for_each(|text| *text = plain(text));
        Some(hand)
    }
}

fn goes_on(paging: Option<&Paging>) -> bool {
    paging.is_some_and(|paging| !matches!(paging, Paging::None))
}

/// Knows what is configured; everything else is a word to fill in.
struct Blank<'a> {
    platform: &'a Platform,
    /// The integration's name, `OKTA`.
    prefix: String,
    config: Option<&'a IntegrationConfig>,
    action: &'a ActionSpec,
}

impl Lookup for Blank<'_> {
    fn lookup(&self, path: &str) -> Option<Value> {
        if let Some(setting) = path.strip_prefix("settings.") {
            return Some(self.setting(setting).into());
        }
        if path == "url" {
            return Some(self.address().into());
        }
        let input = self.action.input.get(path);
        if input.is_some_and(|input| input.optional && input.default.is_none()) {
            return None;
        }
        if let Some(default) = input.and_then(|input| input.default.clone()) {
            return Some(default);
        }
        Some(self.gap(path).into())
    }
}

impl Blank<'_> {
    /// A word to fill in, for a variable.
    fn gap(&self, path: &str) -> String {
        match path.strip_prefix("credential") {
            Some("") => self.own("CREDENTIAL"),
            Some(part) => self.own(&shout(part.trim_start_matches('.'))),
            None => format!("{OPEN}{}{CLOSE}", shout(path)),
        }
    }

    /// A word to fill in that belongs to the integration.
    fn own(&self, word: &str) -> String {
        format!("{OPEN}{}_{word}{CLOSE}", self.prefix)
    }

    fn setting(&self, name: &str) -> String {
        let set = self.config.and_then(|config| config.settings.get(name).cloned());
        let known = self.platform.spec.settings.get(name);
        set.or_else(|| known?.default.clone()).unwrap_or_else(|| self.own(&shout(name)))
    }

    fn address(&self) -> String {
        let set = self.config.and_then(|config| config.url.clone());
        set.unwrap_or_else(|| self.own("URL"))
    }

    fn text(&self, template: &Template) -> String {
        template.text(self).unwrap_or_else(|_| template.source().to_owned())
    }

    /// The parts of a query or a form that are given.
    fn pairs(&self, shapes: &BTreeMap<String, Shape>) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for (name, shape) in shapes {
            match shape.value(self).ok().flatten() {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => pairs.push((name.clone(), text)),
                Some(Value::Array(items)) => {
                    let plain = |item: Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
                    pairs.extend(items.into_iter().map(|item| (name.clone(), plain(item))));
                }
                Some(other) => pairs.push((name.clone(), other.to_string())),
            }
        }
        pairs
    }

    fn curl(&self, request: &RequestSpec, words: &mut Vec<String>) -> String {
        let base = request.url.as_ref().unwrap_or(&self.platform.spec.url);
        let path = request.path.as_ref().map(|path| self.text(path)).unwrap_or_default();
        let address = format!("{}{path}", self.text(base).trim_end_matches('/'));
        let method = request.method.map_or("GET", |method| method.as_str());
        let mut parts = vec![format!("curl -sS -X {method} {}", quoted(&address))];
        self.proof(words, &mut parts);
        for (name, value) in self.platform.spec.headers.iter().chain(&request.headers) {
            if value.single().is_none_or(|only| self.lookup(only).is_some()) {
                parts.push(format!("-H {}", quoted(&format!("{name}: {}", self.text(value)))));
            }
        }
        let query = self.pairs(&request.query);
        if !query.is_empty() {
            parts.push("-G".to_owned());
            parts.extend(
                query.iter().map(|(k, v)| format!("--data-urlencode {}", quoted(&format!("{k}={v}")))),
            );
        }
        let body = self.body(request, &mut parts);
        let command = parts.join(" \\\n  ");
        body.map_or_else(
            || command.clone(),
            |body| format!("{command} \\\n  --data-binary @- <<END\n{body}\nEND"),
        )
    }

    /// Adds the form; a body of another kind is given back, as the lines of a here-document.
    fn body(&self, request: &RequestSpec, parts: &mut Vec<String>) -> Option<String> {
        let mut media = |default: &str| {
            let media = request.content_type.as_deref().unwrap_or(default);
            parts.push(format!("-H {}", quoted(&format!("Content-Type: {media}"))));
        };
        if let Some(form) = &request.form {
            let form = self.pairs(form);
            parts.extend(
                form.iter().map(|(k, v)| format!("--data-urlencode {}", quoted(&format!("{k}={v}")))),
            );
        } else if let Some(json) = &request.json {
            media("application/json");
            let body = json.value(self).ok().flatten().unwrap_or_default();
            return Some(escaped(
                &serde_json::to_string_pretty(&body).unwrap_or_default(),
                &['\\', '`', '$'],
            ));
        } else if let Some(text) = &request.text {
            media("text/plain");
            return Some(escaped(&self.text(text), &['\\', '`', '$']));
        }
        None
    }

    /// The way to authenticate that is used here.
    fn scheme(&self) -> Option<&AuthSpec> {
        let named = match &self.action.auth {
            Some(ActionAuth::Own(own)) => return Some(own.as_ref()),
            Some(ActionAuth::Named(name)) => Some(name.as_str()),
            None => self.config.and_then(|config| config.auth.as_deref()),
        };
        let all = &self.platform.spec.auth;
        named.and_then(|name| all.iter().find(|auth| auth.name == name)).or_else(|| all.first())
    }

    fn proof(&self, words: &mut Vec<String>, parts: &mut Vec<String>) {
        let Some(auth) = self.scheme() else { return };
        let header = |text: String| format!("-H {}", quoted(&text));
        let filled = |template: &Option<Template>, or: &str| {
            template.as_ref().map_or_else(|| self.own(or), |template| self.text(template))
        };
        let token = format!("Authorization: Bearer {}", self.own("TOKEN"));
        match auth.kind {
            AuthKind::None => {}
            AuthKind::Bearer => {
                parts.push(header(format!("Authorization: Bearer {}", filled(&auth.value, "TOKEN"))));
            }
            AuthKind::Basic => {
                let (user, secret) = (filled(&auth.user, "USER"), filled(&auth.value, "CREDENTIAL"));
                parts.push(format!("-u {}", quoted(&format!("{user}:{secret}"))));
            }
            AuthKind::Header => {
                let name = auth.header.as_deref().unwrap_or("Authorization");
                parts.push(header(format!("{name}: {}", filled(&auth.value, "CREDENTIAL"))));
            }
            AuthKind::Headers => {
                for (name, value) in &auth.headers {
                    parts.push(header(format!("{name}: {}", self.text(value))));
                }
            }
            AuthKind::ClientCredentials | AuthKind::JwtBearer | AuthKind::Jwt | AuthKind::GithubApp => {
                parts.push(header(token));
                let made = auth.token_url.as_ref().map(|url| format!(" from {}", self.text(url)));
                let made = made.unwrap_or_default();
                words.push(format!("{} = an access token{made} ({})", self.own("TOKEN"), auth.kind.as_str()));
            }
            AuthKind::AwsSigv4 => {
                let (region, service) = (filled(&auth.region, "REGION"), filled(&auth.service, "SERVICE"));
                parts.push(format!("--aws-sigv4 {}", quoted(&format!("aws:amz:{region}:{service}"))));
                let pair = format!("{}:{}", self.own("ACCESS_KEY_ID"), self.own("SECRET_ACCESS_KEY"));
                parts.push(format!("-u {}", quoted(&pair)));
            }
            AuthKind::SecretUrl => {
                if let Some(first) = parts.first_mut() {
                    *first = format!("curl -sS -X POST {}", quoted(&self.own("SECRET_URL")));
                }
            }
            AuthKind::StandardWebhooks | AuthKind::SecurityEvent => {
                words.push("the body is signed: without the signing key nobody takes it".to_owned());
            }
        }
    }
}

/// `settings.api_version` as `SETTINGS_API_VERSION`.
fn shout(path: &str) -> String {
    path.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// In double quotes on one line, so that the shell fills the words in and takes nothing else for its own.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(&text.replace('\n', " "), &['"', '\\', '`', '$']))
}

/// For a shell: these are its own signs, and are meant as themselves.
fn escaped(text: &str, own: &[char]) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if own.contains(&c) {
            shown.push('\\');
        }
        shown.push(c);
    }
    plain(&shown)
}

/// The words to fill in as a shell and a person read them.
fn plain(text: &str) -> String {
    text.replace(OPEN, "${").replace(CLOSE, "}")
}
