//! The page's binary; in wasm only.

#[cfg(target_arch = "wasm32")]
fn main() {
    impasto::ui::run();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("app is the page's wasm binary; try `cargo xtask serve`");
}
