//! What the host does with a plugin that misbehaves, and with servers that do.
//!
//! The plugin is the fixture `tests/fixtures/misbehaving`, built by `cargo xtask build`; the servers
//! are in this process. One test binary, one file a topic.

mod bounds;
mod cache;
mod http;
mod listeners;
mod loading;
mod measure;
mod policy;
mod renewal;
mod server;
mod support;
