//! Cargo with an index that wants a token (`auth-required`), a registry that takes uploads, and loom as its provider.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::bench::Bench;
use super::door::guarded;
use super::site::Site;
use crate::support::{Output, Running, find_program, run, wait_until};

/// A registry, and whoever uses it.
struct Registry {
    bench: Bench,
    site: Site,
}

impl Registry {
    /// `args` stand behind the program in cargo's settings.
    fn start(args: &str) -> Option<Registry> {
        let mut bench = Bench::new();
        let guard = guarded("Cargo login_url=\"https://crates.example/me\"");
        let locations = format!(
            "location /index/ {{ {guard} root DIR/served; }}
             location /dl/ {{ {guard} root DIR/served; }}
             location /api/ {{ {guard} default_type application/json; client_max_body_size 1m;
               return 200 '{{\"ok\":true,\"warnings\":{{\"invalid_categories\":[],\"invalid_badges\":[],\"other\":[]}}}}'; }}"
        );
        let site = Site::start(&mut bench.home, &locations)?;
        let config = format!("{{\"dl\":\"{0}/dl\",\"api\":\"{0}\",\"auth-required\":true}}", site.url);
        site.serve("index/config.json", config);
        let registry = Registry { bench, site };
        let settings = format!(
            "[registries.own]\nindex = \"sparse+{}/index/\"\ncredential-provider = [\"cargo-credential-loom\"{args}]\n
             [http]\ncainfo = {:?}\n",
            registry.site.url, registry.site.ca
        );
        std::fs::create_dir_all(registry.path("home/.cargo")).unwrap();
        std::fs::write(registry.path("home/.cargo/config.toml"), settings).unwrap();
        for (name, needs) in
            [("abcd", ""), ("user", "[dependencies]\nabcd = { version = \"1\", registry = \"own\" }\n")]
        {
            let manifest = format!(
                "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\nlicense = \"MIT\"\ndescription = \"x\"\n{needs}"
            );
            std::fs::create_dir_all(registry.path(name).join("src")).unwrap();
            std::fs::write(registry.path(name).join("Cargo.toml"), manifest).unwrap();
            std::fs::write(registry.path(name).join("src/lib.rs"), "").unwrap();
        }
        Some(registry)
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.bench.home.path().join(inside)
    }

    fn index(&self) -> String {
        format!("{}/index", self.site.url)
    }

    /// Cargo itself, and not what chooses one.
    fn command(&self, crate_: &str, args: &[&str]) -> Command {
        let cargo = Path::new(env!("CARGO"));
        let mut command = self.bench.command(cargo.to_str().unwrap());
        command.env("CARGO_HOME", self.path("home/.cargo")).env("RUSTC", cargo.with_file_name("rustc"));
        command.args(args).current_dir(self.path(crate_));
        command
    }

    fn cargo(&self, crate_: &str, args: &[&str], input: &str) -> Output {
        run(&mut self.command(crate_, args), input.as_bytes())
    }

    fn fetch(&self) -> Output {
        self.cargo("user", &["fetch", "--quiet"], "")
    }

    /// Puts the crate into the index, as a registry does with an upload.
    fn list(&self, packed: &[u8]) {
        let sum: String = Sha256::digest(packed).iter().map(|byte| format!("{byte:02x}")).collect();
        let line = format!(
            "{{\"name\":\"abcd\",\"vers\":\"1.0.0\",\"deps\":[],\"cksum\":\"{sum}\",\"features\":{{}},\"yanked\":false}}\n"
        );
        self.site.serve("dl/abcd/1.0.0/download", packed);
        self.site.serve("index/ab/cd/abcd", line);
    }
}

#[test]
fn cargo_logs_in_publishes_fetches_yanks_and_logs_out_with_loom() {
    let Some(registry) = Registry::start("") else { return };
    registry.site.accept_only("tok_0123456789");
    registry.cargo("abcd", &["login", "--registry", "own"], "tok_0123456789\n").ok();
    let clear = registry.path("home/.cargo/credentials.toml");
    assert!(!clear.exists(), "cargo keeps the token itself");
    registry.cargo("abcd", &["package", "--no-verify", "--allow-dirty", "--quiet", "--registry", "own"], "").ok();
    let packed = std::fs::read(registry.path("abcd/target/package/abcd-1.0.0.crate")).unwrap();
    let publish = ["publish", "--registry", "own", "--no-verify", "--allow-dirty", "--quiet"];
    let mut publishing = registry.command("abcd", &publish).spawn().unwrap();
    wait_until("the crate was uploaded", || registry.site.log().contains("PUT /api/v1/crates/new 200"));
    registry.list(&packed);
    assert!(publishing.wait().unwrap().success());
    registry.fetch().ok();
    assert!(registry.site.log().contains("GET /dl/abcd/1.0.0/download 200"), "{}", registry.site.log());
    registry.cargo("abcd", &["yank", "--registry", "own", "--version", "1.0.0", "abcd"], "").ok();
    assert!(registry.site.log().contains("DELETE /api/v1/crates/abcd/1.0.0/yank 200"), "{}", registry.site.log());
    registry.site.accept_only("another");
    let refused = registry.cargo("abcd", &["yank", "--registry", "own", "--version", "1.0.0", "abcd"], "");
    assert!(refused.code != 0 && refused.err.contains("token rejected"), "{refused:?}");
    registry.cargo("abcd", &["logout", "--registry", "own"], "").ok();
    let nothing = registry.cargo("abcd", &["yank", "--registry", "own", "--version", "1.0.0", "abcd"], "");
    assert!(nothing.code != 0 && nothing.err.contains("no token found"), "{nothing:?}");
    assert_eq!(registry.bench.home.loom(&["status", "--json"]).out.matches("\"server\":").count(), 0);
}

#[test]
fn cargo_login_asks_the_person_at_the_terminal() {
    let (Some(script), Some(registry)) = (find_program("script"), Registry::start("")) else { return };
    registry.site.accept_only("tok_0123456789");
    let command = registry.command("abcd", &[]);
    let mut terminal = registry.bench.command(script.to_str().unwrap());
    terminal
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(registry.path("abcd"));
    terminal.args(["-qec", &format!("{} login --registry own", env!("CARGO")), "/dev/null"]);
    let mut running = Running(terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let (mut keys, mut screen) = (running.0.stdin.take().unwrap(), running.0.stdout.take().unwrap());
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("Token or password:") {
        let mut byte = [0];
        screen.read_exact(&mut byte).unwrap();
        shown.extend(byte);
    }
    keys.write_all(b"tok_0123456789\n").unwrap();
    screen.read_to_end(&mut shown).unwrap();
    assert!(running.0.wait().unwrap().success());
    let shown = String::from_utf8_lossy(&shown);
    assert!(!shown.contains("not logged in"), "what is being done is no news: {shown}");
    assert!(shown.contains("https://crates.example/me"), "where the token is found: {shown}");
    assert!(shown.contains(&registry.index()), "for which index it is: {shown}");
    assert!(!shown.contains("tok_0123456789"), "{shown}");
    registry.cargo("abcd", &["yank", "--registry", "own", "--version", "1.0.0", "abcd"], "").ok();
}

#[test]
fn cargo_login_without_a_token_or_a_terminal_says_what_is_missing() {
    let Some(registry) = Registry::start("") else { return };
    let mut command = registry.bench.command("setsid");
    let own = registry.command("abcd", &["login", "--registry", "own", "--", "--bare"]);
    command.args(["--wait", env!("CARGO")]).args(own.get_args());
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(registry.path("abcd"));
    let refused = run(&mut command, b"");
    assert!(refused.code != 0 && refused.err.contains("a token is needed"), "{refused:?}");
}

#[test]
fn a_login_of_the_host_never_answers_for_an_index() {
    let Some(registry) = Registry::start("") else { return };
    registry.site.accept_only("Bearer tok_of_the_host");
    let home = &registry.bench.home;
    home.loom_in(&["login", "--with-token", "--server", &registry.site.url], "tok_of_the_host\n").ok();
    home.store("https", registry.site.url.trim_start_matches("https://"), "alice", "pw_of_the_host").ok();
    let fetched = registry.fetch();
    assert!(fetched.code != 0 && fetched.err.contains("no token found"), "{fetched:?}");
}

#[test]
fn a_login_answers_for_an_index_where_the_settings_say_so() {
    let Some(registry) = Registry::start(", \"--bearer\"") else { return };
    registry.site.accept_only("Bearer tok_of_git");
    let home = &registry.bench.home;
    home.configure(&format!("[[server]]\nurl = '{}'\nlogin = 'https://git.example'\n", registry.index()));
    home.loom_in(&["login", "--with-token", "--server", "git.example"], "tok_of_git\n").ok();
    let fetched = registry.fetch();
    assert!(fetched.err.contains("no matching package named `abcd` found"), "it is let in: {fetched:?}");
}

#[test]
fn what_cargo_brought_for_an_index_goes_to_nobody_else() {
    let Some(registry) = Registry::start("") else { return };
    registry.site.accept_only("tok_0123456789");
    registry.cargo("abcd", &["login", "--registry", "own"], "tok_0123456789\n").ok();
    let host = registry.site.url.trim_start_matches("https://");
    let home = &registry.bench.home;
    for path in ["", "path=index\n", "path=index/below\n"] {
        let got = home.helper("get", format!("protocol=https\nhost={host}\n{path}\n"));
        assert!(!got.out.contains("tok_0123456789"), "git, {path:?}: {got:?}");
    }
    let docker = registry.bench.helper("docker-credential-loom", &["get"], host);
    assert!(!docker.out.contains("tok_0123456789"), "{docker:?}");
    home.loom(&["token", "--server", &registry.site.url]).fails(4);
    assert_eq!(home.loom(&["token", "--server", &registry.index()]).ok().out, "tok_0123456789\n");
}

/// What cargo is told about a token for an index.
fn ask(bench: &Bench, operation: &str) -> String {
    let registry = "\"registry\":{\"index-url\":\"sparse+https://crates.example/index/\"}";
    let line = format!("{{\"v\":1,{registry},\"kind\":\"get\",\"operation\":\"{operation}\",\"args\":[]}}\n");
    bench.helper("cargo-credential-loom", &["--cargo-plugin"], &line).ok().out
}

#[test]
fn behind_a_socket_to_read_by_cargo_asks_again_before_it_publishes() {
    let mut bench = Bench::new();
    bench.home.loom_in(&["login", "--with-token", "--server", "https://crates.example/index"], "tok_0123456789\n").ok();
    let socket = bench.home.path().join("sock/read.sock");
    bench.home.issue("build", &["--scopes", "read", "--reveal"]);
    bench.home.loom(&["agent", "socket", "add", socket.to_str().unwrap(), "--token", "build"]).ok();
    bench.home.set("LOOM_AGENT_SOCK", &socket);
    assert!(ask(&bench, "read").contains("\"operation_independent\":false"));
    assert!(ask(&bench, "publish").contains("\"other\""));
}

#[test]
fn an_index_with_an_escape_in_its_url_is_the_one_of_that_login() {
    let bench = Bench::new();
    bench
        .home
        .loom_in(&["login", "--with-token", "--server", "https://crates.example/my%20index"], "tok_0123456789\n")
        .ok();
    let registry = "\"registry\":{\"index-url\":\"sparse+https://crates.example/my%20index/\"}";
    let line = format!("{{\"v\":1,{registry},\"kind\":\"get\",\"operation\":\"read\",\"args\":[]}}\n");
    let told = bench.helper("cargo-credential-loom", &["--cargo-plugin"], &line).ok().out;
    assert!(told.contains("tok_0123456789"), "{told}");
}

#[test]
fn a_token_that_may_only_read_publishes_nothing() {
    let mut bench = Bench::new();
    bench.home.loom_in(&["login", "--with-token", "--server", "https://crates.example/index"], "tok_0123456789\n").ok();
    assert!(ask(&bench, "publish").contains("\"operation_independent\":true"));
    let made = bench.home.loom(&["token", "generate", "ci", "--scopes", "read", "--reveal", "--json"]).ok().out;
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    bench.home.set("LOOM_TOKEN", made["token"].as_str().unwrap());
    assert!(ask(&bench, "read").contains("\"token\":\"tok_0123456789\""));
    let refused = ask(&bench, "publish");
    assert!(refused.contains("\"other\"") && !refused.contains("tok_0123456789"), "{refused}");
}
