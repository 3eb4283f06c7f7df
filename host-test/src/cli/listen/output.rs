//! `--out`: documents as JSON lines, on the disk before their messages are accepted.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use connector_host::contract::Document;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt, Stdout};
use tokio::sync::{mpsc, oneshot};

use super::super::document::Json;

/// Lines that are written together, and then made durable together, at most.
const TOGETHER: usize = 256;

/// A file, or standard output, that lines are appended to. A clone writes to the same one.
#[derive(Clone)]
pub(super) struct Output {
    lines: mpsc::Sender<Line>,
    failure: Arc<OnceLock<io::Error>>,
}

struct Line {
    text: Vec<u8>,
    /// Told when the line is where it is to be; dropped where it is not.
    written: oneshot::Sender<()>,
}

enum Target {
    /// Flushed: what reads it has to keep it.
    Stdout(Stdout),
    /// A regular file, synchronised with the disk.
    File(File),
    /// A pipe or a device: flushed.
    Special(File),
}

impl Output {
    /// Opens a file at its end, or standard output for `-`.
    pub(super) async fn append(path: &Path) -> io::Result<Self> {
        let target = if path.as_os_str() == "-" {
            Target::Stdout(tokio::io::stdout())
        } else {
            let mut file = File::options().create(true).append(true).open(path).await?;
            if file.metadata().await?.is_file() {
                if ends_in_a_line(path).await {
                    file.write_all(b"\n").await?;
                }
                Target::File(file)
            } else {
                Target::Special(file)
            }
        };
        let (lines, taken) = mpsc::channel(TOGETHER);
        let failure = Arc::new(OnceLock::new());
        tokio::spawn(write_all(target, taken, Arc::clone(&failure)));
        Ok(Self { lines, failure })
    }

    /// Writes a document; true when it is where it is to be.
    pub(super) async fn write(&self, document: &Document) -> bool {
        let mut text = match serde_json::to_vec(&Json(document)) {
            Ok(text) => text,
            Err(error) => {
                // The first one is the one to tell.
                let _ = self.failure.set(error.into());
                return false;
            }
        };
        text.push(b'\n');
        let (written, done) = oneshot::channel();
        let line = Line { text, written };
        self.lines.send(line).await.is_ok() && done.await.is_ok()
    }

    /// Why nothing more can be written.
    pub(super) fn failure(&self) -> Option<io::Error> {
        self.failure
            .get()
            .map(|error| io::Error::new(error.kind(), error.to_string()))
    }
}

/// Whether a file's last line has no end. A process that was killed, or a disk that was full, may
/// have left half a line: what is appended to it could not be read, and would be lost.
async fn ends_in_a_line(path: &Path) -> bool {
    let last = async {
        let mut file = File::open(path).await?;
        file.seek(io::SeekFrom::End(-1)).await?;
        file.read_u8().await
    };
    // An empty file has no last byte, and one that may only be written is taken as it is.
    last.await.is_ok_and(|byte| byte != b'\n')
}

/// Writes lines, as many together as there are, until one fails: what comes after half a line
/// could not be read.
async fn write_all(
    mut target: Target,
    mut lines: mpsc::Receiver<Line>,
    failure: Arc<OnceLock<io::Error>>,
) {
    let mut batch = Vec::new();
    while lines.recv_many(&mut batch, TOGETHER).await > 0 {
        let text: Vec<u8> = batch.iter().flat_map(|line| &line.text).copied().collect();
        if let Err(error) = target.write(&text).await {
            let _ = failure.set(error);
            return;
        }
        for line in batch.drain(..) {
            // Whoever asked may have been stopped meanwhile.
            let _ = line.written.send(());
        }
    }
}

impl Target {
    async fn write(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout(output) => flushed(output, text).await,
            Self::Special(output) => flushed(output, text).await,
            Self::File(output) => {
                flushed(output, text).await?;
                output.sync_data().await
            }
        }
    }
}

async fn flushed(output: &mut (impl AsyncWrite + Unpin), text: &[u8]) -> io::Result<()> {
    output.write_all(text).await?;
    output.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document {
            payload: text.as_bytes().to_vec(),
            content_type: None,
            properties: Vec::new(),
        }
    }

    #[tokio::test]
    async fn lines_are_appended_whole_and_told_when_they_are_there() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out.jsonl");
        std::fs::write(&path, "{\"payload\":\"before\"}\n").expect("a file");
        let output = Output::append(&path).await.expect("an output");
        let writes = (0..50).map(|number| {
            let output = output.clone();
            tokio::spawn(async move { output.write(&document(&number.to_string())).await })
        });
        for write in writes.collect::<Vec<_>>() {
            assert!(write.await.expect("a task"));
        }
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.starts_with("{\"payload\":\"before\"}\n"));
        let mut numbers: Vec<usize> = text
            .lines()
            .skip(1)
            .map(|line| {
                let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
                value["payload"]
                    .as_str()
                    .and_then(|text| text.parse().ok())
                    .expect("a number")
            })
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..50).collect::<Vec<_>>());
        assert!(output.failure().is_none());
    }

    #[tokio::test]
    async fn half_a_line_that_a_killed_process_left_spoils_no_other() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out.jsonl");
        std::fs::write(&path, "{\"payload\":\"be").expect("a file");
        let output = Output::append(&path).await.expect("an output");
        assert!(output.write(&document("after")).await);
        let text = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(text, "{\"payload\":\"be\n{\"payload\":\"after\"}\n");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_line_that_cannot_be_written_is_told_and_so_is_every_later_one() {
        let output = Output::append("/dev/full".as_ref())
            .await
            .expect("an output");
        for _ in 0..2 {
            assert!(!output.write(&document("x")).await);
        }
        assert!(output.failure().is_some());
    }
}
