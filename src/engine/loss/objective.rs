//! The weighted sum of the losses.

use burn::tensor::{ExecutionError, Tensor};

use super::{ContentLoss, StyleLoss, TotalVariationLoss};
use crate::engine::gram::float;
use crate::engine::image_tensor::read_back;
use crate::engine::{FeatureMaps, ImageTensor, Vgg19};
use crate::layer::Layer;
use crate::losses::Losses;
use crate::recipe::{Emphasis, Reading};

/// Squared levels of 255 in one squared unit of 0..1.
const LEVELS_SQUARED: f32 = 255.0 * 255.0;

/// The objective's terms for one pastiche, on the device, weighted as they enter the sum.
///
/// - **Shape:** `[1]` each.
#[derive(Clone, Debug)]
pub struct Terms {
    /// `a/(N·M) · L_content`
    pub content: Tensor<1>,
    /// `L_style`: the paper's beta is 1, so that the content weight alone tells the balance.
    pub style: Tensor<1>,
    /// Total variation for each element of the picture, in levels².
    pub total_variation: Tensor<1>,
}

impl Terms {
    /// What the optimiser lowers, `[1]`.
    pub fn total(&self) -> Tensor<1> {
        self.content.clone() + self.style.clone() + self.total_variation.clone()
    }

    /// The same values outside of any autodiff graph.
    pub fn detached(self) -> Self {
        Self {
            content: self.content.without_autodiff(),
            style: self.style.without_autodiff(),
            total_variation: self.total_variation.without_autodiff(),
        }
    }

    /// Reads the three values back in one transfer.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn read(self) -> Result<Losses, ExecutionError> {
        let values = read_back(Tensor::cat(vec![self.content, self.style, self.total_variation], 0)).await?;
        Ok(Losses { content: values[0], style: values[1], total_variation: values[2] })
    }
}

/// What a pastiche is measured against: a photo's content, a painting's style, and how the terms weigh.
#[derive(Debug)]
pub struct Objective {
    content: ContentLoss,
    style: StyleLoss,
    reading: Reading,
    /// May change between steps: it scales the terms and leaves the targets alone.
    pub emphasis: Emphasis,
}

impl Objective {
    /// Encodes the targets.
    pub fn new(vgg: &Vgg19, content: &ImageTensor, style: &ImageTensor, reading: Reading, emphasis: Emphasis) -> Self {
        let content = ContentLoss::new(&vgg.encode(content, &[ContentLoss::LAYER], reading));
        let style = StyleLoss::new(&vgg.encode(style, &StyleLoss::LAYERS, reading));
        Self { content, style, reading, emphasis }
    }

    /// The content loss alone.
    pub fn content(&self) -> &ContentLoss {
        &self.content
    }

    /// The style loss alone.
    pub fn style(&self) -> &StyleLoss {
        &self.style
    }

    /// The feature maps of a pastiche that the losses read.
    pub fn encode(&self, vgg: &Vgg19, pastiche: &ImageTensor) -> FeatureMaps {
        let layers: Vec<Layer> = StyleLoss::LAYERS.into_iter().chain([ContentLoss::LAYER]).collect();
        vgg.encode(pastiche, &layers, self.reading)
    }

    /// The weighted terms for a pastiche.
    pub fn evaluate(&self, vgg: &Vgg19, pastiche: &ImageTensor) -> Terms {
        let maps = self.encode(vgg, pastiche);
        let content_scale = self.emphasis.content_weight / float(self.content.elements());
        let smoothness_scale = self.emphasis.tv_weight * LEVELS_SQUARED / float(3 * pastiche.size().area());
        Terms {
            content: self.content.evaluate(&maps).mul_scalar(content_scale),
            style: self.style.evaluate(&maps),
            total_variation: TotalVariationLoss::evaluate(pastiche).mul_scalar(smoothness_scale),
        }
    }

    /// The weighted terms at `x`, `[1, 3, H, W]`, and the gradient of their sum with respect to it, outside of any autodiff graph.
    ///
    /// # Panics
    /// Never: every term depends on `x`.
    pub fn gradient(&self, vgg: &Vgg19, x: Tensor<4>) -> (Terms, Tensor<4>) {
        let x = x.autodiff().require_grad();
        let terms = self.evaluate(vgg, &ImageTensor::new(x.clone()));
        let mut gradients = terms.total().backward();
        let gradient = x.grad_remove(&mut gradients).expect("every term depends on the picture");
        (terms.detached(), gradient)
    }
}
