//! What kind of client a provider takes us for: one with a secret in a header (as in the other tests), in the form, or with none;
//! and a provider whose certificate only the house's own authority proves.

use stanch_client::{Client, Location};
use stanch_model::api::{LoginState, Role};

use crate::{
    login::{Browser, text, who},
    provider::{AUTHORITY, Provider, Shows, config},
    world::World,
};

const SECRET: &str = ", client_secret: \"exec:/bin/echo hush-hush\"";

/// Somebody logs in on the page and on a command line; both are who the provider says.
async fn both_ways(world: &World, provider: &Provider) {
    let mut ben = Browser::default();
    let (back, _) = ben.log_in(world, provider, who("ben", "leads")).await;
    assert_eq!(back.status, 303, "{:?}", back.body);
    assert!(ben.get(world, "/cards").await.1.contains("You are ben (approver)"));
    let client = |token| Client::connect(Location::Url { url: world.base.clone(), token }).unwrap();
    let begun = client(None).begin_login().await.unwrap();
    let done = client(None).poll_login(&begun.login).await.unwrap();
    assert_eq!(done.state, LoginState::Done);
    let me = client(Some(done.token.unwrap().token)).me().await.unwrap();
    assert_eq!((me.name.as_str(), me.role), ("ben", Role::Approver));
}

/// Somebody tries to log in on the page; what the page says.
async fn sent_away(world: &World, provider: &Provider) -> String {
    let (back, _) = Browser::default().log_in(world, provider, who("ben", "leads")).await;
    let (status, page) = text(back);
    assert!(status >= 400, "{page}");
    page
}

#[tokio::test]
async fn a_public_client_shows_no_secret_anywhere() {
    let provider = Provider::start().await;
    provider.inside.lock().shows = Shows::Nothing;
    let with = config(&provider.base);
    let without = with.replace(SECRET, "");
    assert_ne!(with, without);
    let world = World::with(&without).await;
    both_ways(&world, &provider).await;
    // the proof that it began the login is all that a public client has
    let (back, address) = Browser::default().log_in(&world, &provider, who("ben", "leads")).await;
    assert_eq!(back.status, 303);
    assert!(
        Browser::default().get(&world, &address).await.0 >= 400,
        "a code of another browser is worth nothing"
    );
    // to a provider that wants a secret it is nobody
    provider.inside.lock().shows = Shows::Header;
    let world = world.crash_into(&without).await;
    let page = sent_away(&world, &provider).await;
    assert!(page.contains("invalid_client") && !page.contains("words with the code"), "{page}");
}

#[tokio::test]
async fn a_secret_goes_into_the_form_where_the_provider_takes_it_nowhere_else() {
    let provider = Provider::start().await;
    provider.inside.lock().shows = Shows::Form;
    let world = World::with(&config(&provider.base)).await;
    both_ways(&world, &provider).await;
    let wrong = config(&provider.base).replace("hush-hush", "not-the-secret");
    let world = world.crash_into(&wrong).await;
    let page = sent_away(&world, &provider).await;
    assert!(page.contains("invalid_client") && !page.contains("not-the-secret"), "{page}");
}

#[tokio::test]
async fn a_provider_is_believed_under_the_authority_that_the_configuration_names_alone() {
    let provider = Provider::by_tls().await;
    let plain = config(&provider.base);
    let own = plain.replace(SECRET, &format!("{SECRET}, ca: \"exec:/bin/cat {AUTHORITY}\""));
    assert_ne!(plain, own);
    let world = World::with(&own).await;
    both_ways(&world, &provider).await;
    // the system knows nothing of that authority
    let world = world.crash_into(&plain).await;
    let client = Client::connect(Location::Url { url: world.base.clone(), token: None }).unwrap();
    let refused = client.begin_login().await.unwrap_err();
    assert_eq!(
        (refused.status(), refused.to_string().contains("does not answer")),
        (Some(503), true),
        "{refused}"
    );
}
