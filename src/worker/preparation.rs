//! What has to be there before a run: the device, the network, and what the device needs compiled.
//! Each is got once in the worker's life, when it is first asked for, which may be before the
//! person asks for a run.

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

/// Everything that has been got ready.
#[derive(Debug)]
pub struct Preparation {
    device: Option<OpenDevice>,
    programs: Programs,
    weights: WeightsStore,
    vgg: Option<Rc<Vgg19>>,
}

impl Preparation {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self { device: None, programs: Programs::new(), weights: WeightsStore::new(), vgg: None }
    }

    /// Computes on `device` from now on.
    pub fn set_device(&mut self, device: OpenDevice) {
        self.device = Some(device);
    }

    /// What to compute on.
    ///
    /// # Errors
    /// [`RunError::NoDevice`] before one is open.
    pub fn device(&self) -> Result<&OpenDevice, RunError> {
        self.device.as_ref().ok_or(RunError::NoDevice)
    }

    /// What the device has room for when memory is used in this way.
    ///
    /// # Errors
    /// [`RunError::NoDevice`].
    pub fn limits(&self, memory: MemoryUse) -> Result<DeviceLimits, RunError> {
        Ok(self.device()?.limits.with(memory))
    }

    /// Gives back what of the device's memory is not in use.
    pub fn reclaim_all(&self) {
        if let Some(device) = &self.device {
            self.programs.reclaim_all(device);
        }
    }

    /// Gives back what has been let go of already.
    pub fn reclaim(&self) {
        if let Some(device) = &self.device {
            self.programs.reclaim(device);
        }
    }

    /// The network, with all that a run like `wanted` needs; `None` once `is_off` says between two
    /// parts of the work that it is not waited for any more. What was done by then stays done.
    /// `report` is told of each part.
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

    /// The network on the device. While its weights are on their way the division is searched for.
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
        // What the search took is larger than many a weight, which would keep it.
        self.reclaim_all();
        report(Stage::Network);
        // The page hears of the stage before the work holds this thread.
        TimeoutFuture::new(0).await;
        let vgg = Rc::new(Vgg19::new(weights, &ChannelMeans::built_in(), &self.device()?.device));
        self.vgg = Some(Rc::clone(&vgg));
        Ok(vgg)
    }
}
