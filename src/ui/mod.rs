//! The page: it shows, asks and listens; it computes nothing itself.
//!
//! - [`studio`]: its state but the pictures, and the one function that applies events of the
//!   worker.
//! - [`settings`], [`device_choice`], [`intake`], [`reconstruction`], [`grid`], [`history`],
//!   [`menus`], [`labels`], [`samples`], [`stage`], [`panels`], [`keys`],
//!   [`moments`]: values and rules.
//! - `client` \[wasm\]: owns the worker.
//! - `desk` \[wasm\]: carries out what person and studio ask.
//! - `pictures` \[wasm\]: input pictures, and results on view.
//! - `video` \[wasm\]: films as WebM.
//! - `picture_store` \[wasm\]: keeps the input pictures for the next visit.
//! - `browser` \[wasm\]: what is asked of the browser beyond widgets.
//! - `page`, `components` \[wasm\]: what is seen.
//!
//! Rooms without a mark know no web, so that they are tested natively.

pub mod device_choice;
pub mod grid;
pub mod history;
pub mod intake;
pub mod keys;
pub mod labels;
pub mod menus;
pub mod moments;
pub mod panels;
pub mod reconstruction;
pub mod samples;
pub mod settings;
pub mod stage;
pub mod studio;

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod client;
#[cfg(target_arch = "wasm32")]
mod components;
#[cfg(target_arch = "wasm32")]
mod desk;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod picture_store;
#[cfg(target_arch = "wasm32")]
mod pictures;
#[cfg(target_arch = "wasm32")]
mod video;

/// Id of the element that stands in for the page until it is there.
#[cfg(target_arch = "wasm32")]
const LOADING_ID: &str = "loading";

/// Puts the page in the place of the loading text.
#[cfg(target_arch = "wasm32")]
pub fn run() {
    console_error_panic_hook::set_once();
    if let Some(loading) = leptos::prelude::document().get_element_by_id(LOADING_ID) {
        loading.remove();
    }
    leptos::mount::mount_to_body(page::Page);
}
