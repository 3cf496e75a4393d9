//! `GPUAdapterInfo`, which wgpu does not pass on.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type Gpu;
    type Adapter;
    /// `GPUAdapterInfo` of the WebGPU specification; a field is empty where the browser masks it.
    type Info;

    #[wasm_bindgen(thread_local_v2, js_namespace = navigator, js_name = gpu)]
    static GPU: Option<Gpu>;
    #[wasm_bindgen(method, js_name = requestAdapter)]
    fn request_adapter(this: &Gpu, options: &JsValue) -> Promise;
    #[wasm_bindgen(method, getter)]
    fn info(this: &Adapter) -> Info;
    #[wasm_bindgen(method, getter)]
    fn vendor(this: &Info) -> String;
    #[wasm_bindgen(method, getter)]
    fn architecture(this: &Info) -> String;
    #[wasm_bindgen(method, getter)]
    fn device(this: &Info) -> String;
}

/// Returns vendor, architecture and device of the strongest adapter, which the engine opens; empty
/// where the browser masks them.
pub async fn words() -> [String; 3] {
    let Some(request) = GPU.with(|gpu| Some(gpu.as_ref()?.request_adapter(&strongest()))) else {
        return Default::default();
    };
    let found = JsFuture::from(request).await.ok().filter(|adapter| !adapter.is_null());
    let info = found.map(|adapter| adapter.unchecked_into::<Adapter>().info());
    info.map(|info| [info.vendor(), info.architecture(), info.device()]).unwrap_or_default()
}

/// Returns `GPURequestAdapterOptions` with Burn's defaults.
fn strongest() -> JsValue {
    let options = js_sys::Object::new();
    // Setting a field of a new object cannot fail.
    _ = js_sys::Reflect::set(&options, &"powerPreference".into(), &"high-performance".into());
    options.into()
}
