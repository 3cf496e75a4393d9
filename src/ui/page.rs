//! The page put together: each component gets its part of the desk's state, and its wishes go back to the desk.

use leptos::prelude::*;
use web_sys::{Element, KeyboardEvent};

use super::components::{
    Actions, BalanceSlider, BlendSlider, Choice, GrainSlider, LossPlot, Masthead, Messages, PictureWell, ResultFrame, RunProgress,
    SampleStrip, SmoothnessSlider, StepsInput, StyleLayers,
};
use super::desk::{Desk, RESULT_ID};
use super::pictures::{Plates, Well, files_in};
use super::samples::{PAINTINGS, PHOTOS};
use super::settings::{Settings, sizes_on};
use super::studio::{Phase, Studio};
use super::{labels, offers};
use crate::recipe::{Preset, Recipe};

/// The whole page.
#[component]
pub fn Page() -> impl IntoView {
    let desk = Desk::open();
    listen(desk);
    paint(desk);
    view! {
        <Masthead device=part(desk, labels::device_line) hint=part(desk, labels::device_hint) />
        <main>
            <Bench desk=desk />
            <Technique desk=desk />
            <Transport desk=desk />
            <Wall desk=desk />
        </main>
        <footer>
            <p>"Your pictures never leave this device: everything is computed here, in this page."</p>
            <p>"The network is VGG-19 by Karen Simonyan and Andrew Zisserman, University of Oxford (CC BY 4.0)."</p>
        </footer>
    }
}

/// One part of the studio's state, which wakes its readers only when it changes.
fn part<T: PartialEq + Send + Sync + 'static>(desk: Desk, read: impl Fn(&Studio) -> T + Send + Sync + 'static) -> Memo<T> {
    Memo::new(move |_| desk.studio().with(&read))
}

/// A callback that changes the studio.
fn set<T: 'static>(desk: Desk, change: impl Fn(&mut Settings, T) + Send + Sync + 'static) -> Callback<T> {
    Callback::new(move |value| {
        desk.act(|studio| {
            studio.set(|settings| change(settings, value));
            None
        });
    })
}

/// One part of the recipe of the next run.
fn recipe<T: PartialEq + Send + Sync + 'static>(desk: Desk, read: fn(&Recipe) -> T) -> Memo<T> {
    part(desk, move |studio| read(&studio.settings().recipe))
}

/// A callback that changes the recipe of the next run.
fn set_recipe<T: 'static>(desk: Desk, change: fn(&mut Recipe, T)) -> Callback<T> {
    set(desk, move |settings, value| change(&mut settings.recipe, value))
}

/// The pictures that go in.
#[component]
fn Bench(
    /// Holds them.
    desk: Desk,
) -> impl IntoView {
    let well = move |well: Well, name, title, hint| {
        view! {
            <PictureWell
                well=well
                name=name
                title=title
                hint=hint
                thumbnail=Memo::new(move |_| desk.thumbnail(well))
                on_files=Callback::new(move |files| desk.take_files(Some(well), files))
            />
        }
    };
    view! {
        <section class="bench" aria-label="Pictures">
            <div class="side">
                {well(Well::Content, "Content picture", "Content", "a photo")}
                <SampleStrip
                    name="Sample photos"
                    samples=&PHOTOS
                    on_pick=Callback::new(move |sample| desk.take_sample(Well::Content, sample))
                />
            </div>
            <Show when=move || !is_untouched(desk)>
                <button type="button" class="swap" aria-label="Swap pictures" title="Swap pictures" on:click=move |_| desk.swap_pictures()>
                    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 8h15m-4-4 4 4-4 4M20 16H5m4-4-4 4 4 4"></path></svg>
                </button>
            </Show>
            <div class="side">
                {well(Well::Style, "Style picture", "Style", "a painting")}
                <SampleStrip
                    name="Sample paintings"
                    samples=&PAINTINGS
                    on_pick=Callback::new(move |sample| desk.take_sample(Well::Style, sample))
                />
            </div>
            <Show when=move || desk.thumbnail(Well::Style).is_some()>
                <div class="second">
                    {well(Well::SecondStyle, "Second style picture", "Second style", "blend in")}
                    <Show when=move || desk.thumbnail(Well::SecondStyle).is_some()>
                        <div class="side">
                            <BlendSlider
                                share=recipe(desk, |recipe| recipe.emphasis.style_shares(2)[1])
                                on_change=Callback::new(move |share| desk.adjust(|emphasis| emphasis.styles[..2].copy_from_slice(&[1.0 - share, share])))
                            />
                            <button type="button" class="quiet" on:click=move |_| desk.remove_second_style()>
                                "Remove second style"
                            </button>
                        </div>
                    </Show>
                </div>
            </Show>
        </section>
    }
}

/// How it is to be painted.
#[component]
fn Technique(
    /// Holds the settings.
    desk: Desk,
) -> impl IntoView {
    view! {
        <section class="technique" aria-label="Settings">
            <BalanceSlider
                content_weight=recipe(desk, |recipe| recipe.emphasis.content_weight)
                on_change=Callback::new(move |weight| desk.adjust(|emphasis| emphasis.content_weight = weight))
            />
            <div class="pair">
                <Choice
                    id="preset"
                    label="Preset"
                    offers=part(desk, |studio| offers::presets(studio.settings()))
                    chosen=part(desk, |studio| studio.settings().preset())
                    on_change=Callback::new(move |preset: Option<Preset>| desk.take_preset(preset))
                />
                <Choice
                    id="palette"
                    label="Colours"
                    offers=offers::palettes()
                    chosen=recipe(desk, |recipe| recipe.colours.palette)
                    on_change=set_recipe(desk, |recipe, palette| recipe.colours.palette = palette)
                />
            </div>
            <div class="pair">
                <Choice
                    id="size"
                    label="Size"
                    offers=part(desk, |studio| offers::sizes(&sizes_on(studio.report())))
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
                offers=offers::stroke_sizes()
                chosen=recipe(desk, |recipe| recipe.style_scale)
                on_change=set_recipe(desk, |recipe, scale| recipe.style_scale = scale)
            />
            <Choice
                id="pyramid"
                label="Build-up"
                offers=offers::pyramids()
                chosen=recipe(desk, |recipe| recipe.pyramid)
                on_change=set_recipe(desk, |recipe, pyramid| recipe.pyramid = pyramid)
            />
        </div>
        <GrainSlider
            grain=recipe(desk, |recipe| recipe.emphasis.grain)
            on_change=Callback::new(move |grain| desk.adjust(|emphasis| emphasis.grain = grain))
        />
        <StyleLayers
            weights=recipe(desk, |recipe| recipe.emphasis.style_layers)
            on_change=Callback::new(move |layers| desk.adjust(|emphasis| emphasis.style_layers = layers))
        />
        <div class="pair">
            <Choice
                id="content-layer"
                label="Content layer"
                offers=offers::content_layers()
                chosen=recipe(desk, |recipe| recipe.emphasis.content_layers)
                on_change=Callback::new(move |layers| desk.adjust(|emphasis| emphasis.content_layers = layers))
            />
            <Choice
                id="start"
                label="Start from"
                offers=offers::starts()
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
    let set_light = set_recipe(desk, |recipe, linear_light| recipe.colours.linear_light = linear_light);
    view! {
        <SmoothnessSlider
            tv_weight=recipe(desk, |recipe| recipe.emphasis.tv_weight)
            on_change=Callback::new(move |weight| desk.adjust(|emphasis| emphasis.tv_weight = weight))
        />
        <div class="pair">
            <Choice
                id="optimizer"
                label="Optimiser"
                offers=offers::optimizers()
                chosen=recipe(desk, |recipe| recipe.optimizer)
                on_change=set_recipe(desk, |recipe, optimizer| recipe.optimizer = optimizer)
            />
            <Choice
                id="pooling"
                label="Pooling"
                offers=offers::poolings()
                chosen=recipe(desk, |recipe| recipe.reading.pooling)
                on_change=set_recipe(desk, |recipe, pooling| recipe.reading.pooling = pooling)
            />
        </div>
        <div class="pair">
            <Choice
                id="border"
                label="Border"
                offers=offers::borders()
                chosen=recipe(desk, |recipe| recipe.reading.border)
                on_change=set_recipe(desk, |recipe, border| recipe.reading.border = border)
            />
            <Choice
                id="device"
                label="Compute on"
                offers=offers::devices()
                chosen=part(desk, |studio| studio.settings().device)
                on_change=Callback::new(move |choice| desk.act(|studio| studio.choose_device(choice)))
            />
        </div>
        <label class="tick">
            <input type="checkbox" prop:checked=linear_light on:change=move |event| set_light.run(event_target_checked(&event)) />
            "Tell colours apart in linear light"
        </label>
    }
}

/// The buttons of a run.
#[component]
fn Transport(
    /// Acts on them.
    desk: Desk,
) -> impl IntoView {
    let plates = desk.plates();
    view! {
        <Actions
            phase=part(desk, Studio::phase)
            ready=Memo::new(move |_| desk.is_ready())
            has_result=Memo::new(move |_| plates.with(|plates| plates.shown.is_some()))
            has_previous=Memo::new(move |_| plates.with(|plates| plates.previous.is_some()))
            on_stylise=Callback::new(move |()| desk.stylise())
            on_pause=Callback::new(move |()| desk.act(Studio::toggle_pause))
            on_cancel=Callback::new(move |()| desk.act(Studio::cancel))
            on_download=Callback::new(move |()| desk.download())
            on_previous=Callback::new(move |()| desk.swap_results())
            on_go_on=Callback::new(move |()| desk.go_on())
        />
    }
}

/// The result and the news of its making.
#[component]
fn Wall(
    /// Holds the result.
    desk: Desk,
) -> impl IntoView {
    let plates = desk.plates();
    let status = move || desk.studio().with(labels::status_line).unwrap_or_else(|| idle_line(desk));
    let time_left = |studio: &Studio| {
        let run = studio.run().filter(|run| run.phase == Phase::Running);
        run.and_then(labels::time_left_ms).map(labels::time_left_line).unwrap_or_default()
    };
    let curve = move |(width, height)| {
        desk.studio().with(|studio| studio.run().map(|run| run.history.polyline(run.steps, width, height)).unwrap_or_default())
    };
    view! {
        <section class="wall" id=RESULT_ID aria-label="The painted picture">
            <Messages
                trouble=part(desk, |studio| studio.trouble().cloned())
                notice=part(desk, |studio| studio.notice().cloned())
                on_retry=Callback::new(move |()| desk.retry())
                on_dismiss_trouble=Callback::new(move |()| desk.act(|studio| { studio.dismiss_trouble(); None }))
                on_dismiss_notice=Callback::new(move |()| desk.act(|studio| { studio.dismiss_notice(); None }))
            />
            <ResultFrame
                canvas=desk.canvas()
                size=Memo::new(move |_| plates.with(|plates| plates.shown.as_ref().map(|plate| plate.size)))
                content_url=Memo::new(move |_| desk.content_url())
                preparing=Memo::new(move |_| is_preparing(desk))
                untouched=Memo::new(move |_| is_untouched(desk))
                on_try=Callback::new(move |()| desk.try_samples())
            />
            <RunProgress
                status=Memo::new(move |_| status())
                announcement=part(desk, |studio| labels::announcement(studio).unwrap_or_default())
                time_left=part(desk, time_left)
                fraction=part(desk, labels::fraction_done)
                busy=part(desk, |studio| studio.phase().is_some_and(Phase::is_live))
            />
            <LossPlot
                curve=Callback::new(curve)
                description=part(desk, labels::curve_line)
                losses=part(desk, |studio| studio.run().and_then(|run| run.losses))
            />
        </section>
    }
}

fn idle_line(desk: Desk) -> String {
    labels::idle_line(desk.thumbnail(Well::Content).is_some(), desk.thumbnail(Well::Style).is_some()).to_owned()
}

/// Whether both wells are empty.
fn is_untouched(desk: Desk) -> bool {
    [Well::Content, Well::Style].into_iter().all(|well| desk.thumbnail(well).is_none())
}

/// Whether the current run has no picture of its own yet.
fn is_preparing(desk: Desk) -> bool {
    let shown = desk.plates().with(|plates: &Plates| plates.shown.as_ref().map(|plate| plate.origin.run));
    desk.studio().with(|studio| studio.run().is_some_and(|run| run.phase.is_live() && shown != Some(run.id)))
}

/// Paints the result on view whenever it changes.
fn paint(desk: Desk) {
    Effect::new(move || {
        let Some(canvas) = desk.canvas().get() else { return };
        let painted = desk.plates().with(|plates| plates.shown.as_ref().map_or(Ok(()), |plate| plate.paint(&canvas)));
        if let Err(error) = painted {
            desk.report_unpainted(&error);
        }
    });
}

/// What is heard wherever on the page it happens: files dropped beside the wells, pasted pictures, Escape.
fn listen(desk: Desk) {
    drop(window_event_listener(leptos::ev::dragover, |event| event.prevent_default()));
    drop(window_event_listener(leptos::ev::drop, move |event| {
        event.prevent_default();
        desk.take_files(None, files_in(event.data_transfer()));
    }));
    drop(window_event_listener(leptos::ev::paste, move |event| {
        let files = files_in(event.clipboard_data());
        if !files.is_empty() {
            event.prevent_default();
            desk.take_files(focused_well(), files);
        }
    }));
    drop(window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if event.key() == "Escape" && !event.default_prevented() {
            desk.act(Studio::cancel);
        }
    }));
}

/// The well in which the focus is.
fn focused_well() -> Option<Well> {
    let key = document().active_element().and_then(|element| element.closest("[data-well]").ok().flatten())?;
    let key = Element::get_attribute(&key, "data-well")?;
    Well::ALL.into_iter().find(|well| well.key() == key)
}
