//! A secret as a line or a value of a header, for whatever runs a command for one.

use crate::support::Home;

fn said(home: &Home, server: &str, form: &str) -> crate::support::Output {
    home.loom(&["token", "--server", server, form])
}

#[test]
fn a_secret_is_said_as_a_header_by_what_it_is() {
    let home = Home::new();
    let [token, password, header] = ["https://a.example", "https://b.example", "https://c.example"];
    home.loom_in(&["login", "--with-token", "--server", token, "--account", "ana"], "tok").ok();
    home.store("https", "b.example", "bo", "pw").ok();
    home.helper("store", "capability[]=authtype\nprotocol=https\nhost=c.example\nauthtype=Digest\ncredential=x\n\n")
        .ok();
    for (server, form, line) in [
        (token, "--header", "Authorization: Bearer tok\n"),
        (token, "--bearer", "Bearer tok\n"),
        (token, "--basic", "Basic YW5hOnRvaw==\n"),
        (password, "--header", "Authorization: Basic Ym86cHc=\n"),
        (password, "--bearer", "Bearer pw\n"),
        (password, "--basic", "Basic Ym86cHc=\n"),
        (header, "--header", "Authorization: Digest x\n"),
    ] {
        assert_eq!(said(&home, server, form).ok().out, line, "{server} {form}");
    }
    for form in ["--bearer", "--basic"] {
        said(&home, header, form).fails(1).says("cannot go in a header of the scheme");
    }
    home.loom(&["token", "--server", token, "--header", "--json"]).fails(2);
    home.loom(&["token", "--server", token, "--bearer", "--basic"]).fails(2);
}

#[test]
fn a_login_goes_under_the_user_name_that_git_sends_with_it() {
    let home = Home::new();
    let server = crate::support::loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    let token = home.loom(&["token", "--server", server.url()]).ok().out.trim().to_owned();
    let pair = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("oauth2:{token}"));
    assert_eq!(said(&home, server.url(), "--basic").ok().out, format!("Basic {pair}\n"));
    home.configure(&format!(
        "[[server]]\nurl = 'https://registry.example'\nlogin = '{}'\nusername = 'me'\n",
        server.url()
    ));
    let pair = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("me:{token}"));
    assert_eq!(said(&home, "https://registry.example", "--basic").ok().out, format!("Basic {pair}\n"));
}
