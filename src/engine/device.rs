//! Opens a device, and tells its limits.

use burn::tensor::Device;
use thiserror::Error;

use crate::memory::DeviceLimits;

/// The longest side offered on the CPU, px: a step at 512² takes 378 GFLOP on one core.
#[cfg(feature = "cpu")]
const MAX_CPU_EDGE_PX: u32 = 512;

/// Why a device could not be opened.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// The browser or the system offers no adapter.
    #[error("no adapter: {0}")]
    NoAdapter(String),
    /// This build has no such device.
    #[error("this build has no such device")]
    NotBuiltIn,
    /// The adapter gives no device that Burn can use.
    #[error("the adapter cannot be used: {0}")]
    Unfit(String),
}

/// A device ready for tensors.
#[derive(Debug)]
pub struct OpenDevice {
    /// The Burn device, without autodiff.
    pub device: Device,
    /// The adapter's name, if it is told.
    pub name: String,
    /// Whether the "GPU" is emulated on the processor.
    pub software: bool,
    /// The longest side, px, of a square image that can be painted.
    pub max_edge: u32,
    /// Limits that decide how to paint.
    pub limits: DeviceLimits,
}

/// Opens the CPU, through Burn's flex backend.
///
/// # Errors
/// [`DeviceError::NotBuiltIn`] without the feature `cpu`.
pub fn open_cpu() -> Result<OpenDevice, DeviceError> {
    #[cfg(feature = "cpu")]
    return Ok(OpenDevice {
        device: Device::flex(),
        name: String::new(),
        software: false,
        max_edge: MAX_CPU_EDGE_PX,
        limits: DeviceLimits::AMPLE,
    });
    #[cfg(not(feature = "cpu"))]
    Err(DeviceError::NotBuiltIn)
}

/// Opens the strongest GPU, through WebGPU in a browser and the system's graphics API elsewhere.
///
/// In a browser `on_lost` is called when the device is lost, at any time later. Natively the next
/// read-back fails instead, since there a device has one such callback and Burn holds it. A process
/// can open the GPU once.
///
/// # Errors
/// [`DeviceError`], by the stage at which it failed; [`DeviceError::NotBuiltIn`] without the
/// feature `gpu`.
#[cfg_attr(
    not(feature = "gpu"),
    expect(unused_variables, clippy::unused_async, reason = "nothing can be lost")
)]
pub async fn open_gpu(
    on_lost: impl Fn(String) + Send + 'static,
) -> Result<OpenDevice, DeviceError> {
    #[cfg(feature = "gpu")]
    return gpu::open(on_lost).await;
    #[cfg(not(feature = "gpu"))]
    Err(DeviceError::NotBuiltIn)
}

#[cfg(feature = "gpu")]
mod gpu {
    use burn::tensor::Device;
    use burn_wgpu::{WgpuInitError, WgpuSetup};

    use super::{DeviceError, OpenDevice};
    use crate::memory::DeviceLimits;

    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(unused_variables, reason = "Burn watches for the loss natively")
    )]
    pub(super) async fn open(
        on_lost: impl Fn(String) + Send + 'static,
    ) -> Result<OpenDevice, DeviceError> {
        // Burn asks for all features and limits of the adapter: WebGPU's defaults would cap a
        // binding at 128 MiB, one map at 724².
        let (device, WgpuSetup { adapter, device: handle, .. }) =
            Device::wgpu_options().init_with_setup_async().await?;
        #[cfg(target_arch = "wasm32")]
        handle.set_device_lost_callback(move |reason, message| {
            on_lost(format!("{reason:?}: {message}"));
        });
        let info = adapter.get_info();
        let software = info.device_type == wgpu::DeviceType::Cpu;
        let limits = handle.limits();
        let buffer_bytes = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let has_f16 = handle.features().contains(wgpu::Features::SHADER_F16);
        let limits = DeviceLimits { has_f16, ..DeviceLimits::of_buffers(buffer_bytes) };
        Ok(OpenDevice { device, name: info.name, software, max_edge: limits.max_edge(), limits })
    }

    impl From<WgpuInitError> for DeviceError {
        fn from(error: WgpuInitError) -> Self {
            match error {
                WgpuInitError::AdapterUnavailable { message, .. } => Self::NoAdapter(message),
                other => Self::Unfit(other.to_string()),
            }
        }
    }
}
