use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Home, Output, run};

/// A home in which loom is installed by itself: what setup makes beside its programs is in the home, too.
pub struct SetupBench {
    pub home: Home,
}

impl SetupBench {
    pub fn new() -> SetupBench {
        let mut home = Home::new();
        let bin = home.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let programs = [
            ("loom", env!("CARGO_BIN_EXE_loom")),
            ("loom-agent", env!("CARGO_BIN_EXE_loom-agent")),
            ("git-credential-loom", env!("CARGO_BIN_EXE_git-credential-loom")),
        ];
        for (name, program) in programs {
            symlink(program, bin.join(name)).unwrap();
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).unwrap();
        home.set("PATH", path);
        SetupBench { home }
    }

    /// What a path below the home directory is.
    pub fn path(&self, below: &str) -> PathBuf {
        self.home.path().join("home").join(below)
    }

    pub fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, below: &str) -> String {
        std::fs::read_to_string(self.path(below)).unwrap()
    }

    pub fn mode(&self, below: &str) -> u32 {
        self.path(below).metadata().unwrap().permissions().mode() & 0o777
    }

    pub fn is_there(&self, below: &str) -> bool {
        self.path(below).symlink_metadata().is_ok()
    }

    /// `loom setup` with these arguments.
    pub fn setup(&self, arguments: &[&str]) -> Output {
        let all: Vec<&str> = std::iter::once("setup").chain(arguments.iter().copied()).collect();
        run(self.home.command("loom").args(all), b"")
    }

    /// A tool of this machine in this home.
    pub fn tool(&self, program: impl AsRef<Path>) -> Command {
        self.home.command(program)
    }

    /// Sets up and undoes, and asserts that a file which held this holds it again.
    pub fn comes_back(&self, tool: &[&str], file: &str, text: &str) {
        self.write(file, text);
        self.setup(tool).ok();
        assert_ne!(self.read(file), text, "nothing was written");
        let undo: Vec<&str> = tool.iter().copied().filter(|word| *word != "--force").chain(["--remove"]).collect();
        self.setup(&undo).ok();
        assert_eq!(self.read(file), text);
    }
}
