//! `loom setup` for pip, uv, pnpm, Vault and bazel, whose settings are a line each.

use super::setup_bench::SetupBench;
use crate::support::{machine_program, run};

/// A home whose settings lie in the home directory.
fn bench() -> SetupBench {
    let mut bench = SetupBench::new();
    let config = bench.path(".config");
    bench.home.set("LOOM_CONFIG_DIR", bench.home.path().join("config/loom"));
    bench.home.set("XDG_CONFIG_HOME", config);
    bench
}

#[test]
fn pip_and_uv_start_loom_as_keyring_once_path_leads_to_it() {
    let bench = bench();
    bench.setup(&["pip"]).ok().says("state/loom/bin");
    bench.setup(&["uv"]).ok();
    assert_eq!(bench.read(".config/pip/pip.conf"), "[global]\nkeyring-provider = subprocess\n");
    assert_eq!(bench.read(".config/uv/uv.toml"), "keyring-provider = \"subprocess\"\n");
    let keyring = bench.home.path().join("state/loom/bin/keyring");
    bench.setup(&["pip", "--remove"]).ok();
    assert!(keyring.exists(), "uv needs it");
    bench.setup(&["uv", "--remove"]).ok();
    assert!(!keyring.exists());
}

#[test]
fn what_pip_and_uv_had_comes_back() {
    let bench = bench();
    let pip = ".config/pip/pip.conf";
    for text in ["# mine\n[global]\ntimeout = 3", "[install]\r\nno-deps = yes\r\n"] {
        bench.comes_back(&["pip"], pip, text);
    }
    for text in ["[global]\nkeyring-provider=import\n", "[global]\nkeyring-provider: import\n"] {
        bench.comes_back(&["pip", "--force"], pip, text);
        bench.setup(&["pip"]).fails(1).says("import");
    }
    bench.comes_back(&["uv"], ".config/uv/uv.toml", "# mine\n[[index]]\nurl = \"https://a.example\"\n");
}

#[test]
fn a_password_in_an_index_of_pips_goes_over_to_loom() {
    let bench = bench();
    let pip = ".config/pip/pip.conf";
    bench.write(pip, "[global]\nindex-url = https://alice:pw%2F1@pypi.example/simple\n");
    bench.setup(&["pip"]).ok().without("pw%2F1").says("in loom now");
    assert!(bench.read(pip).contains("index-url = https://alice@pypi.example/simple\n"));
    let keyring = bench.home.path().join("state/loom/bin/keyring");
    let said = run(bench.tool(keyring).args(["get", "https://pypi.example/simple", "alice"]), b"").ok();
    assert_eq!(said.out.trim(), "pw/1");
}

#[test]
fn pips_own_program_reads_what_was_written() {
    let Some(pip) = machine_program("pip3") else { return };
    let bench = bench();
    bench.setup(&["pip"]).ok();
    let said = run(bench.tool(pip).args(["config", "get", "global.keyring-provider"]), b"");
    // A version that is chosen by a shim looks for its home elsewhere.
    assert!(said.code != 0 || said.out.trim() == "subprocess", "{said:?}");
}

#[test]
fn pnpm_gets_a_program_for_each_registry() {
    let bench = bench();
    let text = "registry=https://npm.example/\n//npm.example/:_authToken=tok-1\n//other.example/:_authToken=tok-2\n";
    bench.write(".npmrc", text);
    bench.setup(&["pnpm"]).fails(2).says("--server");
    bench.setup(&["pnpm", "--server", "npm.example"]).ok().without("tok-1").says("in loom now");
    let program = bench.home.path().join("state/loom/bin/npm-token-loom@npm.example");
    let left = text.replace("//npm.example/:_authToken=tok-1\n", "");
    assert_eq!(bench.read(".npmrc"), format!("{left}//npm.example/:tokenHelper={}\n", program.display()));
    assert_eq!(run(&mut bench.tool(&program), b"").ok().out.trim(), "Bearer tok-1");
    bench.setup(&["pnpm", "--remove"]).ok();
    assert_eq!(bench.read(".npmrc"), left);
    assert!(!program.exists());
}

#[test]
fn vaults_token_goes_over_where_its_address_is_known() {
    let mut bench = bench();
    bench.write(".vault-token", "tok-1\n");
    bench.setup(&["vault"]).ok().says("VAULT_ADDR");
    assert_eq!(bench.read(".vault-token"), "tok-1\n");
    bench.home.set("VAULT_ADDR", "https://vault.example");
    bench.setup(&["vault"]).ok().says("in loom now");
    bench.home.assert_nowhere_in_clear("tok-1");
    let helper = bench.home.path().join("bin/vault-token-loom");
    assert_eq!(bench.read(".vault"), format!("token_helper = \"{}\"\n", helper.display()));
    assert_eq!(run(bench.tool(&helper).arg("get"), b"").ok().out.trim(), "tok-1");
}

#[test]
fn bazel_asks_loom_about_named_domains_only() {
    let bench = bench();
    bench.setup(&["bazel"]).fails(2).says("--server");
    let text = "build --jobs=2\n";
    bench.comes_back(&["bazel", "--server", "cache.example", "--server", "mirror.example"], ".bazelrc", text);
    bench.setup(&["bazel", "--server", "cache.example"]).ok();
    let helper = bench.home.path().join("bin/bazel-credential-loom");
    let line = format!("common --credential_helper=cache.example={}\n", helper.display());
    assert!(bench.read(".bazelrc").contains(&line), "{}", bench.read(".bazelrc"));
}

#[test]
fn bazel_asks_loom_about_each_server_that_loom_knows() {
    let bench = SetupBench::new();
    bench.setup(&["bazel"]).fails(2).says("--server");
    for server in ["https://a.example", "https://a.example/team", "https://b.example:8443", "http://localhost:1"] {
        bench.home.loom_in(&["login", "--with-token", "--server", server], "tok_0123456789").ok();
    }
    bench.setup(&["bazel"]).ok();
    let text = bench.read(".bazelrc");
    let scopes: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("common --credential_helper=")).collect();
    assert!(scopes.len() == 2 && scopes[0].starts_with("a.example=") && scopes[1].starts_with("b.example="), "{text}");
}
