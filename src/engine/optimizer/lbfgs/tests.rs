//! The optimiser on valleys whose bottom is known, on the processor and by the kernels.

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

/// Returns the evaluation of a loss in three parts, `[1]`, with its gradient.
fn evaluation(loss: Tensor<1>, gradient: Tensor<4>) -> Evaluation {
    let third = loss.div_scalar(3.0);
    Evaluation {
        terms: Terms { content: third.clone(), style: third.clone(), total_variation: third },
        gradient,
    }
}

/// Returns a valley in two of many dimensions, `½·Σ w·(x − 0.5)²` with weights 1 to 100, over more
/// than one chunk.
fn valley(x: &Tensor<4>, scale: f32) -> Evaluation {
    let weights =
        Tensor::<1, burn::tensor::Int>::arange(0..x.shape().num_elements() as i64, &x.device())
            .float();
    let weights =
        weights.remainder_scalar(100.0).add_scalar(1.0).mul_scalar(scale).reshape(x.dims());
    let away = x.clone().sub_scalar(0.5);
    evaluation((away.clone().square() * weights.clone()).sum().mul_scalar(0.5), away * weights)
}

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

/// Evaluates at the best image.
fn loss(lbfgs: &Lbfgs) -> f32 {
    valley(lbfgs.x(), 1.0).terms.total().into_scalar::<f32>()
}

#[test]
fn lbfgs_finds_the_bottom_of_a_long_valley_and_never_climbs() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        let mut before = loss(&lbfgs);
        let first = before;
        for _ in 0..60 {
            let evaluation = valley(&lbfgs.ask(), 1.0);
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
fn what_is_not_finite_or_does_not_fall_is_refused_and_it_goes_on() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        for round in 0..200 {
            let mut evaluation = valley(&lbfgs.ask(), 1.0);
            match round % 7 {
                3 => evaluation.gradient = evaluation.gradient.mul_scalar(f32::NAN),
                5 => evaluation.terms.style = evaluation.terms.style.mul_scalar(f32::INFINITY),
                _ => {}
            }
            // Nothing decreases for long enough to exhaust backtracks and history.
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
fn a_gradient_that_is_not_finite_where_it_stands_is_told() {
    // Only the square of the last one overflows.
    for spoilt in [f32::NAN, f32::INFINITY, 1e30] {
        on_each_device(|device| {
            let mut lbfgs = start(device);
            assert!(report(&lbfgs).goes_on);
            let mut evaluation = valley(&lbfgs.ask(), 1.0);
            evaluation.gradient = evaluation.gradient.mul_scalar(spoilt);
            tell(&mut lbfgs, evaluation);
            assert!(!report(&lbfgs).goes_on, "{spoilt}");
            let evaluation = valley(&lbfgs.ask(), 1.0);
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
            let mut evaluation = valley(&lbfgs.ask(), 1.0);
            evaluation.terms.content = evaluation.terms.content.add_scalar(by);
            tell(lbfgs, evaluation);
        };
        tell_raised(&mut lbfgs, 0.0);
        // Every trial seems worse until the step is smaller than the last digit of any number.
        (0..400).for_each(|_| tell_raised(&mut lbfgs, 1e9));
        assert_eq!(iterations(&lbfgs), 0);
        let stalled = loss(&lbfgs);
        lbfgs.objective_changed();
        (0..30).for_each(|_| tell_raised(&mut lbfgs, 0.0));
        assert!(loss(&lbfgs) < 0.1 * stalled, "from {stalled} to {}", loss(&lbfgs));
    });
}

#[test]
fn an_objective_that_changes_before_every_evaluation_is_followed() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        let first = loss(&lbfgs);
        for round in 0..60_u8 {
            lbfgs.objective_changed();
            let evaluation = valley(&lbfgs.ask(), 1.0 + 0.001 * f32::from(round % 2));
            tell(&mut lbfgs, evaluation);
        }
        assert!(loss(&lbfgs) < 0.5 * first, "from {first} to {}", loss(&lbfgs));
    });
}

#[test]
fn after_a_change_of_the_objective_it_looks_again_before_it_steps() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        for scale in [1.0, 0.2] {
            lbfgs.objective_changed();
            assert_eq!((lbfgs.ask() - lbfgs.x().clone()).abs().sum().into_scalar::<f32>(), 0.0);
            for _ in 0..30 {
                let evaluation = valley(&lbfgs.ask(), scale);
                tell(&mut lbfgs, evaluation);
            }
        }
        assert!(loss(&lbfgs) < 1e-3);
    });
}

#[test]
fn a_step_that_falls_by_neither_objective_is_dropped_and_not_halved() {
    on_each_device(|device| {
        let mut lbfgs = start(device);
        let look = valley(&lbfgs.ask(), 1.0);
        tell(&mut lbfgs, look);
        lbfgs.objective_changed();
        let steeper = valley(&lbfgs.ask(), 1e6);
        tell(&mut lbfgs, steeper);
        assert_eq!(
            (lbfgs.ask() - lbfgs.x().clone()).abs().sum().into_scalar::<f32>(),
            0.0,
            "it looks where it stands"
        );
    });
}

/// Returns a slope in which lower rows count up to a hundred times as much, a mean over all
/// elements.
fn slope(x: &Tensor<4>) -> Evaluation {
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
fn what_it_has_learnt_holds_at_another_size() {
    on_each_device(|device| {
        let descend = |lbfgs: &mut Lbfgs, evaluations: u32| {
            for _ in 0..evaluations {
                let evaluation = slope(&lbfgs.ask());
                tell(lbfgs, evaluation);
            }
            slope(lbfgs.x()).terms.total().into_scalar::<f32>()
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
        let evaluation = valley(&lbfgs.ask(), 1.0);
        let programs = kernels_of_tests(|| tell(&mut lbfgs, evaluation));
        assert_eq!(programs.len(), 7, "step {step}, with the poison of these tests: {programs:#?}");
    }
}
