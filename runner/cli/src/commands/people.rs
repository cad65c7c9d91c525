//! `stanch approve`, `deny`, `answer`, `resolve`: what people say; `remind` and `ask-someone`: that they say it.

use stanch_client::Client;
use stanch_model::{
    api::{AnswerBody, Card, DecideBody, LinkBody, Recorded, ResolveBody, Say, Verdict},
    run::WaitKind,
    shortened::short,
};

use crate::{
    exit::Exit,
    out::Out,
    reach::{self, ReachArgs, answer},
    said::Said,
};

/// Say yes or no to an approval
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Whoever is asked may answer, and whoever comes later on the approval's ladder in the manifest, before being asked: it counts\nat once, as one person. Never whoever started the run."
)]
pub(crate) struct DecideArgs {
    /// The card: `RUN:A1`, `A1` if it is the only one, or the run if it has only one
    #[arg(value_parser = reach::id)]
    card: String,
    /// Why; goes into the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Answer a question or a manual step
#[derive(Debug, clap::Args)]
pub(crate) struct AnswerArgs {
    /// The card: `RUN:Q1`, `Q1` if it is the only one, or the run if it has only one
    #[arg(value_parser = reach::id)]
    card: String,
    /// One of the choices, or text; `done` or `failed` for what was to be done by hand
    answer: String,
    /// More words, for the record
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Say what became of a step of which nobody knows; after the end of a run, of any target that is not proven
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A run that has ended sends nothing any more: only done and skip can be said. What is done is read back where the platform lets us."
)]
pub(crate) struct ResolveArgs {
    /// The run
    #[arg(value_parser = reach::id)]
    run: String,
    /// The step's address or its card: `3.each[okta/grant/1].1`, `D1`; after the end also the target: `okta/grant/1`
    #[arg(value_parser = reach::id)]
    step: String,
    /// done: it happened · retry: do it again · skip: leave it · abort: end the run
    #[arg(value_parser = verdict)]
    verdict: Verdict,
    /// How you know
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Tell those who are asked once more
#[derive(Debug, clap::Args)]
pub(crate) struct RemindArgs {
    /// The card: `RUN:A1`, `A1` if it is the only one, or the run if it has only one
    #[arg(value_parser = reach::id)]
    card: String,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Ask somebody now, without waiting for silence; those who were asked stay asked
#[derive(Debug, clap::Args)]
#[command(
    after_help = "An approval is brought before those who come next on its ladder in the manifest, and nobody else; a question or\nmanual step before anybody whom `people:` knows."
)]
pub(crate) struct AskSomeoneArgs {
    /// The card: `RUN:A1`, `A1` if it is the only one, or the run if it has only one
    #[arg(value_parser = reach::id)]
    card: String,
    /// The person or group; whoever is next unless given
    name: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Let an approval or a guard go alone, when nobody of those who are asked answers
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Everybody whom `tell:` names is told, and the reason stands in `show` and in the report. It is for admins, and for approvers who\ncould have said yes were it their turn, or had they not begun the run; `break_glass: after:` says how long the others have before it."
)]
pub(crate) struct BreakGlassArgs {
    /// The card: `RUN:A1`, `A1` if it is the only one, or the run if it has only one
    #[arg(value_parser = reach::id)]
    card: String,
    /// Why you go on alone: at least ten characters
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Make a link by which one person answers a card from a phone, once, within a day
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Whoever has the link can answer as its person: hand it to them alone. Looking at it changes nothing.\nIt needs `server: { public: https://… }` in stanch.yaml."
)]
pub(crate) struct LinkArgs {
    /// The card: `RUN:A1`, `A1` if it is the only one, or the run if it has only one
    #[arg(value_parser = reach::id)]
    card: String,
    /// Whom it is for; you unless given, and only an admin makes one for somebody else
    #[arg(long = "for", value_name = "NAME")]
    whom: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
}

fn verdict(word: &str) -> Result<Verdict, String> {
    let words = || Verdict::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", ");
    Verdict::parse(word).ok_or_else(|| format!("say one of {}", words()))
}

/// Records a yes or a no.
///
/// # Errors
/// When there is no such card, or the server refuses (not asked, too late, you started the run).
pub(crate) async fn decide(args: DecideArgs, say: Say, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let waiting = client.approvals().await.map_err(answer)?.items;
    let card = the_card("approval", &args.card, waiting)?;
    out.aside(&format!("{} {}", card.wait.id, card.wait.text));
    let body = DecideBody { say, reason: args.reason };
    recorded(client.decide(&card.id, &body).await, say.as_str(), &card, out)
}

/// Records an answer.
///
/// # Errors
/// When there is no such card, or the server refuses.
pub(crate) async fn answer_card(args: AnswerArgs, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let waiting = client.questions().await.map_err(answer)?.items;
    let card = the_card("question", &args.card, waiting)?;
    out.aside(&format!("{} {}", card.wait.id, card.wait.text));
    if card.wait.kind == WaitKind::InDoubt {
        let help = format!(
            "look first, then `stanch resolve {} {} done|retry|skip|abort`",
            short(&card.run),
            card.wait.id
        );
        return Err(Said::new(format!("{} asks what became of a step", card.wait.id)).help(help).into());
    }
    let body = AnswerBody { answer: args.answer.clone(), note: args.note };
    recorded(client.answer(&card.id, &body).await, &args.answer, &card, out)
}

/// Records what became of a step.
///
/// # Errors
/// When the step is in no doubt, or the server refuses.
pub(crate) async fn resolve(args: ResolveArgs, out: Out) -> anyhow::Result<Exit> {
    let client: Client = args.reach.client()?;
    let body = ResolveBody { step: args.step.clone(), verdict: args.verdict, note: args.note };
    let recorded = client.resolve(&args.run, &body).await.map_err(answer)?;
    let again = if recorded.new { "" } else { " (you had said so before)" };
    out.text(&format!("{}: {}, recorded as {}{again}", args.step, args.verdict, recorded.by));
    out.line(&recorded);
    Ok(Exit::Yes)
}

/// Reminds those who are asked.
///
/// # Errors
/// When there is no such card, or they were reminded a moment ago.
pub(crate) async fn remind(args: RemindArgs, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let card = waiting(&client, &args.card).await?;
    let whom = if card.asked.is_empty() { "everybody".to_owned() } else { card.asked.join(", ") };
    recorded(client.remind(&card.id).await, &format!("reminds {whom}"), &card, out)
}

/// Brings a card before somebody.
///
/// # Errors
/// When there is no such card, or this person is not to be asked.
pub(crate) async fn ask_someone(args: AskSomeoneArgs, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let card = waiting(&client, &args.card).await?;
    let Some(whom) = args.name.as_ref().or_else(|| card.next.first()) else {
        let said = Said::new(format!("nobody comes after those whom {} asks", card.wait.id));
        return Err(said
            .help(format!("`stanch remind {}` tells them once more", name(&card)))
            .exit(Exit::No)
            .into());
    };
    recorded(client.ask_someone(&card.id, whom).await, &format!("asks {whom} now"), &card, out)
}

/// Lets a card go alone.
///
/// # Errors
/// When there is no such card, those who are asked can still answer, or this person may not.
pub(crate) async fn break_glass(args: BreakGlassArgs, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let card = waiting(&client, &args.card).await?;
    out.aside(&format!("{} {}", card.wait.id, card.wait.text));
    if !card.asked.is_empty() {
        out.aside(&format!("asked: {}", card.asked.join(", ")));
    }
    recorded(
        client.break_glass(&card.id, &args.reason).await,
        "is let go alone; everybody is told",
        &card,
        out,
    )
}

/// Makes a link.
///
/// # Errors
/// When there is no such card, nobody knows where people reach the server, or the caller may not speak for this person.
pub(crate) async fn link(args: LinkArgs, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let card = waiting(&client, &args.card).await?;
    let body = LinkBody { card: card.id.clone(), r#for: args.whom };
    let made = client.make_link(&body).await.map_err(answer)?;
    out.aside(&format!("{} {}, for {} alone", card.wait.id, card.wait.text, made.r#for));
    out.text(&made.url);
    out.line(&made);
    Ok(Exit::Yes)
}

/// The card that a text means, among everything that waits.
async fn waiting(client: &Client, text: &str) -> anyhow::Result<Card> {
    let mut all = client.approvals().await.map_err(answer)?.items;
    all.extend(client.questions().await.map_err(answer)?.items);
    the_card("card", text, all)
}

fn recorded(
    done: Result<Recorded, stanch_client::ClientError>,
    say: &str,
    card: &Card,
    out: Out,
) -> anyhow::Result<Exit> {
    let recorded = done.map_err(answer)?;
    let again = if recorded.new { "" } else { " (you had said so before)" };
    out.text(&format!("{} {say}, recorded as {}{again}", card.wait.id, recorded.by));
    out.line(&recorded);
    Ok(Exit::Yes)
}

/// The one card that a text means.
fn the_card(what: &str, text: &str, waiting: Vec<Card>) -> anyhow::Result<Card> {
    let upper = text.to_ascii_uppercase();
    let (run, wait) = match upper.split_once(':') {
        Some((run, wait)) => (Some(run.to_owned()), Some(wait.to_owned())),
        None => (None, None),
    };
    let of_run =
        |card: &Card, run: &str| run.len() >= 4 && (card.run.starts_with(run) || card.run.ends_with(run));
    let fits = |card: &&Card| match (&run, &wait) {
        (Some(run), Some(wait)) => of_run(card, run) && card.wait.id == *wait,
        _ => card.wait.id == upper || of_run(card, &upper),
    };
    let mut found: Vec<Card> = waiting.iter().filter(fits).cloned().collect();
    match (found.pop(), found.len()) {
        (Some(card), 0) => Ok(card),
        (None, _) => {
            let all: Vec<String> = waiting.iter().map(name).collect();
            let help = if all.is_empty() {
                "nothing waits".to_owned()
            } else {
                format!("waiting: {}", all.join(", "))
            };
            Err(Said::new(format!("no {what} `{text}` waits for an answer")).help(help).exit(Exit::No).into())
        }
        (Some(last), _) => {
            let all: Vec<String> = found.iter().chain([&last]).map(name).collect();
            let help = format!("write one of {}", all.join(", "));
            Err(Said::new(format!("`{text}` means several")).help(help).exit(Exit::Usage).into())
        }
    }
}

fn name(card: &Card) -> String {
    format!("{}:{}", short(&card.run), card.wait.id)
}
