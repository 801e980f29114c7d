//! Grants: what a token may fetch, push and call, as sentences, and nothing else.

use serde_json::{Value, json};

use crate::support::{Home, Output, Stub, http, run};

/// A home with a login at a server that answers every call.
fn home() -> (Home, Stub) {
    use std::io::Write;
    let server = Stub::start(|_, _, stream| {
        let _ = stream.write_all(http("200 OK", "Content-Type: text/plain\r\n", "done").as_bytes());
    });
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", server.url()], "tok_of_a").ok();
    (home, server)
}

fn issue(home: &Home, name: &str, grants: &[&str]) -> Value {
    let allow = grants.iter().flat_map(|grant| ["--allow", grant]);
    let line: Vec<&str> = ["token", "generate", name, "--json"].into_iter().chain(allow).collect();
    serde_json::from_str(&home.loom(&line).ok().out).unwrap()
}

fn presenting(home: &Home, token: &Value, arguments: &[&str]) -> Output {
    let token = token["token"].as_str().unwrap();
    run(home.command(env!("CARGO_BIN_EXE_loom")).args(arguments).env("LOOM_TOKEN", token), b"")
}

#[test]
fn a_token_with_grants_calls_what_they_say_and_nothing_else() {
    let (home, server) = home();
    let at = |path: &str| format!("{}{path}", server.url());
    let (read, both) = (format!("GET {}/v1/**", server.url()), format!("GET,POST {}/notes/*", server.url()));
    let token = issue(&home, "ci", &[&read, &both]);
    assert_eq!((&token["scopes"], &token["grants"]), (&json!([]), &json!([read, both])));
    let call = |method: &str, path: &str| presenting(&home, &token, &["api", "-X", method, &at(path)]);
    call("GET", "/v1/x/y").ok();
    call("HEAD", "/v1").ok();
    call("POST", "/notes/7").ok();
    let before = server.requests();
    call("POST", "/v1/x").fails(1).says(&format!("POST {}/v1/x", server.url()));
    call("GET", "/v2/x").fails(1).says(&format!("GET {}/v2/x", server.url()));
    call("DELETE", "/notes/7").fails(1);
    call("POST", "/notes/a%2Fb").fails(1);
    call("GET", "/v1/app/info/refs?service=git-upload-pack").fails(1).says("path of git");
    call("POST", "/v1/app/git-receive-pack").fails(1);
    // What the query says is done takes more than to read, and a form may name another method.
    call("GET", "/v1/x?action=delete").fails(1).says(&format!("POST {}/v1/x", server.url()));
    let form = ["api", "-X", "POST", "-H", "Content-Type: application/x-www-form-urlencoded", "--input", "-"];
    presenting(&home, &token, &[&form[..], &[&at("/notes/7")]].concat()).fails(1).says("PUT");
    presenting(&home, &token, &["api", "https://other.example/v1/x"]).fails(1);
    assert_eq!(server.requests(), before, "nothing was sent");
    // Secrets and all else stay closed.
    presenting(&home, &token, &["token", "--server", server.url()]).fails(1);
    presenting(&home, &token, &["status"]).fails(1);
    presenting(&home, &token, &["token", "list"]).fails(1);
}

#[test]
fn a_token_issues_narrower_grants_only_and_ends_them_with_it() {
    let (home, server) = home();
    let api = |grant: &str| format!("{grant} {}", server.url());
    let parent = issue(&home, "parent", &[&format!("{}/v1/**", api("GET,POST"))]);
    let asks = |grant: &str| presenting(&home, &parent, &["token", "generate", "child", "--json", "--allow", grant]);
    asks(&format!("{}/**", api("GET"))).fails(1);
    asks(&format!("{}/v1/**", api("ANY"))).fails(1);
    asks(&format!("fetch {}/org/app", server.url())).fails(1);
    presenting(&home, &parent, &["token", "generate", "child", "--scopes", "read"]).fails(1);
    let child: Value = serde_json::from_str(&asks(&format!("{}/v1/runs/{{id}}", api("GET"))).ok().out).unwrap();
    let id = child["id"].as_str().unwrap();
    assert_eq!(child["grants"], json!([format!("{}/v1/runs/{id}", api("GET"))]), "its own id is written out");
    let own = format!("{}/v1/runs/{id}", server.url());
    presenting(&home, &child, &["api", &own]).ok();
    presenting(&home, &child, &["api", &format!("{}/v1/runs/other", server.url())]).fails(1);
    home.loom(&["token", "revoke", "parent"]).ok();
    presenting(&home, &child, &["api", &own]).fails(1);
}

#[test]
fn grants_have_names_in_the_settings_and_mean_the_repository_here() {
    let (home, server) = home();
    let generate = |options: &[&str]| home.loom(&[&["token", "generate", "ci", "--json"], options].concat());
    generate(&["--grants", "agent"]).fails(1).says("there are no grants called agent");
    generate(&["--allow", "push agent/*"]).fails(2).says("origin");
    generate(&["--allow", "pull x"]).fails(2).says("is no grant");
    generate(&["--allow", ""]).fails(2);
    home.configure("[[grants]]\nname = 'agent'\nallow = ['pull x']\n");
    generate(&["--grants", "agent"]).fails(1);
    home.configure("[[grants]]\nname = 'agent'\nallow = ['fetch https://git.example/org/lib.git', 'push https://git.example/org/app agent/*']\n");
    let more = format!("GET {}/v1/**", server.url());
    let told: Value = serde_json::from_str(&generate(&["--grants", "agent", "--allow", &more]).ok().out).unwrap();
    let all = json!(["fetch https://git.example/org/lib", "push https://git.example/org/app agent/*", more]);
    // What is written out comes first, what the settings have after it.
    let sorted = |list: &Value| {
        let mut all: Vec<String> =
            list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(&told["grants"]), sorted(&all));
    let shown = home.loom(&["token", "list", "--json"]).ok().out;
    assert_eq!(sorted(&serde_json::from_str::<Value>(&shown).unwrap()[0]["grants"]), sorted(&all));
    home.loom(&["token", "list"]).ok().out.contains("(+2)").then_some(()).expect("the table says how many more");
}

#[test]
fn why_says_which_grant_allows_something_or_is_missing() {
    let (home, _server) = home();
    issue(&home, "build", &["push https://git.example/org/app agent/* grow", "GET https://api.example/v1/**"]);
    let why = |line: &[&str]| home.loom(&[&["why", "--token", "build"], line].concat());
    let app = "https://git.example/org/app.git";
    let yes = why(&["--push", app, "agent/x"]).ok();
    assert!(yes.out.contains("push https://git.example/org/app agent/* grow"), "{}", yes.out);
    assert!(yes.out.contains("create, grow"), "{}", yes.out);
    assert!(!yes.out.contains("rewrite"), "{}", yes.out);
    let no = why(&["--push", app, "main"]);
    assert_eq!(no.code, 4);
    assert!(no.out.contains("push https://git.example/org/app main new"), "{}", no.out);
    why(&["--call", "GET", "https://api.example/v1/x"]).ok();
    let no = why(&["--json", "--call", "POST", "https://api.example/v1/x"]);
    let told: Value = serde_json::from_str(&no.out).unwrap();
    assert_eq!(
        (no.code, &told["granted"], &told["missing"]),
        (4, &json!(false), &json!("POST https://api.example/v1/x"))
    );
    assert_eq!(why(&["--call", "GET", "https://api.example/v1/a/info/refs"]).code, 4);
    home.loom(&["why", "--push", app, "main"]).ok();
    home.loom(&["why", "--token", "nobody", "--push", app, "main"]).fails(1);
    home.loom(&["why"]).fails(2);
}
