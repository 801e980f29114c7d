//! The peers in C: the least that a client and an agent can do, compiled where there is a compiler.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Compiles one of them, statically; where that cannot be done, why.
pub fn compiled(name: &str, into: &Path) -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/benches/peer/{name}.c"));
    let program = into.join(name);
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-s", "-static", "-o"]).arg(&program).arg(source).stderr(Stdio::null());
    match compiler.status() {
        Ok(status) if status.success() => Ok(program),
        Ok(_) => Err(format!("cc does not link {name}.c statically")),
        Err(error) => Err(format!("cc cannot be run: {error}")),
    }
}
