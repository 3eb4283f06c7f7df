//! `test` and `browse`: what a platform asks before anything runs.

use super::{DYNAMIC, Session};
use crate::client::Call;
use crate::client::json::{self, Node};
use crate::contract::{Error, Fault, ObjectType};
use crate::transport::Ports;

/// Queues a page of `ListQueues` has at most.
const PAGE: i64 = 1_000;
/// Pages that are read at most: a form is no place for more.
const PAGES: usize = 10;

/// The least request that proves endpoint and credentials: the default queue's ARN, or, without a
/// default queue, the first name of the list of queues.
pub(super) async fn test<P: Ports>(session: &Session<P>) -> Result<(), Error> {
    let mut body = Vec::new();
    let (action, permission) = match &session.client.config().default_queue {
        Some(reference) => {
            let queue = session.queue(reference).await?;
            json::object(&mut body, |input| {
                input
                    .text("QueueUrl", &queue.url)
                    .texts("AttributeNames", ["QueueArn"]);
            });
            (
                "GetQueueAttributes",
                "sqs:GetQueueAttributes on the default queue",
            )
        }
        None => {
            json::object(&mut body, |input| {
                input.optional_integer("MaxResults", Some(1));
            });
            (
                "ListQueues",
                "sqs:ListQueues; with a default queue it takes sqs:GetQueueAttributes on that queue instead",
            )
        }
    };
    let answer = session
        .client
        .call(Call::new(action, &body))
        .await
        .map_err(|error| match error {
            Error::Forbidden(fault) => Error::Forbidden(Fault {
                message: format!(
                    "{} (the endpoint answers and the credentials are good; what this test lacks is the permission {permission})",
                    fault.message
                ),
                ..fault
            }),
            other => other,
        })?;
    // A server that is not SQS may answer anything with 200.
    answer.read()?;
    Ok(())
}

/// The queues whose names begin so, `dynamic` before them.
pub(super) async fn queues<P: Ports>(
    session: &Session<P>,
    prefix: &str,
) -> Result<Vec<ObjectType>, Error> {
    let mut objects = vec![ObjectType {
        id: DYNAMIC.to_owned(),
        label: "Dynamic queue: each document names its own".to_owned(),
        kind: DYNAMIC.to_owned(),
    }];
    let mut token: Option<String> = None;
    for _ in 0..PAGES {
        let mut body = Vec::new();
        json::object(&mut body, |input| {
            let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
            input
                .optional_text("QueueNamePrefix", prefix)
                .optional_text("NextToken", token.as_deref())
                .optional_integer("MaxResults", Some(PAGE));
        });
        let answer = session
            .client
            .call(Call::new("ListQueues", &body))
            .await
            .map_err(|error| match error {
                Error::Forbidden(fault) => Error::Forbidden(Fault {
                    message: format!(
                        "{} (listing takes sqs:ListQueues; a queue's URL can be given instead)",
                        fault.message
                    ),
                    ..fault
                }),
                other => other,
            })?;
        let page = answer.read()?;
        // Left out where there are none.
        let urls = page.get("QueueUrls").and_then(Node::texts);
        objects.extend(urls.unwrap_or_default().into_iter().map(object));
        token = page
            .owned_text("NextToken")
            .filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    Ok(objects)
}

fn object(url: String) -> ObjectType {
    let name = url.rsplit('/').next().unwrap_or_default().to_owned();
    let kind = if name.ends_with(".fifo") {
        "fifo-queue"
    } else {
        "standard-queue"
    };
    ObjectType {
        id: url,
        label: name,
        kind: kind.to_owned(),
    }
}
