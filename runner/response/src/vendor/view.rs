//! An entry as the API and people see it.

use jiff::civil::Date;
use stanch_model::api::{VendorFinding, VendorView, VendorWeight};

use super::{
    BreachClause, Contact, Vendor,
    review::{self, Finding, Weight},
};

/// One vendor with everything that the register says of it.
pub fn view(slug: &str, vendor: &Vendor) -> VendorView {
    VendorView {
        slug: slug.to_owned(),
        name: vendor.called(slug).to_owned(),
        apps: vendor.apps.clone(),
        contacts: vendor.contacts.iter().map(line).collect(),
        notify_within: vendor.breach.as_ref().and_then(clause),
        purpose: vendor.purpose.clone(),
        data: vendor.data.clone(),
        owner: vendor.owner.clone(),
        tier: vendor.tier,
        notes: vendor.notes.clone(),
        entry: serde_json::to_value(vendor).unwrap_or_default(),
        look_at: Vec::new(),
    }
}

/// The same, with what of it should be looked at on this day.
pub fn view_on(slug: &str, vendor: &Vendor, today: Date) -> VendorView {
    let finding = |one: Finding| VendorFinding {
        weight: match one.weight {
            Weight::Wrong => VendorWeight::Wrong,
            Weight::Soon => VendorWeight::Soon,
        },
        about: one.about.as_str().to_owned(),
        words: one.words,
    };
    let mut found = review::of_vendor(slug, vendor, today);
    found.sort();
    VendorView { look_at: found.into_iter().map(finding).collect(), ..view(slug, vendor) }
}

fn clause(breach: &BreachClause) -> Option<String> {
    let within = Some(&breach.notify_within).filter(|text| !text.is_empty())?;
    Some(match &breach.clause {
        Some(clause) => format!("{within} ({clause})"),
        None => within.clone(),
    })
}

/// `Security, security@drift.example, +1 555 0100, answers within 4h`
fn line(contact: &Contact) -> String {
    let within = contact.within.as_ref().map(|within| format!("answers within {within}"));
    let parts = [
        Some(contact.name.clone()).filter(|name| !name.is_empty()),
        contact.mail.clone(),
        contact.phone.clone(),
        contact.url.clone(),
        within,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
