//! Logging in at a real provider, `oidc-provider` from npm on loopback: on the pages, and on the command line.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use url::Url;

use crate::support::{Served, asking, book, empty, program, stanch, view};

const VERSION: &str = "9.13.3";

/// The package, installed once below `target`; nothing where npm cannot have it.
fn package() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oidc-provider-{VERSION}"));
    let entry = folder.join("node_modules/oidc-provider/lib/index.js");
    if !entry.exists() {
        // beside its place and moved, so that half an installation is none
        let half = folder.with_extension(format!("half.{}", std::process::id()));
        let install =
            ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier", "--prefix"];
        std::fs::create_dir_all(&half).unwrap();
        let mut npm = Command::new("npm");
        npm.args(install).arg(&half).arg(format!("oidc-provider@{VERSION}"));
        if npm.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok_and(installs) {
            let _there_already = std::fs::rename(&half, &folder);
        }
        let _ = std::fs::remove_dir_all(&half);
    }
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    (entry.exists() && node.is_ok_and(|status| status.success())).then_some(entry)
}

/// A registry that answers drop by drop would hold up every other test.
fn installs(mut npm: Child) -> bool {
    const PATIENCE: Duration = Duration::from_secs(180);
    let begun = Instant::now();
    loop {
        match npm.try_wait() {
            Ok(None) if begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(100)),
            Ok(Some(status)) => return status.success(),
            _ => {
                let _gone_already = npm.kill().and_then(|()| npm.wait());
                println!("npm did not come to an end within {} s", PATIENCE.as_secs());
                return false;
            }
        }
    }
}

/// The provider, on a leash.
struct Provider(Child, String);

impl Provider {
    fn start(entry: &Path, redirect: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/provider.mjs");
        let mut node = Command::new("node");
        node.arg(script)
            .arg(entry)
            .arg(redirect)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = node.spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        // it says more later, and would die of it where nobody listens
        child.stdout = Some(out.into_inner());
        assert!(line.starts_with("http://127.0.0.1:"), "{line}");
        Self(child, line.trim().to_owned())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A browser without a screen: it keeps cookies by host and port, follows where it is sent, and sends forms.
struct Browser {
    http: reqwest::Client,
    jar: BTreeMap<String, BTreeMap<String, String>>,
}

/// Where it is, and what it shows.
struct Page {
    at: Url,
    status: u16,
    text: String,
}

impl Browser {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { http: http.build().unwrap(), jar: BTreeMap::new() }
    }

    async fn open(&mut self, url: &str) -> Page {
        self.go(url.parse().unwrap(), None).await
    }

    async fn go(&mut self, mut at: Url, mut form: Option<String>) -> Page {
        for _ in 0..20 {
            let cookies = self.jar.entry(at.authority().to_owned()).or_default();
            let sent: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mut request = match form.take() {
                Some(form) => self
                    .http
                    .post(at.clone())
                    .body(form)
                    .header("content-type", "application/x-www-form-urlencoded"),
                None => self.http.get(at.clone()),
            };
            if !sent.is_empty() {
                request = request.header("cookie", sent.join("; "));
            }
            let answer = request.send().await.unwrap();
            for set in answer.headers().get_all("set-cookie") {
                let pair = set.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                match value {
                    "" => drop(cookies.remove(name)),
                    value => drop(cookies.insert(name.to_owned(), value.to_owned())),
                }
            }
            match answer.headers().get("location") {
                Some(next) => at = at.join(next.to_str().unwrap()).unwrap(),
                None => {
                    let status = answer.status().as_u16();
                    return Page { at, status, text: answer.text().await.unwrap() };
                }
            }
        }
        panic!("sent in circles, at last to {at}");
    }

    /// Sends the page's first form with these fields besides the hidden ones.
    async fn send(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let form = page.text.split("<form").nth(1).unwrap_or_else(|| panic!("no form: {}", page.text));
        let form = form.split("</form>").next().unwrap();
        let action = attribute(form, "action").unwrap_or_default();
        let hidden = form.split("<input").skip(1).filter(|input| input.contains("\"hidden\""));
        let pairs = hidden.filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)));
        let mut sent = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs {
            sent.append_pair(&name, &value);
        }
        let body = sent.extend_pairs(fields).finish();
        self.go(page.at.join(&action).unwrap(), Some(body)).await
    }

    /// Logs in at the provider and agrees.
    async fn consent(&mut self, page: Page, who: &str) -> Page {
        assert!(page.text.contains("name=\"login\""), "{}", page.text);
        let agree = self.send(&page, &[("login", who), ("password", "any")]).await;
        assert!(agree.text.contains("value=\"consent\""), "{}", agree.text);
        self.send(&agree, &[]).await
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&amp;", "&"))
}

/// A company whose people log in at this provider.
fn company(folder: &Path, issuer: &str, public: &str) {
    let config = format!(
        "people:
  groups: {{ leads: [ben] }}
  known: {{ ben: {{ login: lead@acme.example }}, vic: {{ login: viewers@acme.example }} }}
server:
  public: {public}
  oidc:
    issuer: {issuer}
    client_id: stanch
    client_secret: \"exec:/bin/echo hush-hush-hush-hush-hush-hush-hush\"
    scopes: [openid, email, groups]
    roles: {{ lead: approver, viewers: viewer }}
playbooks: [ask]
"
    );
    std::fs::write(folder.join("stanch.yaml"), config).unwrap();
    book(folder, "ask", &asking("within: 1h"), "approve(\"go\", \"Shall we go?\", input.what);\n");
}

/// The last line of what a command printed.
fn last(output: &std::process::Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().unwrap_or("null")).unwrap_or_else(|_| panic!("{output:?}"))
}

fn asks(folder: &Path) -> String {
    let app =
        json!([{ "$target": { "integration": "okta", "kind": "app", "id": "0oa1", "label": "Drift" } }]);
    let started = stanch(folder, &["run", "ask", "--input", &format!("what={app}"), "--json"]);
    last(&started)["run"].as_str().unwrap().to_owned()
}

/// `stanch login` as somebody who types the code into their browser; its exit code and what it printed.
async fn log_in(folder: &Path, url: &str, who: &str, sure: bool) -> (Option<i32>, Vec<Value>) {
    let mut command = program(folder, &["login", "--url", url, "--json"]);
    command.env("XDG_CONFIG_HOME", folder.join("config")).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let begun: Value = serde_json::from_str(&line).unwrap();
    let mut browser = Browser::new();
    let page = browser.open(begun["open"].as_str().unwrap()).await;
    let confirm = browser.send(&page, &[("user_code", begun["code"].as_str().unwrap())]).await;
    if sure {
        let page = browser.send(&confirm, &[]).await;
        let end = browser.consent(page, who).await;
        assert_eq!(end.status, 200, "{}", end.text);
    } else {
        browser.send(&confirm, &[("abort", "yes")]).await;
    }
    let rest = tokio::task::spawn_blocking(move || {
        let lines = out.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        (child.wait().unwrap().code(), lines)
    });
    rest.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_log_in_at_a_real_provider_on_the_pages_and_on_the_command_line() {
    let Some(entry) = package() else {
        println!("skipped: no node/npm for oidc-provider");
        return;
    };
    let home = empty();
    let folder = home.path();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let provider = Provider::start(&entry, &format!("{url}/login/callback"));
    company(folder, &provider.1, &url);
    let doctor = stanch(folder, &["doctor", "--twins", "127.0.0.1:9"]);
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.contains(&format!("{} is who it says, with one key", provider.1)), "{doctor}");
    let server = Served::live(folder, &["--twins", "127.0.0.1:9", "--listen", &format!("127.0.0.1:{port}")]);
    assert_eq!(server.url(), url);

    let run = asks(folder);
    let mut ben = Browser::new();
    let gate = ben.open(&format!("{url}/login?card={run}%3AA1")).await;
    let card = ben.consent(gate, "lead@acme.example").await;
    assert_eq!((card.status, card.at.path()), (200, format!("/cards/{run}%3AA1").as_str()), "{}", card.text);
    assert!(
        card.text.contains("Shall we go?") && card.text.contains("You are ben (approver)"),
        "{}",
        card.text
    );
    let said = ben.send(&card, &[("say", "approve"), ("why", "seen"), ("typed", "drift")]).await;
    assert!(said.text.contains("You said approve at"), "{}", said.text);
    let seen = view(folder, &run, |view| view.ended.is_some()).await;
    let decision = &seen.waits[0].decisions[0];
    assert_eq!((decision.who.as_str(), decision.channel.as_str()), ("ben", "web"));
    let mut eve = Browser::new();
    let gate = eve.open(&format!("{url}/login")).await;
    let sent_away = eve.consent(gate, "eve@acme.example").await;
    assert_eq!(sent_away.status, 403);
    assert!(sent_away.text.contains("nobody") && sent_away.text.contains("login here"), "{}", sent_away.text);

    on_the_command_line(folder, &url).await;
    let journal =
        stanch(folder, &["journal", "tail", "--no-follow", "-n", "1000", "--stream", "people", "--json"]);
    let told = String::from_utf8_lossy(&journal.stdout).into_owned();
    for (kind, times) in [("login.made", 2), ("login.refused", 2), ("login.ended", 1)] {
        assert_eq!(told.matches(&format!("\"{kind}\"")).count(), times, "{kind}: {told}");
    }
    assert!(!told.contains("stanch_") && !told.contains("eyJ"), "{told}");
}

async fn on_the_command_line(folder: &Path, url: &str) {
    let as_ben = |args: &[&str]| {
        let mut command = program(folder, args);
        command.env("XDG_CONFIG_HOME", folder.join("config")).env("STANCH_URL", url).output().unwrap()
    };
    assert_eq!(as_ben(&["status"]).status.code(), Some(1), "nobody knows this terminal yet");
    let (denied, said) = log_in(folder, url, "lead@acme.example", false).await;
    assert_eq!(denied, Some(3), "{said:?}");
    let (code, said) = log_in(folder, url, "lead@acme.example", true).await;
    let login = &said.last().unwrap()["login"];
    assert_eq!(
        (code, &login["name"], &login["role"]),
        (Some(0), &json!("ben"), &json!("approver")),
        "{said:?}"
    );
    let me = last(&as_ben(&["whoami", "--json"]));
    assert_eq!((&me["name"], me["until"] == login["expires"]), (&json!("ben"), true), "{me}");
    let run = asks(folder);
    view(folder, &run, |view| view.open_waits().count() == 1).await;
    assert!(as_ben(&["approve", &run, "--reason", "seen"]).status.success());
    let seen = view(folder, &run, |view| view.ended.is_some()).await;
    let decision = &seen.waits[0].decisions[0];
    assert_eq!((decision.who.as_str(), decision.channel.as_str()), ("ben", "cli"));
    let listed = stanch(folder, &["tokens", "list", "--json"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("\"login\":\"device\"") && listed.contains("\"used\":\""), "{listed}");
    assert!(as_ben(&["logout"]).status.success());
    let again = as_ben(&["whoami"]);
    let why = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(1) && why.contains("stanch login"), "{why}");
    assert_eq!(as_ben(&["logout"]).status.code(), Some(3));
}
