//! pip, uv, twine and poetry with an index that wants a user and a password, and loom as their keyring.

use std::path::PathBuf;
use std::process::Command;

use super::bench::Bench;
use super::door::{basic, guarded};
use super::site::Site;
use crate::support::{Output, provided, run};

const BACKEND: &str = include_str!("../../packaging/python/loom_keyring.py");

/// An index with one project, and those who install from it.
struct Index {
    bench: Bench,
    site: Site,
    packages: PathBuf,
}

impl Index {
    fn start() -> Option<Index> {
        let packages = provided("python")?;
        let mut bench = Bench::new();
        let guard = guarded("Basic realm=\"index\"");
        let locations = format!(
            "location /simple/ {{ {guard} root DIR/served; index index.html; }}
             location /upload/ {{ {guard} return 200; }}"
        );
        let site = Site::start(&mut bench.home, &locations)?;
        site.serve(
            "simple/abcd/index.html",
            "<!DOCTYPE html><a href=\"abcd-1.0-py3-none-any.whl\">abcd-1.0-py3-none-any.whl</a>",
        );
        site.serve("simple/abcd/abcd-1.0-py3-none-any.whl", wheel());
        site.accept_only(&basic("alice", "pw_of_alice"));
        let index = Index { bench, site, packages };
        index
            .bench
            .home
            .loom_in(&["login", "--with-token", "--server", &index.url(), "--account", "alice"], "pw_of_alice")
            .ok();
        Some(index)
    }

    fn url(&self) -> String {
        format!("{}/simple", self.site.url)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.bench.command(program);
        command.env("PYTHONPATH", &self.packages).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("PIP_CERT", &self.site.ca).env("REQUESTS_CA_BUNDLE", &self.site.ca);
        command.env("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring");
        command
    }

    fn python(&self, args: &[&str]) -> Output {
        run(self.command("python3").args(args), b"")
    }

    /// With loom's backend of the package keyring, as `loom setup` writes it.
    fn with_backend(&self, args: &[&str]) -> Output {
        let dir = self.bench.home.path().join("backend");
        let program = self.bench.program("keyring");
        let backend =
            BACKEND.replace("PROGRAM = \"keyring\"", &format!("PROGRAM = {:?}", program.display().to_string()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("loom_keyring.py"), backend).unwrap();
        let settings = self.bench.home.path().join("config/python_keyring");
        std::fs::create_dir_all(&settings).unwrap();
        let text = format!("[backend]\ndefault-keyring=loom_keyring.LoomKeyring\nkeyring-path={}\n", dir.display());
        std::fs::write(settings.join("keyringrc.cfg"), text).unwrap();
        run(self.command("python3").env_remove("PYTHON_KEYRING_BACKEND").args(args), b"")
    }
}

/// The smallest package that there is.
fn wheel() -> Vec<u8> {
    let program = "import sys, zipfile, io
out = io.BytesIO()
with zipfile.ZipFile(out, 'w') as archive:
    archive.writestr('abcd.py', '')
    archive.writestr('abcd-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: abcd\\nVersion: 1.0\\n')
    archive.writestr('abcd-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    archive.writestr('abcd-1.0.dist-info/RECORD', 'abcd.py,,\\nabcd-1.0.dist-info/METADATA,,\\nabcd-1.0.dist-info/WHEEL,,\\nabcd-1.0.dist-info/RECORD,,\\n')
sys.stdout.buffer.write(out.getvalue())";
    Command::new("python3").args(["-c", program]).output().unwrap().stdout
}

const PIP: [&str; 8] = [
    "-m",
    "pip",
    "download",
    "--no-deps",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--dest=downloaded",
    "--quiet",
];

#[test]
fn pip_installs_with_what_loom_has_for_the_index() {
    let Some(index) = Index::start() else { return };
    let url = index.url();
    let pip = [&PIP[..], &["--keyring-provider=subprocess", "--index-url", &url, "abcd"]].concat();
    index.python(&pip).ok();
    assert!(index.bench.home.path().join("downloaded/abcd-1.0-py3-none-any.whl").is_file());
}

#[test]
fn pip_goes_on_without_where_loom_is_locked_or_has_nothing() {
    let Some(index) = Index::start() else { return };
    index.bench.home.loom(&["lock"]).ok();
    let url = index.url();
    let pip = [&PIP[..], &["--keyring-provider=subprocess", "--no-input", "--index-url", &url, "abcd"]].concat();
    let refused = index.python(&pip);
    assert!(refused.code == 1 && refused.err.contains("No matching distribution"), "{refused:?}");
}

#[test]
fn uv_installs_with_and_without_a_user_in_the_url() {
    let Some(index) = Index::start() else { return };
    let uv = index.packages.join("bin/uv");
    let run_uv = |url: &str, more: &[&str]| {
        let mut command = index.command(uv.to_str().unwrap());
        command.args([
            "pip",
            "install",
            "--no-cache",
            "--keyring-provider=subprocess",
            "--target=installed",
            "--quiet",
        ]);
        command.args(["--system-certs", "--index-url", url]).args(more).arg("abcd");
        run(&mut command, b"")
    };
    run_uv(&index.url().replace("https://", "https://alice@"), &[]).ok();
    assert!(index.bench.home.path().join("installed/abcd.py").is_file());
    let settings = format!(
        "[[tool.uv.index]]\nname = \"own\"\nurl = {:?}\nauthenticate = \"always\"\ndefault = true\n",
        index.url()
    );
    let project = format!(
        "[project]\nname = \"p\"\nversion = \"1\"\nrequires-python = \">=3.8\"\ndependencies = [\"abcd\"]\n{settings}"
    );
    std::fs::write(index.bench.home.path().join("pyproject.toml"), project).unwrap();
    let mut lock = index.command(uv.to_str().unwrap());
    run(lock.args(["lock", "--no-cache", "--keyring-provider=subprocess", "--system-certs", "--quiet"]), b"").ok();
}

#[test]
fn uv_publishes_with_what_loom_has_for_a_user() {
    let Some(index) = Index::start() else { return };
    let upload = format!("{}/upload/", index.site.url);
    index.bench.home.loom_in(&["login", "--with-token", "--server", &upload, "--account", "alice"], "pw_of_alice").ok();
    std::fs::write(index.bench.home.path().join("abcd-1.0-py3-none-any.whl"), wheel()).unwrap();
    let mut command = index.command(index.packages.join("bin/uv").to_str().unwrap());
    command.args(["publish", "--keyring-provider=subprocess", "--system-certs", "--username=alice", "--quiet"]);
    run(command.args(["--publish-url", &upload, "abcd-1.0-py3-none-any.whl"]), b"").ok();
    assert!(index.site.log().contains("POST /upload/ 200"), "{}", index.site.log());
}

#[test]
fn an_older_pip_installs_with_what_loom_has_for_the_user_in_the_url() {
    let (Some(index), Some(older)) = (Index::start(), provided("pip23")) else { return };
    let url = index.url().replace("https://", "https://alice@");
    let mut command = index.command("python3");
    command.env("PYTHONPATH", older).args(PIP).args(["--keyring-provider=subprocess", "--index-url", &url, "abcd"]);
    run(&mut command, b"").ok();
    assert!(index.bench.home.path().join("downloaded/abcd-1.0-py3-none-any.whl").is_file());
}

#[test]
fn twine_uploads_by_loom_s_backend() {
    let Some(index) = Index::start() else { return };
    let upload = format!("{}/upload/", index.site.url);
    index.bench.home.loom_in(&["login", "--with-token", "--server", &upload, "--account", "alice"], "pw_of_alice").ok();
    std::fs::write(index.bench.home.path().join("abcd-1.0-py3-none-any.whl"), wheel()).unwrap();
    let args = ["-m", "twine", "upload", "--non-interactive", "--repository-url", &upload, "abcd-1.0-py3-none-any.whl"];
    index.with_backend(&args).ok();
    assert!(index.site.log().contains("POST /upload/ 200"), "{}", index.site.log());
}

#[test]
fn poetry_finds_a_package_by_loom_s_backend() {
    let Some(index) = Index::start() else { return };
    let source =
        format!("[[tool.poetry.source]]\nname = \"own\"\nurl = \"{}/\"\npriority = \"primary\"\n", index.url());
    let project = format!(
        "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\npython = \">=3.8\"\nabcd = \"*\"\n{source}"
    );
    std::fs::write(index.bench.home.path().join("pyproject.toml"), project).unwrap();
    index.with_backend(&["-m", "poetry", "lock", "--no-interaction", "--no-cache"]).ok();
    assert!(index.bench.home.path().join("poetry.lock").is_file());
}

#[test]
fn the_package_keyring_keeps_and_forgets_in_loom() {
    let Some(index) = Index::start() else { return };
    let program = "import keyring
keyring.set_password('https://a.example/simple', 'bob', 'pw with spaces')
assert keyring.get_password('https://a.example/simple', 'bob') == 'pw with spaces'
assert keyring.get_credential('https://a.example/simple', None).username == 'bob'
keyring.delete_password('https://a.example/simple', 'bob')
assert keyring.get_password('https://a.example/simple', 'bob') is None
assert keyring.get_password('poetry-repository-x', '__token__') is None
try:
    keyring.set_password('poetry-repository-x', '__token__', 'x')
except keyring.errors.PasswordSetError:
    pass
else:
    raise SystemExit('kept for nobody')";
    index.with_backend(&["-c", program]).ok();
}
