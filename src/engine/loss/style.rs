//! How far the pastiche's style is from the paintings'.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::target::Target;
use crate::engine::ops::sum;
use crate::engine::{FeatureMap, FeatureMaps, Guide, Moments, Tile};
use crate::layer::Layer;
use crate::recipe::{FeatureOptions, LayerStatistics, LayerWeights, LossUnits};

/// How far moments are from the paintings', as each layer's [`Target`] has it. With Gram matrices:
///
/// - **Units:** activation⁴.
/// - **Source:** Gatys et al. 2015, eqs. 4 and 5: `Σ_l w_l · 1/(4 N_l²) Σ (G_l − A_l)²` with Gram
///   matrices divided by their own numbers of positions. For pictures of one size that is the
///   paper's `1/(4 N² M²)`; for others it still compares.
///
/// Several paintings blend by shares that add up to 1: `A = Σ_k b_k A_k`. Apart from a constant,
/// that is the blend of their losses.
///
/// With a mask for each painting, each has a region of its own instead: `E_l = Σ_k b_k/b_max · t_k
/// · 1/(4 N_l²) Σ (G_l,k − A_l,k)²` with `G_l,k` the guided matrix of region `k` and `t_k` its
/// share of the picture, so that a pixel's pull is the same in small and large regions.
#[derive(Debug)]
pub struct StyleLoss {
    units: LossUnits,
    statistics: LayerStatistics,
    /// Each painting's own.
    paintings: Vec<BTreeMap<Layer, Moments>>,
    /// By which the targets were made, if they are.
    shares: Option<Vec<f32>>,
    /// Of the blend, where there are no regions.
    targets: BTreeMap<Layer, Target>,
    /// What the content's losses are multiplied with, `[1]` each; empty where nothing is.
    content_scales: BTreeMap<Layer, Tensor<1>>,
    /// One for each painting, or none.
    regions: Vec<Region>,
}

/// What outputs' mean square counts as at least: a painting to which the network answers nothing is
/// no measure.
const LEAST_MEAN_SQUARE: f32 = 1e-3;

/// Where one painting belongs.
#[derive(Debug)]
struct Region {
    guides: BTreeMap<Layer, Guide>,
    /// What its style weighs beside the strongest region's, 0..1.
    strength: f32,
    targets: BTreeMap<Layer, Target>,
}

impl StyleLoss {
    /// Of as many paintings, whose moments are yet to come. Each belongs where its `guides` tell;
    /// all are blended everywhere if there are none.
    ///
    /// # Panics
    /// When there are guides, but not of as many as paintings: a mistake of the caller.
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

    /// Adds to a painting's Gram matrices what a tile gives them, at all layers: they are small, so
    /// that any layer can come to count later. When all are there, [`Self::set_shares`] makes them
    /// targets.
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

    /// Blends anew, or weighs the regions anew, where `shares` are not what they were.
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

    /// By what a content loss at `layer` is multiplied in these units, `[1]`: one over the mean
    /// square of the paintings' outputs. `None` where it counts as it is.
    pub fn content_scale(&self, layer: Layer) -> Option<&Tensor<1>> {
        self.content_scales.get(&layer)
    }

    /// Paintings that are blended.
    pub fn paintings(&self) -> usize {
        self.paintings.len()
    }

    /// The loss of a pastiche of these feature maps, summed over the layers as `weights` has them;
    /// `[1]`, or `None` where no layer counts.
    pub fn evaluate(&self, pastiche: &FeatureMaps, weights: LayerWeights) -> Option<Tensor<1>> {
        self.distance(&self.matrices(pastiche, None, weights), weights)
    }

    /// What is compared of a pastiche of these feature maps at the layers that count: all of it, or
    /// what `tile` adds to that of the whole.
    pub fn matrices(
        &self,
        pastiche: &FeatureMaps,
        tile: Option<&Tile>,
        weights: LayerWeights,
    ) -> Matrices {
        let at = |layer| self.matrices_at(layer, pastiche.get(layer), tile);
        Matrices(weights.active().map(|(layer, _)| (layer, at(layer))).collect())
    }

    /// The loss where `matrices` are what is compared, `[1]`, or `None` where no layer counts.
    pub fn distance(&self, matrices: &Matrices, weights: LayerWeights) -> Option<Tensor<1>> {
        let losses = weights
            .active()
            .map(|(layer, weight)| self.distance_at(layer, &matrices.0[&layer], weight));
        losses.reduce(|sum, loss| sum + loss)
    }

    /// [`Self::distance`], and its gradient with respect to the matrices, outside of any autodiff
    /// graph.
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

    /// `weight · E_l` of one layer, `[1]`.
    ///
    /// # Panics
    /// When the pastiche has no map of `layer`: a mistake of the caller.
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

/// What a style loss compares of a pastiche, layer by layer: the Gram matrix of the whole, or one
/// for each region.
#[derive(Clone, Debug)]
pub struct Matrices(BTreeMap<Layer, Vec<Moments>>);

impl Matrices {
    /// Both together.
    ///
    /// # Panics
    /// When they are not of the same layers: a mistake of the caller.
    #[must_use]
    pub fn plus(self, mut other: Self) -> Self {
        let mut sum = |layer, grams: Vec<Moments>| {
            let others = other.0.remove(&layer).expect("both are of the same layers");
            grams.into_iter().zip(others).map(|(one, other)| one.plus(other)).collect()
        };
        Self(self.0.into_iter().map(|(layer, grams)| (layer, sum(layer, grams))).collect())
    }

    /// The sum of products of all elements with those of `other`, which has the same layers and
    /// maybe more, `[1]`; `None` of none.
    ///
    /// # Panics
    /// When it lacks one of the layers: a mistake of the caller.
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

/// The shares' sum of the paintings' Gram matrices, layer by layer; empty without paintings.
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

    /// Feature maps that are the same `value` at every layer and position.
    fn flat(value: f32) -> FeatureMaps {
        let map = |layer: Layer| {
            FeatureMap::new(Tensor::full([1, layer.channels(), 1, 2], value, &Device::flex()))
        };
        FeatureMaps::of(Layer::ALL.map(|layer| (layer, map(layer))))
    }

    /// Of paintings with such maps, each seen in two parts that add up to it.
    fn of(values: &[f32], shares: &[f32]) -> StyleLoss {
        of_units(values, shares, LossUnits::Activation)
    }

    fn of_units(values: &[f32], shares: &[f32], units: LossUnits) -> StyleLoss {
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
    fn a_blend_lies_between_its_paintings_and_follows_its_shares() {
        // Gram matrices of flat maps are value² everywhere: 1 and 9 blend to 5, the matrix of a
        // flat √5.
        let mut style = of(&[1.0, 3.0], &[0.5, 0.5]);
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
    fn layers_count_as_their_weights_have_it() {
        let style = of(&[1.0], &[1.0]);
        let at = |weights| style.evaluate(&flat(2.0), weights).map(Tensor::into_scalar::<f32>);
        assert_eq!(at(LayerWeights::default()), None);
        let [one, both] = [&[Layer::Conv1_1][..], &[Layer::Conv1_1, Layer::Conv5_1]]
            .map(|layers| LayerWeights::even(layers, 0.5));
        // ¼ · (4 − 1)² at each layer.
        assert!((at(one).unwrap() - 1.125).abs() < 1e-3 && (at(both).unwrap() - 2.25).abs() < 1e-3);
    }

    #[test]
    fn in_units_of_the_painting_a_layer_counts_by_how_far_it_is_from_its_target_beside_that() {
        let loss = |painting: f32, value: f32, layer| {
            let style = of_units(&[painting], &[1.0], LossUnits::Painting);
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
    fn by_covariances_and_means_a_layer_counts_by_how_far_both_are() {
        // Two outputs at each of two positions: [a, b] in every channel, with mean (a + b)/2 and
        // covariance ((a − b)/2)² everywhere.
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
        // The mean 4 beside 2, and the covariance as it was; then the covariance 4 beside 1, and
        // the mean as it was.
        assert!(
            (loss(3.0, 5.0) - 1.0).abs() < 1e-3 && (loss(0.0, 4.0) - 9.0).abs() < 1e-3,
            "{} {}",
            loss(3.0, 5.0),
            loss(0.0, 4.0)
        );
    }

    #[test]
    fn the_contents_scale_is_one_over_the_paintings_mean_square() {
        let scale = |units| {
            of_units(&[1.0, 3.0], &[0.5, 0.5], units)
                .content_scale(Layer::CONTENT)
                .cloned()
                .map(Tensor::into_scalar::<f32>)
        };
        assert_eq!(scale(LossUnits::Activation), None);
        // The blend of 1 and 9.
        assert!((scale(LossUnits::Painting).unwrap() - 0.2).abs() < 1e-5);
    }
}
