use leptos::prelude::*;

use crate::layer::Layer;
use crate::recipe::LayerWeights;
use crate::ui::settings::{is_usual, with_layer_toggled};
use crate::words::page::PageWords;

/// The layers whose style counts.
#[component]
pub fn StyleLayers(
    /// What they weigh.
    #[prop(into)]
    weights: Signal<LayerWeights>,
    /// What it means that none counts.
    without: &'static str,
    /// The person has chosen others.
    on_change: Callback<LayerWeights>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let toggle = move |layer: Layer| {
        on_change.run(with_layer_toggled(weights.get_untracked(), layer));
    };
    let layer_box = move |layer: Layer| {
        let counts = move || weights.get().of(layer) > 0.0;
        view! {
            <label class="layer">
                <input type="checkbox" prop:checked=counts on:change=move |_| toggle(layer) />
                {layer.name()}
            </label>
        }
    };
    view! {
        <fieldset class="layers">
            <legend>{words.in_workshop.style_layers}</legend>
            {Layer::ALL.map(layer_box).collect_view()}
            <Show when=move || weights.get().layers().is_empty()>
                <p class="hint">{without}</p>
            </Show>
            <Show when=move || !is_usual(weights.get())>
                <p class="hint">{words.in_workshop.uneven_layers}</p>
            </Show>
        </fieldset>
    }
}
