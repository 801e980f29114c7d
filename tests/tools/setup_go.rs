//! `loom setup go`: a line in Go's file of variables.

use super::setup_bench::SetupBench;
use crate::support::{provided, run};

const GO: &str = ".config/go/env";

/// A home whose settings lie in the home directory.
fn bench() -> SetupBench {
    let mut bench = SetupBench::new();
    let config = bench.path(".config");
    bench.home.set("XDG_CONFIG_HOME", config);
    // Loom's own settings lie there, too.
    std::fs::create_dir(bench.path(".config")).unwrap();
    bench
}

#[test]
fn go_asks_loom_first_and_goes_on_asking_others() {
    let bench = bench();
    bench.write(GO, "GOPROXY=https://proxy.example\nGOAUTH=git /home/a; netrc\n");
    bench.setup(&["go", "--server", "https://proxy.example"]).ok();
    let loom = bench.home.path().join("bin/loom");
    let expected = format!("GOAUTH={} goauth --server https://proxy.example/; git /home/a; netrc\n", loom.display());
    assert!(
        bench.read(GO).ends_with(&expected) || bench.read(GO).ends_with(&expected.replace("/;", ";")),
        "{}",
        bench.read(GO)
    );
}

#[test]
fn what_go_had_comes_back() {
    let bench = bench();
    for text in ["GOAUTH=off-not;netrc\nA=b\n", "A=b", "A=b\r\nC=d\r\n", "# mine\nGOFLAGS=-x\n"] {
        bench.comes_back(&["go"], GO, text);
    }
}

#[test]
fn whoever_turned_goauth_off_is_asked() {
    let bench = bench();
    bench.write(GO, "GOAUTH=off\n");
    bench.setup(&["go"]).fails(1).says("--force");
    assert_eq!(bench.read(GO), "GOAUTH=off\n");
    bench.setup(&["go", "--force"]).ok();
    bench.write(GO, &format!("{}GOFLAGS=-x\n", bench.read(GO)));
    bench.setup(&["go", "--remove"]).ok();
    assert_eq!(bench.read(GO), "GOAUTH=off\nGOFLAGS=-x\n");
}

#[test]
fn gos_own_program_reads_what_was_written() {
    let Some(go) = provided("go/go/bin/go") else { return };
    let bench = bench();
    bench.setup(&["go"]).ok();
    let said = run(bench.tool(go).args(["env", "GOAUTH"]), b"").ok().out;
    assert!(said.contains("/bin/loom goauth; netrc"), "{said}");
}
