//! What went wrong on the way, in `wasi:http`'s words.
//!
//! The client wraps errors several deep: of hyper, of the system, of rustls and of our own. The
//! first one in the chain that has a word of its own decides.

use std::error::Error as StdError;
use std::io;

use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::bindings::http::types::{
    DnsErrorPayload, ErrorCode, TlsAlertReceivedPayload,
};

use super::connect::{AddressRefused, ConnectTimeout, NameError};
use super::pool::MAXIMUM_HEAD_BYTES;

/// The answer did not begin in time.
#[derive(Debug, thiserror::Error)]
#[error("no answer in time")]
pub(crate) struct AnswerTimeout;

/// The refusal of an address that is at the bottom of an error.
pub(crate) fn refusal<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a AddressRefused> {
    chain(error).find_map(|cause| cause.downcast_ref::<AddressRefused>())
}

/// Of a request that got no response.
pub(crate) fn of_request(error: &(dyn StdError + 'static)) -> ErrorCode {
    chain(error).find_map(known).unwrap_or_else(|| {
        let words = chain(error).last().map(ToString::to_string);
        ErrorCode::InternalError(words)
    })
}

/// Of a response whose body broke off.
pub(crate) fn of_body(error: &hyper::Error) -> Error {
    // The server went away; before the response it is another matter, since the request may not
    // even have arrived.
    match of_request(error) {
        ErrorCode::ConnectionTerminated => Error::HttpResponseIncomplete,
        other => other.into(),
    }
}

fn known(cause: &(dyn StdError + 'static)) -> Option<ErrorCode> {
    if cause.is::<AddressRefused>() {
        return Some(ErrorCode::HttpRequestDenied);
    }
    if cause.is::<ConnectTimeout>() {
        return Some(ErrorCode::ConnectionTimeout);
    }
    if cause.is::<AnswerTimeout>() {
        return Some(ErrorCode::ConnectionReadTimeout);
    }
    if let Some(NameError(words)) = cause.downcast_ref() {
        return Some(ErrorCode::DnsError(DnsErrorPayload {
            rcode: Some(words.clone()),
            info_code: None,
        }));
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(of_tls(error));
    }
    // The guest's own body: one shorter than announced, or given up.
    match cause.downcast_ref::<Error>() {
        Some(Error::HttpRequestBodySize(size)) => {
            return Some(ErrorCode::HttpRequestBodySize(*size));
        }
        Some(Error::HttpProtocolError) => return Some(ErrorCode::HttpProtocolError),
        _ => {}
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return of_hyper(error);
    }
    cause.downcast_ref::<io::Error>().and_then(of_system)
}

fn of_tls(error: &rustls::Error) -> ErrorCode {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            ErrorCode::TlsCertificateError
        }
        rustls::Error::AlertReceived(alert) => {
            ErrorCode::TlsAlertReceived(TlsAlertReceivedPayload {
                alert_id: Some(u8::from(*alert)),
                alert_message: Some(format!("{alert:?}")),
            })
        }
        _ => ErrorCode::TlsProtocolError,
    }
}

fn of_hyper(error: &hyper::Error) -> Option<ErrorCode> {
    if error.is_parse_too_large() {
        let limit = u32::try_from(MAXIMUM_HEAD_BYTES).ok();
        return Some(ErrorCode::HttpResponseHeaderSectionSize(limit));
    }
    if error.is_parse() || error.is_parse_status() {
        return Some(ErrorCode::HttpProtocolError);
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Some(ErrorCode::ConnectionTerminated);
    }
    None
}

fn of_system(error: &io::Error) -> Option<ErrorCode> {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(ErrorCode::ConnectionRefused),
        ErrorKind::TimedOut => Some(ErrorCode::ConnectionTimeout),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::UnexpectedEof => Some(ErrorCode::ConnectionTerminated),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            Some(ErrorCode::DestinationIpUnroutable)
        }
        // The ports of this machine are used up.
        ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse => {
            Some(ErrorCode::ConnectionLimitReached)
        }
        _ => None,
    }
}

/// The error and its causes; an `io::Error` hides the error that it was made of.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn StdError + 'static))
            .or_else(|| error.source())
    })
}
