//! Adam over the pixels.

use burn::tensor::Tensor;

/// Decay of the first moment.
const BETA_1: f32 = 0.9;
/// Decay of the second moment.
const BETA_2: f32 = 0.999;
/// Keeps the quotient finite where a gradient is zero; outside of the root.
const EPSILON: f32 = 1e-8;

/// Adam (Kingma, Ba 2014) with bias correction, over one tensor `[1, 3, H, W]`.
#[derive(Debug)]
pub struct Adam {
    first_moment: Tensor<4>,
    second_moment: Tensor<4>,
    steps: i32,
}

impl Adam {
    /// Starts at rest, for a variable like `x`.
    pub fn new(x: &Tensor<4>) -> Self {
        Self { first_moment: x.zeros_like(), second_moment: x.zeros_like(), steps: 0 }
    }

    /// `x` after one step of at most about `learning_rate` per element against `gradient`; both `[1, 3, H, W]`.
    pub fn step(&mut self, x: Tensor<4>, gradient: Tensor<4>, learning_rate: f32) -> Tensor<4> {
        self.steps += 1;
        self.first_moment = self.first_moment.clone().mul_scalar(BETA_1) + gradient.clone().mul_scalar(1.0 - BETA_1);
        self.second_moment = self.second_moment.clone().mul_scalar(BETA_2) + gradient.square().mul_scalar(1.0 - BETA_2);
        let mean = self.first_moment.clone().div_scalar(1.0 - BETA_1.powi(self.steps));
        let deviation = self.second_moment.clone().div_scalar(1.0 - BETA_2.powi(self.steps)).sqrt();
        x - mean.div(deviation.add_scalar(EPSILON)).mul_scalar(learning_rate)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn the_first_step_is_the_learning_rate_against_the_gradients_sign() {
        let device = Device::flex();
        let x = Tensor::<4>::zeros([1, 3, 1, 1], &device);
        let gradient = Tensor::<4>::from_data([[[[2.0]], [[-1e4]], [[0.0]]]], &device);
        let moved = Adam::new(&x).step(x, gradient, 0.02).to_data().try_into_vec::<f32>().unwrap();
        for (found, expected) in moved.iter().zip([-0.02, 0.02, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{moved:?}");
        }
    }
}
