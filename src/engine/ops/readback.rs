//! Read-back of tensors.

use burn::tensor::{ExecutionError, Tensor};

/// Waits until `tensor` and all work submitted before it are done, by reading one element back.
///
/// # Errors
/// When the device fails or is lost.
pub async fn sync<const D: usize>(tensor: Tensor<D>) -> Result<(), ExecutionError> {
    let first = [(); D].map(|()| 0..1);
    let data = tensor.slice(first).into_data_async().await?;
    // On native devices the transfer happens on first access to the data.
    std::hint::black_box(data.as_bytes());
    Ok(())
}

/// Reads back the values of `tensor`, row-major.
///
/// # Errors
/// When the device fails or is lost.
///
/// # Panics
/// If `tensor` is not f32.
pub async fn read_back<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    let data = tensor.into_data_async().await?;
    Ok(data.try_into_vec::<f32>().expect("the engine computes in f32"))
}
