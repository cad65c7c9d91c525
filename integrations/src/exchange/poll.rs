//! Jobs: the platform says "I am at it", and is asked until it is done.

use std::time::Duration;

use super::{Exchange, not_before, refused};
use crate::{
    bind::{Bound, Refusal, bind},
    call::{ErrorKind, More, Outcome},
    configured::arguments,
    request::{Builder, Built},
    response::{self, Answer, Verdict},
    scope::Vars,
    scrub::Scrub,
    spec::{ActionSpec, PollSpec},
};

/// The pause between two questions, where the catalogue does not say.
const EVERY: Duration = Duration::from_secs(2);

impl Exchange<'_> {
    /// The answer to go on with: the one that came, or the last one of a job. An outcome where the job ends otherwise:
    /// refused where it failed, in doubt where nobody knows.
    pub(super) async fn finished(
        &self,
        first: Answer,
        vars: &Vars<'_>,
        more: &mut More,
    ) -> Result<Answer, Outcome> {
        let Some(poll) = &self.action.poll else { return Ok(first) };
        if poll.when.as_ref().is_some_and(|when| !first.holds(when)) {
            return Ok(first);
        }
        let vars = Vars { body: first.body.as_ref(), ..*vars };
        let (action, bound) = self.question(poll, &vars).map_err(|why| self.unknown(&why))?;
        let read = Exchange { name: &poll.action, action, bound: &bound, ..*self };
        let tempo = self.transport.tempo();
        let until = self.in_a_while(poll.within.0.min(self.patience.left()));
        let every = poll.every.map_or(EVERY, |every| every.0);
        loop {
            let next = self.in_a_while(every);
            if next >= until {
                return Err(self.unknown("it was still at it when our time was over"));
            }
            tempo.reach(next).await;
            match read.ask(poll, more).await {
                Asked::Done(answer) => return Ok(answer),
                Asked::Failed(words) => {
                    return Err(refused(Refusal::new(ErrorKind::Refused, format!("the job failed{words}"))));
                }
                Asked::NotYet => {}
                Asked::Never(why) => return Err(self.unknown(&why)),
                Asked::Later(at) if at < until => tempo.reach(at).await,
                Asked::Later(at) if self.is_read() => return Err(not_before(at)),
                Asked::Later(_) => return Err(self.unknown("the platform asks to wait")),
            }
        }
    }

    fn question(&self, poll: &PollSpec, vars: &Vars<'_>) -> Result<(&ActionSpec, Bound), String> {
        let action = self
            .member
            .action(&poll.action)
            .ok_or_else(|| format!("there is no action `{}` to ask with", poll.action))?;
        let input = arguments(&poll.with, vars).map_err(|error| error.to_string())?;
        let bound = bind(&self.member.name, &poll.action, action, None, &input);
        Ok((action, bound.map_err(|refusal| refusal.message)?))
    }

    /// The platform took it, and what became of it is not known.
    fn unknown(&self, why: &str) -> Outcome {
        self.lost(format!("the platform took it as a job: {why}"), ErrorKind::Unavailable, None)
    }

    /// Asks once.
    async fn ask(&self, poll: &PollSpec, more: &mut More) -> Asked {
        let mut scrub = Scrub::default();
        let builder =
            Builder { spec: &self.member.platform.spec, base: &self.member.base, secrets: self.secrets };
        let vars = self.member.vars(self.bound, "");
        let request = match builder.build(self.action, &vars, &mut scrub) {
            Ok(Built::Http(request)) => request,
            Ok(Built::Mail(_)) => return Asked::Never("a mail asks nobody".to_owned()),
            Err(refusal) => return Asked::Never(refusal.message),
        };
        if let Err(at) = self.pace().slot(self.patience.stand()).await {
            return Asked::Later(self.pace().unix_ms(at));
        }
        let answer = match self.exchange(&builder, &request, &vars, &mut scrub, more).await {
            Ok(answer) => answer,
            Err(Outcome::Limited { until_ms, .. }) => return Asked::Later(until_ms),
            Err(Outcome::Refused { kind: ErrorKind::Unavailable, .. } | Outcome::NotSent { .. }) => {
                return Asked::NotYet;
            }
            Err(Outcome::Refused { message, .. }) => return Asked::Never(message),
            Err(_) => return Asked::NotYet,
        };
        if answer.holds(&poll.done) {
            return Asked::Done(answer);
        }
        let verdict = response::judge(&self.member.platform.spec, self.action, &answer);
        if poll.failed.as_ref().is_some_and(|failed| answer.holds(failed)) {
            let words = match &verdict {
                Verdict::No { words, .. } => format!(": {}", scrub.clean(words)),
                _ => String::new(),
            };
            return Asked::Failed(words);
        }
        match verdict {
            Verdict::Limited(pause) => {
                let until = self.pace().refused(pause.wait);
                Asked::Later(self.pace().unix_ms(until))
            }
            Verdict::No { words, .. } => Asked::Never(scrub.clean(&words)),
            _ => Asked::NotYet,
        }
    }
}

/// What a question brought.
enum Asked {
    Done(Answer),
    /// With the platform's words, if it has some.
    Failed(String),
    NotYet,
    /// It cannot be asked.
    Never(String),
    /// Not before, Unix ms.
    Later(i64),
}
