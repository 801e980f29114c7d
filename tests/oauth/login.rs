//! Logging in by OAuth, at a real OpenID provider, in every way there is.

use serde_json::Value;

use crate::support::{Dialogue, Home, OpenBao, Provider};

/// What a provider needs to be quick.
const QUICK: &[(&str, &str)] = &[("DC_INTERVAL", "1")];

fn status(home: &Home) -> Value {
    serde_json::from_str(&home.loom(&["status", "--json"]).out).unwrap()
}

/// Logs in with a device code.
fn log_in(home: &Home, provider: &Provider, arguments: &[&str]) {
    let own = ["--server", provider.issuer(), "--flow", "device"];
    let mut login = Dialogue::start(home, &[&own, arguments].concat());
    let (url, code) = (login.shown(), login.shown());
    provider.approve_device(&url, &code, "alice");
    login.end().ok().says("Successfully logged in");
}

#[test]
fn a_device_code_logs_in_and_the_agent_registers_itself_once() {
    let mut home = Home::new();
    let Some(provider) = Provider::start_with(&mut home, QUICK) else { return };
    log_in(&home, &provider, &[]);
    let token = home.loom(&["token"]).ok().out.trim().to_owned();
    assert_eq!(token.split('.').count(), 3, "a JWT: {token}");
    let account = status(&home)["accounts"][0].clone();
    assert_eq!((account["kind"].as_str(), account["user"].as_str()), (Some("oauth"), Some("alice")), "{account}");
    assert_eq!(account["renewable"], true);
    assert!(account["expires_at"].is_string());
    assert!(account["scopes"].is_array());
    home.assert_nowhere_in_clear(&token);
    log_in(&home, &provider, &[]);
    assert_eq!(provider.count("POST /reg"), 1, "the registration is remembered");
}

#[test]
fn a_browser_comes_back_by_itself_and_sees_a_page() {
    let mut home = Home::new();
    home.set("DISPLAY", ":none");
    home.set("BROWSER", "true");
    let Some(provider) = Provider::start(&mut home) else { return };
    let mut login = Dialogue::start(&home, &["--server", provider.issuer(), "--client-id", "loom-cli"]);
    let url = login.shown();
    let page = provider.approve_browser(&url, "alice");
    assert!(page.contains("lang=\"en\" dir=\"ltr\""), "{page}");
    assert!(page.contains("You are logged in"), "{page}");
    login.end().ok().says("Successfully logged in");
    assert_eq!(status(&home)["accounts"][0]["user"], "alice");
    assert_eq!(provider.count("POST /reg"), 0, "the client that was named is used");
}

#[test]
fn a_real_browser_shows_the_page_in_the_readers_language() {
    let mut home = Home::new();
    home.set("LOOM_LANGUAGE", "ar");
    let Some(provider) = Provider::start(&mut home) else { return };
    let mut login =
        Dialogue::start(&home, &["--server", provider.issuer(), "--client-id", "loom-cli", "--flow", "browser"]);
    let url = login.shown();
    let Some(page) = provider.in_chromium(&url, "alice") else { return };
    assert_eq!((page["lang"].as_str(), page["dir"].as_str()), (Some("ar"), Some("rtl")), "{page}");
    login.end().ok();
}

#[test]
fn a_person_without_a_port_pastes_the_address_back() {
    let mut home = Home::new();
    let Some(provider) = Provider::start(&mut home) else { return };
    let mut login =
        Dialogue::start(&home, &["--server", provider.issuer(), "--client-id", "loom-cli", "--flow", "paste"]);
    let url = login.shown();
    let redirect = provider.redirect_for(&url, "alice");
    login.types("https://evil.example/?code=x&state=y");
    login.hears("That is not the address");
    login.types(&redirect);
    login.end().ok().says("Successfully logged in").without(&redirect);
    home.loom(&["token"]).ok();
}

#[test]
fn a_machine_logs_in_with_a_secret_from_a_file_or_standard_input() {
    let mut home = Home::new();
    let Some(provider) = Provider::start_with(&mut home, &[("AT_TTL", "2")]) else { return };
    let file = home.path().join("secret");
    std::fs::write(&file, "machine-secret\n").unwrap();
    let own = ["login", "--server", provider.issuer(), "--flow", "client-credentials", "--client-id", "machine"];
    home.loom(&[&own[..], &["--client-secret-file", file.to_str().unwrap()]].concat()).ok();
    let first = home.loom(&["token"]).ok().out;
    crate::support::wait_until("the token ends and another is got", || home.loom(&["token"]).ok().out != first);
    home.loom_in(&[&own[..], &["--client-secret-file", "-"]].concat(), "machine-secret\n").ok();
    home.loom_in(&[&own[..], &["--client-secret-file", "-"]].concat(), "wrong\n").fails(1).says("invalid_client");
    home.loom(&own).fails(1).says("client's secret");
    home.assert_nowhere_in_clear(home.loom(&["token"]).ok().out.trim());
}

#[test]
fn a_person_who_says_no_ends_the_login() {
    let mut home = Home::new();
    let Some(provider) = Provider::start_with(&mut home, QUICK) else { return };
    let mut login = Dialogue::start(&home, &["--server", provider.issuer(), "--flow", "device"]);
    let (url, code) = (login.shown(), login.shown());
    provider.deny_device(&url, &code, "alice");
    let done = login.end();
    assert_eq!(done.code, 1, "{done:?}");
    done.says("was denied");
    let own = ["--server", provider.issuer(), "--client-id", "loom-cli", "--flow", "browser"];
    let mut login = Dialogue::start(&home, &own);
    let page = provider.deny_browser(&login.shown(), "alice");
    assert!(page.contains("was denied"), "{page}");
    assert_eq!(login.end().code, 1);
    home.loom(&["token", "--server", provider.issuer()]).fails(4);
}

#[test]
fn a_code_that_nobody_types_ends_the_login() {
    let mut home = Home::new();
    let Some(provider) = Provider::start_with(&mut home, &[("DC_INTERVAL", "1"), ("DC_TTL", "2")]) else { return };
    let done = home.loom(&["login", "--server", provider.issuer(), "--flow", "device"]);
    assert_eq!(done.code, 4, "{done:?}");
    done.says("expired");
}

#[test]
fn ctrl_c_ends_a_login_and_nobody_polls_on() {
    let mut home = Home::new();
    let Some(provider) = Provider::start_with(&mut home, QUICK) else { return };
    let mut login = Dialogue::start(&home, &["--server", provider.issuer()]);
    login.shown();
    // Nobody said which way: without a browser it is the code.
    login.shown();
    login.hears("enter the code");
    login.hears("Waiting");
    login.interrupt();
    assert_eq!(login.end().code, 130);
    let polls = provider.count("POST /token");
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert!(provider.count("POST /token") <= polls + 1, "the agent goes on polling for nobody");
}

#[test]
fn an_agent_that_restarts_ends_the_login_under_way_and_no_other() {
    let mut home = Home::new();
    let Some(provider) = Provider::start_with(&mut home, QUICK) else { return };
    log_in(&home, &provider, &["--account", "first"]);
    let mut login = Dialogue::start(&home, &["--server", provider.issuer(), "--flow", "device"]);
    login.shown();
    login.shown();
    home.loom(&["agent", "restart"]).ok();
    let done = login.end();
    assert_ne!(done.code, 0, "{done:?}");
    assert!(done.err.contains("loom: "), "{done:?}");
    home.loom(&["token", "--account", "first"]).ok();
}

#[test]
fn a_server_in_trouble_does_not_end_a_device_login() {
    let mut home = Home::new();
    let Some(provider) = Provider::start_with(&mut home, QUICK) else { return };
    provider.fail("/token", 503, 1);
    let mut login = Dialogue::start(&home, &["--server", provider.issuer(), "--flow", "device"]);
    let (url, code) = (login.shown(), login.shown());
    login.hears("trouble");
    provider.refuse("/token", "slow_down", 1);
    provider.approve_device(&url, &code, "alice");
    login.end().ok();
}

#[test]
fn openbao_logs_in_with_its_own_peculiarities() {
    let mut home = Home::new();
    let Some(bao) = OpenBao::start(&mut home) else { return };
    let own = ["--server", bao.issuer(), "--client-id", bao.client_id(), "--flow", "browser", "--scope", "openid"];
    let mut login = Dialogue::start(&home, &own);
    let page = bao.approve_browser(&login.shown());
    assert!(page.contains("You are logged in"), "{page}");
    login.end().ok();
    let account = status(&home)["accounts"][0].clone();
    assert!(account["user"].is_string(), "{account}");
    assert!(account["renewable"] == false, "{account}");
    home.loom(&["token"]).ok();
}

#[test]
fn a_known_host_needs_no_network_to_say_what_is_missing() {
    let home = Home::new();
    for (host, says) in [
        ("github.com", "https://github.com/settings/applications/new"),
        ("bitbucket.org", "--client-id"),
        ("dev.azure.com", "--client-id"),
        ("login.microsoftonline.com", "--client-id"),
    ] {
        home.loom(&["login", "--server", host]).fails(1).says("no client id").says(says);
    }
}

#[test]
fn a_login_that_needs_a_browser_says_so_where_nobody_is() {
    let mut home = Home::new();
    let Some(bao) = OpenBao::start(&mut home) else { return };
    home.loom(&["login", "--server", bao.issuer(), "--client-id", bao.client_id()]).fails(4).says("nobody is there");
}

#[test]
fn a_server_remembers_where_its_logins_are_made() {
    let mut home = Home::new();
    let Some(provider) = Provider::start_with(&mut home, QUICK) else { return };
    let server = crate::support::loom_server(&home);
    let first =
        ["--server", server.url(), "--issuer", provider.issuer(), "--client-id", "loom-cli", "--flow", "device"];
    for arguments in [&first[..], &["--server", server.url(), "--flow", "device"]] {
        let mut login = Dialogue::start(&home, arguments);
        let (url, code) = (login.shown(), login.shown());
        assert!(url.starts_with(provider.issuer()), "{url}");
        provider.approve_device(&url, &code, "alice");
        login.end().ok();
    }
    assert_eq!(provider.count("POST /reg"), 0);
}
