//! The pages around the cards: the gate before which nobody is known, and the list of what waits for somebody.

use std::fmt::Write as _;

use jiff::Timestamp;
use stanch_model::{api::Card, run::WaitKind};
use stanch_response::page::escape;

use super::Session;
use crate::link::{Sheet, hidden, percent};

/// The page of somebody whom nobody knows yet; it leads to the provider and back to this card.
pub(crate) fn gate(mode: &str, host: &str, card: Option<&str>) -> Sheet {
    let to = card.map_or_else(|| "/login".to_owned(), |card| format!("/login?card={}", percent(card)));
    let body = format!(
        "<h1>Log in</h1>\n<p>What waits for you is shown once {} has said who you are.</p>\n\
         <a class=\"button\" href=\"{to}\">Log in at {}</a>\n",
        escape(host),
        escape(host)
    );
    Sheet::made(mode, "Log in", body)
}

/// What waits for somebody, oldest first.
pub(crate) fn cards(mode: &str, session: &Session, cards: &[Card], others: usize) -> Sheet {
    let mut body = match cards.len() {
        0 => "<h1>Nothing waits for you</h1>\n".to_owned(),
        1 => "<h1>One card waits for you</h1>\n".to_owned(),
        many => format!("<h1>{many} cards wait for you</h1>\n"),
    };
    body.push_str("<ul class=\"cards\">\n");
    for card in cards {
        let kind = match card.wait.kind {
            WaitKind::Approval => "a yes or no",
            WaitKind::Manual => "a hand",
            _ => "an answer",
        };
        let title = if card.title.is_empty() { &card.playbook } else { &card.title };
        let due = card.wait.due_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let due = due.map_or_else(String::new, |due| format!(", until {} UTC", due.strftime("%m-%d %H:%M")));
        let _ = writeln!(
            body,
            "<li><a href=\"/cards/{}\"><b>{}</b><br><span class=\"faint\">{}: {kind}{due}</span></a></li>",
            percent(&card.id),
            escape(&card.wait.text),
            escape(title)
        );
    }
    body.push_str("</ul>\n");
    if others > 0 {
        let wait = if others == 1 { "One more waits" } else { &format!("{others} more wait") };
        let _ = writeln!(body, "<p class=\"faint\">{wait} for somebody else.</p>");
    }
    let mut sheet = Sheet::made(mode, "What waits for you", body);
    foot(&mut sheet, session);
    sheet
}

/// A page with who is logged in below it, and the way back and out.
pub(crate) fn with_foot(mut sheet: Sheet, session: &Session) -> Sheet {
    sheet.add("<p><a href=\"/cards\">All that waits for you</a></p>\n");
    foot(&mut sheet, session);
    sheet
}

fn foot(sheet: &mut Sheet, session: &Session) {
    let caller = &session.caller;
    let until = caller.until.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    let until = until.map_or_else(String::new, |at| format!(", until {} UTC", at.strftime("%m-%d %H:%M")));
    sheet.add(&format!(
        "<form method=\"post\" action=\"/logout\">\n{}<p class=\"faint\">You are {} ({}){until}.</p>\n\
         <div class=\"row\"><button>Log out</button></div>\n</form>\n",
        hidden(&session.ticket),
        escape(&caller.name),
        caller.role,
    ));
}
