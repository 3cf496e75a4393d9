use leptos::prelude::*;

use crate::layer::Layer;
use crate::recipe::LayerWeights;

/// The layers whose style counts, each as much as the others.
#[component]
pub fn StyleLayers(
    /// What they weigh.
    #[prop(into)]
    weights: Signal<LayerWeights>,
    /// The person has chosen others.
    on_change: Callback<LayerWeights>,
) -> impl IntoView {
    let toggle = move |layer: Layer| {
        let mut layers = weights.get_untracked().layers();
        match layers.iter().position(|&other| other == layer) {
            Some(index) => drop(layers.remove(index)),
            None => layers.push(layer),
        }
        #[expect(clippy::cast_precision_loss, reason = "a few layers")]
        let share = 1.0 / layers.len().max(1) as f32;
        on_change.run(LayerWeights::even(&layers, share));
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
            <legend>"Style layers, fine to coarse"</legend>
            {Layer::ALL.map(layer_box).collect_view()}
            <Show when=move || weights.get().layers().is_empty()>
                <p class="hint">"Without a layer the painting does not count: what is painted is the photo."</p>
            </Show>
        </fieldset>
    }
}
