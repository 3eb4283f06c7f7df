//! Waits that grow from failure to failure, with chance in them so that many do not come back at
//! the same moment.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Doubling waits between two bounds. What is waited is between half of each and the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Default for BackOff {
    /// 2 to 30 seconds.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(30),
        }
    }
}

impl BackOff {
    /// The wait after so many failures in a row.
    pub(super) fn wait(self, failures: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1));
        let whole = self.first.saturating_mul(doubled.unwrap_or(u32::MAX));
        with_chance(whole.min(self.longest))
    }

    /// The longest wait: after a failure that does not pass by itself.
    pub(super) fn longest(self) -> Duration {
        with_chance(self.longest)
    }
}

/// Between half of a duration and the whole.
fn with_chance(whole: Duration) -> Duration {
    // The standard library seeds each of its hashers anew, from the system's randomness.
    let chance = RandomState::new().hash_one(0) % 1_000;
    let half = whole / 2;
    half + half.mul_f64(chance as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_keep_at_least_half_of_it() {
        let back_off = BackOff::default();
        for (failures, seconds) in [(1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (6, 30), (99, 30)] {
            let whole = Duration::from_secs(seconds);
            let wait = back_off.wait(failures);
            assert!(
                wait >= whole / 2 && wait <= whole,
                "{failures} failures: {wait:?}"
            );
        }
        assert!(back_off.longest() >= Duration::from_secs(15));
    }

    #[test]
    fn two_consumers_do_not_wait_equally_long() {
        let waits: std::collections::BTreeSet<_> =
            (0..20).map(|_| BackOff::default().longest()).collect();
        assert!(waits.len() > 1);
    }
}
