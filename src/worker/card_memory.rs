//! The graphics card's memory that the program has let go of.
//!
//! In a browser a buffer's memory comes back when its JavaScript object is collected, and the collector does not know how much that is: at 2048 px
//! gigabytes were left lying, for longer than the targets took. `destroy` gives it back at once; neither CubeCL nor wgpu calls it.

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

/// Gives back all of the card's memory that no tensor lies in. Before CubeCL lets go of a buffer it submits all work that it has recorded, and what is
/// submitted may go on with a buffer that is destroyed.
pub fn give_back(device: &OpenDevice) {
    let dropped = Set::new(&JsValue::UNDEFINED);
    for_each_buffer(|buffer| _ = dropped.add(buffer));
    device.device.memory_cleanup();
    for_each_buffer(|buffer| _ = dropped.delete(buffer));
    dropped.for_each(&mut |buffer, _, _| buffer.unchecked_into::<GpuBuffer>().destroy());
}

/// Shows every buffer that the program refers to.
fn for_each_buffer(mut see: impl FnMut(&GpuBuffer)) {
    let table = Reflect::get(&wasm_bindgen::exports(), &REFERENCES.into()).ok().and_then(|table| table.dyn_into::<Table>().ok());
    // Without it the collector is left to do it.
    let Some(table) = table else { return };
    for index in 0..table.length() {
        if let Ok(Ok(buffer)) = table.get_raw(index).map(JsCast::dyn_into::<GpuBuffer>) {
            see(&buffer);
        }
    }
}
