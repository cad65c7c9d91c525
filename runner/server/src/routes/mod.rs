//! Every route: one file per resource, one table.

mod alerts;
mod body;
mod cards;
mod closing;
mod control;
mod deadlines;
mod device;
mod entries;
mod events;
mod handed;
mod health;
mod incidents;
mod keep;
mod links;
mod login;
mod notices;
mod openapi;
mod presses;
mod promotion;
mod returned;
mod runs;
mod shown;
mod stock;
mod table;
mod tokens;
mod vendors;

use stanch_model::{
    api::{self, Page, Role},
    run::{Plan, RunView},
};

pub(crate) use openapi::describe;
pub(crate) use table::{Access, Route, router};

const PAGING: &[(&str, &str)] =
    &[("limit", "how many items at most, up to 1000"), ("after", "`next` of the page before")];

const INCIDENTS: &[(&str, &str)] =
    &[PAGING[0], PAGING[1], ("open", "`true` leaves out those that are closed")];

const OPEN: &[(&str, &str)] = &[PAGING[0], ("open", "`true` leaves out those that ended")];

const STREAM: &[(&str, &str)] = &[
    ("stream", "the stream's whole name: run/ID, incident/ID, alert/ID or system"),
    ("limit", "how many entries at most, up to 1000"),
    ("after", "`next` of the page before: a version"),
    ("last", "without `after`: begin with so many of its last entries"),
];

const CURSOR: &[(&str, &str)] = &[
    ("cursor", "resume after this event; the header Last-Event-ID says the same"),
    ("stream", "only streams whose names begin with this"),
    ("last", "without a cursor: begin with so many of the last entries, up to 5000"),
];

/// All of them.
pub(crate) fn all() -> Vec<Route> {
    let own = [
        closing::routes(),
        deadlines::routes(),
        device::routes(),
        links::routes(),
        login::routes(),
        notices::routes(),
        vendors::routes(),
    ];
    let parts = [intake(), events(), runs(), incidents(), people(), control(), administration(), about()];
    parts.into_iter().chain(own).flatten().chain(keep::routes()).collect()
}

fn intake() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/alerts/{source}",
            "sendAlert",
            "Delivers alerts; 2xx means that they are durable",
            alerts::send,
        )
        .by_source()
        .gives::<api::AlertReceipt>(),
        Route::get(
            "/v1/alerts/{source}",
            "answerChallenge",
            "Answers the challenge of a source that checks us, as the source expects it",
            alerts::send,
        )
        .by_source()
        .gives::<serde_json::Value>(),
        Route::post(
            "/v1/alerts/{source}/{secret}",
            "sendAlertWithSecret",
            "The same for senders that can set no header: the secret ends the address",
            alerts::send_with_secret,
        )
        .by_source()
        .gives::<api::AlertReceipt>(),
        Route::post(
            "/v1/alerts/{source}/by-hand",
            "handInAlert",
            "The same, handed in by a person instead of proven",
            alerts::by_hand,
        )
        .may(Role::Responder)
        .gives::<api::AlertReceipt>(),
        Route::get("/v1/alerts", "listAlerts", "Alerts, newest first", alerts::list)
            .may(Role::Viewer)
            .query(PAGING)
            .gives::<Page<api::AlertSummary>>(),
    ]
}

fn events() -> Vec<Route> {
    vec![
        Route::get("/v1/events", "follow", "All entries as they become durable", events::all)
            .may(Role::Viewer)
            .query(CURSOR)
            .streams()
            .gives::<api::Event>(),
        Route::get(
            "/v1/runs/{id}/events",
            "followRun",
            "The entries of a run as they become durable",
            events::run,
        )
        .may(Role::Viewer)
        .query(&CURSOR[..1])
        .streams()
        .gives::<api::Event>(),
        Route::get("/v1/entries", "readStream", "The entries of one stream, oldest first", entries::list)
            .may(Role::Viewer)
            .query(STREAM)
            .gives::<Page<api::EntryView>>(),
    ]
}

fn runs() -> Vec<Route> {
    vec![
        Route::get("/v1/runs", "listRuns", "Runs, newest first", runs::list)
            .may(Role::Viewer)
            .query(OPEN)
            .gives::<Page<api::RunSummary>>(),
        Route::post("/v1/runs", "startRun", "Starts a run by hand", runs::start)
            .may(Role::Responder)
            .takes::<api::StartBody>()
            .gives::<api::Started>(),
        Route::post(
            "/v1/plans",
            "planRun",
            "Begins to plan a run: a run that reads for real, writes nothing, asks and tells nobody",
            runs::plan,
        )
        .may(Role::Responder)
        .takes::<api::PlanBody>()
        .gives::<api::Started>(),
        Route::get(
            "/v1/plans/{id}",
            "showPlan",
            "What a plan has come to so far, by its run or its hash; whole once it has a hash",
            runs::planned,
        )
        .may(Role::Viewer)
        .gives::<Plan>(),
        Route::get(
            "/v1/runs/{id}",
            "showRun",
            "One run in full; a unique prefix or the last letters of its id will do",
            runs::show,
        )
        .may(Role::Viewer)
        .gives::<RunView>(),
        Route::get(
            "/v1/runs/{id}/entries",
            "listEntries",
            "The entries of a run, oldest first",
            runs::entries,
        )
        .may(Role::Viewer)
        .query(PAGING)
        .gives::<Page<api::EntryView>>(),
        Route::get(
            "/v1/runs/{id}/playbook",
            "showRunPlaybook",
            "The sources that a run follows: those that it began with, or was pinned to",
            stock::of_run,
        )
        .may(Role::Viewer)
        .gives::<api::PlaybookSource>(),
    ]
}

fn incidents() -> Vec<Route> {
    vec![
        Route::get("/v1/incidents", "listIncidents", "Incidents, newest first", incidents::list)
            .may(Role::Viewer)
            .query(INCIDENTS)
            .gives::<Page<api::IncidentSummary>>(),
        Route::get(
            "/v1/incidents/{id}",
            "showIncident",
            "One incident with its deadlines and notes",
            incidents::show,
        )
        .may(Role::Viewer)
        .gives::<api::IncidentView>(),
        Route::post("/v1/incidents/{id}/notes", "writeNote", "Writes a note on an incident", incidents::note)
            .may(Role::Responder)
            .takes::<api::NoteBody>()
            .gives::<api::Recorded>(),
    ]
}

fn people() -> Vec<Route> {
    vec![
        Route::get("/v1/approvals", "listApprovals", "Approvals that wait, oldest first", cards::approvals)
            .may(Role::Viewer)
            .gives::<Page<api::Card>>(),
        Route::get("/v1/approvals/{id}", "showApproval", "One approval, answered or not", cards::show)
            .may(Role::Viewer)
            .gives::<api::Card>(),
        Route::post("/v1/approvals/{id}", "decide", "Says yes or no to an approval", cards::decide)
            .may(Role::Approver)
            .takes::<api::DecideBody>()
            .gives::<api::Recorded>(),
        Route::get(
            "/v1/questions",
            "listQuestions",
            "Everything else that waits for a person, oldest first",
            cards::questions,
        )
        .may(Role::Viewer)
        .gives::<Page<api::Card>>(),
        Route::get("/v1/questions/{id}", "showQuestion", "One question, answered or not", cards::show)
            .may(Role::Viewer)
            .gives::<api::Card>(),
        Route::post("/v1/questions/{id}", "answer", "Answers a question or a manual step", cards::answer)
            .may(Role::Responder)
            .takes::<api::AnswerBody>()
            .gives::<api::Recorded>(),
        Route::post(
            "/v1/questions/{id}/remind",
            "remind",
            "Tells those who are asked by an approval or question once more",
            cards::remind,
        )
        .may(Role::Responder)
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/questions/{id}/ask",
            "askSomeone",
            "Brings an approval before the next of its ladder, or a question before somebody, now",
            cards::ask_someone,
        )
        .may(Role::Responder)
        .takes::<api::AskBody>()
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/questions/{id}/break-glass",
            "breakGlass",
            "Lets an approval or a guard go alone, when nobody of those who are asked answers: everybody is told",
            cards::break_glass,
        )
        .may(Role::Approver)
        .takes::<api::BreakGlassBody>()
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/runs/{id}/resolve",
            "resolve",
            "Says what became of a step of which nobody knows",
            cards::resolve,
        )
        .may(Role::Responder)
        .takes::<api::ResolveBody>()
        .gives::<api::Recorded>(),
    ]
}

fn control() -> Vec<Route> {
    vec![
        Route::post("/v1/runs/{id}/pause", "pauseRun", "Holds one run back", control::pause_run)
            .may(Role::Responder)
            .gives::<api::Recorded>(),
        Route::post("/v1/runs/{id}/resume", "resumeRun", "Lets it go on", control::resume_run)
            .may(Role::Responder)
            .gives::<api::Recorded>(),
        Route::post(
            "/v1/runs/{id}/cancel",
            "cancelRun",
            "Ends it at its next step, for good",
            control::cancel,
        )
        .may(Role::Responder)
        .takes::<api::ReasonBody>()
        .gives::<api::Recorded>(),
        Route::get(
            "/v1/runs/{id}/undo",
            "planUndo",
            "What would be taken back of it, and whose yes that needs; changes nothing",
            control::undo_plan,
        )
        .may(Role::Viewer)
        .gives::<api::UndoPlan>(),
        Route::post(
            "/v1/runs/{id}/undo",
            "undoRun",
            "Takes back what it cut and still holds: a run of its own does it, and asks first where it must",
            control::undo,
        )
        .may(Role::Approver)
        .takes::<api::ReasonBody>()
        .gives::<api::Undoing>(),
        Route::post(
            "/v1/runs/{id}/extend",
            "extendCut",
            "Lets cuts that end by themselves last longer",
            control::extend,
        )
        .may(Role::Responder)
        .takes::<api::ExtendBody>()
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/runs/{id}/repin",
            "repinRun",
            "Pins a diverged run to what is there now",
            control::repin,
        )
        .may(Role::Responder)
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/pause",
            "pause",
            "Holds back a playbook, an integration or everything",
            control::pause,
        )
        .may(Role::Responder)
        .takes::<api::ScopeBody>()
        .gives::<api::Recorded>(),
        Route::post("/v1/resume", "resume", "Lets it go on", control::resume)
            .may(Role::Responder)
            .takes::<api::ScopeBody>()
            .gives::<api::Recorded>(),
    ]
}

fn administration() -> Vec<Route> {
    vec![
        Route::get("/v1/tokens", "listTokens", "Tokens, oldest first, without what they are", tokens::list)
            .may(Role::Admin)
            .gives::<Page<api::TokenInfo>>(),
        Route::post("/v1/tokens", "makeToken", "Makes a token and shows it once", tokens::make)
            .may(Role::Admin)
            .takes::<api::NewToken>()
            .gives::<api::MadeToken>(),
        Route::delete("/v1/tokens/{id}", "revokeToken", "Ends a token at once", tokens::revoke)
            .may(Role::Admin)
            .gives::<api::TokenInfo>(),
    ]
}

fn about() -> Vec<Route> {
    vec![
        Route::get("/v1/me", "me", "Who the server takes the caller for", health::me)
            .may(Role::Viewer)
            .gives::<api::Me>(),
        Route::get("/v1/status", "status", "How the server is", health::status)
            .may(Role::Viewer)
            .gives::<api::Status>(),
        Route::get("/v1/playbooks", "listPlaybooks", "The playbooks that can be started", stock::playbooks)
            .may(Role::Viewer)
            .gives::<Page<api::PlaybookSummary>>(),
        Route::get(
            "/v1/playbooks/{id}",
            "showPlaybook",
            "A playbook as it is written, with what is wrong with it",
            stock::playbook,
        )
        .may(Role::Viewer)
        .gives::<api::PlaybookSource>(),
        Route::post(
            "/v1/playbooks/{id}/review",
            "reviewPlaybook",
            "Somebody has read this version and stands for it",
            promotion::review,
        )
        .may(Role::Responder)
        .takes::<api::JudgeBody>()
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/playbooks/{id}/promote",
            "promotePlaybook",
            "Alerts may start this version in mode live",
            promotion::promote,
        )
        .may(Role::Approver)
        .takes::<api::JudgeBody>()
        .gives::<api::Recorded>(),
        Route::post(
            "/v1/playbooks/{id}/withdraw",
            "withdrawPlaybook",
            "This version is a draft again",
            promotion::withdraw,
        )
        .may(Role::Responder)
        .takes::<api::JudgeBody>()
        .gives::<api::Recorded>(),
        Route::get(
            "/v1/integrations",
            "listIntegrations",
            "The configured integrations",
            stock::integrations,
        )
        .may(Role::Viewer)
        .gives::<Page<api::IntegrationSummary>>(),
        Route::get("/healthz", "healthz", "200 while the process lives", health::alive)
            .open()
            .media("text/plain"),
        Route::get("/readyz", "readyz", "200 while alerts are taken", health::ready)
            .open()
            .media("text/plain"),
        Route::get("/metrics", "metrics", "Figures for Prometheus", health::figures)
            .open()
            .media("text/plain"),
        Route::get("/openapi.json", "openapi", "This description", openapi::serve)
            .open()
            .gives::<serde_json::Value>(),
    ]
}
