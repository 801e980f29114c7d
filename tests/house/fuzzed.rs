//! Replays what the fuzzers have found interesting; `tests/fuzz` runs them for longer.

#[path = "../fuzz/targets/checks.rs"]
mod checks;

use std::path::Path;

use proptest::prelude::*;

fn replay(target: &str, check: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let inputs: Vec<_> = std::fs::read_dir(dir).unwrap().flatten().collect();
    assert!(!inputs.is_empty());
    inputs.iter().for_each(|input| check(&std::fs::read(input.path()).unwrap()));
}

#[test]
fn the_corpus_of_gits_input_holds() {
    replay("git_input", checks::git_input);
}

#[test]
fn the_corpus_of_tools_input_holds() {
    replay("tool_input", checks::tool_input);
}

/// What tools say, and what nobody would.
const SAID: &[&str] = &[
    "docker-credential-loom",
    "cargo-credential-loom",
    "keyring",
    "terraform-credentials-loom",
    "vault-token-loom",
    "npm-token-loom@",
    "bazel-credential-loom",
    " ",
    " ",
    "get",
    "store",
    "erase",
    "list",
    "set",
    "del",
    "forget",
    "--cargo-plugin",
    "--mode=creds",
    "--output=json",
    "--",
    "\n",
    "\n",
    "a.example",
    "https://a.example/x",
    "{\"ServerURL\":\"a.example\",\"Username\":\"u\",\"Secret\":\"s3cr3t-of-the-tool\"}",
    "{\"token\":\"s3cr3t-of-the-tool\"}",
    "{\"uri\":\"https://a.example/x?y\"}",
    "s3cr3t-of-the-tool",
    "{\"v\":1,\"registry\":{\"index-url\":\"sparse+https://a.example/i/\"},\"kind\":",
    "\"get\",\"operation\":\"read\"}",
    "\"login\",\"token\":\"s3cr3t-of-the-tool\"}",
    "\"logout\"}",
    "\"",
    "{",
    "}",
    "\0",
    "\u{e9}",
    "//",
    "@",
    "%2e",
];

proptest! {
    #[test]
    fn whatever_is_said_to_a_helper_has_an_answer_without_a_secret_beside_it(
        program in prop::sample::select(SAID[..7].to_vec()),
        parts in prop::collection::vec(prop::sample::select(SAID.to_vec()), 0..9),
        rest in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        checks::tool_input(&[program.as_bytes(), b" ", parts.concat().as_bytes(), &rest].concat());
    }
}

#[test]
fn the_corpus_of_servers_holds() {
    replay("server_url", checks::server_url);
}

#[test]
fn the_corpus_of_paths_holds() {
    replay("url_path", checks::url_path);
}

/// What paths out of a path are made of, and what those inside have.
const PARTS: &[&str] = &[
    "/",
    "/",
    "/",
    "..",
    ".",
    "%2e",
    "%2E",
    "%252e",
    "%25252e",
    "%2f",
    "%252F",
    "%5c",
    "%255C",
    ";",
    "%3b",
    ";a=b",
    "%00",
    "%09",
    "%2509",
    "%2500",
    "%0a",
    "%20",
    "+",
    "%c0%ae",
    "%ef%bc%8e",
    "%e2%88%95",
    "%e2%80%8b",
    "%ad",
    "%u002e",
    "%3f",
    "%23",
    "%25",
    "2e",
    "x",
    "mallory",
    "a.b",
    "group%2Fproject",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_path_that_is_taken_leads_a_server_out_of_where_it_lies(
        prefix in prop::sample::select(vec!["", "/org", "/org/a%20b", "/org;v=1", "/org%252Fx"]),
        parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..9),
    ) {
        checks::url_path(format!("{prefix}\n/{}", parts.concat()).as_bytes());
    }
}

#[test]
fn the_corpus_of_frames_holds() {
    replay("frames", checks::frames);
}

#[test]
fn the_corpus_of_the_sealed_file_holds() {
    replay("sealed_file", checks::sealed_file);
}
