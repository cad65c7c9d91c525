//! A card as a page for a phone: one column, no script, nothing fetched from anywhere.
//!
//! What platforms and scripts say is text here, whatever it looks like.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use ring::digest;
use stanch_model::{
    Effect, Target,
    api::{Card, CardBreak, OwnerTold},
    run::WaitKind,
};
use stanch_response::page::escape;

const STYLE: &str = include_str!("style.css");

/// Targets that are shown before one asks for all.
const SHOWN: usize = 6;

/// What the page's style is known by to the browser: nothing else may style it.
pub(crate) fn style_hash() -> String {
    format!("'sha256-{}'", STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes())))
}

/// A page.
pub(crate) struct Sheet {
    /// `live` or `drill`.
    pub(crate) mode: String,
    title: String,
    body: String,
}

/// What stands at the end of a card's page.
pub(crate) enum Foot<'a> {
    /// It can be answered; a yes needs this to be typed, and this was wrong with what came.
    Form {
        /// What must be typed for a yes.
        typed: Option<&'a str>,
        /// Why the last try was not taken.
        wrong: Option<&'a str>,
        /// What shows that the form came from a page of the same session.
        ticket: Option<&'a str>,
    },
    /// What was said, or why nothing can be said any more.
    Words(&'a str),
}

impl Sheet {
    /// A page of a few words.
    pub(crate) fn words(mode: &str, title: &str, text: &str) -> Self {
        let body = format!("<h1>{}</h1>\n<p>{}</p>\n", escape(title), escape(text));
        Self { mode: mode.to_owned(), title: title.to_owned(), body }
    }

    /// A page whose body is made elsewhere, by the same rules.
    pub(crate) fn made(mode: &str, title: &str, body: String) -> Self {
        Self { mode: mode.to_owned(), title: title.to_owned(), body }
    }

    /// Adds to the page, by the same rules.
    pub(crate) fn add(&mut self, body: &str) {
        self.body.push_str(body);
    }

    /// Whoever is somebody else than the link's person can log in as themselves.
    pub(crate) fn offer_login(&mut self, card: &str, who: &str) {
        let card = percent(card);
        let text = format!(
            "<p class=\"faint\">Not {}? <a href=\"/login?card={card}\">Log in</a> and answer as yourself.</p>\n",
            escape(who)
        );
        self.body.push_str(&text);
    }

    /// A card as this person sees it.
    pub(crate) fn card(card: &Card, who: &str, foot: &Foot<'_>) -> Self {
        let mut body = String::new();
        head(&mut body, card, who);
        acts(&mut body, card);
        breaks(&mut body, &card.breaks);
        protected(&mut body, card);
        targets(&mut body, &card.wait.targets);
        said(&mut body, card);
        match foot {
            Foot::Form { typed, wrong, ticket } => form(&mut body, card, *typed, *wrong, *ticket),
            Foot::Words(words) => {
                let _ = writeln!(body, "<p class=\"said\">{}</p>", escape(words));
            }
        }
        Self { mode: card.mode.clone(), title: card.wait.text.clone(), body }
    }

    /// The whole document.
    pub(crate) fn html(&self) -> String {
        let (class, band) = match self.mode.as_str() {
            "drill" => ("drill", "DRILL · simulated platforms"),
            _ => ("live", "LIVE · real platforms"),
        };
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"robots\" content=\"noindex, nofollow\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n\
             <body class=\"{class}\">\n<header>{band}</header>\n<main>\n{}</main>\n</body>\n</html>\n",
            escape(&self.title),
            self.body
        )
    }
}

fn head(body: &mut String, card: &Card, who: &str) {
    let title = if card.title.is_empty() { &card.playbook } else { &card.title };
    let is_asked = card.asked.is_empty() || card.asked.iter().any(|one| one == who);
    let asked = if is_asked { "asked of" } else { "for" };
    let _ = writeln!(body, "<p class=\"faint\">{}, {asked} {}</p>", escape(title), escape(who));
    let _ = writeln!(body, "<h1>{}</h1>", escape(&card.wait.text));
    let due = card.wait.due_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    if let Some(due) = due {
        let then = match (card.wait.rungs().first(), card.wait.ladder.last()) {
            (Some(next), _) => format!("; then {next} is asked"),
            (None, Some(end)) if card.wait.kind == WaitKind::Approval => {
                format!("; silence means {end}")
            }
            _ => String::new(),
        };
        let _ = writeln!(body, "<p>Until {} UTC{}.</p>", due.strftime("%Y-%m-%d %H:%M"), escape(&then));
    }
    if card.wait.of > 1 {
        let _ = writeln!(body, "<p>{} people must say yes.</p>", card.wait.of);
    }
}

fn acts(body: &mut String, card: &Card) {
    if card.may.is_empty() {
        return;
    }
    body.push_str("<h2>A yes lets happen</h2>\n<ul>\n");
    for act in &card.may {
        let effect = match act.effect {
            Effect::Permanent => "<span class=\"bad\">cannot be taken back</span>",
            _ => "can be taken back",
        };
        let by = if act.manual { ", by hand" } else { "" };
        let _ = writeln!(
            body,
            "<li><b>{}</b> {} at {}: <code>{}</code>{by}, {effect}</li>",
            act.count,
            escape(&plural(&act.kind, act.count)),
            escape(&act.integration),
            escape(&act.verb)
        );
    }
    body.push_str("</ul>\n");
}

fn breaks(body: &mut String, breaks: &[CardBreak]) {
    if breaks.is_empty() {
        return;
    }
    body.push_str("<h2>Will stop working</h2>\n<ul>\n");
    for one in breaks {
        let what = if one.what.is_empty() { String::new() } else { format!(": {}", one.what) };
        let told = match &one.told {
            OwnerTold::Unknown => String::new(),
            OwnerTold::NotYet => ", not told yet".to_owned(),
            OwnerTold::At(at) => format!(", told at {}", at.get(11..16).unwrap_or(at)),
        };
        let owner =
            one.owner.as_ref().map_or_else(String::new, |owner| format!(" (answered for by {owner}{told})"));
        let _ = writeln!(body, "<li>{}{}{}</li>", escape(&one.vendor), escape(&what), escape(&owner));
    }
    body.push_str("</ul>\n");
}

fn protected(body: &mut String, card: &Card) {
    let Some(protected) = card.protected.as_ref().filter(|told| !told.met.is_empty()) else { return };
    body.push_str("<h2>Protected</h2>\n<ul>\n");
    for met in &protected.met {
        let _ = writeln!(body, "<li class=\"bad\">{} ({})</li>", escape(&met.target), escape(&met.rule));
    }
    body.push_str("</ul>\n");
}

fn targets(body: &mut String, targets: &[Target]) {
    if targets.is_empty() {
        return;
    }
    let list = |of: &[Target]| {
        of.iter().fold(String::from("<ul>\n"), |mut list, target| {
            let _ = writeln!(
                list,
                "<li>{} <span class=\"faint\">{} at {}</span></li>",
                escape(target.name()),
                escape(&target.kind),
                escape(&target.integration)
            );
            list
        }) + "</ul>\n"
    };
    let _ = writeln!(body, "<h2>Covered: {}</h2>", targets.len());
    let (first, rest) = targets.split_at(targets.len().min(SHOWN));
    body.push_str(&list(first));
    if !rest.is_empty() {
        let _ =
            writeln!(body, "<details><summary>and {} more</summary>\n{}</details>", rest.len(), list(rest));
    }
}

fn said(body: &mut String, card: &Card) {
    if card.wait.decisions.is_empty() {
        return;
    }
    body.push_str("<h2>Said so far</h2>\n<ul>\n");
    for decision in &card.wait.decisions {
        let why = if decision.reason.is_empty() { String::new() } else { format!(": {}", decision.reason) };
        let _ = writeln!(
            body,
            "<li>{} {}{}{}</li>",
            escape(&decision.who),
            escape(&decision.say),
            escape(&decision.manner()),
            escape(&why)
        );
    }
    body.push_str("</ul>\n");
}

/// Text as part of an address.
pub(crate) fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A field of a form that nobody sees.
pub(crate) fn hidden(ticket: &str) -> String {
    format!("<input type=\"hidden\" name=\"ticket\" value=\"{}\">\n", escape(ticket))
}

fn form(body: &mut String, card: &Card, typed: Option<&str>, wrong: Option<&str>, ticket: Option<&str>) {
    if let Some(wrong) = wrong {
        let _ = writeln!(body, "<p class=\"no\">{}</p>", escape(wrong));
    }
    body.push_str("<form method=\"post\">\n");
    body.push_str(&ticket.map(hidden).unwrap_or_default());
    body.push_str("<label for=\"why\">Why (stays on record)</label>\n<textarea id=\"why\" name=\"why\" rows=\"2\" maxlength=\"500\"></textarea>\n");
    if let Some(name) = typed {
        let _ = writeln!(
            body,
            "<label for=\"typed\">A yes cannot be taken back. For a yes, type <b>{}</b></label>\n\
             <input id=\"typed\" name=\"typed\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\">",
            escape(name)
        );
    }
    if card.wait.kind != WaitKind::Approval && card.wait.options.is_empty() {
        body.push_str("<label for=\"say\">Your answer</label>\n<input id=\"say\" name=\"say\" maxlength=\"500\">\n<div class=\"row\"><button>Answer</button></div>\n");
    } else {
        body.push_str("<div class=\"row\">\n");
        for (word, shown, class) in choices(card) {
            let _ = writeln!(
                body,
                "<button name=\"say\" value=\"{}\"{class}>{}</button>",
                escape(&word),
                escape(&shown)
            );
        }
        body.push_str("</div>\n");
    }
    body.push_str("</form>\n");
}

/// What can be said, the safe word first.
fn choices(card: &Card) -> Vec<(String, String, &'static str)> {
    if card.wait.kind == WaitKind::Approval {
        return vec![
            ("deny".to_owned(), "No".to_owned(), ""),
            ("approve".to_owned(), "Yes".to_owned(), " class=\"yes\""),
        ];
    }
    card.wait.options.iter().map(|word| (word.clone(), word.replace('_', " "), "")).collect()
}

fn plural(word: &str, count: usize) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}
