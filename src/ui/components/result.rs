use leptos::ev::Event;
use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlImageElement;

use crate::pixels::ImageSize;

/// The frame on the wall: the result, or the photo it begins from, or an invitation.
#[component]
pub fn ResultFrame(
    /// The canvas; painted from outside, never drawn anew.
    canvas: NodeRef<html::Canvas>,
    /// Size of the result on view.
    #[prop(into)]
    size: Signal<Option<ImageSize>>,
    /// The address of the picture that it is compared with.
    #[prop(into)]
    original_url: Signal<Option<String>>,
    /// What that picture is called after "the".
    #[prop(into)]
    original_title: Signal<&'static str>,
    /// Whether a run is on its way to its first picture.
    #[prop(into)]
    preparing: Signal<bool>,
    /// Whether both wells are empty.
    #[prop(into)]
    untouched: Signal<bool>,
    /// Begin with sample pictures.
    on_try: Callback<()>,
) -> impl IntoView {
    let comparing = RwSignal::new(false);
    Effect::new(move || {
        if preparing.get() {
            comparing.set(false);
        }
    });
    let photo_ratio = RwSignal::new(None);
    let measure = move |event: Event| {
        let photo = event_target::<HtmlImageElement>(&event);
        photo_ratio.set(Some(ratio_of(photo.natural_width(), photo.natural_height())));
    };
    let has_result = Memo::new(move |_| size.get().is_some());
    let shows_photo = move || preparing.get() || (comparing.get() && has_result.get());
    let result_ratio = move || size.get().map(|size| ratio_of(size.width, size.height));
    let ratio = move || if preparing.get() { photo_ratio.get() } else { result_ratio() };
    let photo = move || {
        let alt = move || format!("The {}", original_title.get());
        original_url
            .get()
            .map(|url| view! { <img class="photo" src=url alt=alt on:load=measure /> })
    };
    view! {
        <figure
            class="frame"
            class:empty=move || !has_result.get() && !preparing.get()
            class:preparing=preparing
        >
            <div class="mat" style=("--ratio", ratio)>
                <canvas
                    role="img"
                    aria-label="Result"
                    hidden=move || !has_result.get()
                    node_ref=canvas
                    width="1"
                    height="1"
                >
                </canvas>
                {move || shows_photo().then(photo)}
                <Show when=move || !has_result.get() && !preparing.get()>
                    <div class="invitation">
                        <p>"The painted picture will hang here."</p>
                        <Show when=move || untouched.get()>
                            <button
                                type="button"
                                class="primary"
                                on:click=move |_| on_try.run(())
                            >
                                "Try a sample"
                            </button>
                        </Show>
                    </div>
                </Show>
            </div>
            <Show when=move || has_result.get() && !preparing.get()>
                <button
                    type="button"
                    class="compare quiet"
                    aria-pressed=move || comparing.get().to_string()
                    on:click=move |_| comparing.update(|on| *on = !*on)
                >
                    {move || format!("Compare with the {}", original_title.get())}
                </button>
            </Show>
        </figure>
    }
}

/// Width over height, as CSS takes it.
fn ratio_of(width: u32, height: u32) -> String {
    format!("{:.5}", f64::from(width) / f64::from(height.max(1)))
}
