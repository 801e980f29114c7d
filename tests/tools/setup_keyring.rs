//! `loom setup keyring`: Python's package keyring, and what imports it.

use super::setup_bench::SetupBench;
use crate::support::{Output, provided, run};

const FILE: &str = ".config/python_keyring/keyringrc.cfg";

/// A home whose settings lie in the home directory.
fn bench() -> SetupBench {
    let mut bench = SetupBench::new();
    let config = bench.path(".config");
    bench.home.set("XDG_CONFIG_HOME", config);
    std::fs::create_dir(bench.path(".config")).unwrap();
    bench
}

/// The package itself, which imports whatever its settings name.
fn python(bench: &SetupBench, program: &str) -> Option<Output> {
    let packages = provided("python")?;
    let mut command = bench.tool("python3");
    command.args(["-c", program]).env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    Some(run(command.env_remove("PYTHON_KEYRING_BACKEND"), b""))
}

#[test]
fn what_imports_keyring_asks_loom_and_not_any_more() {
    let bench = bench();
    bench
        .home
        .loom_in(&["login", "--with-token", "--server", "https://a.example/simple", "--account", "alice"], "pw_1")
        .ok();
    bench.setup(&["keyring"]).ok();
    let program = "import keyring
print(type(keyring.get_keyring()).__name__, keyring.get_password('https://a.example/simple', 'alice'))";
    let Some(said) = python(&bench, program) else { return };
    assert_eq!(said.ok().out, "LoomKeyring pw_1\n");
    bench.setup(&["keyring", "--remove"]).ok();
    assert!(!bench.is_there(FILE));
    let said = python(&bench, "import keyring; print(type(keyring.get_keyring()).__name__)").unwrap().ok();
    assert!(!said.out.contains("LoomKeyring"), "{said:?}");
}

#[test]
fn what_stood_in_keyrings_settings_comes_back() {
    let bench = bench();
    for text in ["# mine\n[backend]\n\n[other]\na=b\n", "[backend]\r\ndefault-keyring = x.Y\r\n"] {
        bench.comes_back(&["keyring", "--force"], FILE, text);
    }
}

#[test]
fn another_backend_stays_unless_it_is_said_to_go() {
    let bench = bench();
    let text = "[backend]\ndefault-keyring=keyring.backends.SecretService.Keyring\n";
    bench.write(FILE, text);
    bench.setup(&["keyring"]).fails(1).says("--force");
    assert_eq!(bench.read(FILE), text);
}
