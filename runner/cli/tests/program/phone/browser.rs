//! Chromium without a window, in the size of a phone and without scripts, driven through its own debugging protocol.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// CSS pixels of a phone that many have.
pub(super) const WIDTH: u32 = 390;
const HEIGHT: u32 = 844;

/// A browser with one page. It ends with the value.
pub(super) struct Browser {
    process: Child,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    sent: u64,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _waited = self.process.wait();
    }
}

impl Browser {
    /// Starts it with this folder as its own; nothing where the machine has none.
    pub(super) async fn start(profile: &Path) -> Option<Self> {
        let mut chromium = Command::new("chromium");
        chromium
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args(["--no-proxy-server", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = chromium.spawn().ok()?;
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let door = lines.find_map(|line| {
            line.unwrap().split_once("DevTools listening on ws://").map(|found| found.1.to_owned())
        });
        // it says more later, and would stand still where nobody reads
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let door = door.unwrap();
        let host = door.split_once('/').unwrap().0;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pages: Value =
            reqwest::get(format!("http://{host}/json/list")).await.unwrap().json().await.unwrap();
        let page = pages.as_array().unwrap().iter().find(|target| target["type"] == "page").unwrap();
        let address = page["webSocketDebuggerUrl"].as_str().unwrap();
        let (socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
        let mut browser = Self { process, socket, sent: 0 };
        let phone = json!({ "width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 2, "mobile": true });
        browser.ask("Emulation.setDeviceMetricsOverride", phone).await;
        browser.ask("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
        browser.ask("Page.enable", json!({})).await;
        Some(browser)
    }

    /// One order and what it gives.
    pub(super) async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let order = json!({ "id": self.sent, "method": method, "params": params });
        self.socket.send(Message::text(order.to_string())).await.unwrap();
        let sent = self.sent;
        let answer = self.until(|message| message["id"] == sent).await;
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The next message of this kind.
    async fn until(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.socket.next().await.unwrap().unwrap();
            let Message::Text(text) = message else { continue };
            let message = serde_json::from_str(&text).unwrap();
            if is(&message) {
                return message;
            }
        }
    }

    async fn loaded(&mut self) {
        self.until(|message| message["method"] == "Page.loadEventFired").await;
    }

    /// Opens an address.
    pub(super) async fn open(&mut self, url: &str) {
        self.socket
            .send(Message::text(
                json!({ "id": 0, "method": "Page.navigate", "params": { "url": url } }).to_string(),
            ))
            .await
            .unwrap();
        self.loaded().await;
    }

    /// What the page holds, as it is shown now.
    pub(super) async fn page(&mut self) -> String {
        let root = self.ask("DOM.getDocument", json!({})).await["root"]["nodeId"].clone();
        let html = self.ask("DOM.getOuterHTML", json!({ "nodeId": root })).await;
        html["outerHTML"].as_str().unwrap().to_owned()
    }

    /// How wide what is shown is, in CSS pixels.
    pub(super) async fn width(&mut self) -> f64 {
        self.ask("Page.getLayoutMetrics", json!({})).await["cssContentSize"]["width"].as_f64().unwrap()
    }

    async fn find(&mut self, selector: &str) -> Value {
        let root = self.ask("DOM.getDocument", json!({})).await["root"]["nodeId"].clone();
        let found = self.ask("DOM.querySelector", json!({ "nodeId": root, "selector": selector })).await;
        assert_ne!(found["nodeId"], 0, "nothing is `{selector}`");
        found["nodeId"].clone()
    }

    /// Types into a field.
    pub(super) async fn write(&mut self, selector: &str, text: &str) {
        let node = self.find(selector).await;
        self.ask("DOM.focus", json!({ "nodeId": node })).await;
        self.ask("Input.insertText", json!({ "text": text })).await;
    }

    /// How wide and high something is, in CSS pixels.
    pub(super) async fn size(&mut self, selector: &str) -> (f64, f64) {
        let node = self.find(selector).await;
        let model = self.ask("DOM.getBoxModel", json!({ "nodeId": node })).await;
        (model["model"]["width"].as_f64().unwrap(), model["model"]["height"].as_f64().unwrap())
    }

    /// Touches the middle of something and waits for the page that comes of it.
    pub(super) async fn touch(&mut self, selector: &str) {
        let node = self.find(selector).await;
        self.ask("DOM.scrollIntoViewIfNeeded", json!({ "nodeId": node })).await;
        let model = self.ask("DOM.getBoxModel", json!({ "nodeId": node })).await;
        let corner = |at: usize| model["model"]["border"][at].as_f64().unwrap();
        let (x, y) = (f64::midpoint(corner(0), corner(4)), f64::midpoint(corner(1), corner(5)));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", event).await;
        }
        self.loaded().await;
    }

    /// Keeps a picture of all that can be scrolled to, where the variable `STANCH_PICTURES` names a folder.
    pub(super) async fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("STANCH_PICTURES") else { return };
        let shot = self.ask("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        let bytes = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(Path::new(&folder).join(name), bytes).unwrap();
    }
}
