use crate::support::Home;

#[test]
fn the_demo_shows_the_whole_journey_and_leaves_nothing_behind() {
    let home = Home::new();
    let scratch = home.path().join("tmp");
    std::fs::create_dir(&scratch).unwrap();
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    let done = command.arg("demo").env("TMPDIR", &scratch).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    for command in ["loom login --server", "loom setup git", "git clone", "loom status", "loom logout"] {
        assert!(said.contains(&format!("$ {command}")), "{command} is not shown: {said}");
    }
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "something was left behind");
}
