//! One turn: the server rests, we look, what is due happens, and time goes on.

use stanch_client::ClientError;

use super::{LOOK, Life, Play, Turn, refused, rest};
use crate::{
    DrillError,
    child::Rest,
    hands,
    record::Line,
    scenario::Deed,
    send::{Delivery, Proof},
};

impl Play<'_> {
    pub(super) async fn turn(&mut self, life: &mut Life) -> Result<Turn, DrillError> {
        let due = match self.auto {
            true => match rest(&mut life.server).await {
                Some(Rest::Until(due)) => due,
                Some(Rest::Gone) => return Ok(Turn::Dead),
                None => return Err(self.stuck("the server to rest")),
            },
            false => None,
        };
        self.read()?;
        self.set.stage.look(&self.set.twins);
        self.listen().await?;
        if self.set.stage.is_killed() {
            return Ok(Turn::Dead);
        }
        if self.floor.is_stopped() {
            return Ok(Turn::Over("stopped".to_owned()));
        }
        if self.has_left() {
            return Ok(Turn::Left);
        }
        self.tell_the_time(life).await;
        let spoke = match self.alerts(life).await? {
            Some(true) => true,
            Some(false) => self.speak(life).await?,
            None => return Ok(Turn::Dead),
        };
        if spoke {
            return Ok(Turn::Again);
        }
        let now = self.set.clock.now_ms();
        if self.set.stage.board.lock().is_over(now) {
            let is_late = now >= self.set.stage.board.lock().end_ms();
            return Ok(Turn::Over(if is_late { "time" } else { "met" }.to_owned()));
        }
        if !self.auto {
            self.floor.pause(LOOK).await;
            return Ok(if life.server.is_gone() { Turn::Dead } else { Turn::Again });
        }
        self.jump(life, due, now).await
    }

    /// What the server's journal says since the last look.
    fn read(&mut self) -> Result<(), DrillError> {
        let now = self.set.clock.now_ms();
        if self.log.is_none() {
            self.log = Some(stanch_journal::tail(&self.data, usize::MAX)?);
        }
        let Some(log) = &mut self.log else { return Ok(()) };
        let mut facts = self.set.stage.facts.write();
        while let Some(entry) = log.poll()? {
            facts.heard(&entry, now);
        }
        facts.now_ms = facts.now_ms.max(now);
        facts.note_containment();
        Ok(())
    }

    /// Sends the alerts that are due: whether one was, or nothing when the server died over it.
    async fn alerts(&mut self, life: &Life) -> Result<Option<bool>, DrillError> {
        let Some((_, client)) = life.clients.first_key_value() else { return Ok(Some(false)) };
        let stage = self.set.stage.clone();
        let mut sent = false;
        while let Some(entry) = stage.next_alert() {
            let Some(Deed::Alert(alert)) = stage.scenario.plot[entry].deed() else {
                stage.alert_sent(entry, self.set.clock.now_ms());
                continue;
            };
            let fired_ms = stage.fired_ms(entry).unwrap_or_else(|| self.set.clock.now_ms());
            let delivery = delivery(&stage.scenario.drill, entry, alert, fired_ms);
            match delivery.send(client, &self.set.secret).await {
                Ok(_) => stage.alert_sent(entry, self.set.clock.now_ms()),
                Err(ClientError::Unreachable { .. } | ClientError::Refused { status: 503, .. }) => {
                    return Ok(None);
                }
                Err(source) => return Err(refused("the alert", source)),
            }
            sent = true;
        }
        Ok(Some(sent))
    }

    /// Empty seats speak, whose time has come.
    async fn speak(&mut self, life: &Life) -> Result<bool, DrillError> {
        let stage = self.set.stage.clone();
        let now = self.set.clock.now_ms();
        let answers = hands::answers(&stage.scenario, &stage.facts.read(), &|person| stage.is_taken(person));
        let mut spoke = false;
        for mut answer in answers.into_iter().filter(|answer| answer.due_ms <= now) {
            let Some(client) = life.clients.get(answer.who.name) else { continue };
            let given = answer.give(client, &stage.scenario, &stage.facts, &self.set.twins).await;
            let given = given.map_err(|source| refused(&format!("the answer to {}", answer.card), source))?;
            if given {
                let hands::Answer { card, name, who, say, did, .. } = answer;
                let who = who.name.to_owned();
                if !did.is_empty() {
                    let (card, who) = (card.clone(), who.clone());
                    stage.record.write(Line::ByHand { card, who, did, at_ms: now });
                }
                stage.record.write(Line::StoodIn { card, name, who, say, at_ms: now });
                spoke = true;
            }
        }
        Ok(spoke)
    }

    /// To the next moment at which something can happen.
    async fn jump(&mut self, life: &mut Life, due: Option<i64>, now: i64) -> Result<Turn, DrillError> {
        let stage = self.set.stage.clone();
        let server = due.filter(|due| *due > now);
        let Some(next) = stage.next_ms(now).into_iter().chain(server).min() else {
            return Ok(Turn::Over("nothing left".to_owned()));
        };
        self.set.twins.save()?;
        let at = self.set.clock.jump(next);
        stage.record.write(Line::Clock { at, by: String::new() });
        life.server.tell(at).await;
        self.last_due = due;
        Ok(Turn::Again)
    }
}

/// The alert as a detection platform sends it. The same entry is the same delivery.
fn delivery(
    drill: &str,
    entry: usize,
    alert: &serde_json::Map<String, serde_json::Value>,
    now_ms: i64,
) -> Delivery {
    let mut body = alert.clone();
    let now = jiff::Timestamp::from_millisecond(now_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string();
    let text = |name: &str| alert.get(name).and_then(|value| value.as_str()).unwrap_or("alert").to_owned();
    let title = format!("{}: {}", text("app"), text("kind"));
    for (name, value) in [("id", format!("{drill}-{entry}")), ("time", now), ("title", title.clone())] {
        body.entry(name).or_insert_with(|| value.into());
    }
    Delivery {
        source: "casb",
        title,
        headers: vec![("content-type", "application/json".to_owned())],
        proof: Proof { header: "x-signature-256" },
        body: serde_json::Value::Object(body).to_string(),
    }
}
