//! `loom setup terraform` and `tofu`: a paragraph in the user's settings, and their file of tokens.

use super::setup_bench::SetupBench;
use crate::support::{machine_program, run};

const FILE: &str = ".terraformrc";
const TOKENS: &str = ".terraform.d/credentials.tfrc.json";

#[test]
fn terraform_asks_loom_by_a_paragraph_that_goes_again() {
    let bench = SetupBench::new();
    for text in ["", "# mine\nplugin_cache_dir = \"/a\"", "disable_checkpoint = true\r\n"] {
        bench.comes_back(&["terraform"], FILE, text);
    }
    bench.comes_back(&["terraform", "--force"], FILE, "credentials_helper \"x\" {\n  args = []\n}\n# mine\n");
}

#[test]
fn the_helper_lies_where_terraform_looks_for_it() {
    let bench = SetupBench::new();
    bench.setup(&["terraform"]).ok();
    assert!(bench.path(".terraform.d/plugins/terraform-credentials-loom").exists());
    bench.setup(&["terraform", "--remove"]).ok();
    assert!(!bench.is_there(".terraform.d/plugins/terraform-credentials-loom"));
}

#[test]
fn tofu_writes_no_file_that_hides_another() {
    let bench = SetupBench::new();
    bench.write(FILE, "# mine\n");
    bench.setup(&["tofu"]).ok();
    assert!(bench.read(FILE).contains("credentials_helper") && !bench.is_there(".tofurc"));
}

#[test]
fn terraforms_tokens_go_over_to_loom_and_terraform_finds_them_there() {
    let bench = SetupBench::new();
    bench.write(TOKENS, "{\n  \"credentials\": {\n    \"app.example\": {\n      \"token\": \"tok-1\"\n    }\n  }\n}\n");
    bench.setup(&["terraform"]).ok().without("tok-1").says("in loom now");
    assert_eq!(bench.read(TOKENS), "{\n  \"credentials\": {}\n}\n");
    bench.home.assert_nowhere_in_clear("tok-1");
    let helper = bench.path(".terraform.d/plugins/terraform-credentials-loom");
    let get = || run(bench.tool(&helper).args(["get", "app.example"]), b"").ok().out;
    assert!(get().contains("tok-1"));
    let Some(terraform) = machine_program("terraform") else { return };
    let mut logout = bench.tool(terraform);
    run(logout.env("CHECKPOINT_DISABLE", "1").args(["logout", "app.example"]), b"").ok();
    assert!(!get().contains("tok-1"));
}
