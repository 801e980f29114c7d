//! What `loom api` sends, read from its source only when the agent asks for a piece. A file can be sent again after a
//! renewal, a pipe cannot, and the agent is told which it is.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use loom_credentials::os::streams;
use loom_credentials::wire::{ApiBody, ApiPiece, Fault, PIECE, reason};

/// What a call sends: nothing, a text, or what a file or a pipe brings, however long it is.
pub enum Body {
    Nothing,
    Text { text: Vec<u8>, at: usize },
    File { file: File, begin: u64, left: u64 },
    Pipe(File),
}

impl Body {
    pub fn text(text: Vec<u8>) -> Body {
        Body::Text { text, at: 0 }
    }

    /// The content of this file; `-` is standard input, which may be a file too.
    pub fn of_file(path: &Path) -> Result<Body, Fault> {
        let open = || {
            let mut file = if path == Path::new("-") { streams::input_file()? } else { File::open(path)? };
            let about = file.metadata()?;
            if !about.is_file() {
                return Ok(Body::Pipe(file));
            }
            let begin = file.stream_position()?;
            Ok(Body::File { file, begin, left: about.len().saturating_sub(begin) })
        };
        let trouble = |error: std::io::Error| {
            reason::Command::FileTrouble { path: path.to_owned(), error: error.to_string() }.into()
        };
        open().map_err(trouble)
    }

    /// What the agent is told of it beforehand.
    pub fn about(&self) -> Option<ApiBody> {
        let known = |length| Some(ApiBody { length: Some(length), repeatable: true });
        match self {
            Body::Nothing => None,
            Body::Text { text, .. } => known(text.len() as u64),
            Body::File { left, .. } => known(*left),
            Body::Pipe(_) => Some(ApiBody::default()),
        }
    }

    /// The next piece, an empty one at the end.
    pub fn piece(&mut self, again: bool) -> Result<ApiPiece, Fault> {
        let read = |mut from: &File, most: usize| {
            let mut data = vec![0; most];
            let count = from.read(&mut data)?;
            data.truncate(count);
            Ok(data)
        };
        let data = match self {
            Body::Nothing => Ok(Vec::new()),
            Body::Text { text, at } => {
                let from = if again { 0 } else { *at };
                *at = text.len().min(from + PIECE);
                Ok(text[from..*at].to_vec())
            }
            Body::File { file, begin, left } => {
                let rewound = if again { file.seek(SeekFrom::Start(*begin)).map(drop) } else { Ok(()) };
                if let (true, Ok(about)) = (again, file.metadata()) {
                    *left = about.len().saturating_sub(*begin);
                }
                // No more than was announced, should it grow meanwhile.
                let data = rewound.and_then(|()| read(file, PIECE.min(usize::try_from(*left).unwrap_or(PIECE))));
                *left -= data.as_ref().map_or(0, |data: &Vec<u8>| data.len() as u64);
                data
            }
            Body::Pipe(file) => read(file, PIECE),
        };
        let trouble = |error: std::io::Error| reason::Command::ApiBodyUnreadable { error: error.to_string() }.into();
        data.map(|data| ApiPiece { data }).map_err(trouble)
    }
}
