//! Large files with the real git-lfs: they go through, and the server's links and their secrets stay here.

use std::io::Write;

use serde_json::{Value, json};

use crate::support::{Home, Relay, Stub, find_program, http, run, skip};

/// A server of large files, whose links are secrets.
fn server(home: &Home) -> Stub {
    let stub = Stub::start(|_, request, stream| {
        let host = request.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("host: ").map(str::to_owned));
        let host = host.unwrap_or_default();
        let (head, body) = request.split_once("\r\n\r\n").unwrap_or_default();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let answer = if path.ends_with("/objects/batch") {
            let asked: Value = serde_json::from_str(body).unwrap();
            let link = |at: &str| json!({ "href": format!("http://{host}/{at}?sig=s3cr3t-link"), "header": { "X-Store": "s3cr3t-header" } });
            let objects: Vec<Value> = asked["objects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|object| {
                    let actions = match asked["operation"].as_str() {
                        Some("upload") => json!({ "upload": link("store"), "verify": link("verify") }),
                        _ => json!({ "download": link("store") }),
                    };
                    json!({ "oid": object["oid"], "size": object["size"], "actions": actions })
                })
                .collect();
            let answer = json!({ "transfer": "basic", "objects": objects }).to_string();
            http("200 OK", "Content-Type: application/vnd.git-lfs+json\r\n", &answer)
        } else if head.starts_with("GET /store") && head.contains("s3cr3t-header") {
            http("200 OK", "Content-Type: application/octet-stream\r\n", "large file")
        } else if (path.starts_with("/store") || path.starts_with("/verify")) && head.contains("s3cr3t-header") {
            http("200 OK", "", "")
        } else {
            http("404 Not Found", "", "")
        };
        let _ = stream.write_all(answer.as_bytes());
    });
    home.loom_in(&["login", "--with-token", "--server", stub.url()], "tok_s3cr3t").ok();
    stub
}

fn repository(home: &Home, relay: &Relay, stub: &Stub) {
    let script = format!(
        "git init -q -b agent/x work; cd work; git lfs install --local >/dev/null; git lfs track '*.bin' >/dev/null
         printf 'large file' > a.bin; git add .; git commit -q -m one; git remote add origin {}/org/app.git",
        stub.url()
    );
    let mut command = relay.git_command(home, stub.url(), &[]);
    let settings: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.unwrap().to_owned())).collect();
    command = home.command("sh");
    run(command.args(["-ec", &script]).envs(settings).current_dir(home.path()), b"").ok();
}

#[test]
fn git_lfs_puts_and_gets_files_and_sees_no_link_of_the_server() {
    if find_program("git-lfs").is_none() {
        return skip("git-lfs is not installed");
    }
    let home = Home::new();
    let stub = server(&home);
    let relay = home.relay(&[&format!("push {}/org/app agent/*", stub.url())]);
    repository(&home, &relay, &stub);
    let lfs = |arguments: &[&str]| {
        let mut command = relay.git_command(&home, stub.url(), &[&["-C", "work", "lfs"], arguments].concat());
        run(command.env("GIT_TRACE", "1").env("GIT_CURL_VERBOSE", "1"), b"")
    };
    let put = lfs(&["push", "origin", "agent/x"]).ok();
    put.without("s3cr3t-").without("tok_s3cr3t");
    let seen = stub.seen();
    let of = |what: &str| seen.iter().find(|seen| seen.starts_with(what)).unwrap_or_else(|| panic!("{what}: {seen:?}"));
    assert!(of("PUT /store?sig=s3cr3t-link").ends_with("large file"));
    assert!(of("POST /verify?sig=s3cr3t-link").contains("s3cr3t-header"));
    assert!(!seen.concat().contains(&relay.token), "{seen:?}");
    run(home.command("rm").args(["-r", "work/.git/lfs/objects"]).current_dir(home.path()), b"").ok();
    lfs(&["fetch", "origin", "agent/x"]).ok().without("s3cr3t-");
    assert!(stub.seen().iter().any(|seen| seen.starts_with("GET /store?sig=s3cr3t-link")), "{:?}", stub.seen());
}

#[test]
fn a_link_is_for_one_token_and_one_way() {
    let home = Home::new();
    let stub = server(&home);
    let grants = [format!("push {}/org/app agent/*", stub.url())];
    let relay = home.relay(&[&grants[0]]);
    let fetch = home.relay(&[&format!("fetch {}/org/app", stub.url())]);
    let at = |path: &str| format!("/{}{path}", stub.url().trim_start_matches("http://"));
    let id = "1".repeat(64);
    let question = |operation: &str, reference: &str| {
        json!({ "operation": operation, "ref": { "name": reference }, "objects": [{ "oid": id, "size": 10 }] })
            .to_string()
    };
    let batch = |relay: &Relay, question: &str| {
        relay.ask("POST", &at("/org/app.git/info/lfs/objects/batch"), "", question.as_bytes())
    };
    let answer = batch(&relay, &question("upload", "refs/heads/agent/x"));
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("s3cr3t"), "{answer}");
    let link = answer.split("\"upload\":{").nth(1).and_then(|rest| rest.split("/.loom/lfs/").nth(1)).unwrap();
    let link = at(&format!("/.loom/lfs/{}", &link[..32]));
    assert!(batch(&relay, &question("upload", "refs/heads/main")).starts_with("HTTP/1.1 403"));
    assert!(batch(&fetch, &question("upload", "refs/heads/agent/x")).starts_with("HTTP/1.1 403"));
    let before = stub.requests();
    for (relay, method, body) in [
        (&fetch, "PUT", &b"large file"[..]),
        (&relay, "GET", b""),
        (&relay, "POST", b"{}"),
        (&relay, "PUT", b"longer than was said"),
    ] {
        let answer = relay.ask(method, &link, "", body);
        assert!(answer.starts_with("HTTP/1.1 4"), "{method}: {answer}");
    }
    assert_eq!(stub.requests(), before);
    assert!(relay.ask("PUT", &link, "", b"large file").starts_with("HTTP/1.1 200"));
    for bad in ["{\"operation\":\"upload\",\"operation\":\"download\"}", "[]", "{}"] {
        assert!(batch(&relay, bad).starts_with("HTTP/1.1 400"), "{bad}");
    }
}
