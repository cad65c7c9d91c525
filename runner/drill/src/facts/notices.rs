//! What became of notices: who got mail, and for which vendors somebody wrote down that they answered.

use stanch_model::Entry;

use super::Facts;
use crate::vendors::Received;

/// As the server writes them.
const OPENED: &str = "notice.opened";
const ACKNOWLEDGED: &str = "notice.acknowledged";

/// The stream of them.
pub(super) const STREAM: &str = "notices";

impl Facts {
    /// Everybody who got mail, in its order.
    pub fn received(&self) -> &[Received] {
        &self.received
    }

    pub(super) fn receive(&mut self, to: &str, id: &str, at_ms: i64) {
        let mail = Received { to: to.to_owned(), id: id.to_owned(), at_ms };
        if !self.received.iter().any(|known| known.to == mail.to && known.id == mail.id) {
            self.received.push(mail);
        }
    }

    pub(super) fn heard_of_notice(&mut self, entry: &Entry) {
        let Ok(body) = entry.decode::<serde_json::Value>() else { return };
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        match (entry.header.kind.as_str(), text("notice")) {
            (OPENED, Some(notice)) => {
                self.notices.insert(notice, text("vendor").unwrap_or_default());
            }
            (ACKNOWLEDGED, Some(notice)) => self.answered.extend(self.notices.get(&notice).cloned()),
            _ => {}
        }
    }

    /// Whether somebody wrote down that the vendor, or the vendor of this app, answered a notice.
    pub fn answered(&self, who: &str) -> bool {
        let vendor = self.apps.iter().find(|app| app.id == who).map_or(who, |app| app.vendor.as_str());
        self.answered.contains(vendor)
    }
}
