//! The MD5 checksums that SQS gives for bodies and attributes.
//!
//! Source: SQS Developer Guide, "Calculating the MD5 message digest for message attributes". They
//! guard against accidents on the way, not against an attacker; the signature does that.

use bytewise::hexadecimal;
use md5::{Digest, Md5};

/// A message attribute's value, for its checksum and for its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue<'a> {
    /// Of a String or Number.
    Text(std::borrow::Cow<'a, str>),
    /// Of a Binary.
    Binary(std::borrow::Cow<'a, [u8]>),
}

impl AttributeValue<'_> {
    /// Its bytes, as they count for the checksum and for the size of a message.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// Checksum of a body.
pub fn of_body(body: &[u8]) -> String {
    hexadecimal(Md5::digest(body).as_ref())
}

/// Checksum of attributes (name, data type, value); any order.
pub fn of_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a str, &'a str, &'a AttributeValue<'a>)>,
) -> String {
    let mut rest: Vec<_> = attributes.into_iter().collect();
    let mut digest = Md5::new();
    // There are ten of them at most: to look for the next one each time is sorting enough.
    while let Some(next) =
        (0..rest.len()).min_by_key(|index| rest.get(*index).map(|(name, ..)| *name))
    {
        let (name, data_type, value) = rest.swap_remove(next);
        update(&mut digest, name.as_bytes());
        update(&mut digest, data_type.as_bytes());
        // One byte says how the value is carried.
        digest.update(match value {
            AttributeValue::Text(_) => [1],
            AttributeValue::Binary(_) => [2],
        });
        update(&mut digest, value.bytes());
    }
    hexadecimal(digest.finalize().as_ref())
}

/// A part goes in after its length, four bytes big-endian.
fn update(digest: &mut Md5, part: &[u8]) {
    // Quotas bound every part far below 4 GiB.
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    digest.update(length.to_be_bytes());
    digest.update(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> AttributeValue<'_> {
        AttributeValue::Text(value.into())
    }

    fn binary(value: &[u8]) -> AttributeValue<'_> {
        AttributeValue::Binary(value.into())
    }

    #[test]
    fn the_checksum_of_a_body_is_the_one_that_the_java_sdk_expects() {
        assert_eq!(of_body(b"Body"), "ac101b32dda4448cf13a93fe283dddd8");
    }

    #[test]
    fn the_order_in_which_attributes_are_given_does_not_matter() {
        let (one, two) = (text("1"), binary(b"2"));
        let (one, two) = (("a", "String", &one), ("b", "Binary", &two));
        assert_eq!(of_attributes([one, two]), of_attributes([two, one]));
    }

    #[test]
    fn checksums_of_attributes_are_those_that_other_clients_and_the_service_compute() {
        let trace =
            text("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1");
        let parent =
            binary(b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01");
        let value = text("attribValue 1");
        for (attributes, expected) in [
            (
                vec![("AWSTraceHeader", "String", &trace)],
                "5ae4d5d7636402d80f4eb6d213245a88",
            ),
            (
                vec![("attr1", "Binary", &parent)],
                "8cbe4db156db8a94db8b801b7addb984",
            ),
            (
                vec![("attribName1", "String", &value)],
                "19e27d4e946b072f3f58da80d94fd778",
            ),
        ] {
            assert_eq!(
                of_attributes(attributes.iter().copied()),
                expected,
                "{attributes:?}"
            );
        }
    }
}
