//! When to try again: AWS's standard retry mode, as its SDKs have it since 2026.
//!
//! The figures are those of AWS's announcement of the updated retry behaviour. A bucket of tokens,
//! shared by all requests of a connection, keeps a service that is down from being hammered: what
//! fails costs tokens, what works brings them back.

use std::time::Duration;

/// Why another attempt may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// The service or the network failed.
    Transient,
    /// The service asks for fewer calls.
    Throttling,
    /// The clock was wrong, and is corrected now.
    ClockSkew,
}

/// Longest pause that the growing delay comes to.
const LONGEST: Duration = Duration::from_secs(20);
/// How much later than its own time a server's wish is honoured at most.
const WISH_MARGIN: Duration = Duration::from_secs(5);

impl Retry {
    fn cost(self) -> u32 {
        match self {
            Self::Throttling => 5,
            Self::Transient | Self::ClockSkew => 14,
        }
    }

    /// How long to wait after the given attempt (from 1): a random part of a delay that doubles,
    /// and where the server named a pause, at least that and at most five seconds more.
    pub(super) fn pause(self, attempt: u32, wish: Option<Duration>, random: u64) -> Duration {
        let base = match self {
            Self::Transient => Duration::from_millis(50),
            Self::Throttling => Duration::from_secs(1),
            Self::ClockSkew => return Duration::ZERO,
        };
        let doubled = base.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        // A part from 0 to just below 1, in units of 2^-32.
        let part = random >> 32;
        let longest = u64::try_from(doubled.min(LONGEST).as_millis()).unwrap_or(0);
        let pause = Duration::from_millis((longest * part) >> 32);
        match wish {
            Some(wish) => pause.clamp(wish, wish.saturating_add(WISH_MARGIN)),
            None => pause,
        }
    }
}

/// The tokens that retries cost.
#[derive(Debug)]
pub(super) struct Bucket {
    tokens: u32,
}

const CAPACITY: u32 = 500;

impl Default for Bucket {
    fn default() -> Self {
        Self { tokens: CAPACITY }
    }
}

impl Bucket {
    /// Pays for a retry; `false` where there is not enough for it.
    pub(super) fn take(&mut self, retry: Retry) -> bool {
        match self.tokens.checked_sub(retry.cost()) {
            Some(left) => {
                self.tokens = left;
                true
            }
            None => false,
        }
    }

    /// Gives back what the successful retry cost, or one token for a request that needed none.
    pub(super) fn succeeded(&mut self, retried: Option<Retry>) {
        let refund = retried.map_or(1, Retry::cost);
        self.tokens = self.tokens.saturating_add(refund).min(CAPACITY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u64 = u64::MAX;

    #[test]
    fn pauses_double_from_their_base_up_to_twenty_seconds() {
        let longest = |retry: Retry, attempt| retry.pause(attempt, None, MOST).as_millis();
        assert_eq!(
            [1, 2, 3, 30].map(|n| longest(Retry::Transient, n)),
            [49, 99, 199, 19_999]
        );
        assert_eq!(
            [1, 2, 9].map(|n| longest(Retry::Throttling, n)),
            [999, 1_999, 19_999]
        );
        assert_eq!(Retry::Transient.pause(5, None, 0), Duration::ZERO);
    }

    #[test]
    fn a_servers_wish_is_kept_and_exceeded_by_five_seconds_at_most() {
        let wish = Some(Duration::from_secs(2));
        assert_eq!(
            Retry::Transient.pause(1, wish, MOST),
            Duration::from_secs(2)
        );
        assert_eq!(
            Retry::Throttling.pause(9, wish, MOST),
            Duration::from_secs(7)
        );
    }

    #[test]
    fn an_empty_bucket_lets_nothing_through_until_requests_succeed() {
        let mut bucket = Bucket::default();
        let mut retries = 0;
        while bucket.take(Retry::Transient) {
            retries += 1;
        }
        assert_eq!(retries, 35);
        assert!(
            bucket.take(Retry::Throttling),
            "ten tokens are left: two throttles' worth"
        );
        assert!(bucket.take(Retry::Throttling));
        for _ in 0..13 {
            bucket.succeeded(None);
        }
        assert!(!bucket.take(Retry::Transient));
        bucket.succeeded(None);
        assert!(bucket.take(Retry::Transient));
        bucket.succeeded(Some(Retry::Transient));
        assert!(
            bucket.take(Retry::Transient),
            "a retry that worked gives its cost back"
        );
    }
}
