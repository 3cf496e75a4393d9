//! Measures each convolution of the network alone, with bias and ReLU: our kernel against Burn's
//! own operations on the same device.

use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Distribution, FloatDType, Tensor};
use harness::bench::case::Case;
use harness::bench::line::{KernelLine, KernelTime, Line, Pass};
use harness::bench::work;
use harness::failure::Outcome;
use impasto::engine::ops::convolution::{
    ConvKernel, PackedConvolution, SavedForBackward, Strategy,
};
use impasto::engine::ops::distance::squared_distance;
use impasto::layer::Layer;
use impasto::memory::Precision;

use crate::stage::{Clock, Stage};

/// Times both passes through every layer, for each tiling of our kernel and each precision of the
/// device.
pub fn measure(case: &Case) -> Outcome {
    let stage = Stage::open(case)?;
    let burn = Layer::ALL
        .into_iter()
        .map(|layer| Bench::new(layer, case, &stage).burn())
        .collect::<Outcome<Vec<_>>>()?;
    let precisions = Precision::ALL
        .into_iter()
        .filter(|&precision| precision == Precision::Single || stage.limits.has_f16);
    let strategies = precisions
        .flat_map(|precision| ConvKernel::ALL.map(|division| Strategy { division, precision }));
    for strategy @ Strategy { division, precision } in strategies {
        for (layer, burn) in Layer::ALL.into_iter().zip(&burn) {
            let bench = Bench::new(layer, case, &stage);
            let ours = bench.ours(layer, strategy)?;
            for (index, pass) in [Pass::Forward, Pass::Backward].into_iter().enumerate() {
                let (adapter, size, gflop) = (stage.adapter.clone(), case.size, bench.gflop);
                let (division, ours, burn) = (division.name().to_owned(), ours[index], burn[index]);
                Line::Kernel(KernelLine {
                    adapter,
                    size,
                    layer,
                    pass,
                    gflop,
                    division,
                    precision,
                    ours,
                    burn,
                })
                .print();
            }
        }
    }
    Ok(())
}

/// Inputs of a layer, for both contenders.
struct Bench<'a> {
    stage: &'a Stage,
    runs: u32,
    gflop: f64,
    /// Input of the layer.
    x: Tensor<4>,
    /// Target: the backward pass starts from the distance to it.
    target: Tensor<4>,
    /// `[C_out, C_in, 3, 3]`
    kernel: Tensor<4>,
    /// `[C_out]`
    bias: Tensor<1>,
}

impl<'a> Bench<'a> {
    /// Maps are channels-last in memory, as in the network.
    fn new(layer: Layer, case: &Case, stage: &'a Stage) -> Self {
        let side = (case.size / layer.stride()) as usize;
        let map = |channels| noise([1, side, side, channels], &stage.device).permute([0, 3, 1, 2]);
        let [inputs, outputs] = [layer.input_channels(), layer.channels()];
        Self {
            stage,
            runs: case.runs,
            gflop: work::convolution_gflop(layer, [case.size as usize; 2]),
            x: map(inputs),
            target: map(outputs),
            kernel: noise([outputs, inputs, 3, 3], &stage.device),
            bias: noise([outputs], &stage.device),
        }
    }

    /// Times our kernel forward and backward.
    fn ours(&self, layer: Layer, strategy: Strategy) -> Outcome<[KernelTime; 2]> {
        let mut packed = PackedConvolution::new(self.kernel.clone(), self.bias.clone());
        packed.set_strategy(strategy);
        // The image is always f32.
        let halves = strategy.precision == Precision::Half && layer != Layer::Conv1_1;
        let x = if halves { self.x.clone().cast(FloatDType::F16) } else { self.x.clone() };
        self.times(x, |x| packed.relu(x, 1, SavedForBackward::Output))
    }

    /// Times Burn's own operations forward and backward.
    fn burn(&self) -> Outcome<[KernelTime; 2]> {
        let options = || ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        self.times(self.x.clone(), |x| {
            relu(conv2d(x, self.kernel.clone(), Some(self.bias.clone()), options()))
        })
    }

    /// Times `convolution` of `x` forward and backward.
    fn times(
        &self,
        x: Tensor<4>,
        convolution: impl Fn(Tensor<4>) -> Tensor<4>,
    ) -> Outcome<[KernelTime; 2]> {
        let [mut forward, mut backward] = [Clock::default(), Clock::default()];
        self.run(&x, &convolution, &mut Clock::default(), &mut Clock::default())?;
        for _ in 0..self.runs {
            self.run(&x, &convolution, &mut forward, &mut backward)?;
        }
        Ok([forward, backward].map(|clock| self.kernel_time(&clock)))
    }

    fn run(
        &self,
        x: &Tensor<4>,
        convolution: impl Fn(Tensor<4>) -> Tensor<4>,
        forward: &mut Clock,
        backward: &mut Clock,
    ) -> Outcome {
        let x = x.clone().autodiff().require_grad();
        let answer = self.stage.time(forward, || convolution(x.clone()))?;
        let target = self.target.clone().cast(FloatDType::from(answer.dtype()));
        let distance = squared_distance(&answer, &target.autodiff(), 1.0);
        self.stage.wait()?;
        self.stage.time(backward, || drop(distance.backward()))
    }

    fn kernel_time(&self, clock: &Clock) -> KernelTime {
        let ms = clock.spread();
        KernelTime { ms, cpu_ms: clock.cpu_ms(), gflops: ms.gflops(self.gflop) }
    }
}

/// Returns values in -1..1.
fn noise<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), device)
}
