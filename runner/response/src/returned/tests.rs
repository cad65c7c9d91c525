//! Reports as mail servers write them.

use super::*;

/// As Postfix writes it: folded fields, the whole mail behind it.
const POSTFIX: &str = "\
From: MAILER-DAEMON@acme.example (Mail Delivery System)
To: stanch@acme.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary=\"4D1F.1/mx\"

--4D1F.1/mx
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<kim@drift.example>: host mx.drift.example said: 550 5.1.1 no such user

--4D1F.1/mx
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.example
X-Postfix-Queue-ID: 4D1F
Arrival-Date: Fri, 27 Nov 2026 00:00:00 +0000 (UTC)

Final-Recipient: rfc822; kim@drift.example
Original-Recipient: rfc822;Kim@drift.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <kim@drift.example>: no such user
    in our house

--4D1F.1/mx
Content-Description: Undelivered Message
Content-Type: message/rfc822

Message-ID: <run-1@acme.example>
From: stanch@acme.example
Subject: You are cut off

It is so.

--4D1F.1/mx--
";

#[test]
fn a_report_says_which_mail_came_back_from_whom_and_in_which_words() {
    for raw in [POSTFIX.to_owned(), POSTFIX.replace('\n', "\r\n")] {
        let report = Returned::read(raw.as_bytes()).unwrap();
        assert_eq!(report.mails, ["run-1@acme.example"]);
        let recipient = Recipient {
            addresses: vec!["Kim@drift.example".to_owned(), "kim@drift.example".to_owned()],
            action: Action::Failed,
            said: "550 5.1.1 <kim@drift.example>: no such user in our house".to_owned(),
        };
        assert_eq!(report.recipients, [recipient]);
    }
}

#[test]
fn headers_alone_or_what_it_answers_name_the_mail_as_well() {
    let headers = POSTFIX.replace("message/rfc822", "text/rfc822-headers");
    assert_eq!(Returned::read(headers.as_bytes()).unwrap().mails, ["run-1@acme.example"]);
    let end = POSTFIX.find("--4D1F.1/mx\nContent-Description: Undelivered").unwrap();
    let bare = format!("In-Reply-To: <run-1@acme.example>\n{}--4D1F.1/mx--\n", &POSTFIX[..end]);
    assert_eq!(Returned::read(bare.as_bytes()).unwrap().mails, ["run-1@acme.example"]);
    let nameless = &POSTFIX[..end];
    assert_eq!(Returned::read(nameless.as_bytes()), Err(NotReturned::NoMailId));
}

#[test]
fn every_recipient_stands_for_itself_and_only_the_word_failed_is_a_failure() {
    let second = "Final-Recipient: rfc822; ana@drift.example\nAction: delayed (will retry)\nStatus: 4.4.1\n\n--4D1F.1/mx\nContent-Description: Undelivered";
    let two = POSTFIX.replace("--4D1F.1/mx\nContent-Description: Undelivered", second);
    let report = Returned::read(two.as_bytes()).unwrap();
    let said: Vec<_> = report.recipients.iter().map(|one| (one.action, one.said.as_str())).collect();
    assert_eq!(said[1], (Action::Delayed, "4.4.1"), "{said:?}");
    let odd = POSTFIX.replace("Action: failed", "Action: exploded");
    assert_eq!(Returned::read(odd.as_bytes()), Err(NotReturned::NoRecipient));
}

#[test]
fn an_answer_is_no_report_and_neither_is_noise() {
    let answer = "From: kim@drift.example\nIn-Reply-To: <run-1@acme.example>\nSubject: Re: You are cut off\n\nWe look.\n";
    assert_eq!(Returned::read(answer.as_bytes()), Err(NotReturned::NoReport));
    assert_eq!(Returned::read(b""), Err(NotReturned::NoMail));
    assert!(Returned::read(&[0xff; 4096]).is_err());
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_fall_over(start in 0usize..POSTFIX.len(), noise in proptest::collection::vec(0u8..=255, 0..64)) {
        let mut raw = POSTFIX.as_bytes()[..start].to_vec();
        raw.extend(noise);
        let _ = Returned::read(&raw);
    }
}
