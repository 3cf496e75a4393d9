//! For a GPU.

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

/// What has been compiled, and the buffers that it took.
#[derive(Debug)]
pub struct Programs {
    memory: GpuBuffers,
    search: Search,
    /// What has been compiled for; the last may be under way.
    warm: Vec<WarmUp>,
}

impl Programs {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self { memory: GpuBuffers::new(), search: Search::default(), warm: Vec::new() }
    }

    /// Gives back what of the device's memory is not in use.
    pub fn reclaim_all(&self, device: &OpenDevice) {
        self.memory.reclaim_all(device);
    }

    /// Gives back what has been let go of already.
    pub fn reclaim(&self, device: &OpenDevice) {
        self.memory.reclaim(device);
    }

    /// Searches for the fastest division of the kernels' work, once, and says that it did. `report`
    /// is told of each part.
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

    /// `vgg` with its kernels' strategy, and with all compiled that a run like `wanted` needs;
    /// `None` once `is_off`. `report` is told of each part.
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
            // A command that has come meanwhile is heard.
            TimeoutFuture::new(0).await;
        }
        self.search.parts = 0;
        Ok(Some(vgg))
    }

    /// The compilation for a run like `wanted`, as far as it has come.
    fn warm_up(&mut self, device: &OpenDevice, vgg: &Rc<Vgg19>, wanted: &Wanted) -> &mut WarmUp {
        let limits = device.limits.with(wanted.memory);
        let Wanted { recipe, paintings, .. } = wanted;
        let serves = |warm: &WarmUp| warm.serves(vgg, recipe, *paintings, limits);
        let index = self.warm.iter().position(serves).unwrap_or_else(|| {
            // One for another run that is under way holds pictures on the device.
            self.warm.retain(WarmUp::is_done);
            self.warm.push(WarmUp::new(Rc::clone(vgg), recipe, *paintings, limits, &device.device));
            self.warm.len() - 1
        });
        &mut self.warm[index]
    }
}

/// Parts of the compilation for a run like `wanted`.
fn parts(device: &OpenDevice, wanted: &Wanted) -> u32 {
    WarmUp::parts(&wanted.recipe, device.limits.with(wanted.memory))
}

/// The search for the division of the kernels' work that is fastest on the adapter.
#[derive(Debug, Default)]
struct Search {
    found: Option<ConvKernel>,
    /// Its parts, until the first compilation has gone on from them: a bar does not go back.
    parts: u32,
}

impl Search {
    /// The division, searched for once. `programs` are the parts of the compilation that comes
    /// after.
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
