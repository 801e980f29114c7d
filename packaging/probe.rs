//! Asks a real Windows what Wine does not hold: that a pipe is open to its user alone and has one listener, and that a
//! file made for its owner is closed to others. It asks by loom's own code, so it runs on the other systems too.
//!
//!     tests/platforms/cross x86_64-pc-windows-gnu build --locked --example probe
//!
//! 1. As yourself, in one window: `probe.exe`. It prints these lines, the first and the last with your own names, and
//!    waits for Enter:
//!
//!        user: S-1-5-21-…
//!        listener: listens
//!        second listener: refused
//!        own client: let in
//!        own client's user: own
//!        own client's process: this one
//!        listener's user, asked by the client: own
//!        file: for nobody else
//!        next, as somebody else: probe.exe \\.\pipe\loom-probe C:\Users\…\loom-probe.txt
//!
//! 2. As another user who is no administrator, in a second window (`runas /user:OTHER cmd`): what the last line says.
//!    It prints:
//!
//!        user: S-1-5-21-…        (another one)
//!        pipe: refused
//!        listener of that name: refused
//!        file: refused
//!
//! 3. The first window has printed nothing more. `stranger: let in` there means that the pipe is open: report it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loom_credentials::os::file::FileFacts;
use loom_credentials::os::listening::{ListenError, Listener};
use loom_credentials::os::local::{ConnectError, Stream, own_name};
use loom_credentials::os::private::{self, Opening};
use loom_credentials::os::user::UserId;

/// The longest wait for a connection.
const WITHIN: Duration = Duration::from_secs(2);

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let _inside = handle.enter();
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    println!("user: {}", UserId::own().name());
    match (arguments.next(), arguments.next()) {
        (Some(pipe), Some(file)) => as_somebody_else(&pipe, &file),
        _ => as_owner(runtime)?,
    }
    Ok(())
}

fn as_owner(runtime: tokio::runtime::Runtime) -> std::io::Result<()> {
    let file = std::env::temp_dir().join("loom-probe.txt");
    // Where the name of a listener is no path of a file, it is one of its own.
    let pipe = match own_name("loom-probe") {
        Some(_) => PathBuf::from(r"\\.\pipe\loom-probe"),
        None => std::env::temp_dir().join("loom-probe.sock"),
    };
    let (listener, name) = match Listener::bind(&pipe) {
        Ok(bound) => bound,
        Err(error) => return Err(std::io::Error::other(format!("listener: {error:?}"))),
    };
    println!("listener: listens");
    println!("second listener: {}", listened(&pipe));
    let (said, heard) = std::sync::mpsc::channel();
    let serve = async move {
        let mut kept = Vec::new();
        while let Ok(stream) = listener.accept().await {
            let _ = said.send(stream.peer());
            kept.push(stream);
        }
    };
    // It ends with the program.
    std::thread::spawn(move || runtime.block_on(serve));
    match Stream::connect(&pipe, WITHIN) {
        Ok(own) => {
            println!("own client: let in");
            let client = heard.recv_timeout(WITHIN).map_err(std::io::Error::other)??;
            println!("own client's user: {}", if client.user.is_own() { "own" } else { "another" });
            let is_this = client.pid == Some(std::process::id());
            println!("own client's process: {}", if is_this { "this one" } else { "another" });
            let server = own.peer()?;
            println!("listener's user, asked by the client: {}", if server.user.is_own() { "own" } else { "another" });
        }
        Err(error) => println!("own client: {error:?}"),
    }
    let mut made = private::open(&file, Opening::ChangeOrCreate)?;
    made.write_all(b"nobody else reads this\n")?;
    println!("file: {}", if FileFacts::of(&made)?.is_open_to_others() { "open to others" } else { "for nobody else" });
    println!("next, as somebody else: {} {} {}", own_program(), pipe.display(), file.display());
    std::io::stdin().read_line(&mut String::new())?;
    for _ in heard.try_iter() {
        println!("stranger: let in");
    }
    name.remove();
    std::fs::remove_file(&file)
}

fn as_somebody_else(pipe: &Path, file: &Path) {
    println!(
        "pipe: {}",
        match Stream::connect(pipe, WITHIN) {
            Ok(_) => "open to strangers".to_owned(),
            Err(ConnectError::Io(error)) if error.kind() == std::io::ErrorKind::PermissionDenied =>
                "refused".to_owned(),
            Err(error) => format!("{error:?}"),
        }
    );
    println!("listener of that name: {}", listened(pipe));
    println!(
        "file: {}",
        match std::fs::read(file) {
            Ok(_) => "open to strangers".to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => "refused".to_owned(),
            Err(error) => error.to_string(),
        }
    );
}

/// What becomes of one more listener under a name that has one.
fn listened(pipe: &Path) -> String {
    match Listener::bind(pipe) {
        Ok(_) => "listens".to_owned(),
        Err(ListenError::Taken) => "refused".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

fn own_program() -> String {
    std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default()
}
