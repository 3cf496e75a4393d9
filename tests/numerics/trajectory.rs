//! Whole optimisations, and the gradient of the whole objective, against their references.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor};
use impasto::engine::loss::{Objective, ObjectiveInputs, scaled};
use impasto::engine::optimizer::{Adam, Evaluation, Lbfgs, LearningRate};
use impasto::engine::weights::ChannelMeans;
use impasto::engine::{ImageTensor, Vgg19};
use impasto::layer::Layer;
use impasto::memory::DeviceLimits;
use impasto::recipe::{
    FeatureOptions, Filters, LayerStatistics, LossUnits, LossWeights, Pooling, Statistic,
};
use pollster::block_on;

use crate::fixture::{Fixture, folders};
use crate::{cpu, gpu, image, means_of, network, network_of};

/// Weights of the summed losses in the fixtures.
const ALPHA: f32 = 1e-3;
/// Adam's learning rate in the fixtures' runs.
const LEARNING_RATE: f32 = 0.02;

/// Weight of total variation in the fixtures.
fn gamma(network: Filters) -> f32 {
    match network {
        Filters::Published => 100.0,
        Filters::Normalised => 1e-3,
    }
}

/// Returns the fixtures' weights in the product's units, for `elements` of conv4_2 and `values` of
/// the image.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn loss_weights(network: Filters, elements: usize, values: usize) -> LossWeights {
    let tv_weight = gamma(network) * values as f32 / (255.0 * 255.0);
    LossWeights { content_weight: ALPHA * elements as f32, tv_weight, ..LossWeights::plain() }
}

/// A reference run: its case, the start image, and the total loss at each of its 51 iterates.
struct Run {
    case: Fixture,
    start: &'static str,
    features: FeatureOptions,
    /// Whether the network is the normalised one.
    means: ChannelMeans,
    losses: Vec<f64>,
}

impl Run {
    fn objective(&self, vgg: &Vgg19, device: &Device) -> Objective {
        let [photo, style] =
            ["content_rgb", "style_rgb"].map(|name| image(&self.case, name, device));
        let size = photo.size();
        let subject = ObjectiveInputs { photo, paintings: vec![style], masks: Vec::new() };
        let mut objective =
            Objective::new(vgg, &subject, self.features, LossWeights::plain(), DeviceLimits::AMPLE);
        let elements = objective.content().elements(Layer::CONTENT);
        objective.set_loss_weights(loss_weights(self.features.filters, elements, 3 * size.area()));
        objective
    }
}

/// Returns the project's own runs, which are stored in their case and start at its `x_rgb`.
fn own_runs(optimizer: &str) -> Vec<Run> {
    let case = || Fixture::open(&folders()[0].join("case_e_24x16.safetensors"));
    let run = |pooling, key: &str| Run {
        start: "x_rgb",
        features: FeatureOptions::plain(pooling),
        means: ChannelMeans::built_in(),
        losses: case().values(&format!("{key}.raw.{optimizer}.loss")),
        case: case(),
    };
    vec![run(Pooling::Average, "avg"), run(Pooling::Max, "max")]
}

/// Returns a shared folder's runs, which are stored in a file of their own and start from noise.
fn shared_runs(runs: &[(&str, FeatureOptions, &str)]) -> Vec<Run> {
    let read = |folder: &PathBuf, &(case, features, key): &(&str, FeatureOptions, &str)| Run {
        case: Fixture::open(&folder.join(case)),
        start: "noise_rgb",
        features,
        means: means_of(folder),
        losses: Fixture::open(&folder.join("trajectories.safetensors")).values(key),
    };
    folders()[1..].iter().flat_map(|folder| runs.iter().map(move |run| read(folder, run))).collect()
}

/// Iterations of a run on the processor: all that the references have.
const ALL: usize = 50;
/// Iterations on an emulated GPU, where each takes most of a second: beyond those whose losses are
/// compared one by one, until L-BFGS has replaced the oldest of its ten pairs. Later iterations
/// repeat the same work, and the tests of `engine::ops::adam` and `engine::ops::lbfgs` compare each
/// kernel with its twin.
const FIRST: usize = 12;

/// Returns the relative differences between our total loss and the reference's, at the start and
/// after each of the `iterations`.
fn adam_differences(run: &Run, iterations: usize, device: &Device) -> Vec<f64> {
    let vgg = network_of(&run.means, device);
    let objective = run.objective(&vgg, device);
    let start = image(&run.case, run.start, device).into_tensor();
    let mut adam = Adam::new(start, LearningRate::constant(LEARNING_RATE));
    run.losses[..=iterations]
        .iter()
        .map(|expected| {
            let (terms, gradient) = objective.gradient(&vgg, adam.x().clone());
            adam.step(Evaluation { terms, gradient });
            let report = block_on(adam.report()).expect("the device works");
            (f64::from(report.losses.total()) - expected).abs() / expected
        })
        .collect()
}

/// Returns our total loss at the start and at each of the `iterations` of L-BFGS, with the
/// reference's first step.
fn lbfgs_losses(run: &Run, iterations: usize, device: &Device) -> Vec<f64> {
    let vgg = network_of(&run.means, device);
    let objective = run.objective(&vgg, device);
    let start = image(&run.case, run.start, device).into_tensor();
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let unit_length = 1.0 / start.shape().num_elements() as f32;
    let mut lbfgs = Lbfgs::new(10, start, unit_length);
    let mut losses = Vec::new();
    while losses.len() <= iterations {
        let (terms, gradient) = objective.gradient(&vgg, lbfgs.ask());
        block_on(lbfgs.tell(Evaluation { terms, gradient })).expect("the device works");
        if block_on(lbfgs.iterations()).expect("the device works") as usize == losses.len() {
            let report = block_on(lbfgs.report()).expect("the device works");
            losses.push(f64::from(report.losses.total()));
        }
    }
    losses
}

/// Tolerance of the fixtures for Adam's first ten iterations.
const GATE: f64 = 1e-5;

/// Compares Adam's runs with the references; `own_gate` is the tolerance for our own, smaller
/// image.
fn adam_follows(iterations: usize, device: &Device, own_gate: f64) {
    let normalised =
        FeatureOptions { filters: Filters::Normalised, ..FeatureOptions::plain(Pooling::Average) };
    let shared = [
        (
            "case_a_32x32.safetensors",
            FeatureOptions::plain(Pooling::Average),
            "a.avg.raw.adam.loss",
        ),
        ("case_a_32x32.safetensors", normalised, "a.avg.norm.adam.loss"),
        ("case_b_48x40.safetensors", FeatureOptions::plain(Pooling::Max), "b.max.raw.adam.loss"),
    ];
    let own = own_runs("adam").into_iter().map(|run| (run, own_gate));
    let far: Vec<String> = own
        .chain(shared_runs(&shared).into_iter().map(|run| (run, GATE)))
        .filter_map(|(run, gate)| {
            assert_eq!(run.losses.len(), ALL + 1);
            let differences = adam_differences(&run, iterations, device);
            // Rounding errors grow along a run.
            let agrees = |until: usize, gate| {
                differences[..=until].iter().all(|&difference| difference <= gate)
            };
            (!(agrees(10, gate) && agrees(iterations, 5e-3)))
                .then(|| format!("{:?}: {differences:?}", (&run.case.name, run.features)))
        })
        .collect();
    assert!(far.is_empty(), "{far:#?}");
}

fn lbfgs_follows(iterations: usize, device: &Device) {
    let shared = [
        (
            "case_a_32x32.safetensors",
            FeatureOptions::plain(Pooling::Average),
            "a.avg.raw.armijo.loss",
        ),
        ("case_b_48x40.safetensors", FeatureOptions::plain(Pooling::Max), "b.max.raw.armijo.loss"),
        (
            "case_c_33x37.safetensors",
            FeatureOptions::plain(Pooling::Average),
            "c.avg.raw.armijo.loss",
        ),
    ];
    for run in own_runs("armijo").into_iter().chain(shared_runs(&shared)) {
        let losses = lbfgs_losses(&run, iterations, device);
        let name = (&run.case.name, run.features);
        // In f32 the runs diverge after a few iterations; later only the level is compared.
        for (iteration, (loss, expected)) in losses.iter().zip(&run.losses).take(6).enumerate() {
            assert!(
                (loss - expected).abs() <= 2e-3 * expected,
                "{name:?}, iteration {iteration}: {loss} for {expected}"
            );
        }
        let [last, expected] = [losses[iterations], run.losses[iterations]];
        assert!(last <= 1.5 * expected, "{name:?}: {last} for {expected}");
    }
}

#[test]
fn adam_follows_the_reference_runs_on_the_processor() {
    adam_follows(ALL, &cpu(), GATE);
}

#[test]
fn adam_follows_the_reference_runs_on_the_gpu() {
    // Our own image has few pixels: llvmpipe differs by 1.002e-5, the processor by less than the
    // tolerance.
    adam_follows(FIRST, &gpu(), 2.0 * GATE);
}

#[test]
fn lbfgs_follows_the_reference_runs_on_the_processor() {
    lbfgs_follows(ALL, &cpu());
}

#[test]
fn lbfgs_follows_the_reference_runs_on_the_gpu() {
    lbfgs_follows(FIRST, &gpu());
}

/// Returns the slope of the objective along its own gradient, and that gradient's norm, at a
/// synthetic image.
fn slope_and_norm(features: FeatureOptions, loss_weights: LossWeights) -> (f32, f32) {
    let device = cpu();
    let vgg = network(&device);
    let picture = |phase: f32| {
        let x = Tensor::<1, burn::tensor::Int>::arange(0..3 * 24 * 20, &device).float();
        ImageTensor::new(
            (x.mul_scalar(0.37).add_scalar(phase).sin().mul_scalar(0.4).add_scalar(0.5))
                .reshape([1, 3, 20, 24]),
        )
    };
    let subject =
        ObjectiveInputs { photo: picture(0.0), paintings: vec![picture(1.0)], masks: Vec::new() };
    let objective = Objective::new(
        &vgg,
        &subject,
        features,
        scaled(loss_weights, features),
        DeviceLimits::AMPLE,
    );
    let x = picture(2.0).into_tensor();
    let (_, gradient) = objective.gradient(&vgg, x.clone());
    // Along the gradient the slope is its norm, the largest possible, so that f32's rounding
    // matters least.
    let norm = gradient.clone().square().sum().sqrt().into_scalar::<f32>();
    let direction = gradient.div_scalar(norm);
    let step = 2e-2;
    let total = |distance: f32| {
        let (terms, _) =
            objective.gradient(&vgg, x.clone() + direction.clone().mul_scalar(distance));
        terms.total().into_scalar::<f32>()
    };
    ((total(step) - total(-step)) / (2.0 * step), norm)
}

#[test]
fn the_gradient_is_the_slope_of_the_objective() {
    let loss_weights = LossWeights {
        content_weight: 160.0,
        tv_weight: 50.0,
        outlines: 20.0,
        ..LossWeights::default()
    };
    let in_units = |statistic| FeatureOptions {
        units: LossUnits::Painting,
        // From the second block on there are fewer positions than channels: W2's curvature is too
        // large for a slope over this step.
        statistics: LayerStatistics::by(|layer| {
            if layer.block() == 1 { statistic } else { Statistic::Covariance }
        }),
        ..FeatureOptions::plain(Pooling::Average)
    };
    let readings = [Statistic::Gram, Statistic::Covariance, Statistic::Wasserstein].map(in_units);
    for features in [FeatureOptions::plain(Pooling::Average)].into_iter().chain(readings) {
        let (slope, norm) = slope_and_norm(features, loss_weights);
        assert!(
            (slope / norm - 1.0).abs() < 1e-2,
            "{features:?}: slope {slope}, norm of the gradient {norm}"
        );
    }
}
