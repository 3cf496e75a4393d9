//! Set-up and chores of Impasto, in Rust, so that a newcomer needs cargo alone. `cargo xtask
//! --help` lists them.
//!
//! Every chore returns a [`harness::failure::Failure`]: what went wrong and what to do about it.
//! `main` shows it, once. `RUSTFLAGS` is never set here: it would override `.cargo/config.toml` and
//! rebuild everything.

pub mod bench;
pub mod browsers;
pub mod budgets;
pub mod checks;
pub mod compress;
mod contact_sheet;
pub mod finish;
pub mod gallery;
pub mod judge;
pub mod optimise;
pub mod packages;
pub mod painter;
pub mod places;
pub mod process;
pub mod samples;
pub mod serve;
pub mod site;
pub mod steps;
pub mod tools;
pub mod weights;
