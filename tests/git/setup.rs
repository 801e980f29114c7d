//! `loom setup git`: which path it writes, where git leaves loom out all the same, and what it takes out again.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::{Home, Output, gits, run};

const PROGRAMS: [&str; 3] = ["loom", "git-credential-loom", "loom-agent"];

/// An installation below a directory with a version in its name.
fn installed(dir: PathBuf) -> PathBuf {
    std::fs::create_dir_all(&dir).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_loom")).parent().unwrap();
    std::fs::copy(built.join("loom"), dir.join("loom")).unwrap();
    std::fs::copy(built.join("git-credential-loom"), dir.join("git-credential-loom")).unwrap();
    symlink(built.join("loom-agent"), dir.join("loom-agent")).unwrap();
    dir
}

/// A directory of links to such an installation.
fn linked(dir: PathBuf, installed: &Path) -> PathBuf {
    std::fs::create_dir_all(&dir).unwrap();
    PROGRAMS.iter().for_each(|name| symlink(installed.join(name), dir.join(name)).unwrap());
    dir
}

/// Runs this `loom` with these directories in front of the system's.
fn set_up(home: &Home, loom: &Path, path: &[&Path], arguments: &[&str]) -> Output {
    let system = std::env::var_os("PATH").unwrap_or_default();
    let all = path.iter().map(|dir| dir.to_path_buf()).chain(std::env::split_paths(&system));
    let mut command = home.command(loom);
    command.env("PATH", std::env::join_paths(all).unwrap());
    run(command.args(["setup", "git"]).args(arguments), b"")
}

fn written(home: &Home) -> String {
    home.git_config(&["config", "--global", "--get-all", "credential.helper"]).out
}

#[test]
fn the_path_that_path_finds_is_written_and_an_upgrade_leaves_it_right() {
    let home = Home::new();
    let cellar = installed(home.path().join("brew/Cellar/loom/0.1.0/bin"));
    let bin = linked(home.path().join("brew/bin"), &cellar);
    let wanted = format!("{}\n", bin.join("git-credential-loom").display());
    for loom in [bin.join("loom"), cellar.join("loom")] {
        set_up(&home, &loom, &[&bin], &[]).ok();
        assert_eq!(written(&home), wanted);
    }
    // By its bare name, as everybody calls it.
    let mut shell = home.command("sh");
    let path = std::env::join_paths([bin.clone(), "/usr/local/bin".into(), "/usr/bin".into(), "/bin".into()]).unwrap();
    run(shell.env("PATH", path).args(["-c", "loom setup git"]), b"").ok();
    assert_eq!(written(&home), wanted);
    home.store("https", "git.example", "alice", "pw").ok();
    let newer = home.path().join("brew/Cellar/loom/0.2.0");
    std::fs::rename(home.path().join("brew/Cellar/loom/0.1.0"), &newer).unwrap();
    for name in PROGRAMS {
        std::fs::remove_file(bin.join(name)).unwrap();
        symlink(newer.join("bin").join(name), bin.join(name)).unwrap();
    }
    for git in gits() {
        let mut fill = home.command(&git);
        let filled = run(fill.args(["credential", "fill"]), b"protocol=https\nhost=git.example\n\n").ok();
        assert!(filled.out.contains("password=pw"), "{filled:?}");
    }
}

#[test]
fn a_profile_that_is_a_link_itself_is_written_as_path_has_it() {
    let home = Home::new();
    let store = installed(home.path().join("nix/store/abc-loom-0.1.0/bin"));
    let generation = home.path().join("nix/store/def-profile");
    linked(generation.join("bin"), &store);
    let profile = home.path().join("home/.nix-profile");
    symlink(&generation, &profile).unwrap();
    let bin = profile.join("bin");
    set_up(&home, &bin.join("loom"), &[&bin], &[]).ok();
    assert_eq!(written(&home), format!("{}\n", bin.join("git-credential-loom").display()));
}

#[test]
fn another_installation_on_path_is_not_taken_for_this_one() {
    let home = Home::new();
    let other = installed(home.path().join("other/bin"));
    let own = installed(home.path().join("own/0.1.0/bin"));
    let links = linked(home.path().join("own/bin"), &own);
    let helper = |dir: &Path| format!("{}\n", dir.join("git-credential-loom").display());
    set_up(&home, &own.join("loom"), &[&other], &[]).ok();
    assert_eq!(written(&home), helper(&own), "nothing on PATH is this installation: the one beside");
    set_up(&home, &links.join("loom"), &[&other], &[]).ok();
    assert_eq!(written(&home), helper(&links), "as it was called");
    set_up(&home, &own.join("loom"), &[&other, &links], &[]).ok();
    assert_eq!(written(&home), helper(&links), "further down on PATH");
    let relative = Path::new("own/bin");
    set_up(&home, &own.join("loom"), &[relative], &[]).ok();
    assert_eq!(written(&home), helper(&own), "a relative directory of PATH is another one elsewhere");
}

/// What `gh auth setup-git` writes.
fn gh_sets_up(home: &Home, host: &str) {
    let key = format!("credential.https://{host}.helper");
    home.git_config(&["config", "--global", "--replace-all", &key, ""]).ok();
    home.git_config(&["config", "--global", "--add", &key, "!/usr/bin/gh auth git-credential"]).ok();
}

#[test]
fn setup_says_which_urls_leave_loom_out_and_what_adds_it_there() {
    let home = Home::new();
    home.git_config(&["config", "--global", "credential.helper", "cache"]).ok();
    gh_sets_up(&home, "github.com");
    gh_sets_up(&home, "gist.github.com");
    home.git_config(&["config", "--global", "credential.https://git.example.helper", "cache"]).ok();
    let said = home.loom(&["setup", "git"]).ok();
    for host in ["github.com", "gist.github.com"] {
        assert!(said.err.contains(&format!("loom setup git --server https://{host}")), "{said:?}");
    }
    assert!(!said.err.contains("git.example"), "a list that is not emptied has loom in it: {said:?}");
    let added = home.loom(&["setup", "git", "--server", "https://github.com"]).ok();
    assert!(added.err.contains("gh auth git-credential, loom"), "{added:?}");
    assert!(!added.err.contains("does not ask"), "{added:?}");
    let said = home.loom(&["setup", "git"]).ok();
    assert!(!said.err.contains("--server https://github.com"), "{said:?}");
    assert!(said.err.contains("gist.github.com"), "{said:?}");
    home.store("https", "github.com", "alice", "pw-of-alice").ok();
    for git in gits() {
        let fill = run(home.command(&git).args(["credential", "fill"]), b"url=https://github.com/a/b\n\n").ok();
        assert!(fill.out.contains("pw-of-alice"), "{fill:?}");
    }
    // What empties the list afterwards, gh again for instance, is undone by the same command.
    let key = "credential.https://github.com.helper";
    home.git_config(&["config", "--global", "--add", key, ""]).ok();
    home.loom(&["setup", "git"]).ok().says("loom setup git --server https://github.com");
    let added = home.loom(&["setup", "git", "--server", "https://github.com"]).ok();
    assert!(!added.err.contains("does not ask"), "{added:?}");
    for git in gits() {
        let fill = run(home.command(&git).args(["credential", "fill"]), b"url=https://github.com/a/b\n\n").ok();
        assert!(fill.out.contains("pw-of-alice"), "{fill:?}");
    }
}

#[test]
fn setup_says_nothing_of_a_list_that_was_emptied_before_loom_came() {
    let home = Home::new();
    gh_sets_up(&home, "github.com");
    let said = home.loom(&["setup", "git"]).ok();
    assert_eq!(said.err, "", "git reads its configuration in order, and asks gh, then loom: {said:?}");
    home.store("https", "github.com", "alice", "pw-of-alice").ok();
    for git in gits() {
        let fill = run(home.command(&git).args(["credential", "fill"]), b"url=https://github.com/a/b\n\n").ok();
        assert!(fill.out.contains("pw-of-alice"), "{fill:?}");
    }
}

#[test]
fn setup_says_where_a_repository_or_a_pattern_empties_the_list() {
    let home = Home::new();
    home.git_config(&["init", "--quiet", "repository"]).ok();
    let inside = home.path().join("repository");
    let set_up = |arguments: &[&str]| {
        let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
        run(command.current_dir(&inside).args(["setup", "git"]).args(arguments), b"").ok()
    };
    home.git_config(&["-C", "repository", "config", "credential.helper", ""]).ok();
    let said = set_up(&[]);
    assert!(said.err.contains("loom setup git --local"), "{said:?}");
    assert!(!home.loom(&["setup", "git"]).ok().err.contains("does not ask"), "elsewhere loom is asked");
    let said = set_up(&["--local"]);
    assert!(!said.err.contains("does not ask"), "{said:?}");
    let pattern = "credential.https://*.corp.example.helper";
    home.git_config(&["config", "--global", pattern, ""]).ok();
    let said = home.loom(&["setup", "git"]).ok();
    assert!(said.err.contains(&format!("git config --global --add '{pattern}' loom")), "{said:?}");
}

#[test]
fn remove_takes_out_what_is_ours_and_nothing_else() {
    let home = Home::new();
    let key = "credential.helper";
    let others = ["cache --timeout 5", "/opt/not-git-credential-loom", "!bloom", "store --file loom"];
    let ours = ["loom", "loom credential-helper", "/old/place/git-credential-loom", "!exec /x/git-credential-loom"];
    for helper in others.iter().zip(ours).flat_map(|(other, ours)| [*other, ours]) {
        home.git_config(&["config", "--global", "--add", key, helper]).ok();
    }
    gh_sets_up(&home, "github.com");
    home.git_config(&["config", "--global", "credential.username", "me"]).ok();
    home.loom(&["setup", "git", "--remove"]).ok();
    assert_eq!(written(&home), others.map(|other| format!("{other}\n")).concat());
    let left = home.git_config(&["config", "--global", "--get-regexp", "^credential"]).ok().out;
    assert!(left.contains("gh auth git-credential"), "{left}");
    assert!(left.contains("credential.username me"), "{left}");
    home.loom(&["setup", "git", "--server", "https://github.com"]).ok();
    home.loom(&["setup", "git", "--remove", "--server", "https://github.com"]).ok();
    assert_eq!(home.git_config(&["config", "--global", "--get-regexp", "^credential"]).ok().out, left);
}

#[test]
fn a_git_that_does_not_answer_is_given_up() {
    let home = Home::new();
    let dir = home.path().join("stuck");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("git"), "#!/bin/sh\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(dir.join("git"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    set_up(&home, Path::new(env!("CARGO_BIN_EXE_loom")), &[&dir], &[]).fails(1).says("git");
}

#[test]
fn what_setup_wrote_is_taken_out_to_the_byte_also_without_its_rule() {
    let home = Home::new();
    let rules = ["one", "two", "three"]
        .map(|host| format!("[[account]]\nmatch = 'https://{host}.example/team'\nuser = 'ana'\n"));
    let own = "# mine\n[user]\n\tname = A  # B\n[credential]\n\thelper = cache\n[credential \"https://one.example\"]\n\
        \tuseHttpPath = yes ; said by me\n[credential \"https://two.example\"]\n\tuseHttpPath = false\n\tusername = ana\n";
    let file = home.path().join("home/.gitconfig");
    std::fs::write(&file, own).unwrap();
    home.configure(&rules.concat());
    for _ in 0..2 {
        home.loom(&["setup", "git"]).ok();
    }
    for host in ["one", "two", "three"] {
        let key = format!("credential.https://{host}.example.useHttpPath");
        assert_eq!(home.git_config(&["config", "--global", "--type=bool", "--get", &key]).ok().out, "true\n", "{host}");
    }
    home.configure("");
    home.loom(&["setup", "git", "--remove"]).ok().says("two.example").says("three.example").without("one.example");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), own);
}

#[test]
fn what_was_written_for_rules_that_depend_on_a_path_goes_with_loom() {
    let home = Home::new();
    home.configure("[[account]]\nmatch = 'https://git.example/team'\nuser = 'ana'\n");
    let written = || home.git_config(&["config", "--global", "--list"]).out;
    home.loom(&["setup", "git"]).ok();
    home.loom(&["setup", "git", "--server", "https://git.example"]).ok();
    assert!(written().contains("credential.https://git.example.usehttppath=true"), "{}", written());
    home.loom(&["setup", "git", "--remove", "--server", "https://git.example"]).ok();
    assert!(written().contains("usehttppath"), "loom is asked there all the same");
    home.loom(&["setup", "git", "--remove"]).ok().says("useHttpPath");
    assert_eq!(written(), "");
    home.git_config(&["config", "--global", "credential.https://git.example.useHttpPath", "false"]).ok();
    home.loom(&["setup", "git", "--remove"]).ok();
    assert!(written().contains("usehttppath=false"), "of somebody else");
}
