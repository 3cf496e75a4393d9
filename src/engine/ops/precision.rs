//! Precision of stored feature maps. Kernels widen values to f32 on load; all arithmetic is f32.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::{ElemType, FloatKind, UIntKind};
use cubecl::prelude::*;

use crate::memory::Precision;

/// Returns the Burn data type of feature maps stored at `precision`.
pub const fn dtype(precision: Precision) -> DType {
    match precision {
        Precision::Single => DType::F32,
        Precision::Half => DType::F16,
    }
}

/// Returns the CubeCL element type of `x`, by which a kernel is instantiated.
///
/// # Panics
/// If `x` is not f32, f16 or u32.
pub fn element(x: &CubeTensor) -> ElemType {
    match x.dtype {
        DType::F32 => ElemType::Float(FloatKind::F32),
        DType::F16 => ElemType::Float(FloatKind::F16),
        DType::U32 => ElemType::UInt(UIntKind::U32),
        other => panic!("a tensor of {other:?}"),
    }
}

/// Caps `value` at the largest finite `P`: above 65504, conversion to f16 yields infinity.
#[cube]
pub fn held<P: Float, N: Size>(value: Vector<f32, N>) -> Vector<f32, N> {
    min(value, Vector::cast_from(Vector::<P, N>::max_value()))
}
