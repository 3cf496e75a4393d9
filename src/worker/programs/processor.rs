//! The CPU needs nothing compiled and nothing reclaimed.

use std::rc::Rc;

use super::Wanted;
use crate::engine::Vgg19;
use crate::engine::device::OpenDevice;
use crate::protocol::Stage;
use crate::worker::error::RunError;

/// The counterpart of the GPU's programs, with nothing to do.
#[derive(Debug)]
pub struct Programs;

#[expect(clippy::unused_self, clippy::unused_async, reason = "as for a GPU")]
impl Programs {
    pub fn new() -> Self {
        Self
    }

    pub fn reclaim_all(&self, _: &OpenDevice) {}

    pub fn reclaim(&self, _: &OpenDevice) {}

    pub async fn search(
        &mut self,
        _: &OpenDevice,
        _: &Wanted,
        _: impl Fn(Stage),
    ) -> Result<bool, RunError> {
        Ok(false)
    }

    pub async fn compile(
        &mut self,
        _: &OpenDevice,
        vgg: &Rc<Vgg19>,
        _: &Wanted,
        _: impl Fn(Stage),
        _: impl Fn() -> bool,
    ) -> Result<Option<Rc<Vgg19>>, RunError> {
        Ok(Some(Rc::clone(vgg)))
    }
}
