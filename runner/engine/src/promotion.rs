//! What people made of a playbook's versions: reviewed, promoted, withdrawn. Journaled, one stream per playbook.
//!
//! In mode `live` a trigger starts only what was promoted: any other version stands before its first step until a person
//! lets it go. Nothing here looks at what a playbook says, and nothing of it is pinned: it is asked when a run is born.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stanch_journal::{Cursor, Filter, StreamAppend, With};
use stanch_model::{
    Hash, NewEntry, StreamId,
    api::{Stage, Standing},
    run::{Mode, body::Created},
};
use stanch_playbooks::Playbook;

use crate::{
    env::Env,
    handle::Engine,
    terms::{EngineError, Receipt},
};

/// Where the streams lie: `promotion/<slug>`.
const STREAMS: &str = "promotion/";
/// Judgements that are read of one stream at a time.
const PAGE: usize = 1_000;
/// Digits of a version that name it.
const SHORT: usize = 8;

/// What somebody says of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Somebody read it and stands for it.
    Reviewed,
    /// Alerts may start it.
    Promoted,
    /// It is a draft again.
    Withdrawn,
}

impl Judgement {
    fn kind(self) -> &'static str {
        match self {
            Self::Reviewed => "playbook.reviewed",
            Self::Promoted => "playbook.promoted",
            Self::Withdrawn => "playbook.withdrawn",
        }
    }

    fn of(kind: &str) -> Option<Self> {
        [Self::Reviewed, Self::Promoted, Self::Withdrawn].into_iter().find(|known| known.kind() == kind)
    }
}

/// Who says it, of what.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Slug.
    pub playbook: String,
    /// The version that is meant, or its first digits; the one at hand unless given.
    pub version: Option<String>,
    /// A person.
    pub who: String,
    /// Through what they said it.
    pub channel: String,
    /// Why one person does both, if they do.
    pub alone: Option<String>,
    /// The key whose signature stands for the review.
    pub signed: Option<String>,
}

/// As it is journaled.
#[derive(Debug, Serialize, Deserialize)]
struct Said {
    playbook: String,
    version: Hash,
    who: String,
    channel: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed: Option<String>,
}

/// The standing of every version that somebody spoke of, by playbook.
pub(crate) type Standings = BTreeMap<(String, Hash), Standing>;

fn draft() -> Standing {
    Standing { stage: Stage::Draft, reviewed_by: Vec::new(), promoted_by: None, alone: String::new() }
}

fn fold(standings: &mut Standings, judgement: Judgement, said: Said) {
    let standing = standings.entry((said.playbook, said.version)).or_insert_with(draft);
    match judgement {
        Judgement::Withdrawn => *standing = draft(),
        Judgement::Reviewed => {
            add(&mut standing.reviewed_by, said.who);
            if standing.stage == Stage::Draft {
                standing.stage = Stage::Reviewed;
            }
        }
        Judgement::Promoted => {
            if let Some(key) = said.signed {
                add(&mut standing.reviewed_by, format!("key {key}"));
            }
            standing.stage = Stage::Promoted;
            standing.promoted_by = Some(said.who);
            standing.alone = said.alone.unwrap_or_default();
        }
    }
}

/// Once, in the order in which they spoke.
fn add(reviewers: &mut Vec<String>, who: String) {
    if !reviewers.contains(&who) {
        reviewers.push(who);
    }
}

impl Engine {
    /// What people made of exactly this version.
    pub fn standing(&self, playbook: &Playbook) -> Standing {
        self.env.standing(playbook)
    }

    /// Takes what somebody says of the version at hand; durable when it returns.
    ///
    /// # Errors
    /// When there is no such playbook, another version is meant, or the rule of two people forbids it. Nothing was
    /// written then.
    pub async fn judge(&self, judgement: Judgement, judged: Judged) -> Result<Receipt, EngineError> {
        let playbook =
            self.env.library.get(&judged.playbook).ok_or_else(|| self.env.no_playbook(&judged.playbook))?;
        self.env.is_meant(&playbook, judged.version.as_deref())?;
        // One at a time: what is allowed follows from what was said before, and is folded in the order of the journal.
        let _turn = self.env.judging.lock().await;
        let standing = self.env.standing(&playbook);
        if let Some(why) = forbidden(judgement, &judged, &standing) {
            return Err(EngineError::Judge { playbook: playbook.slug.clone(), why });
        }
        if is_said_already(judgement, &judged, &standing) {
            return Ok(Receipt { position: self.env.journal.durable(), new: false });
        }
        let promotes_alone = judgement == Judgement::Promoted && is_alone(&judged, &standing);
        let said = Said {
            playbook: playbook.slug.clone(),
            version: playbook.hash,
            who: judged.who,
            channel: judged.channel,
            alone: judged.alone.filter(|_| promotes_alone),
            signed: judged.signed,
        };
        let ticket = self.env.journal_judgement(judgement, &said)?;
        self.env.journal.durable_at(ticket.position).await?;
        fold(&mut self.env.standings.write(), judgement, said);
        Ok(Receipt { position: ticket.position, new: true })
    }

    /// After a start: what was said in earlier lives.
    pub(crate) fn recall_standings(&self) -> Result<(), EngineError> {
        let mut standings = Standings::new();
        let filter = Filter { prefix: STREAMS.to_owned(), ..Filter::default() };
        for (stream, _) in self.env.journal.query(&filter, Cursor::START)?.streams {
            let mut from = 1;
            loop {
                let entries = self.env.journal.read(&stream, from, PAGE)?;
                let Some(last) = entries.last() else { break };
                from = last.header.version + 1;
                for entry in &entries {
                    if let (Some(judgement), Ok(said)) = (Judgement::of(&entry.header.kind), entry.decode()) {
                        fold(&mut standings, judgement, said);
                    }
                }
            }
        }
        *self.env.standings.write() = standings;
        Ok(())
    }
}

/// Whether nobody but the one who promotes stands for this version.
fn is_alone(judged: &Judged, standing: &Standing) -> bool {
    judged.signed.is_none() && standing.reviewed_by.iter().all(|by| *by == judged.who)
}

/// Why this may not be said now.
fn forbidden(judgement: Judgement, judged: &Judged, standing: &Standing) -> Option<String> {
    let why = judged.alone.as_deref().unwrap_or_default().trim();
    if judgement != Judgement::Promoted || !why.is_empty() || !is_alone(judged, standing) {
        return None;
    }
    Some(match standing.reviewed_by.first() {
        None => "nobody has reviewed this version".to_owned(),
        Some(by) => format!("{by} reviewed it, and somebody else must promote it"),
    })
}

fn is_said_already(judgement: Judgement, judged: &Judged, standing: &Standing) -> bool {
    match judgement {
        Judgement::Reviewed => standing.reviewed_by.contains(&judged.who),
        Judgement::Promoted => {
            standing.stage == Stage::Promoted && standing.promoted_by.as_ref() == Some(&judged.who)
        }
        Judgement::Withdrawn => standing.stage == Stage::Draft,
    }
}

impl Env {
    pub(crate) fn standing(&self, playbook: &Playbook) -> Standing {
        let key = (playbook.slug.clone(), playbook.hash);
        self.standings.read().get(&key).cloned().unwrap_or_else(draft)
    }

    /// Whether a run of this version must stand until a person lets it go.
    pub(crate) fn must_stand(
        &self,
        mode: Mode,
        playbook: &Playbook,
        triggered: bool,
        parent: Option<&Created>,
    ) -> bool {
        let let_go = parent.is_some_and(|parent| parent.unpromoted);
        mode == Mode::Live && triggered && !let_go && self.standing(playbook).stage != Stage::Promoted
    }

    fn is_meant(&self, playbook: &Playbook, version: Option<&str>) -> Result<(), EngineError> {
        let Some(version) = version else { return Ok(()) };
        let own = playbook.hash.to_string();
        if version.len() >= SHORT && own.starts_with(version) {
            return Ok(());
        }
        let short = &own[..SHORT];
        let why = match version.len() {
            length if length < SHORT => {
                format!("{version} is too short: write {SHORT} digits of the version")
            }
            _ => format!("the version here is {short}, not {version}"),
        };
        Err(EngineError::Judge { playbook: playbook.slug.clone(), why })
    }

    fn journal_judgement(
        &self,
        judgement: Judgement,
        said: &Said,
    ) -> Result<stanch_journal::Ticket, EngineError> {
        let entry = NewEntry::new(judgement.kind(), said);
        let stream = StreamId::from_stored(format!("{STREAMS}{}", said.playbook));
        let state = judgement.kind().trim_start_matches("playbook.").to_owned();
        let row = stanch_journal::Row { state, ..stanch_journal::Row::default() };
        let append =
            StreamAppend { row: Some(row), ..StreamAppend::new(stream, self.journal.epoch(), vec![entry]) };
        let ticket = self.journal.append(vec![append], With::default())?;
        self.journal.kick();
        Ok(ticket)
    }
}
