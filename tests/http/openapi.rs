//! The OpenAPI document is true: every route stands in it, and what a tester makes of it is answered as it says.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Home, find_program, installed, run};

const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/schemathesis");

fn source(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/listen/http").join(path)).unwrap()
}

fn document() -> serde_json::Value {
    serde_json::from_str(&source("api/openapi.json")).unwrap()
}

#[test]
fn every_route_for_programs_stands_in_the_document_and_no_other() {
    let code = source("api/mod.rs") + &source("oauth/mod.rs");
    let routes = code.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    // Spellings of one path of the document.
    let routes = routes.filter(|route| !matches!(&**route, "/api/call/{server}" | "/api/call/{server}/"));
    let routes: BTreeSet<String> = routes.map(|route| route.replace("{*path}", "{path}")).collect();
    let document = document();
    let described: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(routes, described);
    let own = env!("CARGO_PKG_VERSION");
    assert_eq!(document["info"]["version"], own);
}

#[test]
fn what_a_tester_makes_of_the_document_is_answered_as_it_says() {
    let (Some(()), Some(python)) = (installed(Path::new(PACKAGES)), find_program("python3")) else { return };
    let home = Home::new();
    let url = home.loom(&["serve", "--listen", "127.0.0.1:0"]).ok().out.trim().to_owned();
    let made = home.loom(&["token", "generate", "tester", "--role", "admin", "--reveal", "--json"]).ok();
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    home.loom_in(&["login", "--with-token", "--server", "https://git.example", "--account", "ci"], "tok").ok();
    let mut command = home.command(python);
    command.arg(Path::new(PACKAGES).join("bin/schemathesis")).args(["run", &format!("{url}/api/openapi.json")]);
    // These end the agent, or the tester's own token; what another server answers is not in the document.
    command.args(["--exclude-path", "/api/control/stop", "--exclude-path", "/auth/logout"]);
    command.args(["--exclude-path-regex", "^/api/call/"]);
    // That a text is a server, or a scope that exists, no schema can say.
    command.args(["--exclude-checks", "positive_data_acceptance", "--max-examples", "20", "--seed", "7"]);
    command.args(["--generation-database", "none", "--no-color"]);
    command.env("PYTHONPATH", PACKAGES).env("SCHEMATHESIS_TOKEN", made["token"].as_str().unwrap());
    // From a file, so that the token stands in no command line.
    let settings = home.path().join("schemathesis.toml");
    std::fs::write(&settings, "headers = { Authorization = \"Bearer ${SCHEMATHESIS_TOKEN}\" }\n").unwrap();
    let done = run(&mut command, b"");
    assert_eq!(done.code, 0, "{}", done.out);
    let said = &done.out;
    assert!(said.contains("20 selected / 27 total"), "some operations were left out: {said}");
    home.loom(&["status"]).ok();
}

/// A number for each case: whether the document takes it.
const CHECK: &str = r#"
import json, sys, jsonschema_rs
asked = json.load(sys.stdin)
document = asked["document"]
def value(text):
    try:
        read = json.loads(text)
        return read if isinstance(read, (bool, int)) else text
    except ValueError:
        return text
def takes(path, body, query):
    operation = document["paths"][path]
    if body is not None:
        schema = next(iter(operation["post"]["requestBody"]["content"].values()))["schema"]
        return jsonschema_rs.validator_for({**schema, "components": document["components"]}).is_valid(body)
    parameters = {p["name"]: p["schema"] for o in operation.values() for p in o.get("parameters", [])}
    name, text = query
    return jsonschema_rs.validator_for(parameters[name]).is_valid(value(text))
print(json.dumps([takes(*case) for case in asked["cases"]]))
"#;

/// A body, as it is there and with each of these values in its place, of which the first ones are taken.
fn variants(base: &Value, field: &str, taken: &[Value], refused: &[Value]) -> Vec<(Value, bool)> {
    let with = |value: &Value| {
        let mut body = base.clone();
        body[field] = value.clone();
        body
    };
    let all = taken.iter().map(|value| (with(value), true)).chain(refused.iter().map(|value| (with(value), false)));
    all.collect()
}

#[test]
fn the_document_takes_what_the_door_takes_and_refuses_what_it_refuses() {
    let (Some(()), Some(python)) = (installed(Path::new(PACKAGES)), find_program("python3")) else { return };
    let home = Home::new();
    home.configure("[tokens]\nmax_active = 1000\n");
    let admin = home.issue("admin", &["--role", "admin", "--reveal"]);
    let door = home.serve(&[]);
    let servers =
        ["git.example", "https://git.example:8443/acme/app", "http://127.0.0.1:3000", "[::1]:1", "GIT.example"];
    let no_servers = [
        "",
        " ",
        "a b",
        "https://",
        "https://user@git.example",
        "git.example:0",
        "git.example:65536",
        "git.example:0443",
        "git.example/?q",
        "git.example/a//b",
        "git.example/../x",
        "git.example/%2e%2e/x",
        "1.2.3",
        "01.2.3.4",
        "0x7f.1",
        "g\u{ef}t.example",
        "git.example.",
        "git..example",
        "git.example\n",
    ];
    let [servers, no_servers] =
        [&servers[..], &no_servers].map(|all| all.iter().map(|text| json!(text)).collect::<Vec<_>>());
    let lists = |all: &[Value]| all.iter().map(|one| json!([one])).collect::<Vec<_>>();
    let patterns: Vec<Value> =
        servers.iter().cloned().chain([json!("*.example"), json!("https://*.git.example/acme")]).collect();
    let no_patterns: Vec<Value> =
        no_servers.iter().cloned().chain([json!("*"), json!("a.*.example"), json!("*.*.example")]).collect();
    let scopes = [json!(["read"]), json!(["read", "audit", "*"])];
    let no_scopes = [json!([]), json!(["admin"]), json!("read"), json!([1]), json!(["read", null]), json!(["READ"])];
    let days = [json!(1), json!(30), Value::Null];
    let no_days = [json!(0), json!(-1), json!(36_501), json!(4_294_967_296_u64), json!(1.5), json!("30"), json!(true)];
    let odd = [json!(1), json!("true"), json!([])];
    let new = json!({"name": "n", "scopes": ["read"]});
    let names = ["a", "two words", "\u{645}\u{631}\u{62d}\u{628}\u{627}", "e\u{301}"].map(|name| json!(name));
    let no_names = ["", "a\nb", "\u{7f}"].map(|name| json!(name)).into_iter();
    let no_names: Vec<Value> = no_names.chain([json!("n".repeat(256)), json!(1), Value::Null]).collect();
    let complete = json!({"user_code": "BCDF-GHJK"});
    let token = json!({"server": "git.example"});
    let texts = |taken: &[&str]| taken.iter().map(|text| json!(text)).chain([Value::Null]).collect::<Vec<_>>();
    let no_texts = [json!(1), json!({}), json!(true)];
    let of = |path: &str, all: Vec<(Value, bool)>| {
        all.into_iter().map(|(body, is)| (path.to_owned(), body, is)).collect::<Vec<_>>()
    };
    let mut cases = Vec::new();
    let tokens = "/api/enterprise/tokens";
    cases.extend(of(tokens, variants(&new, "name", &names, &no_names)));
    cases.extend(of(tokens, variants(&new, "scopes", &scopes, &[&no_scopes[..], &[Value::Null]].concat())));
    cases.extend(of(tokens, variants(&new, "expires_days", &days, &no_days)));
    cases.extend(of(
        tokens,
        variants(&new, "max_uses", &[json!(1), json!(u64::MAX), Value::Null], &[json!(0), json!(-1), json!("1")]),
    ));
    cases.extend(of(tokens, variants(&new, "servers", &lists(&patterns), &lists(&no_patterns))));
    cases.extend(of(tokens, variants(&new, "reveal", &[json!(true), json!(false), Value::Null], &odd)));
    cases.extend(of(tokens, variants(&new, "role", &[Value::Null], &[json!("viewer"), json!(1)])));
    cases.extend(of(
        tokens,
        variants(&json!({"name": "n"}), "role", &[json!("viewer"), json!("admin")], &[Value::Null, json!("")]),
    ));
    cases.extend(of(tokens, variants(&new, "server", &[], &[json!("git.example")])));
    cases.extend(of("/api/token", variants(&token, "server", &servers, &no_servers)));
    cases.extend(of(
        "/api/token",
        variants(&token, "min_validity", &[json!(0), json!(u32::MAX), Value::Null], &[json!(-1), json!(1_u64 << 32)]),
    ));
    for field in ["account", "resource", "audience"] {
        cases.extend(of("/api/token", variants(&token, field, &texts(&["x"]), &no_texts)));
    }
    cases.extend(of(
        "/api/token",
        variants(&token, "scopes", &[json!([]), json!(["a"]), Value::Null], &[json!("a"), json!([1])]),
    ));
    cases.extend(of("/api/token", variants(&token, "scope", &[], &[json!("read")])));
    cases.extend(of("/auth/device/complete", variants(&complete, "user_code", &[json!(""), json!("x")], &no_texts)));
    cases.extend(of(
        "/auth/device/complete",
        variants(&complete, "scopes", &[&scopes[..], &[Value::Null]].concat(), &no_scopes),
    ));
    cases.extend(of("/auth/device/complete", variants(&complete, "expires_days", &days, &no_days)));
    cases.extend(of(
        "/auth/device/complete",
        variants(&complete, "servers", &lists(&patterns[..2]), &lists(&no_patterns)),
    ));
    cases.extend(of("/auth/device/complete", variants(&complete, "deny", &[json!(true), Value::Null], &odd)));
    cases.extend(of("/auth/device/complete", variants(&complete, "expires", &[], &[json!(1)])));
    cases.extend(of("/auth/device/start", variants(&json!({}), "name", &texts(&["", "x"]), &no_texts)));
    cases.extend(of(
        "/auth/device/start",
        variants(&json!({}), "scopes", &[json!(["read"]), Value::Null], &no_scopes[1..]),
    ));
    cases.extend(of("/auth/device/poll", variants(&json!({}), "device_code", &[json!("x")], &[json!(1), Value::Null])));
    cases.extend(of("/oauth/register", variants(&json!({}), "client_name", &texts(&["x"]), &no_texts)));
    let queries = [
        (tokens, "include_revoked", "true", true),
        (tokens, "include_revoked", "false", true),
        (tokens, "include_revoked", "1", false),
        (tokens, "include_revoked", "yes", false),
        ("/api/audit", "limit", "0", true),
        ("/api/audit", "limit", "1000", true),
        ("/api/audit", "limit", "-1", false),
        ("/api/audit", "limit", "x", false),
        ("/api/audit", "limit", "18446744073709551616", false),
        ("/api/audit", "event", "auth", true),
    ];
    let mut asked: Vec<Value> = cases.iter().map(|(path, body, _)| json!([path, body, null])).collect();
    asked.extend(queries.iter().map(|(path, name, text, _)| json!([path, null, [name, text]])));
    let mut command = home.command(python);
    command.args(["-c", CHECK]).env("PYTHONPATH", PACKAGES);
    let said = run(&mut command, json!({"document": document(), "cases": asked}).to_string().as_bytes()).ok().out;
    let document: Vec<bool> = serde_json::from_str(&said).unwrap();
    // A name is another one each time; codes are tried by many, since who tries many waits.
    let mut differ = Vec::new();
    for (number, (path, body, is)) in cases.iter().enumerate() {
        let mut body = body.clone();
        if body["name"] == "n" && path == tokens {
            body["name"] = json!(format!("n{number}"));
        }
        let answer = door.post(path, &admin, &body);
        let taken = !matches!(answer.status, 400 | 422);
        assert_ne!(answer.status, 500, "{path} {body}");
        if taken != *is || document[number] != *is {
            differ.push(format!(
                "{path} {body}: expected {is}, the door {}, the document {}",
                answer.status, document[number]
            ));
        }
    }
    for ((path, name, text, is), document) in queries.iter().zip(&document[cases.len()..]) {
        let status = door.get(&format!("{path}?{name}={text}"), &admin).status;
        if (status == 200) != *is || document != is {
            differ.push(format!("{path}?{name}={text}: expected {is}, the door {status}, the document {document}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
