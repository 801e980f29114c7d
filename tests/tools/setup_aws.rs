//! `loom setup aws`: a line in a profile, and the keys of that profile.

use super::setup_bench::SetupBench;
use crate::support::{machine_program, run};

const FILE: &str = ".aws/config";
const KEYS: &str = ".aws/credentials";
const SETUP: [&str; 3] = ["aws", "--server", "https://sts.example"];

#[test]
fn aws_runs_loom_in_the_profile() {
    let bench = SetupBench::new();
    bench.setup(&SETUP).ok();
    let loom = bench.home.path().join("bin/loom");
    assert_eq!(
        bench.read(FILE),
        format!("[default]\ncredential_process = {} aws --server https://sts.example\n", loom.display())
    );
}

#[test]
fn what_aws_had_comes_back() {
    let mut bench = SetupBench::new();
    let text = "[default]\nregion = x\ns3 =\n    max_concurrent_requests = 20\n\n[profile work]\r\nregion=y\r\n";
    bench.comes_back(&SETUP, FILE, text);
    bench.home.set("AWS_PROFILE", "work");
    bench.comes_back(&SETUP, FILE, text);
    bench.comes_back(
        &["aws", "--server", "sts.example", "--force"],
        FILE,
        &format!("{text}credential_process = x y\n"),
    );
}

#[test]
fn keys_of_the_profile_go_over_to_loom_and_aws_own_program_finds_them() {
    let bench = SetupBench::new();
    let other = "[work]\naws_access_key_id = AKIAIOSFODNN7EXAMPL2\naws_secret_access_key = other\n";
    bench.write(
        KEYS,
        &format!("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = sec-1\n\n{other}"),
    );
    bench.setup(&SETUP).ok().without("sec-1").says("in loom now");
    assert!(bench.read(KEYS).ends_with(other) && !bench.read(KEYS).contains("sec-1"), "{}", bench.read(KEYS));
    let said = run(bench.tool("loom").args(SETUP), b"").ok().out;
    assert!(said.contains("\"sec-1\""), "{said}");
    let Some(aws) = machine_program("aws") else { return };
    let said = run(bench.tool(aws).args(["configure", "list"]), b"").out;
    assert!(said.contains("custom-process"), "{said}");
}
