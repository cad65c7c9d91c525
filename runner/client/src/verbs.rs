//! One method for each route.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
use serde::{Serialize, de::DeserializeOwned};
use stanch_model::{
    api::{
        AcknowledgedBody, AlertReceipt, AlertSummary, AnswerBody, AskBody, BeginBody, BouncedBody,
        BreakGlassBody, Card, CloseBody, DeadlineView, DecideBody, EntryView, ExtendBody, IncidentSummary,
        IncidentView, IntegrationSummary, JudgeBody, LinkBody, MadeLink, MadeToken, MailReturned, Me,
        MoveBody, NewToken, NoteBody, NoticeView, Page, PlanBody, PlaybookSource, PlaybookSummary,
        ReasonBody, Recorded, ResolveBody, RunSummary, ScopeBody, SettleBody, StartBody, Started, Status,
        TokenInfo, UndoPlan, Undoing, VendorPage, VendorView,
    },
    run::{Plan, RunView},
};

use crate::{Client, ClientError, transport::Request};

type Answer<T> = Result<T, ClientError>;

impl Client {
    /// Who the server takes us for.
    ///
    /// # Errors
    /// As every method here: nobody answers, the server says no, or the answer makes no sense.
    pub async fn me(&self) -> Answer<Me> {
        self.get(&["v1", "me"], &[]).await
    }

    /// How the server is.
    pub async fn status(&self) -> Answer<Status> {
        self.get(&["v1", "status"], &[]).await
    }

    /// True while the server takes alerts.
    pub async fn is_ready(&self) -> bool {
        let request = self.transport.request(Method::GET, &["readyz"], &[]);
        self.transport.send(request).await.is_ok()
    }

    /// Delivers alerts as their source: signed or with its secret in `headers`.
    pub async fn send_alert(&self, source: &str, headers: HeaderMap, body: Bytes) -> Answer<AlertReceipt> {
        let request = self.transport.request(Method::POST, &["v1", "alerts", source], &[]);
        self.ask(Request { headers, body, ..request }).await
    }

    /// Hands alerts in as a person: nothing is proven, who did it is known.
    pub async fn hand_in_alert(&self, source: &str, headers: HeaderMap, body: Bytes) -> Answer<AlertReceipt> {
        let request = self.transport.request(Method::POST, &["v1", "alerts", source, "by-hand"], &[]);
        self.ask(Request { headers, body, ..request }).await
    }

    /// Alerts, newest first; `after` is `next` of the page before.
    pub async fn alerts(&self, limit: usize, after: Option<&str>) -> Answer<Page<AlertSummary>> {
        self.page(&["v1", "alerts"], limit, after).await
    }

    /// Incidents, newest first.
    pub async fn incidents(&self, limit: usize, after: Option<&str>) -> Answer<Page<IncidentSummary>> {
        self.page(&["v1", "incidents"], limit, after).await
    }

    /// Those that nobody has closed, newest first.
    pub async fn open_incidents(&self, limit: usize) -> Answer<Page<IncidentSummary>> {
        let limit = limit.to_string();
        self.get(&["v1", "incidents"], &[("limit", &limit), ("open", "true")]).await
    }

    /// One incident; part of its id will do.
    pub async fn incident(&self, id: &str) -> Answer<IncidentView> {
        self.get(&["v1", "incidents", id], &[]).await
    }

    /// Writes a note on an incident.
    pub async fn note(&self, incident: &str, text: &str) -> Answer<Recorded> {
        let body = NoteBody { text: text.to_owned() };
        self.post(&["v1", "incidents", incident, "notes"], &body).await
    }

    /// Says that an incident is over, for this reason.
    pub async fn close_incident(&self, incident: &str, reason: &str) -> Answer<Recorded> {
        let body = CloseBody { reason: reason.to_owned() };
        self.post(&["v1", "incidents", incident, "close"], &body).await
    }

    /// Says that it is not over after all, for this reason.
    pub async fn reopen_incident(&self, incident: &str, reason: &str) -> Answer<Recorded> {
        let body = CloseBody { reason: reason.to_owned() };
        self.post(&["v1", "incidents", incident, "reopen"], &body).await
    }

    /// Stops a clock of an incident: the notice was sent.
    pub async fn deadline_sent(&self, incident: &str, deadline: &str, reason: &str) -> Answer<Recorded> {
        let body = SettleBody { reason: reason.to_owned() };
        self.post(&["v1", "incidents", incident, "deadlines", deadline, "sent"], &body).await
    }

    /// Stops a clock of an incident: nothing is owed, for this reason.
    pub async fn waive_deadline(&self, incident: &str, deadline: &str, reason: &str) -> Answer<Recorded> {
        let body = SettleBody { reason: reason.to_owned() };
        self.post(&["v1", "incidents", incident, "deadlines", deadline, "waive"], &body).await
    }

    /// Starts a clock that no run started.
    pub async fn begin_deadline(&self, incident: &str, body: &BeginBody) -> Answer<Recorded> {
        self.post(&["v1", "incidents", incident, "deadlines"], body).await
    }

    /// Counts a clock from another moment, for this reason.
    pub async fn move_deadline(&self, incident: &str, deadline: &str, body: &MoveBody) -> Answer<Recorded> {
        self.post(&["v1", "incidents", incident, "deadlines", deadline, "anchor"], body).await
    }

    /// The clocks that run, earliest due first.
    pub async fn deadlines(&self) -> Answer<Page<DeadlineView>> {
        self.get(&["v1", "deadlines"], &[]).await
    }

    /// Runs, newest first; `open` leaves out those that ended.
    pub async fn runs(&self, open: bool, limit: usize) -> Answer<Page<RunSummary>> {
        let (open, limit) = (open.to_string(), limit.to_string());
        self.get(&["v1", "runs"], &[("open", &open), ("limit", &limit)]).await
    }

    /// One run in full; part of its id will do.
    pub async fn run(&self, id: &str) -> Answer<RunView> {
        self.get(&["v1", "runs", id], &[]).await
    }

    /// The entries of a run, oldest first.
    pub async fn entries(&self, run: &str, limit: usize, after: Option<&str>) -> Answer<Page<EntryView>> {
        self.page(&["v1", "runs", run, "entries"], limit, after).await
    }

    /// The entries of one stream of the journal, oldest first, after this version.
    pub async fn stream(&self, stream: &str, after: u64) -> Answer<Page<EntryView>> {
        let after = after.to_string();
        self.get(&["v1", "entries"], &[("stream", stream), ("after", &after)]).await
    }

    /// The last entries of one stream of the journal.
    pub async fn stream_end(&self, stream: &str, last: u64) -> Answer<Page<EntryView>> {
        let last = last.to_string();
        self.get(&["v1", "entries"], &[("stream", stream), ("last", &last)]).await
    }

    /// Starts a run.
    pub async fn start(&self, body: &StartBody) -> Answer<Started> {
        self.post(&["v1", "runs"], body).await
    }

    /// Begins to plan a run.
    pub async fn plan(&self, body: &PlanBody) -> Answer<Started> {
        self.post(&["v1", "plans"], body).await
    }

    /// What a plan has come to, by its run or its hash.
    pub async fn planned(&self, id: &str) -> Answer<Plan> {
        self.get(&["v1", "plans", id], &[]).await
    }

    /// Approvals that wait, oldest first.
    pub async fn approvals(&self) -> Answer<Page<Card>> {
        self.get(&["v1", "approvals"], &[]).await
    }

    /// Everything else that waits for a person, oldest first.
    pub async fn questions(&self) -> Answer<Page<Card>> {
        self.get(&["v1", "questions"], &[]).await
    }

    /// One approval or question, answered or not.
    pub async fn card(&self, id: &str) -> Answer<Card> {
        self.get(&["v1", "questions", id], &[]).await
    }

    /// Says yes or no to an approval.
    pub async fn decide(&self, id: &str, body: &DecideBody) -> Answer<Recorded> {
        self.post(&["v1", "approvals", id], body).await
    }

    /// Answers a question or a manual step.
    pub async fn answer(&self, id: &str, body: &AnswerBody) -> Answer<Recorded> {
        self.post(&["v1", "questions", id], body).await
    }

    /// Tells those whom a card asks once more.
    pub async fn remind(&self, card: &str) -> Answer<Recorded> {
        self.post(&["v1", "questions", card, "remind"], &serde_json::json!({})).await
    }

    /// Lets an approval or a guard go alone, with the reason that everybody hears.
    pub async fn break_glass(&self, card: &str, reason: &str) -> Answer<Recorded> {
        let body = BreakGlassBody { reason: reason.to_owned() };
        self.post(&["v1", "questions", card, "break-glass"], &body).await
    }

    /// Brings a card before somebody now, without waiting for silence.
    pub async fn ask_someone(&self, card: &str, name: &str) -> Answer<Recorded> {
        self.post(&["v1", "questions", card, "ask"], &AskBody { name: name.to_owned() }).await
    }

    /// Makes a link by which one person answers one card.
    pub async fn make_link(&self, body: &LinkBody) -> Answer<MadeLink> {
        self.post(&["v1", "links"], body).await
    }

    /// Says what became of a step of which nobody knows.
    pub async fn resolve(&self, run: &str, body: &ResolveBody) -> Answer<Recorded> {
        self.post(&["v1", "runs", run, "resolve"], body).await
    }

    /// Holds one run back.
    pub async fn pause_run(&self, run: &str) -> Answer<Recorded> {
        self.post(&["v1", "runs", run, "pause"], &serde_json::json!({})).await
    }

    /// Lets it go on.
    pub async fn resume_run(&self, run: &str) -> Answer<Recorded> {
        self.post(&["v1", "runs", run, "resume"], &serde_json::json!({})).await
    }

    /// Ends a run at its next step, for good.
    pub async fn cancel(&self, run: &str, reason: Option<&str>) -> Answer<Recorded> {
        self.post(&["v1", "runs", run, "cancel"], &ReasonBody { reason: reason.map(str::to_owned) }).await
    }

    /// Takes back what a run cut and still holds.
    pub async fn undo(&self, run: &str, reason: Option<&str>) -> Answer<Recorded> {
        self.post(&["v1", "runs", run, "undo"], &ReasonBody { reason: reason.map(str::to_owned) }).await
    }

    /// The same, with the run that does it.
    pub async fn begin_undo(&self, run: &str, reason: Option<&str>) -> Answer<Undoing> {
        self.post(&["v1", "runs", run, "undo"], &ReasonBody { reason: reason.map(str::to_owned) }).await
    }

    /// What would be taken back of a run; changes nothing.
    pub async fn undo_plan(&self, run: &str) -> Answer<UndoPlan> {
        self.get(&["v1", "runs", run, "undo"], &[]).await
    }

    /// Lets cuts of a run that end by themselves last longer.
    pub async fn extend(&self, run: &str, body: &ExtendBody) -> Answer<Recorded> {
        self.post(&["v1", "runs", run, "extend"], body).await
    }

    /// Pins a diverged run to what is there now.
    pub async fn repin(&self, run: &str) -> Answer<Recorded> {
        self.post(&["v1", "runs", run, "repin"], &serde_json::json!({})).await
    }

    /// Holds back `all`, `playbook:<slug>` or `integration:<name>`.
    pub async fn pause(&self, scope: &str) -> Answer<Recorded> {
        self.post(&["v1", "pause"], &ScopeBody { scope: scope.to_owned() }).await
    }

    /// Lets it go on.
    pub async fn resume(&self, scope: &str) -> Answer<Recorded> {
        self.post(&["v1", "resume"], &ScopeBody { scope: scope.to_owned() }).await
    }

    /// The playbooks that can be started.
    pub async fn playbooks(&self) -> Answer<Page<PlaybookSummary>> {
        self.get(&["v1", "playbooks"], &[]).await
    }

    /// A playbook as it is written.
    pub async fn playbook(&self, slug: &str) -> Answer<PlaybookSource> {
        self.get(&["v1", "playbooks", slug], &[]).await
    }

    /// Somebody has read a version and stands for it.
    pub async fn review(&self, slug: &str, body: &JudgeBody) -> Answer<Recorded> {
        self.post(&["v1", "playbooks", slug, "review"], body).await
    }

    /// Alerts may start a version in mode live.
    pub async fn promote(&self, slug: &str, body: &JudgeBody) -> Answer<Recorded> {
        self.post(&["v1", "playbooks", slug, "promote"], body).await
    }

    /// A version is a draft again.
    pub async fn withdraw(&self, slug: &str, body: &JudgeBody) -> Answer<Recorded> {
        self.post(&["v1", "playbooks", slug, "withdraw"], body).await
    }

    /// The sources that a run follows.
    pub async fn run_playbook(&self, run: &str) -> Answer<PlaybookSource> {
        self.get(&["v1", "runs", run, "playbook"], &[]).await
    }

    /// The vendor register.
    pub async fn vendors(&self) -> Answer<Page<VendorView>> {
        self.get(&["v1", "vendors"], &[]).await
    }

    /// One vendor with what happened around it; its name in the register, its own name or one of its apps.
    pub async fn vendor(&self, name: &str) -> Answer<VendorPage> {
        self.get(&["v1", "vendors", name], &[]).await
    }

    /// Notices to vendors, newest first.
    pub async fn notices(&self) -> Answer<Page<NoticeView>> {
        self.get(&["v1", "notices"], &[]).await
    }

    /// Somebody at the vendor answered.
    pub async fn notice_acknowledged(&self, notice: &str, reason: &str) -> Answer<Recorded> {
        let body = AcknowledgedBody { reason: reason.to_owned() };
        self.post(&["v1", "notices", notice, "acknowledged"], &body).await
    }

    /// The mail to this address, or to all that were written to last, came back.
    pub async fn notice_bounced(&self, notice: &str, to: Option<&str>, reason: &str) -> Answer<Recorded> {
        let body = BouncedBody { to: to.map(str::to_owned), reason: reason.to_owned() };
        self.post(&["v1", "notices", notice, "bounced"], &body).await
    }

    /// A delivery report, as it came by mail.
    pub async fn mail_returned(&self, mail: Bytes) -> Answer<MailReturned> {
        let request = self.transport.request(Method::POST, &["v1", "notices", "returned"], &[]);
        self.ask(Request { body: mail, ..request }).await
    }

    /// The configured integrations.
    pub async fn integrations(&self) -> Answer<Page<IntegrationSummary>> {
        self.get(&["v1", "integrations"], &[]).await
    }

    /// Tokens, oldest first.
    pub async fn tokens(&self) -> Answer<Page<TokenInfo>> {
        self.get(&["v1", "tokens"], &[]).await
    }

    /// Makes a token: the only time that it is shown.
    pub async fn make_token(&self, new: &NewToken) -> Answer<MadeToken> {
        self.post(&["v1", "tokens"], new).await
    }

    /// Ends a token at once.
    pub async fn revoke_token(&self, id: &str) -> Answer<TokenInfo> {
        self.ask(self.transport.request(Method::DELETE, &["v1", "tokens", id], &[])).await
    }

    async fn page<T: DeserializeOwned>(
        &self,
        path: &[&str],
        limit: usize,
        after: Option<&str>,
    ) -> Answer<Page<T>> {
        let limit = limit.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(after.map(|after| ("after", after)));
        self.get(path, &query).await
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)]) -> Answer<T> {
        self.ask(self.transport.request(Method::GET, path, query)).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &[&str], body: &impl Serialize) -> Answer<T> {
        let mut request = self.transport.request(Method::POST, path, &[]);
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.body = serde_json::to_vec(body).unwrap_or_default().into();
        self.ask(request).await
    }

    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: Request) -> Answer<T> {
        let reply = self.transport.send(request).await?;
        let bytes = self.transport.collect(reply).await?;
        serde_json::from_slice(&bytes)
            .map_err(|why| ClientError::Garbled { at: self.transport.at(), why: why.to_string() })
    }
}
