//! What a guard has against a call, the card that says it, and what a person said to it.

use stanch_model::{
    Target,
    run::{WaitKind, WaitView, body::WaitOpened},
};

use crate::live::Live;

/// Names listed on a card before it says how many more there are.
const NAMED: usize = 5;

/// What a guard has against a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Objection {
    /// The guard, in words that stay the same when it is asked again.
    pub(crate) guard: String,
    /// What it found, with its numbers.
    why: String,
    pub(crate) lifts: Lifts,
}

/// What a person's `go_on` lifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifts {
    /// The guard over this target.
    Target,
    /// A limit, for the rest of the run.
    Limit,
    /// What could not be read is not asked any more in this run.
    Unread,
    /// The guard over the targets that the card lists.
    Listed,
}

impl Objection {
    pub(super) fn of_target(guard: String, why: &str) -> Self {
        Self { guard, why: why.to_owned(), lifts: Lifts::Target }
    }

    pub(super) fn limit(guard: String, why: String) -> Self {
        Self { guard, why, lifts: Lifts::Limit }
    }

    pub(super) fn listed(guard: String, why: String) -> Self {
        Self { guard, why, lifts: Lifts::Listed }
    }

    pub(super) fn unread(guard: &str, why: String) -> Self {
        Self { guard: format!("{guard}, unread"), why, lifts: Lifts::Unread }
    }

    /// What a person said to it that goes for this target.
    pub(super) fn said(&self, live: &Live, target: &Target) -> Said {
        let of_some = matches!(self.lifts, Lifts::Target | Lifts::Listed);
        let of_guard =
            |wait: &&WaitView| wait.name == self.guard && (!of_some || wait.targets.contains(target));
        cards(live).rev().find(of_guard).map_or(Said::Nothing, Said::of)
    }
}

/// What was said to a guard's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Go on.
    Yes,
    /// The guard is right.
    No,
    /// Nothing yet: this card asks.
    Open(String),
    /// It is to be asked.
    Nothing,
}

impl Said {
    fn of(card: &WaitView) -> Self {
        match card.closed.as_ref().map(|closed| closed.say.as_str()) {
            None => Self::Open(card.id.clone()),
            Some("go_on") => Self::Yes,
            Some("look_again") => Self::Nothing,
            Some(_) => Self::No,
        }
    }
}

fn cards(live: &Live) -> impl DoubleEndedIterator<Item = &WaitView> {
    live.view.waits.iter().filter(|wait| wait.kind == WaitKind::Guard)
}

/// What stands of the cards that list this target, whatever the guards would say now: an open one holds it, also when the
/// numbers have changed since, and a no remains a no.
pub(super) fn said_of(live: &mut Live, target: &Target) -> Said {
    let so_far = cards(live).count();
    if so_far == 0 {
        return Said::Nothing;
    }
    if so_far != live.known.cards {
        live.known.cards = so_far;
        live.known.listed.clear();
        let listed: Vec<(String, String)> =
            cards(live).flat_map(|card| card.targets.iter().map(|t| (t.key(), card.id.clone()))).collect();
        for (target, card) in listed {
            live.known.listed.entry(target).or_default().push(card);
        }
    }
    let listed = live.known.listed.get(&target.key()).map_or(&[][..], Vec::as_slice);
    let mut all = Said::Nothing;
    for card in cards(live).filter(|card| listed.contains(&card.id)) {
        match Said::of(card) {
            open @ Said::Open(_) => return open,
            Said::No => all = Said::No,
            Said::Yes | Said::Nothing => {}
        }
    }
    all
}

/// The card for the calls that a guard stops: what is to be done on which targets.
pub(crate) fn card(
    id: String,
    objection: &Objection,
    what: &str,
    targets: Vec<Target>,
    address: stanch_model::Address,
) -> WaitOpened {
    let why = &objection.why;
    let (text, options): (String, &[&str]) = match objection.lifts {
        Lifts::Target => {
            let on = targets.first().map(|target| format!("{} ({})", target.name(), target.key()));
            let on = on.unwrap_or_default();
            (
                format!("{what} on {on}: it {why}. `go_on` does it all the same, `skip` leaves it out"),
                &["go_on", "skip"],
            )
        }
        Lifts::Limit => (
            format!(
                "{why}; {}. `go_on` lifts this limit for the rest of the run, `skip` leaves out what is over it",
                waiting(&targets)
            ),
            &["go_on", "skip"],
        ),
        Lifts::Listed => (
            format!(
                "{why}; {}. `go_on` does what is listed all the same, `skip` leaves it out; nothing else goes on until then",
                waiting(&targets)
            ),
            &["go_on", "skip"],
        ),
        Lifts::Unread => (
            format!(
                "{why}; {}. `look_again` reads it anew, `go_on` goes on without knowing, `skip` leaves these out",
                waiting(&targets)
            ),
            &["look_again", "go_on", "skip"],
        ),
    };
    WaitOpened {
        wait: id,
        wait_kind: WaitKind::Guard,
        address,
        name: objection.guard.clone(),
        text,
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        targets,
        ask: Vec::new(),
        ladder: Vec::new(),
        of: 1,
        within_ms: 0,
        due_ms: None,
        card: true,
    }
}

fn waiting(targets: &[Target]) -> String {
    let names: Vec<&str> = targets.iter().take(NAMED).map(Target::name).collect();
    let more = match targets.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let wait = if targets.len() == 1 { "waits" } else { "wait" };
    format!("{} more {wait}: {}{more}", targets.len(), names.join(", "))
}
