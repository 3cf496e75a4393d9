//! Every quantity of the objective at one picture, for comparison with a reference: feature maps,
//! Gram matrices, losses and gradients in the paper's units, unweighted; and the channel means of
//! pictures.

use std::collections::BTreeMap;

use burn::tensor::{ExecutionError, Tensor};

use super::arrays::{Array, array};
use super::loss::{Objective, ObjectiveInputs, TotalVariationLoss};
use super::ops::float;
use super::ops::readback::read_back;
use super::weights::{ChannelMeans, mean_keys};
use super::{FeatureMap, FeatureMaps, ImageTensor, Moments, Vgg19};
use crate::layer::Layer;
use crate::memory::DeviceLimits;
use crate::recipe::{FeatureOptions, LossWeights, Pooling, Statistic};

/// A measured mean is at least this share of its layer's: a filter that fired nowhere would
/// otherwise be divided by zero.
const LEAST_SHARE: f32 = 1e-3;

/// Evaluates the objective of `content` and `style` at `pastiche`.
///
/// Gives `feat.<layer>` `[C, h, w]` and `gram.<layer>` `[C, C]` (`F·Fᵀ`, undivided) of the
/// pastiche, `loss.content` `[1]`, `loss.E` `[5]`, `loss.tv` `[1]`, and the gradients
/// `grad.content`, `grad.style` (of `Σ 0.2·E_l`) and `grad.tv`, `[H, W, 3]`, with respect to RGB in
/// 0..1.
///
/// # Errors
/// When the device fails or is lost.
///
/// # Panics
/// If the images differ in size, or are so small that a layer has no output.
pub async fn evaluate(
    vgg: &Vgg19,
    content: &ImageTensor,
    style: &ImageTensor,
    pastiche: &ImageTensor,
    features: FeatureOptions,
) -> Result<Vec<Array>, ExecutionError> {
    let subject = ObjectiveInputs {
        photo: content.clone(),
        paintings: vec![style.clone()],
        masks: Vec::new(),
    };
    let objective =
        Objective::new(vgg, &subject, features, LossWeights::plain(), DeviceLimits::AMPLE);
    let maps = objective.encode(vgg, pastiche);
    let mut arrays = feature_arrays(&maps).await?;
    arrays.extend(grams(&maps).await?);
    arrays.push(array(
        "loss.content",
        &[1],
        read_back(objective.content().layer_loss(&maps, Layer::CONTENT, 1.0)).await?,
    ));
    let layer_losses = Layer::STYLE.map(|layer| objective.style().layer_loss(&maps, layer, 1.0));
    arrays.push(array(
        "loss.E",
        &[layer_losses.len()],
        read_back(Tensor::cat(layer_losses.to_vec(), 0)).await?,
    ));
    arrays.push(array(
        "loss.tv",
        &[1],
        read_back(TotalVariationLoss::evaluate(pastiche, 1.0)).await?,
    ));

    let content_loss = |x: &ImageTensor| {
        objective.content().layer_loss(&objective.encode(vgg, x), Layer::CONTENT, 1.0)
    };
    let style_loss = |x: &ImageTensor| {
        let weights = LossWeights::plain().style_layers;
        objective.style().evaluate(&objective.encode(vgg, x), weights).expect("five layers count")
    };
    arrays.push(gradient("grad.content", pastiche, content_loss).await?);
    arrays.push(gradient("grad.style", pastiche, style_loss).await?);
    arrays.push(gradient("grad.tv", pastiche, |x| TotalVariationLoss::evaluate(x, 1.0)).await?);
    Ok(arrays)
}

fn layers() -> impl Iterator<Item = Layer> {
    Layer::STYLE.into_iter().chain([Layer::CONTENT])
}

async fn feature_arrays(maps: &FeatureMaps) -> Result<Vec<Array>, ExecutionError> {
    let mut arrays = Vec::new();
    for layer in layers() {
        let tensor = maps.get(layer).tensor().clone();
        let [_, channels, height, width] = tensor.dims();
        arrays.push(array(
            format!("feat.{}", layer.name()),
            &[channels, height, width],
            read_back(tensor).await?,
        ));
    }
    Ok(arrays)
}

async fn grams(maps: &FeatureMaps) -> Result<Vec<Array>, ExecutionError> {
    let mut arrays = Vec::new();
    for layer in Layer::STYLE {
        let map = maps.get(layer);
        let gram =
            Moments::of(map, Statistic::Gram).tensor().clone().mul_scalar(float(map.positions()));
        arrays.push(array(format!("gram.{}", layer.name()), &gram.dims(), read_back(gram).await?));
    }
    Ok(arrays)
}

async fn gradient(
    name: &str,
    at: &ImageTensor,
    loss: impl Fn(&ImageTensor) -> Tensor<1>,
) -> Result<Array, ExecutionError> {
    let x = at.tensor().clone().autodiff().require_grad();
    let mut gradients = loss(&ImageTensor::new(x.clone())).backward();
    let gradient = x.grad_remove(&mut gradients).expect("the loss depends on the picture");
    let size = at.size();
    let shape = [size.height as usize, size.width as usize, 3];
    Ok(array(name, &shape, ImageTensor::new(gradient).to_rgb().await?))
}

impl ChannelMeans {
    /// Measures the mean activations of `vgg` over `pictures`, each counting alike.
    ///
    /// # Errors
    /// When the device fails or is lost.
    ///
    /// # Panics
    /// Never: every layer has its means.
    pub async fn measure(vgg: &Vgg19, pictures: &[ImageTensor]) -> Result<Self, ExecutionError> {
        let mut means: BTreeMap<_, _> =
            mean_keys().map(|key| (key, vec![0.0; key.1.channels()])).collect();
        for picture in pictures {
            for pooling in Pooling::ALL {
                let maps = vgg.encode(picture, &Layer::ALL, FeatureOptions::plain(pooling));
                for layer in Layer::ALL {
                    let answer = mean_answer(maps.get(layer)).await?;
                    let means =
                        means.get_mut(&(pooling, layer)).expect("every layer has its means");
                    means
                        .iter_mut()
                        .zip(answer)
                        .for_each(|(mean, answer)| *mean += answer / float(pictures.len()));
                }
            }
        }
        means.values_mut().for_each(|means| keep_positive(means));
        Ok(Self(means))
    }
}

/// Mean of each channel over all positions, `[C]`.
async fn mean_answer(map: &FeatureMap) -> Result<Vec<f32>, ExecutionError> {
    read_back(map.tensor().clone().mean_dim(3).mean_dim(2).flatten::<1>(0, 3)).await
}

fn keep_positive(means: &mut [f32]) {
    let least = LEAST_SHARE * means.iter().sum::<f32>() / float(means.len());
    means.iter_mut().for_each(|mean| *mean = mean.max(least));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_never_fires_keeps_a_small_mean() {
        let mut means = [0.0, 3.0, 1.0];
        keep_positive(&mut means);
        assert!(means[0] > 0.0 && means[0] < 0.01 && means[1..] == [3.0, 1.0]);
    }
}
