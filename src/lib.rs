//! Impasto: neural style transfer in the browser, after Gatys, Ecker, Bethge, *A Neural Algorithm
//! of Artistic Style* (2015).
//!
//! The map, from the bottom up; `ARCHITECTURE.md` tells the whole story and `tests/architecture`
//! holds the code to it.
//!
//! - [`pixels`], [`light`], [`layer`], [`recipe`], [`losses`], [`memory`], [`frame`] and [`film`]:
//!   plain values, without tensors, web or files.
//! - [`fault`] and [`words`]: what goes wrong, as codes and values, and all words for people.
//! - [`protocol`]: all that crosses between page and worker, and, in wasm, how.
//! - `engine` \[feature `tensors`\]: the optimisation on Burn. It knows no web, no clock, no file.
//! - `codec` \[feature `tensors`\]: picture files to [`pixels::Pixels`] and back.
//! - `cli` \[feature `cli`\]: the native command line on the same engine.
//! - `web` \[wasm\]: what page and worker ask of the browser alike.
//! - `worker` \[feature `tensors`\]: the dedicated Web Worker that owns the device; what of it
//!   knows no web is built natively, too.
//! - `ui` \[feature `ui`\]: the page.

pub mod fault;
pub mod film;
pub mod frame;
pub mod layer;
pub mod light;
pub mod losses;
pub mod memory;
pub mod pixels;
pub mod protocol;
pub mod recipe;
pub mod words;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "tensors")]
pub mod codec;
#[cfg(feature = "tensors")]
pub mod engine;
#[cfg(feature = "ui")]
pub mod ui;
#[cfg(all(any(feature = "tensors", feature = "ui"), target_arch = "wasm32"))]
pub mod web;
#[cfg(feature = "tensors")]
pub mod worker;
