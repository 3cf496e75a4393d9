//! Every quantity of the objective at one picture, for comparison with a reference: feature maps, Gram matrices, losses and
//! gradients in the paper's units, unweighted.

use burn::tensor::{ExecutionError, Tensor};
use safetensors::tensor::{Dtype, TensorView};

use super::loss::{Objective, Subject, TotalVariationLoss};
use super::ops::float;
use super::ops::readback::read_back;
use super::{FeatureMaps, ImageTensor, Moments, Vgg19};
use crate::layer::Layer;
use crate::memory::Capacity;
use crate::recipe::{Emphasis, Reading, Statistic};

/// A named array in host memory, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// As in `feat.conv4_2`.
    pub name: String,
    /// Extents.
    pub shape: Vec<usize>,
    /// Values.
    pub values: Vec<f32>,
}

impl Array {
    /// `arrays`, each of a name of its own, as a safetensors file.
    ///
    /// # Panics
    /// When an array has not as many values as its shape says: a mistake of its maker.
    pub fn to_safetensors(arrays: &[Self]) -> Vec<u8> {
        let bytes = |array: &Self| array.values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let stored: Vec<(&Self, Vec<u8>)> = arrays.iter().map(|array| (array, bytes(array))).collect();
        let views = stored.iter().map(|(array, bytes)| {
            let view =
                TensorView::new(Dtype::F32, array.shape.clone(), bytes).expect("an array has as many values as its shape says");
            (&array.name, view)
        });
        safetensors::serialize(views, None).expect("every array has a name of its own")
    }
}

/// Evaluates the objective of `content` and `style` at `pastiche`.
///
/// Gives `feat.<layer>` `[C, h, w]` and `gram.<layer>` `[C, C]` (`F·Fᵀ`, undivided) of the pastiche, `loss.content` `[1]`,
/// `loss.E` `[5]`, `loss.tv` `[1]`, and the gradients `grad.content`, `grad.style` (of `Σ 0.2·E_l`) and `grad.tv`, `[H, W, 3]`,
/// with respect to RGB in 0..1.
///
/// # Errors
/// When the device fails or is lost.
pub async fn evaluate(
    vgg: &Vgg19,
    content: &ImageTensor,
    style: &ImageTensor,
    pastiche: &ImageTensor,
    reading: Reading,
) -> Result<Vec<Array>, ExecutionError> {
    let subject = Subject { photo: content.clone(), paintings: vec![style.clone()], masks: Vec::new() };
    let objective = Objective::new(vgg, &subject, reading, Emphasis::plain(), Capacity::AMPLE);
    let maps = objective.encode(vgg, pastiche);
    let mut arrays = features(&maps).await?;
    arrays.extend(grams(&maps).await?);
    arrays.push(array("loss.content", &[1], read_back(objective.content().layer_loss(&maps, Layer::CONTENT, 1.0)).await?));
    let layer_losses = Layer::STYLE.map(|layer| objective.style().layer_loss(&maps, layer, 1.0));
    arrays.push(array("loss.E", &[layer_losses.len()], read_back(Tensor::cat(layer_losses.to_vec(), 0)).await?));
    arrays.push(array("loss.tv", &[1], read_back(TotalVariationLoss::evaluate(pastiche, 1.0)).await?));

    let content_loss = |x: &ImageTensor| objective.content().layer_loss(&objective.encode(vgg, x), Layer::CONTENT, 1.0);
    let style_loss = |x: &ImageTensor| {
        let weights = Emphasis::plain().style_layers;
        objective.style().evaluate(&objective.encode(vgg, x), weights).expect("five layers count")
    };
    arrays.push(gradient("grad.content", pastiche, content_loss).await?);
    arrays.push(gradient("grad.style", pastiche, style_loss).await?);
    arrays.push(gradient("grad.tv", pastiche, |x| TotalVariationLoss::evaluate(x, 1.0)).await?);
    Ok(arrays)
}

fn array(name: impl Into<String>, shape: &[usize], values: Vec<f32>) -> Array {
    Array { name: name.into(), shape: shape.to_vec(), values }
}

fn layers() -> impl Iterator<Item = Layer> {
    Layer::STYLE.into_iter().chain([Layer::CONTENT])
}

async fn features(maps: &FeatureMaps) -> Result<Vec<Array>, ExecutionError> {
    let mut arrays = Vec::new();
    for layer in layers() {
        let tensor = maps.get(layer).tensor().clone();
        let [_, channels, height, width] = tensor.dims();
        arrays.push(array(format!("feat.{}", layer.name()), &[channels, height, width], read_back(tensor).await?));
    }
    Ok(arrays)
}

async fn grams(maps: &FeatureMaps) -> Result<Vec<Array>, ExecutionError> {
    let mut arrays = Vec::new();
    for layer in Layer::STYLE {
        let map = maps.get(layer);
        let gram = Moments::of(map, Statistic::Gram).tensor().clone().mul_scalar(float(map.positions()));
        arrays.push(array(format!("gram.{}", layer.name()), &gram.dims(), read_back(gram).await?));
    }
    Ok(arrays)
}

async fn gradient(name: &str, at: &ImageTensor, loss: impl Fn(&ImageTensor) -> Tensor<1>) -> Result<Array, ExecutionError> {
    let x = at.tensor().clone().autodiff().require_grad();
    let mut gradients = loss(&ImageTensor::new(x.clone())).backward();
    let gradient = x.grad_remove(&mut gradients).expect("the loss depends on the picture");
    let size = at.size();
    let shape = [size.height as usize, size.width as usize, 3];
    Ok(array(name, &shape, ImageTensor::new(gradient).to_rgb().await?))
}
