//! What a server of ours does with a request: it answers, badly perhaps, or breaks the connection.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// What the server does with a request.
pub enum Reply {
    /// Answers, and keeps the connection.
    Answer {
        /// HTTP status.
        status: u16,
        /// Further headers.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// Answers as if to keep the connection, and closes it.
    Last(Box<Reply>),
    /// Writes these bytes, whatever they are, and closes the connection.
    Raw(Vec<u8>),
    /// Writes a beginning and then a piece again and again, as long as it is read.
    Endless(Vec<u8>, Vec<u8>),
    /// Writes these bytes one by one, with a pause behind each, and closes the connection.
    Dripping(Vec<u8>, Duration),
    /// Resets the connection.
    Reset,
    /// Closes the connection.
    Close,
    /// Writes these bytes, and nothing more; ends when the client closes the connection.
    Stalled(Vec<u8>),
    /// Never answers; ends when the client closes the connection.
    Silence,
    /// Waits for the gate, then goes on.
    Held(Gate, Box<Reply>),
}

impl Reply {
    /// An answer of JSON.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![
            ("content-type", "application/x-amz-json-1.0".to_owned()),
            (
                "x-amzn-requestid",
                "11111111-2222-3333-4444-555555555555".to_owned(),
            ),
        ];
        Self::Answer {
            status,
            headers,
            body: body.to_string().into_bytes(),
        }
    }

    /// A good answer whose body goes on for as long as it is read, piece by piece.
    #[must_use]
    pub fn endless(piece: &[u8]) -> Self {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let length = format!("{:x}\r\n", piece.len());
        let chunk = [length.as_bytes(), piece, b"\r\n"].concat();
        Self::Endless(head.to_vec(), chunk)
    }

    /// A fault as SQS answers it.
    #[must_use]
    pub fn fault(status: u16, code: &str, message: &str) -> Self {
        let kind = format!("com.amazonaws.sqs#{code}");
        Self::json(
            status,
            &serde_json::json!({ "__type": kind, "message": message }),
        )
    }

    /// Does it; gives the connection back where it is to be kept.
    pub(crate) async fn write(
        self,
        mut stream: BufReader<TcpStream>,
    ) -> Option<BufReader<TcpStream>> {
        match self {
            Self::Answer { .. } => {
                stream.write_all(&self.bytes()).await.ok()?;
                return Some(stream);
            }
            Self::Raw(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.shutdown().await.ok()?;
            }
            Self::Endless(begin, piece) => {
                stream.write_all(&begin).await.ok()?;
                loop {
                    stream.write_all(&piece).await.ok()?;
                }
            }
            Self::Dripping(bytes, pause) => {
                for byte in bytes {
                    stream.write_u8(byte).await.ok()?;
                    stream.flush().await.ok()?;
                    tokio::time::sleep(pause).await;
                }
            }
            Self::Reset => reset(stream.into_inner()),
            Self::Close => {}
            Self::Stalled(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                // Nothing more comes but the end.
                let _ = stream.read_u8().await;
            }
            Self::Silence => _ = stream.read_u8().await,
            // Taken apart before.
            Self::Held(..) | Self::Last(..) => pending().await,
        }
        None
    }

    /// An answer's bytes, with the length of its body.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self::Answer {
            status,
            headers,
            body,
        } = self
        else {
            return Vec::new();
        };
        let mut head = format!(
            "HTTP/1.1 {status} Words\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), body].concat()
    }
}

/// What a held reply waits for.
#[derive(Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A closed one.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets all through, now and later.
    pub fn open(&self) {
        self.0.close();
    }

    /// Waits until it is open.
    pub async fn pass(&self) {
        // A closed semaphore is an open gate: it lets everybody through at once.
        let _ = self.0.acquire().await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// Ends a connection as a crash would.
pub(crate) fn reset(stream: TcpStream) {
    // Without lingering, closing sends a reset.
    let _ = stream.set_zero_linger();
}
