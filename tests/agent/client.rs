use loom_credentials::base::{Secret, ServerUrl};

use crate::support::Home;

#[test]
fn two_front_ends_at_once_start_one_agent() {
    let home = Home::new();
    let pids: Vec<String> = std::thread::scope(|scope| {
        let ask = || home.loom(&["agent", "start"]).ok().err;
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(pids.iter().all(|said| said == &pids[0]), "{pids:?}");
}

#[test]
fn autostart_can_be_forbidden() {
    let mut home = Home::new();
    home.set("LOOM_AUTOSTART", "0");
    home.loom(&["token", "--server", "https://a.example"]).fails(1).says("not running").says("loom agent start");
    home.get("https", "a.example").fails(1).says("not running");
    assert!(!home.socket().exists());
    home.loom(&["agent", "start"]).ok();
}

#[test]
fn the_agent_inherits_no_issued_token_and_nothing_of_git() {
    let mut home = Home::new();
    home.loom(&["agent", "start"]).ok();
    home.loom(&["agent", "stop"]).ok();
    home.set("GIT_DIR", "/nowhere");
    home.set("SECRET_OF_A_BUILD", "hunter2");
    home.loom(&["agent", "start"]).ok();
    let environ = std::fs::read(format!("/proc/{}/environ", home.agent_pid()));
    let Ok(environ) = environ else {
        // The memory of the agent is closed even to its own user.
        assert!(!rustix::process::geteuid().is_root());
        return;
    };
    let environ = String::from_utf8_lossy(&environ);
    assert!(environ.contains("XDG_CONFIG_HOME="));
    assert!(!environ.contains("GIT_DIR"));
    assert!(!environ.contains("hunter2"));
}

#[test]
fn who_means_other_settings_and_store_gets_an_agent_of_their_own() {
    let home = Home::new();
    let mut other = Home::new();
    other.set("XDG_RUNTIME_DIR", home.path().join("run"));
    let login = |home: &Home, token: &str| {
        home.loom_in(&["login", "--with-token", "--server", "https://a.example"], token).ok();
    };
    let token = |home: &Home| home.loom(&["token", "--server", "https://a.example"]);
    login(&home, "tok_first");
    token(&other).fails(4);
    assert_eq!(other.get("https", "a.example").ok().out, "", "it is served from another's store");
    login(&other, "tok_other");
    assert!(other.credentials().exists(), "it was written into another's store");
    other.store("https", "b.example", "u", "p").ok();
    let pids = [home.agent_pid(), other.agent_pid()];
    assert_ne!(pids[0], pids[1]);
    assert_eq!([token(&home).ok().out, token(&other).ok().out], ["tok_first\n", "tok_other\n"]);
    home.loom(&["token", "--server", "https://b.example"]).fails(4);
    // Where somebody names the socket it is that agent's, whatever is elsewhere: in a container, behind ssh -R.
    let mut contained = Home::new();
    contained.set("LOOM_AGENT_SOCK", home.socket());
    assert_eq!(token(&contained).ok().out, "tok_first\n");
    other.loom(&["agent", "stop"]).ok();
    assert_eq!(home.agent_pid(), pids[0], "another's agent was stopped");
    other.set("LOOM_AUTOSTART", "0");
    token(&other).fails(1).says("not running");
}

#[test]
fn a_token_in_the_environment_that_the_agent_does_not_know_is_denied() {
    let mut home = Home::new();
    home.store("https", "a.example", "u", "pw").ok();
    home.set("LOOM_TOKEN", "loom_0123456789012345678901234567890123456789012");
    home.get("https", "a.example").fails(1).says("LOOM_TOKEN");
    home.loom(&["token", "--server", "https://a.example"]).fails(1).without("loom_0123");
}

#[test]
fn a_repositorys_git_config_cannot_move_the_socket() {
    let home = Home::new();
    home.store("https", "a.example", "u", "pw").ok();
    let mut command = home.command("git");
    command.args([
        "-c",
        "loom.socket=/tmp/evil",
        "-c",
        "credential.helper=loom --socket /tmp/evil",
        "credential",
        "fill",
    ]);
    let filled = crate::support::run(&mut command, b"protocol=https\nhost=a.example\n\n");
    assert!(!std::path::Path::new("/tmp/evil").exists());
    assert_ne!(filled.code, 0, "an odd helper line is not understood: {filled:?}");
}

/// The example of the crate's documentation, in a process of its own with its own home.
#[test]
fn another_rust_program_loads_saves_and_deletes_credentials() {
    if std::env::var_os("LOOM_TEST_LIBRARY").is_some() {
        return library_example();
    }
    let mut home = Home::new();
    home.set("LOOM_TEST_LIBRARY", "1");
    home.loom(&["agent", "start"]).ok();
    let mut this = home.command(std::env::current_exe().unwrap());
    this.args(["--exact", "agent::client::another_rust_program_loads_saves_and_deletes_credentials", "--nocapture"]);
    let done = crate::support::run(&mut this, b"");
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("1 passed"), "{done:?}");
}

fn library_example() {
    let client = loom_credentials::client::Client::from_environment().unwrap();
    let server = ServerUrl::parse("https://api.example").unwrap();
    assert!(client.load(&server, None).unwrap().is_none());
    client.save(&server, Some("ci"), Secret::new("tok_library".into())).unwrap();
    let account = client.load(&server, None).unwrap().unwrap();
    assert_eq!((account.user.as_str(), account.secret.expose()), ("ci", "tok_library"));
    assert_eq!(client.token(&server, Some("ci"), 60).unwrap().expose(), "tok_library");
    client.delete(&server, None).unwrap();
    client.delete(&server, None).unwrap();
    assert!(client.load(&server, None).unwrap().is_none());
}
