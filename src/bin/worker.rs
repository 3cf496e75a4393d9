//! The dedicated worker on the GPU: owns the device and runs the optimisation.

#[cfg(target_arch = "wasm32")]
unsafe extern "C" {
    /// Runs the static constructors, by which CubeCL's compiler registers its parts. Made by the
    /// linker, which leaves it to a program that names it; otherwise every function that JavaScript
    /// or wasm-bindgen calls would run them all again, and a step took 0.4 s for that.
    fn __wasm_call_ctors();
}

#[cfg(target_arch = "wasm32")]
fn main() {
    // SAFETY: nothing is used yet of what they set up, and they are run once.
    unsafe { __wasm_call_ctors() };
    impasto::worker::start();
}

/// Natively there is no worker; the target exists so that one package holds both binaries.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
