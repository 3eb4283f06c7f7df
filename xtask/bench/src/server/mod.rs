//! The fast server: a process of its own, on one thread, that answers at once.
//!
//! It speaks AWS's JSON protocol over HTTP/1.1 and checks no signature. It is there to be no
//! bottleneck, so that what is measured is the contender: what it can know beforehand it does.
//! A queue named `idle` is empty, and a poll of it waits as long as it says.

mod answers;

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

use answers::Answers;

/// The queue that never has a message.
pub(crate) const IDLE: &str = "idle";

/// Prints the address and serves until standard input ends.
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        println!("{endpoint}");
        let answers = Rc::new(Answers::new(&endpoint));
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answers = Rc::clone(&answers);
                // Without it an answer of two segments would wait for an acknowledgement.
                let _ = stream.set_nodelay(true);
                tokio::task::spawn_local(async move {
                    let service = service_fn(|request| answer(Rc::clone(&answers), request));
                    // A client that goes away in the middle is no fault of the server's.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
        Ok(())
    })
}

async fn answer(
    answers: Rc<Answers>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let action = head
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok()?.strip_prefix("AmazonSQS."))
        .unwrap_or_default()
        .to_owned();
    let Ok(body) = body.collect().await else {
        return Ok(reply(400, Bytes::from_static(b"{}")));
    };
    let body = body.to_bytes();
    if action == "ReceiveMessage"
        && let Some(seconds) = answers::idle_poll(&body)
    {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        return Ok(reply(200, Bytes::from_static(b"{}")));
    }
    Ok(match answers.to(&action, &body) {
        Some(answer) => reply(200, answer),
        None => reply(
            400,
            Bytes::from_static(br#"{"__type":"com.amazonaws.sqs#InvalidAction"}"#),
        ),
    })
}

fn reply(status: u16, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amzn-requestid", "7a62c49f-347e-4fc4-9331-6e8e7a96aa73"),
    ] {
        headers.insert(name, http::HeaderValue::from_static(value));
    }
    response
}
