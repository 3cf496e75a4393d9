//! The twins in Burn's operations.

use burn::tensor::Tensor;

use super::AdamStep;

/// As [`super::moments`].
pub fn moments(before: Tensor<4>, gradient: Tensor<4>, decay: [f32; 2]) -> Tensor<4> {
    let [first, second] = [0, 1].map(|moment| before.clone().narrow(0, moment, 1).mul_scalar(decay[moment]));
    let first = first + gradient.clone().mul_scalar(1.0 - decay[0]);
    let second = second + gradient.square().mul_scalar(1.0 - decay[1]);
    Tensor::cat(vec![first, second], 0)
}

/// As [`super::stepped`].
pub fn stepped(x: Tensor<4>, moments: Tensor<4>, AdamStep { weight, epsilon, rate }: AdamStep) -> Tensor<4> {
    let [first, second] = [0, 1].map(|moment| moments.clone().narrow(0, moment, 1).div_scalar(weight[moment]));
    x - first.div(second.sqrt().add_scalar(epsilon)).mul_scalar(rate)
}
