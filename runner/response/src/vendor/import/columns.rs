//! The columns that a spreadsheet may have: how they may be called, what stands in them, where that goes.

use jiff::civil::Date;
use serde_json::{Value, json};
use stanch_model::diagnostic::did_you_mean;

use crate::{deadline::Span, notice::looks_secret, tell::is_mail};

/// A column that is understood.
#[derive(Debug)]
pub(super) struct Column {
    /// Its own name.
    pub(super) name: &'static str,
    /// What else people call it.
    also: &'static [&'static str],
    pub(super) cell: Cell,
    pub(super) place: Place,
}

/// Where a cell goes.
#[derive(Debug)]
pub(super) enum Place {
    /// It names the entry.
    Slug,
    /// A field of the entry.
    Field(&'static [&'static str]),
    /// A field of a contact: one row, one contact.
    Contact(&'static str),
    /// A field of what it may do on one integration.
    Access(&'static str),
}

/// What stands in a cell.
#[derive(Debug)]
pub(super) enum Cell {
    Text,
    /// Names of secrets, never secrets.
    Names,
    /// Words between commas or semicolons.
    List,
    Day,
    Length,
    Number(u32),
    Mail,
    Word(&'static [&'static str]),
}

const fn field(name: &'static str, cell: Cell, path: &'static [&'static str]) -> Column {
    Column { name, also: &[], cell, place: Place::Field(path) }
}

const fn of(name: &'static str, cell: Cell, place: Place) -> Column {
    Column { name, also: &[], cell, place }
}

impl Column {
    const fn or(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }
}

const STATUS: &[&str] = &["active", "ended", "ended-token-live"];
const ROLES: &[&str] = &["processor", "sub-processor", "controller", "joint-controller", "none"];
const AUTHS: &[&str] = &["oauth", "api-key", "password", "saml", "mtls"];

static COLUMNS: &[Column] = &[
    of("vendor", Cell::Text, Place::Slug).or(&["slug", "id", "vendor_id"]),
    field("name", Cell::Text, &["name"]).or(&["vendor_name", "supplier"]),
    field("legal_entity", Cell::Text, &["legal_entity"]).or(&["company", "entity"]),
    field("apps", Cell::List, &["apps"]).or(&["app", "client_id", "client_ids", "app_ids"]),
    field("status", Cell::Word(STATUS), &["status"]),
    field("tier", Cell::Number(9), &["tier"]).or(&["criticality"]),
    field("owner", Cell::Text, &["owner"]).or(&["business_owner"]),
    field("deputy", Cell::Text, &["deputy"]),
    field("authority", Cell::Text, &["authority"]),
    field("kill_switch", Cell::Text, &["kill_switch"]),
    field("purpose", Cell::Text, &["purpose"]).or(&["description", "service"]),
    field("dependants", Cell::List, &["dependants"]),
    field("data", Cell::List, &["data"]).or(&["data_classes"]),
    field("volume", Cell::Text, &["volume"]),
    field("residency", Cell::List, &["residency"]).or(&["region", "regions"]),
    field("retention", Cell::Length, &["retention"]),
    field("role", Cell::Word(ROLES), &["role"]),
    field("sub_processors", Cell::List, &["sub_processors"]).or(&["subprocessors"]),
    field("secrets_given", Cell::Names, &["secrets_given"]),
    field("secrets_taken", Cell::Names, &["secrets_taken"]),
    field("notify_within", Cell::Length, &["breach", "notify_within"]).or(&["breach_notice"]),
    field("clause", Cell::Text, &["breach", "clause"]),
    field("they_notify_within", Cell::Length, &["breach", "they_notify_within"]),
    field("their_clause", Cell::Text, &["breach", "their_clause"]),
    field("dpa", Cell::Day, &["dpa"]).or(&["dpa_date", "dpa_signed"]),
    field("review_due", Cell::Day, &["review_due"]).or(&["next_review"]),
    field("caiq", Cell::Day, &["attestations", "caiq"]).or(&["caiq_date"]),
    field("sig", Cell::Day, &["attestations", "sig"]).or(&["sig_date", "sig_core", "sig_lite"]),
    field("soc2_type", Cell::Number(2), &["attestations", "soc2", "type"]),
    field("soc2_from", Cell::Day, &["attestations", "soc2", "from"]),
    field("soc2_to", Cell::Day, &["attestations", "soc2", "to"]).or(&["soc2", "soc2_until", "soc_2"]),
    field("iso27001", Cell::Day, &["attestations", "iso27001"]).or(&["iso27001_expiry", "iso_27001"]),
    field("pen_test", Cell::Day, &["attestations", "pen_test"]).or(&["pentest", "pen_test_date"]),
    field("insurance", Cell::Day, &["attestations", "insurance"]),
    field("tags", Cell::List, &["tags"]),
    field("notes", Cell::Text, &["notes"]).or(&["comment", "comments"]),
    of("contact_name", Cell::Text, Place::Contact("name")).or(&["contact", "security_contact"]),
    of("contact_mail", Cell::Mail, Place::Contact("mail")).or(&[
        "mail",
        "email",
        "contact_email",
        "security_email",
    ]),
    of("contact_phone", Cell::Text, Place::Contact("phone")).or(&["phone", "call_back"]),
    of("contact_url", Cell::Text, Place::Contact("url")).or(&["trust_portal", "portal"]),
    of("contact_within", Cell::Length, Place::Contact("within")),
    of("contact_checked", Cell::Day, Place::Contact("checked")).or(&["last_check", "last_checked"]),
    of("integration", Cell::Text, Place::Access("integration")).or(&["platform"]),
    of("access_app", Cell::Text, Place::Access("app")),
    of("scopes", Cell::List, Place::Access("scopes")),
    of("grants", Cell::Number(1_000_000), Place::Access("grants")),
    of("auth", Cell::Word(AUTHS), Place::Access("auth")).or(&["auth_type"]),
    of("access_user", Cell::Text, Place::Access("user")).or(&["integration_user"]),
    of("egress", Cell::List, Place::Access("egress")).or(&["egress_ips", "ips"]),
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter()
}

/// The column that a head means.
pub(super) fn named(head: &str) -> Option<&'static Column> {
    let head = plain(head);
    COLUMNS.iter().find(|column| column.name == head || column.also.contains(&head.as_str()))
}

/// `Legal Entity ` and `legal-entity` mean `legal_entity`.
pub(super) fn plain(head: &str) -> String {
    let words: Vec<String> = head
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("_")
}

/// A name for an entry, out of what a spreadsheet calls the vendor.
pub(super) fn slug(name: &str) -> String {
    plain(name).replace('_', "-")
}

impl Cell {
    /// Reads a cell; else why not, and the way out.
    pub(super) fn read(&self, text: &str) -> Result<Value, (String, Option<String>)> {
        let no = |why: String, help: &str| Err((why, Some(help.to_owned())));
        match self {
            Self::Text => Ok(json!(text)),
            Self::List => Ok(json!(words(text))),
            Self::Names if looks_secret(text).is_some() => {
                no("this looks like the secret itself".to_owned(), "write its name, and take it out of use")
            }
            Self::Names => Ok(json!(words(text))),
            Self::Day if text.parse::<Date>().is_err() => {
                no(format!("`{text}` is no date"), "write year, month, day: 2026-11-01")
            }
            Self::Day => Ok(json!(text)),
            Self::Length => match text.parse::<Span>() {
                Ok(_) => Ok(json!(text)),
                Err(why) => Err((why.to_string(), None)),
            },
            Self::Number(most) => match text.parse::<u32>() {
                Ok(number) if number <= *most => Ok(json!(number)),
                _ => no(format!("`{text}` is no whole number up to {most}"), "write digits"),
            },
            Self::Mail if is_mail(text) => Ok(json!(text)),
            Self::Mail => {
                no(format!("`{text}` is not a mail address"), "write name@example.com; one row, one contact")
            }
            Self::Word(known) => {
                let word = plain(text).replace('_', "-");
                if known.contains(&word.as_str()) {
                    return Ok(json!(word));
                }
                let help = did_you_mean(&word, known.iter().copied()).map_or_else(
                    || format!("known are {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                Err((format!("`{text}` is none of the words that may stand here"), Some(help)))
            }
        }
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split([',', ';']).map(str::trim).filter(|word| !word.is_empty()).collect()
}
