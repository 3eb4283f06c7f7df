//! `aws-sdk-sqs`, natively, as its documentation shows: one client, its default features.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Credentials, Region};
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry};

use super::calls::{BATCH, receive, send, send_batch};
use super::{Worker, side_by_side};
use crate::work::{BODY_BYTES, Place, Round, Work, body};

pub(super) struct Native {
    client: Client,
    queue_url: Arc<str>,
    bodies: Arc<[String]>,
}

impl Native {
    pub(super) async fn new(place: &Place) -> Self {
        Self {
            client: client(place).await,
            queue_url: place.queue_url.as_str().into(),
            bodies: Arc::default(),
        }
    }
}

async fn client(place: &Place) -> Client {
    let credentials = Credentials::new(
        &place.access_key_id,
        &place.secret_access_key,
        None,
        None,
        "bench",
    );
    let config = aws_config::from_env()
        .region(Region::new(place.region.clone()))
        .endpoint_url(&place.endpoint)
        .credentials_provider(credentials)
        .load()
        .await;
    Client::new(&config)
}

/// Makes a queue on a server that has none yet, and gives its URL.
pub(crate) async fn make_queue(place: &Place, name: &str) -> Result<String> {
    let made = client(place)
        .await
        .create_queue()
        .queue_name(name)
        // Nothing that a round receives comes back in a later one.
        .attributes(QueueAttributeName::VisibilityTimeout, "3600")
        .send()
        .await?;
    made.queue_url.context("the server gave no URL")
}

/// Puts as many messages, with attributes, into a queue.
pub(crate) async fn fill(place: &Place, messages: usize) -> Result<()> {
    let client = client(place).await;
    let attribute = |kind, value| {
        MessageAttributeValue::builder()
            .data_type(kind)
            .string_value(value)
            .build()
    };
    let (kind, weight) = (attribute("String", "order")?, attribute("Number", "12.5")?);
    for start in (0..messages).step_by(BATCH) {
        let entries = (start..messages.min(start + BATCH)).map(|number| {
            SendMessageBatchRequestEntry::builder()
                .id(number.to_string())
                .message_body(body(number, BODY_BYTES))
                .message_attributes("kind", kind.clone())
                .message_attributes("weight", weight.clone())
                .build()
        });
        let sent = client
            .send_message_batch()
            .queue_url(&place.queue_url)
            .set_entries(Some(entries.collect::<Result<_, _>>()?))
            .send()
            .await?;
        ensure!(sent.failed.is_empty(), "the queue could not be filled");
    }
    Ok(())
}

impl Worker for Native {
    async fn prepare(&mut self, round: Round) -> Result<()> {
        self.bodies = round.bodies().collect();
        Ok(())
    }

    async fn work(&self, round: Round) -> Result<()> {
        side_by_side(round.in_flight, round.calls(BATCH), |numbers| {
            let client = self.client.clone();
            let queue_url = Arc::clone(&self.queue_url);
            let bodies = Arc::clone(&self.bodies);
            async move {
                while let Some(number) = numbers.next() {
                    match round.work {
                        Work::BatchSend => {
                            let bodies = bodies.chunks(BATCH).nth(number).unwrap_or(&[]);
                            send_batch(&client, &queue_url, bodies).await?;
                        }
                        Work::ReceiveDelete | Work::Listen => receive(&client, &queue_url).await?,
                        _ => send(&client, &queue_url, bodies[0].clone()).await?,
                    }
                }
                Ok(())
            }
        })
        .await
    }
}
