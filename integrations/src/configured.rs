//! The configured integrations: the catalogue bound to names, tenants, credentials and one way out.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use stanch_model::{
    Diagnostic, Effect, Target,
    api::IntegrationHealth,
    catalog::{ActionIndex, ActionInfo},
    config::IntegrationConfig,
    secret::SecretBox,
};
use tokio::time::Instant;

use crate::{
    Admission, Call, Carrier, Catalog, ErrorKind, GroupReads, Identity, Limits, LineOutlet, Outcome,
    OutletError, Read, RoleReads, Transport, UndoCall, WebOutlet,
    bind::{Bound, bind},
    exchange::{Exchange, label_arguments, labels_wanted, not_before},
    label::{Labels, UNLABELLED},
    limit::{Permit, Turn},
    look::{LOOK, holds},
    member::Member,
    scope::Vars,
    spec::{ActionSpec, CallSpec, RolesSpec},
    template::{FillError, Shape},
    time::Patience,
    witness::Sight,
};

/// The configured integrations. Cheap to clone; all clones share pace, tokens and connections.
#[derive(Clone)]
pub struct Integrations {
    shared: Arc<Shared>,
    reach: Reach,
}

/// What may leave through a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Everything.
    All,
    /// What only looks.
    Reads,
}

struct Shared {
    catalog: Arc<Catalog>,
    transport: Transport,
    secrets: Arc<dyn SecretBox>,
    members: BTreeMap<String, Member>,
    /// What each verb becomes here: integration and action. Editors ask for all of them at every key.
    verbs: BTreeMap<String, Vec<(String, String)>>,
}

impl Integrations {
    /// Binds the catalogue to a configuration.
    ///
    /// # Errors
    /// Every mistake in the configuration: unknown platform, missing setting, a name that is no Rhai name.
    pub fn new(
        catalog: Arc<Catalog>,
        configured: &BTreeMap<String, IntegrationConfig>,
        transport: Transport,
        secrets: Arc<dyn SecretBox>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (mut members, mut mistakes) = (BTreeMap::new(), Vec::new());
        for (name, config) in configured {
            match Member::new(&catalog, name, config, &transport) {
                Ok(member) => _ = members.insert(name.clone(), member),
                Err(found) => mistakes.extend(found),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let verbs = verbs_of(&members);
        let shared = Arc::new(Shared { catalog, transport, secrets, members, verbs });
        Ok(Self { shared, reach: Reach::All })
    }

    /// The same platforms, pace and tokens for whoever only looks: an action that is no read gets no way out. Nothing makes
    /// the other handle of this one again.
    #[must_use]
    pub fn for_reading(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), reach: Reach::Reads }
    }

    /// The way out for an action.
    fn way_out(&self, action: &ActionSpec) -> Result<&Transport, Outcome> {
        match (self.reach, action.effect) {
            (Reach::All, _) | (Reach::Reads, Effect::Read) => Ok(&self.shared.transport),
            (Reach::Reads, effect) => {
                let message = format!("this handle only reads, and the action's effect is `{effect}`");
                Err(Outcome::Refused { kind: ErrorKind::Forbidden, status: None, message })
            }
        }
    }

    /// The catalogue behind it.
    pub fn catalog(&self) -> &Catalog {
        &self.shared.catalog
    }

    /// The one way out.
    pub(crate) fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    /// Where copies of the journal are posted to.
    ///
    /// # Errors
    /// In a drill: it sends none.
    pub fn web_outlet(&self, url: url::Url) -> Result<WebOutlet, OutletError> {
        WebOutlet::new(&self.shared.transport, url)
    }

    /// A connection that copies of the journal go out through, line by line.
    ///
    /// # Errors
    /// In a drill, and when nobody answers.
    pub async fn line_outlet(
        &self,
        carrier: Carrier,
        host: &str,
        port: u16,
        ca: Option<&str>,
    ) -> Result<LineOutlet, OutletError> {
        LineOutlet::open(&self.shared.transport, carrier, host, port, ca).await
    }

    /// Which tenant of which platform this name means.
    pub fn identity(&self, integration: &str) -> Option<Identity> {
        self.member(integration).map(|member| member.identity.clone())
    }

    /// The bounds of this integration.
    pub fn limits(&self, integration: &str) -> Option<Limits> {
        let limiter = self.member(integration)?.limiter();
        Some(Limits { max_in_flight: limiter.in_flight(), rate: limiter.rate() })
    }

    /// How an integration has been since the start.
    pub fn health(&self, integration: &str) -> Option<IntegrationHealth> {
        let member = self.member(integration)?;
        let limiter = member.limiter();
        let (budget, pause) = limiter.told_of();
        Some(IntegrationHealth {
            rate: limiter.rate(),
            in_flight: (limiter.out(), limiter.in_flight()),
            budget,
            pause_until_ms: pause.map(|until| limiter.unix_ms(until)),
            ..member.health.so_far()
        })
    }

    /// Waits for a turn, at most `patience`. A turn that cannot come in time is not taken.
    pub async fn admit(&self, integration: &str, action: &str, patience: Duration) -> Admission {
        let Some(member) = self.member(integration) else {
            // The call itself says that there is no such integration.
            return Admission::Ready(Permit::free());
        };
        let pace = member.pace_of(action);
        match pace.turn(patience).await {
            Turn::Now(permit) => Admission::Ready(permit),
            Turn::NotBefore(at) => Admission::NotBefore(pace.unix_ms(at)),
        }
    }

    /// The turn that is free now, if one is.
    pub fn admit_now(&self, integration: &str, action: &str) -> Option<Permit> {
        match self.member(integration) {
            Some(member) => member.pace_of(action).turn_now(),
            None => Some(Permit::free()),
        }
    }

    /// One attempt of one action; for reads with all their pages. A token that the platform refuses is renewed once. Who a
    /// list means by ids alone is asked too, as far as the platform tells.
    pub async fn call(&self, call: Call) -> Outcome {
        self.attempt(call, labels_wanted).await
    }

    /// One attempt for a value that nobody is shown.
    pub(crate) async fn call_unlabelled(&self, call: Call) -> Outcome {
        self.attempt(call, |_| Labels::none()).await
    }

    async fn attempt(&self, call: Call, labels: fn(&Exchange<'_>) -> Labels) -> Outcome {
        let (member, action) = match self.known(&call.integration, &call.action) {
            Ok(found) => found,
            Err(message) => return Outcome::Refused { kind: ErrorKind::Unknown, status: None, message },
        };
        let transport = match self.way_out(action) {
            Ok(transport) => transport,
            Err(refused) => return refused,
        };
        let bound = match bind(&member.name, &call.action, action, call.target.as_ref(), &call.input) {
            Ok(bound) => bound,
            Err(refusal) => {
                return Outcome::Refused { kind: refusal.kind, status: None, message: refusal.message };
            }
        };
        let patience = Patience::new(transport.tempo(), call.deadline);
        let _permit = match call.permit {
            Some(permit) => permit,
            None => match member.pace_of(&call.action).turn(call.deadline).await {
                Turn::Now(permit) => permit,
                Turn::NotBefore(at) => return not_before(member.pace_of(&call.action).unix_ms(at)),
            },
        };
        let exchange = Exchange {
            member,
            transport,
            secrets: self.shared.secrets.as_ref(),
            name: &call.action,
            action,
            bound: &bound,
            key: &call.key,
            attempt: call.attempt,
            patience,
            forced: bound.forced || member.acts_on_itself,
            labels: &UNLABELLED,
        };
        let labels = labels(&exchange);
        let began = Instant::now();
        let outcome = Box::pin(Exchange { labels: &labels, ..exchange }.run()).await;
        member.health.came_back(began.elapsed(), &outcome, self.shared.transport.tempo().now_ms());
        outcome
    }

    /// What a witness says now of the lists that name it.
    pub(crate) async fn testimony(
        &self,
        member: &Member,
        list: &str,
        witness: &str,
    ) -> Result<Sight, Box<Outcome>> {
        let Some(action) = member.action(list) else { return Ok(Sight::Whole) };
        let exchange = Exchange {
            member,
            transport: &self.shared.transport,
            secrets: self.shared.secrets.as_ref(),
            name: list,
            action,
            bound: &Bound { inputs: Map::new(), target: None, forced: false },
            key: "",
            attempt: 1,
            patience: Patience::new(self.shared.transport.tempo(), LOOK),
            forced: false,
            labels: &UNLABELLED,
        };
        exchange.sight(witness, Instant::now()).await
    }

    /// The read whose result is this action's `before`, if it declares one.
    pub fn capture(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: &Value,
    ) -> Option<Read> {
        let (member, bound, spec) = self.bound(integration, action, target, input).ok()?;
        let capture = spec.capture.as_ref()?;
        let input = arguments(&capture.with, &member.vars(&bound, "")).ok()?;
        Some(Read { integration: integration.to_owned(), action: capture.action.clone(), input })
    }

    /// Whether what `capture` read shows the action's end state already: then the effect is somebody else's. `None` when
    /// the two reads are not the same.
    pub fn held_before(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: &Value,
        before: &Value,
    ) -> Option<bool> {
        let (_, bound, spec) = self.bound(integration, action, target, input).ok()?;
        let (capture, verify) = (spec.capture.as_ref()?, spec.verify.as_ref()?);
        let same = verify.action.as_deref() == Some(capture.action.as_str()) && verify.with == capture.with;
        same.then(|| holds(spec, &bound, 200, before))
    }

    /// The call that takes this effect back, with everything filled in.
    pub fn undo_of(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: &Value,
        before: &Value,
    ) -> Option<UndoCall> {
        let (member, bound, spec) = self.bound(integration, action, target, input).ok()?;
        // Where a setting makes the action permanent, nothing takes it back.
        member.infos.get(action)?.undo.as_ref()?;
        let CallSpec { action, with } = spec.undo.as_ref()?;
        let vars = Vars { before: Some(before), ..member.vars(&bound, "") };
        let input = arguments(with, &vars).ok()?;
        let undone = member.action(action)?;
        let target = bind(integration, action, undone, None, &input).ok()?.target;
        Some(UndoCall { integration: integration.to_owned(), action: action.clone(), input, target })
    }

    /// The target of this call: the one it is called on, or the one that its arguments name.
    pub fn target_of(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: &Value,
    ) -> Option<Target> {
        self.bound(integration, action, target, input).ok()?.1.target
    }

    /// What a person is asked to do where the platform has no API (`manual`), filled in.
    pub fn manual_text(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: &Value,
    ) -> Option<String> {
        let (member, bound, spec) = self.bound(integration, action, target, input).ok()?;
        spec.manual.as_ref()?.text(&member.vars(&bound, "")).ok()
    }

    /// The reads that `find_app` and `find_user` become: one per configured integration that has the verb.
    pub fn find(&self, finder: &str, query: &str) -> Vec<Read> {
        let mut reads = Vec::new();
        for (integration, info) in self.verb(finder) {
            let Some((input, _)) = info.inputs.iter().find(|(_, input)| input.required) else { continue };
            let mut arguments = Map::new();
            arguments.insert(input.clone(), query.into());
            reads.push(Read { integration, action: info.name.clone(), input: Value::Object(arguments) });
        }
        reads
    }

    /// The read that counts a whole population (`user`), for caps in percent.
    pub fn population(&self, integration: &str, kind: &str) -> Option<Read> {
        let member = self.member(integration)?;
        let CallSpec { action, with } = member.platform.spec.population.get(kind)?;
        let bound = Bound::nothing();
        let input = arguments(with, &member.vars(&bound, "")).ok()?;
        Some(Read { integration: integration.to_owned(), action: action.clone(), input })
    }

    /// The read that tells who an id means, for protection by login.
    pub fn who(&self, integration: &str, kind: &str, id: &str) -> Option<Read> {
        let member = self.member(integration)?;
        let spec = member.platform.spec.labels.get(kind)?;
        member.action(&spec.action)?;
        let bound = Bound::nothing();
        let input = label_arguments(spec, &[id.to_owned()], member.vars(&bound, "")).ok()?;
        Some(Read { integration: integration.to_owned(), action: spec.action.clone(), input })
    }

    /// The reads that tell who is in the group of this name, for protected groups.
    pub fn group_reads(&self, integration: &str, group: &str) -> Option<GroupReads> {
        let member = self.member(integration)?;
        let membership = member.platform.spec.membership.as_ref()?;
        let inputs = &member.infos.get(&membership.groups)?.inputs;
        let (name, _) = inputs.iter().find(|(_, input)| input.required)?;
        let input = json!({ name: group });
        let groups = Read { integration: integration.to_owned(), action: membership.groups.clone(), input };
        Some(GroupReads { groups, members: membership.members.clone() })
    }

    /// The reads that tell who holds this role, for protected roles.
    pub fn role_reads(&self, integration: &str, role: &str) -> Option<RoleReads> {
        let member = self.member(integration)?;
        let read = |action: &str, input: Value| Read {
            integration: integration.to_owned(),
            action: action.to_owned(),
            input,
        };
        match member.platform.spec.roles.as_ref()? {
            RolesSpec::Holders { holders } => {
                let (name, _) = member.infos.get(holders)?.inputs.iter().find(|(_, input)| input.required)?;
                Some(RoleReads::Holders(read(holders, json!({ name: role }))))
            }
            RolesSpec::ByPerson { people, of } => {
                Some(RoleReads::ByPerson { people: read(people, json!({})), of: of.clone() })
            }
        }
    }

    /// The way out, and where secrets are kept.
    pub(crate) fn ways(&self) -> (&Transport, &dyn SecretBox) {
        (&self.shared.transport, self.shared.secrets.as_ref())
    }

    pub(crate) fn member(&self, integration: &str) -> Option<&Member> {
        self.shared.members.get(integration)
    }

    fn known(&self, integration: &str, action: &str) -> Result<(&Member, &ActionSpec), String> {
        let member = self
            .member(integration)
            .ok_or_else(|| format!("no integration `{integration}` is configured"))?;
        let spec =
            member.action(action).ok_or_else(|| format!("`{integration}` has no action `{action}`"))?;
        Ok((member, spec))
    }

    pub(crate) fn bound(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: &Value,
    ) -> Result<(&Member, Bound, &ActionSpec), String> {
        let (member, spec) = self.known(integration, action)?;
        let bound = bind(integration, action, spec, target, input).map_err(|refusal| refusal.message)?;
        Ok((member, bound, spec))
    }
}

fn verbs_of(members: &BTreeMap<String, Member>) -> BTreeMap<String, Vec<(String, String)>> {
    let mut verbs: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (name, member) in members {
        for info in member.infos.values() {
            if let Some(verb) = &info.verb {
                verbs.entry(verb.clone()).or_default().push((name.clone(), info.name.clone()));
            }
        }
    }
    verbs
}

pub(crate) fn arguments(with: &BTreeMap<String, Shape>, vars: &Vars<'_>) -> Result<Value, FillError> {
    let mut arguments = Map::new();
    for (name, shape) in with {
        if let Some(value) = shape.value(vars)? {
            arguments.insert(name.clone(), value);
        }
    }
    Ok(Value::Object(arguments))
}

impl ActionIndex for Integrations {
    fn integrations(&self) -> Vec<(String, String)> {
        let members = self.shared.members.iter();
        members.map(|(name, member)| (name.clone(), member.identity.platform.clone())).collect()
    }

    fn actions(&self, platform: &str) -> Vec<&ActionInfo> {
        self.shared.catalog.platform(platform).into_iter().flat_map(|platform| platform.actions()).collect()
    }

    fn action(&self, integration: &str, action: &str) -> Option<&ActionInfo> {
        self.member(integration)?.infos.get(action)
    }

    fn verb(&self, verb: &str) -> Vec<(String, &ActionInfo)> {
        let here = self.shared.verbs.get(verb).into_iter().flatten();
        here.filter_map(|(name, action)| Some((name.clone(), self.action(name, action)?))).collect()
    }

    fn counts(&self, integration: &str, kind: &str) -> bool {
        self.population(integration, kind).is_some()
    }

    fn verbs(&self) -> Vec<String> {
        self.shared.catalog.every_verb().into_iter().collect()
    }

    fn platforms(&self) -> Vec<String> {
        self.shared.catalog.slugs().map(str::to_owned).collect()
    }

    fn by_login_alone(&self, platform: &str) -> bool {
        self.shared.catalog.platform(platform).is_some_and(crate::catalog::Platform::by_login_alone)
    }
}

impl fmt::Debug for Integrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.shared.members).finish()
    }
}
