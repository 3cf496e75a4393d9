//! The style loss: how far the statistics of the pastiche are from the paintings'.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::target::Target;
use crate::engine::ops::sum;
use crate::engine::{FeatureMap, FeatureMaps, Guide, Moments, Tile};
use crate::layer::Layer;
use crate::recipe::{FeatureOptions, LayerStatistics, LayerWeights, LossUnits};

/// `Σ_l w_l · E_l`, where `E_l` is the distance to the paintings' moments at layer `l`, as its
/// [`Target`] defines it.
///
/// With Gram matrices in units of activation, `E_l = 1/(4 N_l²) Σ (G_l − A_l)²`:
///
/// - **Units:** activation⁴.
/// - **Source:** Gatys et al. 2015, eqs. 4 and 5, with each Gram matrix divided by its own number
///   of positions. For images of one size this equals the paper's `1/(4 N² M²)`; images of
///   different sizes stay comparable.
///
/// Several paintings blend by shares that add up to 1: `A = Σ_k b_k A_k`. Up to a constant, this is
/// the blend of their losses.
///
/// With one mask per painting, each painting has its own region instead:
/// `E_l = Σ_k b_k/b_max · t_k · 1/(4 N_l²) Σ (G_l,k − A_l,k)²`, with `G_l,k` the guided Gram matrix
/// of region `k` and `t_k` the region's share of the image. The factor `t_k` makes the gradient of
/// a pixel independent of the region's size.
#[derive(Debug)]
pub struct StyleLoss {
    units: LossUnits,
    statistics: LayerStatistics,
    /// Moments of each painting, by layer.
    paintings: Vec<BTreeMap<Layer, Moments>>,
    /// Shares that the targets were made with; `None` if the targets are missing or outdated.
    shares: Option<Vec<f32>>,
    /// Targets of the blend; empty with regions.
    targets: BTreeMap<Layer, Target>,
    /// Factors of the content loss, `[1]` each; empty in units of activation.
    content_scales: BTreeMap<Layer, Tensor<1>>,
    /// One region per painting, or none.
    regions: Vec<Region>,
}

/// Lower bound of the outputs' mean square, against division by almost zero for a painting that
/// barely activates a layer.
const LEAST_MEAN_SQUARE: f32 = 1e-3;

/// Region of the photo that belongs to one painting.
#[derive(Debug)]
struct Region {
    guides: BTreeMap<Layer, Guide>,
    /// Weight of the painting's style relative to the strongest region's, 0..1.
    strength: f32,
    targets: BTreeMap<Layer, Target>,
}

impl StyleLoss {
    /// Creates the loss for this number of `paintings`, whose moments [`Self::add`] supplies. Each
    /// painting counts in the region of its `guides`; without guides, all are blended everywhere.
    ///
    /// # Panics
    /// If there are guides, but not one per painting.
    pub fn new(
        paintings: usize,
        guides: impl Iterator<Item = BTreeMap<Layer, Guide>>,
        features: FeatureOptions,
    ) -> Self {
        let regions: Vec<Region> = guides
            .map(|guides| Region { guides, strength: 1.0, targets: BTreeMap::new() })
            .collect();
        assert!(regions.is_empty() || regions.len() == paintings, "one region for each painting");
        let (paintings, FeatureOptions { units, statistics, .. }) =
            (vec![BTreeMap::new(); paintings], features);
        Self {
            units,
            statistics,
            paintings,
            shares: None,
            targets: BTreeMap::new(),
            content_scales: BTreeMap::new(),
            regions,
        }
    }

    /// Adds the moments of one tile to a painting's, at all layers: they are small, and any layer
    /// can get a weight later. Once all tiles are added, [`Self::set_shares`] makes the targets.
    pub fn add(&mut self, painting: usize, part: BTreeMap<Layer, Moments>) {
        self.shares = None;
        let sum = &mut self.paintings[painting];
        for (layer, part) in part {
            let whole = match sum.remove(&layer) {
                Some(sum) => sum.plus(part),
                None => part,
            };
            sum.insert(layer, whole);
        }
    }

    /// Makes the targets from the paintings' moments: blends them by `shares`, or weighs their
    /// regions. A no-op if the shares are unchanged.
    pub fn set_shares(&mut self, shares: &[f32]) {
        if self.shares.as_deref() == Some(shares) {
            return;
        }
        self.shares = Some(shares.to_vec());
        let blend = blend(&self.paintings, shares);
        if self.units == LossUnits::Painting {
            let content_scale =
                |own: &Moments| own.mean_square().clamp_min(LEAST_MEAN_SQUARE).recip();
            self.content_scales =
                blend.iter().map(|(&layer, own)| (layer, content_scale(own))).collect();
        }
        let targets = |moments: BTreeMap<Layer, Moments>| -> BTreeMap<Layer, Target> {
            let target = |layer, own| Target::new(own, self.statistics.of(layer), self.units);
            moments.into_iter().map(|(layer, own)| (layer, target(layer, own))).collect()
        };
        let strongest = shares.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        for ((region, moments), share) in self.regions.iter_mut().zip(&self.paintings).zip(shares) {
            region.strength = share / strongest;
            region.targets = targets(moments.clone());
        }
        if self.regions.is_empty() {
            self.targets = targets(blend);
        }
    }

    /// Returns the factor of the content loss at `layer`, `[1]`: one over the mean square of the
    /// paintings' outputs. `None` in units of activation.
    pub fn content_scale(&self, layer: Layer) -> Option<&Tensor<1>> {
        self.content_scales.get(&layer)
    }

    /// Returns the number of paintings.
    pub fn paintings(&self) -> usize {
        self.paintings.len()
    }

    /// Returns `Σ_l w_l · E_l` of a pastiche of one tile, `[1]`, or `None` if no layer has a
    /// weight.
    pub fn evaluate(&self, pastiche: &FeatureMaps, weights: LayerWeights) -> Option<Tensor<1>> {
        self.distance(&self.matrices(pastiche, None, weights), weights)
    }

    /// Returns the style matrices of `pastiche` at the layers with a weight. With a `tile`,
    /// `pastiche` holds the maps of its core, and the result is its contribution to the matrices of
    /// the whole.
    pub fn matrices(
        &self,
        pastiche: &FeatureMaps,
        tile: Option<&Tile>,
        weights: LayerWeights,
    ) -> Matrices {
        let at = |layer| self.matrices_at(layer, pastiche.get(layer), tile);
        Matrices(weights.active().map(|(layer, _)| (layer, at(layer))).collect())
    }

    /// Returns `Σ_l w_l · E_l` at these `matrices`, `[1]`, or `None` if no layer has a weight.
    pub fn distance(&self, matrices: &Matrices, weights: LayerWeights) -> Option<Tensor<1>> {
        let losses = weights
            .active()
            .map(|(layer, weight)| self.distance_at(layer, &matrices.0[&layer], weight));
        losses.reduce(|sum, loss| sum + loss)
    }

    /// Returns [`Self::distance`] and its gradient with respect to the matrices, outside any
    /// autodiff graph.
    pub fn distance_and_gradient(
        &self,
        matrices: &Matrices,
        weights: LayerWeights,
    ) -> Option<(Tensor<1>, Matrices)> {
        let leaves = matrices.map(Moments::leaf);
        let distance = self.distance(&leaves, weights)?;
        let mut gradients = distance.backward();
        Some((distance.without_autodiff(), leaves.map(|leaf| leaf.gradient(&mut gradients))))
    }

    /// Returns `weight · E_l` of one layer, `[1]`.
    ///
    /// # Panics
    /// If `pastiche` has no map of `layer`.
    pub fn layer_loss(&self, pastiche: &FeatureMaps, layer: Layer, weight: f32) -> Tensor<1> {
        self.distance_at(layer, &self.matrices_at(layer, pastiche.get(layer), None), weight)
    }

    fn matrices_at(&self, layer: Layer, map: &FeatureMap, tile: Option<&Tile>) -> Vec<Moments> {
        let statistic = self.statistics.of(layer);
        let guided = |region: &Region| {
            let guide = &region.guides[&layer];
            let own = tile.map(|tile| guide.within(tile, layer));
            Moments::guided(map, own.as_ref().unwrap_or(guide), statistic)
        };
        let all = if self.regions.is_empty() {
            vec![Moments::of(map, statistic)]
        } else {
            self.regions.iter().map(guided).collect()
        };
        match tile {
            None => all,
            Some(tile) => all.into_iter().map(|own| own.times(tile.share(layer))).collect(),
        }
    }

    fn distance_at(&self, layer: Layer, moments: &[Moments], weight: f32) -> Tensor<1> {
        let regions = self.regions.iter().zip(moments).map(|(region, own)| {
            region.targets[&layer].distance(own, weight * region.strength)
                * region.guides[&layer].share.clone()
        });
        regions
            .reduce(|sum, loss| sum + loss)
            .unwrap_or_else(|| self.targets[&layer].distance(&moments[0], weight))
    }
}

/// Style matrices of a pastiche by layer: its moments as a whole, or one set of moments per region.
#[derive(Clone, Debug)]
pub struct Matrices(BTreeMap<Layer, Vec<Moments>>);

impl Matrices {
    /// Adds `other` matrix by matrix.
    ///
    /// # Panics
    /// If `other` lacks one of the layers.
    #[must_use]
    pub fn plus(self, mut other: Self) -> Self {
        let mut sum = |layer, grams: Vec<Moments>| {
            let others = other.0.remove(&layer).expect("both are of the same layers");
            grams.into_iter().zip(others).map(|(one, other)| one.plus(other)).collect()
        };
        Self(self.0.into_iter().map(|(layer, grams)| (layer, sum(layer, grams))).collect())
    }

    /// Returns `Σ aᵢ·bᵢ` over all elements of all layers of `self`, `[1]`; `None` if it has no
    /// layers. `other` may have more layers.
    ///
    /// # Panics
    /// If `other` lacks one of the layers.
    pub fn dot(&self, other: &Self) -> Option<Tensor<1>> {
        let pairs = self.0.iter().flat_map(|(layer, grams)| grams.iter().zip(&other.0[layer]));
        pairs
            .map(|(one, other)| sum(one.tensor().clone() * other.tensor().clone()))
            .reduce(|sum, product| sum + product)
    }

    fn map(&self, mut change: impl FnMut(&Moments) -> Moments) -> Self {
        Self(
            self.0
                .iter()
                .map(|(&layer, grams)| (layer, grams.iter().map(&mut change).collect()))
                .collect(),
        )
    }
}

/// Returns `A = Σ_k b_k A_k` for each layer; empty without paintings.
fn blend(paintings: &[BTreeMap<Layer, Moments>], shares: &[f32]) -> BTreeMap<Layer, Moments> {
    let Some(first) = paintings.first() else { return BTreeMap::new() };
    let mixed = |layer: &Layer| {
        Moments::mixed(paintings.iter().map(|grams| &grams[layer]).zip(shares.iter().copied()))
    };
    first.keys().filter_map(|layer| Some((*layer, mixed(layer)?))).collect()
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;
    use crate::recipe::Statistic;

    /// Returns feature maps with the same `value` at every layer and position.
    fn flat(value: f32) -> FeatureMaps {
        let map = |layer: Layer| {
            FeatureMap::new(Tensor::full([1, layer.channels(), 1, 2], value, &Device::flex()))
        };
        FeatureMaps::of(Layer::ALL.map(|layer| (layer, map(layer))))
    }

    /// Returns the style loss of paintings with flat maps, each added in two parts.
    fn style_of(values: &[f32], shares: &[f32]) -> StyleLoss {
        style_in_units(values, shares, LossUnits::Activation)
    }

    fn style_in_units(values: &[f32], shares: &[f32], units: LossUnits) -> StyleLoss {
        let features = FeatureOptions { units, ..FeatureOptions::before_version_3() };
        let mut style = StyleLoss::new(values.len(), std::iter::empty(), features);
        for (painting, &value) in values.iter().enumerate() {
            let part = |share| {
                Layer::ALL
                    .map(|layer| {
                        (layer, Moments::of(flat(value).get(layer), Statistic::Gram).times(share))
                    })
                    .into()
            };
            [0.25, 0.75].into_iter().for_each(|share| style.add(painting, part(share)));
        }
        style.set_shares(shares);
        style
    }

    #[test]
    fn a_blend_averages_gram_matrices_by_the_paintings_shares() {
        // Every element of a flat map's Gram matrix is value²: 1 and 9 blend to 5, the matrix of a
        // flat √5.
        let mut style = style_of(&[1.0, 3.0], &[0.5, 0.5]);
        let loss = |style: &StyleLoss, value| {
            style.layer_loss(&flat(value), Layer::Conv2_1, 1.0).into_scalar::<f32>()
        };
        assert!(loss(&style, 5.0_f32.sqrt()) < 1e-9);
        // ¼ Σ (9 − 5)²/N² over N² elements.
        assert!((loss(&style, 3.0) - 4.0).abs() < 1e-3);
        style.set_shares(&[0.0, 1.0]);
        assert!(loss(&style, 3.0) < 1e-9);
    }

    #[test]
    fn layer_losses_add_up_by_their_weights() {
        let style = style_of(&[1.0], &[1.0]);
        let at = |weights| style.evaluate(&flat(2.0), weights).map(Tensor::into_scalar::<f32>);
        assert_eq!(at(LayerWeights::default()), None);
        let [one, both] = [&[Layer::Conv1_1][..], &[Layer::Conv1_1, Layer::Conv5_1]]
            .map(|layers| LayerWeights::even(layers, 0.5));
        // ¼ · (4 − 1)² at each layer.
        assert!((at(one).unwrap() - 1.125).abs() < 1e-3 && (at(both).unwrap() - 2.25).abs() < 1e-3);
    }

    #[test]
    fn units_of_the_painting_make_a_layers_loss_relative_to_its_target() {
        let loss = |painting: f32, value: f32, layer| {
            let style = style_in_units(&[painting], &[1.0], LossUnits::Painting);
            style.layer_loss(&flat(value), layer, 1.0).into_scalar::<f32>()
        };
        // Σ (4 − 1)² / Σ 1², whatever the painting's magnitude and the layer's width.
        for (painting, layer) in
            [(1.0, Layer::Conv1_1), (1.0, Layer::Conv5_1), (30.0, Layer::Conv4_1)]
        {
            assert!((loss(painting, 2.0 * painting, layer) / 9.0 - 1.0).abs() < 1e-3);
        }
        assert!(loss(3.0, 3.0, Layer::Conv3_1) < 1e-9);
    }

    #[test]
    fn the_covariance_statistic_adds_relative_distances_of_covariance_and_mean() {
        // Every channel holds [a, b] at two positions: mean (a + b)/2, and covariance ((a − b)/2)²
        // in every element.
        let maps = |a: f32, b: f32| {
            let map = Tensor::<4>::from_data([[[[a, b]]]], &Device::flex());
            let at = |layer: Layer| {
                (layer, FeatureMap::new(map.clone().repeat_dim(1, layer.channels())))
            };
            FeatureMaps::of(Layer::ALL.map(at))
        };
        let features = FeatureOptions::default();
        let mut style = StyleLoss::new(1, std::iter::empty(), features);
        let target = maps(1.0, 3.0);
        style.add(
            0,
            Layer::ALL
                .map(|layer| (layer, Moments::of(target.get(layer), features.statistics.of(layer))))
                .into(),
        );
        style.set_shares(&[1.0]);
        let loss = |a, b| style.layer_loss(&maps(a, b), Layer::Conv3_1, 1.0).into_scalar::<f32>();
        assert!(loss(3.0, 1.0) < 1e-9, "where outputs lie does not matter");
        // Mean 4 against 2 with equal covariance; then covariance 4 against 1 with equal mean.
        assert!(
            (loss(3.0, 5.0) - 1.0).abs() < 1e-3 && (loss(0.0, 4.0) - 9.0).abs() < 1e-3,
            "{} {}",
            loss(3.0, 5.0),
            loss(0.0, 4.0)
        );
    }

    #[test]
    fn the_content_scale_is_one_over_the_paintings_mean_square() {
        let scale = |units| {
            style_in_units(&[1.0, 3.0], &[0.5, 0.5], units)
                .content_scale(Layer::CONTENT)
                .cloned()
                .map(Tensor::into_scalar::<f32>)
        };
        assert_eq!(scale(LossUnits::Activation), None);
        // The mean squares 1 and 9 blend to 5.
        assert!((scale(LossUnits::Painting).unwrap() - 0.2).abs() < 1e-5);
    }
}
