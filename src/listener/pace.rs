//! How soon a listener asks again: never in a hot loop, whatever its settings and whatever the
//! service answers.
//!
//! An empty answer that took its time, a long poll's, has been pause enough; one that came at once
//! has not. A service that fails is asked less and less often, and by one request at a time.

use std::time::Duration;

/// Shortest pause after an empty answer.
const EMPTY: Duration = Duration::from_millis(200);
/// What that pause grows to, unless the interval is longer still.
const EMPTY_LONGEST: Duration = Duration::from_secs(10);
/// Shortest pause after a failure.
const FAILED: Duration = Duration::from_secs(1);
/// What that pause grows to, unless the interval is longer still.
const FAILED_LONGEST: Duration = Duration::from_secs(30);

/// When the next request may start. Moments are those of the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Pace {
    interval: Duration,
    empty: u32,
    failed: u32,
    /// When the last failure was seen.
    failed_at: Duration,
    not_before: Duration,
}

impl Pace {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            ..Self::default()
        }
    }

    /// How long to wait yet.
    pub(super) fn pause(&self, now: Duration) -> Duration {
        self.not_before.saturating_sub(now)
    }

    /// Whether the last request failed: then one at a time is enough to see it recover.
    pub(super) fn is_failing(&self) -> bool {
        self.failed > 0
    }

    /// Whether a request that failed had begun before the last failure was seen: then it is the
    /// same failure, and says nothing new.
    pub(super) fn knows(&self, begun: Duration) -> bool {
        self.is_failing() && begun < self.failed_at
    }

    /// Messages came.
    pub(super) fn brought(&mut self) {
        self.empty = 0;
        self.failed = 0;
        self.not_before = Duration::ZERO;
    }

    /// None came, to a request begun at that moment.
    pub(super) fn was_empty(&mut self, begun: Duration, random: u64) {
        let pause = self.doubled(EMPTY, EMPTY_LONGEST, self.empty, random);
        self.empty = self.empty.saturating_add(1);
        self.failed = 0;
        self.not_before = begun.saturating_add(pause);
    }

    /// The request failed.
    pub(super) fn has_failed(&mut self, now: Duration, random: u64) {
        let pause = self.doubled(FAILED, FAILED_LONGEST, self.failed, random);
        self.failed = self.failed.saturating_add(1);
        self.failed_at = now;
        self.not_before = now.saturating_add(pause);
    }

    /// The shortest pause, or the interval, doubled so many times: from half of it to all of it,
    /// by chance, so that listeners that lost a service together do not come back together.
    fn doubled(&self, shortest: Duration, longest: Duration, times: u32, random: u64) -> Duration {
        let longest = longest.max(self.interval);
        let whole = self
            .interval
            .max(shortest)
            .saturating_mul(2_u32.saturating_pow(times))
            .min(longest);
        let half = whole / 2;
        let milliseconds = u64::try_from(half.as_millis()).unwrap_or(0);
        // A part from 0 to just below 1, in units of 2^-32.
        let part = (milliseconds * (random >> 32)) >> 32;
        let pause = half + Duration::from_millis(part);
        // What was asked for is kept whole.
        pause.max(self.interval).max(shortest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn pauses_after_empty_answers_double_from_their_start_and_end_with_a_message() {
        let mut pace = Pace::new(Duration::ZERO);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            pace.was_empty(Duration::ZERO, u64::MAX);
            pauses.push(pace.pause(Duration::ZERO).as_millis());
        }
        assert_eq!(pauses, [200, 399, 799, 1599, 3199, 6399, 9999, 9999]);
        assert!(pace.pause(seconds(20.0)).is_zero(), "a long poll waited");
        pace.brought();
        pace.was_empty(seconds(30.0), 0);
        assert_eq!(pace.pause(seconds(30.0)), EMPTY);
    }

    #[test]
    fn a_service_that_fails_for_a_minute_is_asked_a_handful_of_times() {
        for random in [0, u64::MAX] {
            let mut pace = Pace::new(Duration::ZERO);
            let (mut now, mut requests) = (Duration::ZERO, 0);
            while now < seconds(60.0) {
                requests += 1;
                pace.has_failed(now, random);
                now += pace.pause(now);
            }
            assert!((5..=9).contains(&requests), "{requests}");
            pace.was_empty(now, random);
            assert!(!pace.is_failing());
        }
    }

    #[test]
    fn requests_that_fail_together_are_one_failure() {
        let mut pace = Pace::new(Duration::ZERO);
        assert!(!pace.knows(Duration::ZERO), "nothing has failed yet");
        pace.has_failed(seconds(5.0), 0);
        assert!(pace.knows(seconds(4.0)));
        assert!(!pace.knows(seconds(6.0)), "one that was tried after it");
        pace.brought();
        assert!(!pace.knows(seconds(4.0)));
    }

    #[test]
    fn a_long_interval_is_kept_whole_and_is_no_less_than_any_pause() {
        let mut pace = Pace::new(seconds(120.0));
        pace.was_empty(Duration::ZERO, 0);
        assert_eq!(pace.pause(Duration::ZERO), seconds(120.0));
        for _ in 0..40 {
            pace.has_failed(Duration::ZERO, u64::MAX);
        }
        assert_eq!(pace.pause(Duration::ZERO), seconds(120.0));
    }
}
