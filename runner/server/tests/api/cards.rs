//! A person's word.

use http::Method;
use serde_json::json;
use stanch_model::api::{AnswerBody, DecideBody, NewToken, Role, Say};

use crate::world::{CONFIG, World};

fn yes() -> DecideBody {
    DecideBody { say: Say::Approve, reason: None }
}

#[tokio::test]
async fn an_approval_is_asked_given_and_recorded_with_who_gave_it() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let approver = world.client(Role::Approver);
    let cards = approver.approvals().await.unwrap().items;
    assert_eq!(cards.len(), 1);
    assert_eq!(
        (cards[0].wait.text.as_str(), cards[0].wait.ask.as_slice()),
        ("Shall we go?", &["lead".to_owned()][..])
    );
    let recorded = approver.decide(&cards[0].id, &yes()).await.unwrap();
    assert_eq!((recorded.new, recorded.by.as_str()), (true, "approver"));
    let view = world.until(&run, |view| view.waits.len() == 2).await;
    let closed = view.waits[0].closed.clone().unwrap();
    assert_eq!((closed.say.as_str(), closed.who.as_str()), ("approve", "approver"));
    let late = world.client(Role::Admin).decide(&cards[0].id, &yes()).await.unwrap_err();
    assert_eq!(late.status(), Some(409));
    assert_eq!(approver.card(&cards[0].id).await.unwrap().wait.closed, Some(closed));
    assert!(approver.approvals().await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_question_takes_one_of_its_answers_and_the_run_ends() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let approver = world.client(Role::Approver);
    approver.decide(&format!("{run}:A1"), &yes()).await.unwrap();
    world.until(&run, |view| view.open_waits().count() == 1 && view.waits.len() == 2).await;
    let responder = world.client(Role::Responder);
    let question = responder.questions().await.unwrap().items.remove(0);
    let answer = |text: &str| AnswerBody { answer: text.to_owned(), note: None };
    assert_eq!(responder.answer(&question.id, &answer("up")).await.unwrap_err().status(), Some(422));
    responder.answer(&question.id, &answer("left")).await.unwrap();
    let view = world.until(&run, |view| view.ended.is_some()).await;
    assert_eq!(view.notes[0].1, "left");
}

#[tokio::test]
async fn who_was_not_asked_or_started_the_run_may_not_say_yes() {
    let world = World::new().await;
    let run = world.asking(Role::Admin).await;
    let card = format!("{run}:A1");
    // admin is in the group, but started the run
    let own = world.client(Role::Admin).decide(&card, &yes()).await.unwrap_err();
    assert_eq!((own.status(), own.to_string().contains("started")), (Some(403), true), "{own}");
    // the machine's user is an admin too, but nobody asked them
    let stranger = world.by_socket().decide(&card, &yes()).await.unwrap_err();
    assert_eq!(stranger.status(), Some(403));
    assert!(world.client(Role::Approver).decide(&card, &yes()).await.is_ok());
}

#[tokio::test]
async fn an_approval_cannot_be_given_through_the_door_for_questions() {
    let world = World::new().await;
    let run = world.asking(Role::Admin).await;
    let path = format!("/v1/questions/{run}:A1");
    let reply = world.as_role(Role::Responder, Method::POST, &path, &json!({ "answer": "approve" })).await;
    assert_eq!(reply.status, 400);
    assert!(world.client(Role::Viewer).card(&format!("{run}:A1")).await.unwrap().wait.closed.is_none());
}

#[tokio::test]
async fn a_card_says_who_is_next_what_breaks_and_what_is_protected() {
    let protect = "protect: [{ app: Drift }, { tag: payroll }, { group: salesforce/Emergency }]\n";
    let world = World::with(&format!("{CONFIG}{protect}")).await;
    let run = world.asking(Role::Responder).await;
    let card = world.client(Role::Viewer).card(&format!("{run}:A1")).await.unwrap();
    assert_eq!(
        (card.asked.as_slice(), card.next.as_slice()),
        (&["approver".to_owned(), "admin".to_owned()][..], &["dora".to_owned()][..],)
    );
    let breaks = card.breaks.first().unwrap();
    assert_eq!(
        (breaks.vendor.as_str(), breaks.what.as_str(), breaks.owner.as_deref(), card.breaks.len()),
        ("Drift", "chat on the website", Some("Sales"), 1)
    );
    let protected = card.protected.unwrap();
    let met: Vec<(&str, &str)> =
        protected.met.iter().map(|one| (one.target.as_str(), one.rule.as_str())).collect();
    assert_eq!((protected.of, met.as_slice()), (1, &[("Drift", "app Drift")][..]));
    assert!(protected.unread.is_empty(), "an app is in no group of people");
}

#[tokio::test]
async fn people_are_reminded_and_somebody_is_asked_at_once() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let (responder, card) = (world.client(Role::Responder), format!("{run}:A1"));
    assert_eq!(responder.remind(&card).await.unwrap().by, "responder");
    world.until(&run, |view| view.waits[0].reminded.len() == 1).await;
    let again = responder.remind(&card).await.unwrap_err();
    assert_eq!((again.status(), again.to_string().contains("reminded")), (Some(409), true), "{again}");
    let stranger = responder.ask_someone(&card, "zoe").await.unwrap_err();
    assert_eq!((stranger.status(), stranger.to_string().contains("next is board")), (Some(422), true));
    responder.ask_someone(&card, "dora").await.unwrap();
    world.until(&run, |view| view.waits[0].ask == ["lead", "board"]).await;
    assert!(responder.card(&card).await.unwrap().next.is_empty());
    let viewer = world.client(Role::Viewer).remind(&card).await.unwrap_err();
    assert_eq!(viewer.status(), Some(403));
}

#[tokio::test]
async fn who_comes_next_on_the_ladder_may_answer_before_being_asked() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let new = NewToken { name: "dora".to_owned(), role: Role::Approver, days: None };
    let made = world.client(Role::Admin).make_token(&new).await.unwrap();
    let bearer = format!("Bearer {}", made.token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("x-stanch-channel", "tui"),
    ];
    let body = json!({ "say": "approve", "reason": "I was awake" }).to_string();
    let path = format!("/v1/approvals/{run}:A1");
    assert_eq!(world.raw(Method::POST, &path, &headers, body).await.status, 200);
    let view = world.until(&run, |view| view.waits.len() == 2).await;
    let (wait, said) = (&view.waits[0], &view.waits[0].decisions[0]);
    assert_eq!((said.who.as_str(), said.channel.as_str(), said.early), ("dora", "tui", true));
    assert_eq!(
        (wait.closed.as_ref().unwrap().who.as_str(), wait.ask.as_slice()),
        ("dora", &["lead".to_owned()][..])
    );
}
