//! How it is to be painted.

use leptos::prelude::*;

use super::{part, recipe, set, set_recipe};
use crate::recipe::Preset;
use crate::ui::components::{
    Action, BalanceSlider, Choice, GrainSlider, OutlinesSlider, RecipeFile, SmoothnessSlider,
    StepsInput, StyleLayers,
};
use crate::ui::desk::Desk;
use crate::ui::grid::CELLS;
use crate::ui::menus;
use crate::ui::reconstruction::ReconstructionOf;
use crate::ui::settings::sizes_on;
use crate::ui::studio::{Errand, Studio};

/// How it is to be painted.
#[component]
pub fn Technique(
    /// Holds the settings.
    desk: Desk,
) -> impl IntoView {
    view! {
        <section class="technique" aria-label="Settings">
            <BalanceSlider
                content_weight=recipe(desk, |recipe| recipe.loss_weights.content_weight)
                on_change=Callback::new(
                    move |weight| desk.adjust(|loss_weights| loss_weights.content_weight = weight)
                )
            />
            <OutlinesSlider
                weight=recipe(desk, |recipe| recipe.loss_weights.outlines)
                on_change=Callback::new(
                    move |weight| desk.adjust(|loss_weights| loss_weights.outlines = weight)
                )
            />
            <div class="pair">
                <Choice
                    id="preset"
                    label="Preset"
                    items=part(desk, |studio| menus::presets(studio.settings()))
                    chosen=part(desk, |studio| studio.settings().preset())
                    on_change=Callback::new(move |preset: Option<Preset>| desk.take_preset(preset))
                />
                <Choice
                    id="palette"
                    label="Colours"
                    items=menus::palettes()
                    chosen=recipe(desk, |recipe| recipe.colours.palette)
                    on_change=set_recipe(desk, |recipe, palette| recipe.colours.palette = palette)
                />
            </div>
            <div class="pair">
                <Choice
                    id="size"
                    label="Size"
                    items=part(desk, move |studio| {
                        let (device, settings) = (studio.report(), studio.settings());
                        let photo = desk.photo_size();
                        menus::sizes(
                            &sizes_on(device), settings.size_on(device), photo, studio.gpu_limits(), &settings.recipe
                        )
                    })
                    chosen=part(desk, |studio| studio.settings().size_on(studio.report()))
                    on_change=set(desk, |settings, size| settings.size = Some(size))
                />
                <StepsInput
                    steps=part(desk, |studio| studio.settings().steps_on(studio.report()))
                    on_change=set(desk, |settings, steps| settings.steps = Some(steps))
                />
            </div>
            <details class="advanced">
                <summary>"Strokes and layers"</summary>
                <Strokes desk=desk />
            </details>
            <details class="advanced">
                <summary>"Advanced"</summary>
                <Advanced desk=desk />
            </details>
            <details class="advanced">
                <summary>"What a layer sees"</summary>
                <LayersSection desk=desk />
            </details>
            <details class="advanced">
                <summary>"Grid"</summary>
                <GridSection desk=desk />
            </details>
            <RecipeFile
                on_save=Callback::new(move |()| desk.save_recipe())
                on_files=Callback::new(move |files| desk.take_recipe_file(files))
            />
        </section>
    }
}

/// What of the painting counts.
#[component]
fn Strokes(
    /// Holds the settings.
    desk: Desk,
) -> impl IntoView {
    view! {
        <div class="pair">
            <Choice
                id="strokes"
                label="Strokes"
                items=recipe(desk, |recipe| menus::stroke_sizes(recipe.style_scale))
                chosen=recipe(desk, |recipe| recipe.style_scale)
                on_change=set_recipe(desk, |recipe, scale| recipe.style_scale = scale)
            />
            <Choice
                id="build-up"
                label="Build-up"
                items=part(desk, move |studio| {
                    let settings = studio.settings();
                    menus::build_ups(
                        settings.recipe.sizes, settings.size_on(studio.report()), desk.photo_size()
                    )
                })
                chosen=recipe(desk, |recipe| recipe.sizes)
                on_change=set_recipe(desk, |recipe, sizes| recipe.sizes = sizes)
            />
        </div>
        <GrainSlider
            grain=recipe(desk, |recipe| recipe.loss_weights.grain)
            on_change=Callback::new(
                move |grain| desk.adjust(|loss_weights| loss_weights.grain = grain)
            )
        />
        <StyleLayers
            weights=recipe(desk, |recipe| recipe.loss_weights.style_layers)
            without="Without a layer the painting does not count: what is painted is the photo."
            on_change=Callback::new(
                move |layers| desk.adjust(|loss_weights| loss_weights.style_layers = layers)
            )
        />
        <div class="pair">
            <Choice
                id="content-layer"
                label="Content layer"
                items=recipe(
                    desk, |recipe| menus::content_layers(recipe.loss_weights.content_layers)
                )
                chosen=recipe(desk, |recipe| recipe.loss_weights.content_layers)
                on_change=Callback::new(
                    move |layers| desk.adjust(|loss_weights| loss_weights.content_layers = layers)
                )
            />
            <Choice
                id="start"
                label="Start from"
                items=recipe(desk, |recipe| menus::starts(recipe.start))
                chosen=recipe(desk, |recipe| recipe.start)
                on_change=set_recipe(desk, |recipe, start| recipe.start = start)
            />
        </div>
    }
}

/// What few change.
#[component]
fn Advanced(
    /// Holds the settings.
    desk: Desk,
) -> impl IntoView {
    let linear_light = recipe(desk, |recipe| recipe.colours.linear_light);
    let set_light =
        set_recipe(desk, |recipe, linear_light| recipe.colours.linear_light = linear_light);
    let keep_frame = recipe(desk, |recipe| recipe.keep_frame);
    let set_frame = set_recipe(desk, |recipe, keep_frame| recipe.keep_frame = keep_frame);
    let on_gpu = part(desk, |studio| studio.gpu_limits().is_some());
    view! {
        <SmoothnessSlider
            tv_weight=recipe(desk, |recipe| recipe.loss_weights.tv_weight)
            on_change=Callback::new(
                move |weight| desk.adjust(|loss_weights| loss_weights.tv_weight = weight)
            )
        />
        <div class="pair">
            <Choice
                id="optimizer"
                label="Optimiser"
                items=menus::optimizers()
                chosen=recipe(desk, |recipe| recipe.optimizer)
                on_change=Callback::new(move |optimizer| desk.take_optimizer(optimizer))
            />
            <Choice
                id="pooling"
                label="Pooling"
                items=menus::poolings()
                chosen=recipe(desk, |recipe| recipe.features.pooling)
                on_change=set_recipe(desk, |recipe, pooling| recipe.features.pooling = pooling)
            />
        </div>
        <div class="pair">
            <Choice
                id="border"
                label="Border"
                items=menus::borders()
                chosen=recipe(desk, |recipe| recipe.features.border)
                on_change=set_recipe(desk, |recipe, border| recipe.features.border = border)
            />
            <Choice
                id="device"
                label="Compute on"
                items=menus::devices()
                chosen=part(desk, |studio| studio.settings().device)
                on_change=Callback::new(
                    move |choice| desk.act(|studio| studio.choose_device(choice))
                )
            />
            <Show when=move || on_gpu.get()>
                <Choice
                    id="memory"
                    label="Graphics memory"
                    items=menus::memory_uses()
                    chosen=part(desk, |studio| studio.settings().memory)
                    on_change=set(desk, |settings, memory| settings.memory = memory)
                />
            </Show>
        </div>
        <label class="tick">
            <input
                type="checkbox"
                prop:checked=linear_light
                on:change=move |event| set_light.run(event_target_checked(&event))
            />
            "Tell colours apart in linear light"
        </label>
        <label class="tick">
            <input
                type="checkbox"
                prop:checked=keep_frame
                on:change=move |event| set_frame.run(event_target_checked(&event))
            />
            "Take a painting's frame as part of it"
        </label>
    }
}

/// One picture from what layers of the network know of it.
#[component]
fn LayersSection(
    /// Holds what is to be shown.
    desk: Desk,
) -> impl IntoView {
    let reconstruction = part(desk, |studio| studio.settings().reconstruction);
    let live = part(desk, Studio::is_live);
    let enabled =
        move || !live.get() && desk.is_ready_for(Errand::Reconstruct(reconstruction.get()));
    let of_content = move || reconstruction.get().subject == ReconstructionOf::Content;
    view! {
        <p class="hint">
            "One picture, painted out of noise from what layers know of it and nothing else: the \
             photo's content, or the painting's style. Size and steps are those above."
        </p>
        <div class="pair">
            <Choice
                id="subject"
                label="Reconstruction of"
                items=menus::subjects()
                chosen=Memo::new(move |_| reconstruction.get().subject)
                on_change=set(desk, |settings, subject| settings.reconstruction.subject = subject)
            />
            <Show when=of_content>
                <Choice
                    id="seen-layer"
                    label="From layer"
                    items=menus::layers()
                    chosen=Memo::new(move |_| reconstruction.get().content_layer)
                    on_change=set(
                        desk, |settings, layer| settings.reconstruction.content_layer = layer
                    )
                />
            </Show>
        </div>
        <Show when=move || !of_content()>
            <StyleLayers
                weights=Memo::new(move |_| reconstruction.get().style_layers)
                without="Choose at least one layer to paint from."
                on_change=set(
                    desk, |settings, layers| settings.reconstruction.style_layers = layers
                )
            />
        </Show>
        <Action
            enabled=Signal::derive(enabled)
            on_press=Callback::new(move |()| desk.reconstruct())
        >
            "Reconstruct"
        </Action>
    }
}

/// Many small pictures at once.
#[component]
fn GridSection(
    /// Paints them.
    desk: Desk,
) -> impl IntoView {
    let live = part(desk, Studio::is_live);
    let enabled = move || !live.get() && desk.is_ready_for(Errand::Cell(0));
    view! {
        <p class="hint">
            {format!("{CELLS} small pictures: more and more style layers against more and more \
                      content, all else as set. Steps are those above.")}
        </p>
        <Action
            enabled=Signal::derive(enabled)
            on_press=Callback::new(move |()| desk.paint_grid())
        >
            "Paint the grid"
        </Action>
    }
}
