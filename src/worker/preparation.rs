//! What a run needs first: device, network, compiled pipelines. Each is made once per worker, when
//! first needed, which may be before the person starts a run.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::future::join;
use gloo_timers::future::TimeoutFuture;

use super::error::RunError;
use super::programs::{Programs, Wanted};
use super::weights_store::WeightsStore;
use crate::engine::Vgg19;
use crate::engine::device::OpenDevice;
use crate::engine::weights::ChannelMeans;
use crate::memory::{DeviceLimits, MemoryUse};
use crate::protocol::Stage;

/// Everything prepared so far.
#[derive(Debug)]
pub struct Preparation {
    device: Option<OpenDevice>,
    programs: Programs,
    weights: WeightsStore,
    vgg: Option<Rc<Vgg19>>,
}

impl Preparation {
    /// Creates an empty preparation.
    pub fn new() -> Self {
        Self { device: None, programs: Programs::new(), weights: WeightsStore::new(), vgg: None }
    }

    /// Sets the device.
    pub fn set_device(&mut self, device: OpenDevice) {
        self.device = Some(device);
    }

    /// Returns the device.
    ///
    /// # Errors
    /// [`RunError::NoDevice`] before one is open.
    pub fn device(&self) -> Result<&OpenDevice, RunError> {
        self.device.as_ref().ok_or(RunError::NoDevice)
    }

    /// Returns the limits for this use of memory.
    ///
    /// # Errors
    /// [`RunError::NoDevice`].
    pub fn limits(&self, memory: MemoryUse) -> Result<DeviceLimits, RunError> {
        Ok(self.device()?.limits.with(memory))
    }

    /// Reclaims all unused device memory.
    pub fn reclaim_all(&self) {
        if let Some(device) = &self.device {
            self.programs.reclaim_all(device);
        }
    }

    /// Reclaims GPU buffers that CubeCL has released.
    pub fn reclaim(&self) {
        if let Some(device) = &self.device {
            self.programs.reclaim(device);
        }
    }

    /// Returns the network, with everything that a run like `wanted` needs; `None` if `is_off`
    /// returns true between two parts of the work, which stays done. Calls `report` with each part.
    ///
    /// # Errors
    /// [`RunError`], of the weights or the device.
    pub async fn ready(
        &mut self,
        wanted: &Wanted,
        report: impl Fn(Stage),
        is_off: impl Fn() -> bool,
    ) -> Result<Option<Rc<Vgg19>>, RunError> {
        let vgg = self.network(wanted, &report).await?;
        if is_off() {
            return Ok(None);
        }
        let device = self.device.as_ref().ok_or(RunError::NoDevice)?;
        self.programs.compile(device, &vgg, wanted, report, is_off).await
    }

    /// Returns the network on the device. Searches for the fastest kernel while the weights
    /// download.
    async fn network(
        &mut self,
        wanted: &Wanted,
        report: impl Fn(Stage),
    ) -> Result<Rc<Vgg19>, RunError> {
        if let Some(vgg) = &self.vgg {
            return Ok(Rc::clone(vgg));
        }
        report(Stage::Weights);
        let device = self.device.as_ref().ok_or(RunError::NoDevice)?;
        let arrived = Cell::new(false);
        let download = async {
            let weights = self.weights.load().await;
            arrived.set(true);
            weights
        };
        let search = async {
            let searched = self.programs.search(device, wanted, &report).await;
            if !arrived.get() && !matches!(searched, Ok(false)) {
                report(Stage::Weights);
            }
            searched
        };
        let (weights, searched) = join(download, search).await;
        searched?;
        let weights = weights?;
        // The search's buffers are larger than many weights, which would hold them.
        self.reclaim_all();
        report(Stage::Network);
        // Yields, so that the page gets the stage before the work blocks this thread.
        TimeoutFuture::new(0).await;
        let vgg = Rc::new(Vgg19::new(weights, &ChannelMeans::built_in(), &self.device()?.device));
        self.vgg = Some(Rc::clone(&vgg));
        Ok(vgg)
    }
}
