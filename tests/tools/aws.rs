//! AWS' own library, which runs `loom aws` for its key.

use serde_json::Value;

use super::bench::Bench;
use crate::support::{Output, provided, run};

const ID: &str = "AKIAIOSFODNN7EXAMPLE";

/// The key that a program with AWS' library would use.
const EXPORT: &str = "import botocore.session, json
key = botocore.session.get_session().get_credentials().get_frozen_credentials()
print(json.dumps([key.access_key, key.secret_key]))";

fn exported(bench: &Bench) -> Option<Output> {
    let library = provided("clouds")?;
    let config = bench.home.path().join("aws");
    std::fs::write(&config, "[default]\ncredential_process = loom aws --server https://sts.example\n").unwrap();
    let mut command = bench.home.command("python3");
    command.args(["-B", "-c", EXPORT]).env("AWS_CONFIG_FILE", config).env("PYTHONPATH", library);
    Some(run(&mut command, b""))
}

#[test]
fn aws_uses_the_key_that_loom_holds() {
    let bench = Bench::new();
    let login = ["login", "--server", "https://sts.example", "--account", ID, "--with-token"];
    bench.home.loom_in(&login, "wJalrXUtnFEMI/K7MDENG\n").ok();
    let Some(done) = exported(&bench) else { return };
    let said: Value = serde_json::from_str(&done.ok().out).unwrap();
    assert_eq!(said, serde_json::json!([ID, "wJalrXUtnFEMI/K7MDENG"]));
}

#[test]
fn aws_shows_why_there_is_no_key() {
    let Some(done) = exported(&Bench::new()) else { return };
    assert!(done.code != 0 && done.err.contains("loom login --server"), "{done:?}");
}

#[test]
fn what_is_no_key_is_not_given_out_as_one() {
    let bench = Bench::new();
    bench.home.loom_in(&["login", "--server", "https://sts.example", "--with-token"], "tok_0123456789\n").ok();
    let said = bench.home.loom(&["aws", "--server", "https://sts.example"]);
    assert!(said.out.is_empty() && said.err.contains("--account KEY-ID"), "{said:?}");
}
