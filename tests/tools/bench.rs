use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use loom_credentials::tools::programs;

use crate::support::{Home, Output, run};

/// A home whose PATH has the small program under every name that a tool looks for.
pub struct Bench {
    pub home: Home,
}

impl Bench {
    pub fn new() -> Bench {
        let home = Home::new();
        std::fs::create_dir(home.path().join("bin")).unwrap();
        for name in programs() {
            symlink(env!("CARGO_BIN_EXE_git-credential-loom"), home.path().join("bin").join(name)).unwrap();
        }
        Bench { home }
    }

    /// Where the program lies under this name.
    pub fn program(&self, name: &str) -> PathBuf {
        self.home.path().join("bin").join(name)
    }

    /// A tool that finds loom's helpers in its PATH.
    pub fn command(&self, tool: &str) -> Command {
        let mut command = self.home.command(tool);
        let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path).unwrap().to_owned();
        let all = std::iter::once(self.home.path().join("bin")).chain(std::env::split_paths(&path));
        let path = std::env::join_paths(all).unwrap();
        command.env("PATH", path);
        command
    }

    /// Starts a helper as its tool would, with this on its standard input.
    pub fn helper(&self, name: &str, args: &[&str], input: &str) -> Output {
        run(self.home.command(self.program(name)).args(args), input.as_bytes())
    }
}
