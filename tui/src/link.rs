//! The line to the server: performs what the application wants and tells what comes back. The only place that knows the
//! client.

use std::future::Future;

use stanch_client::{Client, ClientError, News, Seat};
use stanch_model::api::{
    AnswerBody, DecideBody, DrillOrder, ExtendBody, Page, Recorded, ResolveBody, StartBody,
};
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    ask::{Ask, Begin, Begun, Intent, Order, Told, Trouble},
    event::{Event, Link},
};

/// Items of a list: what is older is found by the command line.
const LISTED: usize = 200;

/// Lines of the journal from before we came.
const LAST: usize = 2000;

/// Entries of a run at a time.
const ENTRIES: usize = 1000;

/// Performs intents in the background.
#[derive(Clone, Debug)]
pub struct Performer {
    client: Client,
    seat: Option<Seat>,
    events: UnboundedSender<Event>,
}

impl Performer {
    /// Follows the journal, its last lines first, and performs what is asked of it.
    pub fn start(client: Client, seat: Option<Seat>, events: UnboundedSender<Event>) -> Self {
        tokio::spawn(follow(client.clone(), events.clone()));
        Self { client, seat, events }
    }

    /// Begins, and returns at once; the answer comes as an event.
    pub fn perform(&self, intent: Intent) {
        let Self { client, seat, events } = self.clone();
        tokio::spawn(async move {
            let event = match intent {
                Intent::Order(_, Order::Drill(order)) => Event::Ordered(at_seat(seat.as_ref(), &order).await),
                Intent::Ask(ask) => match tell(&client, seat.as_ref(), &ask).await {
                    Ok(told) => Event::Told(Box::new(told)),
                    Err(error) => Event::Untold(ask, trouble(&error)),
                },
                Intent::Order(number, Order::Begin(order)) => {
                    Event::Begun(number, begin(&client, order).await.map_err(|error| trouble(&error)))
                }
                Intent::Order(number, order) => {
                    hand(seat.as_ref(), &order).await;
                    Event::Done(number, carry_out(&client, order).await.map_err(|error| trouble(&error)))
                }
            };
            // nobody listens any more: the terminal is closed
            let _closed = events.send(event);
        });
    }
}

async fn follow(client: Client, events: UnboundedSender<Event>) {
    let mut stream = client.last_events(LAST);
    loop {
        let event = match stream.next().await {
            Ok(News::Online) => Event::Link(Link::Online),
            Ok(News::Beat) => Event::Link(Link::Beat),
            Ok(News::Entry(event)) => Event::Entry(Box::new(event.entry)),
            Ok(News::Lost { why, .. }) => Event::Link(Link::Lost(why)),
            Err(error) => {
                let why = match error.status() {
                    // a login that is over, mostly
                    Some(401) => format!("{error}: leave and type stanch login"),
                    _ => error.to_string(),
                };
                let _closed = events.send(Event::Link(Link::Refused(why)));
                return;
            }
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

fn trouble(error: &ClientError) -> Trouble {
    Trouble {
        why: error.to_string(),
        help: error.help().map(str::to_owned),
        field: error.field().map(str::to_owned),
        // who answers otherwise than we understand will do so again
        refused: matches!(error.status(), Some(400..=499)) || matches!(error, ClientError::Garbled { .. }),
    }
}

async fn items<T>(page: impl Future<Output = Result<Page<T>, ClientError>>) -> Result<Vec<T>, ClientError> {
    page.await.map(|page| page.items)
}

/// Who says at a drill's screen that something was done by hand does it with that: there is no other hand.
async fn hand(seat: Option<&Seat>, order: &Order) {
    let (Some(seat), Order::Answer(card, answer)) = (seat, order) else { return };
    if answer == "done" {
        // a card that asks for no hand refuses: then there was nothing to be done
        let _unasked = seat.order(&DrillOrder::ByHand { card: card.clone() }).await;
    }
}

async fn at_seat(seat: Option<&Seat>, order: &DrillOrder) -> Result<stanch_model::api::DrillDone, Trouble> {
    match seat {
        Some(seat) => seat.order(order).await.map_err(|error| trouble(&error)),
        None => Err(no_seat()),
    }
}

fn no_seat() -> Trouble {
    Trouble { why: "nobody sits in a drill here".to_owned(), refused: true, ..Trouble::default() }
}

async fn tell(client: &Client, seat: Option<&Seat>, ask: &Ask) -> Result<Told, ClientError> {
    if let (Ask::Drill, Some(seat)) = (ask, seat) {
        return Ok(Told::Drill(Box::new(seat.view().await?)));
    }
    Ok(match ask {
        Ask::Me => Told::Me(client.me().await?),
        Ask::Status => Told::Status(client.status().await?),
        Ask::Runs => Told::Runs(items(client.runs(false, LISTED)).await?),
        Ask::Incidents => Told::Incidents(items(client.incidents(LISTED, None)).await?),
        Ask::Approvals => Told::Approvals(items(client.approvals()).await?),
        Ask::Questions => Told::Questions(items(client.questions()).await?),
        Ask::Alerts => Told::Alerts(items(client.alerts(LISTED, None)).await?),
        Ask::Deadlines => Told::Deadlines(items(client.deadlines()).await?),
        Ask::Playbooks => Told::Playbooks(items(client.playbooks()).await?),
        Ask::Integrations => Told::Integrations(items(client.integrations()).await?),
        Ask::Vendors => Told::Vendors(items(client.vendors()).await?),
        Ask::Notices => Told::Notices(items(client.notices()).await?),
        Ask::Vendor(slug) => Told::Vendor(Box::new(client.vendor(slug).await?)),
        Ask::UndoPlan(run) => Told::UndoPlan(client.undo_plan(run).await?),
        Ask::Playbook(slug) => Told::Playbook(client.playbook(slug).await?),
        Ask::Script(run) => Told::Script(run.clone(), client.run_playbook(run).await?),
        Ask::Incident(id) => Told::Incident(client.incident(id).await?),
        Ask::Entries(run, after) => {
            let page = client.entries(run, ENTRIES, Some(&after.to_string())).await?;
            Told::Entries(run.clone(), *after, page)
        }
        Ask::Drill => return Err(ClientError::Location(no_seat().why)),
    })
}

async fn carry_out(client: &Client, order: Order) -> Result<Recorded, ClientError> {
    match order {
        Order::Decide(card, say, reason) => client.decide(&card, &DecideBody { say, reason }).await,
        Order::Answer(card, answer) => client.answer(&card, &AnswerBody { answer, note: None }).await,
        Order::Resolve(run, step, verdict) => {
            client.resolve(&run, &ResolveBody { step, verdict, note: None }).await
        }
        Order::PauseRun(run) => client.pause_run(&run).await,
        Order::ResumeRun(run) => client.resume_run(&run).await,
        Order::Cancel(run, why) => client.cancel(&run, Some(&why)).await,
        Order::Extend { run, target, by, why } => {
            client.extend(&run, &ExtendBody { target, by, reason: why }).await
        }
        Order::BreakGlass(card, why) => client.break_glass(&card, &why).await,
        Order::Acknowledged(notice, said) => client.notice_acknowledged(&notice, &said).await,
        Order::Bounced(notice, to, why) => client.notice_bounced(&notice, to.as_deref(), &why).await,
        Order::Repin(run) => client.repin(&run).await,
        Order::Pause(scope) => client.pause(&scope).await,
        Order::Resume(scope) => client.resume(&scope).await,
        Order::Note(incident, text) => client.note(&incident, &text).await,
        Order::Close(incident, why) => client.close_incident(&incident, &why).await,
        Order::Reopen(incident, why) => client.reopen_incident(&incident, &why).await,
        Order::Sent(incident, deadline, proof) => client.deadline_sent(&incident, &deadline, &proof).await,
        Order::Waive(incident, deadline, why) => client.waive_deadline(&incident, &deadline, &why).await,
        Order::Remind(card) => client.remind(&card).await,
        Order::AskSomeone(card, name) => client.ask_someone(&card, &name).await,
        // these are answered otherwise
        Order::Begin(_) | Order::Drill(_) => Err(ClientError::Location(no_seat().why)),
    }
}

/// Orders that begin a run.
async fn begin(client: &Client, order: Begin) -> Result<Begun, ClientError> {
    let run = match order {
        Begin::Start { playbook, input, incident } => {
            client.start(&StartBody { playbook, input, incident, ..StartBody::default() }).await?.run
        }
        Begin::Undo(run, why) => client.begin_undo(&run, Some(&why)).await?.run,
    };
    Ok(Begun { run })
}
