//! Rules for directories: the place counts, however it is spelled, and where git is about to make a repository too.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use base64::Engine;

use crate::support::{Home, LoomServer, gits, loom_server, run};

/// A home in which `~/code` is a link to `data/code`, and a rule for one of the two.
struct Place {
    home: Home,
    server: LoomServer,
    git: PathBuf,
}

impl Place {
    fn new(git: &Path) -> Place {
        let home = Home::new();
        let server = loom_server(&home);
        *server.tokens() = ["of-alice".to_owned(), "of-work".to_owned()].into();
        for user in ["alice", "work"] {
            home.store("http", server.url().trim_start_matches("http://"), user, &format!("of-{user}")).ok();
        }
        std::fs::create_dir_all(home.path().join("data/code")).unwrap();
        symlink(home.path().join("data/code"), home.path().join("home/code")).unwrap();
        home.git_config(&["config", "--global", "credential.helper", "loom"]).ok();
        Place { home, server, git: git.to_owned() }
    }

    fn rule(&self, directory: &str) {
        self.home.configure(&format!("[[account]]\ndirectory = \"{directory}\"\nuser = \"work\"\n"));
    }

    fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    fn url(&self) -> String {
        format!("{}/git/team/app.git", self.server.url())
    }

    /// Runs git in this directory as a shell that came there by this name, and says whose password the server saw.
    fn account(&self, directory: &str, arguments: &[&str]) -> String {
        self.server.script().seen.clear();
        let mut command = self.home.command(&self.git);
        command.current_dir(self.path(directory)).env("PWD", self.path(directory));
        run(command.args(arguments), b"").ok();
        let shown: std::collections::BTreeSet<String> =
            self.server.script().seen.iter().filter_map(|seen| seen.2.clone()).collect();
        let shown: Vec<String> = shown.iter().map(|header| user(header)).collect();
        shown.join(" ")
    }

    fn why(&self, directory: &str) -> String {
        let mut command = self.home.command(env!("CARGO_BIN_EXE_loom"));
        command.current_dir(self.path(directory)).env("PWD", self.path(directory));
        let why = run(command.args(["why", self.server.url()]), b"").ok().out;
        why.lines().next().unwrap().rsplit("  ").next().unwrap().to_owned()
    }
}

fn user(header: &str) -> String {
    let pair = base64::engine::general_purpose::STANDARD.decode(header.trim_start_matches("Basic ")).unwrap();
    String::from_utf8(pair).unwrap().split(':').next().unwrap().to_owned()
}

#[test]
fn a_rule_holds_behind_a_symbolic_link_in_either_spelling() {
    for git in gits() {
        let place = Place::new(&git);
        place.account("data/code", &["clone", "-q", &place.url(), "app"]);
        std::fs::create_dir(place.path("data/code/app/src")).unwrap();
        let physical = place.path("data/code").display().to_string();
        let logical = place.path("home/code").display().to_string();
        for rule in ["~/code", "~/code/", "~/code/app", &logical, &physical] {
            place.rule(rule);
            for directory in ["home/code/app", "data/code/app", "home/code/app/src", "data/code/app/src"] {
                assert_eq!(place.account(directory, &["fetch", "-q"]), "work", "{rule} in {directory}");
                assert_eq!(place.why(directory), "work", "{rule} in {directory}");
            }
        }
        // Git goes to the top of the work tree, and so does the question why.
        for rule in ["~/other", "~/cod", "~/code/app2", "code", "~/code/app/src"] {
            place.rule(rule);
            for directory in ["home/code/app", "home/code/app/src"] {
                assert_eq!(place.account(directory, &["fetch", "-q"]), "alice", "{rule} in {directory}");
                assert_eq!(place.why(directory), "alice", "{rule} in {directory}");
            }
        }
    }
}

#[test]
fn a_rule_holds_where_the_home_itself_is_a_link() {
    for git in gits() {
        let mut place = Place::new(&git);
        symlink(place.path("home"), place.path("me")).unwrap();
        let me = place.path("me");
        place.home.set("HOME", &me);
        place.home.loom(&["agent", "restart"]).ok();
        std::fs::create_dir(place.path("home/projects")).unwrap();
        place.rule("~/projects");
        assert_eq!(place.account("home/projects", &["clone", "-q", &place.url(), "app"]), "work");
        assert_eq!(place.account("me/projects/app", &["fetch", "-q"]), "work");
        assert_eq!(place.account("home/projects/app", &["fetch", "-q"]), "work");
    }
}

#[test]
fn a_link_that_leads_elsewhere_from_now_on_counts_at_once() {
    let place = Place::new(&gits()[0]);
    place.account("data/code", &["clone", "-q", &place.url(), "app"]);
    std::fs::create_dir(place.path("data/other")).unwrap();
    place.rule("~/code");
    for _ in 0..3 {
        assert_eq!(place.account("data/code/app", &["fetch", "-q"]), "work");
        std::fs::remove_file(place.path("home/code")).unwrap();
        assert_eq!(place.account("data/code/app", &["fetch", "-q"]), "alice", "the rule's directory is not there");
        symlink(place.path("data/other"), place.path("home/code")).unwrap();
        assert_eq!(place.account("data/code/app", &["fetch", "-q"]), "alice");
        std::fs::remove_file(place.path("home/code")).unwrap();
        symlink(place.path("data/code"), place.path("home/code")).unwrap();
    }
}

#[test]
fn a_clone_goes_by_where_it_is_made() {
    for git in gits() {
        let place = Place::new(&git);
        std::fs::create_dir_all(place.path("private")).unwrap();
        place.rule("~/code");
        let url = place.url();
        let home = |below: &str| place.path(below).display().to_string();
        let clones =
            |directory: &str, rest: &[&str]| place.account(directory, &[&["clone", "-q", &url], rest].concat());
        assert_eq!(clones("private", &[&home("home/code/one")]), "work");
        assert_eq!(clones("private", &["../data/code/two"]), "work");
        assert_eq!(clones("home", &["code/three"]), "work");
        assert_eq!(clones("home/code", &[]), "work");
        assert_eq!(clones("private", &["--bare", &home("home/code/bare.git")]), "work");
        assert_eq!(clones("private", &[]), "alice");
        // And stays with it: what is made elsewhere is elsewhere.
        assert_eq!(clones("home/code", &[&home("private/two")]), "alice");
        for there in ["private/app", "private/two"] {
            assert_eq!(place.account(there, &["fetch", "-q"]), "alice", "{there}");
        }
        for there in ["home/code/one", "data/code/two", "data/code/three", "home/code/bare.git"] {
            assert_eq!(place.account(there, &["fetch", "-q"]), "work", "{there}");
        }
        assert_eq!(place.account("private", &["-C", &home("home/code/one"), "fetch", "-q"]), "work");
        assert_eq!(place.account("home/code", &["-C", &home("private/two"), "fetch", "-q"]), "alice");
        let git_dir = format!("--git-dir={}", home("home/code/one/.git"));
        assert_eq!(place.account("private", &[&git_dir, "fetch", "-q"]), "work");
        // Without a repository it counts where git runs.
        assert_eq!(place.account("home/code", &["ls-remote", "-q", &url]), "work");
        assert_eq!(place.account("private", &["ls-remote", "-q", &url]), "alice");
    }
}

#[test]
fn submodules_and_further_work_trees_go_by_their_own_place() {
    for git in gits() {
        let place = Place::new(&git);
        place.rule("~/code");
        let url = place.url();
        place.account("home/code", &["clone", "-q", &url, "app"]);
        assert_eq!(place.account("home/code/app", &["submodule", "--quiet", "add", &url, "sub"]), "work");
        assert_eq!(place.account("home/code/app/sub", &["fetch", "-q"]), "work");
        assert_eq!(place.account("data/code/app", &["submodule", "--quiet", "update", "--remote"]), "work");
        let elsewhere = place.path("elsewhere");
        place.account("home/code/app", &["worktree", "add", "-q", &elsewhere.display().to_string()]);
        assert_eq!(place.account("elsewhere", &["fetch", "-q", "origin"]), "alice", "a work tree that lies elsewhere");
        assert_eq!(place.account("home/code/app", &["fetch", "-q", "origin"]), "work");
    }
}

#[test]
fn a_repository_from_elsewhere_cannot_name_itself_into_a_rules_directory() {
    for git in gits() {
        let place = Place::new(&git);
        place.rule("~/code");
        let url = place.url();
        place.account("home/code", &["clone", "-q", &url, "app"]);
        let evil = place.path("downloads/evil");
        std::fs::create_dir_all(&evil).unwrap();
        std::fs::write(evil.join(".git"), format!("gitdir: {}\n", place.path("data/code/app/.git").display())).unwrap();
        std::fs::write(evil.join(".gitmodules"), format!("[submodule \"s\"]\n\tpath = s\n\turl = {url}\n")).unwrap();
        assert_eq!(place.account("downloads/evil", &["fetch", "-q"]), "alice");
        // A work tree that its own settings place elsewhere, and a link inside it.
        std::fs::remove_file(evil.join(".git")).unwrap();
        place.account("downloads", &["clone", "-q", &url, "tree"]);
        let tree = place.path("downloads/tree");
        let work = place.path("data/code").display().to_string();
        place.home.git_config(&["-C", tree.to_str().unwrap(), "config", "core.worktree", &work]).ok();
        symlink(place.path("data/code"), tree.join("inside")).unwrap();
        assert_eq!(place.account("downloads/tree", &["fetch", "-q"]), "alice");
    }
}

#[test]
fn a_rule_whose_directory_leads_nowhere_is_passed_over() {
    let place = Place::new(&gits()[0]);
    place.account("data/code", &["clone", "-q", &place.url(), "app"]);
    let rules = ["~/loop/x", "~/nowhere", "~/code"];
    let rules = rules.map(|directory| format!("[[account]]\ndirectory = \"{directory}\"\nuser = \"work\"\n"));
    place.home.configure(&rules.concat());
    symlink("loop", place.path("home/loop")).unwrap();
    assert_eq!(place.account("data/code/app", &["fetch", "-q"]), "work");
}
