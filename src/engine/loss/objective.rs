//! The weighted sum of the losses.

use burn::tensor::{ExecutionError, Tensor};

use super::style::Matrices;
use super::{ContentLoss, StyleLoss, TotalVariationLoss};
use crate::engine::numbers::{float, read_back, settled};
use crate::engine::{FeatureMaps, GramMatrix, ImageTensor, Mask, Tile, Vgg19};
use crate::layer::Layer;
use crate::losses::Losses;
use crate::memory::Capacity;
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
    /// In which the network sees the photo, and what is painted from it.
    tiles: Vec<Tile>,
    content: ContentLoss,
    style: StyleLoss,
    reading: Reading,
    emphasis: Emphasis,
}

impl Objective {
    /// Encodes the targets, on a device of this `capacity`.
    pub fn new(vgg: &Vgg19, subject: &Subject, reading: Reading, emphasis: Emphasis, capacity: Capacity) -> Self {
        let Subject { photo, paintings, masks } = subject;
        let shares = emphasis.style_shares(paintings.len());
        let tiles = |picture: &ImageTensor| Tile::all(picture.size(), capacity);
        let grams = paintings.iter().map(|painting| GramMatrix::of_picture(vgg, painting, &tiles(painting), reading)).collect();
        let style = StyleLoss::new(grams, &shares).within(masks.iter().map(|mask| mask.guides()), &shares);
        let tiles = tiles(photo);
        let content = content_targets(vgg, photo, &tiles, reading, &emphasis);
        Self { photo: photo.clone(), tiles, content, style, reading, emphasis }
    }

    /// Changes what the terms weigh. Targets stay, save that a content layer which counts for the first time gets its own.
    pub fn set_emphasis(&mut self, vgg: &Vgg19, emphasis: Emphasis) {
        if !self.content.covers(&emphasis.counted_content_layers().layers()) {
            self.content = content_targets(vgg, &self.photo, &self.tiles, self.reading, &emphasis);
        }
        self.style.set_shares(&emphasis.style_shares(self.style.paintings()));
        self.emphasis = emphasis;
    }

    /// Tiles in which the network sees a pastiche.
    pub fn tiles(&self) -> usize {
        self.tiles.len()
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
        vgg.encode(pastiche, &self.layers(), self.reading)
    }

    fn layers(&self) -> Vec<Layer> {
        [self.style_weights().layers(), self.emphasis.counted_content_layers().layers()].concat()
    }

    /// What each layer's style weighs; nothing where there is no painting.
    fn style_weights(&self) -> LayerWeights {
        if self.style.paintings() == 0 { LayerWeights::default() } else { self.emphasis.graded_style_layers() }
    }

    /// The weighted terms for a pastiche.
    pub fn evaluate(&self, vgg: &Vgg19, pastiche: &ImageTensor) -> Terms {
        let maps = self.encode(vgg, pastiche);
        let none = || Tensor::zeros([1], &pastiche.tensor().device());
        Terms {
            content: self.content_term(&maps, 0).unwrap_or_else(none),
            style: self.style.evaluate(&maps, self.style_weights()).unwrap_or_else(none),
            total_variation: self.total_variation(pastiche),
        }
    }

    fn content_term(&self, maps: &FeatureMaps, tile: usize) -> Option<Tensor<1>> {
        self.content.evaluate(maps, tile, self.emphasis.counted_content_layers(), self.emphasis.content_weight)
    }

    fn total_variation(&self, pastiche: &ImageTensor) -> Tensor<1> {
        let weight = self.emphasis.tv_weight * LEVELS_SQUARED / float(3 * pastiche.size().area());
        TotalVariationLoss::evaluate(pastiche, weight)
    }

    /// The weighted terms at `x`, `[1, 3, H, W]`, and the gradient of their sum with respect to it, outside of any autodiff graph. Nothing is
    /// read back, save a number for each tile where there are several: it bounds the device's queue.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn gradient(&self, vgg: &Vgg19, x: Tensor<4>) -> Result<(Terms, Tensor<4>), ExecutionError> {
        if self.tiles.len() > 1 {
            return self.gradient_in_tiles(vgg, x).await;
        }
        let (terms, gradient) = differentiated(x, |pastiche| {
            let terms = self.evaluate(vgg, pastiche);
            (terms.total(), terms)
        });
        Ok((terms.detached(), gradient))
    }

    /// [`Self::gradient`] by seeing each tile twice: once for its part in the Gram matrices, then, when it is known how the loss pulls at
    /// those, for its part in the gradient.
    async fn gradient_in_tiles(&self, vgg: &Vgg19, x: Tensor<4>) -> Result<(Terms, Tensor<4>), ExecutionError> {
        let weights = self.style_weights();
        let pastiche = ImageTensor::new(x.clone());
        let mut compared: Option<Matrices> = None;
        for tile in self.tiles.iter().filter(|_| weights.active().next().is_some()) {
            let maps = vgg.encode_tile(&pastiche, tile, &weights.layers(), self.reading);
            let part = self.style.compared(&maps, Some(tile), weights);
            part.settle().await?;
            compared = Some(match compared {
                Some(sum) => part.plus(sum),
                None => part,
            });
        }
        let (style, pull) = compared.and_then(|compared| self.style.pull(&compared, weights)).unzip();
        let (total_variation, mut gradient) = differentiated(x.clone(), |pastiche| {
            let loss = self.total_variation(pastiche);
            (loss.clone(), loss)
        });
        let mut content = None;
        for (index, tile) in self.tiles.iter().enumerate().filter(|_| !self.layers().is_empty()) {
            let (part, change) = differentiated(x.clone(), |pastiche| {
                let maps = vgg.encode_tile(pastiche, tile, &self.layers(), self.reading);
                let content = self.content_term(&maps, index);
                let pulled = |pull: &Matrices| pull.dot(&self.style.compared(&maps, Some(tile), weights));
                let loss = plus(content.clone(), pull.as_ref().and_then(pulled)).expect("a layer counts");
                (loss, content)
            });
            gradient = gradient + change;
            settled(&gradient).await?;
            content = plus(content, part);
        }
        let none = || Tensor::zeros([1], &gradient.device());
        let terms = Terms { content: content.unwrap_or_else(none), style: style.unwrap_or_else(none), total_variation };
        Ok((terms.detached(), gradient))
    }
}

/// The sum of what there is.
fn plus(one: Option<Tensor<1>>, other: Option<Tensor<1>>) -> Option<Tensor<1>> {
    one.into_iter().chain(other).reduce(|sum, part| sum + part)
}

/// What `evaluate` says beside a loss of `x`, `[1, 3, H, W]`, and the loss's gradient with respect to it, outside of any autodiff graph.
fn differentiated<T>(x: Tensor<4>, evaluate: impl FnOnce(&ImageTensor) -> (Tensor<1>, T)) -> (T, Tensor<4>) {
    let x = x.autodiff().require_grad();
    let (loss, said) = evaluate(&ImageTensor::new(x.clone()));
    let mut gradients = loss.backward();
    (said, x.grad_remove(&mut gradients).expect("the loss depends on the picture"))
}

fn content_targets(vgg: &Vgg19, photo: &ImageTensor, tiles: &[Tile], reading: Reading, emphasis: &Emphasis) -> ContentLoss {
    let layers = emphasis.counted_content_layers().layers();
    let maps = tiles.iter().map(|tile| vgg.encode_tile(photo, tile, &layers, reading));
    ContentLoss::new(maps, &layers)
}
