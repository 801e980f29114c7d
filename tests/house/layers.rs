//! The architecture, held by reading the source: which floor may use which, and what the small programs link.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::skip;

/// Floor by module. A module may use what lies on a lower floor, and itself.
const FLOORS: &[(&str, u8)] = &[
    ("os", 0),
    ("base", 1),
    ("wire", 2),
    ("net", 2),
    ("git", 3),
    ("tools", 3),
    ("store", 3),
    ("oauth", 3),
    ("access", 3),
    ("client", 4),
    ("agent", 5),
    ("listen", 6),
];

/// What names the system: its own modules of the standard library, the crates that wrap its calls, its files, asking
/// which one it is, and taking the place of another file, which systems do differently though the call is the same.
const SYSTEM: &[&str] = &[
    "std::os::",
    "rustix",
    "nix::",
    "libc::",
    "interprocess",
    "listenfd",
    "sd_notify",
    "dirs::",
    "tokio::signal",
    "tokio::net::Unix",
    "tokio::net::unix",
    "\"/proc",
    "\"/dev/",
    "\"/run/",
    "\"/sys/",
    "cfg(unix",
    "cfg(windows",
    "cfg(not(unix",
    "cfg_attr(unix",
    "target_os",
    "windows_sys",
    "fs::rename",
    ".persist",
];

/// The places besides: what C's start-up code calls has to stand in the program itself, and which keyring a system has
/// is a question of stores.
const BESIDES: [&str; 2] = ["bin/git-credential-loom/main.rs", "store/platform/mod.rs"];

/// All files of Rust below this directory.
pub(super) fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().flatten();
    let nested =
        entries.flat_map(
            |entry| if entry.file_type().unwrap().is_dir() { sources(&entry.path()) } else { vec![entry.path()] },
        );
    nested.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_module_uses_only_what_lies_below_it() {
    let floor = |name: &str| FLOORS.iter().find(|(module, _)| *module == name).map(|(_, floor)| *floor);
    for path in sources(&root().join("src")) {
        let inside = path.strip_prefix(root().join("src")).unwrap();
        let own = inside.iter().next().unwrap().to_str().unwrap();
        if own == "bin" || own == "lib.rs" {
            continue;
        }
        let own_floor = floor(own).unwrap_or_else(|| panic!("{own} stands on no floor"));
        let text = std::fs::read_to_string(&path).unwrap();
        for used in text.split("crate::").skip(1) {
            let module: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if module == own || module == "msg" || module.is_empty() {
                continue;
            }
            let used_floor = floor(&module).unwrap_or_else(|| panic!("{}: crate::{module}", inside.display()));
            assert!(used_floor < own_floor, "{} uses {module}", inside.display());
            assert!(!(own == "agent" || own == "listen") || module != "client", "{} uses {module}", inside.display());
        }
    }
}

#[test]
fn only_net_speaks_to_servers() {
    for path in sources(&root().join("src")) {
        let inside = path.strip_prefix(root().join("src")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(inside.starts_with("net") || !text.contains("reqwest::"), "{} uses reqwest", inside.display());
    }
}

#[test]
fn only_os_names_the_system() {
    for path in sources(&root().join("src")) {
        let inside = path.strip_prefix(root().join("src")).unwrap();
        if inside.starts_with("os") || BESIDES.iter().any(|besides| inside == Path::new(besides)) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let named = SYSTEM.iter().find(|name| line.contains(**name));
            assert!(named.is_none(), "{}:{}: {}", inside.display(), at + 1, named.unwrap_or(&""));
        }
    }
}

/// Where an address is what it has to be, only these have to be believed.
const UNSAFE: [&str; 5] =
    ["bin/git-credential-loom", "os/unix/alarm.rs", "os/unix/apple.rs", "os/unix/memory.rs", "os/windows/calls"];

#[test]
fn nothing_unsafe_stands_elsewhere() {
    for path in sources(&root().join("src")) {
        let inside = path.strip_prefix(root().join("src")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let forms = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"];
        let is_unsafe = forms.iter().any(|form| text.contains(form));
        let may = UNSAFE.iter().any(|known| inside.starts_with(known));
        assert!(may || !is_unsafe, "{}", inside.display());
    }
}

/// Another system is a folder with the same names, so that none of what a system gives may be but one system's.
#[test]
fn what_os_gives_belongs_to_no_system() {
    let rooms = ["unix", "windows"].map(|system| sources(&root().join("src/os").join(system)));
    for path in rooms.iter().flatten().filter(|path| !path.ends_with("fixture.rs")) {
        let text = std::fs::read_to_string(path).unwrap();
        for line in text.lines().map(str::trim_start) {
            let is_given =
                line.starts_with("pub fn ") || line.starts_with("pub async fn ") || line.starts_with("pub type ");
            let foreign =
                ["Fd", "uid_t", "Errno", "Mode", "Metadata", "Pid", "Unix", "rustix", "nix::", "PermissionsExt"];
            let found = foreign.iter().find(|name| is_given && line.contains(**name));
            assert!(found.is_none(), "{}: {line}", path.display());
        }
    }
}

/// The formatter leaves comments as they are.
#[test]
fn no_comment_runs_beyond_the_width_of_code() {
    for path in sources(&root().join("src")).into_iter().chain(sources(&root().join("tests"))) {
        let text = std::fs::read_to_string(&path).unwrap();
        let comments = text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("//"));
        for (number, line) in comments {
            let width = line.chars().count();
            assert!(width <= 120, "{}:{} has {width} columns", path.display(), number + 1);
        }
    }
}

/// Rooms in which every file that has so many lines says in its head what it is for and which rule it keeps.
const HEADED: &[&str] = &["access", "agent", "bin", "client", "listen", "oauth", "store"];
const HEADLESS: usize = 60;

#[test]
fn a_file_says_in_its_head_what_it_is_for() {
    for path in HEADED.iter().flat_map(|room| sources(&root().join("src").join(room))) {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_short = text.lines().count() < HEADLESS;
        assert!(is_short || text.starts_with("//! "), "{} has no head", path.display());
    }
}

#[test]
fn no_file_grows_beyond_its_idea() {
    for path in sources(&root().join("src")) {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 350, "{} has {lines} lines: is there one noun in it?", path.display());
    }
}

/// A name that is longer is a paragraph, and belongs into the test as its comment.
#[test]
fn a_test_says_in_seventy_letters_what_holds() {
    for path in sources(&root().join("src")).into_iter().chain(sources(&root().join("tests"))) {
        let text = std::fs::read_to_string(&path).unwrap();
        let names = text.lines().filter_map(|line| line.trim_start().trim_start_matches("async ").strip_prefix("fn "));
        for name in names.filter_map(|line| line.split(['(', '<']).next()) {
            assert!(name.len() <= 70, "{}: {name} has {} letters", path.display(), name.len());
        }
    }
}

#[test]
fn what_is_not_the_agent_links_neither_a_runtime_nor_http_nor_tls() {
    for features in [&["--no-default-features"][..], &["--no-default-features", "--features", "cli"]] {
        let mut tree = Command::new(env!("CARGO"));
        tree.args(["tree", "--locked", "--edges", "normal", "--prefix", "none"]).args(features).current_dir(root());
        let done = tree.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let listed = String::from_utf8(done.stdout).unwrap();
        for heavy in ["tokio ", "reqwest ", "hyper ", "rustls ", "openssl "] {
            assert!(!listed.lines().any(|line| line.starts_with(heavy)), "{heavy}with {features:?}");
        }
    }
}

#[test]
fn the_programs_built_for_release_are_small_and_carry_only_what_they_need() {
    // Built together, one library serves all three; what the linker kept is what counts.
    for (name, bar) in [("git-credential-loom", 2_050_000), ("loom", 7_700_000)] {
        let program = root().join("target/release").join(name);
        let Ok(bytes) = std::fs::read(&program) else {
            skip(&format!("{name} is not built for release; tests/run builds it"));
            continue;
        };
        assert!(bytes.len() < bar, "{name} has {} bytes", bytes.len());
        // Where there is a compiler there is the C library's archive, on the systems that are tested.
        let needs_loader = bytes.windows(8).any(|window| window == b".interp\0");
        assert!(!cfg!(target_env = "gnu") || !needs_loader, "{name} is not linked as it should be");
        for heavy in ["tokio-", "reqwest-", "hyper-", "rustls-"] {
            let is_version =
                |window: &[u8]| window.starts_with(heavy.as_bytes()) && window[heavy.len()].is_ascii_digit();
            assert!(!bytes.windows(heavy.len() + 1).any(is_version), "{name} carries {heavy}");
        }
    }
}
