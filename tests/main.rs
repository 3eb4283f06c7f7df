//! What the built plugin does, in the host and by the command, against LocalStack, MiniStack and
//! servers that misbehave. One file a behaviour; a test's name says what it proves.
//!
//! `cargo xtask test` runs it: it gives the component and the servers.

mod accounting;
mod command;
mod consumer_groups;
mod consumer_load;
mod consumer_outage;
mod consumer_service;
mod delete;
mod described;
mod documents;
mod endpoint;
mod errors;
mod faults;
mod host;
mod hostile;
mod interop;
mod listen_command;
mod listener;
mod listener_faults;
mod listener_settings;
mod listening;
mod load;
mod misbehaviour;
mod model;
mod moves;
mod order;
mod packing;
mod permissions;
mod queues;
mod receive;
mod received;
mod schemas;
mod send;
mod tags;
mod visibility;
