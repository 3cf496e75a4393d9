//! Maps kept in halves. The device stores them so and computes in f32: values are made f32 as they
//! are read.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::{ElemType, FloatKind, UIntKind};
use cubecl::prelude::*;

use crate::memory::Precision;

/// What Burn calls the type of a map's elements.
pub const fn dtype(precision: Precision) -> DType {
    match precision {
        Precision::Single => DType::F32,
        Precision::Half => DType::F16,
    }
}

/// What a kernel calls the type of the elements of `x`.
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

/// `value` as far as `P` can hold it, to be cast to it: beyond 65504 a half is infinite.
#[cube]
pub fn held<P: Float, N: Size>(value: Vector<f32, N>) -> Vector<f32, N> {
    min(value, Vector::cast_from(Vector::<P, N>::max_value()))
}
