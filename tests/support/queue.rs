//! Fresh queues, and a look at them without the plugin: a small SQS client of our own.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::environment::{self, REGION, Service};
use crate::{bounded, random};

impl Service {
    /// Calls SQS.
    ///
    /// # Errors
    /// The fault's status and body.
    ///
    /// # Panics
    /// Where there is no answer.
    pub async fn call(&self, action: &str, input: &Value) -> Result<Value, (u16, String)> {
        let body = input.to_string().into_bytes();
        let target = format!("AmazonSQS.{action}");
        let uri = format!("{}/", self.endpoint);
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", &*target),
        ];
        let keys = &self.keys;
        let identity: Identity =
            Credentials::new(&*keys.id, &*keys.secret, keys.token.clone(), None, "tests").into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name("sqs")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .expect("signing parameters")
            .into();
        let signable = SignableRequest::new(
            "POST",
            &uri,
            headers.into_iter(),
            SignableBody::Bytes(&body),
        )
        .expect("a request to sign");
        let (instructions, _) = sign(signable, &parameters)
            .expect("a signature")
            .into_parts();
        let mut request = http::Request::post(&uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for header in instructions.into_parts().0 {
            request = request.header(header.name(), header.value());
        }
        let request = request.body(Full::<Bytes>::from(body)).expect("a request");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (status, bytes) = bounded(action, async {
            let response = client.request(request).await.expect("an answer");
            let status = response.status().as_u16();
            (
                status,
                response
                    .into_body()
                    .collect()
                    .await
                    .expect("an answer")
                    .to_bytes(),
            )
        })
        .await;
        if status != 200 {
            return Err((status, String::from_utf8_lossy(&bytes).into_owned()));
        }
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        Ok(serde_json::from_slice(text).expect("JSON of SQS"))
    }
}

/// A queue of one test.
pub struct Queue {
    /// Its name, which no other test has.
    pub name: String,
    /// Its URL, as the server says it.
    pub url: String,
    /// Where it is.
    pub service: Service,
}

impl Queue {
    /// A standard queue on LocalStack.
    pub async fn standard() -> Self {
        Self::create(&environment::localstack(), "", &[]).await
    }

    /// A FIFO queue on LocalStack with content-based deduplication.
    pub async fn fifo() -> Self {
        let attributes = [("FifoQueue", "true"), ("ContentBasedDeduplication", "true")];
        Self::create(&environment::localstack(), ".fifo", &attributes).await
    }

    /// A queue with attributes, its name ending as given.
    ///
    /// # Panics
    /// Where the server refuses it.
    pub async fn create(service: &Service, ending: &str, attributes: &[(&str, &str)]) -> Self {
        let name = random::name() + ending;
        let attributes: serde_json::Map<String, Value> = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let input = json!({ "QueueName": name, "Attributes": attributes });
        let answer = service
            .call("CreateQueue", &input)
            .await
            .expect("a new queue");
        let url = answer["QueueUrl"].as_str().expect("a queue URL").to_owned();
        Self {
            name,
            url,
            service: service.clone(),
        }
    }

    /// How many messages are in it: visible, invisible and delayed.
    ///
    /// # Panics
    /// Where the server does not say.
    pub async fn messages(&self) -> [u64; 3] {
        const NAMES: [&str; 3] = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ];
        let input = json!({ "QueueUrl": self.url, "AttributeNames": NAMES });
        let answer = self
            .service
            .call("GetQueueAttributes", &input)
            .await
            .expect("attributes");
        NAMES.map(|name| {
            let number = answer["Attributes"][name]
                .as_str()
                .expect("a number of messages");
            number.parse().expect("a number of messages")
        })
    }

    /// Deletes it. A test that fails leaves its queue for a look at it.
    ///
    /// # Panics
    /// Where the server refuses it.
    pub async fn delete(self) {
        let input = json!({ "QueueUrl": self.url });
        self.service
            .call("DeleteQueue", &input)
            .await
            .expect("the queue is deleted");
    }
}
