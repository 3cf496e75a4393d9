//! Compares the engine's numbers with an independent implementation in float64, on the processor
//! and through wgpu.
//!
//! The references are files of arrays in the conventions of `tests/fixtures/README.md`. Those of
//! `tests/fixtures` are always read, and the folder of `IMPASTO_FIXTURES` if it is set. A folder
//! without cases is a failure.

mod compare;
mod f16;
mod fixture;
mod layers;
mod promises;
mod statistics;
mod tiles;
mod trajectory;

use std::path::Path;
use std::sync::OnceLock;

use burn::tensor::Device;
use impasto::engine::evaluate::evaluate;
use impasto::engine::ops::convolution::{ConvKernel, Strategy};
use impasto::engine::weights::{ChannelMeans, Weights};
use impasto::engine::{ImageTensor, Vgg19, device};
use impasto::recipe::{FeatureOptions, Filters, Pooling};
use pollster::block_on;

use compare::{Comparison, compare};
use fixture::{Fixture, cases, folders};

fn cpu() -> Device {
    device::open_cpu().expect("the processor is built in").device
}

/// Returns the process's one GPU; an emulated one will do.
fn gpu() -> Device {
    static GPU: OnceLock<Device> = OnceLock::new();
    GPU.get_or_init(|| {
        block_on(device::open_gpu(|_| ()))
            .expect("a Vulkan device, if an emulated one, must be there")
            .device
    })
    .clone()
}

/// Returns the committed network, with the means of the normalised one.
fn network_of(means: &ChannelMeans, device: &Device) -> Vgg19 {
    Vgg19::new(Weights::committed(), means, device)
}

fn network(device: &Device) -> Vgg19 {
    network_of(&ChannelMeans::built_in(), device)
}

/// Returns the means of `folder`'s references: the file there, or the committed one beside the
/// weights.
fn means_of(folder: &Path) -> ChannelMeans {
    let path = folder.join("channel_means.safetensors");
    if !path.exists() {
        return ChannelMeans::built_in();
    }
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    ChannelMeans::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn image(fixture: &Fixture, name: &str, device: &Device) -> ImageTensor {
    let (size, rgb) = fixture.picture(name);
    ImageTensor::from_rgb(size, &rgb, device)
}

/// Compares every quantity of every case with its reference, and names all that differ in one
/// failure. `prepare` may change the filters.
fn agree(device: &Device, pooling: Pooling, prepare: impl Fn(&mut Vgg19)) {
    let mut comparisons = Vec::new();
    for folder in folders() {
        let mut vgg = network_of(&means_of(&folder), device);
        prepare(&mut vgg);
        for case in cases(&folder) {
            let [content, style, x] =
                ["content_rgb", "style_rgb", "x_rgb"].map(|name| image(&case, name, device));
            for filters in [Filters::Published, Filters::Normalised] {
                let features = FeatureOptions { filters, ..FeatureOptions::plain(pooling) };
                let arrays = block_on(evaluate(&vgg, &content, &style, &x, features))
                    .expect("the device works");
                comparisons.extend(compare(&case, features, &arrays));
            }
        }
    }
    let far: Vec<&Comparison> =
        comparisons.iter().filter(|comparison| !comparison.agrees()).collect();
    assert!(far.is_empty(), "{} of {} quantities differ:\n{far:#?}", far.len(), comparisons.len());
}

/// Compares on the GPU, for every tiling of the kernels.
fn agree_on_the_gpu(pooling: Pooling) {
    for division in ConvKernel::ALL {
        agree(&gpu(), pooling, |vgg| {
            vgg.set_strategy(Strategy { division, ..Strategy::default() });
        });
    }
}

#[test]
fn the_processor_agrees_with_average_pooling() {
    agree(&cpu(), Pooling::Average, |_| ());
}

#[test]
fn the_processor_agrees_with_max_pooling() {
    agree(&cpu(), Pooling::Max, |_| ());
}

#[test]
fn the_gpu_agrees_with_average_pooling() {
    agree_on_the_gpu(Pooling::Average);
}

#[test]
fn the_gpu_agrees_with_max_pooling() {
    agree_on_the_gpu(Pooling::Max);
}
