//! One platform's twin: what happens to a request, in order, under the platform's own lock.
//!
//! Rate limit, fault, credential, scope, operation, ledger, and last what a fault does to the answer. The ledger is
//! written before anybody can see an answer.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rhai::{Dynamic, Map};
use serde_json::Value;

use super::{
    ACTION_HEADER, Answer, Fault, Rate,
    bucket::{Bucket, Turn},
    fault::Call,
    ledger::{Fate, RequestRecord, Sort},
    mangle,
    script::{Body, Reply, Route, Scope, Script},
    shared::{Left, Shared},
    store::Mark,
    tenant::{Current, Db, Tenant},
    trail::Step,
    wire::{Credential, Incoming, Outgoing},
};

/// One platform instance.
pub(crate) struct Platform {
    pub(crate) integration: String,
    pub(crate) platform: String,
    pub(crate) script: Script,
    pub(crate) db: Db,
    bucket: Option<Bucket>,
}

/// A request on its way through the platform.
struct Visit<'a> {
    incoming: &'a Incoming,
    route: Option<&'a Route>,
    params: Vec<(String, String)>,
    credential: Option<Credential>,
    fault: Option<Fault>,
    now: Timestamp,
}

impl Platform {
    pub(crate) fn new(
        integration: &str,
        platform: &str,
        source: &str,
        seed: u64,
        now: Timestamp,
    ) -> Result<Self, String> {
        let db: Db = Arc::new(Mutex::new(Tenant::new(integration, seed, now)));
        let script = Script::compile(source, &db)?;
        Ok(Self {
            integration: integration.to_owned(),
            platform: platform.to_owned(),
            script,
            db,
            bucket: None,
        })
    }

    pub(crate) fn set_rate(&mut self, rate: Option<Rate>, now: Duration) {
        self.bucket = rate.map(|rate| Bucket::new(rate, now));
    }

    /// Lets time pass: what was to come by itself comes.
    pub(crate) fn wake(&self, shared: &Shared, now: Timestamp) {
        let due = {
            let mut tenant = self.db.lock();
            tenant.at(now);
            let (due, later) =
                std::mem::take(&mut tenant.coming).into_iter().partition(|coming| coming.at <= now);
            tenant.coming = later;
            due
        };
        let due: Vec<super::tenant::Coming> = due;
        for coming in due {
            if let Err(error) = super::seed::grant(self, &shared.world, &coming.app, coming.grants) {
                tracing::error!("{}: {error}", self.integration);
            }
        }
    }

    /// Answers one request.
    pub(crate) fn serve(&mut self, incoming: &Incoming, shared: &Shared) -> Outgoing {
        let now = shared.clock.now();
        self.wake(shared, now);
        let (segments, parameters) = (incoming.segments(), incoming.parameters());
        let script = &self.script;
        let found = script
            .plan()
            .routes
            .iter()
            .find_map(|route| Some((route, route.matches(&incoming.method, &segments, &parameters)?)));
        let (route, params) = found.map_or((None, Vec::new()), |(route, params)| (Some(route), params));
        self.db.lock().current = Current {
            base: incoming.base.clone(),
            path: incoming.path.clone(),
            query: incoming.query.clone(),
            ..Current::default()
        };
        let credential = incoming.credential(&script.plan().schemes);
        let mut visit = Visit { incoming, route, params, credential, fault: None, now };
        let mut record = self.record(&visit, shared);
        let mut turn = self.bucket.as_mut().map(|bucket| bucket.take(shared.clock.monotonic()));
        let mut reply = match turn.filter(|turn| !turn.granted) {
            Some(turn) => self.limited(turn.wait),
            None => {
                visit.fault = self.meet(&record, now, shared);
                record.fault = visit.fault.as_ref().map(|fault| fault.answer.to_string());
                turn = visit.fault.as_ref().and_then(Fault::refuses).map(Turn::refused).or(turn);
                self.answer(&visit, &mut record)
            }
        };
        record.status = reply.status;
        self.learn(&mut record, incoming);
        self.add_headers(&mut reply, turn, &record.request_id, now);
        let executed = record.fate != Fate::Stopped && executed(&reply);
        let step = shared.trail.is_some().then(|| Step::of(&mut self.db.lock()));
        shared.note(record, &incoming.body, executed, Left { step, mail: None });
        mangle::outgoing(reply, visit.fault.as_ref())
    }

    /// What only the handler knew: which operation it was, and on what.
    fn learn(&self, record: &mut RequestRecord, incoming: &Incoming) {
        let current = &mut self.db.lock().current;
        if let Some(target) = current.target.take() {
            record.target = target;
        }
        if let Some(operation) = current.operation.take()
            && incoming.header(ACTION_HEADER).is_none()
            && record.action != operation
        {
            record.meets = Some(std::mem::replace(&mut record.action, operation));
        }
    }

    fn record(&self, visit: &Visit<'_>, shared: &Shared) -> RequestRecord {
        let named = visit.incoming.header(ACTION_HEADER).map(str::to_owned);
        let action = named.or_else(|| visit.route.map(|route| route.action.clone())).unwrap_or_default();
        RequestRecord {
            seq: 0,
            integration: self.integration.clone(),
            method: visit.incoming.method.clone(),
            path: visit.incoming.path.clone(),
            action,
            meets: None,
            target: visit.params.last().map(|(_, value)| value.clone()).unwrap_or_default(),
            status: 0,
            key: visit.incoming.key(),
            at: visit.now,
            sort: visit.route.map_or(Sort::Read, |route| route.sort),
            fate: Fate::Stopped,
            request_id: shared.request_id(),
            fault: None,
            apps: Vec::new(),
        }
    }

    fn meet(&self, record: &RequestRecord, now: Timestamp, shared: &Shared) -> Option<Fault> {
        shared.faults.lock().meet(Call {
            integration: &self.integration,
            platform: &self.platform,
            action: &record.action,
            write: record.sort == Sort::Write,
            now,
        })
    }

    /// From the fault to the operation's own answer.
    fn answer(&self, visit: &Visit<'_>, record: &mut RequestRecord) -> Reply {
        if let Some(wait) = visit.fault.as_ref().and_then(Fault::refuses) {
            return self.limited(wait);
        }
        if let Some(fault) = visit.fault.as_ref().filter(|fault| !fault.happens()) {
            return match fault.answer {
                Answer::Status(status) => mangle::broken(status),
                _ => mangle::broken(503),
            };
        }
        let Some(route) = visit.route else {
            let path = visit.incoming.path.clone();
            return self
                .script
                .answer("missing", ("route".to_owned(), path))
                .unwrap_or_else(|| Reply::empty(404));
        };
        let request = || visit.incoming.to_map(&visit.params, visit.credential.as_ref());
        if let Some(refusal) = self.refuse(visit, route, &request) {
            return refusal;
        }
        let (reply, changed, apps) = self.operate(visit, route, &request);
        record.apps = apps;
        record.fate = if changed { Fate::Changed } else { Fate::Unchanged };
        reply
    }

    /// Why this caller may not do this; nothing when it may, or may but sees nothing.
    fn refuse(&self, visit: &Visit<'_>, route: &Route, request: &dyn Fn() -> Map) -> Option<Reply> {
        let lacks = visit.fault.as_ref().is_some_and(|fault| fault.answer == Answer::ScopeMissing);
        if route.scope == Scope::Open && !lacks {
            return None;
        }
        let known = visit
            .credential
            .as_ref()
            .filter(|credential| self.db.lock().accepts(&credential.token).is_some());
        let Some(credential) = known else {
            return Some(self.script.answer("refused", (request(),)).unwrap_or_else(|| Reply::empty(401)));
        };
        let scopes = self.db.lock().scopes(&credential.token);
        self.db.lock().current.scopes = scopes.clone();
        let needed = match &route.scope {
            Scope::Any(needed) => needed.as_slice(),
            Scope::Open | Scope::Token => &[],
        };
        let limited = !needed.is_empty()
            && scopes.is_some_and(|scopes| !needed.iter().any(|scope| scopes.contains(scope)));
        if !limited && !lacks {
            return None;
        }
        let scope = needed.first().cloned().unwrap_or_default();
        let refusal = match self.script.has("forbidden") {
            true => self.script.answer("forbidden", (request(), scope)),
            false => Some(Reply::empty(403)),
        };
        self.db.lock().current.blind = refusal.is_none();
        refusal
    }

    /// Runs the operation with what a fault does to the state. Also whether a write changed the state, and of which apps.
    fn operate(
        &self,
        visit: &Visit<'_>,
        route: &Route,
        request: &dyn Fn() -> Map,
    ) -> (Reply, bool, Vec<String>) {
        let answer = visit.fault.as_ref().map(|fault| fault.answer);
        if answer == Some(Answer::StaleRead) {
            let age = visit.fault.as_ref().map(Fault::delay_or_default).unwrap_or_default();
            let then = before(visit.now, age);
            let past = self.db.lock().store.rewind(then);
            let reply = self.script.handle(route, request(), &self.db);
            self.db.lock().store.forward(past);
            return (reply, false, Vec::new());
        }
        if answer == Some(Answer::AlreadyRevoked) {
            self.script.handle(route, request(), &self.db);
        }
        let (mark, tokens) = {
            let tenant = self.db.lock();
            (tenant.store.mark(), tenant.tokens.clone())
        };
        let reply = self.script.handle(route, request(), &self.db);
        if reply.status >= 500 || answer == Some(Answer::RevokeDoesNothing) {
            let mut tenant = self.db.lock();
            tenant.store.roll_back(mark);
            tenant.tokens = tokens;
        }
        if let Some(fault) = &visit.fault {
            self.aftermath(fault, mark, visit.now);
        }
        let tenant = self.db.lock();
        let changed = tenant.store.changed(mark) && route.sort == Sort::Write;
        let apps = if changed { tenant.store.touched(mark, "twin_app") } else { BTreeSet::new() };
        (reply, changed, apps.into_iter().collect())
    }

    fn aftermath(&self, fault: &Fault, mark: Mark, now: Timestamp) {
        let mut tenant = self.db.lock();
        let at = after(now, fault.delay_or_default());
        match fault.answer {
            Answer::LingeringAccess => tenant.store.linger(mark, at),
            Answer::ReconsentAfter | Answer::HiddenGrant => {
                let at = if fault.answer == Answer::HiddenGrant { now } else { at };
                for app in tenant.store.touched(mark, "twin_app") {
                    tenant.coming.push(super::tenant::Coming { at, app, grants: fault.grants.unwrap_or(1) });
                }
            }
            _ => {}
        }
    }

    /// 429 in the platform's own words.
    fn limited(&self, wait: Duration) -> Reply {
        let seconds = whole_seconds(wait).max(1);
        self.script.answer("limited", (seconds,)).unwrap_or_else(|| {
            let mut reply = Reply::json(429, serde_json::json!({ "message": "too many requests" }));
            reply.headers.push(("retry-after".to_owned(), seconds.to_string()));
            reply
        })
    }

    fn add_headers(&self, reply: &mut Reply, turn: Option<Turn>, request_id: &str, now: Timestamp) {
        const RATE: &[&str] = &["{limit}", "{remaining}", "{used}", "{reset}"];
        for (name, value) in &self.script.plan().headers {
            let mut value = value.replace("{request_id}", request_id);
            if RATE.iter().any(|word| value.contains(word)) {
                let Some(turn) = turn else { continue };
                let reset = after(now, turn.wait).as_millisecond().div_euclid(1000) + 1;
                value = value
                    .replace("{limit}", &turn.limit.to_string())
                    .replace("{remaining}", &turn.remaining.to_string())
                    .replace("{used}", &turn.limit.saturating_sub(turn.remaining).to_string())
                    .replace("{reset}", &reset.to_string());
            }
            reply.headers.push((name.clone(), value));
        }
    }

    /// The tables, for people who look.
    pub(crate) fn dump(&self) -> Value {
        self.db.lock().store.dump()
    }

    /// Calls a hook of the script that changes the tenant.
    pub(crate) fn hook(&self, name: &str, args: Vec<Dynamic>) -> Result<(), String> {
        if !self.script.has(name) {
            return Err(format!("{} has no `{name}`", self.platform));
        }
        self.script.call(name, args).map(|_| ())
    }
}

/// True when the platform did what it was asked: by status, and by `ok` where a platform answers 200 to everything.
fn executed(reply: &Reply) -> bool {
    let said_no = matches!(&reply.body, Body::Json(body) if body.get("ok") == Some(&Value::Bool(false)));
    reply.status < 400 && !said_no
}

fn whole_seconds(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(i64::MAX)
}

pub(crate) fn after(now: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| now.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| now.checked_sub(by).ok()).unwrap_or(Timestamp::MIN)
}
