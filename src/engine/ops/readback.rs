//! Reading tensors back.

use burn::tensor::{ExecutionError, Tensor};

/// Waits until `tensor` and all work submitted before it is done.
///
/// # Errors
/// When the device fails or is lost.
pub async fn sync<const D: usize>(tensor: Tensor<D>) -> Result<(), ExecutionError> {
    let first = [(); D].map(|()| 0..1);
    let data = tensor.slice(first).into_data_async().await?;
    // Native data is transferred when it is first looked at.
    std::hint::black_box(data.as_bytes());
    Ok(())
}

/// Reads the values of `tensor`, row-major.
///
/// # Errors
/// When the device fails or is lost.
///
/// # Panics
/// For an f16 map: read-back is f32.
pub async fn read_back<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    let data = tensor.into_data_async().await?;
    Ok(data.try_into_vec::<f32>().expect("the engine computes in f32"))
}
