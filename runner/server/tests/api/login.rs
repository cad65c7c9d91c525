//! Logging in at a provider: in a browser, and as oneself on a card.

use http::Method;
use serde_json::{Value, json};
use stanch_model::api::Role;

use crate::{
    provider::{Provider, config},
    world::{Reply, World},
};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(crate) fn who(name: &str, group: &str) -> Value {
    json!({ "email": format!("{name}@acme.example"), "groups": [group] })
}

/// What a browser keeps, and where it is.
#[derive(Default)]
pub(crate) struct Browser {
    pub(crate) cookies: std::collections::BTreeMap<String, String>,
}

impl Browser {
    pub(crate) async fn ask(&mut self, world: &World, method: Method, path: &str, form: &str) -> Reply {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let headers = [FORM, ("cookie", cookies.as_str())];
        let reply = world.unchecked(method, path, &headers, form.to_owned()).await;
        for set in reply.headers.get_all("set-cookie") {
            let text = set.to_str().unwrap();
            let (pair, rest) = text.split_once("; ").unwrap();
            for rule in ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=", "Secure"] {
                assert!(rest.contains(rule), "{text}");
            }
            let (name, value) = pair.split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{name}");
            match value {
                "" => drop(self.cookies.remove(name)),
                value => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        reply
    }

    pub(crate) async fn get(&mut self, world: &World, path: &str) -> (u16, String) {
        text(self.ask(world, Method::GET, path, "").await)
    }

    /// To the provider, which says this of the person, and back; the address that it came back with, too.
    pub(crate) async fn log_in(
        &mut self,
        world: &World,
        provider: &Provider,
        claims: Value,
    ) -> (Reply, String) {
        let away = self.ask(world, Method::GET, "/login", "").await;
        assert_eq!(away.status, 303, "{:?}", away.body);
        let (code, state) = provider.consent(away.headers["location"].to_str().unwrap(), claims);
        let back = format!("/login/callback?code={code}&state={state}");
        (self.ask(world, Method::GET, &back, "").await, back)
    }

    pub(crate) fn session(&self) -> Option<&String> {
        self.cookies.get("__Host-stanch")
    }
}

pub(crate) fn text(reply: Reply) -> (u16, String) {
    (reply.status, String::from_utf8(reply.body.to_vec()).unwrap())
}

fn ticket(page: &str) -> &str {
    page.split("name=\"ticket\" value=\"").nth(1).unwrap().split('"').next().unwrap()
}

/// What the stream of people says: kind and body.
pub(crate) fn people(world: &World) -> Vec<(String, Value)> {
    let stream = stanch_model::StreamId::from_stored("people");
    let entries = world.journal.read(&stream, 1, 100).unwrap();
    let told = entries.iter().map(|entry| {
        let body = entry.body.as_deref().unwrap();
        assert!(!body.contains("nobody-shall-see") && !body.contains("stanch_"), "{body}");
        (entry.header.kind.clone(), serde_json::from_str(body).unwrap())
    });
    told.collect()
}

#[tokio::test]
async fn somebody_logs_in_sees_what_waits_for_them_and_answers_as_themselves() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    let run = world.asking(Role::Responder).await;
    let mut ben = Browser::default();
    let (status, gate) = ben.get(&world, "/cards").await;
    assert_eq!((status, gate.contains("Log in at 127.0.0.1")), (401, true), "{gate}");
    let (back, _) = ben.log_in(&world, &provider, who("ben", "leads")).await;
    assert_eq!((back.status, back.headers["location"].to_str().unwrap()), (303, "/cards"));
    assert!(!ben.cookies.contains_key("__Host-stanch-login"), "it is used up");

    let (status, list) = ben.get(&world, "/cards").await;
    for words in ["One card waits for you", "Shall we go?", "a yes or no", "You are ben (approver), until "] {
        assert!(status == 200 && list.contains(words), "{words}: {list}");
    }
    let path = format!("/cards/{run}%3AA1");
    assert!(list.contains(&path), "{list}");
    let (_, card) = ben.get(&world, &path).await;
    for words in ["asked of ben", "type <b>drift</b>", "DRILL", "All that waits for you"] {
        assert!(card.contains(words), "{words}: {card}");
    }
    assert!(!card.contains("<script") && !card.contains("http"), "{card}");
    let form = format!("say=approve&why=seen&typed=drift&ticket={}", ticket(&card));
    let sent = ben.ask(&world, Method::POST, &path, &form).await;
    assert_eq!((sent.status, sent.headers["location"].to_str().unwrap()), (303, path.as_str()));
    let view = world.until(&run, |view| view.waits.len() == 2).await;
    let said = &view.waits[0].decisions[0];
    assert_eq!((said.who.as_str(), said.channel.as_str(), said.reason.as_str()), ("ben", "web", "seen"));
    assert!(ben.get(&world, &path).await.1.contains("You said approve at"));

    let (_, list) = ben.get(&world, "/cards").await;
    let session = ben.session().unwrap().clone();
    let out = ben.ask(&world, Method::POST, "/logout", &format!("ticket={}", ticket(&list))).await;
    assert_eq!((out.status, ben.session()), (303, None));
    ben.cookies.insert("__Host-stanch".to_owned(), session);
    assert_eq!(ben.get(&world, "/cards").await.0, 401, "whoever kept the cookie has nothing");
    let told = people(&world);
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["login.made", "login.ended"]);
    let made = &told[0].1;
    assert_eq!(
        (&made["who"], &made["role"], &made["through"], &made["login"]),
        (&json!("ben"), &json!("approver"), &json!("web"), &json!("ben@acme.example"))
    );
    assert_eq!((&told[1].1["who"], &told[1].1["token"]), (&json!("ben"), &made["token"]));
}

#[tokio::test]
async fn a_form_counts_only_from_a_page_of_the_same_session_and_a_role_must_be_enough() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    let run = world.asking(Role::Responder).await;
    let path = format!("/cards/{run}:A1");
    let (mut ben, mut other) = (Browser::default(), Browser::default());
    ben.log_in(&world, &provider, who("ben", "leads")).await;
    other.log_in(&world, &provider, who("ben", "leads")).await;
    let foreign = ticket(&other.get(&world, &path).await.1).to_owned();
    for form in ["say=approve&typed=drift".to_owned(), format!("say=approve&typed=drift&ticket={foreign}")] {
        let (status, why) = text(ben.ask(&world, Method::POST, &path, &form).await);
        assert_eq!((status, why.contains("does not come from a page of your session")), (403, true), "{why}");
    }
    let out = ben.ask(&world, Method::POST, "/logout", &format!("ticket={foreign}")).await;
    assert_eq!((out.status, ben.get(&world, "/cards").await.0), (403, 200), "nobody logs somebody else out");
    let mut vic = Browser::default();
    vic.log_in(&world, &provider, who("vic", "all")).await;
    assert!(vic.get(&world, "/cards").await.1.contains("Nothing waits for you"));
    let page = vic.get(&world, &path).await.1;
    let form = format!("say=approve&typed=drift&ticket={}", ticket(&page));
    let (status, why) = text(vic.ask(&world, Method::POST, &path, &form).await);
    assert_eq!((status, why.contains("vic is a viewer, and this needs approver")), (403, true), "{why}");
    let anonymous = Browser::default().ask(&world, Method::POST, &path, &form).await;
    assert_eq!(anonymous.status, 401);
    assert!(world.client(Role::Viewer).card(&format!("{run}:A1")).await.unwrap().wait.decisions.is_empty());
}

#[tokio::test]
async fn whoever_is_not_known_or_may_nothing_is_told_so_and_it_is_written_down() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    let unsure = json!({ "email": "ben@acme.example", "email_verified": false, "groups": ["leads"] });
    for (claims, words, why) in [
        (who("eve", "leads"), "Eve@acme.example is nobody&#39;s login here", "stranger"),
        (who("ben", "chess"), "Ben may do nothing here", "no_role"),
        (json!({ "groups": ["leads"] }), "does not say who you are", "nameless"),
        (unsure, "has not made sure", "unverified"),
    ] {
        let mut browser = Browser::default();
        let (back, _) = browser.log_in(&world, &provider, claims).await;
        let (status, page) = text(back);
        let page = page.replace("&#x27;", "&#39;").replace('\'', "&#39;");
        assert_eq!((status, page.contains(words)), (403, true), "{words}: {page}");
        assert!(page.contains("You are not logged in") && browser.cookies.is_empty());
        let last = people(&world).pop().unwrap();
        assert_eq!((last.0.as_str(), &last.1["why"]), ("login.refused", &json!(why)), "{}", last.1);
    }
    assert!(
        world.client(Role::Admin).tokens().await.unwrap().items.iter().all(|token| token.login.is_none())
    );
}

#[tokio::test]
async fn a_login_counts_only_in_the_browser_in_which_it_began_once_and_from_its_provider() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    let (mut ben, mut eve) = (Browser::default(), Browser::default());
    let (back, address) = ben.log_in(&world, &provider, who("ben", "leads")).await;
    assert_eq!(back.status, 303);
    let told = people(&world).len();
    for browser in [&mut eve, &mut ben] {
        let (status, page) = browser.get(&world, &address).await;
        assert_eq!((status, page.contains("did not begin in this browser")), (400, true), "{page}");
    }
    let begin = async |browser: &mut Browser| {
        let away = browser.ask(&world, Method::GET, "/login", "").await;
        provider.consent(away.headers["location"].to_str().unwrap(), who("ben", "leads"))
    };
    let (code, _) = begin(&mut eve).await;
    assert_eq!(eve.get(&world, &format!("/login/callback?code={code}&state=other")).await.0, 400);
    assert_eq!(people(&world).len(), told, "whatever anybody sends is not written");
    let (code, state) = begin(&mut eve).await;
    let mixed = format!("/login/callback?code={code}&state={state}&iss=https%3A%2F%2Fevil.example");
    let (status, page) = eve.get(&world, &mixed).await;
    assert_eq!((status, page.contains("calls itself `https://evil.example`")), (502, true), "{page}");
    let (_, state) = begin(&mut eve).await;
    let no = format!("/login/callback?error=access_denied&error_description=%3Cb%3E&state={state}");
    let (status, page) = eve.get(&world, &no).await;
    assert_eq!((status, page.contains("The provider says `access_denied`")), (403, true), "{page}");
    let (_, state) = begin(&mut eve).await;
    let (status, page) = eve.get(&world, &format!("/login/callback?code=made-up&state={state}")).await;
    assert_eq!((status, page.contains("`invalid_grant`")), (502, true), "{page}");
    let whys: Vec<Value> = people(&world)[told..].iter().map(|(_, body)| body["why"].clone()).collect();
    assert_eq!(whys, ["other_issuer", "refused", "refused"]);
    assert_eq!(eve.session(), None);
}

#[tokio::test]
async fn a_login_leads_back_to_the_card_it_began_at_and_to_no_other_site() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    for (asked, then) in [
        ("/login?card=01RUN%3AA1", "/cards/01RUN%3AA1"),
        ("/login?card=%2F%2Fevil.example", "/cards"),
        ("/login?card=..%2F..%2Fv1", "/cards"),
        ("/login?card=a%0d%0aset-cookie:x", "/cards"),
    ] {
        let mut ben = Browser::default();
        let away = ben.ask(&world, Method::GET, asked, "").await;
        let (code, state) = provider.consent(away.headers["location"].to_str().unwrap(), who("ben", "leads"));
        let back =
            ben.ask(&world, Method::GET, &format!("/login/callback?code={code}&state={state}"), "").await;
        assert_eq!((back.status, back.headers["location"].to_str().unwrap()), (303, then), "{asked}");
    }
}

#[tokio::test]
async fn without_a_provider_in_the_configuration_nobody_logs_in_and_the_page_says_so() {
    let world = World::new().await;
    for path in ["/cards", "/login", "/cards/x:A1", "/login/callback?code=x&state=y"] {
        let (status, page) = Browser::default().get(&world, path).await;
        assert_eq!((status, page.contains("Nobody logs in at this server")), (404, true), "{page}");
    }
    let begun = world.raw(Method::POST, "/v1/login", &[], "").await;
    assert_eq!((begun.status, begun.code().as_str()), (404, "no_login"));
}

#[tokio::test]
async fn a_link_offers_its_page_to_whoever_would_rather_be_themselves() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    let run = world.asking(Role::Responder).await;
    let body = stanch_model::api::LinkBody { card: format!("{run}:A1"), r#for: Some("approver".to_owned()) };
    let made = world.client(Role::Admin).make_link(&body).await.unwrap();
    let path = made.url.strip_prefix("https://stanch.acme.example").unwrap();
    let (_, page) = Browser::default().get(&world, path).await;
    assert!(page.contains(&format!("Not approver? <a href=\"/login?card={run}%3AA1\">Log in</a>")), "{page}");
}
