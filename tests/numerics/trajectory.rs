//! Whole optimisations, and the gradient of the whole objective, against what they must be.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor};
use impasto::engine::ImageTensor;
use impasto::engine::loss::Objective;
use impasto::engine::optimizer::Adam;
use impasto::losses::Losses;
use impasto::recipe::{Emphasis, Pooling};
use pollster::block_on;

use crate::fixture::{Fixture, folders};
use crate::{cpu, image, network};

/// The fixtures' weights of the summed losses.
const ALPHA: f32 = 1e-3;
const GAMMA: f32 = 100.0;
/// Adam's rate in the fixtures' runs.
const LEARNING_RATE: f32 = 0.02;

/// The fixtures' weights in the product's units, for `elements` of conv4_2 and `values` of the picture.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn emphasis(elements: usize, values: usize) -> Emphasis {
    Emphasis { content_weight: ALPHA * elements as f32, tv_weight: GAMMA * values as f32 / (255.0 * 255.0) }
}

/// Losses and gradient `[1, 3, H, W]` at `x`.
fn evaluate(objective: &Objective, vgg: &impasto::engine::Vgg19, x: &Tensor<4>) -> (Losses, Tensor<4>) {
    let x = x.clone().autodiff().require_grad();
    let terms = objective.evaluate(vgg, &ImageTensor::new(x.clone()));
    let mut gradients = terms.total().backward();
    let gradient = x.grad_remove(&mut gradients).expect("the objective depends on x");
    (block_on(terms.detached().read()).expect("the device works"), gradient)
}

fn objective_of(case: &Fixture, pooling: Pooling, vgg: &impasto::engine::Vgg19, device: &Device) -> Objective {
    let [content, style] = ["content_rgb", "style_rgb"].map(|name| image(case, name, device));
    let mut objective = Objective::new(vgg, &content, &style, pooling, Emphasis::default());
    objective.emphasis = emphasis(objective.content().elements(), 3 * content.size().area());
    objective
}

/// A reference run of Adam: its case, the picture it starts from, and the total loss at each of its 51 evaluations.
struct Run {
    case: Fixture,
    start: &'static str,
    pooling: Pooling,
    losses: Vec<f64>,
}

/// Our own runs, which lie in their case and start at its `x_rgb`; and those of a shared folder, which lie in a file of their own and
/// start from noise.
fn runs() -> Vec<Run> {
    let own = |pooling, key: &str| {
        let case = Fixture::open(&folders()[0].join("case_e_24x16.safetensors"));
        Run { start: "x_rgb", pooling, losses: case.values(key), case }
    };
    let shared = |folder: &PathBuf, case, pooling, key: &str| Run {
        case: Fixture::open(&folder.join(case)),
        start: "noise_rgb",
        pooling,
        losses: Fixture::open(&folder.join("trajectories.safetensors")).values(key),
    };
    let mut runs = vec![own(Pooling::Average, "avg.raw.adam.loss"), own(Pooling::Max, "max.raw.adam.loss")];
    for folder in &folders()[1..] {
        runs.push(shared(folder, "case_a_32x32.safetensors", Pooling::Average, "a.avg.raw.adam.loss"));
        runs.push(shared(folder, "case_b_48x40.safetensors", Pooling::Max, "b.max.raw.adam.loss"));
    }
    runs
}

/// Relative difference of our total loss to the reference's, at each evaluation.
fn adam_differences(run: &Run) -> Vec<f64> {
    let device = cpu();
    let vgg = network(&device);
    let objective = objective_of(&run.case, run.pooling, &vgg, &device);
    let mut x = image(&run.case, run.start, &device).into_tensor();
    let mut adam = Adam::new(&x);
    run.losses
        .iter()
        .map(|expected| {
            let (losses, gradient) = evaluate(&objective, &vgg, &x);
            x = adam.step(x.clone(), gradient, LEARNING_RATE);
            (f64::from(losses.total()) - expected).abs() / expected
        })
        .collect()
}

#[test]
fn adam_follows_the_reference_runs() {
    for run in runs() {
        let differences = adam_differences(&run);
        assert_eq!(differences.len(), 51);
        // Rounding grows along a run; these gates are some 30 and 4 times what f32 was measured to differ by.
        let name = (&run.case.name, run.pooling);
        assert!(differences[..=10].iter().all(|&difference| difference <= 1e-5), "{name:?}: {differences:?}");
        assert!(differences.iter().all(|&difference| difference <= 5e-3), "{name:?}: {differences:?}");
    }
}

#[test]
fn the_gradient_is_the_slope_of_the_objective() {
    let device = cpu();
    let vgg = network(&device);
    let picture = |phase: f32| {
        let x = Tensor::<1, burn::tensor::Int>::arange(0..3 * 24 * 20, &device).float();
        ImageTensor::new((x.mul_scalar(0.37).add_scalar(phase).sin().mul_scalar(0.4).add_scalar(0.5)).reshape([1, 3, 20, 24]))
    };
    let emphasis = Emphasis { content_weight: 160.0, tv_weight: 50.0 };
    let objective = Objective::new(&vgg, &picture(0.0), &picture(1.0), Pooling::Average, emphasis);
    let x = picture(2.0).into_tensor();
    let (_, gradient) = evaluate(&objective, &vgg, &x);
    // Along the gradient itself the slope is its norm, the largest there is, so f32's rounding matters least.
    let norm = gradient.clone().square().sum().sqrt().into_scalar::<f32>();
    let direction = gradient.div_scalar(norm);
    let step = 2e-2;
    let total = |distance: f32| evaluate(&objective, &vgg, &(x.clone() + direction.clone().mul_scalar(distance))).0.total();
    let slope = (total(step) - total(-step)) / (2.0 * step);
    assert!((slope / norm - 1.0).abs() < 1e-2, "slope {slope}, norm of the gradient {norm}");
}
