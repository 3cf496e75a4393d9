//! Destroys GPU buffers that CubeCL has released.
//!
//! In a browser a buffer is freed when its JavaScript object is collected, and the collector does
//! not know its size: gigabytes would linger. `destroy` frees it at once; neither CubeCL nor wgpu
//! calls it.

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

/// The export in which wasm-bindgen holds every JavaScript object that the program refers to.
const REFERENCES: &str = "__wbindgen_externrefs";

/// The buffers that the program referred to at the last call.
#[derive(Debug)]
pub struct GpuBuffers {
    known: Set,
}

impl GpuBuffers {
    /// Creates the record without buffers.
    pub fn new() -> Self {
        Self { known: Set::new(&JsValue::UNDEFINED) }
    }

    /// Destroys all buffers on `device` that no tensor uses.
    pub fn reclaim_all(&self, device: &OpenDevice) {
        for_each_buffer(|buffer| _ = self.known.add(buffer));
        device.device.memory_cleanup();
        self.reclaim(device);
    }

    /// Destroys buffers seen at the last call that CubeCL has since released; it drops idle ones.
    pub fn reclaim(&self, device: &OpenDevice) {
        // Submitted work may still use a destroyed buffer. A lost device is reported where its work
        // is awaited.
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

/// Calls `see` with every buffer that the program refers to.
fn for_each_buffer(mut see: impl FnMut(&GpuBuffer)) {
    let table = Reflect::get(&wasm_bindgen::exports(), &REFERENCES.into())
        .ok()
        .and_then(|table| table.dyn_into::<Table>().ok());
    // Without the table, collection is left to the collector.
    let Some(table) = table else { return };
    for index in 0..table.length() {
        if let Ok(Ok(buffer)) = table.get_raw(index).map(JsCast::dyn_into::<GpuBuffer>) {
            see(&buffer);
        }
    }
}
