//! Precision of stored feature maps. Values become f32 when loaded; all arithmetic is f32.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::{ElemType, FloatKind, UIntKind};
use cubecl::prelude::*;

use crate::memory::Precision;

/// Returns Burn's data type of a map's elements.
pub const fn dtype(precision: Precision) -> DType {
    match precision {
        Precision::Single => DType::F32,
        Precision::Half => DType::F16,
    }
}

/// Returns the kernels' type of the elements of `x`.
///
/// # Panics
/// When the engine has no tensors of them.
pub fn element(x: &CubeTensor) -> ElemType {
    match x.dtype {
        DType::F32 => ElemType::Float(FloatKind::F32),
        DType::F16 => ElemType::Float(FloatKind::F16),
        DType::U32 => ElemType::UInt(UIntKind::U32),
        other => panic!("a tensor of {other:?}"),
    }
}

/// Clamps `value` to what `P` can hold: beyond 65504 an f16 is infinite.
#[cube]
pub fn held<P: Float, N: Size>(value: Vector<f32, N>) -> Vector<f32, N> {
    min(value, Vector::cast_from(Vector::<P, N>::max_value()))
}
