//! What went wrong on the way, in `wasi:http`'s words.
//!
//! The client wraps errors several deep: of hyper, of the system, of rustls and of our own. The
//! first one in the chain that has a word of its own decides.

use std::error::Error as StdError;
use std::io;

use wasmtime_wasi_http::Error;

use super::connect::{AddressRefused, ConnectTimeout, NameError};
use super::pool::MAXIMUM_HEAD_BYTES;

/// The refusal of an address that is at the bottom of an error.
pub(crate) fn refusal<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a AddressRefused> {
    chain(error).find_map(|cause| cause.downcast_ref::<AddressRefused>())
}

/// Of a request that got no response.
pub(crate) fn of_request(error: &(dyn StdError + 'static)) -> Error {
    chain(error).find_map(known).unwrap_or_else(|| {
        let words = chain(error).last().map(ToString::to_string);
        Error::InternalError(words)
    })
}

/// Of a response whose body broke off.
pub(crate) fn of_body(error: &hyper::Error) -> Error {
    // The server went away; before the response it is another matter, since the request may not
    // even have arrived.
    match of_request(error) {
        Error::ConnectionTerminated => Error::HttpResponseIncomplete,
        other => other,
    }
}

fn known(cause: &(dyn StdError + 'static)) -> Option<Error> {
    if cause.is::<AddressRefused>() {
        return Some(Error::HttpRequestDenied);
    }
    if cause.is::<ConnectTimeout>() {
        return Some(Error::ConnectionTimeout);
    }
    if let Some(NameError(words)) = cause.downcast_ref() {
        return Some(Error::DnsError {
            rcode: Some(words.clone()),
            info_code: None,
        });
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(of_tls(error));
    }
    // The guest's own body, for example one shorter than announced.
    if let Some(Error::HttpRequestBodySize(size)) = cause.downcast_ref::<Error>() {
        return Some(Error::HttpRequestBodySize(*size));
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return of_hyper(error);
    }
    cause.downcast_ref::<io::Error>().and_then(of_system)
}

fn of_tls(error: &rustls::Error) -> Error {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            Error::TlsCertificateError
        }
        rustls::Error::AlertReceived(alert) => Error::TlsAlertReceived {
            alert_id: Some(u8::from(*alert)),
            alert_message: Some(format!("{alert:?}")),
        },
        _ => Error::TlsProtocolError,
    }
}

fn of_hyper(error: &hyper::Error) -> Option<Error> {
    if error.is_parse_too_large() {
        let limit = u32::try_from(MAXIMUM_HEAD_BYTES).ok();
        return Some(Error::HttpResponseHeaderSectionSize(limit));
    }
    if error.is_parse() || error.is_parse_status() {
        return Some(Error::HttpProtocolError);
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Some(Error::ConnectionTerminated);
    }
    None
}

fn of_system(error: &io::Error) -> Option<Error> {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(Error::ConnectionRefused),
        ErrorKind::TimedOut => Some(Error::ConnectionTimeout),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::UnexpectedEof => Some(Error::ConnectionTerminated),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            Some(Error::DestinationIpUnroutable)
        }
        // The ports of this machine are used up.
        ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse => Some(Error::ConnectionLimitReached),
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
