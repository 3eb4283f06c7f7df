//! What exists: tables of facts, and nothing that acts on them.
//!
//! A setting, a property, a bound, a fault or a partition stands here once. `describe`,
//! validation, the wording of errors and the reference in the docs are all derived from it.

pub mod connection;
pub mod faults;
pub mod field;
pub mod limits;
pub mod operations;
pub mod partitions;
pub mod system_attributes;

pub use field::{Bound, Default, Field, Kind};
pub use operations::{OPERATIONS, Operation};
