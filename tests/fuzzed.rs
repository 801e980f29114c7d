//! Replays what the fuzzers have found interesting; `tests/fuzz` runs them for longer.

#[path = "fuzz/targets/checks.rs"]
mod checks;

use std::path::Path;

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
fn the_corpus_of_servers_holds() {
    replay("server_url", checks::server_url);
}

#[test]
fn the_corpus_of_frames_holds() {
    replay("frames", checks::frames);
}

#[test]
fn the_corpus_of_the_sealed_file_holds() {
    replay("sealed_file", checks::sealed_file);
}
