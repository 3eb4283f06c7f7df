//! JSON as this protocol needs it: written straight into a request's body, and read into a tree
//! that borrows from the answer's.

mod read;
mod write;

pub use read::Node;
pub use write::{Object, object};
