//! What people make of a version of a playbook: reviewed, promoted, withdrawn.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use http::StatusCode;
use stanch_engine::{Judged, Judgement};
use stanch_model::api::{JudgeBody, Recorded};
use stanch_playbooks::bundle;

use super::{body::Maybe, cards::recorded};
use crate::{app::Shared, auth::Caller, problem::Refused};

type Answer = Result<Json<Recorded>, Refused>;

/// `POST /v1/playbooks/{id}/review`
pub(super) async fn review(
    app: State<Shared>,
    caller: Extension<Caller>,
    id: Path<String>,
    body: Maybe<JudgeBody>,
) -> Answer {
    judge(app, caller, id, body, Judgement::Reviewed).await
}

/// `POST /v1/playbooks/{id}/promote`
pub(super) async fn promote(
    app: State<Shared>,
    caller: Extension<Caller>,
    id: Path<String>,
    body: Maybe<JudgeBody>,
) -> Answer {
    judge(app, caller, id, body, Judgement::Promoted).await
}

/// `POST /v1/playbooks/{id}/withdraw`
pub(super) async fn withdraw(
    app: State<Shared>,
    caller: Extension<Caller>,
    id: Path<String>,
    body: Maybe<JudgeBody>,
) -> Answer {
    judge(app, caller, id, body, Judgement::Withdrawn).await
}

async fn judge(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(slug): Path<String>,
    Maybe(body): Maybe<JudgeBody>,
    judgement: Judgement,
) -> Answer {
    let mut judged = Judged {
        playbook: slug.clone(),
        version: body.version,
        who: caller.name.clone(),
        channel: caller.channel().to_owned(),
        alone: body.alone,
        signed: None,
    };
    if let Some(signature) = &body.signature {
        // A signature is over one version: without a word of it, over the one that is here.
        let version = match &judged.version {
            Some(version) => version.clone(),
            None => app.engine.library().get(&slug).map(|found| found.hash.to_string()).unwrap_or_default(),
        };
        let keys = app.config.promote.keys.iter().map(|(name, key)| (name.as_str(), key.as_str()));
        let key = bundle::verify(&slug, &version, signature, keys).map_err(|why| {
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "signature", why.to_string())
                .help("the trusted keys stand under `promote: keys:` of stanch.yaml")
        })?;
        judged.version = Some(version);
        judged.signed = Some(key.to_owned());
    }
    Ok(recorded(&caller, app.engine.judge(judgement, judged).await?))
}
