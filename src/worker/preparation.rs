//! What has to be there before a run: the device, the network, and the GPU's programs. Each is got once in the worker's life, when it is first
//! asked for, which may be before the person asks for a run.

#[cfg(feature = "gpu")]
use std::cell::Cell;
use std::rc::Rc;

#[cfg(feature = "gpu")]
use futures_util::future::join;
use gloo_timers::future::TimeoutFuture;

use super::error::RunError;
use super::weights_store::WeightsStore;
#[cfg(feature = "gpu")]
use super::{card_memory::CardMemory, tuning_store};
use crate::engine::Vgg19;
use crate::engine::device::OpenDevice;
use crate::engine::weights::ChannelMeans;
#[cfg(feature = "gpu")]
use crate::engine::{
    WarmUp,
    ops::convolution::{Division, Strategy},
    tuning,
};
use crate::memory::{Capacity, MemoryUse};
use crate::protocol::Stage;
use crate::recipe::Recipe;

/// A run that is to come.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "gpu"), expect(dead_code, reason = "for the processor no programs are compiled"))]
pub struct Wanted {
    /// What to do.
    pub recipe: Recipe,
    /// Paintings.
    pub paintings: usize,
    /// How much of the device's memory to take.
    pub memory: MemoryUse,
}

/// Everything that has been got ready.
#[derive(Debug)]
pub struct Preparation {
    device: Option<OpenDevice>,
    #[cfg(feature = "gpu")]
    card_memory: CardMemory,
    weights: WeightsStore,
    vgg: Option<Rc<Vgg19>>,
    #[cfg(feature = "gpu")]
    search: Search,
    /// What the GPU's programs have been compiled for; the last may be under way.
    #[cfg(feature = "gpu")]
    warm: Vec<WarmUp>,
}

impl Preparation {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self {
            device: None,
            #[cfg(feature = "gpu")]
            card_memory: CardMemory::new(),
            weights: WeightsStore::new(),
            vgg: None,
            #[cfg(feature = "gpu")]
            search: Search::default(),
            #[cfg(feature = "gpu")]
            warm: Vec::new(),
        }
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
    pub fn capacity(&self, memory: MemoryUse) -> Result<Capacity, RunError> {
        Ok(self.device()?.capacity.with(memory))
    }

    /// Gives back what of the device's memory is not in use.
    pub fn give_back(&self) {
        #[cfg(feature = "gpu")]
        if let Some(device) = &self.device {
            self.card_memory.give_back(device);
        }
    }

    /// Gives back what has been let go of already.
    pub fn sweep(&self) {
        #[cfg(feature = "gpu")]
        if let Some(device) = &self.device {
            self.card_memory.sweep(device);
        }
    }

    /// The network, with all that a run like `wanted` needs; `None` once `is_off` says between two parts of the work that it is not waited for any
    /// more. What was done by then stays done. `report` is told of each part.
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
        #[cfg(feature = "gpu")]
        return self.programs(&vgg, wanted, report, is_off).await;
        #[cfg(not(feature = "gpu"))]
        Ok(Some(vgg))
    }

    /// The network on the device. While its weights are on their way the division is searched for.
    #[cfg_attr(not(feature = "gpu"), expect(unused_variables, reason = "for the processor no programs are compiled"))]
    async fn network(&mut self, wanted: &Wanted, report: impl Fn(Stage)) -> Result<Rc<Vgg19>, RunError> {
        if let Some(vgg) = &self.vgg {
            return Ok(Rc::clone(vgg));
        }
        report(Stage::Weights);
        #[cfg(feature = "gpu")]
        let weights = {
            let programs = self.program_parts(wanted)?;
            let device = self.device.as_ref().ok_or(RunError::NoDevice)?;
            let arrived = Cell::new(false);
            let download = async {
                let weights = self.weights.load().await;
                arrived.set(true);
                weights
            };
            let search = async {
                let found = self.search.division(device, programs, &report).await;
                if !arrived.get() {
                    report(Stage::Weights);
                }
                found
            };
            let (weights, found) = join(download, search).await;
            found?;
            weights?
        };
        #[cfg(not(feature = "gpu"))]
        let weights = self.weights.load().await?;
        // What the search took is larger than many a weight, which would keep it.
        self.give_back();
        report(Stage::Network);
        // The page hears of the stage before the work holds this thread.
        TimeoutFuture::new(0).await;
        let vgg = Rc::new(Vgg19::new(weights, &ChannelMeans::built_in(), &self.device()?.device));
        self.vgg = Some(Rc::clone(&vgg));
        Ok(vgg)
    }

    /// `vgg` with its kernels' strategy, and with their programs compiled.
    #[cfg(feature = "gpu")]
    async fn programs(
        &mut self,
        vgg: &Vgg19,
        wanted: &Wanted,
        report: impl Fn(Stage),
        is_off: impl Fn() -> bool,
    ) -> Result<Option<Rc<Vgg19>>, RunError> {
        let precision = self.capacity(wanted.memory)?.precision;
        let programs = self.program_parts(wanted)?;
        let device = self.device.as_ref().ok_or(RunError::NoDevice)?;
        let division = self.search.division(device, programs, &report).await?;
        let mut vgg = vgg.clone();
        vgg.set_strategy(Strategy { division, precision });
        let vgg = Rc::new(vgg);
        let searched = self.search.parts;
        let warm_up = self.warm_up(&vgg, wanted)?;
        while !warm_up.is_done() {
            if is_off() {
                return Ok(None);
            }
            report(Stage::Programs { done: searched + warm_up.parts_done(), of: searched + programs });
            warm_up.advance().await?;
            // A command that has come meanwhile is heard.
            TimeoutFuture::new(0).await;
        }
        self.search.parts = 0;
        Ok(Some(vgg))
    }

    /// Parts in which the programs for a run like `wanted` are compiled.
    #[cfg(feature = "gpu")]
    fn program_parts(&self, wanted: &Wanted) -> Result<u32, RunError> {
        Ok(WarmUp::parts(&wanted.recipe, self.capacity(wanted.memory)?))
    }

    /// The compilation of the programs for a run like `wanted`, as far as it has come.
    #[cfg(feature = "gpu")]
    fn warm_up(&mut self, vgg: &Rc<Vgg19>, wanted: &Wanted) -> Result<&mut WarmUp, RunError> {
        let (device, capacity) = (self.device()?.device.clone(), self.capacity(wanted.memory)?);
        let Wanted { recipe, paintings, .. } = wanted;
        let serves = |warm: &WarmUp| warm.serves(vgg, recipe, *paintings, capacity);
        let index = self.warm.iter().position(serves).unwrap_or_else(|| {
            // One for another run that is under way holds pictures on the device.
            self.warm.retain(WarmUp::is_done);
            self.warm.push(WarmUp::new(Rc::clone(vgg), recipe, *paintings, capacity, &device));
            self.warm.len() - 1
        });
        Ok(&mut self.warm[index])
    }
}

/// The search for the division of the kernels' work that is fastest on the adapter.
#[cfg(feature = "gpu")]
#[derive(Debug, Default)]
struct Search {
    found: Option<Division>,
    /// Its parts, until the first compilation of programs has gone on from them: a bar does not go back.
    parts: u32,
}

#[cfg(feature = "gpu")]
impl Search {
    /// The division, searched for once. `programs` are the parts of the compilation that comes after.
    async fn division(&mut self, device: &OpenDevice, programs: u32, report: impl Fn(Stage)) -> Result<Division, RunError> {
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
