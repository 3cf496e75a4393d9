//! Helpers shared by the tests of all kernels.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use burn::tensor::{DType, Device, FloatDType, Tensor};
use burn_cubecl::tensor::CubeTensor;
use burn_wgpu::WgpuSetup;
use cubecl::launched::LaunchedKernels;
use cubecl::prelude::*;
use pollster::block_on;
use wgpu::{
    Backend, BackendOptions, Backends, DeviceDescriptor, Features, Instance, InstanceDescriptor,
    NoopBackendOptions, PowerPreference, RequestAdapterOptions,
};

use super::distance::squared_distance;
use super::layout::launch_1d;
use super::precision::element;
use super::readback::read_back;
use crate::engine::device;

/// Locks the GPU that all tests of the process share. A software GPU suffices.
///
/// # Panics
/// If no GPU is available.
pub fn gpu() -> MutexGuard<'static, Device> {
    static GPU: LazyLock<Mutex<Device>> = LazyLock::new(|| {
        Mutex::new(
            block_on(device::open_gpu(|_| ()))
                .expect("a Vulkan device, if an emulated one, must be there")
                .device,
        )
    });
    // A failed test leaves the device usable.
    let gpu = GPU.lock().unwrap_or_else(PoisonError::into_inner);
    // Sync: pending launches of an earlier test would count as launched by this one.
    let zero = Tensor::<1>::zeros([1], &gpu.clone().without_autodiff());
    block_on(read_back(zero)).expect("the device works");
    gpu
}

/// wgpu noop device with the real adapter's limits and features, for counting launches. It also
/// holds the lock of the GPU, since launches are counted across all devices.
pub struct IdleGpu {
    device: Device,
    _held: MutexGuard<'static, Device>,
}

impl Deref for IdleGpu {
    type Target = Device;

    fn deref(&self) -> &Device {
        &self.device
    }
}

/// Locks the noop device that all tests of the process share.
pub fn idle_gpu() -> IdleGpu {
    static IDLE: LazyLock<Device> = LazyLock::new(|| block_on(open_idle()));
    IdleGpu { _held: gpu(), device: IDLE.clone() }
}

async fn open_idle() -> Device {
    let real = Instance::new(InstanceDescriptor::new_without_display_handle());
    let strongest = RequestAdapterOptions {
        power_preference: PowerPreference::HighPerformance,
        ..RequestAdapterOptions::default()
    };
    let real = real
        .request_adapter(&strongest)
        .await
        .expect("a Vulkan device, if an emulated one, must be there");
    let info = real.get_info();
    let noop = NoopBackendOptions {
        limits: Some(real.limits()),
        features: Some(real.features() - Features::all_experimental_mask()),
        device_type: Some(info.device_type),
        subgroup_min_size: Some(info.subgroup_min_size),
        subgroup_max_size: Some(info.subgroup_max_size),
        ..NoopBackendOptions::enabled()
    };
    let instance = Instance::new(InstanceDescriptor {
        backends: Backends::NOOP,
        backend_options: BackendOptions { noop, ..BackendOptions::default() },
        ..InstanceDescriptor::new_without_display_handle()
    });
    let adapter =
        instance.request_adapter(&RequestAdapterOptions::default()).await.expect("it is enabled");
    let description = DeviceDescriptor {
        required_features: adapter.features(),
        required_limits: adapter.limits(),
        ..DeviceDescriptor::default()
    };
    let (device, queue) =
        adapter.request_device(&description).await.expect("it has no more than the adapter");
    let setup = WgpuSetup { instance, adapter, device, queue, backend: Backend::Noop };
    Device::wgpu_options().setup(setup).init().expect("CubeCL works with any device")
}

/// Fills `memory` with NaN. One kernel serves all shapes of an element type, which keeps kernels
/// countable.
pub fn poison(memory: &CubeTensor) {
    let (count, units) = launch_1d(memory, memory.meta.num_elements());
    // SAFETY: units past the end of the memory do nothing.
    unsafe {
        poison_kernel::launch_unchecked(
            &memory.client,
            count,
            units,
            memory.clone().into_tensor_arg(),
            f32::NAN,
            element(memory),
        );
    };
}

#[cube(launch_unchecked)]
fn poison_kernel<X: Numeric>(
    memory: &mut cubecl::prelude::Tensor<X>,
    value: f32,
    #[define(X)] _element: ElemType,
) {
    if ABSOLUTE_POS < memory.len() {
        memory[ABSOLUTE_POS] = X::cast_from(value);
    }
}

/// Returns the distinct kernels that `work` launches on `device`, one per compiled pipeline. The
/// caller must hold the lock of the GPU.
///
/// # Panics
/// If the device fails.
pub fn kernels_of(device: &Device, work: impl FnOnce()) -> BTreeSet<String> {
    // A launch is noted by the device's own thread, which may lag behind.
    device.sync().expect("the device works");
    let launched = LaunchedKernels::new();
    work();
    device.sync().expect("the device works");
    launched.finish().iter().map(|kernel| format!("{kernel:?}")).collect()
}

/// Returns [`noise`] of shape `[1, C, H, W]`, channels-last in memory.
pub fn channels_last_noise(
    [_, channels, height, width]: [usize; 4],
    seed: u32,
    device: &Device,
) -> Tensor<4> {
    noise([1, height, width, channels], seed, device).permute([0, 3, 1, 2])
}

/// Returns [`channels_last_noise`] rounded down to multiples of 2⁻⁹, which f16 represents exactly.
pub fn half_noise(shape: [usize; 4], seed: u32, device: &Device) -> Tensor<4> {
    channels_last_noise(shape, seed, device).mul_scalar(512.0).floor().div_scalar(512.0)
}

/// Returns reproducible noise in −1..1.
pub fn noise<const D: usize>(shape: [usize; D], seed: u32, device: &Device) -> Tensor<D> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let values = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0
    });
    #[expect(clippy::cast_possible_truncation, reason = "values in -1..1")]
    let values: Vec<f32> = values.map(|value| value as f32).take(shape.iter().product()).collect();
    Tensor::<1>::from_floats(values.as_slice(), device).reshape(shape)
}

/// Returns the distances, in value and gradient, of `ours` on the GPU from its `twin` on the CPU,
/// for noise of the shapes `x` and `weight`. See [`value_and_gradient`] for their roles.
pub fn distances<const D: usize, const E: usize>(
    ours: impl Fn(Tensor<D>) -> Tensor<E>,
    twin: impl Fn(Tensor<D>) -> Tensor<E>,
    [x, weight]: [&[usize]; 2],
    gpu: &Device,
) -> [f64; 2] {
    let shapes = (x.try_into().expect("of rank D"), weight.try_into().expect("of rank E"));
    distances_at(
        ours,
        twin,
        |device| (noise::<D>(shapes.0, 1, device), noise::<E>(shapes.1, 2, device)),
        gpu,
    )
}

/// Returns the [`distances`] for the `x` and `weight` that `at` creates on each device.
pub fn distances_at<const D: usize, const E: usize>(
    ours: impl Fn(Tensor<D>) -> Tensor<E>,
    twin: impl Fn(Tensor<D>) -> Tensor<E>,
    at: impl Fn(&Device) -> (Tensor<D>, Tensor<E>),
    gpu: &Device,
) -> [f64; 2] {
    let (x, weight) = at(gpu);
    let ours = value_and_gradient(ours, x, weight);
    let (x, weight) = at(&Device::flex());
    let expected = value_and_gradient(twin, x, weight);
    [distance(ours.0, expected.0), distance(ours.1, expected.1)]
}

/// Relative L2 tolerance for f16 maps, which round each value by at most 2⁻¹¹ of itself.
pub const HALF_GATE: f64 = 3e-4;

/// Returns the distances of `ours` on the GPU, for an f16 map, from its f32 `twin` on the CPU: in
/// value, and in the gradient of the sum of its squares, which is f32 for both.
pub fn half_distances<const E: usize>(
    ours: impl Fn(Tensor<4>) -> Tensor<E>,
    twin: impl Fn(Tensor<4>) -> Tensor<E>,
    shape: [usize; 4],
    gpu: &Device,
) -> [f64; 2] {
    let x_f16 = half_noise(shape, 1, gpu).cast(FloatDType::F16).autodiff().require_grad();
    let value = ours(x_f16.clone());
    let zeros = Tensor::<E>::zeros(value.shape(), gpu).cast(FloatDType::from(value.dtype()));
    let mut gradients = squared_distance(&value, &zeros, 1.0).backward();
    let gradient = x_f16.grad_remove(&mut gradients).expect("the value depends on x");
    let x = half_noise(shape, 1, &Device::flex()).autodiff().require_grad();
    let expected = twin(x.clone());
    let slope = x
        .grad_remove(&mut expected.clone().square().sum().backward())
        .expect("the value depends on x");
    assert_eq!(gradient.dtype(), DType::F32, "gradients of maps in halves are f32");
    let value = value.without_autodiff().cast(FloatDType::F32);
    [distance(value, expected.without_autodiff()), distance(gradient, slope)]
}

/// Returns `‖ours − reference‖ / ‖reference‖`; NaN if `ours` contains any.
pub fn distance<const D: usize>(ours: Tensor<D>, reference: Tensor<D>) -> f64 {
    assert_eq!(ours.dims(), reference.dims());
    let [ours, reference] = [ours, reference].map(|tensor| {
        tensor.into_data().try_into_vec::<f32>().expect("the engine computes in f32")
    });
    let squares =
        |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let difference =
        squares(&mut ours.iter().zip(&reference).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    (difference / squares(&mut reference.iter().map(|&value| f64::from(value)))).sqrt()
}

/// Returns `of(x)` and the gradient of `Σ weight · of(x)` with respect to `x`, both without
/// autodiff.
pub fn value_and_gradient<const D: usize, const E: usize>(
    of: impl Fn(Tensor<D>) -> Tensor<E>,
    x: Tensor<D>,
    weight: Tensor<E>,
) -> (Tensor<E>, Tensor<D>) {
    let x = x.autodiff().require_grad();
    let value = of(x.clone());
    let mut gradients = (value.clone() * weight.autodiff()).sum().backward();
    (value.without_autodiff(), x.grad_remove(&mut gradients).expect("the value depends on x"))
}
