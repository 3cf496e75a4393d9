//! The weighted sum of the losses.

use burn::tensor::{ExecutionError, Tensor};

use super::{ContentLoss, StyleLoss, TotalVariationLoss};
use crate::engine::numbers::{float, read_back};
use crate::engine::{FeatureMaps, ImageTensor, Mask, Vgg19};
use crate::layer::Layer;
use crate::losses::Losses;
use crate::recipe::{Emphasis, LayerWeights, Reading};

/// Squared levels of 255 in one squared unit of 0..1.
const LEVELS_SQUARED: f32 = 255.0 * 255.0;

/// The objective's terms for one pastiche, on the device, weighted as they enter the sum.
///
/// - **Shape:** `[1]` each.
#[derive(Clone, Debug)]
pub struct Terms {
    /// `a · Σ w_l/(N_l·M_l) · L_content,l`
    pub content: Tensor<1>,
    /// `Σ w_l · E_l`: the paper's beta is 1, so that the content weight alone tells the balance.
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

/// The pictures that an objective is made of, as the network is to see them.
#[derive(Clone, Debug)]
pub struct Subject {
    /// For the content.
    pub photo: ImageTensor,
    /// For the style; may be none.
    pub paintings: Vec<ImageTensor>,
    /// Where on the photo each painting belongs; none, where all are blended everywhere.
    pub masks: Vec<Mask>,
}

/// What a pastiche is measured against: a photo's content, paintings' style, and how the terms weigh.
#[derive(Debug)]
pub struct Objective {
    /// Kept, so that another layer's content can come to count later.
    photo: ImageTensor,
    content: ContentLoss,
    style: StyleLoss,
    reading: Reading,
    emphasis: Emphasis,
}

impl Objective {
    /// Encodes the targets.
    pub fn new(vgg: &Vgg19, subject: &Subject, reading: Reading, emphasis: Emphasis) -> Self {
        let Subject { photo, paintings, masks } = subject;
        let shares = emphasis.style_shares(paintings.len());
        let style = StyleLoss::new(paintings.iter().map(|painting| vgg.encode(painting, &Layer::ALL, reading)), &shares)
            .within(masks.iter().map(|mask| mask.guides()), &shares);
        let content = content_targets(vgg, photo, reading, &emphasis);
        Self { photo: photo.clone(), content, style, reading, emphasis }
    }

    /// Changes what the terms weigh. Targets stay, save that a content layer which counts for the first time gets its own.
    pub fn set_emphasis(&mut self, vgg: &Vgg19, emphasis: Emphasis) {
        if !self.content.covers(&emphasis.counted_content_layers().layers()) {
            self.content = content_targets(vgg, &self.photo, self.reading, &emphasis);
        }
        self.style.set_shares(&emphasis.style_shares(self.style.paintings()));
        self.emphasis = emphasis;
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
        let layers = [self.style_weights().layers(), self.emphasis.counted_content_layers().layers()].concat();
        vgg.encode(pastiche, &layers, self.reading)
    }

    /// What each layer's style weighs; nothing where there is no painting.
    fn style_weights(&self) -> LayerWeights {
        if self.style.paintings() == 0 { LayerWeights::default() } else { self.emphasis.graded_style_layers() }
    }

    /// The weighted terms for a pastiche.
    pub fn evaluate(&self, vgg: &Vgg19, pastiche: &ImageTensor) -> Terms {
        let maps = self.encode(vgg, pastiche);
        let none = || Tensor::zeros([1], &pastiche.tensor().device());
        let content = self.content.evaluate(&maps, self.emphasis.counted_content_layers(), self.emphasis.content_weight);
        let smoothness_weight = self.emphasis.tv_weight * LEVELS_SQUARED / float(3 * pastiche.size().area());
        Terms {
            content: content.unwrap_or_else(none),
            style: self.style.evaluate(&maps, self.style_weights()).unwrap_or_else(none),
            total_variation: TotalVariationLoss::evaluate(pastiche, smoothness_weight),
        }
    }

    /// The weighted terms at `x`, `[1, 3, H, W]`, and the gradient of their sum with respect to it, outside of any autodiff graph.
    ///
    /// # Panics
    /// Never: smoothness depends on `x`, whatever it weighs.
    pub fn gradient(&self, vgg: &Vgg19, x: Tensor<4>) -> (Terms, Tensor<4>) {
        let x = x.autodiff().require_grad();
        let terms = self.evaluate(vgg, &ImageTensor::new(x.clone()));
        let mut gradients = terms.total().backward();
        let gradient = x.grad_remove(&mut gradients).expect("smoothness depends on the picture");
        (terms.detached(), gradient)
    }
}

fn content_targets(vgg: &Vgg19, photo: &ImageTensor, reading: Reading, emphasis: &Emphasis) -> ContentLoss {
    let layers = emphasis.counted_content_layers().layers();
    ContentLoss::new(&vgg.encode(photo, &layers, reading), &layers)
}
