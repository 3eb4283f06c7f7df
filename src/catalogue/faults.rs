//! Fault codes: who has to act, and whether another attempt can help.
//!
//! Sources: the errors of the SQS service model (API version 2012-11-05), the common errors of the
//! SQS API Reference, and the error lists of the AWS SDKs' standard retry mode and clock-skew
//! correction. A fault has two names: the shape's (`QueueDoesNotExist`), and the one of the old
//! query protocol (`AWS.SimpleQueueService.NonExistentQueue`), which entries of a batch answer
//! still carry. A code that is in no list keeps its own words and is classified by HTTP status.

/// What a fault means to a caller; the cases of the contract's `error` that carry a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Credentials missing, wrong or expired.
    Unauthenticated,
    /// A permission is missing.
    Forbidden,
    /// What is named does not exist.
    NotFound,
    /// It contradicts the present state.
    Conflict,
    /// Too many calls.
    Throttled,
    /// Refused for any other reason that the caller has to mend.
    Rejected,
    /// The service failed.
    Unavailable,
}

/// Codes and their classes, by the last part of the code: what stands before the last `.` of a
/// query-protocol code, and an ending `Exception`, are left out.
const CLASSES: &[(&str, Class)] = &[
    // Credentials and signatures.
    ("AuthFailure", Class::Unauthenticated),
    ("ExpiredToken", Class::Unauthenticated),
    ("IncompleteSignature", Class::Unauthenticated),
    ("InvalidAccessKeyId", Class::Unauthenticated),
    ("InvalidClientTokenId", Class::Unauthenticated),
    ("InvalidSignature", Class::Unauthenticated),
    ("MissingAuthenticationToken", Class::Unauthenticated),
    ("NotAuthorized", Class::Unauthenticated),
    ("RequestExpired", Class::Unauthenticated),
    ("RequestTimeTooSkewed", Class::Unauthenticated),
    ("SignatureDoesNotMatch", Class::Unauthenticated),
    ("UnrecognizedClient", Class::Unauthenticated),
    // Permissions.
    ("AccessDenied", Class::Forbidden),
    ("KmsAccessDenied", Class::Forbidden),
    ("OptInRequired", Class::Forbidden),
    ("KmsOptInRequired", Class::Forbidden),
    ("UnauthorizedOperation", Class::Forbidden),
    // Names.
    ("NonExistentQueue", Class::NotFound),
    ("QueueDoesNotExist", Class::NotFound),
    ("ResourceNotFound", Class::NotFound),
    // State.
    ("MessageNotInflight", Class::Conflict),
    ("OverLimit", Class::Conflict),
    ("PurgeQueueInProgress", Class::Conflict),
    ("QueueAlreadyExists", Class::Conflict),
    ("QueueDeletedRecently", Class::Conflict),
    ("QueueNameExists", Class::Conflict),
    // Load: the codes that the AWS SDKs take for throttling, and KMS's, which they forget.
    ("BandwidthLimitExceeded", Class::Throttled),
    ("EC2Throttled", Class::Throttled),
    ("KmsThrottled", Class::Throttled),
    ("LimitExceeded", Class::Throttled),
    ("PriorRequestNotComplete", Class::Throttled),
    ("ProvisionedThroughputExceeded", Class::Throttled),
    ("RequestLimitExceeded", Class::Throttled),
    ("RequestThrottled", Class::Throttled),
    ("SlowDown", Class::Throttled),
    ("Throttled", Class::Throttled),
    ("Throttling", Class::Throttled),
    ("TooManyRequests", Class::Throttled),
    ("TransactionInProgress", Class::Throttled),
    // The service's own failures.
    ("InternalError", Class::Unavailable),
    ("InternalFailure", Class::Unavailable),
    ("InternalServerError", Class::Unavailable),
    ("RequestTimeout", Class::Unavailable),
    ("ServiceUnavailable", Class::Unavailable),
    // Refused, though their status may say otherwise.
    ("BatchEntryIdsNotDistinct", Class::Rejected),
    ("BatchRequestTooLong", Class::Rejected),
    ("EmptyBatchRequest", Class::Rejected),
    ("InvalidAddress", Class::Rejected),
    ("InvalidAttributeName", Class::Rejected),
    ("InvalidAttributeValue", Class::Rejected),
    ("InvalidBatchEntryId", Class::Rejected),
    ("InvalidIdFormat", Class::Rejected),
    ("InvalidMessageContents", Class::Rejected),
    ("InvalidParameterValue", Class::Rejected),
    ("InvalidSecurity", Class::Rejected),
    ("KmsDisabled", Class::Rejected),
    ("KmsInvalidKeyUsage", Class::Rejected),
    ("KmsInvalidState", Class::Rejected),
    ("KmsNotFound", Class::Rejected),
    ("MissingParameter", Class::Rejected),
    ("MissingRequiredParameter", Class::Rejected),
    ("ReceiptHandleIsInvalid", Class::Rejected),
    ("TooManyEntriesInBatchRequest", Class::Rejected),
    ("UnsupportedOperation", Class::Rejected),
];

/// The class of a known code.
pub fn known(code: &str) -> Option<Class> {
    let plain = plain(code);
    // `KMS.ThrottlingException`, `KMS.AccessDeniedException`: the query protocol's names of the
    // KMS faults mean the same as the plain ones, but for a key that is missing.
    if code.starts_with("KMS.") && plain == "NotFound" {
        return Some(Class::Rejected);
    }
    let found = CLASSES.iter().find(|(known, _)| *known == plain);
    found.map(|(_, class)| *class)
}

/// The class of a fault, by its code, and by the HTTP status of the answer where the code says
/// nothing.
pub fn classify(code: &str, status: u16) -> Class {
    if let Some(class) = known(code) {
        return class;
    }
    match status {
        401 => Class::Unauthenticated,
        403 => Class::Forbidden,
        404 => Class::NotFound,
        409 => Class::Conflict,
        429 => Class::Throttled,
        500.. => Class::Unavailable,
        _ => Class::Rejected,
    }
}

/// Codes that a wrong clock brings forth, beside other causes.
pub fn may_be_clock_skew(code: &str) -> bool {
    matches!(
        plain(code),
        "InvalidSignature"
            | "SignatureDoesNotMatch"
            | "AuthFailure"
            | "RequestTimeTooSkewed"
            | "RequestExpired"
            | "AccessDenied"
    )
}

/// The part of a code that is the same in both protocols.
fn plain(code: &str) -> &str {
    let last = code.rsplit('.').next().unwrap_or(code);
    last.strip_suffix("Exception").unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_a_fault_have_one_class() {
        for (code, class) in [
            ("QueueDoesNotExist", Class::NotFound),
            ("AWS.SimpleQueueService.NonExistentQueue", Class::NotFound),
            ("KMS.ThrottlingException", Class::Throttled),
            ("KmsThrottled", Class::Throttled),
            ("KMS.AccessDeniedException", Class::Forbidden),
            ("KMS.NotFoundException", Class::Rejected),
            (
                "AWS.SimpleQueueService.PurgeQueueInProgress",
                Class::Conflict,
            ),
            ("ExpiredTokenException", Class::Unauthenticated),
        ] {
            assert_eq!(classify(code, 400), class, "{code}");
        }
    }

    #[test]
    fn an_unknown_code_is_classified_by_its_status() {
        assert_eq!(classify("BrandNew", 400), Class::Rejected);
        assert_eq!(classify("BrandNew", 403), Class::Forbidden);
        assert_eq!(classify("BrandNew", 503), Class::Unavailable);
        assert_eq!(classify("", 429), Class::Throttled);
    }
}
