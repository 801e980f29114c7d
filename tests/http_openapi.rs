//! The OpenAPI document is true: every route stands in it, and what a tester makes of it is answered as it says.

use std::collections::BTreeSet;
use std::path::Path;

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
