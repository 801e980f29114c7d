use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStderr, Stdio};

use super::{Home, Output, Running};

/// A `loom login` that talks with a person, played by the test.
pub struct Dialogue {
    running: Running,
    says: BufReader<ChildStderr>,
    heard: String,
}

impl Dialogue {
    pub fn start(home: &Home, arguments: &[&str]) -> Dialogue {
        let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
        command.arg("login").args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = Running(command.spawn().unwrap());
        let says = BufReader::new(running.0.stderr.take().unwrap());
        Dialogue { running, says, heard: String::new() }
    }

    /// The next line that stands alone, indented: a URL or a code. What was said before it is in `heard`.
    pub fn shown(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.says.read_line(&mut line).unwrap() > 0, "it ended: {}", self.heard);
            self.heard += &line;
            if let Some(shown) = line.strip_prefix("    ") {
                return shown.trim_end().to_owned();
            }
        }
    }

    /// Waits until this is said.
    pub fn hears(&mut self, text: &str) {
        while !self.heard.contains(text) {
            let mut line = String::new();
            assert!(self.says.read_line(&mut line).unwrap() > 0, "{text:?} was never said: {}", self.heard);
            self.heard += &line;
        }
    }

    pub fn types(&mut self, line: &str) {
        writeln!(self.running.0.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    pub fn interrupt(&self) {
        let process = rustix::process::Pid::from_raw(self.running.0.id() as i32).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    }

    /// What it said in all, once it ends.
    pub fn end(mut self) -> Output {
        drop(self.running.0.stdin.take());
        self.says.read_to_string(&mut self.heard).unwrap();
        let mut out = String::new();
        self.running.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        Output { code: self.running.0.wait().unwrap().code().unwrap_or(-1), out, err: self.heard.clone() }
    }
}
