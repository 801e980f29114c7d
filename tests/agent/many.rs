//! Many accounts: more than fit into one frame, in every command.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use crate::support::{Home, Jar, SOON, SecretService, Session, every, run, say};

/// So many accounts of one server, with names so long that what is said of all of them takes several frames.
const SHORT: usize = 180;
const NAME: usize = 1600;

/// Of so many servers, in full.
const MANY: usize = 20_000;

fn name(number: usize) -> String {
    format!("user{number}-{}", "x".repeat(NAME))
}

/// Stores accounts of one server, all over one connection.
fn store_many(home: &Home, count: usize) {
    let mut stream = UnixStream::connect(home.socket()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap()).lines();
    for number in 0..count {
        let which = json!({"protocol": "https", "host": "many.example", "username": name(number)});
        let params = json!({"which": which, "secret": format!("pw-of-{number}")});
        let line = json!({"v": 1, "verb": "store", "params": params});
        stream.write_all(format!("{line}\n").as_bytes()).unwrap();
        let reply = replies.next().unwrap().unwrap();
        assert!(reply.contains("\"ok\""), "{number}: {reply}");
    }
}

fn status(home: &Home, options: &[&str]) -> Value {
    serde_json::from_str(&home.loom(&[&["status", "--json"], options].concat()).ok().out).unwrap()
}

#[test]
fn an_answer_of_several_frames_comes_through_whole() {
    let home = Home::with(&[]);
    home.configure("store = 'file'\n");
    let _agent = home.agent(&[]);
    store_many(&home, SHORT);
    let all = status(&home, &[]);
    let accounts = all["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), SHORT);
    assert!(all.to_string().len() > 256 * 1024, "it would fit into a frame");
    assert_eq!(accounts.iter().filter(|account| account["default"] == true).count(), 1);
    assert_eq!(home.loom(&["status"]).ok().out.lines().count(), SHORT + 1);
    let why: Value = serde_json::from_str(&home.loom(&["why", "--json", "https://many.example"]).ok().out).unwrap();
    assert_eq!(why["passed_over"].as_array().unwrap().len(), SHORT - 1);
    let doctor: Value = serde_json::from_str(&home.loom(&["doctor", "--json"]).ok().out).unwrap();
    assert_eq!(doctor["file"]["accounts"].as_array().unwrap().len(), SHORT);
    home.loom(&["store", "rekey"]).ok();
    home.loom(&["lock"]).ok();
    home.loom(&["unlock"]).ok();
    let given = home.helper("get", format!("protocol=https\nhost=many.example\nusername={}\n\n", name(7))).ok().out;
    assert!(given.contains("password=pw-of-7\n"));
    let said = home.loom(&["logout", "--all", "--local"]).ok().err;
    assert_eq!(said.lines().count(), SHORT);
    assert_eq!(home.loom(&["status"]).code, 4);
    // Each of them stands in the log.
    let log = home.loom(&["audit", "tail", "--event", "logout", "-n", "1000", "--json"]).ok().out;
    assert_eq!(log.lines().count(), SHORT);
}

/// What an older Loom kept in clear is sealed in one go, so that this is how so many get into the file.
fn with_old_file(count: usize) -> Home {
    let home = Home::with(&[]);
    fill_old_file(&home, count);
    home
}

fn fill_old_file(home: &Home, count: usize) {
    home.configure("store = 'file'\n");
    let old = (0..count).map(|number| {
        let key = format!("https___10_{}_{}_{}", number >> 16, (number >> 8) & 255, number & 255);
        (key, json!({"type": "api", "key": format!("tok-{number}")}))
    });
    let old: serde_json::Map<String, Value> = old.collect();
    std::fs::write(home.credentials(), Value::from(old).to_string()).unwrap();
    std::fs::set_permissions(home.credentials(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

/// Asks all servers, through a proxy that takes its time and lets nobody through.
fn checked(home: &Home, count: usize) {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in proxy.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let (mut stream, mut line) = (BufReader::new(stream), String::new());
                while line != "\r\n" {
                    line.clear();
                    stream.read_line(&mut line).unwrap();
                }
                std::thread::sleep(std::time::Duration::from_millis(40));
                let _ = stream.get_mut().write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
            });
        }
    });
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    command.args(["status", "--check", "--json"]).env("https_proxy", address);
    let said: Value = serde_json::from_str(&run(&mut command, b"").ok().out).unwrap();
    let accounts = said["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), count);
    assert!(accounts.iter().all(|account| account["checked"] == "unknown"));
}

#[test]
fn many_accounts_move_to_the_keyring_and_back() {
    let (count, mut home) = (MANY / every(50), Home::with(&[]));
    let Some(session) = Session::without_keyring(&mut home) else { return };
    let keyring = SecretService::start(&session);
    fill_old_file(&home, count);
    let _agent = home.agent(&[]);
    home.loom(&["store", "migrate", "--to", "keyring"]).ok().says(&count.to_string());
    assert_eq!(keyring.items(), count);
    home.loom(&["lock"]).ok();
    home.loom(&["unlock"]).ok();
    assert_eq!(home.loom(&["token", "--server", "https://10.0.1.3"]).ok().out, "tok-259\n");
    home.loom(&["store", "migrate", "--to", "file"]).ok();
    assert_eq!(keyring.items(), 0);
    assert_eq!(status(&home, &[])["accounts"].as_array().unwrap().len(), count);
}

/// The list of accounts as the HTTP door has it, for programs and for people.
fn through_the_door(home: &Home, count: usize) {
    let (door, token) = (home.serve(&[]), home.issue("page", &["--role", "admin"]));
    assert_eq!(door.get("/api/accounts", &token).ok(200).as_array().unwrap().len(), count);
    let person = Jar::new(home);
    person.post(&format!("{}/sign-in/token", door.url), &[("token", &token)]).is(303);
    let page = person.get(&format!("{}/", door.url)).is(200).body;
    assert!(page.contains("https://10.0.1.2"), "{} bytes", page.len());
    assert!(page.contains("</html>"), "{} bytes", page.len());
}

#[test]
fn every_command_works_with_twenty_thousand_accounts() {
    let count = MANY / every(20);
    let home = with_old_file(count);
    let _agent = home.agent(&[]);
    let begun = std::time::Instant::now();
    let step = |what: &str| say(format_args!("{count} accounts, {what}: {:?}", begun.elapsed()));
    assert_eq!(status(&home, &[])["accounts"].as_array().unwrap().len(), count);
    assert_eq!(home.loom(&["status"]).ok().out.lines().count(), count + 1);
    step("status");
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    home.store("https", "b.example", "u", "pw-of-b").ok();
    assert!(home.get("https", "10.0.1.2").ok().out.contains("password=tok-258\n"));
    assert_eq!(home.loom(&["token", "--server", "https://10.0.1.3"]).ok().out, "tok-259\n");
    home.loom(&["why", "https://10.0.1.3"]).ok();
    step("login, store, get, token, why");
    let begun_check = std::time::Instant::now();
    checked(&home, count + 2);
    assert!(begun_check.elapsed().as_secs() < 5 + count as u64 / 100, "one after the other");
    step("status --check");
    through_the_door(&home, count + 2);
    step("the page and the API of the HTTP door");
    let doctor: Value = serde_json::from_str(&home.loom(&["doctor", "--json"]).ok().out).unwrap();
    assert_eq!(doctor["file"]["accounts"].as_array().unwrap().len(), count + 2);
    home.loom(&["store", "status"]).ok();
    home.loom(&["store", "rekey"]).ok();
    home.loom(&["lock"]).ok();
    home.loom(&["unlock"]).ok();
    step("doctor, rekey, lock, unlock");
    let mut damaged = std::fs::read_to_string(home.credentials()).unwrap();
    let at = damaged.find("\"text\":\"").unwrap() + 12;
    damaged.replace_range(at..at + 1, if &damaged[at..=at] == "A" { "B" } else { "A" });
    std::fs::write(home.credentials(), damaged).unwrap();
    home.loom(&["doctor", "--restore"]);
    step("restore");
    let kept = status(&home, &[])["accounts"].as_array().unwrap().len();
    assert!(kept >= count, "{kept}");
    home.loom(&["logout", "--server", "https://10.0.1.3", "--local"]).ok();
    home.loom(&["logout", "--all", "--local"]).ok();
    assert_eq!(home.loom(&["status"]).code, 4);
    step("logout --all");
}
