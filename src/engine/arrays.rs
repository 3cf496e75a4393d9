//! Named arrays and files of them.

use safetensors::tensor::{Dtype, TensorView};

/// A named array in host memory, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Name, as in `feat.conv4_2`.
    pub name: String,
    /// Extents.
    pub shape: Vec<usize>,
    /// Values.
    pub values: Vec<f32>,
}

impl Array {
    /// Serialises `arrays` with distinct names as a safetensors file.
    ///
    /// # Panics
    /// If an array has another number of values than its shape.
    pub fn to_safetensors(arrays: &[Self]) -> Vec<u8> {
        let bytes = |array: &Self| {
            array.values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>()
        };
        let stored: Vec<(&Self, Vec<u8>)> =
            arrays.iter().map(|array| (array, bytes(array))).collect();
        let views = stored.iter().map(|(array, bytes)| {
            let view = TensorView::new(Dtype::F32, array.shape.clone(), bytes)
                .expect("an array has as many values as its shape says");
            (&array.name, view)
        });
        safetensors::serialize(views, None).expect("every array has a name of its own")
    }
}

/// Creates an array of this name, shape and values.
pub fn array(name: impl Into<String>, shape: &[usize], values: Vec<f32>) -> Array {
    Array { name: name.into(), shape: shape.to_vec(), values }
}
