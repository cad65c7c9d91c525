//! Every source of the catalogue: a good delivery, a forged one, the same again, an old one, and garbage.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use stanch_integrations::source::{Accepted, Source};

use crate::{
    senders::{self, Old, Seal, Sender},
    support::{CATALOG, NOW, bind},
};

fn bound(sender: &Sender) -> Source {
    bind(sender.format, sender.secret, sender.more.clone())
        .unwrap_or_else(|why| panic!("{}: {why}", sender.format))
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

#[test]
fn every_source_of_the_catalogue_has_a_sender_here() {
    let known: BTreeSet<&str> =
        CATALOG.sources().filter(|source| !source.fetched).map(|source| source.format.as_str()).collect();
    let tried: BTreeSet<&str> = senders::all().iter().map(|sender| sender.format).collect();
    assert_eq!(known, tried);
    assert!(known.len() >= 18, "{}", known.len());
}

#[test]
fn a_good_delivery_is_read_whole() {
    let mut table = Vec::new();
    for sender in senders::all() {
        let source = bound(&sender);
        let alerts = (sender.seal)(&sender, sender.body.as_bytes(), Seal::Right, now()).alerts(&source);
        let [alert] = alerts.as_slice() else { panic!("{}: {} alerts", sender.format, alerts.len()) };
        assert_eq!(alert.kind, sender.kind, "{}", sender.format);
        let kept = serde_json::to_string(alert).unwrap();
        for secret in sender.secret.iter().copied().chain(["an-old-verification-token", "Action=Unsubscribe"])
        {
            assert!(!kept.contains(secret), "{}: a secret is kept", sender.format);
        }
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        table.push(format!(
            "{:<20} {:<24} {:<8} {:<20} {:<18} {:<8} {:<13} {:<42} {}",
            sender.format,
            alert.kind,
            alert.severity.as_str(),
            alert.time,
            word(&alert.user),
            word(&alert.app),
            word(&alert.ip),
            alert.title,
            word(&alert.fold),
        ));
    }
    table.sort();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn a_forged_delivery_is_not_proven() {
    for sender in senders::all() {
        let forged = (sender.seal)(&sender, sender.body.as_bytes(), Seal::Forged, now());
        assert_eq!(forged.refused(&bound(&sender)), (401, "unproven"), "{}", sender.format);
        let mut bare = forged;
        (bare.headers, bare.secret) = (http::HeaderMap::new(), None);
        let (status, _) = bare.refused(&bound(&sender));
        assert!([400, 401].contains(&status), "{}: {status} without any proof", sender.format);
    }
}

#[test]
fn the_same_delivery_has_the_same_identity() {
    for sender in senders::all() {
        let source = bound(&sender);
        let send = |at| {
            let delivery = (sender.seal)(&sender, sender.body.as_bytes(), Seal::Right, at);
            delivery.alerts(&source).remove(0)
        };
        let (first, again) = (send(now()), send(now() + SignedDuration::from_secs(20)));
        assert_eq!(first.delivery, again.delivery, "{}", sender.format);
        assert_eq!(first.id, again.id, "{}", sender.format);
    }
}

#[test]
fn an_old_delivery_is_refused_where_a_time_is_signed_and_known_where_none_is() {
    for sender in senders::all() {
        let source = bound(&sender);
        let old = now() - SignedDuration::from_hours(24 * 60);
        let delivery = (sender.seal)(&sender, sender.body.as_bytes(), Seal::Right, old);
        match sender.old {
            Old::Refused => assert_eq!(delivery.refused(&source), (401, "stale"), "{}", sender.format),
            Old::Known => {
                let fresh = (sender.seal)(&sender, sender.body.as_bytes(), Seal::Right, now());
                let (old, fresh) = (delivery.alerts(&source), fresh.alerts(&source));
                assert_eq!(old[0].delivery, fresh[0].delivery, "{}", sender.format);
            }
        }
    }
}

#[test]
fn garbage_is_refused_and_named() {
    let garbage: [&[u8]; 6] = [b"", b"\x00\xff\xfe", b"{\"a\": ", b"[[[[", b"<html></html>", b"null"];
    for sender in senders::all() {
        let source = bound(&sender);
        for body in garbage {
            match (sender.seal)(&sender, body, Seal::Right, now()).to(&source) {
                Err(refusal) => {
                    let named = [400, 401, 422].contains(&refusal.status) && !refusal.message.is_empty();
                    assert!(named, "{}: {body:?}: {refusal:?}", sender.format);
                }
                // `null` is JSON, and to a source that gives every event a name it is an event that says nothing
                Ok(Accepted::Alerts(alerts)) => {
                    assert!(body == b"null" && alerts[0].user.is_none(), "{}: {body:?}", sender.format);
                }
                Ok(Accepted::Ignored(_)) => assert_eq!(body, b"null", "{}", sender.format),
                Ok(Accepted::Challenge(_)) => panic!("{}: {body:?}", sender.format),
            }
        }
    }
}
