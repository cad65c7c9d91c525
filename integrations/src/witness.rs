//! What a credential was last seen to see. A testimony counts only for lists that were read before it was asked for: a
//! permission that is taken away in the middle of a run must not hide behind an older one.

use std::collections::BTreeMap;

use tokio::{sync::Mutex, time::Instant};

use crate::{call::Outcome, time::aside};

/// How much of what a list can hold a credential sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Everything.
    Whole,
    /// Perhaps not everything: why, for people.
    Partial(String),
}

/// The last testimonies of a platform's witnesses, by name.
#[derive(Debug, Default)]
pub(crate) struct Witnesses(BTreeMap<String, Mutex<Option<Testimony>>>);

#[derive(Debug)]
struct Testimony {
    asked: Instant,
    sight: Sight,
}

impl Witnesses {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        Self(names.map(|name| (name.clone(), Mutex::default())).collect())
    }

    /// A testimony that was asked for after this moment. Lists that wait meanwhile share the next one: it is asked by the
    /// first of them, after all of them were read.
    pub(crate) async fn after(
        &self,
        name: &str,
        listed: Instant,
        ask: impl Future<Output = Result<Sight, Box<Outcome>>>,
    ) -> Result<Sight, Box<Outcome>> {
        let Some(last) = self.0.get(name) else { return ask.await };
        let mut last = aside(last.lock()).await;
        if let Some(known) = last.as_ref().filter(|known| known.asked >= listed) {
            return Ok(known.sight.clone());
        }
        let asked = Instant::now();
        let sight = ask.await?;
        *last = Some(Testimony { asked, sight: sight.clone() });
        Ok(sight)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use super::*;

    async fn ask(asked: &AtomicUsize) -> Result<Sight, Box<Outcome>> {
        asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(Sight::Whole)
    }

    #[tokio::test(start_paused = true)]
    async fn lists_that_wait_share_one_question_and_a_later_list_asks_anew() {
        let names = ["all".to_owned()];
        let (witnesses, asked) = (Arc::new(Witnesses::new(names.iter())), Arc::new(AtomicUsize::new(0)));
        let lists: Vec<_> = [0, 10, 20, 30]
            .into_iter()
            .map(|at| {
                let (witnesses, asked) = (Arc::clone(&witnesses), Arc::clone(&asked));
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(at)).await;
                    witnesses.after("all", Instant::now(), ask(&asked)).await
                })
            })
            .collect();
        for list in lists {
            assert_eq!(list.await.unwrap(), Ok(Sight::Whole));
        }
        assert_eq!(
            asked.load(Ordering::SeqCst),
            2,
            "one for the first, one for the three that came meanwhile"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
        witnesses.after("all", Instant::now(), ask(&asked)).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 3, "an old testimony says nothing of a new list");
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_without_an_answer_is_no_testimony() {
        let names = ["all".to_owned()];
        let (witnesses, asked) = (Witnesses::new(names.iter()), AtomicUsize::new(0));
        let listed = Instant::now();
        let limited = async { Err(Box::new(Outcome::Limited { until_ms: 1, why: String::new() })) };
        assert!(witnesses.after("all", listed, limited).await.is_err());
        assert_eq!(witnesses.after("all", listed, ask(&asked)).await, Ok(Sight::Whole));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
