//! What the built plugin does, in the host and by the command, against LocalStack, MiniStack and
//! servers that misbehave. One file a behaviour; a test's name says what it proves.
//!
//! `cargo xtask test` runs it: it gives the component and the servers.

mod command;
mod delete;
mod documents;
mod endpoint;
mod faults;
mod host;
mod interop;
mod load;
mod misbehaviour;
mod order;
mod packing;
mod receive;
mod received;
mod send;
