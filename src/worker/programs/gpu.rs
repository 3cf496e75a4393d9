//! Kernels and pipelines of a GPU.

use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;

use super::Wanted;
use crate::engine::device::OpenDevice;
use crate::engine::ops::convolution::{ConvKernel, Strategy};
use crate::engine::{Vgg19, WarmUp, tuning};
use crate::protocol::Stage;
use crate::worker::error::RunError;
use crate::worker::gpu_buffers::GpuBuffers;
use crate::worker::tuning_store;

/// Compiled pipelines, and buffers to reclaim.
#[derive(Debug)]
pub struct Programs {
    memory: GpuBuffers,
    search: Search,
    /// Runs compiled for; the last may be in progress.
    warm: Vec<WarmUp>,
}

impl Programs {
    /// Creates the record without any.
    pub fn new() -> Self {
        Self { memory: GpuBuffers::new(), search: Search::default(), warm: Vec::new() }
    }

    /// Reclaims all unused device memory.
    pub fn reclaim_all(&self, device: &OpenDevice) {
        self.memory.reclaim_all(device);
    }

    /// Reclaims buffers that CubeCL has released.
    pub fn reclaim(&self, device: &OpenDevice) {
        self.memory.reclaim(device);
    }

    /// Searches for the fastest kernel, once, and says so. Calls `report` with each part.
    ///
    /// # Errors
    /// [`RunError`], of the device.
    pub async fn search(
        &mut self,
        device: &OpenDevice,
        wanted: &Wanted,
        report: impl Fn(Stage),
    ) -> Result<bool, RunError> {
        self.search.division(device, parts(device, wanted), report).await?;
        Ok(true)
    }

    /// Returns `vgg` with its strategy set and all pipelines compiled that a run like `wanted`
    /// needs; `None` once `is_off`. Calls `report` with each part.
    ///
    /// # Errors
    /// [`RunError`], of the device.
    pub async fn compile(
        &mut self,
        device: &OpenDevice,
        vgg: &Rc<Vgg19>,
        wanted: &Wanted,
        report: impl Fn(Stage),
        is_off: impl Fn() -> bool,
    ) -> Result<Option<Rc<Vgg19>>, RunError> {
        let programs = parts(device, wanted);
        let division = self.search.division(device, programs, &report).await?;
        let mut vgg = Vgg19::clone(vgg);
        vgg.set_strategy(Strategy {
            division,
            precision: device.limits.with(wanted.memory).precision,
        });
        let vgg = Rc::new(vgg);
        let searched = self.search.parts;
        let warm_up = self.warm_up(device, &vgg, wanted);
        while !warm_up.is_done() {
            if is_off() {
                return Ok(None);
            }
            report(Stage::Programs {
                done: searched + warm_up.parts_done(),
                of: searched + programs,
            });
            warm_up.advance().await?;
            // Yields, so that commands arrive.
            TimeoutFuture::new(0).await;
        }
        self.search.parts = 0;
        Ok(Some(vgg))
    }

    /// Returns the warm-up for a run like `wanted`, as far as it has got.
    fn warm_up(&mut self, device: &OpenDevice, vgg: &Rc<Vgg19>, wanted: &Wanted) -> &mut WarmUp {
        let limits = device.limits.with(wanted.memory);
        let Wanted { recipe, paintings, .. } = wanted;
        let serves = |warm: &WarmUp| warm.serves(vgg, recipe, *paintings, limits);
        let index = self.warm.iter().position(serves).unwrap_or_else(|| {
            // An unfinished warm-up of another run holds images on the device.
            self.warm.retain(WarmUp::is_done);
            self.warm.push(WarmUp::new(Rc::clone(vgg), recipe, *paintings, limits, &device.device));
            self.warm.len() - 1
        });
        &mut self.warm[index]
    }
}

/// Returns the parts of the warm-up for a run like `wanted`.
fn parts(device: &OpenDevice, wanted: &Wanted) -> u32 {
    WarmUp::parts(&wanted.recipe, device.limits.with(wanted.memory))
}

/// The search for the fastest kernel on the adapter.
#[derive(Debug, Default)]
struct Search {
    found: Option<ConvKernel>,
    /// Its parts, until the first warm-up continues from them: a progress bar never goes back.
    parts: u32,
}

impl Search {
    /// Returns the kernel, searching once. `programs`: the parts of the warm-up that follows.
    async fn division(
        &mut self,
        device: &OpenDevice,
        programs: u32,
        report: impl Fn(Stage),
    ) -> Result<ConvKernel, RunError> {
        if let Some(division) = self.found {
            return Ok(division);
        }
        let parts = &mut self.parts;
        let part_done = |done| {
            *parts = done;
            report(Stage::Programs { done, of: tuning::PARTS + programs });
        };
        let division = tuning_store::division(device, part_done).await?;
        self.found = Some(division);
        Ok(division)
    }
}
