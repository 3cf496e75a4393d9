//! The objective: the weighted sum of the losses, and the targets they compare with.

use std::collections::{BTreeMap, VecDeque};

use burn::tensor::Tensor;

use super::style::Matrices;
use super::terms::{PixelLosses, Terms};
use super::{ContentLoss, OutlinesLoss, StyleLoss, TotalVariationLoss};
use crate::engine::ops::float;
use crate::engine::ops::image::outline_elements;
use crate::engine::{FeatureMaps, ImageTensor, Mask, Moments, Tile, Vgg19};
use crate::layer::Layer;
use crate::memory::DeviceLimits;
use crate::pixels::ImageSize;
use crate::recipe::{FeatureOptions, LayerWeights, LossWeights};

/// Factor from squared values in 0..1 to squared 8-bit levels.
const LEVELS_SQUARED: f32 = 255.0 * 255.0;

/// Layers evaluated together, in one forward and backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LayerGroup {
    /// All layers with a weight.
    All,
    /// `conv1_1` alone.
    First,
    /// All layers with a weight but `conv1_1`.
    Deeper,
}

impl LayerGroup {
    fn has(self, layer: Layer) -> bool {
        self == Self::All || (self == Self::First) == (layer == Layer::Conv1_1)
    }

    fn layers(self, layers: Vec<Layer>) -> Vec<Layer> {
        layers.into_iter().filter(|&layer| self.has(layer)).collect()
    }

    fn weights(self, weights: LayerWeights) -> LayerWeights {
        weights.only(|layer| self.has(layer))
    }
}

/// Images that an objective is made from, as the network receives them.
#[derive(Clone, Debug)]
pub struct ObjectiveInputs {
    /// Content image.
    pub photo: ImageTensor,
    /// Style images; may be empty.
    pub paintings: Vec<ImageTensor>,
    /// Region of the photo for each painting; empty to blend all paintings everywhere.
    pub masks: Vec<Mask>,
}

/// Loss function of a run: targets for content and style, and the weights of the terms.
#[derive(Debug)]
pub struct Objective {
    /// Content image, kept so that a layer can get a content weight later.
    photo: ImageTensor,
    /// Style images, from which the style targets are made.
    paintings: Vec<ImageTensor>,
    /// Tiles of the photo and of the pastiche.
    tiles: Vec<Tile>,
    content: ContentLoss,
    style: StyleLoss,
    /// Targets still to be made, in order.
    missing: VecDeque<Target>,
    features: FeatureOptions,
    loss_weights: LossWeights,
    limits: DeviceLimits,
}

/// Part of the targets that is still to be made.
#[derive(Debug)]
enum Target {
    /// Contribution of one tile of a painting to its moments.
    Style {
        /// Index of the painting.
        painting: usize,
        tile: Tile,
    },
    /// Photo's feature maps in one tile.
    Content {
        /// Index of the tile.
        tile: usize,
    },
}

impl Objective {
    /// Creates the objective with all targets, for a device with these `limits`. Does not wait for
    /// the device.
    pub fn new(
        vgg: &Vgg19,
        inputs: &ObjectiveInputs,
        features: FeatureOptions,
        loss_weights: LossWeights,
        limits: DeviceLimits,
    ) -> Self {
        let mut objective = Self::without_targets(inputs, features, loss_weights, limits);
        while objective.targets_missing() > 0 {
            objective.make_target(vgg);
        }
        objective
    }

    /// Creates the objective without targets. Call [`Self::make_target`] until none is missing
    /// before evaluating it.
    pub fn without_targets(
        inputs: &ObjectiveInputs,
        features: FeatureOptions,
        loss_weights: LossWeights,
        limits: DeviceLimits,
    ) -> Self {
        let ObjectiveInputs { photo, paintings, masks } = inputs;
        let tiles = |picture: &ImageTensor| Tile::all(picture.size(), limits);
        let style_targets = paintings.iter().enumerate().flat_map(|(painting, picture)| {
            tiles(picture).into_iter().map(move |tile| Target::Style { painting, tile })
        });
        let mut objective = Self {
            photo: photo.clone(),
            paintings: paintings.clone(),
            tiles: tiles(photo),
            content: ContentLoss::new(&[]),
            style: StyleLoss::new(paintings.len(), masks.iter().map(Mask::guides), features),
            missing: style_targets.collect(),
            features,
            loss_weights,
            limits,
        };
        objective.reset_content();
        objective
    }

    /// Returns the number of parts of the targets still to be made.
    ///
    /// # Panics
    /// Never: an image has far fewer tiles than a `u32` can count.
    pub fn targets_missing(&self) -> u32 {
        u32::try_from(self.missing.len()).expect("a count of tiles")
    }

    /// Submits the next missing part of the targets, one tile of an image, if any. Does not wait
    /// for the device.
    pub fn make_target(&mut self, vgg: &Vgg19) {
        let Some(target) = self.missing.pop_front() else { return };
        match target {
            Target::Style { painting, tile } => {
                self.style.add(
                    painting,
                    Moments::of_tile(vgg, &self.paintings[painting], &tile, self.features),
                );
            }
            Target::Content { tile } => {
                let tile = &self.tiles[tile];
                self.content.add(&vgg.encode_tile(
                    &tile.seen(&self.photo),
                    tile,
                    &self.content_layers(),
                    self.features,
                ));
            }
        }
        if self.missing.is_empty() {
            self.blend_paintings();
        }
    }

    /// Sets the weights of the terms. Targets stay, except that the content targets are remade, for
    /// the layers that now have a weight, if one of these layers has none yet or some tiles are
    /// still missing.
    pub fn set_loss_weights(&mut self, loss_weights: LossWeights) {
        self.loss_weights = loss_weights;
        let content_misses =
            self.missing.iter().any(|target| matches!(target, Target::Content { .. }));
        if content_misses || !self.content.covers(&self.content_layers()) {
            self.reset_content();
        }
        if self.missing.iter().all(|target| matches!(target, Target::Content { .. })) {
            self.blend_paintings();
        }
    }

    /// Makes the style targets by the paintings' shares. Requires the moments of all tiles.
    fn blend_paintings(&mut self) {
        self.style.set_shares(&self.loss_weights.style_shares(self.style.paintings()));
    }

    /// Discards the content targets and queues new ones for the layers that now have a weight.
    fn reset_content(&mut self) {
        let layers = self.content_layers();
        self.content = ContentLoss::new(&layers);
        self.missing.retain(|target| matches!(target, Target::Style { .. }));
        if !layers.is_empty() {
            self.missing.extend((0..self.tiles.len()).map(|tile| Target::Content { tile }));
        }
    }

    fn content_layers(&self) -> Vec<Layer> {
        self.loss_weights.counted_content_layers().layers()
    }

    /// Returns the tiles of the pastiche.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Returns the content loss.
    pub fn content(&self) -> &ContentLoss {
        &self.content
    }

    /// Returns the style loss.
    pub fn style(&self) -> &StyleLoss {
        &self.style
    }

    /// Returns the pastiche's feature maps at the layers with a weight.
    pub fn encode(&self, vgg: &Vgg19, pastiche: &ImageTensor) -> FeatureMaps {
        vgg.encode(pastiche, &self.layers(), self.features)
    }

    /// Returns the layers with a style or content weight.
    pub(super) fn layers(&self) -> Vec<Layer> {
        [self.style_weights().layers(), self.content_layers()].concat()
    }

    /// Returns the style weight of each layer; all zero without paintings.
    fn style_weights(&self) -> LayerWeights {
        if self.style.paintings() == 0 {
            LayerWeights::default()
        } else {
            self.loss_weights.graded_style_layers()
        }
    }

    /// Returns the layer groups in which `tile` is evaluated: one after another where that saves
    /// memory.
    pub(super) fn groups(&self, tile: &Tile) -> &'static [LayerGroup] {
        let layers = self.layers();
        let both =
            layers.contains(&Layer::Conv1_1) && layers.iter().any(|&layer| layer != Layer::Conv1_1);
        if both && !self.limits.evaluates_together(tile.area()) {
            &[LayerGroup::Deeper, LayerGroup::First]
        } else {
            &[LayerGroup::All]
        }
    }

    /// Returns the contribution of `group` to the weighted terms, for a pastiche of one tile. Total
    /// variation and outlines are added once: with [`LayerGroup::All`] or [`LayerGroup::Deeper`].
    pub(super) fn evaluate(&self, vgg: &Vgg19, pastiche: &ImageTensor, group: LayerGroup) -> Terms {
        let maps = vgg.encode(pastiche, &group.layers(self.layers()), self.features);
        let none = || Tensor::zeros([1], &pastiche.tensor().device());
        let PixelLosses { content, total_variation } = match group {
            LayerGroup::First => PixelLosses { content: None, total_variation: none() },
            LayerGroup::All | LayerGroup::Deeper => self.pixel_losses(pastiche),
        };
        Terms {
            content: self
                .content_term(&maps, 0, group)
                .into_iter()
                .chain(content)
                .reduce(|sum, loss| sum + loss)
                .unwrap_or_else(none),
            style: self
                .style
                .evaluate(&maps, group.weights(self.style_weights()))
                .unwrap_or_else(none),
            total_variation,
        }
    }

    fn content_term(
        &self,
        maps: &FeatureMaps,
        tile: usize,
        group: LayerGroup,
    ) -> Option<Tensor<1>> {
        let weights = group.weights(self.loss_weights.counted_content_layers());
        self.content.evaluate(maps, tile, weights, self.loss_weights.content_weight, |layer| {
            self.style.content_scale(layer).cloned()
        })
    }

    /// Returns the weighted losses of the pixels. Every evaluation takes them from here.
    pub(super) fn pixel_losses(&self, pastiche: &ImageTensor) -> PixelLosses {
        PixelLosses {
            content: self.outlines(pastiche),
            total_variation: self.total_variation(pastiche),
        }
    }

    /// Returns the weighted outlines loss, or `None` if its weight is 0.
    fn outlines(&self, pastiche: &ImageTensor) -> Option<Tensor<1>> {
        let ImageSize { width, height } = pastiche.size();
        let weight = self.loss_weights.outlines * LEVELS_SQUARED
            / float(outline_elements(height as usize, width as usize));
        (weight > 0.0).then(|| OutlinesLoss::evaluate(pastiche, &self.photo, weight))
    }

    /// Returns the weighted total variation.
    fn total_variation(&self, pastiche: &ImageTensor) -> Tensor<1> {
        let weight =
            self.loss_weights.tv_weight * LEVELS_SQUARED / float(3 * pastiche.size().area());
        TotalVariationLoss::evaluate(pastiche, weight)
    }

    /// Returns the contribution of `tile`, whose input region is `seen`, to the pastiche's style
    /// matrices; `None` if no style layer has a weight.
    pub(super) fn matrices(
        &self,
        vgg: &Vgg19,
        seen: &ImageTensor,
        tile: &Tile,
    ) -> Option<Matrices> {
        let weights = self.style_weights();
        let layers = weights.layers();
        (!layers.is_empty()).then(|| {
            let maps = vgg.encode_tile(seen, tile, &layers, self.features);
            self.style.matrices(&maps, Some(tile), weights)
        })
    }

    /// Returns the style term `E` at `matrices`, and its gradient `∂E/∂G` with respect to them.
    pub(super) fn style_gradient(&self, matrices: &Matrices) -> Option<(Tensor<1>, Matrices)> {
        self.style.distance_and_gradient(matrices, self.style_weights())
    }

    /// Returns a `group`'s content term in tile number `index`, and the product `Σ G·∂E/∂G` of the
    /// tile's style matrices with `style_gradient`. The pixel gradient of this product is that of
    /// the style term.
    pub(super) fn tile_terms(
        &self,
        vgg: &Vgg19,
        seen: &ImageTensor,
        index: usize,
        style_gradient: Option<&Matrices>,
        group: LayerGroup,
    ) -> (Option<Tensor<1>>, Option<Tensor<1>>) {
        let tile = &self.tiles[index];
        let maps = vgg.encode_tile(seen, tile, &group.layers(self.layers()), self.features);
        let style_weights = group.weights(self.style_weights());
        let style_product = |style_gradient: &Matrices| {
            self.style.matrices(&maps, Some(tile), style_weights).dot(style_gradient)
        };
        (self.content_term(&maps, index, group), style_gradient.and_then(style_product))
    }
}

impl Moments {
    /// Returns the contribution of `tile` to an image's moments at all layers, outside any autodiff
    /// graph.
    pub fn of_tile(
        vgg: &Vgg19,
        picture: &ImageTensor,
        tile: &Tile,
        features: FeatureOptions,
    ) -> BTreeMap<Layer, Self> {
        let mut moments = BTreeMap::new();
        vgg.visit(&tile.seen(picture), &Layer::ALL, features, |layer, map| {
            let own = Self::of(&tile.core(map, layer), features.statistics.of(layer));
            moments.insert(layer, own.detached().times(tile.share(layer)));
        });
        moments
    }
}
