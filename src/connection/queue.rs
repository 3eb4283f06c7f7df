//! Which queue is meant: a name, a URL or an ARN, as people and documents give it.

use std::borrow::Cow;

use crate::catalogue::limits::QUEUE_NAME;
use crate::catalogue::partitions::Partition;

/// A queue as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueReference {
    /// Used as it is, in request bodies only.
    Url(String),
    /// To be resolved with `GetQueueUrl`.
    Name {
        /// The queue's name.
        name: String,
        /// The owner's account, where it is not the caller's own.
        owner: Option<String>,
    },
}

impl QueueReference {
    /// Reads a queue reference for a connection to `region`.
    ///
    /// A URL of AWS's own shape, or an ARN, that names another region or partition is refused:
    /// the request would go to this connection's endpoint, where another queue of that name may
    /// be. Any other host in a URL is of no account, as servers that are not AWS, and VPC
    /// endpoints, answer with host names that are not the endpoint's.
    ///
    /// # Errors
    /// In words: what is wrong with it.
    pub fn parse(text: &str, region: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with("https://") || text.starts_with("http://") {
            return from_url(text, region);
        }
        if text.starts_with("arn:") {
            return from_arn(text, region);
        }
        check_name(text)?;
        Ok(Self::Name {
            name: text.to_owned(),
            owner: None,
        })
    }

    /// A text that is the same for the same reference. Names have no `/`, so none is taken for a
    /// URL, or for a name of another account.
    pub fn key(&self) -> Cow<'_, str> {
        match self {
            Self::Url(text)
            | Self::Name {
                name: text,
                owner: None,
            } => Cow::Borrowed(text),
            Self::Name {
                name,
                owner: Some(owner),
            } => Cow::Owned(format!("{owner}/{name}")),
        }
    }

    /// Whether it is a FIFO queue: by the ending that the service demands of their names.
    pub fn is_fifo(&self) -> bool {
        match self {
            Self::Url(text) | Self::Name { name: text, .. } => text.ends_with(".fifo"),
        }
    }
}

fn from_url(text: &str, region: &str) -> Result<QueueReference, String> {
    const SHAPE: &str =
        "must be a queue URL, such as https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
    let uri: http::Uri = text.parse().map_err(|_| SHAPE.to_owned())?;
    let name = uri.path().rsplit('/').next().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    if name.is_empty() || host.is_empty() || uri.query().is_some() || text.len() > 2_048 {
        return Err(SHAPE.to_owned());
    }
    if let Some((named, partition)) = aws_region(&host.to_ascii_lowercase()) {
        check_region(&named, partition, region, "the URL")?;
    }
    Ok(QueueReference::Url(text.to_owned()))
}

fn from_arn(text: &str, region: &str) -> Result<QueueReference, String> {
    const SHAPE: &str = "must be a queue's ARN, such as arn:aws:sqs:eu-west-1:123456789012:orders";
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "sqs", named, account, name] = parts.as_slice() else {
        return Err(SHAPE.to_owned());
    };
    check_name(name)?;
    if account.is_empty() {
        return Err(SHAPE.to_owned());
    }
    let same_partition = *partition == Partition::of(region).id;
    if *named != region || !same_partition {
        return Err(elsewhere("the ARN", named, region));
    }
    Ok(QueueReference::Name {
        name: (*name).to_owned(),
        owner: Some((*account).to_owned()),
    })
}

/// Checks a queue's name.
///
/// # Errors
/// In words: what a name must look like.
pub fn check_name(name: &str) -> Result<(), String> {
    let stem = name.strip_suffix(".fifo").unwrap_or(name);
    let letters = stem
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if stem.is_empty() || name.len() > QUEUE_NAME || !letters {
        return Err(format!(
            "must be a queue's URL, ARN, or name of 1 to {QUEUE_NAME} letters, digits, hyphens and underscores (`.fifo` at the end of a FIFO queue's)"
        ));
    }
    Ok(())
}

fn check_region(
    named: &str,
    suffix_of: &Partition,
    region: &str,
    what: &str,
) -> Result<(), String> {
    let own = Partition::of(region);
    let same_suffix = own.dns_suffix == suffix_of.dns_suffix;
    if named == region && same_suffix {
        Ok(())
    } else {
        Err(elsewhere(what, named, region))
    }
}

fn elsewhere(what: &str, named: &str, region: &str) -> String {
    format!(
        "{what} names a queue in `{named}`, but the connection is for `{region}`: use a connection for that region"
    )
}

/// The region that a host of AWS's own names, and a partition with its DNS suffix.
fn aws_region(host: &str) -> Option<(String, &'static Partition)> {
    Partition::all()
        .flat_map(|partition| {
            [
                (partition.dns_suffix, partition),
                (partition.dual_stack_suffix, partition),
            ]
        })
        .find_map(|(suffix, partition)| {
            let rest = host.strip_suffix(suffix)?.strip_suffix('.')?;
            let labels: Vec<&str> = rest.split('.').collect();
            let region = match labels.as_slice() {
                ["sqs" | "sqs-fips", region] => region,
                // The old names, which the service still gives out in places.
                [region, "queue"] => region,
                ["queue"] => "us-east-1",
                [.., "sqs", region, "vpce"] => region,
                _ => return None,
            };
            Some((region.to_owned(), partition))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_urls_and_arns_are_told_apart() {
        assert_eq!(
            QueueReference::parse("orders.fifo", "eu-west-1").unwrap(),
            QueueReference::Name {
                name: "orders.fifo".into(),
                owner: None
            }
        );
        assert_eq!(
            QueueReference::parse("arn:aws:sqs:eu-west-1:123456789012:orders", "eu-west-1")
                .unwrap(),
            QueueReference::Name {
                name: "orders".into(),
                owner: Some("123456789012".into())
            }
        );
        for url in [
            "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
            "https://eu-west-1.queue.amazonaws.com/123456789012/orders",
            "https://vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com/123456789012/orders",
            "http://127.0.0.1:4566/queue/us-east-1/000000000000/orders",
            "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/orders",
        ] {
            assert_eq!(
                QueueReference::parse(url, "eu-west-1").unwrap(),
                QueueReference::Url(url.into())
            );
        }
    }

    #[test]
    fn another_region_or_partition_is_refused_and_named() {
        for text in [
            "https://sqs.us-east-1.amazonaws.com/123456789012/orders",
            "https://queue.amazonaws.com/123456789012/orders",
            "https://sqs.us-east-1.api.aws/123456789012/orders",
            "https://vpce-1.sqs.us-east-1.vpce.amazonaws.com/123456789012/orders",
            "arn:aws:sqs:us-east-1:123456789012:orders",
        ] {
            let message = QueueReference::parse(text, "eu-west-1").unwrap_err();
            assert!(message.contains("`us-east-1`"), "{message}");
        }
        assert!(
            QueueReference::parse("https://sqs.eu-west-1.amazonaws.com.cn/1/q", "eu-west-1")
                .is_err()
        );
        assert!(QueueReference::parse("arn:aws-cn:sqs:eu-west-1:1:q", "eu-west-1").is_err());
    }

    #[test]
    fn what_is_no_queue_is_refused() {
        for text in [
            "",
            "or ders",
            "orders.fifo.fifo",
            ".fifo",
            "ab/cd",
            "https://sqs.eu-west-1.amazonaws.com/",
            "https://x/1/q?Action=DeleteQueue",
            "arn:aws:sns:eu-west-1:1:q",
            &"x".repeat(81),
        ] {
            assert!(QueueReference::parse(text, "eu-west-1").is_err(), "{text}");
        }
    }
}
