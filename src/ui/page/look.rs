//! The look: how the photo is to be painted.

use leptos::prelude::*;

use super::{View, part, recipe, set, set_recipe, weigh};
use crate::ui::components::{
    BalanceSlider, Choice, GrainSlider, Looks, LossPlot, OutlinesSlider, RecipeFile,
    SmoothnessSlider, StepsInput, StyleLayers,
};
use crate::ui::desk::Desk;
use crate::ui::settings::{Settings, sizes_on};
use crate::ui::studio::{Errand, Run, Studio};
use crate::ui::{labels, menus};
use crate::words::page::PageWords;

/// The panel of the settings.
#[component]
pub fn LookPanel(
    /// Holds the settings.
    desk: Desk,
    /// What is seen.
    view: View,
) -> impl IntoView {
    let words = view.words;
    view! {
        <Looks
            chosen=part(desk, |studio| studio.settings().preset())
            on_change=Callback::new(move |look| desk.act(|studio| studio.take_preset(look)))
            taken=part(desk, Studio::look_taken)
            on_undo=Callback::new(move |()| desk.act(Studio::undo_look))
            words=words
        />
        <BalanceSlider
            content_weight=recipe(desk, |recipe| recipe.loss_weights.content_weight)
            on_change=weigh(desk, |loss_weights, weight| loss_weights.content_weight = weight)
            words=words
        />
        <OutlinesSlider
            weight=recipe(desk, |recipe| recipe.loss_weights.outlines)
            on_change=weigh(desk, |loss_weights, weight| loss_weights.outlines = weight)
            words=words
        />
        <NextTime desk=desk words=words />
        <details class="workshop">
            <summary>{words.workshop}</summary>
            <Workshop desk=desk words=words />
            <NextTimeInWorkshop desk=desk words=words />
            <Numbers desk=desk words=words />
            <button
                type="button"
                on:click=move |_| view.panels.update(|panels| panels.show_inside(true))
            >
                {words.inside}
            </button>
            <RecipeFile
                on_save=Callback::new(move |()| desk.save_recipe())
                on_files=Callback::new(move |files| desk.take_recipe_file(files))
                words=words
            />
        </details>
    }
}

/// The controls that the running painting does not follow.
#[component]
fn NextTime(
    /// Holds the settings.
    desk: Desk,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let sizes = move |studio: &Studio| {
        let (device, settings) = (studio.report(), studio.settings());
        let photo = desk.photo_size();
        let size = settings.size_on(device);
        menus::sizes(
            &sizes_on(device),
            size,
            photo,
            studio.gpu_limits(),
            &settings.recipe,
            words.menus,
        )
    };
    let size = move |studio: &Studio| {
        let device = studio.report();
        menus::covering(&sizes_on(device), studio.settings().size_on(device), desk.photo_size())
    };
    view! {
        <fieldset class="next">
            <legend>{words.next_time}</legend>
            <Choice
                id="size"
                label=words.size
                items=part(desk, sizes)
                chosen=part(desk, size)
                on_change=set(desk, |settings, size| settings.size = Some(size))
            />
            <StepsInput
                steps=part(desk, |studio| studio.settings().steps_on(studio.report()))
                on_change=set(desk, |settings, steps| settings.steps = Some(steps))
                words=words
            />
            <Choice
                id="strokes"
                label=words.brush
                items=recipe(desk, |recipe| menus::stroke_sizes(recipe.style_scale, words.menus))
                chosen=recipe(desk, |recipe| recipe.style_scale)
                on_change=set_recipe(desk, |recipe, scale| recipe.style_scale = scale)
            />
            <Choice
                id="palette"
                label=words.colours
                items=menus::palettes(words.menus)
                chosen=recipe(desk, |recipe| recipe.colours.palette)
                on_change=set(desk, Settings::set_palette)
            />
        </fieldset>
    }
}

/// The experts' controls that the running painting follows, and where it is computed.
#[component]
fn Workshop(
    /// Holds the settings.
    desk: Desk,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let on_gpu = part(desk, |studio| studio.gpu_limits().is_some());
    view! {
        <GrainSlider
            grain=recipe(desk, |recipe| recipe.loss_weights.grain)
            on_change=weigh(desk, |loss_weights, grain| loss_weights.grain = grain)
            words=words
        />
        <SmoothnessSlider
            tv_weight=recipe(desk, |recipe| recipe.loss_weights.tv_weight)
            on_change=weigh(desk, |loss_weights, weight| loss_weights.tv_weight = weight)
            words=words
        />
        <StyleLayers
            weights=recipe(desk, |recipe| recipe.loss_weights.style_layers)
            without=words.in_workshop.no_style_layer
            words=words
            on_change=weigh(desk, |loss_weights, layers| loss_weights.style_layers = layers)
        />
        <div class="pair">
            <Choice
                id="content-layer"
                label=words.in_workshop.content_layer
                items=recipe(
                    desk, |recipe| menus::content_layers(recipe.loss_weights.content_layers, words.menus)
                )
                chosen=recipe(desk, |recipe| recipe.loss_weights.content_layers)
                on_change=weigh(desk, |loss_weights, layers| loss_weights.content_layers = layers)
            />
            <Choice
                id="optimizer"
                label=words.in_workshop.optimizer
                items=menus::optimizers(words.menus)
                chosen=recipe(desk, |recipe| recipe.optimizer)
                on_change=Callback::new(move |optimizer| desk.take_optimizer(optimizer))
            />
        </div>
        <Choice
            id="device"
            label=words.in_workshop.device
            items=menus::devices(words.menus)
            chosen=part(desk, |studio| studio.settings().device)
            on_change=Callback::new(move |choice| desk.act(|studio| studio.choose_device(choice)))
        />
        <Show when=move || on_gpu.get()>
            <Choice
                id="memory"
                label=words.in_workshop.memory
                items=menus::memory_uses(words.menus)
                chosen=part(desk, |studio| studio.settings().memory)
                on_change=set(desk, |settings, memory| settings.memory = memory)
            />
        </Show>
    }
}

/// The experts' controls that wait for the next painting.
#[component]
fn NextTimeInWorkshop(
    /// Holds the settings.
    desk: Desk,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let build_ups = move |studio: &Studio| {
        let settings = studio.settings();
        let size = settings.size_on(studio.report());
        menus::build_ups(settings.recipe.sizes, size, desk.photo_size(), words.menus)
    };
    view! {
        <fieldset class="next">
            <legend>{words.next_time}</legend>
            <div class="pair">
                <Choice
                    id="build-up"
                    label=words.in_workshop.build_up
                    items=part(desk, build_ups)
                    chosen=recipe(desk, |recipe| recipe.sizes)
                    on_change=set_recipe(desk, |recipe, sizes| recipe.sizes = sizes)
                />
                <Choice
                    id="start"
                    label=words.in_workshop.start
                    items=recipe(desk, |recipe| menus::starts(recipe.start, words.menus))
                    chosen=recipe(desk, |recipe| recipe.start)
                    on_change=set_recipe(desk, |recipe, start| recipe.start = start)
                />
            </div>
            <div class="pair">
                <Choice
                    id="pooling"
                    label=words.in_workshop.pooling
                    items=menus::poolings(words.menus)
                    chosen=recipe(desk, |recipe| recipe.features.pooling)
                    on_change=set_recipe(desk, |recipe, pooling| recipe.features.pooling = pooling)
                />
                <Choice
                    id="border"
                    label=words.in_workshop.border
                    items=menus::borders(words.menus)
                    chosen=recipe(desk, |recipe| recipe.features.border)
                    on_change=set_recipe(desk, |recipe, border| recipe.features.border = border)
                />
            </div>
            <Tick
                label=words.in_workshop.linear_light
                checked=recipe(desk, |recipe| recipe.colours.linear_light)
                on_change=set_recipe(desk, |recipe, light| recipe.colours.linear_light = light)
            />
            <Tick
                label=words.in_workshop.keep_frame
                checked=recipe(desk, |recipe| recipe.keep_frame)
                on_change=set_recipe(desk, |recipe, keep| recipe.keep_frame = keep)
            />
        </fieldset>
    }
}

/// A box to tick.
#[component]
fn Tick(
    /// Its name.
    label: &'static str,
    /// Whether it is ticked.
    #[prop(into)]
    checked: Signal<bool>,
    /// The person has changed it.
    on_change: Callback<bool>,
) -> impl IntoView {
    view! {
        <label class="tick">
            <input
                type="checkbox"
                prop:checked=checked
                on:change=move |event| on_change.run(event_target_checked(&event))
            />
            {label}
        </label>
    }
}

/// The course of the losses.
#[component]
fn Numbers(
    /// Holds the run.
    desk: Desk,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let is_painting = |run: &&Run| !matches!(run.errand, Errand::Cell(_));
    let curve = move |(width, height)| {
        desk.studio().with(|studio| {
            studio
                .run()
                .map(|run| run.history.polyline(run.steps, width, height))
                .unwrap_or_default()
        })
    };
    view! {
        <LossPlot
            curve=Callback::new(curve)
            description=part(desk, labels::curve_line)
            losses=part(desk, move |studio| studio.run().filter(is_painting).and_then(|run| run.losses))
            words=words
        />
    }
}
