//! Each convolution of the network alone, with bias and ReLU: our kernel against Burn's own operations on the same device.

use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Distribution, Tensor};
use impasto::engine::kernels::PackedConvolution;
use impasto::layer::Layer;
use xtask::bench::case::Case;
use xtask::bench::line::{KernelLine, KernelTime, Line, Pass};
use xtask::bench::work;
use xtask::failure::Outcome;

use crate::stage::{Clock, Stage};

/// Times both passes through every layer.
pub fn measure(case: &Case) -> Outcome {
    let stage = Stage::open(case)?;
    Layer::ALL.into_iter().try_for_each(|layer| measure_layer(layer, case, &stage))
}

fn measure_layer(layer: Layer, case: &Case, stage: &Stage) -> Outcome {
    let [inputs, outputs] = [layer.input_channels(), layer.channels()];
    let kernel = noise([outputs, inputs, 3, 3], &stage.device);
    let bias = noise([outputs], &stage.device);
    let packed = PackedConvolution::new(kernel.clone(), bias.clone());
    let options = || ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
    let bench = Bench::new(layer, case, stage);
    let ours = bench.times(|x| packed.relu(x))?;
    let burn = bench.times(|x| relu(conv2d(x, kernel.clone(), Some(bias.clone()), options())))?;
    for (index, pass) in [Pass::Forward, Pass::Backward].into_iter().enumerate() {
        let (adapter, gflop) = (stage.adapter.clone(), bench.gflop);
        Line::Kernel(KernelLine { adapter, size: case.size, layer, pass, gflop, ours: ours[index], burn: burn[index] }).print();
    }
    Ok(())
}

/// What both contenders for a layer get.
struct Bench<'a> {
    stage: &'a Stage,
    runs: u32,
    gflop: f64,
    /// What the layer reads.
    x: Tensor<4>,
    /// The gradient that comes back.
    gradient: Tensor<4>,
}

impl<'a> Bench<'a> {
    /// Maps lie channels-last in memory, as they do in the network.
    fn new(layer: Layer, case: &Case, stage: &'a Stage) -> Self {
        let side = (case.size / layer.stride()) as usize;
        let map = |channels| noise([1, side, side, channels], &stage.device).permute([0, 3, 1, 2]);
        let gflop = work::convolution_gflop(layer, [case.size as usize; 2]);
        Self { stage, runs: case.runs, gflop, x: map(layer.input_channels()), gradient: map(layer.channels()) }
    }

    /// Times of `convolution` forward and backward.
    fn times(&self, convolution: impl Fn(Tensor<4>) -> Tensor<4>) -> Outcome<[KernelTime; 2]> {
        let [mut forward, mut backward] = [Clock::default(), Clock::default()];
        self.run(&convolution, &mut Clock::default(), &mut Clock::default())?;
        for _ in 0..self.runs {
            self.run(&convolution, &mut forward, &mut backward)?;
        }
        Ok([forward, backward].map(|clock| self.kernel_time(&clock)))
    }

    fn run(&self, convolution: impl Fn(Tensor<4>) -> Tensor<4>, forward: &mut Clock, backward: &mut Clock) -> Outcome {
        let x = self.x.clone().autodiff().require_grad();
        let answer = self.stage.time(forward, || convolution(x.clone()))?;
        // Its gradient is the one that is to come back.
        let sum = (answer * self.gradient.clone().autodiff()).sum();
        self.stage.wait()?;
        self.stage.time(backward, || drop(sum.backward()))
    }

    fn kernel_time(&self, clock: &Clock) -> KernelTime {
        let ms = clock.spread();
        KernelTime { ms, cpu_ms: clock.cpu_ms(), gflops: ms.gflops(self.gflop) }
    }
}

/// Values in -1..1.
fn noise<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), device)
}
