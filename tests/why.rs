use crate::support::Home;

fn prepared() -> Home {
    let home = Home::new();
    for user in ["alice", "work"] {
        home.store("https", "git.example", user, &format!("of-{user}")).ok();
    }
    home
}

fn get(home: &Home, path: &str) -> String {
    home.helper("get", format!("protocol=https\nhost=git.example\npath={path}\n\n")).ok().out
}

#[test]
fn a_rule_for_a_path_chooses_the_account_and_why_names_the_rule() {
    let home = prepared();
    assert!(get(&home, "acme/app.git").contains("of-alice"), "without a rule the oldest is the default");
    let why = home.loom(&["why", "https://git.example/acme/app.git"]).ok().out;
    assert!(why.starts_with("https://git.example  alice\n") && why.contains("oldest"), "{why}");
    home.configure("[[account]]\nmatch = \"https://git.example/acme/*\"\nuser = \"work\"\n");
    assert!(get(&home, "acme/app.git").contains("of-work"));
    assert!(get(&home, "acme-evil/app.git").contains("of-alice") && get(&home, "other/app.git").contains("of-alice"));
    let why = home.loom(&["why", "https://git.example", "--path", "acme/app.git"]).ok().out;
    assert!(why.starts_with("https://git.example  work\n") && why.contains("https://git.example/acme"), "{why}");
    home.loom(&["why", "git.example"]).ok().says("useHttpPath");
    let named = home.helper("get", "protocol=https\nhost=git.example\npath=acme/x\nusername=alice\n\n").ok().out;
    assert!(named.contains("of-alice"), "a user in the URL goes before a rule");
}

#[test]
fn a_rule_for_a_directory_chooses_the_account() {
    let home = prepared();
    let work = home.path().join("home/acme/app");
    std::fs::create_dir_all(&work).unwrap();
    home.configure("[[account]]\ndirectory = \"~/acme\"\nuser = \"work\"\n");
    let get_in = |dir: &std::path::Path| {
        let mut command = home.command(env!("CARGO_BIN_EXE_git-credential-loom"));
        crate::support::run(command.arg("get").current_dir(dir), b"protocol=https\nhost=git.example\n\n").ok().out
    };
    assert!(get_in(&work).contains("of-work"));
    assert!(get_in(home.path()).contains("of-alice"));
}

#[test]
fn a_rule_whose_account_is_not_there_gives_nothing_and_why_says_so() {
    let home = prepared();
    home.configure("[[account]]\nmatch = \"git.example\"\nuser = \"nobody\"\n");
    assert_eq!(home.get("https", "git.example").ok().out, "");
    let why = home.loom(&["why", "git.example"]);
    assert_eq!(why.code, 4);
    assert!(why.out.contains("nobody") && why.out.contains("alice"), "{why:?}");
}

#[test]
fn why_says_what_is_refused_and_what_is_not_there() {
    let home = prepared();
    let why = home.loom(&["why", "https://other.example"]);
    assert_eq!((why.code, why.out.lines().next()), (4, Some("-")));
    home.helper("erase", "protocol=https\nhost=git.example\nusername=alice\npassword=of-alice\n\n").ok();
    let json: serde_json::Value = serde_json::from_str(&home.loom(&["why", "git.example", "--json"]).ok().out).unwrap();
    assert_eq!(json["chosen"]["account"], "work");
    assert!(json["passed_over"][0]["because"].as_str().unwrap().contains("refused"), "{json}");
    let clear = home.loom(&["why", "http://git.example"]);
    assert!(clear.code == 4 && clear.out.contains("unencrypted"), "{clear:?}");
    home.loom(&["why", "https://git.example", "--path", "a/../b"]).fails(2);
}

#[test]
fn a_rule_with_a_mistake_is_named() {
    let home = prepared();
    home.configure("[[account]]\nmatch = \"https://git.example/a/../b\"\nuser = \"x\"\n");
    home.get("https", "git.example").fails(1).says("config.toml");
}
