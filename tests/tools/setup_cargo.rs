//! `loom setup cargo`: the user's own settings of cargo, and its file of tokens.

use std::path::Path;

use super::setup_bench::SetupBench;
use crate::support::run;

const FILE: &str = ".cargo/config.toml";
const TOKENS: &str = ".cargo/credentials.toml";
const OWN: &str =
    "# mine\n[build]\njobs = 2 # few\n\n[registries.own]\nindex = \"sparse+https://crates.example/index/\"\n";

#[test]
fn cargo_asks_loom_and_its_own_file_after_it() {
    let bench = SetupBench::new();
    bench.setup(&["cargo"]).ok();
    let program = bench.home.path().join("bin/cargo-credential-loom");
    let expected = format!("global-credential-providers = [\"cargo:token\", \"{}\"]\n", program.display());
    assert_eq!(bench.read(FILE), format!("[registry]\n{expected}"));
}

#[test]
fn cargo_asks_loom_about_the_registry_whose_index_lies_at_a_server() {
    let bench = SetupBench::new();
    bench.write(FILE, OWN);
    bench.setup(&["cargo", "--server", "crates.example"]).ok();
    let program = bench.home.path().join("bin/cargo-credential-loom");
    assert_eq!(bench.read(FILE), format!("{OWN}credential-provider = [\"{}\"]\n", program.display()));
}

#[test]
fn a_server_that_no_index_lies_at_is_said() {
    let bench = SetupBench::new();
    bench.write(FILE, OWN);
    bench.setup(&["cargo", "--server", "other.example"]).fails(1).says("other.example");
    assert_eq!(bench.read(FILE), OWN);
}

#[test]
fn a_provider_that_the_environment_names_is_seen() {
    let mut bench = SetupBench::new();
    bench.write(FILE, OWN);
    bench.home.set("CARGO_REGISTRIES_OWN_CREDENTIAL_PROVIDER", "cargo:libsecret");
    let seen = bench.setup(&[]).ok().out;
    assert!(seen.contains("CARGO_REGISTRIES_OWN_CREDENTIAL_PROVIDER=cargo:libsecret"), "{seen}");
    let refused = bench.setup(&["cargo", "--server", "crates.example", "--force"]).fails(1);
    refused.says("CARGO_REGISTRIES_OWN_CREDENTIAL_PROVIDER");
    assert_eq!(bench.read(FILE), OWN);
}

#[test]
fn a_name_that_somebody_gave_loom_is_loom_and_stays_theirs() {
    let bench = SetupBench::new();
    let text =
        format!("{OWN}credential-provider = \"mine\"\n\n[credential-alias]\nmine = [\"cargo-credential-loom\"]\n");
    bench.write(FILE, &text);
    bench.setup(&["cargo", "--server", "crates.example"]).ok();
    assert_eq!(bench.read(FILE), text);
    bench.setup(&["cargo", "--remove"]).ok();
    assert_eq!(bench.read(FILE), text);
}

#[test]
fn what_cargo_had_comes_back() {
    let bench = SetupBench::new();
    let list = "[registry]\nglobal-credential-providers = [\n  \"cargo:libsecret\", # the desktop's\n]\n";
    for text in ["", "a.b = 1\r\n# x\r\n[c]\r\nd = 'e'\r\n", list, OWN] {
        bench.comes_back(&["cargo"], FILE, text);
    }
    bench.comes_back(&["cargo", "--server", "crates.example"], FILE, OWN);
    let other = format!("{OWN}credential-provider = \"cargo:libsecret\"\n");
    bench.write(FILE, &other);
    bench.setup(&["cargo", "--server", "crates.example"]).fails(1).says("--force");
    bench.comes_back(&["cargo", "--server", "crates.example", "--force"], FILE, &other);
}

#[test]
fn only_loom_goes_from_what_was_changed_since() {
    let bench = SetupBench::new();
    bench.write(FILE, OWN);
    bench.setup(&["cargo"]).ok();
    bench.write(FILE, &format!("{}[net]\noffline = true\n", bench.read(FILE)));
    bench.setup(&["cargo", "--remove"]).ok();
    let left = bench.read(FILE);
    assert!(!left.contains("loom") && left.contains("# few") && left.contains("offline"), "{left}");
}

#[test]
fn a_broken_file_of_cargos_stays_as_it_is() {
    let bench = SetupBench::new();
    bench.write(FILE, "[a\nb = 1\n");
    bench.setup(&["cargo"]).fails(1).says("config.toml");
    assert_eq!(bench.read(FILE), "[a\nb = 1\n");
}

#[test]
fn cargos_tokens_go_over_to_loom_and_cargo_itself_finds_them_there() {
    let bench = SetupBench::new();
    bench.write(FILE, OWN);
    bench.write(TOKENS, "# kept\n[registries.own]\ntoken = \"tok-1\"\n\n[registries.lost]\ntoken = \"tok-2\"\n");
    bench.setup(&["cargo"]).ok().without("tok-1").says("names no index");
    assert_eq!(bench.read(TOKENS), "\n[registries.lost]\ntoken = \"tok-2\"\n");
    let token = || run(bench.tool("loom").args(["token", "--server", "https://crates.example/index"]), b"");
    assert_eq!(token().ok().out, "tok-1\n");
    let cargo = Path::new(env!("CARGO"));
    let mut logout = bench.tool(cargo);
    logout.env("CARGO_HOME", bench.path(".cargo")).env("RUSTC", cargo.with_file_name("rustc"));
    run(logout.args(["logout", "--registry", "own"]), b"").ok();
    token().fails(4);
}

#[test]
fn what_stands_in_one_line_is_changed_and_comes_back() {
    let bench = SetupBench::new();
    let line = "[registries]\nown = { index = \"sparse+https://crates.example/index/\" }\n";
    let list = "registry = { global-credential-providers = [\"cargo:libsecret\"] }\n";
    bench.comes_back(&["cargo", "--server", "crates.example"], FILE, line);
    bench.comes_back(&["cargo"], FILE, list);
    bench.write(FILE, &format!("{list}{line}"));
    bench.setup(&["cargo"]).ok();
    bench.setup(&["cargo", "--server", "crates.example"]).ok();
    assert_eq!(bench.read(FILE).matches("cargo-credential-loom").count(), 2, "{}", bench.read(FILE));
}

#[test]
fn a_token_stays_where_cargo_asks_loom_nothing_about_its_registry() {
    let bench = SetupBench::new();
    bench.write(FILE, &format!("{OWN}credential-provider = \"cargo:token\"\n"));
    let tokens = "[registries.own]\ntoken = \"tok-1\"\n";
    bench.write(TOKENS, tokens);
    bench.setup(&["cargo"]).ok();
    assert_eq!(bench.read(TOKENS), tokens);
}

#[test]
fn what_is_no_list_is_left_alone_with_its_token() {
    let bench = SetupBench::new();
    let text = "[registry]\nglobal-credential-providers = \"cargo:token\"\n";
    bench.write(FILE, text);
    bench.write(TOKENS, "[registry]\ntoken = \"tok-1\"\n");
    bench.setup(&["cargo"]).fails(1).says("global-credential-providers");
    assert_eq!(bench.read(FILE), text);
    assert!(bench.read(TOKENS).contains("tok-1"));
}

#[test]
fn a_token_in_cargos_settings_goes_over_and_does_not_come_back() {
    let bench = SetupBench::new();
    bench.write(FILE, &format!("{OWN}token = \"tok-1\"\n"));
    bench.setup(&["cargo"]).ok().without("tok-1").says("in loom now");
    bench.home.assert_nowhere_in_clear("tok-1");
    bench.setup(&["cargo", "--remove"]).ok();
    assert_eq!(bench.read(FILE), OWN);
}
