//! The graphics card's memory that the program has let go of.
//!
//! In a browser a buffer's memory comes back when its JavaScript object is collected, and the
//! collector does not know how much that is: at 2048 px gigabytes were left lying. `destroy` gives
//! it back at once; neither CubeCL nor wgpu calls it.

use js_sys::WebAssembly::Table;
use js_sys::{Reflect, Set};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use crate::engine::device::OpenDevice;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = GPUBuffer)]
    type GpuBuffer;

    #[wasm_bindgen(method)]
    fn destroy(this: &GpuBuffer);
}

/// The export in which wasm-bindgen keeps every JavaScript object that the program refers to.
const REFERENCES: &str = "__wbindgen_externrefs";

/// The buffers that the program referred to when they were looked at last.
#[derive(Debug)]
pub struct GpuBuffers {
    known: Set,
}

impl GpuBuffers {
    /// Of no buffers yet.
    pub fn new() -> Self {
        Self { known: Set::new(&JsValue::UNDEFINED) }
    }

    /// Gives back all of the memory on `device` that no tensor lies in.
    pub fn reclaim_all(&self, device: &OpenDevice) {
        for_each_buffer(|buffer| _ = self.known.add(buffer));
        device.device.memory_cleanup();
        self.reclaim(device);
    }

    /// Gives back what CubeCL has let go of by itself of the buffers that there were at the last
    /// look, as it does with what has lain idle for a while.
    pub fn reclaim(&self, device: &OpenDevice) {
        // What is submitted may go on with a buffer that is destroyed. A device that is lost is
        // told where its work is waited for.
        _ = device.device.flush();
        let live = Set::new(&JsValue::UNDEFINED);
        for_each_buffer(|buffer| _ = live.add(buffer));
        self.known.for_each(&mut |buffer, _, _| {
            if !live.has(&buffer) {
                buffer.unchecked_into::<GpuBuffer>().destroy();
            }
        });
        self.known.clear();
        live.for_each(&mut |buffer, _, _| _ = self.known.add(&buffer));
    }
}

/// Shows every buffer that the program refers to.
fn for_each_buffer(mut see: impl FnMut(&GpuBuffer)) {
    let table = Reflect::get(&wasm_bindgen::exports(), &REFERENCES.into())
        .ok()
        .and_then(|table| table.dyn_into::<Table>().ok());
    // Without it the collector is left to do it.
    let Some(table) = table else { return };
    for index in 0..table.length() {
        if let Ok(Ok(buffer)) = table.get_raw(index).map(JsCast::dyn_into::<GpuBuffer>) {
            see(&buffer);
        }
    }
}
