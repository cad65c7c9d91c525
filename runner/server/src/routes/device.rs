//! Logging in without a browser of one's own: a code that is typed elsewhere, and a token at the end.

use axum::{Extension, Json, extract::State};
use http::StatusCode;
use jiff::Timestamp;
use stanch_integrations::openid::Poll;
use stanch_model::api::{BegunLogin, LoginState, LoginWay, PollLogin, PolledLogin, Recorded, Role};

use super::{
    Route,
    body::Body,
    login::{known, logins},
};
use crate::{
    app::Shared,
    auth::Caller,
    login::{self, DeviceBegun, Why, trouble},
    problem::Refused,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/login",
            "beginDeviceLogin",
            "Begins a login that a person finishes in a browser elsewhere (RFC 8628)",
            begin,
        )
        .open()
        .gives::<BegunLogin>(),
        Route::post(
            "/v1/login/token",
            "pollDeviceLogin",
            "What became of such a login; the token, once it is done",
            poll,
        )
        .open()
        .takes::<PollLogin>()
        .gives::<PolledLogin>(),
        Route::post("/v1/logout", "logOut", "Ends the login that this token came from", leave)
            .may(Role::Viewer)
            .gives::<Recorded>(),
    ]
}

/// `POST /v1/login`
async fn begin(State(app): State<Shared>) -> Result<Json<BegunLogin>, Refused> {
    let logins = logins(&app)?;
    logins.pace()?;
    let device = logins.provider.begin_device().await.map_err(|why| {
        tracing::warn!(%why, "nobody can log in");
        trouble(&why)
    })?;
    let until = Timestamp::now().as_second().saturating_add(device.expires_in.cast_signed());
    let begun = DeviceBegun { device_code: device.device_code, until };
    let login = logins.seal.close(&begun);
    let login = login.map_err(|why| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "login", why))?;
    let seconds = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Json(BegunLogin {
        login,
        user_code: device.user_code,
        verification_uri: device.verification_uri,
        verification_uri_complete: device.verification_uri_complete,
        interval: seconds(device.interval),
        expires_in: seconds(device.expires_in),
    }))
}

/// `POST /v1/login/token`
async fn poll(State(app): State<Shared>, Body(body): Body<PollLogin>) -> Result<Json<PolledLogin>, Refused> {
    let logins = logins(&app)?;
    let begun = logins.seal.open::<DeviceBegun>(&body.login).ok_or_else(|| {
        Refused::bad("this login did not begin here, or the server began anew since").help("begin again")
    })?;
    if begun.until < Timestamp::now().as_second() {
        return Err(Refused::new(StatusCode::GONE, "expired", "the code's time is over").help("begin again"));
    }
    logins.pace()?;
    let state = |state| Ok(Json(PolledLogin { state, token: None }));
    match logins.provider.poll(&begun.device_code).await {
        Ok(Poll::Pending) => state(LoginState::Pending),
        Ok(Poll::SlowDown) => state(LoginState::SlowDown),
        Ok(Poll::Done(claims)) => {
            let token = known(&app, logins, LoginWay::Device, &claims).await?;
            Ok(Json(PolledLogin { state: LoginState::Done, token: Some(token) }))
        }
        Err(why) => {
            login::refused(&app, LoginWay::Device, Why::Provider(&why)).await;
            Err(trouble(&why))
        }
    }
}

/// `POST /v1/logout`
async fn leave(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Recorded>, Refused> {
    if caller.login.is_none() {
        let message = "you came by no login: this token was made by somebody";
        return Err(Refused::new(StatusCode::CONFLICT, "no_login", message)
            .help("`stanch tokens revoke` ends it, on the server's own machine or as an admin"));
    }
    login::ended(&app, &caller).await?;
    Ok(Json(Recorded { new: true, by: caller.name, position: app.journal.durable() }))
}
