//! What the host's error codes mean.

use ::wasi::http::types::{ErrorCode, http_error_code};
use ::wasi::io::streams::StreamError;

use crate::transport::{TransportError, TransportErrorKind};

/// A failed stream: with the host's code where it has one, as a cut connection does.
pub(super) fn stream_failure(error: StreamError) -> TransportError {
    match error {
        StreamError::Closed => {
            TransportError::new(TransportErrorKind::Broken, "the connection was closed")
        }
        StreamError::LastOperationFailed(error) => match http_error_code(&error) {
            Some(code) => describe(code),
            None => TransportError::new(TransportErrorKind::Broken, "the connection broke"),
        },
    }
}

/// The host's code as a failure of ours. Words that a host adds are left out: they may hold
/// anything.
pub(super) fn describe(code: ErrorCode) -> TransportError {
    use TransportErrorKind::{Broken, Connect, Denied, Invalid, Timeout, TooLarge};
    let (kind, message) = match code {
        ErrorCode::HttpRequestDenied => (Denied, "the host's policy forbids it"),
        ErrorCode::DestinationIpProhibited => {
            (Denied, "the host's policy forbids the address of its host")
        }
        ErrorCode::DnsTimeout => (Timeout, "name resolution took too long"),
        ErrorCode::DnsError(_) => (Connect, "its host name cannot be resolved"),
        ErrorCode::DestinationNotFound => (Connect, "its host was not found"),
        ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => {
            (Connect, "its host cannot be reached")
        }
        ErrorCode::ConnectionRefused => (Connect, "the connection was refused"),
        ErrorCode::ConnectionTimeout => (Timeout, "connecting took too long"),
        ErrorCode::ConnectionReadTimeout => (Timeout, "the answer took too long"),
        ErrorCode::ConnectionWriteTimeout => (Timeout, "sending took too long"),
        ErrorCode::HttpResponseTimeout => (Timeout, "the answer took too long"),
        ErrorCode::ConnectionTerminated => (Broken, "the connection was cut"),
        ErrorCode::ConnectionLimitReached => (Connect, "the host has no connection left"),
        ErrorCode::TlsProtocolError => (Connect, "TLS failed"),
        ErrorCode::TlsCertificateError => (Connect, "its TLS certificate is not trusted"),
        ErrorCode::TlsAlertReceived(_) => (Connect, "the server ended the TLS handshake"),
        ErrorCode::HttpResponseBodySize(_)
        | ErrorCode::HttpResponseHeaderSectionSize(_)
        | ErrorCode::HttpResponseHeaderSize(_)
        | ErrorCode::HttpResponseTrailerSectionSize(_)
        | ErrorCode::HttpResponseTrailerSize(_) => (TooLarge, "the answer is too large"),
        ErrorCode::HttpResponseIncomplete => (Broken, "the answer is incomplete"),
        ErrorCode::HttpResponseTransferCoding(_)
        | ErrorCode::HttpResponseContentCoding(_)
        | ErrorCode::HttpUpgradeFailed
        | ErrorCode::HttpProtocolError => (Broken, "what came is not HTTP"),
        ErrorCode::HttpRequestLengthRequired
        | ErrorCode::HttpRequestBodySize(_)
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestUriTooLong
        | ErrorCode::HttpRequestHeaderSectionSize(_)
        | ErrorCode::HttpRequestHeaderSize(_)
        | ErrorCode::HttpRequestTrailerSectionSize(_)
        | ErrorCode::HttpRequestTrailerSize(_) => (Invalid, "the host refused the request"),
        ErrorCode::LoopDetected => (Broken, "a proxy found a loop"),
        ErrorCode::ConfigurationError => (Invalid, "the host is not configured for it"),
        ErrorCode::InternalError(_) => (Broken, "the host failed"),
    };
    TransportError::new(kind, message)
}
