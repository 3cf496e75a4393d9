//! The weights pack: VGG-19 to conv5_1 as 8-bit codes with a codebook for each layer, read
//! strictly.
//!
//! The pack is a safetensors file with, for each layer, `<layer>.codes` (u8 `[out, in, 3, 3]`),
//! `<layer>.codebook` (f32 `[256]`) and `<layer>.bias` (f32 `[out]`). What is missing, extra,
//! misshapen or altered is an error: nothing of a bad pack is ever used.

mod means;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

pub use means::{ChannelMeans, keys as mean_keys};

use crate::layer::Layer;

/// Entries of a layer's codebook: one for each value of a code.
const CODEBOOK_ENTRIES: usize = 256;

/// What the pack must be; committed beside it.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    /// Name of the pack's file.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
}

impl Manifest {
    /// Returns the manifest of this build.
    ///
    /// # Panics
    /// Never in a build whose tests pass: one of them reads the manifest.
    pub fn built_in() -> Self {
        serde_json::from_str(include_str!("../../weights/manifest.json"))
            .expect("the committed manifest is valid")
    }
}

/// Why bytes are not the pack.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// Fewer bytes than the manifest says: a broken download.
    #[error("{found} of {expected} bytes arrived")]
    Truncated {
        /// Bytes received.
        found: u64,
        /// Bytes expected.
        expected: u64,
    },
    /// A web page in the pack's place, as servers send for a missing file.
    #[error("a web page came in place of the network")]
    WebPage,
    /// More bytes than the manifest says.
    #[error("{found} bytes arrived where {expected} were expected")]
    TooLong {
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// The right number of bytes with another digest.
    #[error("the SHA-256 is {found}, not {expected}")]
    Altered {
        /// Digest of the bytes.
        found: String,
        /// Digest of the manifest.
        expected: String,
    },
    /// No safetensors file.
    #[error("not a safetensors file: {0}")]
    Container(#[from] SafeTensorError),
    /// A tensor that the network needs is not there.
    #[error("the tensor {0} is missing")]
    Missing(String),
    /// A tensor that the network does not have.
    #[error("the tensor {0} does not belong there")]
    Unexpected(String),
    /// A tensor of another type or shape than the network's.
    #[error("the tensor {name} is {found}, not {expected}")]
    Misshapen {
        /// Name of the tensor.
        name: String,
        /// Its type and shape.
        found: String,
        /// Type and shape in the network.
        expected: String,
    },
    /// A channel's mean that nothing can be divided by.
    #[error("the tensor {0} has a value that is not above 0")]
    NotPositive(String),
}

/// Checks that `bytes` are the pack that `manifest` describes.
///
/// # Errors
/// [`WeightsError::Truncated`], [`WeightsError::WebPage`], [`WeightsError::TooLong`] or
/// [`WeightsError::Altered`].
pub fn verify(bytes: &[u8], manifest: &Manifest) -> Result<(), WeightsError> {
    let (found, expected) = (bytes.len() as u64, manifest.bytes);
    if found != expected && looks_like_html(bytes) {
        return Err(WeightsError::WebPage);
    }
    if found < expected {
        return Err(WeightsError::Truncated { found, expected });
    }
    if found > expected {
        return Err(WeightsError::TooLong { found, expected });
    }
    let found = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    if found != manifest.sha256 {
        return Err(WeightsError::Altered { found, expected: manifest.sha256.clone() });
    }
    Ok(())
}

fn looks_like_html(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    start.starts_with(b"<")
}

/// The network's parameters in host memory, as f32.
#[derive(Debug)]
pub struct Weights(Vec<(Layer, Vec<f32>, Vec<f32>)>);

impl Weights {
    /// Loads the committed pack, which native builds embed.
    ///
    /// # Panics
    /// Never in a build whose tests pass: one of them loads it.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn committed() -> Self {
        let pack = include_bytes!("../../weights/vgg19-62b11d1e.safetensors");
        Self::load(pack, &Manifest::built_in()).expect("the committed pack is whole")
    }

    /// Verifies `bytes` against `manifest` and reads them.
    ///
    /// # Errors
    /// Any [`WeightsError`].
    pub fn load(bytes: &[u8], manifest: &Manifest) -> Result<Self, WeightsError> {
        verify(bytes, manifest)?;
        Self::parse(bytes)
    }

    /// Reads a pack and decodes its codes.
    ///
    /// # Errors
    /// Any [`WeightsError`] of content.
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsError> {
        let pack = SafeTensors::deserialize(bytes)?;
        let layers = Layer::ALL
            .into_iter()
            .map(|layer| read_layer(&pack, layer))
            .collect::<Result<_, _>>()?;
        let known = |name: &str| {
            Layer::ALL.iter().any(|&layer| tensor_names(layer).iter().any(|n| n == name))
        };
        if let Some(stranger) = pack.names().into_iter().find(|name| !known(name)) {
            return Err(WeightsError::Unexpected(stranger.to_owned()));
        }
        Ok(Self(layers))
    }

    /// Returns layer, kernel (row-major `[out, in, 3, 3]`) and bias (`[out]`), in network order.
    pub fn into_layers(self) -> impl Iterator<Item = (Layer, Vec<f32>, Vec<f32>)> {
        self.0.into_iter()
    }
}

fn tensor_names(layer: Layer) -> [String; 3] {
    ["codes", "codebook", "bias"].map(|part| format!("{}.{part}", layer.name()))
}

fn read_layer(
    pack: &SafeTensors<'_>,
    layer: Layer,
) -> Result<(Layer, Vec<f32>, Vec<f32>), WeightsError> {
    let [codes, codebook, bias] = tensor_names(layer);
    let codes = tensor(pack, codes, Dtype::U8, &[layer.channels(), layer.input_channels(), 3, 3])?;
    let codebook = floats(&tensor(pack, codebook, Dtype::F32, &[CODEBOOK_ENTRIES])?);
    let bias = floats(&tensor(pack, bias, Dtype::F32, &[layer.channels()])?);
    let kernel = codes.data().iter().map(|&code| codebook[usize::from(code)]).collect();
    Ok((layer, kernel, bias))
}

fn tensor<'pack>(
    pack: &SafeTensors<'pack>,
    name: String,
    dtype: Dtype,
    shape: &[usize],
) -> Result<TensorView<'pack>, WeightsError> {
    let Ok(view) = pack.tensor(&name) else {
        return Err(WeightsError::Missing(name));
    };
    if view.dtype() != dtype || view.shape() != shape {
        let describe = |dtype: Dtype, shape: &[usize]| format!("{dtype:?} {shape:?}");
        return Err(WeightsError::Misshapen {
            name,
            found: describe(view.dtype(), view.shape()),
            expected: describe(dtype, shape),
        });
    }
    Ok(view)
}

/// Returns the little-endian f32 values of a tensor.
fn floats(view: &TensorView<'_>) -> Vec<f32> {
    view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

    /// A pack of the right shapes, whose every code is 7.
    fn tensors() -> Tensors {
        let mut tensors = Tensors::new();
        for layer in Layer::ALL {
            let [codes, codebook, bias] = tensor_names(layer);
            let shape = vec![layer.channels(), layer.input_channels(), 3, 3];
            tensors.insert(codes, (Dtype::U8, shape.clone(), vec![7; shape.iter().product()]));
            let entries: Vec<u8> =
                (0..256_u16).flat_map(|entry| f32::from(entry).to_le_bytes()).collect();
            tensors.insert(codebook, (Dtype::F32, vec![CODEBOOK_ENTRIES], entries));
            tensors
                .insert(bias, (Dtype::F32, vec![layer.channels()], vec![0; 4 * layer.channels()]));
        }
        tensors
    }

    fn pack(tensors: &Tensors) -> Vec<u8> {
        let views = tensors.iter().map(|(name, (dtype, shape, data))| {
            (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    }

    fn manifest_of(bytes: &[u8]) -> Manifest {
        let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Manifest { file: "pack".to_owned(), bytes: bytes.len() as u64, sha256 }
    }

    #[test]
    fn codes_are_looked_up_in_their_layers_codebook() {
        let bytes = pack(&tensors());
        let weights = Weights::load(&bytes, &manifest_of(&bytes)).unwrap();
        for (layer, kernel, bias) in weights.into_layers() {
            assert_eq!(kernel.len(), layer.channels() * layer.input_channels() * 9);
            assert!(kernel.iter().all(|&value| (value - 7.0).abs() < f32::EPSILON));
            assert_eq!(bias, vec![0.0; layer.channels()]);
        }
    }

    #[test]
    fn a_broken_download_is_told_from_a_web_page_and_from_altered_bytes() {
        let bytes = pack(&tensors());
        let manifest = manifest_of(&bytes);
        assert!(matches!(
            verify(&bytes[..1000], &manifest),
            Err(WeightsError::Truncated { found: 1000, .. })
        ));
        assert!(matches!(verify(&[], &manifest), Err(WeightsError::Truncated { found: 0, .. })));
        assert!(matches!(
            verify(b"\n<!doctype html><title>404</title>", &manifest),
            Err(WeightsError::WebPage)
        ));
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(matches!(verify(&longer, &manifest), Err(WeightsError::TooLong { .. })));
        let mut flipped = bytes;
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        assert!(matches!(verify(&flipped, &manifest), Err(WeightsError::Altered { .. })));
    }

    #[test]
    fn a_missing_extra_or_misshapen_tensor_is_named() {
        let mut missing = tensors();
        missing.remove("conv3_2.bias");
        assert!(
            matches!(Weights::parse(&pack(&missing)), Err(WeightsError::Missing(name)) if name == "conv3_2.bias")
        );

        let mut extra = tensors();
        extra.insert("conv5_2.bias".to_owned(), (Dtype::U8, vec![1], vec![0]));
        assert!(
            matches!(Weights::parse(&pack(&extra)), Err(WeightsError::Unexpected(name)) if name == "conv5_2.bias")
        );

        let mut shape = tensors();
        shape.insert("conv1_1.codes".to_owned(), (Dtype::U8, vec![64, 27], vec![0; 64 * 27]));
        assert!(
            matches!(Weights::parse(&pack(&shape)), Err(WeightsError::Misshapen { name, .. }) if name == "conv1_1.codes")
        );

        let mut dtype = tensors();
        dtype.insert("conv1_1.bias".to_owned(), (Dtype::I32, vec![64], vec![0; 256]));
        assert!(
            matches!(Weights::parse(&pack(&dtype)), Err(WeightsError::Misshapen { name, .. }) if name == "conv1_1.bias")
        );

        assert!(matches!(Weights::parse(b"not a pack"), Err(WeightsError::Container(_))));
    }

    #[test]
    fn the_committed_pack_is_what_its_manifest_says() {
        let manifest = Manifest::built_in();
        let path =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("weights").join(&manifest.file);
        let bytes = std::fs::read(path).unwrap();
        Weights::load(&bytes, &manifest).unwrap();
    }
}
