//! The limit: the same bytes again and again over hyper's connections, unsigned, and answers read
//! to their end and thrown away.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::{Worker, side_by_side};
use crate::work::{BATCH, BODY_BYTES, Place, Round, Work, body};

/// As long as a signature makes it.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIATESTTESTTESTTEST/20261121/us-east-1/\
    sqs/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target;x-amzn-query-mode, \
    Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024";

pub(super) struct Raw {
    queue_url: String,
    authority: String,
    /// One for each that is in flight, kept.
    idle: Arc<Mutex<Vec<Wire>>>,
    /// The requests of one step.
    requests: Arc<[(&'static str, Bytes)]>,
}

impl Raw {
    pub(super) fn new(place: &Place) -> Result<Self> {
        let endpoint: Uri = place.endpoint.parse()?;
        let authority = endpoint.authority().context("no authority")?.to_string();
        Ok(Self {
            queue_url: place.queue_url.clone(),
            authority,
            idle: Arc::default(),
            requests: Arc::default(),
        })
    }

    fn requests(&self, work: Work) -> Vec<(&'static str, Value)> {
        let queue_url = &self.queue_url;
        match work {
            Work::BatchSend => {
                let entries = (0..BATCH).map(|number| {
                    json!({ "Id": number.to_string(), "MessageBody": body(number, BODY_BYTES) })
                });
                let entries: Vec<Value> = entries.collect();
                let input = json!({ "QueueUrl": queue_url, "Entries": entries });
                vec![("SendMessageBatch", input)]
            }
            Work::ReceiveDelete | Work::Listen => {
                let receive = json!({
                    "QueueUrl": queue_url,
                    "MaxNumberOfMessages": BATCH,
                    "MessageAttributeNames": ["All"],
                    "MessageSystemAttributeNames": ["All"],
                });
                let handle = "x".repeat(364);
                let entries = (0..BATCH)
                    .map(|number| json!({ "Id": number.to_string(), "ReceiptHandle": handle }));
                let entries: Vec<Value> = entries.collect();
                let delete = json!({ "QueueUrl": queue_url, "Entries": entries });
                vec![("ReceiveMessage", receive), ("DeleteMessageBatch", delete)]
            }
            _ => {
                let body = body(0, work.single_bytes().unwrap_or(0));
                let input = json!({ "QueueUrl": queue_url, "MessageBody": body });
                vec![("SendMessage", input)]
            }
        }
    }
}

impl Worker for Raw {
    async fn prepare(&mut self, round: Round) -> Result<()> {
        self.requests = self
            .requests(round.work)
            .into_iter()
            .map(|(action, input)| (action, Bytes::from(input.to_string())))
            .collect();
        let mut idle = self.idle.lock().await;
        idle.retain(Wire::is_open);
        while idle.len() < round.in_flight {
            idle.push(Wire::open(&self.authority).await?);
        }
        Ok(())
    }

    async fn work(&self, round: Round) -> Result<()> {
        side_by_side(round.in_flight, round.calls(BATCH), |numbers| {
            let idle = Arc::clone(&self.idle);
            let requests = Arc::clone(&self.requests);
            async move {
                let mut wire = idle.lock().await.pop().context("no connection")?;
                while numbers.next().is_some() {
                    for (action, body) in requests.iter() {
                        wire.call(action, body.clone()).await?;
                    }
                }
                idle.lock().await.push(wire);
                Ok(())
            }
        })
        .await
    }
}

/// One connection.
pub(crate) struct Wire {
    authority: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Wire {
    /// Connects.
    pub(crate) async fn open(authority: &str) -> Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            authority: authority.to_owned(),
            sender,
        })
    }

    fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Makes a request and reads its answer to the end.
    pub(crate) async fn call(&mut self, action: &str, body: Bytes) -> Result<()> {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/")
            .header("host", &self.authority)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-date", "20261121T093000Z")
            .header("x-amz-target", format!("AmazonSQS.{action}"))
            .header("x-amzn-query-mode", "true")
            .header("authorization", AUTHORIZATION)
            .header("user-agent", "bench")
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(status.is_success() && !body.is_empty(), "HTTP {status}");
        Ok(())
    }
}
