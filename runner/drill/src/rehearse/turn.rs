//! One turn: the server rests, we look, what is due happens, and time goes on.

use stanch_client::ClientError;
use stanch_model::api::StartBody;

use super::{LOOK, Life, Play, Turn, refused, rest};
use crate::{
    DrillError,
    child::Rest,
    clerk, company, hands,
    record::Line,
    scenario::{Deed, StartSpec},
    send::{Delivery, Proof},
    vendors::{self, Noted},
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
        let spoke = match self.calls(life).await? {
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

    /// Sends the alerts that are due, starts the playbooks: whether one was, or nothing when the server died over it.
    async fn calls(&mut self, life: &Life) -> Result<Option<bool>, DrillError> {
        let stage = self.set.stage.clone();
        let mut called = false;
        while let Some(entry) = stage.next_call() {
            let fired_ms = stage.fired_ms(entry).unwrap_or_else(|| self.set.clock.now_ms());
            let (what, answer) = match stage.scenario.plot[entry].deed() {
                Some(Deed::Alert(alert)) => {
                    let Some((_, client)) = life.clients.first_key_value() else { return Ok(Some(false)) };
                    let delivery = delivery(&stage.scenario.drill, entry, alert, fired_ms);
                    ("the alert", delivery.send(client, &self.set.secret).await.map(drop))
                }
                Some(Deed::Run(start)) => ("the playbook", self.start(life, start, fired_ms).await),
                _ => ("nothing", Ok(())),
            };
            match answer {
                Ok(()) => stage.called(entry),
                Err(ClientError::Unreachable { .. } | ClientError::Refused { status: 503, .. }) => {
                    return Ok(None);
                }
                Err(source) => return Err(refused(what, source)),
            }
            called = true;
        }
        Ok(Some(called))
    }

    /// Starts a playbook in the name of a colleague. One that was started since it was due, before a death, is not started again.
    async fn start(&self, life: &Life, start: &StartSpec, fired_ms: i64) -> Result<(), ClientError> {
        let Some(client) = life.clients.get(company::COLLEAGUE) else { return Ok(()) };
        let incident = {
            let facts = self.set.stage.facts.read();
            if facts.was_started(&start.playbook, company::COLLEAGUE, fired_ms) {
                return Ok(());
            }
            facts.incident()
        };
        let (playbook, input) = (start.playbook.clone(), start.input.clone());
        let body = StartBody { playbook, input, incident, ..StartBody::default() };
        client.start(&body).await.map(drop)
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
        let clocks = self.stop_clocks(life, now).await?;
        Ok(self.vendors_answer(life, now).await? || clocks || spoke)
    }

    /// Vendors answer what was written to them; where nobody plays the responder it is written down at once.
    async fn vendors_answer(&mut self, life: &Life, now: i64) -> Result<bool, DrillError> {
        let stage = self.set.stage.clone();
        let replies = stage.replies(&self.set.twins);
        let due = replies.into_iter().filter(|reply| reply.due_ms.is_some_and(|due| due <= now));
        let mut spoke = false;
        let people = company::people(&stage.scenario);
        let ana = people.first().filter(|person| !stage.is_taken(person));
        let hand = ana.and_then(|ana| Some((ana.name, life.clients.get(ana.name)?)));
        for reply in due {
            let mut noted = None;
            if let Some((name, client)) = hand {
                let said = vendors::acknowledge(client, &reply).await;
                match said.map_err(|source| refused(&format!("what {} says", reply.from), source))? {
                    Noted::At(card) => noted = Some((card, name.to_owned())),
                    Noted::Nowhere => {}
                    Noted::Unheard => continue,
                }
            }
            stage.record.write(reply.line(now));
            if let Some((card, who)) = noted {
                let (name, say) = (reply.vendor, "acknowledged".to_owned());
                stage.record.write(Line::StoodIn { card, name, who, say, at_ms: now });
            }
            spoke = true;
        }
        Ok(spoke)
    }

    /// Empty seats say of clocks what the scenario lets them say.
    async fn stop_clocks(&mut self, life: &Life, now: i64) -> Result<bool, DrillError> {
        let stage = self.set.stage.clone();
        let words = clerk::words(&stage.scenario, &stage.facts.read(), &|person| stage.is_taken(person));
        let mut spoke = false;
        for word in words.into_iter().filter(|word| word.due_ms <= now) {
            let Some(client) = life.clients.get(word.who.name) else { continue };
            let given = word.give(client).await.map_err(|source| refused(&word.clock, source))?;
            if given {
                stage.record.write(word.line(now));
                spoke = true;
            }
        }
        Ok(spoke)
    }

    /// To the next moment at which something can happen.
    async fn jump(&mut self, life: &mut Life, due: Option<i64>, now: i64) -> Result<Turn, DrillError> {
        let stage = self.set.stage.clone();
        let server = due.filter(|due| *due > now);
        let Some(next) = stage.next_ms(now, &self.set.twins).into_iter().chain(server).min() else {
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
