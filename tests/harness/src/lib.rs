//! Code that xtask, the browser tests and the benchmarks share: failures that a person can act on,
//! the server of the built site, real browsers, and the benchmarks' protocol.

pub mod bench;
pub mod browser;
pub mod failure;
pub mod policy;
pub mod server;
