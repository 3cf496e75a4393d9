//! From the device to the host.

use burn::tensor::{ExecutionError, Tensor};

/// Waits until `tensor`, and all that was asked for before it, is there.
///
/// # Errors
/// When the device fails or is lost.
pub async fn sync<const D: usize>(tensor: Tensor<D>) -> Result<(), ExecutionError> {
    let first = [(); D].map(|()| 0..1);
    let data = tensor.slice(first).into_data_async().await?;
    // Natively they are brought when they are looked at, and not before.
    std::hint::black_box(data.as_bytes());
    Ok(())
}

/// The values of `tensor`, row-major.
///
/// # Errors
/// When the device fails or is lost.
///
/// # Panics
/// For a map in halves: what is read back is f32.
pub async fn read_back<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    let data = tensor.into_data_async().await?;
    Ok(data.try_into_vec::<f32>().expect("the engine computes in f32"))
}
