//! Message system attributes: the service's names and ours.
//!
//! Source: SQS API Reference, `MessageSystemAttributeName`.

/// A system attribute that a received message may carry.
#[derive(Clone, Copy, Debug)]
pub struct SystemAttribute {
    /// The service's name.
    pub name: &'static str,
    /// The property it becomes.
    pub property: &'static str,
    /// Whether it is a whole number that fits the contract's `integer`.
    pub integer: bool,
}

const fn row(name: &'static str, property: &'static str, integer: bool) -> SystemAttribute {
    SystemAttribute {
        name,
        property,
        integer,
    }
}

/// All that the service knows today; an unknown one is passed on under the same rule of names.
pub const SYSTEM_ATTRIBUTES: &[SystemAttribute] = &[
    row("SenderId", "sender-id", false),
    row("SentTimestamp", "sent-timestamp", true),
    row("ApproximateReceiveCount", "approximate-receive-count", true),
    row(
        "ApproximateFirstReceiveTimestamp",
        "approximate-first-receive-timestamp",
        true,
    ),
    // Twenty digits: more than 64 bits hold.
    row("SequenceNumber", "sequence-number", false),
    row("MessageDeduplicationId", "message-deduplication-id", false),
    row("MessageGroupId", "message-group-id", false),
    row("AWSTraceHeader", "aws-trace-header", false),
    row(
        "DeadLetterQueueSourceArn",
        "dead-letter-queue-source-arn",
        false,
    ),
];

/// `ApproximateReceiveCount` as `approximate-receive-count`.
pub fn kebab_case(name: &str) -> String {
    let letters = name.as_bytes();
    let mut kebab = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let after = letters.get(index + 1);
        // A word begins at a capital after a small letter, and at the last of several capitals.
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || after.is_some_and(u8::is_ascii_lowercase)
            });
        if begins {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_the_kebab_case_of_its_attribute() {
        for attribute in SYSTEM_ATTRIBUTES {
            assert_eq!(kebab_case(attribute.name), attribute.property);
        }
    }
}
