//! The input: lines of bounded length, gathered into windows of bounded size.
//!
//! A window is what one call of the plugin gets, and what the command holds in memory at a time
//! (twice, for the next one is read while the present one is at work).

use std::io;
use std::path::Path;
use std::time::Duration;

use connector_host::contract::{Document, Error, Problem};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};
use tokio::time::timeout;

use super::document;

/// Bound on a line, in bytes.
const MAXIMUM_LINE: usize = 16 << 20;
/// Bounds on a window.
const MAXIMUM_DOCUMENTS: usize = 1_000;
const MAXIMUM_BYTES: usize = 8 << 20;

/// How long a window that has documents waits for one more: what comes drop by drop, from a log
/// that is followed say, is not to wait for a thousand.
const PATIENCE: Duration = Duration::from_millis(200);

/// Some documents, each with why it cannot be one where that is so.
pub(crate) struct Window {
    /// Index of the first one in the whole input.
    pub(crate) first: u64,
    pub(crate) documents: Vec<Result<Document, Error>>,
}

/// Reads windows.
pub(crate) struct Lines {
    input: Box<dyn AsyncBufRead + Send + Unpin>,
    next: u64,
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

impl Lines {
    /// Of a file, or of standard input for `-`.
    pub(crate) async fn open(path: &Path) -> io::Result<Self> {
        let input: Box<dyn AsyncBufRead + Send + Unpin> = if path.as_os_str() == "-" {
            Box::new(BufReader::with_capacity(1 << 16, tokio::io::stdin()))
        } else {
            Box::new(BufReader::with_capacity(
                1 << 16,
                tokio::fs::File::open(path).await?,
            ))
        };
        Ok(Self { input, next: 0 })
    }

    /// The next window; none at the end. Blank lines are no documents.
    pub(crate) async fn window(&mut self) -> io::Result<Option<Window>> {
        let first = self.next;
        let mut documents = Vec::new();
        let mut bytes = 0;
        while documents.len() < MAXIMUM_DOCUMENTS && bytes < MAXIMUM_BYTES {
            // To give up waiting loses nothing: what comes later stays in the buffer.
            if !documents.is_empty() && timeout(PATIENCE, self.input.fill_buf()).await.is_err() {
                break;
            }
            let document = match self.line().await? {
                None => break,
                Some(Line::Whole(line)) if line.trim_ascii().is_empty() => continue,
                Some(Line::Whole(line)) => {
                    bytes += line.len();
                    document::parse(&line).map_err(Error::InvalidDocument)
                }
                Some(Line::TooLong) => {
                    let message = format!("the line is longer than {MAXIMUM_LINE} bytes");
                    Err(Error::InvalidDocument(vec![Problem {
                        field: "payload".to_owned(),
                        message,
                    }]))
                }
            };
            documents.push(document);
        }
        self.next += documents.len() as u64;
        Ok((!documents.is_empty()).then_some(Window { first, documents }))
    }

    /// How many documents were read up to now.
    pub(crate) fn count(&self) -> u64 {
        self.next
    }

    async fn line(&mut self) -> io::Result<Option<Line>> {
        let mut line = Vec::new();
        let mut too_long = false;
        let mut any = false;
        loop {
            let chunk = self.input.fill_buf().await?;
            if chunk.is_empty() {
                break;
            }
            any = true;
            let (part, used, ended) = match chunk.iter().position(|byte| *byte == b'\n') {
                Some(at) => (chunk.get(..at).unwrap_or_default(), at + 1, true),
                None => (chunk, chunk.len(), false),
            };
            too_long |= line.len() + part.len() > MAXIMUM_LINE;
            if too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(part);
            }
            self.input.consume(used);
            if ended {
                break;
            }
        }
        Ok(match (any, too_long) {
            (false, _) => None,
            (true, true) => Some(Line::TooLong),
            (true, false) => Some(Line::Whole(line)),
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    fn lines(text: Vec<u8>) -> Lines {
        Lines {
            input: Box::new(BufReader::new(io::Cursor::new(text))),
            next: 0,
        }
    }

    #[tokio::test]
    async fn windows_are_bounded_in_documents_and_count_on() {
        let mut lines = lines("{\"payload\":\"x\"}\n\n".repeat(2_500).into_bytes());
        let mut found = Vec::new();
        while let Some(window) = lines.window().await.expect("readable") {
            found.push((window.first, window.documents.len()));
        }
        assert_eq!(found, [(0, 1_000), (1_000, 1_000), (2_000, 500)]);
    }

    #[tokio::test]
    async fn documents_that_came_do_not_wait_for_those_that_have_not() {
        let (mut writer, reader) = tokio::io::duplex(64);
        let mut lines = Lines {
            input: Box::new(BufReader::new(reader)),
            next: 0,
        };
        for first in 0..2 {
            let text: &[u8] = match first {
                0 => b"{\"payload\":\"x\"}\n",
                _ => b"{\"payload\":\"y\"}\n",
            };
            writer.write_all(text).await.expect("writable");
            let window = lines.window().await.expect("readable").expect("a window");
            assert_eq!((window.first, window.documents.len()), (first, 1));
        }
        drop(writer);
        assert!(lines.window().await.expect("readable").is_none());
    }

    #[tokio::test]
    async fn windows_are_bounded_in_bytes() {
        let line = format!("{{\"payload\":\"{}\"}}\n", "x".repeat(3 << 20));
        let mut lines = lines(line.repeat(4).into_bytes());
        assert_eq!(
            lines
                .window()
                .await
                .expect("readable")
                .map(|window| window.documents.len()),
            Some(3)
        );
        assert_eq!(
            lines
                .window()
                .await
                .expect("readable")
                .map(|window| window.documents.len()),
            Some(1)
        );
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_one_bad_document_and_the_next_one_is_read() {
        let mut text = vec![b'x'; MAXIMUM_LINE + 1];
        text.extend_from_slice(b"\n{\"payload\":\"x\"}");
        let window = lines(text)
            .window()
            .await
            .expect("readable")
            .expect("a window");
        assert!(matches!(
            window.documents.as_slice(),
            [Err(Error::InvalidDocument(_)), Ok(_)]
        ));
    }
}
