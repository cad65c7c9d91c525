//! Amazon SNS: what it signs, whose certificate, which topic; and the subscription that confirms itself.

use serde_json::{Value, json};
use stanch_integrations::source::{Accepted, Source};

use crate::{
    keys::{CERTIFICATE, sign_sns},
    senders::TOPIC,
    support::{Delivery, NOW, Web, bind},
};

const PEM: &str = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem";

fn source() -> Source {
    bind("aws-sns", None, json!({ "settings": { "topic": TOPIC } })).unwrap()
}

fn message(change: Value) -> Value {
    let mut message = json!({
        "Type": "Notification", "MessageId": "m-1", "TopicArn": TOPIC, "Message": "{\"detail-type\":\"GuardDuty Finding\",\"detail\":{\"id\":\"f\"}}",
        "Timestamp": NOW, "SignatureVersion": "2", "SigningCertURL": PEM,
    });
    message.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    sign_sns(&mut message);
    message
}

fn web() -> Web {
    let web = Web::default();
    web.put(PEM, CERTIFICATE);
    web
}

fn send(message: &Value, web: &Web) -> Delivery {
    // Amazon sends JSON as plain text
    Delivery::of(message.to_string()).header("content-type", "text/plain; charset=UTF-8").over(web)
}

#[test]
fn only_our_topic_signed_by_version_2_with_a_certificate_of_amazon_is_believed() {
    let source = source();
    assert_eq!(send(&message(json!({})), &web()).alerts(&source).len(), 1);
    for change in [
        json!({ "TopicArn": "arn:aws:sns:eu-central-1:999999999999:findings" }),
        json!({ "SignatureVersion": "1" }),
        json!({ "SigningCertURL": "https://evil.example/SimpleNotificationService-0.pem" }),
        json!({ "SigningCertURL": "https://sns.mine.s3.amazonaws.com/SimpleNotificationService-0.pem" }),
        json!({ "SigningCertURL": "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem" }),
        json!({ "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/?x=.pem" }),
    ] {
        let web = web();
        let answer = send(&message(change.clone()), &web).refused(&source);
        assert_eq!(answer, (401, "unproven"), "{change}");
        assert_eq!(web.asked(), [""; 0], "{change}: nothing is fetched for a stranger");
    }
}

#[test]
fn every_signed_field_is_signed() {
    let source = source();
    let good = message(json!({ "Subject": "s" }));
    for field in ["Message", "MessageId", "Subject", "Timestamp", "Type"] {
        let mut forged = good.clone();
        forged[field] = "2026-11-22T12:00:01Z".into();
        assert_eq!(send(&forged, &web()).refused(&source), (401, "unproven"), "{field}");
    }
    let mut without = good;
    without.as_object_mut().unwrap().remove("Subject");
    assert_eq!(send(&without, &web()).refused(&source), (401, "unproven"));
}

#[test]
fn a_certificate_is_fetched_once_a_day_and_goes_on_while_amazon_is_away() {
    let (source, web) = (source(), web());
    assert_eq!(send(&message(json!({})), &web).alerts(&source).len(), 1);
    assert_eq!(send(&message(json!({ "MessageId": "m-2" })), &web).alerts(&source).len(), 1);
    assert_eq!(web.asked(), [PEM]);
    web.cut(PEM);
    let later = "2026-11-23T13:00:00Z";
    let tomorrow = message(json!({ "Timestamp": later }));
    assert_eq!(send(&tomorrow, &web).at(later).alerts(&source).len(), 1);
    assert_eq!(web.asked(), [PEM]);
}

#[test]
fn without_its_certificate_a_message_is_to_be_sent_again() {
    let (source, web) = (source(), web());
    web.cut(PEM);
    let refusal = send(&message(json!({})), &web).to(&source).unwrap_err();
    assert_eq!((refusal.status, refusal.code, refusal.retry_after), (503, "keys_unreachable", Some(60)));
    assert_eq!(send(&message(json!({})), &web).refused(&source), (503, "keys_unreachable"));
    assert_eq!(web.asked().len(), 1, "not asked again at once");
    web.put(PEM, CERTIFICATE);
    let later = "2026-11-22T12:01:00Z";
    assert_eq!(send(&message(json!({})), &web).at(later).alerts(&source).len(), 1);
}

#[test]
fn a_certificate_that_is_none_proves_nothing() {
    let (source, web) = (source(), Web::default());
    web.put(PEM, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_eq!(send(&message(json!({})), &web).refused(&source), (401, "unproven"));
}

#[test]
fn a_subscription_confirms_itself_at_amazon_and_nowhere_else() {
    let visit = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t";
    let confirmation = |url: &str| {
        message(
            json!({ "Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": url, "Message": "please" }),
        )
    };
    let (source, web) = (source(), web());
    web.put(visit, "<ok/>");
    let answer = send(&confirmation(visit), &web).to(&source);
    assert_eq!(answer, Ok(Accepted::Ignored("confirmed".to_owned())));
    assert_eq!(web.asked(), [PEM, visit]);
    assert_eq!(send(&confirmation("https://evil.example/"), &web).refused(&source), (422, "strange_host"));
    assert_eq!(web.asked(), [""; 0]);
    web.cut(visit);
    assert_eq!(send(&confirmation(visit), &web).refused(&source), (503, "not_confirmed"));
}

#[test]
fn a_message_that_is_no_json_is_told_by_its_subject_and_an_end_by_its_type() {
    let (source, web) = (source(), web());
    let text = send(&message(json!({ "Message": "CPU is hot", "Subject": "Alarm" })), &web);
    let alert = text.alerts(&source).remove(0);
    assert_eq!((alert.kind.as_str(), alert.title.as_str()), ("aws.event", "Alarm"));
    let end = json!({ "Type": "UnsubscribeConfirmation", "Token": "t", "SubscribeURL": "https://x.example", "Message": "bye" });
    let alert = send(&message(end), &web).alerts(&source).remove(0);
    assert_eq!(alert.kind, "source.silent");
    assert!(alert.raw.get("Token").is_none() && alert.raw.get("SubscribeURL").is_none());
}
