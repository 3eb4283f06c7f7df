//! Makes and removes the tour's queues. The plugin sends, receives and deletes; queues are made
//! by whoever runs the platform, so here with a few signed requests of the demo's own.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow, bail};
use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

use crate::server::Server;

const LIMIT: Duration = Duration::from_secs(30);

/// Signed requests to one server.
pub(crate) struct Admin<'a> {
    server: &'a Server,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl<'a> Admin<'a> {
    pub(crate) fn new(server: &'a Server) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .build();
        Self {
            server,
            client: Client::builder(TokioExecutor::new()).build(connector),
        }
    }

    /// Makes a queue and gives its URL.
    pub(crate) async fn create_queue(&self, name: &str) -> Result<String> {
        let mut attributes = json!({ "VisibilityTimeout": "120" });
        if name.ends_with(".fifo") {
            attributes["FifoQueue"] = "true".into();
        }
        let request = json!({ "QueueName": name, "Attributes": attributes });
        let answer = self.call("CreateQueue", &request).await?;
        let url = answer["QueueUrl"]
            .as_str()
            .context("the answer to CreateQueue has no QueueUrl")?;
        Ok(url.to_owned())
    }

    /// Removes a queue with all that is in it.
    pub(crate) async fn delete_queue(&self, url: &str) -> Result<()> {
        self.call("DeleteQueue", &json!({ "QueueUrl": url }))
            .await
            .map(|_| ())
    }

    async fn call(&self, action: &str, body: &Value) -> Result<Value> {
        let request = self.signed(action, body.to_string())?;
        let exchange = async {
            let response = self.client.request(request).await?;
            let status = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            anyhow::Ok((status, body))
        };
        let (status, body) = tokio::time::timeout(LIMIT, exchange)
            .await
            .map_err(|_| anyhow!("no answer in {} s", LIMIT.as_secs()))
            .and_then(|answer| answer)
            .with_context(|| format!("{action} at {}", self.server.endpoint))?;
        if !status.is_success() {
            let words = String::from_utf8_lossy(&body);
            bail!(
                "{action} at {}: {status}: {}",
                self.server.endpoint,
                words.trim()
            );
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).with_context(|| format!("{action}: the answer is not JSON"))
    }

    fn signed(&self, action: &str, body: String) -> Result<Request<Full<Bytes>>> {
        let Server {
            endpoint,
            region,
            access_key_id,
            secret_access_key,
            session_token,
            ..
        } = self.server;
        let credentials = Credentials::new(
            access_key_id,
            secret_access_key,
            session_token.clone(),
            None,
            "demo",
        );
        let identity = credentials.into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("sqs")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let uri = format!("{endpoint}/");
        let mut request = Request::post(&uri)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AmazonSQS.{action}"))
            .body(Full::from(body.clone()))?;
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| value.to_str().map(|value| (name.as_str(), value)))
            .collect::<Result<Vec<_>, _>>()?;
        let body = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new("POST", &uri, headers.into_iter(), body)?;
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}
