//! Verbs that need no server: simulated platforms, figures, lists, completions.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::support::{empty, program, stanch, transcript};

/// A child that is gone when the test is.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Simulated platforms, and the configuration that they print, up to the line of this platform, which is the last.
fn twins(home: &Path, platforms: &[&str], last: &str) -> (Running, String) {
    let mut args = vec!["twins", "--listen", "127.0.0.1:0", "--mail", "127.0.0.1:0"];
    platforms.iter().for_each(|platform| args.extend(["--platform", platform]));
    let mut child =
        Running(program(home, &args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut text = String::new();
    while !text.contains(&format!("platform: {last}")) {
        text.push_str(&lines.next().unwrap().unwrap());
        text.push('\n');
    }
    std::fs::write(home.join("stanch.yaml"), &text).unwrap();
    (child, text)
}

/// What the printed configuration says to export.
fn exports(text: &str) -> Vec<(&str, &str)> {
    let export = text.lines().find_map(|line| line.split_once("export ")).unwrap().1;
    export.split(' ').filter_map(|pair| pair.split_once('=')).collect()
}

#[test]
fn twins_print_a_configuration_that_works_and_list_their_effects() {
    let home = empty();
    let (_child, text) = twins(home.path(), &["okta", "smtp"], "smtp");
    let env = exports(&text);
    let doctor = program(home.path(), &["doctor"]).envs(env.iter().copied()).output().unwrap();
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(doctor.status.success() && said.contains("simulated okta.find_app answered"), "{said}");
    let mut twins = TcpStream::connect(env[0].1).unwrap();
    write!(twins, "GET /_twin/effects HTTP/1.0\r\nHost: {}\r\n\r\n", env[0].1).unwrap();
    let mut effects = String::new();
    twins.read_to_string(&mut effects).unwrap();
    assert!(effects.starts_with("HTTP/1.0 200") && effects.contains("application/json"), "{effects}");
}

#[test]
fn every_platform_is_reached_where_its_twins_configuration_says() {
    let home = empty();
    let (_child, text) = twins(home.path(), &[], "zoom");
    let names = text.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(": { platform: "));
    let names: Vec<&str> = names.map(|(name, _)| name).collect();
    assert!(names.len() > 20, "{text}");
    for name in names {
        let asked = program(home.path(), &["integrations", "preflight", name]).envs(exports(&text)).output();
        let said = String::from_utf8(asked.unwrap().stdout).unwrap();
        assert!(said.ends_with("ready\n"), "{name}: {said}");
        for lost in ["answered 404", "not_found", "is refused"] {
            assert!(!said.contains(lost), "{name}: {said}");
        }
    }
}

#[test]
fn a_small_bench_gives_its_figures_beside_the_disks_own() {
    let home = empty();
    let output = stanch(home.path(), &["bench", "steps", "--runs", "2", "--steps", "5", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["figure"], "device");
    for figure in ["steps_per_s", "step_p50_us", "fdatasync_p50_us"] {
        assert!(lines.last().unwrap()[figure].as_f64().unwrap() > 0.0, "{figure}: {text}");
    }
}

#[test]
fn a_small_bench_of_the_screens_gives_every_figure_of_pictures_that_it_really_drew() {
    let home = empty();
    let output = stanch(home.path(), &["bench", "tui", "--steps", "40", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let figure = |name: &str| {
        let found = lines.iter().find(|line| line["figure"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {text}"))
    };
    for (name, unit) in [("tui_render", "ms"), ("tui_key", "ms"), ("tui_idle", "% of core")] {
        assert_eq!(figure(name)["unit"], unit, "{text}");
        assert!(figure(name)["value"].as_f64().unwrap() > 0.0, "{name}: {text}");
        assert!(
            figure(name).get("met").is_none(),
            "nothing is promised of a size that somebody chose: {text}"
        );
    }
    let render = figure("tui_render");
    let number = |name: &str| render[name].as_u64().unwrap_or_else(|| panic!("no {name}: {text}"));
    assert!(render["value"].as_f64() >= render["p50_ms"].as_f64(), "{text}");
    assert_eq!((number("steps"), number("lines_per_s"), number("unknown")), (40, 1_000, 0), "{text}");
    // five screens, each ten times as lines come and ten times for a key, and what idles
    assert_eq!(number("frames"), 5 * 10 * 2 + 50, "{text}");
    // the run's own lines, and the fifty that came before each picture
    assert_eq!(number("followed"), 1 + 2 * 40 + 5 * 10 * 50, "{text}");
}

#[test]
fn what_is_there_is_listed_and_shown() {
    let home = empty();
    for (args, part) in [
        (&["playbooks", "list"][..], "oauth-app-compromise"),
        (&["integrations", "list"], "salesforce"),
        (&["integrations", "show", "okta"], "deactivate_app"),
        (&["completions", "bash"], "_stanch"),
        (&["scopes", "oauth-app-compromise"], "okta.apps.manage"),
    ] {
        let text = transcript(home.path(), args);
        assert!(text.contains(part) && text.ends_with("exit 0\n"), "`{part}` is missing in\n{text}");
    }
    let text = transcript(home.path(), &["integrations", "show", "otka"]);
    assert!(text.contains("okta") && text.ends_with("exit 3\n"), "{text}");
}
