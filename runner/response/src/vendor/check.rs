//! What is wrong with an entry, each mistake at its place. It looks at values only: the types have had their say.

use stanch_model::Diagnostic;

use super::{Vendor, entry::Access};
use crate::{config::Marker, deadline::Span, tell::is_mail};

/// The checks of one file.
pub(super) struct Check<'a, 'm> {
    pub(super) mark: &'a Marker<'m>,
    pub(super) found: &'a mut Vec<Diagnostic>,
}

impl Check<'_, '_> {
    /// Everything that is wrong with one vendor.
    pub(super) fn vendor(&mut self, slug: &str, vendor: &Vendor) {
        if vendor.ladder().next().is_none() {
            let message = format!("`{slug}` has no contact with a mail address");
            self.found.push(self.mark.key("VN0003", &[slug], message));
        }
        for (at, contact) in vendor.contacts.iter().enumerate() {
            let at = at.to_string();
            if let Some(mail) = contact.mail.as_deref().filter(|mail| !is_mail(mail)) {
                self.value(
                    "VN0003",
                    &[slug, "contacts", &at, "mail"],
                    format!("`{mail}` is not a mail address"),
                );
            }
            let within = [slug, "contacts", &at, "within"];
            self.span(&within, contact.within.as_deref());
            let span = contact.within.as_deref().and_then(|text| text.parse::<Span>().ok());
            if span.is_some_and(|span| span.milliseconds().is_none()) {
                self.value(
                    "VN0004",
                    &within,
                    "somebody waits for an answer by the clock: write `4h` or `2d`".to_owned(),
                );
            }
        }
        if let Some(breach) = &vendor.breach {
            let both = breach.notify_within.is_empty() && breach.they_notify_within.is_none();
            let ours = Some(breach.notify_within.as_str()).filter(|text| both || !text.is_empty());
            self.span(&[slug, "breach", "notify_within"], ours);
            self.span(&[slug, "breach", "they_notify_within"], breach.they_notify_within.as_deref());
        }
        self.span(&[slug, "retention"], vendor.retention.as_deref());
        for (path, day) in vendor.days() {
            if day.date().is_none() {
                let path: Vec<&str> = [slug].into_iter().chain(path.iter().map(String::as_str)).collect();
                self.day(&path, &day.0);
            }
        }
        self.soc2(slug, vendor);
        for (at, access) in vendor.access.iter().enumerate() {
            self.access(slug, &at.to_string(), access);
        }
        self.secrets(slug, vendor);
    }

    fn value(&mut self, code: &str, path: &[&str], message: String) {
        self.found.push(self.mark.value(code, path, message));
    }

    fn span(&mut self, path: &[&str], text: Option<&str>) {
        if let Some(why) = text.and_then(|text| text.parse::<Span>().err()) {
            self.value("VN0004", path, why.to_string());
        }
    }

    fn day(&mut self, path: &[&str], text: &str) {
        let name = path[1..].join(".");
        let mistake = self.mark.value("VN0005", path, format!("`{name}` is no date: `{text}`"));
        self.found.push(mistake.help("write year, month, day: `2026-11-01`"));
    }

    fn soc2(&mut self, slug: &str, vendor: &Vendor) {
        let Some(soc2) = vendor.attestations.as_ref().and_then(|shown| shown.soc2.as_ref()) else { return };
        let path = |last| [slug, "attestations", "soc2", last];
        if soc2.kind.is_some_and(|kind| !(1..=2).contains(&kind)) {
            self.value("VN0006", &path("type"), "a SOC 2 report is of type 1 or 2".to_owned());
        }
        let (from, to) =
            (soc2.from.as_ref().and_then(|day| day.date()), soc2.to.as_ref().and_then(|day| day.date()));
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            self.value("VN0006", &path("to"), format!("the period ends on {to}, before it begins on {from}"));
        }
    }

    fn access(&mut self, slug: &str, at: &str, access: &Access) {
        if access.integration.trim().is_empty() {
            let message = "which integration is this access on?".to_owned();
            self.value("VN0006", &[slug, "access", at, "integration"], message);
        }
    }

    /// A name is a few words; what looks like the secret itself must not stand in a file that everybody reads.
    fn secrets(&mut self, slug: &str, vendor: &Vendor) {
        for (list, names) in
            [("secrets_given", &vendor.secrets_given), ("secrets_taken", &vendor.secrets_taken)]
        {
            for (at, name) in names.iter().enumerate() {
                if crate::notice::looks_secret(name).is_some() {
                    // never repeated: it may be the secret
                    let message = "this looks like the secret itself".to_owned();
                    let mistake = self.mark.value("VN0007", &[slug, list, &at.to_string()], message);
                    self.found
                        .push(mistake.help("write its name, `crm-webhook`, and take the secret out of use"));
                }
            }
        }
    }
}
