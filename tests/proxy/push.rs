//! Pushing through the proxy: what is granted arrives, what is not is refused as a server would refuse it, before the
//! server hears of it.

use std::path::Path;

use super::fetch::{in_served, served};
use crate::support::{Home, Nginx, Output, Relay};

struct Bench<'a> {
    home: &'a Home,
    nginx: &'a Nginx,
    relay: Relay,
}

/// A clone `work` of the served repository, and what may be done with it.
fn bench<'a>(home: &'a Home, nginx: &'a Nginx, words: &str) -> Bench<'a> {
    let app = format!("{}/git/app.git", nginx.basic);
    let relay = home.relay(&[&format!("push {app} {words}")]);
    if !home.path().join("work").exists() {
        relay.git(home, &nginx.basic, &["clone", "-q", &app, "work"]).ok();
    }
    Bench { home, nginx, relay }
}

impl Bench<'_> {
    fn push(&self, arguments: &[&str]) -> Output {
        self.relay.git(self.home, &self.nginx.basic, &[&["-C", "work", "push", "origin"], arguments].concat())
    }

    fn git(&self, arguments: &[&str]) -> Output {
        self.home.git(Path::new("git"), &[&["-C", "work"], arguments].concat()).ok()
    }

    fn commit(&self) {
        self.git(&["commit", "-q", "--allow-empty", "-m", "More"]);
    }

    fn served(&self, name: &str) -> String {
        in_served(self.home, "app.git", &format!("git rev-parse -q --verify {name} || true"))
    }
}

#[test]
fn a_granted_branch_is_pushed_and_any_other_refused_in_gits_words() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let bench = bench(&home, &nginx, "agent/*");
    bench.commit();
    bench.push(&["HEAD:agent/x"]).ok();
    let before = bench.served("main");
    let refused = bench.push(&["HEAD:main"]).ends(1);
    let said = &refused.err;
    assert!(said.contains("! [remote rejected] HEAD -> main (") && said.contains("push https://localhost"), "{said}");
    assert!(said.contains("remote: loom: granted here: push https://localhost"), "{said}");
    refused.without("pw-s3cr3t");
    assert_eq!(bench.served("main"), before);
    // Both or none.
    let refused = bench.push(&["HEAD:agent/y", "HEAD:main"]).ends(1);
    assert_eq!(refused.err.matches("[remote rejected]").count(), 2, "{}", refused.err);
    assert_eq!(bench.served("agent/y"), "");
    let noted = home.audited("git.push");
    let of = |name: &str| noted.iter().filter(|entry| entry["ref"] == format!("refs/heads/{name}")).collect::<Vec<_>>();
    assert_eq!(of("agent/x")[0]["outcome"], "ok");
    assert_eq!(of("agent/x")[0]["old"], "0".repeat(40));
    assert_eq!(of("agent/x")[0]["new"], bench.served("agent/x"));
    assert!(of("agent/x")[0]["grant"].as_str().unwrap().ends_with("/git/app agent/*"), "{noted:?}");
    assert!(of("main").iter().all(|entry| entry["outcome"] == "denied"), "{noted:?}");
    assert_eq!(of("agent/y")[0]["outcome"], "denied");
}

#[test]
fn a_large_push_is_probed_chunked_and_refused_after_its_last_byte() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let bench = bench(&home, &nginx, "agent/*");
    let mut random = fastrand::Rng::with_seed(7);
    let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(6 * 1024 * 1024).collect();
    std::fs::write(home.path().join("work/large"), bytes).unwrap();
    bench.git(&["add", "large"]);
    bench.commit();
    let refused = bench.push(&["HEAD:main"]).ends(1);
    assert!(refused.err.contains("! [remote rejected] HEAD -> main ("), "{}", refused.err);
    bench.push(&["HEAD:agent/large"]).ok();
    assert!(!bench.served("agent/large").is_empty());
}

#[test]
fn who_may_only_fetch_is_told_before_anything_is_packed() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = format!("{}/git/app.git", nginx.basic);
    let relay = home.relay(&[&format!("fetch {app}")]);
    relay.git(&home, &nginx.basic, &["clone", "-q", &app, "work"]).ok();
    let refused = relay.git(&home, &nginx.basic, &["-C", "work", "push", "origin", "HEAD:x"]).ends(128);
    assert!(refused.err.contains("fatal: remote error: loom: "), "{}", refused.err);
    assert!(refused.err.contains("granted here: fetch "), "{}", refused.err);
    assert!(!nginx.log().contains("receive-pack"), "{}", nginx.log());
}

#[test]
fn new_only_creates_and_delete_takes_a_word_of_its_own() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let new = bench(&home, &nginx, "agent/* new");
    new.commit();
    new.push(&["HEAD:agent/a"]).ok();
    new.commit();
    new.push(&["HEAD:agent/a"]).ends(1);
    let refused = new.push(&["--delete", "agent/a"]);
    assert_ne!(refused.code, 0);
    assert_ne!(new.served("agent/a"), "");
    bench(&home, &nginx, "agent/* delete").push(&["--delete", "agent/a"]).ok();
    assert_eq!(new.served("agent/a"), "");
}

#[test]
fn grow_takes_what_comes_after_and_nothing_that_was_rewritten() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let grow = bench(&home, &nginx, "agent/* grow");
    std::fs::write(home.path().join("work/file"), "one").unwrap();
    grow.git(&["add", "file"]);
    grow.commit();
    grow.push(&["HEAD:agent/g"]).ok();
    for _ in 0..5 {
        grow.commit();
    }
    std::fs::write(home.path().join("work/file"), "two").unwrap();
    grow.git(&["commit", "-q", "-a", "-m", "Change"]);
    grow.push(&["HEAD:agent/g"]).ok();
    let stands = grow.served("agent/g");
    grow.git(&["commit", "-q", "--amend", "-m", "Rewritten"]);
    let refused = grow.push(&["--force", "HEAD:agent/g"]).ends(1);
    assert!(refused.err.contains("remote rejected") && refused.err.contains("grow"), "{}", refused.err);
    grow.push(&["--force", "HEAD~3:agent/g"]).ends(1);
    assert_eq!(grow.served("agent/g"), stands);
}

#[test]
fn refs_with_side_effects_take_their_whole_name() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let every = bench(&home, &nginx, "*");
    every.commit();
    for name in
        ["refs/for/main", "refs/meta/config", "refs/tags/v1", "refs/replace/x", "refs/changes/1", "refs/notes/x"]
    {
        every.push(&[&format!("HEAD:{name}")]).ends(1);
        assert_eq!(every.served(name), "", "{name}");
    }
    every.push(&["HEAD:any/branch"]).ok();
    bench(&home, &nginx, "refs/tags/v*").push(&["HEAD:refs/tags/v1"]).ok();
    assert_ne!(every.served("refs/tags/v1"), "");
}

#[test]
fn push_options_and_certificates_are_not_offered_and_not_taken() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    in_served(&home, "app.git", "git config receive.advertisePushOptions true; git config receive.certNonceSeed x");
    let bench = bench(&home, &nginx, "agent/*");
    bench.commit();
    let refused = bench.push(&["-o", "merge_request.create", "HEAD:agent/o"]);
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("does not support push options"), "{}", refused.err);
    let signed = bench.push(&["--signed=yes", "HEAD:agent/o"]);
    assert_ne!(signed.code, 0);
    assert_eq!(bench.served("agent/o"), "");
}
