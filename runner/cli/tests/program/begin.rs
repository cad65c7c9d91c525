//! `init` and `doctor` in the hands of somebody who begins: nothing there, no credential, no platform, the wrong token,
//! and simulated platforms in the place of real ones.

use std::path::Path;

use serde_json::Value;
use stanch_integrations::twin::{TwinHost, token};

use crate::support::{Served, empty, okta, program, stanch, told};

/// One Okta at this address, with its token in the environment.
fn configure(folder: &Path, url: &str) {
    let config =
        format!("integrations:\n  okta: {{ platform: okta, url: \"{url}\", credential: env:OKTA_KEY }}\n");
    std::fs::write(folder.join("stanch.yaml"), config).unwrap();
}

/// The simulated Okta as a real one: plain HTTP on loopback, and a credential that is shown to it.
fn address(twins: &TwinHost) -> String {
    format!("http://{}/okta", twins.addr())
}

/// What `init` and `doctor` say with this in the environment.
fn both(folder: &Path, env: &[(&str, &str)]) -> [(i32, String); 2] {
    ["init", "doctor"].map(|verb| {
        let mut command = program(folder, &[verb]);
        command.env_remove("OKTA_KEY").envs(env.iter().copied());
        let output = command.output().unwrap();
        (output.status.code().unwrap(), told(&[verb], &output))
    })
}

#[test]
fn init_in_a_fresh_folder_writes_what_check_accepts_and_doctor_finds_sound() {
    let home = empty();
    let first = stanch(home.path(), &["init", "co"]);
    assert!(first.status.success(), "{first:?}");
    let token = String::from_utf8(first.stdout).unwrap();
    assert!(token.starts_with("stanch_"), "the token is the data: {token}");
    let again = stanch(home.path(), &["init", "co"]);
    assert!(again.status.success() && again.stdout.is_empty(), "a second token was made: {again:?}");
    let folder = home.path().join("co");
    for verb in ["check", "doctor"] {
        let output = stanch(&folder, &[verb]);
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn doctor_in_a_folder_without_anything_says_what_would_make_it() {
    let home = empty();
    let output = stanch(home.path(), &["doctor"]);
    let text = told(&["doctor"], &output);
    for part in
        ["stanch.yaml is not there; `stanch init` writes one", "`stanch serve` makes it", "nothing wrong"]
    {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    assert_eq!(text.matches("stanch.yaml").count(), 1, "what is not there is not called fine\n{text}");
    assert!(output.status.success(), "{text}");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "it changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_credential_is_named_and_nobody_is_asked() {
    let (home, twins) = (empty(), okta().await);
    configure(home.path(), &address(&twins));
    for (code, text) in both(home.path(), &[]) {
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("the environment has no OKTA_KEY"), "{text}");
        assert!(text.contains("help: put it where `credential` says"), "{text}");
    }
    assert!(twins.requests().is_empty());
}

#[test]
fn a_platform_that_cannot_be_reached_is_named_with_the_way_out() {
    let home = empty();
    // Bound and not listening: nobody else can have the port meanwhile.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    configure(home.path(), &format!("http://{address}"));
    for (code, text) in both(home.path(), &[("OKTA_KEY", "right")]) {
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("okta.find_app") && text.contains("refused"), "{text}");
        assert!(
            text.contains("help: is `url` right, and does the network let this machine through?"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_told_from_a_right_one_and_never_shown() {
    let (home, twins) = (empty(), okta().await);
    configure(home.path(), &address(&twins));
    for (code, text) in both(home.path(), &[("OKTA_KEY", "hunter22")]) {
        assert_eq!(code, 3, "{text}");
        let help = "help: the credential is not known there, or has expired: make a new one";
        assert!(text.contains("okta.find_app") && text.contains("401") && text.contains(help), "{text}");
        assert!(!text.contains("hunter22"), "{text}");
    }
    let token = token("okta");
    let [(init, said), (doctor, found)] = both(home.path(), &[("OKTA_KEY", &token)]);
    assert_eq!((init, doctor), (0, 0), "{said}{found}");
    assert!(said.contains("okta.find_app answered: address and credential work"), "{said}");
    assert!(found.contains("okta.find_app answered") && found.contains("nothing wrong"), "{found}");
    assert!(!said.contains(&token) && !found.contains(&token));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_simulated_platforms_no_credential_is_needed_and_doctor_says_which_they_are() {
    let (home, twins) = (empty(), okta().await);
    configure(home.path(), "https://acme.okta.com");
    let addr = twins.addr().to_string();
    let [(init, said), (doctor, found)] = both(home.path(), &[("STANCH_TWINS", &addr)]);
    assert_eq!((init, doctor), (0, 0), "{said}{found}");
    assert!(said.contains("okta.find_app answered"), "{said}");
    assert!(found.contains("simulated okta.find_app answered"), "{found}");
    assert!(!twins.requests().is_empty());
    // Twins that are not there are an unreachable platform, not a real one.
    drop(twins);
    for (code, text) in both(home.path(), &[("STANCH_TWINS", &addr)]) {
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("simulated"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_json_each_finding_is_a_line_and_the_last_one_the_summary() {
    let (home, twins) = (empty(), okta().await);
    configure(home.path(), &address(&twins));
    let output = program(home.path(), &["doctor", "--json"]).env("OKTA_KEY", "hunter22").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, found) = lines.split_last().unwrap();
    let wrong: Vec<&Value> = found.iter().filter(|one| one["found"] == "WRONG").collect();
    assert_eq!((last["ok"].as_bool(), last["wrong"].as_u64()), (Some(false), Some(1)), "{text}");
    assert!(wrong.len() == 1 && wrong[0]["check"] == "platform", "{text}");
    assert_eq!(output.status.code(), Some(3));
}

/// What was edited under a running server is not in use yet, and whoever looks is told so.
#[test]
fn files_that_changed_under_a_server_are_named_until_they_read_as_before() {
    let home = empty();
    let config = home.path().join("stanch.yaml");
    std::fs::write(&config, "tell: {}\n").unwrap();
    let _server = Served::start(home.path());
    let says = |verb: &str| {
        let offline: &[&str] = if verb == "doctor" { &["doctor", "--offline"] } else { &["status"] };
        let output = stanch(home.path(), offline);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let unchanged = |text: &str| !text.contains("since the server started");
    for verb in ["status", "doctor"] {
        assert!(unchanged(&says(verb)));
    }
    std::fs::write(home.path().join("vendors.yaml"), "drift: { contacts: [{ mail: soc@drift.example }] }\n")
        .unwrap();
    std::fs::write(&config, "tell: {}      # edited\n").unwrap();
    for verb in ["status", "doctor"] {
        let text = says(verb);
        for part in
            ["changed since the server started:", "stanch.yaml", "vendors.yaml", "restart it to use them"]
        {
            assert!(text.contains(part), "`{part}` is missing in {verb}:\n{text}");
        }
    }
    std::fs::write(&config, "tell: {}\n").unwrap();
    std::fs::remove_file(home.path().join("vendors.yaml")).unwrap();
    assert!(unchanged(&says("status")) && unchanged(&says("doctor")));
}
