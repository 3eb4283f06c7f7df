//! Time on the clock and time on the processor.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

use crate::work::Answer;

/// A measurement that runs.
pub(crate) struct Started {
    wall: Instant,
    cpu: u64,
}

impl Started {
    /// From now on.
    pub(crate) fn now() -> Self {
        Self {
            cpu: cpu_ns(),
            wall: Instant::now(),
        }
    }

    /// What it took until now.
    pub(crate) fn took(&self) -> Answer {
        let wall = self.wall.elapsed();
        Answer::Took {
            wall_ns: u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX),
            cpu_ns: cpu_ns().saturating_sub(self.cpu),
        }
    }
}

/// Processor time of all threads of this process up to now.
pub(crate) fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds * 1_000_000_000 + nanoseconds
}

/// Memory of this process that is in use, in bytes.
pub(crate) fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok())
        .unwrap_or(0);
    pages * rustix::param::page_size() as u64
}

/// The middle one; of an even number, the lower of the two in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or(f64::NAN)
}
