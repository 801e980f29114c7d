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

#[test]
fn the_corpus_of_pushes_holds() {
    replay("push_list", checks::push_list);
}

#[test]
fn the_corpus_of_what_git_servers_say_holds() {
    replay("git_lines", checks::git_lines);
}

#[test]
fn the_corpus_of_packs_holds() {
    replay("pack_head", checks::pack_head);
}

/// How often each parser is tried with something that is like the corpus: with `LOOM_FULL` as often as a fuzzer would.
fn tries() -> usize {
    if std::env::var_os("LOOM_FULL").is_some() { 10_000_000 } else { 20_000 }
}

/// Inputs that are made of those of the corpus, by changing, cutting and joining them.
fn mutated(target: &str, check: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let corpus: Vec<Vec<u8>> =
        std::fs::read_dir(dir).unwrap().flatten().map(|input| std::fs::read(input.path()).unwrap()).collect();
    let mut random = fastrand::Rng::with_seed(std::process::id().into());
    for _ in 0..tries() {
        let mut input = corpus[random.usize(..corpus.len())].clone();
        for _ in 0..random.usize(..4) {
            let at = random.usize(..input.len().max(1)).min(input.len());
            let other = &corpus[random.usize(..corpus.len())];
            let from = random.usize(..other.len());
            let part = other[from..(from + random.usize(..60)).min(other.len())].to_vec();
            match random.u8(..5) {
                0 if at < input.len() => input[at] ^= 1 << random.u8(..8),
                1 if at < input.len() => input[at] = b"0 \0\n1fZ"[random.usize(..7)],
                2 => input.truncate(at),
                3 => drop(input.splice(at..at, part)),
                _ => drop(input.splice(at..(at + part.len()).min(input.len()), part)),
            }
        }
        check(&input);
    }
}

#[test]
fn what_is_like_a_push_is_read_in_one_way() {
    mutated("push_list", checks::push_list);
}

#[test]
fn what_is_like_a_git_servers_words_is_read_in_one_way() {
    mutated("git_lines", checks::git_lines);
}

#[test]
fn what_is_like_a_pack_shows_nothing() {
    mutated("pack_head", checks::pack_head);
}
