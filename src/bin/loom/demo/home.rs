//! A home for `loom demo`, with an agent of its own. Nothing of the person's own settings or credentials is read or
//! changed, and all of it goes when the demo ends.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use loom_credentials::base::Locale;
use loom_credentials::os::private;
use loom_credentials::wire::{Fault, reason};
use tempfile::TempDir;

use crate::term;

/// A home of its own, with its own agent; both go when this is dropped.
pub struct Home {
    dir: TempDir,
    locale: Locale,
}

impl Home {
    pub fn new(locale: Locale) -> io::Result<Home> {
        let dir = tempfile::Builder::new().prefix("loom-demo-").tempdir()?;
        for name in ["config", "state", "served"] {
            std::fs::create_dir(dir.path().join(name))?;
        }
        private::create_dir(&dir.path().join("run"))?;
        Ok(Home { dir, locale })
    }

    /// Where the served repositories lie.
    pub fn repositories(&self) -> PathBuf {
        self.dir.path().join("served")
    }

    /// Prints the command, so that it can be copied, and runs it. It must succeed.
    pub fn show(&self, program: &str, arguments: &[&str]) -> Result<(), Fault> {
        self.print(program, arguments);
        self.succeed(program, arguments)
    }

    /// Prints and runs a command that must fail.
    pub fn show_failing(&self, program: &str, arguments: &[&str]) -> Result<(), Fault> {
        self.print(program, arguments);
        if !self.run(program, arguments)?.success() {
            Ok(())
        } else {
            Err(reason::Command::DemoStepPassed { program: program.to_owned() }.into())
        }
    }

    /// Runs a command that belongs to the scenery. It must succeed.
    pub fn run_quietly(&self, program: &str, arguments: &[&str]) -> Result<(), Fault> {
        self.succeed(program, arguments)
    }

    fn print(&self, program: &str, arguments: &[&str]) {
        term::line(&format!("$ {program} {}", arguments.join(" ")));
    }

    fn succeed(&self, program: &str, arguments: &[&str]) -> Result<(), Fault> {
        if self.run(program, arguments)?.success() {
            Ok(())
        } else {
            Err(reason::Command::DemoStepFailed { program: program.to_owned() }.into())
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<ExitStatus, Fault> {
        let failed = |error: std::io::Error| {
            let error = error.to_string();
            reason::Command::NotRun { program: program.to_owned(), error }.into()
        };
        let own = match program {
            "loom" => std::env::current_exe().map_err(failed)?,
            other => PathBuf::from(other),
        };
        self.command(&own).args(arguments).status().map_err(failed)
    }

    /// A command that sees this home and nothing of the real one: no settings, no credentials, no other helpers.
    fn command(&self, program: &Path) -> Command {
        let at = |name: &str| self.dir.path().join(name);
        let kept = |(name, _): &(OsString, OsString)| {
            let name = name.to_string_lossy();
            matches!(&*name, "PATH" | "TERM" | "LANG" | "TMPDIR") || name.starts_with("LC_")
        };
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(std::env::vars_os().filter(kept))
            .envs([("HOME", at("")), ("XDG_RUNTIME_DIR", at("run")), ("XDG_CONFIG_HOME", at("config"))])
            .envs([("XDG_STATE_HOME", at("state"))])
            .envs([("LOOM_STORE", "file"), ("LOOM_LANGUAGE", self.locale.tag())])
            .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_TERMINAL_PROMPT", "0")])
            .envs([("GIT_AUTHOR_NAME", "Demo"), ("GIT_AUTHOR_EMAIL", "demo@loom.example")])
            .envs([("GIT_COMMITTER_NAME", "Demo"), ("GIT_COMMITTER_EMAIL", "demo@loom.example")])
            .current_dir(self.dir.path());
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Ok(own) = std::env::current_exe() {
            // Without its agent the home can go; an agent that does not run is as good.
            let _ = self.command(&own).args(["agent", "stop"]).output();
        }
    }
}
