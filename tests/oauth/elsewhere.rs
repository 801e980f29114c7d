//! Logging in at other real login servers: django-oauth-toolkit and Glewlwyd, each with its own reading of the
//! standards.

use std::net::TcpListener;

use serde_json::Value;

use crate::support::{Dialogue, Django, Glewlwyd, Home, Output};

fn status(home: &Home) -> Value {
    let status: Value = serde_json::from_str(&home.loom(&["status", "--json"]).out).unwrap();
    status["accounts"][0].clone()
}

/// Writes the settings of this server.
fn configure(home: &Home, server: &str, oauth: &str) {
    home.configure(&format!("[[server]]\nurl = \"{server}\"\n[server.oauth]\n{oauth}\n"));
}

/// What the agent remembers of registrations.
fn registered(home: &Home) -> Vec<Value> {
    let text = std::fs::read_to_string(home.path().join("state/loom/clients.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all.as_object().unwrap().values().flat_map(|of_issuer| of_issuer.as_array().unwrap().clone()).collect()
}

/// The account is logged out here, and its tokens are ended there.
fn log_out(home: &Home) {
    home.loom(&["logout", "--all"]).ok().says("revoked at the server");
}

/// Another access token than the login's, which is not to end for an hour.
fn renewed(home: &Home) {
    let token = |arguments: &[&str]| home.loom(&[&["token"], arguments].concat()).ok().out;
    let first = token(&[]);
    assert_ne!(token(&["--min-validity", "3600s"]), first, "it was renewed");
    assert_eq!(status(home)["state"], "valid");
}

#[test]
fn django_sends_a_browser_back_to_the_very_address_that_was_registered() {
    let home = Home::new();
    let Some(django) = Django::start(&home) else { return };
    // Scopes in the one metadata document, registration and revocation in the other. Applications that registered
    // themselves get no ID token there.
    for _ in 0..2 {
        let scopes = ["--scope", "read", "--scope", "write"];
        let mut login =
            Dialogue::start(&home, &[&["--server", django.url(), "--flow", "browser"], &scopes[..]].concat());
        let page = django.approve_browser(&home, &login.shown());
        assert!(page.contains("You are logged in"), "{page}");
        login.end().ok();
    }
    let known = registered(&home);
    assert_eq!(known.len(), 1, "the second login came back to the same address: {known:?}");
    assert_eq!(status(&home)["scopes"], serde_json::json!(["read", "write"]));
    renewed(&home);
    log_out(&home);
}

#[test]
fn django_gives_device_codes_and_takes_secrets_with_every_character() {
    let home = Home::new();
    let Some(django) = Django::start(&home) else { return };
    let device = format!("device_authorization_endpoint = \"{}/device-authorization/\"", django.url());
    configure(&home, django.url(), &device);
    // An application has one grant type there; the one that this login needs is registered alone.
    for arguments in [&["--client-id", "tv"][..], &[]] {
        let own = ["--server", django.url(), "--flow", "device", "--scope", "read"];
        let mut login = Dialogue::start(&home, &[&own[..], arguments].concat());
        let (url, code) = (login.shown(), login.shown());
        django.approve_device(&home, &url, &code);
        login.end().ok();
        renewed(&home);
        log_out(&home);
    }
    assert_eq!(registered(&home)[0]["only"], "device");
    for method in ["client_secret_basic", "client_secret_post"] {
        configure(&home, django.url(), &format!("token_endpoint_auth_method = \"{method}\""));
        machine(&home, django.url(), &[]).ok();
        home.loom(&["token", "--server", django.url()]).ok();
    }
    configure(&home, django.url(), "token_endpoint_auth_method = \"none\"");
    machine(&home, django.url(), &[]).fails(1).says("the client's secret");
}

fn machine(home: &Home, server: &str, arguments: &[&str]) -> Output {
    let own = ["login", "--server", server, "--flow", "client-credentials", "--client-id", "machine"];
    home.loom_in(&[&own[..], &["--client-secret-file", "-"], arguments].concat(), "mach:ine+s%\n")
}

#[test]
fn django_knows_one_port_and_no_other_program_may_have_it() {
    let home = Home::new();
    let Some(django) = Django::start(&home) else { return };
    let redirect = format!("http://127.0.0.1:{}/back", django.fixed_port);
    configure(&home, django.url(), &format!("client_id = \"fixed\"\nredirect_uri = \"{redirect}\""));
    let own = ["--server", django.url(), "--flow", "browser"];
    let other = TcpListener::bind(("127.0.0.1", django.fixed_port)).unwrap();
    home.loom(&[&["login"], &own[..]].concat()).fails(1).says("another program has the port").says(&redirect);
    drop(other);
    let mut login = Dialogue::start(&home, &own);
    let page = django.approve_browser(&home, &login.shown());
    assert!(page.contains("You are logged in"), "{page}");
    login.end().ok();
}

#[test]
fn glewlwyd_answers_by_a_form_if_it_is_asked_to() {
    let home = Home::new();
    let Some(glewlwyd) = Glewlwyd::start(&home) else { return };
    let issuer = glewlwyd.issuer();
    let web = format!("client_id = \"web\"\nredirect_uri = \"http://127.0.0.1:{}/back\"", glewlwyd.fixed_port);
    for more in ["authorization_parameters = { response_mode = \"form_post\" }", ""] {
        configure(&home, &issuer, &format!("{web}\n{more}"));
        let mut login = Dialogue::start(&home, &["--server", &issuer, "--flow", "browser", "--scope", "openid"]);
        let page = glewlwyd.approve_browser(&home, &login.shown(), "openid");
        assert!(page.contains("You are logged in"), "{more}: {page}");
        login.end().ok();
        renewed(&home);
    }
    home.loom(&["logout", "--all"]).ok().says("revoking is not supported");
}

#[test]
fn glewlwyd_registers_only_without_the_device_grant() {
    let home = Home::new();
    let Some(glewlwyd) = Glewlwyd::start(&home) else { return };
    let issuer = glewlwyd.issuer();
    let mut login = Dialogue::start(&home, &["--server", &issuer, "--flow", "browser", "--scope", "openid"]);
    let url = login.shown();
    assert_eq!(registered(&home)[0]["only"], "code");
    let page = glewlwyd.approve_browser(&home, &url, "openid");
    assert!(page.contains("unauthorized_client"), "{page}");
    let done = login.end().says("unauthorized_client");
    assert_eq!(done.code, 1, "{done:?}");
    assert!(registered(&home).is_empty());
    // Its words for why it gives no client for codes.
    home.loom(&["login", "--server", &issuer, "--flow", "device"]).fails(1).says("invalid_client_metadata");
}

#[test]
fn glewlwyd_gives_device_codes_and_takes_a_secret_only_in_the_body() {
    let home = Home::new();
    let Some(glewlwyd) = Glewlwyd::start(&home) else { return };
    let issuer = glewlwyd.issuer();
    let own = ["--server", &issuer, "--flow", "device", "--client-id", "tv", "--scope", "openid", "--scope", "repo"];
    let mut login = Dialogue::start(&home, &own);
    let (url, code) = (login.shown(), login.shown());
    glewlwyd.approve_device(&home, &url, &code, "tv", "openid repo");
    login.end().ok();
    renewed(&home);
    home.loom(&["logout", "--all"]).ok();
    machine(&home, &issuer, &["--scope", "repo"]).ok();
    let first = home.loom(&["token"]).ok().out;
    assert_ne!(home.loom(&["token", "--min-validity", "3600s"]).ok().out, first);
}
