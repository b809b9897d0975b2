//! A headless Chromium, driven by WebDriver (a standard of the W3C) through
//! Debian's `chromedriver`.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::{Value, json};

/// Where the two programs are; `None`: not installed.
pub fn installed() -> Option<[PathBuf; 2]> {
    let find = |names: &[&str]| {
        let path = env::var_os("PATH")?;
        let folders: Vec<PathBuf> = env::split_paths(&path).collect();
        let files = names.iter().flat_map(|name| {
            folders.iter().map(move |folder| folder.join(name))
        });
        { files }.find(|file| file.is_file())
    };
    Some([find(&["chromedriver"])?, find(&["chromium", "google-chrome"])?])
}

/// A browser with one window. It ends with this value, and so does everything
/// that it has started; nothing of it stays on the disk.
pub struct Browser {
    driver: Child,
    /// Left open: who writes to a closed pipe is ended.
    _said: BufReader<ChildStdout>,
    profile: PathBuf,
    agent: ureq::Agent,
    /// Of the session.
    address: String,
}

impl Browser {
    /// Starts it. `mark` is set in the environment, so that its processes can
    /// be found.
    pub fn start([driver, chromium]: &[PathBuf; 2], mark: &str) -> Browser {
        let (name, value) = mark.split_once('=').unwrap();
        let profile = format!("docs-browser-{}-{value}", std::process::id());
        let profile = env::temp_dir().join(profile);
        fs::create_dir(&profile).unwrap();
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .env(name, value)
            // Whatever the browser writes goes with the profile.
            .env("HOME", &profile)
            .env("TMPDIR", &profile)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(driver.stdout.take().unwrap());
        let port = said.by_ref().lines().find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.rsplit_once(" successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .build()
            .into();
        let port = port.expect("chromedriver tells its port");
        let address = format!("http://127.0.0.1:{port}");
        let mut browser =
            Browser { driver, _said: said, profile, agent, address };
        browser.open_session(chromium);
        browser
    }

    fn open_session(&mut self, chromium: &Path) {
        let profile = self.profile.join("profile");
        let profile = format!("--user-data-dir={}", profile.display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &profile,
        ];
        let options = json!({ "binary": chromium, "args": arguments });
        let wanted = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let session = json!({ "capabilities": { "alwaysMatch": wanted } });
        let session = self.post("/session", session);
        let id = session["sessionId"].as_str().unwrap();
        self.address += &format!("/session/{id}");
    }

    /// Sends a command, and returns its value.
    fn post(&self, path: &str, body: Value) -> Value {
        let address = format!("{}{path}", self.address);
        let request = self.agent.post(&address);
        let request = request.header("content-type", "application/json");
        let mut answer = request.send(body.to_string()).unwrap();
        let text = answer.body_mut().with_config().limit(1 << 28);
        let text = text.read_to_string().unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        let value = &answer["value"];
        assert!(value["error"].is_null(), "{path}: {value:#}");
        value.clone()
    }

    /// Loads a page from a file.
    pub fn load(&self, page: &Path) {
        // A page that differs from the open one only by `#` is not loaded anew.
        self.post("/url", json!({ "url": "about:blank" }));
        let address = format!("file://{}", page.display());
        self.post("/url", json!({ "url": address }));
    }

    /// Runs JavaScript in the page; it may return a promise.
    pub fn run(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.post("/execute/sync", body)
    }

    /// Types into the element that has the focus.
    pub fn press(&self, keys: &str) {
        let pressed = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"]
                .map(|kind| json!({ "type": kind, "value": key }))
        });
        let pressed: Vec<Value> = pressed.collect();
        let source = json!({ "type": "key", "id": "keys", "actions": pressed });
        self.post("/actions", json!({ "actions": [source] }));
    }

    /// What the page has written to its console, errors of loading included.
    pub fn console(&self) -> Value {
        self.post("/se/log", json!({ "type": "browser" }))
    }

    /// A command of Chromium itself.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.post("/goog/cdp/execute", body)
    }

    /// How many pixels wide the page is, and whether it is dark outside.
    pub fn look(&self, width: u32, dark: bool) {
        let size = json!({
            "width": width, "height": 900, "deviceScaleFactor": 1,
            "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
        let value = if dark { "dark" } else { "light" };
        let features =
            json!([{ "name": "prefers-color-scheme", "value": value }]);
        let media = json!({ "features": features });
        self.devtools("Emulation.setEmulatedMedia", media);
    }

    /// The page as PNG in base64: from its top, at most so many pixels high.
    pub fn screenshot(&self, most: u64) -> String {
        let height = "return document.documentElement.scrollHeight";
        let height = self.run(height).as_u64().unwrap().min(most);
        let width = self.run("return innerWidth");
        let clip = json!({
            "x": 0, "y": 0, "width": width, "height": height, "scale": 1,
        });
        let whole = json!({ "captureBeyondViewport": true, "clip": clip });
        let shot = self.devtools("Page.captureScreenshot", whole);
        shot["data"].as_str().unwrap().to_string()
    }
}

/// What base64 stands for (RFC 4648).
pub fn from_base64(text: &str) -> Vec<u8> {
    let bits = text.bytes().map_while(|letter| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None, // the padding at the end
    });
    let bits: Vec<u8> = bits.collect();
    let bytes = bits.chunks(4).flat_map(|four| {
        let word = (0..4).fold(0, |word, n| {
            word << 6 | u32::from(four.get(n).copied().unwrap_or(0))
        });
        let [_, bytes @ ..] = word.to_be_bytes();
        bytes.into_iter().take(four.len() - 1)
    });
    bytes.collect()
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser; if that fails, the signal does.
        let _ = self.agent.delete(&self.address).call();
        let group = Pid::from_raw(self.driver.id() as i32);
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.driver.wait();
        // The last processes may still write into it for a moment.
        for _ in 0..100 {
            if fs::remove_dir_all(&self.profile).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
