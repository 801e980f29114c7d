//! What a person sees at a terminal, and what a script gets of the same.

use std::process::Stdio;

use serde_json::Value;

use crate::support::{Home, find_program, run};

/// What `loom` prints at a terminal of so many columns. `None`, and said so, where there is no program `script`.
fn at_screen(home: &Home, columns: u16, variables: &[(&str, &str)], arguments: &str) -> Option<String> {
    let script = find_program("script")?;
    let line = format!("stty rows 24 cols {columns}; '{}' {arguments}", env!("CARGO_BIN_EXE_loom"));
    let mut command = home.command(script);
    command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm-256color").stdin(Stdio::piped());
    command.envs(variables.iter().copied());
    Some(run(&mut command, b"").ok().out.replace("\r\n", "\n"))
}

fn home() -> Home {
    let home = Home::new();
    home.store("https", "git.example", "alice", "tok_screen").ok();
    home
}

#[test]
fn a_state_has_a_colour_and_a_mark_at_a_terminal_only() {
    let home = home();
    let Some(screen) = at_screen(&home, 200, &[], "status") else { return };
    assert!(screen.contains("\u{1b}[1mSERVER\u{1b}[0m"), "{screen:?}");
    assert!(screen.contains("\u{1b}[32m✓ "), "{screen:?}");
    let script = home.loom(&["status"]).ok().out;
    assert!(!script.contains(['\u{1b}', '✓']), "{script:?}");
    for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let screen = at_screen(&home, 200, &[plain], "status").unwrap();
        assert!(!screen.contains('\u{1b}'), "{plain:?}: {screen:?}");
        assert!(screen.contains("✓ "), "{plain:?}: {screen:?}");
    }
    let forced = run(home.command(env!("CARGO_BIN_EXE_loom")).arg("status").env("CLICOLOR_FORCE", "1"), b"");
    assert!(forced.ok().out.contains("\u{1b}[32m"), "a person asked for colours");
}

#[test]
fn a_table_that_does_not_fit_the_screen_becomes_blocks() {
    let home = home();
    let Some(screen) = at_screen(&home, 40, &[("NO_COLOR", "1")], "status") else { return };
    assert!(screen.contains("SERVER   https://git.example\n"), "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 40), "{screen}");
    let wide = at_screen(&home, 200, &[("NO_COLOR", "1")], "status").unwrap();
    assert_eq!(wide.lines().filter(|line| line.starts_with("https://git.example ")).count(), 1, "{wide}");
}

#[test]
fn a_person_reads_their_own_clock_and_a_script_utc() {
    let home = Home::new();
    home.loom(&["token", "generate", "build", "--scopes", "read", "--expires", "3"]).ok();
    let Some(screen) = at_screen(&home, 200, &[("TZ", "Asia/Tokyo"), ("NO_COLOR", "1")], "token list") else { return };
    assert!(screen.contains(", in 2 days") || screen.contains(", in 3 days"), "{screen}");
    let tokens: Value = serde_json::from_str(&home.loom(&["token", "list", "--json"]).ok().out).unwrap();
    let ends: jiff::Timestamp = tokens[0]["expires_at"].as_str().unwrap().parse().unwrap();
    let in_tokyo = ends.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).strftime("%Y-%m-%d %H:%M");
    assert!(screen.contains(&in_tokyo.to_string()), "{in_tokyo}: {screen}");
    assert!(home.loom(&["token", "list"]).ok().out.contains(&ends.to_string()));
}

#[test]
fn what_went_wrong_is_a_document_too_for_whoever_asked_for_json() {
    let home = Home::new();
    let failed = home.loom(&["token", "--server", "https://git.example", "--json"]).fails(4);
    let document: Value = serde_json::from_str(&failed.out).unwrap();
    assert_eq!(document["error"]["code"], "login_required", "{document}");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(failed.err.contains(message), "{}", failed.err);
    assert!(document["error"]["hint"].as_str().unwrap().contains("loom login"), "{document}");
    assert_eq!(home.loom(&["token", "--server", "https://git.example"]).fails(4).out, "");
}
