use std::process::Stdio;

use super::{Home, Output, find_program, run};

/// Runs `loom` at a terminal of its own, where a person types this. What it says on either stream is in `out`. `None`,
/// and said so, where there is no program `script`.
pub fn at_terminal(home: &Home, arguments: &[&str], typed: &str) -> Option<Output> {
    let script = find_program("script")?;
    let line: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
    let line = format!("'{}' {}", env!("CARGO_BIN_EXE_loom"), line.join(" "));
    let mut command = home.command(script);
    command.args(["-qec", &line, "/dev/null"]).env("TERM", "dumb").stdin(Stdio::piped());
    Some(run(&mut command, typed.as_bytes()))
}
