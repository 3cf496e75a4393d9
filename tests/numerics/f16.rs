//! Feature maps in f16 against f32.

use std::rc::Rc;

use burn::tensor::Tensor;
use impasto::engine::loss::{Objective, ObjectiveInputs, scaled};
use impasto::engine::ops::convolution::{ConvKernel, Strategy};
use impasto::engine::{Pictures, StyleTransfer, Vgg19};
use impasto::losses::Losses;
use impasto::memory::{DeviceLimits, Precision};
use impasto::recipe::{FeatureOptions, Filters, LossWeights, Pooling, Recipe};

use crate::promises::finish;
use crate::tiles::{NARROW, evaluated, loss_weights, norm, pixels, subject};
use crate::{gpu, network};

/// Relative tolerance of the terms, sums of squares in which f16's rounding nearly cancels; they
/// differ by at most 3.3e-4.
const TERM_GATE: f32 = 1e-3;
/// Relative L2 tolerance of the gradient, which differs by 1 %, and by 2 % in a region of few
/// positions.
const GRADIENT_GATE: f32 = 0.04;
/// Tolerance of the objective after a few steps, which is 0.7 and 0.1 % larger; other orders of
/// f32's sums give 0.3 and 0.1 %.
const LEFT_GATE: f32 = 1.02;

fn vgg(precision: Precision) -> Vgg19 {
    let mut vgg = network(&gpu());
    vgg.set_strategy(Strategy { division: ConvKernel::Direct, precision });
    vgg
}

/// Returns terms and gradient in f32 and in f16.
fn both(
    subject: &ObjectiveInputs,
    features: FeatureOptions,
    limits: DeviceLimits,
) -> [([f32; 3], Tensor<4>); 2] {
    // Smoothness does not depend on the maps.
    let loss_weights = scaled(LossWeights { tv_weight: 0.0, ..loss_weights() }, features);
    Precision::ALL.map(|precision| {
        let vgg = vgg(precision);
        evaluated(&vgg, subject, &Objective::new(&vgg, subject, features, loss_weights, limits))
    })
}

#[test]
fn terms_and_gradient_are_nearly_the_same_as_a_whole_and_in_tiles_of_regions() {
    let other =
        FeatureOptions { filters: Filters::Normalised, ..FeatureOptions::plain(Pooling::Max) };
    let [whole, regions] = [subject(72, 64, false, &gpu()), subject(32, 266, true, &gpu())];
    for (subject, features, limits) in
        [(whole, FeatureOptions::default(), DeviceLimits::AMPLE), (regions, other, NARROW)]
    {
        let [(terms, gradient), (half_terms, half_gradient)] = both(&subject, features, limits);
        for (term, half) in terms.into_iter().zip(half_terms) {
            assert!(
                (half - term).abs() <= TERM_GATE * term,
                "terms {half_terms:?} in halves, {terms:?} in f32"
            );
        }
        let distance = norm(half_gradient - gradient.clone()) / norm(gradient);
        assert!(
            distance > 0.0 && distance <= GRADIENT_GATE,
            "the gradients are {distance} apart; halves round"
        );
    }
}

#[test]
fn a_run_comes_as_far_as_in_f32() {
    let recipe = Recipe { size: 64, steps: 12, ..Recipe::default() };
    let pictures =
        Pictures::new(pixels("photo-cat.jpg", 64, 64), vec![pixels("painting-night.jpg", 64, 64)]);
    let [single, half] = Precision::ALL.map(|precision| {
        let transfer = StyleTransfer::new(
            Rc::new(vgg(precision)),
            &pictures,
            &recipe,
            DeviceLimits::AMPLE,
            &gpu(),
        );
        let (_, Losses { content, style, .. }) =
            finish(&mut transfer.expect("the recipe makes sense"));
        content + style
    });
    assert!(half <= LEFT_GATE * single, "{half} in halves, {single} in f32");
}
