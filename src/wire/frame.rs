use std::io::{self, BufRead, Read};

use zeroize::Zeroizing;

/// The version of the protocol that every request and reply names.
pub const VERSION: u32 = 1;

/// The longest frame in bytes, with its LF.
pub const MAX_FRAME: usize = 256 * 1024;

/// Why no frame came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The stream ended before a whole line.
    #[error("the other side closed the connection")]
    Closed,
    /// No LF came within [`MAX_FRAME`] bytes.
    #[error("a frame of more than {MAX_FRAME} bytes")]
    TooLong,
    /// The stream failed, or a deadline set on it passed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads one line, and returns it without its LF. Half a line before the end of the stream is [`FrameError::Closed`].
pub fn read_frame(from: &mut impl BufRead) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    // Most frames come whole and fit, so the buffer does not grow and leave copies behind. One with room to spare takes
    // long to zero.
    let come = from.fill_buf().unwrap_or_default();
    let length = come.iter().position(|byte| *byte == b'\n').map_or(come.len().max(4096), |end| end + 1);
    let mut frame = Zeroizing::new(Vec::with_capacity(length));
    from.take(MAX_FRAME as u64).read_until(b'\n', &mut frame)?;
    match frame.pop() {
        Some(b'\n') => Ok(frame),
        Some(_) if frame.len() + 1 == MAX_FRAME => Err(FrameError::TooLong),
        _ => Err(FrameError::Closed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_whole_line_of_bounded_length() {
        let read = |bytes: &[u8]| read_frame(&mut io::Cursor::new(bytes.to_vec())).map(|frame| frame.len());
        assert!(matches!(read(b"{}\nrest"), Ok(2)));
        assert!(matches!(read(b"{\"half\":"), Err(FrameError::Closed)));
        assert!(matches!(read(b""), Err(FrameError::Closed)));
        assert!(matches!(read(&[b'x'; MAX_FRAME + 10]), Err(FrameError::TooLong)));
        let mut longest = vec![b'x'; MAX_FRAME - 1];
        longest.push(b'\n');
        assert!(matches!(read(&longest), Ok(n) if n == MAX_FRAME - 1));
    }
}
