//! Providers that are down, lie about who they are, turn their keys, sign wrongly, or answer a page. Each is a clear error, nothing
//! is half done, and tokens of our own work on.

use http::Method;
use serde_json::{Value, json};
use stanch_model::api::Role;

use crate::{
    login::{Browser, people, text, who},
    provider::{Provider, config},
    world::World,
};

/// What the page says to somebody who cannot even begin.
async fn begin(world: &World) -> (u16, String) {
    text(Browser::default().ask(world, Method::GET, "/login", "").await)
}

/// What the page says to somebody who comes back.
async fn back(world: &World, provider: &Provider) -> (u16, String) {
    text(Browser::default().log_in(world, provider, who("ben", "leads")).await.0)
}

/// Nobody is logged in, and whoever has a token of our own works on.
async fn nothing_happened(world: &World) {
    let tokens = world.client(Role::Admin).tokens().await.unwrap().items;
    assert!(tokens.iter().all(|token| token.login.is_none()), "{tokens:?}");
}

#[tokio::test]
async fn a_provider_that_is_down_keeps_nobody_with_a_token_of_ours_from_working() {
    let provider = Provider::start().await;
    let configured = config(&provider.base);
    let address = provider.down().await;
    let world = World::with(&configured).await;
    let (status, page) = begin(&world).await;
    assert_eq!((status, page.contains("The provider does not answer")), (503, true), "{page}");
    assert!(page.contains("Tokens of `stanch tokens new` work without it"), "{page}");
    let device = world.raw(Method::POST, "/v1/login", &[], "").await;
    assert_eq!((device.status, device.code().as_str()), (503, "provider"));
    let run = world.asking(Role::Responder).await;
    world.finish(&run).await;
    nothing_happened(&world).await;
    let provider = Provider::at(&address).await;
    assert_eq!(back(&world, &provider).await.0, 303, "it is back, and so is everybody");
    let (mut browser, away) = (Browser::default(), "/login");
    let away = browser.ask(&world, Method::GET, away, "").await;
    let (code, state) = provider.consent(away.headers["location"].to_str().unwrap(), who("ben", "leads"));
    provider.down().await;
    let path = format!("/login/callback?code={code}&state={state}");
    let (status, page) = text(browser.ask(&world, Method::GET, &path, "").await);
    assert_eq!((status, page.contains("The provider does not answer")), (503, true), "{page}");
    let last = people(&world).pop().unwrap();
    assert_eq!((last.0.as_str(), &last.1["why"]), ("login.refused", &json!("unreachable")));
}

#[tokio::test]
async fn a_provider_that_lies_about_its_name_or_answers_a_page_is_not_asked_further() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    provider.inside.lock().called = Some("https://evil.example".to_owned());
    let (status, page) = begin(&world).await;
    assert_eq!(
        (status, page.contains("The provider calls itself `https://evil.example`")),
        (502, true),
        "{page}"
    );
    provider.inside.lock().called = Some(format!("{}/", provider.base));
    assert_eq!(begin(&world).await.0, 502, "not even a slash is another name");
    provider.inside.lock().called = None;
    provider.inside.lock().html = true;
    let (status, page) = begin(&world).await;
    assert_eq!((status, page.contains("with a page of HTML")), (502, true), "{page}");
    assert!(!page.contains("hotel"), "what it says is not repeated: {page}");
    provider.inside.lock().html = false;
    let mut browser = Browser::default();
    let away = browser.ask(&world, Method::GET, "/login", "").await;
    let (code, state) = provider.consent(away.headers["location"].to_str().unwrap(), who("ben", "leads"));
    provider.inside.lock().html = true;
    let path = format!("/login/callback?code={code}&state={state}");
    let (status, page) = text(browser.ask(&world, Method::GET, &path, "").await);
    assert_eq!((status, page.contains("does not answer like a provider")), (502, true), "{page}");
    nothing_happened(&world).await;
    provider.inside.lock().html = false;
    assert_eq!(back(&world, &provider).await.0, 303);
}

#[tokio::test]
async fn tokens_that_lie_let_nobody_in() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    let now = jiff::Timestamp::now().as_second();
    for (lie, words) in [
        (json!({ "iss": "https://evil.example" }), "it is of another issuer"),
        (json!({ "aud": "another-client" }), "it is for another client"),
        (json!({ "aud": ["stanch-test", "another"] }), "it is for several clients"),
        (json!({ "exp": now - 120 }), "it has ended"),
        (json!({ "iat": now + 600 }), "it is from the future"),
        (json!({ "nonce": "another" }), "it was made for another login"),
        (json!({ "sub": "" }), "it does not say whom it is about"),
    ] {
        provider.inside.lock().lies = lie.clone();
        let (status, page) = back(&world, &provider).await;
        assert_eq!((status, page.contains(words)), (502, true), "{lie}: {page}");
    }
    provider.inside.lock().lies = json!({});
    for alg in ["none", "HS256"] {
        provider.inside.lock().alg = Some(alg);
        let (status, page) = back(&world, &provider).await;
        assert_eq!((status, page.contains("is no signature that counts here")), (502, true), "{alg}: {page}");
    }
    provider.inside.lock().alg = None;
    nothing_happened(&world).await;
    let told = people(&world);
    assert_eq!(told.len(), 9);
    assert!(told.iter().all(|(kind, body)| kind == "login.refused" && body["why"] == "not_believed"));
}

#[tokio::test]
async fn keys_that_turn_are_looked_for_and_a_key_that_is_not_published_signs_nothing() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    assert_eq!(back(&world, &provider).await.0, 303);
    assert_eq!(back(&world, &provider).await.0, 303);
    assert_eq!(provider.inside.lock().keys_asked, 1, "keys are kept");
    provider.turn("second", true);
    let mut tries = 0;
    // keys that were fetched this very second are not fetched again: the person tries once more
    while back(&world, &provider).await.0 != 303 {
        tries += 1;
        assert!(tries < 1000, "the new key is never looked for");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(provider.inside.lock().keys_asked, 2);
    provider.turn("third", false);
    let (status, page) = back(&world, &provider).await;
    assert_eq!((status, page.contains("signed by a key that")), (502, true), "{page}");
    provider.turn("second", false);
    let (status, page) = back(&world, &provider).await;
    assert_eq!((status, page.contains("the signature does not fit")), (502, true), "{page}");
}

#[tokio::test]
async fn what_the_token_leaves_out_is_asked_for_and_counts_only_of_the_same_person() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    let said = |sub: &str| {
        let mut said: Value = who("ben", "leads");
        said["sub"] = sub.into();
        Some(said)
    };
    provider.inside.lock().thin = said("subject-1");
    assert_eq!(back(&world, &provider).await.0, 303);
    provider.inside.lock().thin = said("subject-2");
    let (status, page) = back(&world, &provider).await;
    assert_eq!((status, page.contains("is of somebody else")), (502, true), "{page}");
}
