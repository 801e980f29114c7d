//! Git over HTTP as git itself does it: `git http-backend` as a CGI program (RFC 3875).

use std::io::{self, Cursor, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use tiny_http::{Request, Response};

use super::server::{content, header, with_header};

/// Runs `git http-backend` on the request for a repository below `/git/`.
pub fn answer(request: &mut Request, repositories: &Path) -> io::Result<Response<Cursor<Vec<u8>>>> {
    let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
    let mut input = Vec::new();
    let mut backend = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", repositories)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path.trim_start_matches("/git"))
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", request.method().as_str())
        .env("REMOTE_USER", "oauth2")
        .env("CONTENT_TYPE", header(request, "Content-Type").unwrap_or_default())
        .env("HTTP_CONTENT_ENCODING", header(request, "Content-Encoding").unwrap_or_default())
        .env("GIT_PROTOCOL", header(request, "Git-Protocol").unwrap_or_default())
        .env("CONTENT_LENGTH", {
            request.as_reader().read_to_end(&mut input)?;
            input.len().to_string()
        })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = backend.stdin.take() {
        // It need not read what it does not want.
        let _ = stdin.write_all(&input);
    }
    let output = backend.wait_with_output()?.stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let mut answer = content(200, "text/plain", output[end + 4..].to_vec());
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        match line.split_once(": ") {
            Some(("Status", status)) => {
                let code = status.split(' ').next().and_then(|code| code.parse::<u16>().ok()).unwrap_or(500);
                answer = answer.with_status_code(code);
            }
            Some((name, value)) => answer = with_header(answer, name, value),
            None => {}
        }
    }
    Ok(answer)
}
