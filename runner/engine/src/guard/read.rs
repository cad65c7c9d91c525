//! The reads behind guards: the integration's own `population`, `membership`, `roles` and `labels`.

use std::{collections::HashSet, time::Duration};

use stanch_integrations::{Call, ErrorKind, GroupReads, Integrations, Outcome, RoleReads};
use stanch_model::{
    Target,
    run::{Found, GuardRead, Reading},
    value,
};

use super::tally::PERSON;
use crate::host::bare;

/// How long one read may take, all its pages and the platform's pace included.
const READ: Duration = Duration::from_secs(120);

/// A read that got no answer is made again so often.
const ATTEMPTS: u32 = 5;

/// Pause after the first attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// What a read came to.
pub(crate) enum Told {
    /// This.
    Found(Found),
    /// Another run read this a moment ago.
    Before(GuardRead),
    /// The platform asks to wait until then, Unix ms.
    Again(i64),
}

/// Reads what a guard must know.
pub(crate) async fn read(integrations: &Integrations, reading: &Reading) -> Told {
    let mut pause = PAUSE;
    for _ in 1..ATTEMPTS {
        match once(integrations, reading).await {
            Err(Failed::NoAnswer(_)) => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            other => return told(other),
        }
    }
    told(once(integrations, reading).await)
}

fn told(read: Result<Found, Failed>) -> Told {
    match read {
        Ok(found) => Told::Found(found),
        Err(Failed::Wait(until_ms)) => Told::Again(until_ms),
        Err(Failed::No(why) | Failed::NoAnswer(why)) => Told::Found(Found::Unread(why)),
    }
}

enum Failed {
    /// A definite no.
    No(String),
    /// Nothing came back.
    NoAnswer(String),
    /// Not before then.
    Wait(i64),
}

async fn once(integrations: &Integrations, reading: &Reading) -> Result<Found, Failed> {
    match reading {
        Reading::Population { integration, kind } => {
            let read = integrations
                .population(integration, kind)
                .ok_or_else(|| Failed::No(format!("{integration} has no read that counts its {kind}s")))?;
            let rows = list(integrations, &read.integration, &read.action, read.input, None).await?;
            let count = rows.iter().map(Target::key).collect::<HashSet<_>>().len();
            match count {
                0 => Err(Failed::No("the list is empty: the credential may not see it".to_owned())),
                count => Ok(Found::Count(count as u64)),
            }
        }
        Reading::Group { integration, group } => {
            let reads = integrations.group_reads(integration, group).ok_or_else(|| {
                Failed::No(format!("{integration} has no read that tells who is in a group"))
            })?;
            members(integrations, group, reads).await
        }
        Reading::Role { integration, role } => {
            let reads = integrations.role_reads(integration, role).ok_or_else(|| {
                Failed::No(format!("{integration} has no read that tells who holds a role"))
            })?;
            holders(integrations, role, reads).await
        }
        Reading::Person { integration, user } => {
            let read = integrations.who(integration, PERSON, user).ok_or_else(|| {
                Failed::No(format!("{integration} has no read that tells whom an id means"))
            })?;
            let told = list(integrations, &read.integration, &read.action, read.input, None).await?;
            let accounts: Vec<Target> = told.into_iter().filter(|account| account.id == *user).collect();
            match accounts.is_empty() {
                true => {
                    Err(Failed::No("nobody there has this id, or the credential may not see them".to_owned()))
                }
                false => Ok(Found::Members(accounts)),
            }
        }
    }
}

/// Who is in the groups of exactly this name.
async fn members(integrations: &Integrations, group: &str, reads: GroupReads) -> Result<Found, Failed> {
    let GroupReads { groups: find, members: list_members } = reads;
    let found = list(integrations, &find.integration, &find.action, find.input, None).await?;
    let same: Vec<Target> =
        found.into_iter().filter(|target| target.label.eq_ignore_ascii_case(group)).collect();
    if same.is_empty() {
        return Err(Failed::No("there is no such group: it may have been renamed".to_owned()));
    }
    let mut members: Vec<Target> = Vec::new();
    for group in &same {
        let input = serde_json::json!({});
        let rows = list(integrations, &group.integration, &list_members, input, Some(group.clone())).await?;
        members.extend(rows.iter().map(bare));
    }
    members.sort();
    members.dedup();
    if members.is_empty() {
        return Err(Failed::No(
            "it shows no members: it is empty, or the credential may not see them".to_owned(),
        ));
    }
    Ok(Found::Members(members))
}

/// Who holds exactly this role. That nobody does is never believed: a role that protects nobody is misspelt, or hidden.
async fn holders(integrations: &Integrations, role: &str, reads: RoleReads) -> Result<Found, Failed> {
    let mut holders: Vec<Target> = match reads {
        RoleReads::Holders(read) => {
            let rows = list(integrations, &read.integration, &read.action, read.input, None).await?;
            rows.iter().map(bare).collect()
        }
        RoleReads::ByPerson { people, of } => {
            let mut found = Vec::new();
            for person in list(integrations, &people.integration, &people.action, people.input, None).await? {
                let input = serde_json::json!({});
                let roles = list(integrations, &person.integration, &of, input, Some(person.clone())).await?;
                if roles.iter().any(|held| is_role(held, role)) {
                    found.push(bare(&person));
                }
            }
            found
        }
    };
    holders.sort();
    holders.dedup();
    if holders.is_empty() {
        let why = "nobody holds it: there is no such role, or the credential may not see who does";
        return Err(Failed::No(why.to_owned()));
    }
    Ok(Found::Members(holders))
}

fn is_role(held: &Target, role: &str) -> bool {
    let attrs = ["type", "role", "name"].iter().filter_map(|name| held.attrs.get(*name)?.as_str());
    attrs.chain([held.label.as_str()]).any(|name| name.eq_ignore_ascii_case(role))
}

/// A whole list, or nothing.
async fn list(
    integrations: &Integrations,
    integration: &str,
    action: &str,
    input: serde_json::Value,
    target: Option<Target>,
) -> Result<Vec<Target>, Failed> {
    let call = Call {
        integration: integration.to_owned(),
        action: action.to_owned(),
        input,
        target,
        key: String::new(),
        attempt: 1,
        deadline: READ,
        permit: None,
    };
    match integrations.call(call).await {
        Outcome::Done { more, .. } if more.incomplete.is_some() => {
            Err(Failed::No(more.incomplete.unwrap_or_default()))
        }
        Outcome::Done { value, .. } => Ok(value::targets_in(&value)),
        Outcome::Refused { kind: ErrorKind::Unavailable, message, .. } => Err(Failed::NoAnswer(message)),
        Outcome::Refused { message, .. } => Err(Failed::No(message)),
        Outcome::NotSent { why } | Outcome::InDoubt { why } => Err(Failed::NoAnswer(why)),
        Outcome::Limited { until_ms, .. } => Err(Failed::Wait(until_ms)),
    }
}
