//! Programs of different versions that meet on the socket, as they do between an update and the agent's restart.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use crate::support::Home;

/// An agent of another version: it says this to whatever is asked.
fn another_agent(home: &Home, lines: &'static [&'static str]) {
    let dir = home.socket().parent().unwrap().to_owned();
    std::fs::create_dir(&dir).unwrap();
    std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o700)).unwrap();
    let listener = UnixListener::bind(home.socket()).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = String::new();
            let _ = BufReader::new(stream.try_clone().unwrap()).read_line(&mut asked);
            lines.iter().for_each(|line| drop(writeln!(stream, "{line}")));
        }
    });
}

#[test]
fn a_front_end_that_is_newer_than_the_agent_is_told_to_restart_it() {
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    for request in [r#"{"v":1,"verb":"levitate","params":{}}"#, r#"{"v":2,"verb":"status"}"#] {
        let mut stream = std::os::unix::net::UnixStream::connect(home.socket()).unwrap();
        writeln!(stream, "{request}").unwrap();
        let mut reply = String::new();
        BufReader::new(stream).read_line(&mut reply).unwrap();
        assert!(reply.contains("bad_request"), "{reply}");
        assert!(reply.contains("loom agent restart"), "{reply}");
    }
}

#[test]
fn an_agent_of_another_version_is_named_and_understood() {
    let home = Home::new();
    another_agent(
        &home,
        &[
            r#"{"v":1,"ok":{"mood":"good","agent":{"running":true,"pid":1,"version":"0.0.9","locked":false},"default_server":null,"accounts":[{"server":"https://a.example","account":"u","kind":"token","stored_in":"file","expires_at":null,"default":true,"state":"valid","colour":"blue"}]}}"#,
        ],
    );
    home.loom(&["status"]).ok().says("The agent is version 0.0.9").says("loom agent restart");
}

#[test]
fn an_error_or_an_answer_that_nobody_here_knows_is_an_error_with_a_hint() {
    let home = Home::new();
    another_agent(&home, &[r#"{"v":1,"error":{"code":"out_of_tea","message":"no tea is left","hint":"make some"}}"#]);
    home.loom(&["token", "--server", "https://a.example"]).fails(1).says("no tea is left").says("hint: make some");
    assert_eq!(home.get("https", "a.example").out, "");
    let home = Home::new();
    another_agent(&home, &[r#"{"v":3,"answer":"in another shape"}"#]);
    home.loom(&["token", "--server", "https://a.example"]).fails(1).says("loom agent restart");
    assert_eq!(home.get("https", "a.example").out, "");
}
