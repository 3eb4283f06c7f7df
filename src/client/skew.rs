//! Correcting a wrong clock.
//!
//! A signature holds for a few minutes around the service's time. A host whose clock is off gets
//! nothing but refusals; the answer's `Date` says by how much. The conditions are those of the AWS
//! SDKs: only after a code that a wrong clock brings forth, only where the difference is large
//! enough to matter, and not from an answer that is old itself.

use std::time::{Duration, SystemTime};

use crate::catalogue::faults::may_be_clock_skew;
use crate::transport::Response;

/// Below this difference the clock is not the reason.
const THRESHOLD_SECONDS: u64 = 4 * 60;
/// An answer that took longer says nothing exact about now.
const SLOWEST: Duration = Duration::from_secs(15 * 60);

/// What an answer shows of the service's time.
pub(super) struct Seen<'a> {
    pub(super) response: &'a Response,
    pub(super) code: &'a str,
    /// Middle of the exchange, by the uncorrected clock.
    pub(super) midpoint: Duration,
    /// How long it took.
    pub(super) took: Duration,
}

impl Seen<'_> {
    /// The correction to use from now on, where the present one is wrong.
    pub(super) fn correction(&self, present: i64) -> Option<i64> {
        if !may_be_clock_skew(self.code)
            || self.took > SLOWEST
            || self.response.header("age").is_some()
        {
            return None;
        }
        let date = self.response.header("date")?;
        let service = httpdate::parse_http_date(date).ok()?;
        let service = service.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let service = i64::try_from(service.as_secs()).ok()?;
        let ours = i64::try_from(self.midpoint.as_secs()).ok()?;
        let correction = service.checked_sub(ours)?;
        (correction.abs_diff(present) > THRESHOLD_SECONDS).then_some(correction)
    }
}

/// The time by the clock, corrected.
pub(super) fn corrected(now: Duration, skew_seconds: i64) -> Duration {
    let amount = Duration::from_secs(skew_seconds.unsigned_abs());
    if skew_seconds < 0 {
        now.saturating_sub(amount)
    } else {
        now.saturating_add(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T00:00:00Z.
    const NOW: Duration = Duration::from_secs(1_795_219_200);

    fn correction(code: &str, date: &str, age: bool, took: Duration) -> Option<i64> {
        let mut headers = vec![("Date".to_owned(), date.to_owned())];
        if age {
            headers.push(("Age".to_owned(), "1".to_owned()));
        }
        let response = Response {
            headers,
            ..Response::default()
        };
        let seen = Seen {
            response: &response,
            code,
            midpoint: NOW,
            took,
        };
        seen.correction(0)
    }

    #[test]
    fn a_clock_that_is_off_is_corrected_by_the_answers_date() {
        let late = "Sat, 21 Nov 2026 00:05:00 GMT";
        let early = "Fri, 20 Nov 2026 23:00:00 GMT";
        assert_eq!(
            correction("SignatureDoesNotMatch", late, false, Duration::ZERO),
            Some(300)
        );
        assert_eq!(
            correction("RequestTimeTooSkewed", early, false, Duration::ZERO),
            Some(-3600)
        );
    }

    #[test]
    fn nothing_is_corrected_for_other_faults_small_differences_old_or_slow_answers() {
        let late = "Sat, 21 Nov 2026 00:05:00 GMT";
        let near = "Sat, 21 Nov 2026 00:04:00 GMT";
        let slow = Duration::from_secs(901);
        assert_eq!(
            correction("QueueDoesNotExist", late, false, Duration::ZERO),
            None
        );
        assert_eq!(
            correction("SignatureDoesNotMatch", near, false, Duration::ZERO),
            None
        );
        assert_eq!(
            correction("SignatureDoesNotMatch", late, true, Duration::ZERO),
            None
        );
        assert_eq!(correction("SignatureDoesNotMatch", late, false, slow), None);
        assert_eq!(
            correction("SignatureDoesNotMatch", "yesterday", false, Duration::ZERO),
            None
        );
    }
}
