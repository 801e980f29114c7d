use super::bench::Bench;
use crate::support::{Output, run};

/// A helper, its arguments, and what it is told.
type Call = (&'static str, &'static [&'static str], &'static str);

const CARGO: &str = "{\"v\":1,\"registry\":{\"index-url\":\"sparse+https://a.example/index/\"},\"kind\":\"get\",\"operation\":\"read\"}\n";
const LOGIN: &str = "{\"v\":1,\"registry\":{\"index-url\":\"sparse+https://a.example/index/\"},\"kind\":\"login\",\"token\":\"tok_0123456789\"}\n";
const ENTRY: &str = "{\"ServerURL\":\"a.example\",\"Username\":\"alice\",\"Secret\":\"tok_0123456789\"}\n";

/// What each tool keeps, and how it asks for it.
const TOOLS: [(Call, Call); 5] = [
    (("docker-credential-loom", &["store"], ENTRY), ("docker-credential-loom", &["get"], "a.example")),
    (("cargo-credential-loom", &["--cargo-plugin"], LOGIN), ("cargo-credential-loom", &["--cargo-plugin"], CARGO)),
    (
        ("keyring", &["set", "https://a.example/simple", "alice"], "tok_0123456789\n"),
        ("keyring", &["get", "https://a.example/simple", "alice"], ""),
    ),
    (
        ("terraform-credentials-loom", &["store", "a.example"], "{\"token\":\"tok_0123456789\"}"),
        ("terraform-credentials-loom", &["get", "a.example"], ""),
    ),
    (("vault-token-loom", &["store"], "tok_0123456789\n"), ("vault-token-loom", &["get"], "")),
];

#[test]
fn two_of_each_kind_at_once_keep_and_find_their_own() {
    let bench = Bench::new();
    let call = |(program, args, input): Call| -> Output {
        let mut command = bench.home.command(bench.program(program));
        run(command.args(args).env("VAULT_ADDR", "https://a.example"), input.as_bytes())
    };
    let all = |calls: Vec<Call>| -> Vec<Output> {
        std::thread::scope(|scope| {
            let running: Vec<_> = calls.into_iter().map(|each| scope.spawn(move || call(each))).collect();
            running.into_iter().map(|each| each.join().unwrap()).collect()
        })
    };
    let twice = |calls: [Call; 5]| calls.into_iter().flat_map(|each| [each, each]).collect::<Vec<_>>();
    for kept in all(twice(TOOLS.map(|(keep, _)| keep))) {
        kept.ok().without("tok_0123456789");
    }
    for found in all(twice(TOOLS.map(|(_, ask)| ask))) {
        assert!(found.out.contains("tok_0123456789") && found.err.is_empty(), "{found:?}");
    }
    bench.home.assert_nowhere_in_clear("tok_0123456789");
}
