//! The calls of `aws-sdk-sqs`, natively and in a component.

use anyhow::{Result, ensure};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageSystemAttributeName, SendMessageBatchRequestEntry,
};

/// Messages of a batch.
pub(crate) const BATCH: usize = 10;

/// Sends one message.
pub(crate) async fn send(client: &Client, queue_url: &str, body: String) -> Result<()> {
    let sent = client
        .send_message()
        .queue_url(queue_url)
        .message_body(body)
        .send()
        .await?;
    ensure!(sent.message_id.is_some(), "the message has no id");
    Ok(())
}

/// Sends a batch.
pub(crate) async fn send_batch(client: &Client, queue_url: &str, bodies: &[String]) -> Result<()> {
    let entries = bodies.iter().enumerate().map(|(index, body)| {
        SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .message_body(body)
            .build()
    });
    let sent = client
        .send_message_batch()
        .queue_url(queue_url)
        .set_entries(Some(entries.collect::<Result<_, _>>()?))
        .send()
        .await?;
    ensure!(sent.successful.len() == bodies.len(), "some were not sent");
    Ok(())
}

/// Receives a batch and deletes it.
pub(crate) async fn receive(client: &Client, queue_url: &str) -> Result<()> {
    let received = client
        .receive_message()
        .queue_url(queue_url)
        .max_number_of_messages(BATCH as i32)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All")
        .send()
        .await?;
    let messages = received.messages.unwrap_or_default();
    ensure!(messages.len() == BATCH, "only {} came", messages.len());
    let entries = messages.into_iter().enumerate().map(|(index, message)| {
        DeleteMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .set_receipt_handle(message.receipt_handle)
            .build()
    });
    let deleted = client
        .delete_message_batch()
        .queue_url(queue_url)
        .set_entries(Some(entries.collect::<Result<_, _>>()?))
        .send()
        .await?;
    ensure!(deleted.successful.len() == BATCH, "some were not deleted");
    Ok(())
}
