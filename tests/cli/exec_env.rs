//! Several secrets for one command, on purpose and by name.

use crate::support::Home;

#[test]
fn a_command_gets_each_servers_token_in_its_own_variable() {
    let home = Home::new();
    for (server, account) in [("a.example", "me"), ("b.example", "me"), ("b.example", "you")] {
        let arguments = ["login", server, "--account", account, "--with-token"];
        home.loom_in(&arguments, &format!("tok_{}_{account}", &server[..1])).ok();
    }
    let script = "printf '%s %s %s' \"$A\" \"$B\" \"$C\"";
    let named =
        ["exec", "--env", "A=a.example", "--env", "B=https://b.example/team/app.git", "--env", "C=you@b.example"];
    let done = home.loom(&[&named[..], &["--", "sh", "-c", script]].concat()).ok();
    assert_eq!(done.out, "tok_a_me tok_b_me tok_b_you");
    let file = home.path().join("env");
    std::fs::write(&file, "# for the job\nA=loom://a.example\nexport B=\"loom://b.example/you\"\n\nC=plain value\n")
        .unwrap();
    let with_file = ["exec", "--env-file", file.to_str().unwrap(), "--", "sh", "-c", script];
    assert_eq!(home.loom(&with_file).ok().out, "tok_a_me tok_b_you plain value");
    let both = ["exec", "--env-file", file.to_str().unwrap(), "--env", "A=b.example", "--", "sh", "-c", script];
    assert_eq!(home.loom(&both).ok().out, "tok_b_me tok_b_you plain value", "the command line goes first");
}

#[test]
fn without_one_of_its_secrets_a_command_does_not_run() {
    let home = Home::new();
    home.loom_in(&["login", "a.example", "--with-token"], "tok_a").ok();
    let ran = home.path().join("ran");
    let touch = ["--", "touch", ran.to_str().unwrap()];
    let missing = ["exec", "--env", "A=a.example", "--env", "C=c.example"];
    home.loom(&[&missing[..], &touch].concat()).fails(4).says("https://c.example").without("tok_a");
    let file = home.path().join("env");
    let with_file = ["exec", "--env-file", file.to_str().unwrap()];
    home.loom(&[&with_file[..], &touch].concat()).fails(1).says("env");
    for (text, said) in [("A=loom://a.example\nB\n", "line 2"), ("9=x\n", "line 1"), ("A=loom://\n", "line 1")] {
        std::fs::write(&file, text).unwrap();
        home.loom(&[&with_file[..], &touch].concat())
            .fails(1)
            .says(said)
            .says("hint: a line is NAME=")
            .without("tok_a");
    }
    home.loom(&["exec", "--env", "A=git@a.example:b/c.git", "--", "true"]).fails(2).says("SSH");
    home.loom(&["exec", "--env", "A=a.example", "--reveal", "--", "true"]).fails(2);
    assert!(!ran.exists());
}
