//! What protects by its end, on a machine that sleeps: the time counts all the same.

use std::time::Duration;

use serde_json::json;

use crate::support::{Home, Jar, Suspend};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

#[test]
fn an_agent_that_slept_past_its_lock_gives_out_nothing() {
    let Some(suspend) = Suspend::find() else { return };
    let home = Home::new();
    home.configure("lock_after = '30m'\n");
    let agent = home.agent(&[]);
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    suspend.sleep(&home, &agent, 10 * MINUTE);
    let token = || home.loom(&["token", "--server", "https://a.example"]);
    assert_eq!(token().ok().out, "tok_of_a\n", "so long it stays open");
    suspend.sleep(&home, &agent, 10 * MINUTE + 8 * HOUR);
    assert_eq!(home.get("https", "a.example").says("the agent is locked").says("hint: loom unlock").out, "");
    token().fails(1).says("the agent is locked");
    home.loom(&["unlock"]).ok();
    assert_eq!(token().ok().out, "tok_of_a\n");
}

#[test]
fn sessions_and_waiting_machines_are_forgotten_while_asleep() {
    let Some(suspend) = Suspend::find() else { return };
    let home = Home::new();
    let agent = home.agent(&[]);
    let (door, token) = (home.serve(&[]), home.issue("me", &["--role", "admin"]));
    let person = Jar::new(&home);
    person.post(&format!("{}/sign-in/token", door.url), &[("token", &token)]).is(303);
    let asks = |path: &str, body: &str| door.ask("POST", path, &["Content-Type: application/json"], body);
    let machine = asks("/auth/device/start", "{}").ok(200);
    let poll = || asks("/auth/device/poll", &json!({ "device_code": machine["device_code"] }).to_string()).ok(200);
    let page = format!("{}/device?user_code={}", door.url, machine["user_code"].as_str().unwrap());
    person.get(&page).is(200);
    assert_eq!(poll()["status"], "pending");
    suspend.sleep(&home, &agent, HOUR);
    assert!(person.get(&page).is(303).location().starts_with("/sign-in"));
    assert_eq!(poll()["status"], "expired");
}
