//! The plugin's core, natively, one part at a time: for valgrind to count instructions.
//!
//! `core PART COUNT` does a part so many times. The difference between two counts is what the part
//! takes, without the start of the process. What stands around a part (a client with its settings)
//! is the plugin's own, over a transport that answers from memory.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sqs_connector::client::checksum;
use sqs_connector::client::json::{Node, Object, object};
use sqs_connector::contract::{Document, Property, Value};
use sqs_connector::operations::Session;
use sqs_connector::transport::{Clock, Limits, Request, Response, Transport, TransportError};

const BODY_BYTES: usize = 1_000;
const BATCH: usize = 10;
const QUEUE: &str = "http://127.0.0.1:4566/000000000000/bench";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().unwrap_or_default();
    let count: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(BODY_BYTES - 11));
    match part.as_str() {
        // Ten documents, as messages in a batch: read, checked, packed, written, signed, sent to
        // memory, and their answer decoded and compared.
        "send-ten" => send(count, &vec![body; BATCH]),
        // The same with one of 64 bytes: mostly signing.
        "send-one" => send(count, &["x".repeat(64)]),
        "encode" => (0..count).for_each(|_| {
            let mut out = Vec::with_capacity(2 * BODY_BYTES);
            object(&mut out, |input: &mut Object<'_>| {
                input.text("MessageBody", &body);
            });
            std::hint::black_box(out);
        }),
        "checksum" => (0..count).for_each(|_| {
            std::hint::black_box(checksum::of_body(std::hint::black_box(body.as_bytes())));
        }),
        "decode" => {
            let message = r#"{"MessageId":"x","ReceiptHandle":"yyyyyyyyyyyyyyyyyyyy","Body":"b"}"#;
            let answer = format!("{{\"Messages\":[{}]}}", [message; BATCH].join(","));
            (0..count).for_each(|_| {
                std::hint::black_box(Node::parse(std::hint::black_box(answer.as_bytes())));
            });
        }
        _ => eprintln!("usage: core send-ten|send-one|encode|checksum|decode COUNT"),
    }
}

fn send(count: usize, bodies: &[String]) {
    let text = |name: &str, value: &str| Property {
        name: name.to_owned(),
        value: Value::Text(value.to_owned()),
    };
    let settings = vec![
        text("region", "us-east-1"),
        text("endpoint", "http://127.0.0.1:4566"),
        text("access-key-id", "AKIATESTTESTTESTTEST"),
        text(
            "secret-access-key",
            "memory-only/test+secret0123456789012345",
        ),
    ];
    let sums: Vec<String> = bodies
        .iter()
        .map(|body| checksum::of_body(body.as_bytes()))
        .collect();
    let Ok(session) = Session::open(Memory { sums }, settings) else {
        eprintln!("the settings are refused");
        return;
    };
    for _ in 0..count {
        let documents = bodies.iter().map(|body| Document {
            payload: body.clone().into_bytes(),
            content_type: None,
            properties: Vec::new(),
        });
        let call = session.execute("send", Some(QUEUE), Vec::new(), documents.collect());
        let outcomes = finish(call).unwrap_or_default();
        assert!(outcomes.iter().all(|outcome| outcome.output.is_ok()));
    }
}

/// Nothing of it ever waits.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Takes every message.
struct Memory {
    sums: Vec<String>,
}

impl Transport for Memory {
    async fn send(&self, _: Request<'_>, _: Limits) -> Result<Response, TransportError> {
        let entry = |(id, sum): (usize, &String)| {
            format!("{{\"Id\":\"{id}\",\"MessageId\":\"m\",\"MD5OfMessageBody\":\"{sum}\"}}")
        };
        let entries: Vec<String> = self.sums.iter().enumerate().map(entry).collect();
        let body = match entries.as_slice() {
            [entry] => entry.clone(),
            _ => format!("{{\"Successful\":[{}]}}", entries.join(",")),
        };
        Ok(Response {
            status: 200,
            headers: Vec::new(),
            body: body.into_bytes(),
        })
    }
}

impl Clock for Memory {
    fn now(&self) -> Duration {
        Duration::from_secs(1_793_782_800)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }

    fn random(&self) -> u64 {
        7
    }
}
