//! The dedicated worker on the GPU: owns the device and runs the optimisation.

#[cfg(target_arch = "wasm32")]
fn main() {
    impasto::worker::start();
}

/// Natively there is no worker; the target exists so that one package holds both binaries.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
