use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A server that answers whatever a test wants, also what no real server would. It ends with the test.
pub struct Stub {
    url: String,
    requests: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Calls `answer` with the number of the request (from 0), its head with its body, and the connection to answer on.
    pub fn start(answer: impl Fn(usize, &str, &mut TcpStream) + Send + Sync + 'static) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stub = Stub { url, requests: Arc::default(), seen: Arc::default() };
        let (requests, seen, answer) = (stub.requests.clone(), stub.seen.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (requests, seen, answer) = (requests.clone(), seen.clone(), answer.clone());
                std::thread::spawn(move || {
                    let request = read_request(&stream);
                    if request.is_empty() {
                        return;
                    }
                    seen.lock().unwrap().push(request.clone());
                    let mut stream = stream;
                    answer(requests.fetch_add(1, Ordering::SeqCst), &request, &mut stream);
                });
            }
        });
        stub
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// All requests so far, each a head with its body.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// A whole HTTP answer.
pub fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|count| count > 0) && !head.ends_with("\r\n\r\n") {}
    let lower = head.to_ascii_lowercase();
    let length =
        lower.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|n| n.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    let _ = reader.read_exact(&mut body);
    let _ = stream.try_clone().map(|mut stream| stream.flush());
    head + &String::from_utf8_lossy(&body)
}
