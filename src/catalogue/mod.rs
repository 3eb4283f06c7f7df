//! What exists: tables of facts, and nothing that acts on them.
//!
//! A setting, a property, a bound, a fault or a partition stands here once. `describe`,
//! validation, the wording of errors and the reference in the docs are all derived from it.

// Properties refer to their fields, so that one that many operations have is there once. Only a
// borrow that stands in a literal lives as long as the table, so these cannot be functions.
macro_rules! input {
    ($field:expr $(,)?) => {
        Property {
            field: &$field,
            direction: Direction::Input,
        }
    };
}
macro_rules! output {
    ($field:expr $(,)?) => {
        Property {
            field: &$field,
            direction: Direction::Output,
        }
    };
}
macro_rules! both {
    ($field:expr $(,)?) => {
        Property {
            field: &$field,
            direction: Direction::Both,
        }
    };
}

pub mod administration;
pub mod attributes;
pub mod connection;
pub mod faults;
pub mod field;
pub mod limits;
pub mod listen;
pub mod messages;
pub mod operations;
pub mod partitions;
pub mod system_attributes;

pub use field::{Bound, Default, Field, Kind};
pub use operations::{OPERATIONS, Operation};
