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
    assert!(why.starts_with("https://git.example  alice\n"), "{why}");
    assert!(why.contains("oldest"), "{why}");
    home.configure("[[account]]\nmatch = \"https://git.example/acme/*\"\nuser = \"work\"\n");
    assert!(get(&home, "acme/app.git").contains("of-work"));
    assert!(get(&home, "acme-evil/app.git").contains("of-alice"));
    assert!(get(&home, "other/app.git").contains("of-alice"));
    let why = home.loom(&["why", "https://git.example", "--path", "acme/app.git"]).ok().out;
    assert!(why.starts_with("https://git.example  work\n"), "{why}");
    assert!(why.contains("https://git.example/acme"), "{why}");
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
    assert!(why.out.contains("nobody"), "{why:?}");
    assert!(why.out.contains("alice"), "{why:?}");
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
    assert_eq!(clear.code, 4, "{clear:?}");
    assert!(clear.out.contains("unencrypted"), "{clear:?}");
    home.loom(&["why", "https://git.example", "--path", "a/../b"]).fails(2);
}

#[test]
fn a_rule_with_a_mistake_is_named() {
    let home = prepared();
    home.configure("[[account]]\nmatch = \"https://git.example/a/../b\"\nuser = \"x\"\n");
    home.get("https", "git.example").fails(1).says("config.toml");
}

/// A home where git is told to ask loom.
fn set_up() -> Home {
    let home = prepared();
    home.loom(&["setup", "git"]).ok();
    home
}

fn global(home: &Home, key: &str, value: &str) {
    home.git_config(&["config", "--global", "--add", key, value]).ok();
}

fn json(home: &Home, arguments: &[&str]) -> serde_json::Value {
    let done = home.loom(&[&["why", "--json"][..], arguments].concat());
    serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"))
}

#[test]
fn a_clone_url_with_a_user_and_a_path_is_understood() {
    let home = set_up();
    for url in ["https://work@git.example/acme/app.git", "work@git.example/acme/app.git", "https://work@git.example"] {
        let why = home.loom(&["why", url]).ok().out;
        assert!(why.starts_with("https://git.example  work\n"), "{url}: {why}");
    }
    assert_eq!(home.loom(&["why", "https://nobody@git.example/x.git"]).code, 4);
    let other = home.loom(&["why", "https://alice@git.example/x.git", "--account", "work"]).ok().out;
    assert!(other.contains("  work\n"), "{other}");
    // Git uses a password in the URL and asks nobody.
    let with_password = home.loom(&["why", "https://work:pw-in-url@git.example/x.git"]);
    assert_eq!(with_password.code, 4, "{with_password:?}");
    assert!(with_password.out.contains("password"), "{with_password:?}");
    assert!(!with_password.out.contains("pw-in-url"));
    assert!(!with_password.err.contains("pw-in-url"));
    home.loom(&["why", "https://a@b@git.example/x"]).fails(2);
}

#[test]
fn why_names_the_helpers_that_git_asks_first() {
    let home = prepared();
    global(&home, "credential.helper", "cache --timeout 60");
    home.loom(&["setup", "git"]).ok();
    global(&home, "credential.helper", "store");
    let why = home.loom(&["why", "https://git.example/x.git"]).ok().out;
    assert!(why.contains("cache --timeout 60"), "{why}");
    assert!(!why.contains("store"), "{why}");
    let json = json(&home, &["https://git.example/x.git"]);
    assert_eq!(json["git"]["before"], serde_json::json!(["cache --timeout 60"]), "{json}");
    assert_eq!((&json["git"]["asks_loom"], &json["chosen"]["account"]), (&true.into(), &"alice".into()));
}

#[test]
fn where_the_list_is_emptied_git_gets_nothing_of_loom_and_why_says_so() {
    let home = set_up();
    global(&home, "credential.https://git.example.helper", "");
    global(&home, "credential.https://git.example.helper", "!gh auth git-credential");
    let why = home.loom(&["why", "https://git.example/x.git"]);
    assert_eq!(why.code, 4, "{why:?}");
    assert!(why.out.starts_with("-\n"), "{why:?}");
    assert!(why.out.contains("loom setup git --server https://git.example"), "{why:?}");
    let json = json(&home, &["git.example"]);
    assert_eq!((&json["chosen"], &json["git"]["asks_loom"]), (&serde_json::Value::Null, &false.into()), "{json}");
    home.loom(&["setup", "git", "--server", "https://git.example"]).ok();
    let why = home.loom(&["why", "https://git.example/x.git"]).ok().out;
    assert!(why.contains("gh auth git-credential"), "{why}");
}

#[test]
fn a_home_where_git_was_never_told_of_loom_is_told_so() {
    let home = prepared();
    home.loom(&["why", "git.example"]).ok().says("loom setup git");
    home.loom(&["setup", "git"]).ok();
    let why = home.loom(&["why", "git.example"]).ok();
    assert_eq!(why.err, "", "{why:?}");
}

#[test]
fn the_user_of_gits_configuration_counts_where_the_url_names_none() {
    let home = set_up();
    global(&home, "credential.https://git.example.username", "work");
    global(&home, "credential.username", "somebody");
    let why = home.loom(&["why", "https://git.example/x.git"]).ok().out;
    assert!(why.starts_with("https://git.example  work\n"), "{why}");
    assert!(why.contains("credential.username"), "{why}");
    let named = home.loom(&["why", "https://alice@git.example/x.git"]).ok().out;
    assert!(named.starts_with("https://git.example  alice\n"), "{named}");
    assert!(!named.contains("credential.username"), "{named}");
    global(&home, "credential.https://git.example.username", "nobody");
    let why = home.loom(&["why", "https://git.example/x.git"]);
    assert_eq!(why.code, 4, "{why:?}");
    assert!(why.out.contains("nobody"), "{why:?}");
    // As both gits see it.
    for git in crate::support::gits() {
        let mut fill = home.command(&git);
        let filled = crate::support::run(fill.args(["credential", "fill"]), b"url=https://git.example/x.git\n\n");
        assert_ne!(filled.code, 0, "{filled:?}");
        assert!(!filled.out.contains("of-"), "{filled:?}");
    }
}

#[test]
fn the_path_of_a_clone_url_counts_only_where_git_names_it() {
    let home = set_up();
    home.configure("[[account]]\nmatch = \"https://git.example/acme/*\"\nuser = \"work\"\n");
    let url = "https://git.example/acme/app.git";
    let why = home.loom(&["why", url]).ok().says("useHttpPath");
    assert!(why.out.starts_with("https://git.example  alice\n"), "{why:?}");
    let fills = |password: &str| {
        for git in crate::support::gits() {
            let mut fill = home.command(&git);
            let filled = crate::support::run(fill.args(["credential", "fill"]), format!("url={url}\n\n").as_bytes());
            assert!(filled.ok().out.contains(password), "{}", git.display());
        }
    };
    fills("of-alice");
    // With the rule there it tells git to name the path.
    home.loom(&["setup", "git"]).ok();
    let why = home.loom(&["why", url]).ok().out;
    assert!(why.starts_with("https://git.example  work\n"), "{why}");
    fills("of-work");
}

#[test]
fn where_git_cannot_be_asked_why_answers_from_what_loom_knows() {
    let home = prepared();
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    let why = crate::support::run(command.env("PATH", "/nonexistent").args(["why", "git.example", "--json"]), b"").ok();
    let json: serde_json::Value = serde_json::from_str(&why.out).unwrap();
    assert_eq!((&json["git"], &json["chosen"]["account"]), (&serde_json::Value::Null, &"alice".into()), "{json}");
}
