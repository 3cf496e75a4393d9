//! Plain Burn twins.

use burn::tensor::Tensor;

use super::AdamStep;

/// Computes the twin of [`super::moments`].
pub fn moments(before: Tensor<4>, gradient: Tensor<4>, decay: [f32; 2]) -> Tensor<4> {
    let [first, second] =
        [0, 1].map(|moment| before.clone().narrow(0, moment, 1).mul_scalar(decay[moment]));
    let first = first + gradient.clone().mul_scalar(1.0 - decay[0]);
    let second = second + gradient.square().mul_scalar(1.0 - decay[1]);
    Tensor::cat(vec![first, second], 0)
}

/// Computes the twin of [`super::step`].
pub fn step(
    x: Tensor<4>,
    moments: Tensor<4>,
    AdamStep { weight, epsilon, rate }: AdamStep,
) -> Tensor<4> {
    let [first, second] =
        [0, 1].map(|moment| moments.clone().narrow(0, moment, 1).div_scalar(weight[moment]));
    x - first.div(second.sqrt().add_scalar(epsilon)).mul_scalar(rate)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_first_step_is_the_first_moment_over_the_root_of_the_second() {
        let device = Device::flex();
        let updated = moments(
            Tensor::zeros([2, 1, 1, 1], &device),
            Tensor::full([1, 1, 1, 1], 3.0, &device),
            [0.9, 0.99],
        );
        let values = updated.to_data().try_into_vec::<f32>().unwrap();
        assert!((values[0] - 0.3).abs() < 1e-6 && (values[1] - 0.09).abs() < 1e-6, "{values:?}");
        // √v̂ = 3 and epsilon = 1, so the step is 3/(3 + 1) of the rate.
        let how = AdamStep { weight: [0.1, 0.01], epsilon: 1.0, rate: 0.02 };
        let x = step(Tensor::zeros([1, 1, 1, 1], &device), updated, how).into_scalar::<f32>();
        assert!((x + 0.015).abs() < 1e-6, "{x}");
    }
}
