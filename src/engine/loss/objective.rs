//! The weighted sum of the losses.

use std::collections::{BTreeMap, VecDeque};

use burn::tensor::Tensor;

use super::style::Matrices;
use super::terms::Terms;
use super::{ContentLoss, OutlinesLoss, StyleLoss, TotalVariationLoss};
use crate::engine::ops::float;
use crate::engine::ops::image::outline_elements;
use crate::engine::{FeatureMaps, ImageTensor, Mask, Moments, Tile, Vgg19};
use crate::layer::Layer;
use crate::memory::DeviceLimits;
use crate::pixels::ImageSize;
use crate::recipe::{FeatureOptions, LayerWeights, LossWeights};

/// Squared levels of 255 in one squared unit of 0..1.
const LEVELS_SQUARED: f32 = 255.0 * 255.0;

/// Layers that are evaluated together, with a way back of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LayerGroup {
    /// All that count.
    All,
    /// The first alone.
    First,
    /// All but that.
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

/// The pictures that an objective is made of, as the network is to see them.
#[derive(Clone, Debug)]
pub struct ObjectiveInputs {
    /// For the content.
    pub photo: ImageTensor,
    /// For the style; may be none.
    pub paintings: Vec<ImageTensor>,
    /// Where on the photo each painting belongs; none, where all are blended everywhere.
    pub masks: Vec<Mask>,
}

/// What a pastiche is measured against: a photo's content, paintings' style, and how the terms
/// weigh.
#[derive(Debug)]
pub struct Objective {
    /// Kept, so that another layer's content can come to count later.
    photo: ImageTensor,
    /// Of which the targets of style are made.
    paintings: Vec<ImageTensor>,
    /// In which the network sees the photo, and what is painted from it.
    tiles: Vec<Tile>,
    content: ContentLoss,
    style: StyleLoss,
    /// In the order in which they are made.
    missing: VecDeque<Target>,
    features: FeatureOptions,
    loss_weights: LossWeights,
    limits: DeviceLimits,
}

/// A part of the targets that is yet to be made.
#[derive(Debug)]
enum Target {
    /// What a tile of a painting adds to its Gram matrices.
    Style {
        /// Its number.
        painting: usize,
        tile: Tile,
    },
    /// The photo's feature maps in one of the tiles.
    Content {
        /// Its number.
        tile: usize,
    },
}

impl Objective {
    /// With all targets, on a device of this `limits`. Nothing is waited for.
    pub fn new(
        vgg: &Vgg19,
        subject: &ObjectiveInputs,
        features: FeatureOptions,
        loss_weights: LossWeights,
        limits: DeviceLimits,
    ) -> Self {
        let mut objective = Self::without_targets(subject, features, loss_weights, limits);
        while objective.targets_missing() > 0 {
            objective.make_target(vgg);
        }
        objective
    }

    /// Without any target yet: it is not to be evaluated before [`Self::make_target`] has made
    /// them.
    pub fn without_targets(
        subject: &ObjectiveInputs,
        features: FeatureOptions,
        loss_weights: LossWeights,
        limits: DeviceLimits,
    ) -> Self {
        let ObjectiveInputs { photo, paintings, masks } = subject;
        let tiles = |picture: &ImageTensor| Tile::all(picture.size(), limits);
        let looks = paintings.iter().enumerate().flat_map(|(painting, picture)| {
            tiles(picture).into_iter().map(move |tile| Target::Style { painting, tile })
        });
        let mut objective = Self {
            photo: photo.clone(),
            paintings: paintings.clone(),
            tiles: tiles(photo),
            content: ContentLoss::new(&[]),
            style: StyleLoss::new(paintings.len(), masks.iter().map(Mask::guides), features),
            missing: looks.collect(),
            features,
            loss_weights,
            limits,
        };
        objective.reset_content();
        objective
    }

    /// Parts of the targets that are missing.
    ///
    /// # Panics
    /// Never: a picture has far fewer tiles than a `u32` counts.
    pub fn targets_missing(&self) -> u32 {
        u32::try_from(self.missing.len()).expect("a count of tiles")
    }

    /// Makes the next part of the targets, a tile of a picture, if one is missing. It is not waited
    /// for.
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

    /// Changes what the terms weigh. Targets stay, save that a content layer which counts for the
    /// first time is to get its own; those of a content whose targets are not all there yet are
    /// made anew, of the layers that count now.
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

    /// Makes the paintings' matrices targets, each by its share; all are there.
    fn blend_paintings(&mut self) {
        self.style.set_shares(&self.loss_weights.style_shares(self.style.paintings()));
    }

    /// Has the content's targets made anew, of the layers that count now.
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

    /// The tiles in which the network sees a pastiche.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
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
        vgg.encode(pastiche, &self.layers(), self.features)
    }

    /// The layers that count.
    pub(super) fn layers(&self) -> Vec<Layer> {
        [self.style_weights().layers(), self.content_layers()].concat()
    }

    /// What each layer's style weighs; nothing where there is no painting.
    fn style_weights(&self) -> LayerWeights {
        if self.style.paintings() == 0 {
            LayerWeights::default()
        } else {
            self.loss_weights.graded_style_layers()
        }
    }

    /// The turns in which what is seen of `tile` is evaluated.
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

    /// What the weighted terms have of a `group` for a pastiche that is seen as a whole; the first
    /// has no smoothness.
    pub(super) fn evaluate(&self, vgg: &Vgg19, pastiche: &ImageTensor, group: LayerGroup) -> Terms {
        let maps = vgg.encode(pastiche, &group.layers(self.layers()), self.features);
        let none = || Tensor::zeros([1], &pastiche.tensor().device());
        let outlines = if group == LayerGroup::First { None } else { self.outlines(pastiche) };
        Terms {
            content: self
                .content_term(&maps, 0, group)
                .into_iter()
                .chain(outlines)
                .reduce(|sum, loss| sum + loss)
                .unwrap_or_else(none),
            style: self
                .style
                .evaluate(&maps, group.weights(self.style_weights()))
                .unwrap_or_else(none),
            total_variation: if group == LayerGroup::First {
                none()
            } else {
                self.total_variation(pastiche)
            },
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

    /// How far outlines are from the photo's, where that counts.
    pub(super) fn outlines(&self, pastiche: &ImageTensor) -> Option<Tensor<1>> {
        let ImageSize { width, height } = pastiche.size();
        let weight = self.loss_weights.outlines * LEVELS_SQUARED
            / float(outline_elements(height as usize, width as usize));
        (weight > 0.0).then(|| OutlinesLoss::evaluate(pastiche, &self.photo, weight))
    }

    /// The term of smoothness.
    pub(super) fn total_variation(&self, pastiche: &ImageTensor) -> Tensor<1> {
        let weight =
            self.loss_weights.tv_weight * LEVELS_SQUARED / float(3 * pastiche.size().area());
        TotalVariationLoss::evaluate(pastiche, weight)
    }

    /// What of a pastiche the style compares, as far as `tile` has part in it; `None` where no
    /// style counts.
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

    /// The style term where `matrices` are what is compared, and its gradient with respect to them.
    pub(super) fn style_gradient(&self, matrices: &Matrices) -> Option<(Tensor<1>, Matrices)> {
        self.style.distance_and_gradient(matrices, self.style_weights())
    }

    /// What a `group` has of the content term of tile number `index`, and the product of its part
    /// in the style's matrices with the `style_gradient` at them, of which the gradient is that of
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
    /// What `tile` adds to the moments of a picture at all layers; outside of any autodiff graph.
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
