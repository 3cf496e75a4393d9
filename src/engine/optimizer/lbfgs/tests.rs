//! Tests of L-BFGS on quadratics with a known minimum, on the CPU and with our kernels.

#![expect(clippy::cast_precision_loss, reason = "small counts")]

use burn::tensor::Device;
use pollster::block_on;

use super::*;
use crate::engine::loss::Terms;

/// Runs `test` on the CPU and with our kernels.
fn on_each_device(test: impl Fn(&Device)) {
    test(&Device::flex());
    #[cfg(feature = "gpu")]
    test(&crate::engine::ops::gpu_for_tests());
}

/// Returns an evaluation with this gradient, and with three equal terms that add up to `loss`,
/// `[1]`.
fn evaluation(loss: Tensor<1>, gradient: Tensor<4>) -> Evaluation {
    let third = loss.div_scalar(3.0);
    Evaluation {
        terms: Terms { content: third.clone(), style: third.clone(), total_variation: third },
        gradient,
    }
}

/// Evaluates `½·scale·Σ w·(x − 0.5)²` at `x`, with weights `w` from 1 to 100.
fn quadratic(x: &Tensor<4>, scale: f32) -> Evaluation {
    let weights =
        Tensor::<1, burn::tensor::Int>::arange(0..x.shape().num_elements() as i64, &x.device())
            .float();
    let weights =
        weights.remainder_scalar(100.0).add_scalar(1.0).mul_scalar(scale).reshape(x.dims());
    let away = x.clone().sub_scalar(0.5);
    evaluation((away.clone().square() * weights.clone()).sum().mul_scalar(0.5), away * weights)
}

/// Creates the optimiser at an image of zeros that takes more than one chunk.
fn start(device: &Device) -> Lbfgs {
    Lbfgs::new(10, Tensor::zeros([1, 3, 40, 50], device), 0.01)
}

fn tell(lbfgs: &mut Lbfgs, evaluation: Evaluation) {
    block_on(lbfgs.tell(evaluation)).unwrap();
}

fn report(lbfgs: &Lbfgs) -> Report {
    block_on(lbfgs.report()).unwrap()
}

fn iterations(lbfgs: &Lbfgs) -> u32 {
    block_on(lbfgs.iterations()).unwrap()
}

/// Returns the loss of [`quadratic`] at the best image.
fn loss(lbfgs: &Lbfgs) -> f32 {
    quadratic(lbfgs.x(), 1.0).terms.total().into_scalar::<f32>()
}

#[test]
fn lbfgs_minimises_an_ill_conditioned_quadratic_and_the_loss_never_rises() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        let mut before = loss(&lbfgs);
        let first = before;
        for _ in 0..60 {
            let evaluation = quadratic(&lbfgs.ask(), 1.0);
            tell(&mut lbfgs, evaluation);
            let after = loss(&lbfgs);
            assert!(after <= before, "from {before} to {after}");
            before = after;
            let told = report(&lbfgs).losses.total();
            assert!((told - after).abs() <= 1e-5 * after, "{told} for {after}");
        }
        assert!(before < 1e-6 * first, "from {first} to {before}");
        assert!(iterations(&lbfgs) > 20);
    });
}

#[test]
fn non_finite_and_rising_trials_are_rejected_and_the_descent_continues() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        for round in 0..200 {
            let mut evaluation = quadratic(&lbfgs.ask(), 1.0);
            match round % 7 {
                3 => evaluation.gradient = evaluation.gradient.mul_scalar(f32::NAN),
                5 => evaluation.terms.style = evaluation.terms.style.mul_scalar(f32::INFINITY),
                _ => {}
            }
            // Enough rejected trials in a row to run out of backtracks and drop the history.
            if (40..90).contains(&round) {
                evaluation.terms.content = evaluation.terms.content.add_scalar(1e9);
            }
            let (x, before, losses) =
                (lbfgs.x().clone(), iterations(&lbfgs), report(&lbfgs).losses);
            tell(&mut lbfgs, evaluation);
            let moved = (lbfgs.x().clone() - x).abs().sum().into_scalar::<f32>();
            let accepted = iterations(&lbfgs) > before;
            assert!(moved.is_finite() && (accepted || moved == 0.0), "round {round}");
            assert!(accepted || round == 0 || report(&lbfgs).losses == losses, "round {round}");
        }
        assert!(loss(&lbfgs) < 1.0, "{}", loss(&lbfgs));
    });
}

#[test]
fn a_non_finite_gradient_at_the_best_image_is_reported_until_a_finite_one() {
    // Times 1e30 the gradient is finite, but its squared norm overflows.
    for spoilt in [f32::NAN, f32::INFINITY, 1e30] {
        on_each_device(|device| {
            let mut lbfgs = start(device);
            assert!(report(&lbfgs).goes_on);
            let mut evaluation = quadratic(&lbfgs.ask(), 1.0);
            evaluation.gradient = evaluation.gradient.mul_scalar(spoilt);
            tell(&mut lbfgs, evaluation);
            assert!(!report(&lbfgs).goes_on, "{spoilt}");
            let evaluation = quadratic(&lbfgs.ask(), 1.0);
            tell(&mut lbfgs, evaluation);
            assert!(report(&lbfgs).goes_on, "it looks again");
        });
    }
}

#[test]
fn a_stall_ends_with_the_next_change_of_the_objective() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        let tell_raised = |lbfgs: &mut Lbfgs, by: f32| {
            let mut evaluation = quadratic(&lbfgs.ask(), 1.0);
            evaluation.terms.content = evaluation.terms.content.add_scalar(by);
            tell(lbfgs, evaluation);
        };
        tell_raised(&mut lbfgs, 0.0);
        // Every trial is rejected, until the step vanishes in rounding.
        (0..400).for_each(|_| tell_raised(&mut lbfgs, 1e9));
        assert_eq!(iterations(&lbfgs), 0);
        let stalled = loss(&lbfgs);
        lbfgs.objective_changed();
        (0..30).for_each(|_| tell_raised(&mut lbfgs, 0.0));
        assert!(loss(&lbfgs) < 0.1 * stalled, "from {stalled} to {}", loss(&lbfgs));
    });
}

#[test]
fn the_descent_continues_if_the_objective_changes_before_every_evaluation() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        let first = loss(&lbfgs);
        for round in 0..60_u8 {
            lbfgs.objective_changed();
            let evaluation = quadratic(&lbfgs.ask(), 1.0 + 0.001 * f32::from(round % 2));
            tell(&mut lbfgs, evaluation);
        }
        assert!(loss(&lbfgs) < 0.5 * first, "from {first} to {}", loss(&lbfgs));
    });
}

#[test]
fn after_a_change_of_objective_the_best_image_is_evaluated_first() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        for scale in [1.0, 0.2] {
            lbfgs.objective_changed();
            assert_eq!((lbfgs.ask() - lbfgs.x().clone()).abs().sum().into_scalar::<f32>(), 0.0);
            for _ in 0..30 {
                let evaluation = quadratic(&lbfgs.ask(), scale);
                tell(&mut lbfgs, evaluation);
            }
        }
        assert!(loss(&lbfgs) < 1e-3);
    });
}

#[test]
fn a_trial_that_rises_after_a_change_of_objective_is_dropped_and_not_halved() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        let first = quadratic(&lbfgs.ask(), 1.0);
        tell(&mut lbfgs, first);
        lbfgs.objective_changed();
        let steeper = quadratic(&lbfgs.ask(), 1e6);
        tell(&mut lbfgs, steeper);
        assert_eq!(
            (lbfgs.ask() - lbfgs.x().clone()).abs().sum().into_scalar::<f32>(),
            0.0,
            "it looks where it stands"
        );
    });
}

/// Evaluates the mean of `½·w·(x − 0.5)²` at `x`, with weights `w` that grow from 1 in the top row
/// to 100 in the bottom row. As a mean, it is the same objective at every image size.
fn mean_quadratic(x: &Tensor<4>) -> Evaluation {
    let [_, channels, height, width] = x.dims();
    let rows = Tensor::<1, burn::tensor::Int>::arange(0..height as i64, &x.device()).float();
    let weights = rows
        .add_scalar(0.5)
        .mul_scalar(99.0 / height as f32)
        .add_scalar(1.0)
        .reshape([1, 1, height, 1]);
    let away = x.clone().sub_scalar(0.5);
    let elements = (channels * height * width) as f32;
    let loss = (away.clone().square() * weights.clone()).sum().div_scalar(2.0 * elements);
    evaluation(loss, (away * weights).div_scalar(elements))
}

#[test]
fn the_history_remains_useful_at_another_image_size() {
    on_each_device(|device| {
        let descend = |lbfgs: &mut Lbfgs, evaluations: u32| {
            for _ in 0..evaluations {
                let evaluation = mean_quadratic(&lbfgs.ask());
                tell(lbfgs, evaluation);
            }
            mean_quadratic(lbfgs.x()).terms.total().into_scalar::<f32>()
        };
        let zeros = |height, width| Tensor::zeros([1, 3, height, width], device);
        let mut small = Lbfgs::new(10, zeros(30, 36), 0.01);
        descend(&mut small, 12);
        let mut carried = block_on(small.carried(zeros(60, 72), 0.01)).unwrap();
        assert_eq!(iterations(&carried), iterations(&small));
        descend(&mut carried, 1);
        let step = (carried.ask() - carried.x().clone()).mean().into_scalar::<f32>();
        assert!((step - 0.5).abs() < 0.05, "a step of {step}, for one to the bottom");
        let (learnt, fresh) =
            (descend(&mut carried, 2), descend(&mut Lbfgs::new(10, zeros(60, 72), 0.01), 3));
        assert!(
            learnt < 0.2 * fresh,
            "{learnt} after three evaluations, and {fresh} without what was learnt"
        );
    });
}

#[cfg(feature = "gpu")]
#[test]
fn a_step_on_a_gpu_is_six_programs_that_copy_no_vector() {
    use crate::engine::ops::{gpu_for_tests, kernels_of_tests};
    let device = gpu_for_tests();
    let mut lbfgs = start(&device);
    for step in 0..4 {
        let evaluation = quadratic(&lbfgs.ask(), 1.0);
        let programs = kernels_of_tests(&device, || tell(&mut lbfgs, evaluation));
        assert_eq!(programs.len(), 7, "step {step}, with the poison of these tests: {programs:#?}");
    }
}
